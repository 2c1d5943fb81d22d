//! Writes HTML. Names of elements and attributes are of the program, everything else is text and
//! escaped; what is HTML already has to be called so.
//!
//! A template engine would do the same by a macro. This is a screen of code, and its callers read
//! like the page.

use super::text::{self, Place};

/// A part of the page that grows.
#[derive(Debug, Default)]
pub(super) struct Markup(String);

/// An attribute: its name, and its value as it is meant.
pub(super) type Attribute<'a> = (&'static str, &'a str);

impl Markup {
    /// Writes `<name attributes>`, what `inside` writes, and `</name>`.
    pub(super) fn element(
        &mut self,
        name: &'static str,
        attributes: &[Attribute<'_>],
        inside: impl FnOnce(&mut Self),
    ) {
        self.tag(name, attributes);
        inside(self);
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    /// The same with nothing but text inside.
    pub(super) fn line(&mut self, name: &'static str, attributes: &[Attribute<'_>], content: &str) {
        self.element(name, attributes, |out| out.text(content));
    }

    /// Writes an element that has no end, such as `<meta>`.
    pub(super) fn tag(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.0.push('<');
        self.0.push_str(name);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            text::escape(&mut self.0, value, Place::Attribute);
            self.0.push('"');
        }
        self.0.push('>');
    }

    /// Writes text.
    pub(super) fn text(&mut self, text: &str) {
        text::escape(&mut self.0, text, Place::Content);
    }

    /// Writes text of which no more than `limit` characters are shown; all of it is in a `title`.
    pub(super) fn short(&mut self, text: &str, limit: usize) {
        match text::shortened(text, limit) {
            None => self.text(text),
            Some(short) => self.line("span", &[("class", "cut"), ("title", text)], &short),
        }
    }

    /// Writes what is HTML already: a drawing or a file of [`super::assets`].
    pub(super) fn html(&mut self, html: &str) {
        self.0.push_str(html);
    }

    /// Ends a line, for people who read the source.
    pub(super) fn newline(&mut self) {
        self.0.push('\n');
    }

    /// What was written.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_has_its_attributes_and_its_end() {
        let mut out = Markup::default();
        out.element("p", &[("class", "a \"b\"")], |out| {
            out.text("1 < 2");
            out.tag("br", &[]);
        });
        assert_eq!(
            out.finish(),
            "<p class=\"a &quot;b&quot;\">1 &lt; 2<br></p>"
        );
    }

    #[test]
    fn a_long_text_is_cut_and_whole_in_its_title() {
        let mut out = Markup::default();
        out.short("abcdef", 6);
        out.short("abcdefg", 6);
        assert_eq!(
            out.finish(),
            "abcdef<span class=\"cut\" title=\"abcdefg\">abcde…</span>"
        );
    }
}
