//! What other tools' error messages say of why a request failed.

use crate::outcome::Cause;

/// The cause that a message names; `None` if it names none that is known.
///
/// The words are those of the systems and libraries below the tools: `strerror`, Go's net, hyper.
pub(super) fn of(message: &str) -> Option<Cause> {
    const WORDS: [(&str, Cause); 15] = [
        ("dial tcp: lookup", Cause::Dns),
        ("no such host", Cause::Dns),
        ("failed to lookup", Cause::Dns),
        ("refused", Cause::ConnectRefused),
        ("dialing timed out", Cause::ConnectTimeout),
        ("unreachable", Cause::ConnectUnreachable),
        ("no route to host", Cause::ConnectUnreachable),
        ("cannot assign requested address", Cause::NoLocalPort),
        ("too many open files", Cause::NoFileDescriptor),
        ("certificate", Cause::TlsHandshake),
        ("broken pipe", Cause::WriteReset),
        ("reset by peer", Cause::ReadReset),
        ("timeout", Cause::ReadTimeout),
        ("timed out", Cause::ReadTimeout),
        (
            "closed connection before returning the first response byte",
            Cause::ClosedBeforeResponse,
        ),
    ];
    let message = message.to_ascii_lowercase();
    let named = WORDS.iter().find(|(words, _)| message.contains(words));
    match named.map(|(_, cause)| *cause) {
        // Go says by `dial tcp` alone what it was that took too long.
        Some(Cause::ReadTimeout) if message.contains("dial tcp") => Some(Cause::ConnectTimeout),
        named => named,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_causes() {
        for (message, cause) in [
            (
                "Connection refused (os error 111)",
                Some(Cause::ConnectRefused),
            ),
            (
                "dial tcp 127.0.0.1:1: connect: connection refused",
                Some(Cause::ConnectRefused),
            ),
            (
                "read tcp 127.0.0.1:6060: connection reset by peer",
                Some(Cause::ReadReset),
            ),
            (
                "Get \"http://10.0.0.1\": dial tcp 10.0.0.1:80: i/o timeout",
                Some(Cause::ConnectTimeout),
            ),
            (
                "dial tcp: lookup a on 10.0.0.1:53: read udp 10.0.0.2:1: i/o timeout",
                Some(Cause::Dns),
            ),
            (
                "read tcp 127.0.0.1:6060: i/o timeout",
                Some(Cause::ReadTimeout),
            ),
            ("timeout", Some(Cause::ReadTimeout)),
            ("dialing timed out", Some(Cause::ConnectTimeout)),
            ("connection error", None),
        ] {
            assert_eq!(of(message), cause, "{message}");
        }
    }
}
