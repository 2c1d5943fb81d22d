//! What counts as a success.

use std::fmt;
use std::str::FromStr;

use crate::http1::Answer;
use crate::outcome::Cause;

/// What an answer that arrived whole must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expect {
    /// Its status.
    pub statuses: StatusSet,
    /// Its body's length.
    pub length: LengthRule,
    /// Its body, byte for byte.
    pub body: Option<Vec<u8>>,
}

/// A set of statuses, kept as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusSet(Vec<StatusRange>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct StatusRange {
    first: u16,
    last: u16,
}

/// What is asked of the length of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthRule {
    /// Nothing.
    Any,
    /// That all be as long as the first one of the run: ab's rule without `-l`.
    First,
    /// So many bytes.
    Bytes(u64),
}

impl Expect {
    /// Why `answer` is not what was expected, if it is not. `first_length` is the length, in
    /// bytes, of the first answer of the run.
    #[must_use]
    pub fn judge(&self, answer: &Answer, first_length: u64) -> Option<Cause> {
        if !self.statuses.contains(answer.status) {
            return Some(Cause::UnexpectedStatus);
        }
        let length_is_right = match self.length {
            LengthRule::Any => true,
            LengthRule::First => first_length == answer.body_bytes,
            LengthRule::Bytes(length) => length == answer.body_bytes,
        };
        if !length_is_right {
            return Some(Cause::UnexpectedLength);
        }
        (!answer.body_matches).then_some(Cause::UnexpectedBody)
    }
}

impl StatusSet {
    /// 2xx and 3xx: what a browser would not show as an error.
    #[must_use]
    pub fn not_an_error() -> Self {
        Self(vec![StatusRange::class(2), StatusRange::class(3)])
    }

    /// Whether `status` is in it.
    #[must_use]
    pub fn contains(&self, status: u16) -> bool {
        self.0
            .iter()
            .any(|range| (range.first..=range.last).contains(&status))
    }

    /// Its elements as they are written: `200`, `2xx`.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl StatusRange {
    fn class(hundreds: u16) -> Self {
        Self {
            first: hundreds * 100,
            last: hundreds * 100 + 99,
        }
    }
}

impl fmt::Display for StatusRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first == self.last {
            true => write!(formatter, "{}", self.first),
            false => write!(formatter, "{}xx", self.first / 100),
        }
    }
}

impl FromStr for StatusSet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(status_range)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn status_range(text: &str) -> Result<StatusRange, String> {
    let form = || format!("'{text}' is not a status: write 200, or 2xx, or 200,404");
    let bytes = text.as_bytes();
    if let [digit @ b'1'..=b'5', b'x' | b'X', b'x' | b'X'] = bytes {
        return Ok(StatusRange::class(u16::from(digit - b'0')));
    }
    let status: u16 = text.parse().map_err(|_| form())?;
    if !(100..=599).contains(&status) {
        return Err(form());
    }
    Ok(StatusRange {
        first: status,
        last: status,
    })
}

impl fmt::Display for LengthRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => formatter.write_str("any"),
            Self::First => formatter.write_str("first"),
            Self::Bytes(length) => write!(formatter, "{length}"),
        }
    }
}

impl FromStr for LengthRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "any" => Ok(Self::Any),
            "first" => Ok(Self::First),
            _ => text
                .parse()
                .map(Self::Bytes)
                .map_err(|_| "write first, any, or a number of bytes".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body_bytes: u64) -> Answer {
        Answer {
            status,
            body_bytes,
            body_matches: true,
            keep_alive: true,
        }
    }

    #[test]
    fn statuses_are_listed_one_by_one_or_by_class() {
        let set: StatusSet = "200,4xx".parse().unwrap();
        assert!(set.contains(200) && set.contains(404) && set.contains(499));
        assert!(!set.contains(201) && !set.contains(500));
        assert_eq!(set.labels(), ["200", "4xx"]);
        for text in ["", "20", "6xx", "2x", "200,", "ok", "99"] {
            assert!(text.parse::<StatusSet>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_answer_fails_for_the_first_thing_that_is_wrong_with_it() {
        let expect = Expect {
            statuses: StatusSet::not_an_error(),
            length: LengthRule::Bytes(5),
            body: Some(b"hello".to_vec()),
        };
        let judge = |answer: &Answer| expect.judge(answer, answer.body_bytes);
        let other_body = Answer {
            body_matches: false,
            ..answer(200, 5)
        };
        assert_eq!(judge(&answer(200, 5)), None);
        assert_eq!(judge(&answer(500, 6)), Some(Cause::UnexpectedStatus));
        assert_eq!(judge(&answer(302, 6)), Some(Cause::UnexpectedLength));
        assert_eq!(judge(&other_body), Some(Cause::UnexpectedBody));
    }

    #[test]
    fn the_first_answer_sets_the_length_for_the_others() {
        let expect = Expect {
            statuses: StatusSet::not_an_error(),
            length: LengthRule::First,
            body: None,
        };
        assert_eq!(expect.judge(&answer(200, 5), 5), None);
        let other = expect.judge(&answer(200, 6), 5);
        assert_eq!(other, Some(Cause::UnexpectedLength));
    }
}
