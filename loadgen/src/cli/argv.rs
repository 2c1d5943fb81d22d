//! The command line as a record may show it: without what only its owner should read.

use std::ffi::OsString;

use crate::plan::{Header, mask_password};

/// ab's and our flags of one letter that take no value, so that others may follow in one word.
const LETTERS_WITHOUT_VALUE: &str = "kilrqdShV";

const MASK: &str = "***";

/// What the value of a flag is to an onlooker.
#[derive(Clone, Copy)]
enum Value {
    /// Of no concern, but for a password in a URL.
    Open,
    /// Not to be shown: credentials, cookies.
    Secret,
    /// A header field: some are secret.
    Field,
}

/// `argv` with credentials, cookies and passwords replaced by `***`.
#[must_use]
pub fn masked(argv: &[OsString]) -> Vec<String> {
    let mut next = Value::Open;
    argv.iter()
        .map(|word| {
            let word = word.to_string_lossy();
            match std::mem::replace(&mut next, Value::Open) {
                Value::Open => mask_word(&word, &mut next),
                value => value.mask(&word),
            }
        })
        .collect()
}

/// Masks one word; if it is a flag without its value, `next` becomes what that value is.
fn mask_word(word: &str, next: &mut Value) -> String {
    if let Some(long) = word.strip_prefix("--") {
        return match long.split_once('=') {
            Some(("header", field)) => format!("--header={}", Value::Field.mask(field)),
            Some(_) => mask_password(word),
            None => {
                if long == "header" {
                    *next = Value::Field;
                }
                word.to_owned()
            }
        };
    }
    let Some(letters) = word.strip_prefix('-') else {
        return mask_password(word);
    };
    let flag = letters.find(|letter| !LETTERS_WITHOUT_VALUE.contains(letter));
    let Some(at) = flag else {
        return word.to_owned();
    };
    let value = match &letters[at..] {
        rest if rest.starts_with(['A', 'P', 'C']) => Value::Secret,
        rest if rest.starts_with('H') => Value::Field,
        _ => return mask_password(word),
    };
    // One byte for the dash, one for the flag's letter.
    let (flags, text) = word.split_at(at + 2);
    if text.is_empty() {
        *next = value;
        return word.to_owned();
    }
    format!("{flags}{}", value.mask(text))
}

impl Value {
    fn mask(self, text: &str) -> String {
        match self {
            Self::Open => mask_password(text),
            Self::Secret => MASK.to_owned(),
            Self::Field => text
                .parse()
                .map_or_else(|_| MASK.to_owned(), |header: Header| header.masked()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(words: &[&str]) -> Vec<String> {
        let argv: Vec<OsString> = words.iter().map(OsString::from).collect();
        masked(&argv)
    }

    #[test]
    fn no_way_of_writing_a_secret_shows_it() {
        for words in [
            &["loadgen", "-A", "me:s3cret"][..],
            &["loadgen", "-Ame:s3cret"],
            &["loadgen", "-kA", "me:s3cret"],
            &["loadgen", "-kAme:s3cret"],
            &["loadgen", "-C", "sid=s3cret"],
            &["loadgen", "-lCsid=s3cret"],
            &["loadgen", "-H", "Authorization: Bearer s3cret"],
            &["loadgen", "-HCookie: sid=s3cret"],
            &["loadgen", "--header", "Proxy-Authorization: s3cret"],
            &["loadgen", "--header=Authorization: s3cret"],
            &["loadgen", "http://me:s3cret@host/"],
        ] {
            let masked = mask(words);
            assert!(!masked.join(" ").contains("s3cret"), "{masked:?}");
            assert_eq!(masked.len(), words.len());
        }
    }

    #[test]
    fn what_is_no_secret_is_kept_as_it_was() {
        let words = [
            "loadgen",
            "-n",
            "10",
            "-kc5",
            "-H",
            "Accept: text/html",
            "-T",
            "text/plain",
            "--duration=1s",
            "http://host/?a=b",
        ];
        assert_eq!(mask(&words), words);
    }
}
