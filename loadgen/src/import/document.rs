//! A tool's file as text or JSON: what formats are recognised by.

use serde_json::Value;

use super::json::Field;
use super::text::Lines;

/// What is in a file.
#[derive(Debug)]
pub(super) enum Document<'a> {
    /// One JSON document.
    Json(Value),
    /// Lines for people.
    Text(&'a str),
}

impl<'a> Document<'a> {
    /// Text that begins with a brace is JSON, and so is what bombardier writes after the lines that
    /// show how it gets on.
    ///
    /// # Errors
    ///
    /// It begins as JSON and does not go on as such.
    pub(super) fn of(text: &'a str) -> serde_json::Result<Self> {
        let text = text.trim_start_matches('\u{feff}').trim();
        let json = match text.starts_with("Bombarding ") {
            true => text.find("\n{").map_or("", |end| &text[end..]),
            false => text,
        };
        match json.trim_start().starts_with('{') {
            true => serde_json::from_str(json).map(Self::Json),
            false => Ok(Self::Text(text)),
        }
    }

    /// The fields; those of an empty object if it is no JSON.
    pub(super) fn fields(&self) -> Field<'_> {
        match self {
            Self::Json(value) => Field::whole(value),
            Self::Text(_) => Field::whole(&Value::Null),
        }
    }

    /// The lines; none if it is JSON.
    pub(super) fn lines(&self) -> Lines<'_> {
        match self {
            Self::Json(_) => Lines::of(""),
            Self::Text(text) => Lines::of(text),
        }
    }

    /// Whether it has all of these fields, whose names have dots between their parts.
    pub(super) fn has_fields(&self, names: &[&str]) -> bool {
        names.iter().all(|name| {
            let whole = Some(self.fields());
            let mut parts = name.split('.');
            parts
                .try_fold(whole, |field, part| Some(field?.get(part)))
                .flatten()
                .is_some()
        })
    }

    /// Whether it has a line that begins with each of these.
    pub(super) fn has_lines(&self, beginnings: &[&str]) -> bool {
        let lines = self.lines();
        beginnings.iter().all(|words| lines.get(words).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_found_behind_what_bombardier_says_first() {
        let text =
            "Bombarding http://x/ with 1 request(s)\n 1 / 1 100.00%\nDone!\n{\"spec\":{\"a\":1}}";
        let document = Document::of(text).unwrap();
        assert!(document.has_fields(&["spec.a"]));
        assert!(!document.has_fields(&["spec.b"]) && !document.has_fields(&["a.a.a"]));
        assert!(Document::of("{\"spec\":").is_err());
        assert!(Document::of("Running 1s").unwrap().has_lines(&["Running"]));
    }
}
