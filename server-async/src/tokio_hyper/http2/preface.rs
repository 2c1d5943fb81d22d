//! How a client says that it speaks HTTP/2 (RFC 9113 §3.4).

/// The first bytes of every HTTP/2 connection: to a server of HTTP/1, a request that is refused.
pub(in crate::tokio_hyper) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Whether a connection begins as HTTP/2 does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tokio_hyper) enum Begins {
    Yes,
    No,
    /// With more bytes it may.
    NotYetClear,
}

/// What the first bytes of a connection say.
pub(in crate::tokio_hyper) fn begins(bytes: &[u8]) -> Begins {
    if bytes.starts_with(PREFACE) {
        Begins::Yes
    } else if PREFACE.starts_with(bytes) {
        Begins::NotYetClear
    } else {
        Begins::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_the_preface_is_none_from_its_first_wrong_byte_on() {
        for length in 0..PREFACE.len() {
            assert_eq!(begins(&PREFACE[..length]), Begins::NotYetClear);
            let mut wrong = *PREFACE;
            wrong[length] ^= 1;
            assert_eq!(begins(&wrong[..=length]), Begins::No);
        }
        assert_eq!(begins(b"PRI * HTTP/1.1\r\n"), Begins::No);
    }

    #[test]
    fn what_follows_the_preface_does_not_matter() {
        assert_eq!(begins(PREFACE), Begins::Yes);
        assert_eq!(begins(&[PREFACE.as_slice(), b"x"].concat()), Begins::Yes);
    }
}
