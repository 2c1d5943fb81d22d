//! An answer's body, measured and compared as it arrives; nothing of it is kept.

/// What is known of a body so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BodyCheck {
    bytes: u64,
    mismatch: bool,
}

impl BodyCheck {
    /// The next part has arrived, of a body that should be `expected`.
    pub fn take(&mut self, expected: Option<&[u8]>, data: &[u8]) {
        if let Some(expected) = expected {
            self.mismatch |= !continues(expected, self.bytes, data);
        }
        self.bytes += data.len() as u64;
    }

    /// Length so far, in bytes, without chunk framing.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether a body that ends here is `expected`, or none was expected.
    #[must_use]
    pub fn matches(&self, expected: Option<&[u8]>) -> bool {
        !self.mismatch && expected.is_none_or(|expected| expected.len() as u64 == self.bytes)
    }
}

/// Whether `data` is what `expected` has from `offset` on.
fn continues(expected: &[u8], offset: u64, data: &[u8]) -> bool {
    usize::try_from(offset)
        .ok()
        .and_then(|offset| expected.get(offset..))
        .is_some_and(|rest| rest.starts_with(data))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: &str, parts: &[&str]) -> bool {
        let expected = Some(expected.as_bytes());
        let mut check = BodyCheck::default();
        for part in parts {
            check.take(expected, part.as_bytes());
        }
        check.matches(expected)
    }

    #[test]
    fn a_body_is_compared_whatever_pieces_it_comes_in() {
        assert!(check("hello", &["hello"]));
        assert!(check("hello", &["he", "", "llo"]));
        assert!(check("", &[]));
    }

    #[test]
    fn another_length_or_another_byte_is_another_body() {
        assert!(!check("hello", &["hell"]));
        assert!(!check("hello", &["hello", "!"]));
        assert!(!check("hello", &["hallo"]));
        assert!(!check("hello", &["he", "hel"]));
    }
}
