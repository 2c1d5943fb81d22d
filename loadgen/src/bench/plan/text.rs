//! A value that is read as a flag of its name is: `500` and `"100..500"` are both rates.

use std::fmt::{self, Display};
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use toml::Spanned;

use super::error::Problem;

/// A text, or a number as it would be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text(String);

impl Text {
    /// What the value of `key` stands for, by the reader that its flag has.
    pub(super) fn read<T, E: Display>(
        &self,
        key: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, String> {
        let written = self.0.escape_debug();
        read(&self.0).map_err(|problem| format!("{key} is '{written}'; {problem}"))
    }
}

/// What the value of `key` stands for, if it is written.
pub(super) fn read<T, E: Display>(
    key: &str,
    value: Option<&Spanned<Text>>,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, Problem> {
    let read = |value: &Spanned<Text>| {
        let problem = |problem| Problem::with(value, problem);
        value.get_ref().read(key, read).map_err(problem)
    };
    value.map(read).transpose()
}

/// The same for what reads itself.
pub(super) fn parse<T>(key: &str, value: Option<&Spanned<Text>>) -> Result<Option<T>, Problem>
where
    T: FromStr<Err: Display>,
{
    read(key, value, T::from_str)
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or a number")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Text, E> {
        Ok(Text(value.to_owned()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }
}
