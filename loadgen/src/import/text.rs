//! Lines that were printed for people: found by how they begin, and numbers in them.

use super::told::Unit;
use super::{COUNT_MAX, Trouble};

/// The lines of a text, without the blanks around them.
#[derive(Debug)]
pub(super) struct Lines<'a>(Vec<&'a str>);

/// A line and its number, from 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    number: usize,
    /// What follows the words by which it was found.
    pub(super) rest: &'a str,
}

impl<'a> Lines<'a> {
    /// Of this text.
    pub(super) fn of(text: &'a str) -> Self {
        Self(text.lines().map(str::trim).collect())
    }

    /// Every line.
    pub(super) fn all(&self) -> impl Iterator<Item = Line<'a>> + '_ {
        (1..)
            .zip(&self.0)
            .map(|(number, rest)| Line { number, rest })
    }

    /// The first line that begins with `words`.
    pub(super) fn get(&self, words: &str) -> Option<Line<'a>> {
        self.all().find_map(|Line { number, rest }| {
            let rest = rest.strip_prefix(words)?.trim();
            Some(Line { number, rest })
        })
    }

    /// The same of what has to be there.
    pub(super) fn at(&self, words: &'static str) -> Result<Line<'a>, Trouble> {
        self.get(words).ok_or(Trouble::NoLine(words))
    }

    /// The first line that has `words` in it.
    pub(super) fn with(&self, words: &'static str) -> Result<Line<'a>, Trouble> {
        let mut all = self.all();
        let found = all.find(|line| line.rest.contains(words));
        found.ok_or(Trouble::NoLine(words))
    }
}

impl<'a> Line<'a> {
    /// The words, at blanks and commas.
    pub(super) fn words(self) -> impl Iterator<Item = &'a str> {
        let is_gap = |char: char| char.is_whitespace() || char == ',';
        self.rest.split(is_gap).filter(|word| !word.is_empty())
    }

    /// The word at this place, from 0.
    pub(super) fn word(self, index: usize) -> Result<&'a str, Trouble> {
        let word = self.words().nth(index);
        word.ok_or_else(|| self.wrong("more words"))
    }

    /// The number at this place.
    pub(super) fn count(self, index: usize) -> Result<u64, Trouble> {
        count(self.word(index)?).ok_or_else(|| self.wrong("a whole number"))
    }

    /// The number right before `word`: 12 in `12 failed`.
    pub(super) fn count_before(self, word: &str) -> Result<u64, Trouble> {
        let words: Vec<&str> = self.words().collect();
        let pair = words.windows(2).find(|pair| pair[1] == word);
        let number = pair.and_then(|pair| count(pair[0]));
        number.ok_or_else(|| self.wrong("a whole number before each word"))
    }

    /// The number right after `word`: 12 in `read 12`; 0 if the word is missing.
    pub(super) fn count_after(self, word: &str) -> Result<u64, Trouble> {
        let words: Vec<&str> = self
            .words()
            .map(|word| word.trim_matches(['(', ')']))
            .collect();
        let is_it = |found: &str| found.trim_end_matches(':') == word;
        match words.windows(2).find(|pair| is_it(pair[0])) {
            Some(pair) => {
                count(pair[1]).ok_or_else(|| self.wrong("a whole number after each word"))
            }
            None => Ok(0),
        }
    }

    /// The number in brackets: 302000 in `294.92KB (302000) total`.
    pub(super) fn count_in_brackets(self, index: usize) -> Result<u64, Trouble> {
        let mut brackets = self.words().filter_map(|word| {
            let inside = word.strip_prefix('(')?.strip_suffix(')')?;
            count(inside)
        });
        let number = brackets.nth(index);
        number.ok_or_else(|| self.wrong("numbers in brackets"))
    }

    /// The measure at this place.
    pub(super) fn number(self, index: usize) -> Result<f64, Trouble> {
        number(self.word(index)?).ok_or_else(|| self.wrong("a number"))
    }

    /// The time at this place, such as `14.31ms`, in nanoseconds.
    pub(super) fn time_ns(self, index: usize) -> Result<u64, Trouble> {
        time_ns(self.word(index)?).ok_or_else(|| self.wrong("a time such as 1.5ms"))
    }

    /// The trouble with a line that says that nothing was measured.
    pub(super) fn no_run(self) -> Trouble {
        let number = self.number;
        Trouble::NoRun { number }
    }

    /// The trouble with a line that is not what it has to be.
    pub(super) fn wrong(self, wanted: &'static str) -> Trouble {
        let number = self.number;
        Trouble::Line { number, wanted }
    }
}

