//! The drawing as it is written: lines, shapes and text, one after the other.

use std::fmt::Write;

use super::{WIDTH, escaped};

/// A drawing that is being made, [`WIDTH`] wide.
pub struct Canvas {
    body: String,
}

/// To which side of its place text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// How a line or a shape is painted: its class, and what else stands in its tag.
#[derive(Clone, Debug, Default)]
pub struct Look {
    class: String,
    rest: String,
    title: String,
}

impl Look {
    /// Painted in the colour of this class.
    #[must_use]
    pub fn of(class: impl Into<String>) -> Self {
        Self {
            class: class.into(),
            ..Self::default()
        }
    }

    /// A mark of data in the colour of this series.
    #[must_use]
    pub fn data(series: usize) -> Self {
        Self::of(format!("mark series-{}", series % super::SERIES))
    }

    /// With an attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if !value.is_empty() {
            let _ = write!(self.rest, " {name}=\"{}\"", escaped(value));
        }
        self
    }

    /// With a text that a pointer brings up.
    #[must_use]
    pub fn titled(mut self, title: &str) -> Self {
        // Whole, but not without end: it is one of hundreds.
        self.title = title.chars().take(TITLE_MAX).collect();
        self
    }

    fn tag(&self, name: &str, attributes: &str) -> String {
        let Self { class, rest, title } = self;
        let head = format!("<{name} class=\"{class}\" {attributes}{rest}");
        match title.is_empty() {
            true => format!("{head}/>"),
            false => format!("{head}><title>{}</title></{name}>", escaped(title)),
        }
    }
}

/// Characters of a title at most.
const TITLE_MAX: usize = 200;

impl Default for Canvas {
    fn default() -> Self {
        Self::new()
    }
}

impl Canvas {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        let body = String::new();
        Self { body }
    }

    /// A straight line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), look: &Look) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(px);
        let line =
            format!("x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"currentColor\"");
        self.push(&look.tag("line", &line));
    }

    /// A line through these places.
    pub fn path(&mut self, places: &[(f64, f64)], look: &Look) {
        if places.len() < 2 {
            return;
        }
        let mut d = String::new();
        for (index, (x, y)) in places.iter().enumerate() {
            let step = if index == 0 { 'M' } else { 'L' };
            let _ = write!(d, "{step}{} {}", px(*x), px(*y));
        }
        let path = format!(
            "d=\"{d}\" fill=\"none\" stroke=\"currentColor\" stroke-linejoin=\"round\" \
             stroke-linecap=\"round\""
        );
        self.push(&look.tag("path", &path));
    }

    /// A rectangle, filled.
    pub fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), look: &Look) {
        let [x, y, width, height] = [x, y, width.max(0.0), height.max(0.0)].map(px);
        let rect = format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"");
        self.push(&look.tag("rect", &rect));
    }

    /// A closed shape: the `d` of a path.
    pub fn shape(&mut self, d: &str, look: &Look) {
        self.push(&look.tag("path", &format!("d=\"{d}\"")));
    }

    /// A line of text whose letters stand on `y`.
    pub fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, size: f64, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let class = match class {
            "" => String::new(),
            "title" => " class=\"title\" font-weight=\"600\"".to_owned(),
            class => format!(" class=\"{class}\""),
        };
        let (x, y, size, text) = (px(x), px(y), px(size), escaped(text));
        let size = match size.as_str() {
            "13" => String::new(),
            other => format!(" font-size=\"{other}\""),
        };
        let text = format!("<text{class} x=\"{x}\" y=\"{y}\"{anchor}{size}>{text}</text>");
        self.push(&text);
    }

    /// The whole drawing, this high.
    #[must_use]
    pub fn finish(self, height: f64) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {} {}\" \
             font-size=\"13\" fill=\"currentColor\">\n{}</svg>",
            px(WIDTH),
            px(height.ceil()),
            self.body
        )
    }

    fn push(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }
}

/// A place to a tenth of a unit; the corner for what has none.
pub(super) fn px(value: f64) -> String {
    let value = if value.is_finite() { value } else { 0.0 };
    let text = format!("{value:.1}");
    match text.strip_suffix(".0").unwrap_or(&text) {
        "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_escaped_and_finite() {
        let mut canvas = Canvas::new();
        canvas.line((0.0, f64::NAN), (f64::INFINITY, -0.01), &Look::of("grid"));
        canvas.path(
            &[(0.0, 1.25), (2.0, 3.0)],
            &Look::data(10).with("stroke-dasharray", "6 3"),
        );
        canvas.path(&[(0.0, 1.0)], &Look::data(0));
        canvas.rect((1.0, 2.0), (-3.0, 4.0), &Look::data(0).titled("<b>"));
        canvas.text((1.0, 2.0), Anchor::End, 12.0, "quiet", "a & b");
        let expected = "\
<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 720 41\" font-size=\"13\" fill=\"currentColor\">
<line class=\"grid\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"0\" stroke=\"currentColor\"/>
<path class=\"mark series-1\" d=\"M0 1.2L2 3\" fill=\"none\" stroke=\"currentColor\" stroke-linejoin=\"round\" stroke-linecap=\"round\" stroke-dasharray=\"6 3\"/>
<rect class=\"mark series-0\" x=\"1\" y=\"2\" width=\"0\" height=\"4\"><title>&lt;b&gt;</title></rect>
<text class=\"quiet\" x=\"1\" y=\"2\" text-anchor=\"end\" font-size=\"12\">a &amp; b</text>
</svg>";
        assert_eq!(canvas.finish(40.5), expected);
    }
}
