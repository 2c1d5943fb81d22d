//! The `Date` field (RFC 9110 §6.6.1), from a time that the caller read.

use std::time::{Duration, SystemTime};

/// Length of an IMF-fixdate, such as `Sun, 06 Nov 1994 08:49:37 GMT`, in bytes.
const LENGTH: usize = 29;

/// A moment as the `Date` field writes it, good for the whole second it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date([u8; LENGTH]);

impl Date {
    /// The date of a time given as whole seconds since 1970.
    #[must_use]
    pub fn from_unix_seconds(seconds: u64) -> Self {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let mut bytes = [0; LENGTH];
        let text = httpdate::fmt_http_date(time);
        bytes.copy_from_slice(text.as_bytes());
        Self(bytes)
    }

    /// The 29 bytes of the field's value.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_rfc_9110_is_written_as_there() {
        let date = Date::from_unix_seconds(784_111_777);
        assert_eq!(date.as_bytes(), b"Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