/// A whole number; none if it is not one, or not to be added up.
pub(super) fn count(word: &str) -> Option<u64> {
    word.parse().ok().filter(|count| *count <= COUNT_MAX)
}

/// A finite number that is not below zero.
pub(super) fn number(word: &str) -> Option<f64> {
    let number: f64 = word.parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number)
}

/// A time with its unit, as wrk and h2load print it, in nanoseconds.
pub(super) fn time_ns(word: &str) -> Option<u64> {
    let (number, unit) = split_unit(word)?;
    let seconds = |number: f64| Some(Unit::Seconds.ns(number));
    match unit {
        "us" => Some(Unit::Microseconds.ns(number)),
        "ms" => Some(Unit::Milliseconds.ns(number)),
        "s" => seconds(number),
        "m" => seconds(number * 60.0),
        "h" => seconds(number * 3600.0),
        _ => None,
    }
}

/// A number of bytes with its unit, as wrk prints it (`42.39MB`, of 1024 each), in bytes.
pub(super) fn bytes(word: &str) -> Option<u64> {
    let (number, unit) = split_unit(word)?;
    let power = ["B", "KB", "MB", "GB", "TB", "PB"]
        .iter()
        .position(|known| *known == unit)?;
    Some((number * 1024_f64.powi(power as i32)) as u64)
}

fn split_unit(word: &str) -> Option<(f64, &str)> {
    let unit_at = word.find(|char: char| char.is_ascii_alphabetic())?;
    let (digits, unit) = word.split_at(unit_at);
    Some((number(digits)?, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_units() {
        for (text, ns) in [
            ("38.00us", Some(38_000)),
            ("4.36ms", Some(4_360_000)),
            ("1.20s", Some(1_200_000_000)),
            ("2.00m", Some(120_000_000_000)),
            ("1.00h", Some(3_600_000_000_000)),
            ("1.00", None),
            ("ms", None),
            ("-1ms", None),
            ("infs", None),
            ("1.0furlongs", None),
        ] {
            assert_eq!(time_ns(text), ns, "{text}");
        }
    }

    #[test]
    fn bytes_are_counted_in_powers_of_1024() {
        assert_eq!(bytes("1.50KB"), Some(1536));
        assert_eq!(bytes("0.00B"), Some(0));
        assert_eq!(bytes("2.00MB"), Some(2 << 20));
        assert_eq!(bytes("2.00XB"), None);
    }

    #[test]
    fn numbers_are_found_by_the_words_beside_them() {
        let lines = Lines::of("a\n  Socket errors: connect 1, read 22, write 0, timeout 3\n");
        let line = lines.get("Socket errors:").unwrap();
        assert_eq!(line.count_after("read"), Ok(22));
        assert_eq!(line.count_after("timeout"), Ok(3));
        assert_eq!(line.count_after("gremlins"), Ok(0));
        let lines = Lines::of("(Connect: 0, Receive: 20, Length: 21, Exceptions: 22)");
        let line = lines.all().next().unwrap();
        let found = ["Connect", "Receive", "Length", "Exceptions"];
        let found = found.map(|word| line.count_after(word).unwrap());
        assert_eq!(found, [0, 20, 21, 22]);
    }
}
