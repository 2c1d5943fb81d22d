//! The way from HTTP to WebSocket: RFC 6455 §4.1, from the client's side. Bytes in, bytes out.

use httparse::Header as Field;
use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;

use super::failed::Failed;
use super::input::Input;
use crate::http1;
use crate::outcome::Cause;
use crate::plan::{Header, Plan};

const NOT_SWITCHING: &str = "101 without Upgrade: websocket and Connection: Upgrade";

/// A connection that has asked for the upgrade.
#[derive(Debug)]
pub(super) struct Upgrade {
    /// What a server that has understood says.
    accept: String,
}

impl Upgrade {
    /// Asks for `path`, as the plan has it and with a key of its own; what is to be sent.
    pub(super) fn begin(plan: &Plan, path: &str) -> (Self, Vec<u8>) {
        let key = generate_key();
        let accept = derive_accept_key(key.as_bytes());
        let mut scenario = plan.scenario.clone();
        scenario.headers.push(Header::new("Sec-WebSocket-Key", key));
        (Self { accept }, scenario.request(&plan.target, path))
    }

    /// Takes the answer's head from the front of `input` once it is there, whether or not it is the
    /// right one.
    pub(super) fn head(input: &mut Input) -> Result<Option<Vec<u8>>, Failed> {
        let mut room = http1::room();
        let parsed = http1::parse(input.unread(), &mut room).map_err(|bad| Failed {
            cause: bad.cause,
            reason: bad.error.map(|error| error.to_string()),
        })?;
        let Some((head_bytes, ..)) = parsed else {
            return Ok(None);
        };
        let head = input.unread()[..head_bytes].to_vec();
        input.consume(head_bytes);
        Ok(Some(head))
    }

    /// Whether the server has agreed.
    pub(super) fn judge(&self, head: &[u8]) -> Result<(), Failed> {
        let mut room = http1::room();
        // It was parsed before.
        let Ok(Some((_, status, response))) = http1::parse(head, &mut room) else {
            return Err(Cause::MalformedResponse.into());
        };
        let reason = response.reason.unwrap_or_default().escape_debug();
        if status != 101 {
            let status = format!("{status} {reason}");
            return Err(Failed::new(Cause::NotWebSocket, status.trim_end()));
        }
        let fields = response.headers;
        if !has(fields, "upgrade", "websocket") || !has(fields, "connection", "upgrade") {
            return Err(Failed::new(Cause::NotWebSocket, NOT_SWITCHING));
        }
        if value(fields, "sec-websocket-accept") != Some(self.accept.as_bytes()) {
            return Err(Cause::WrongAcceptKey.into());
        }
        let unasked = ["sec-websocket-extensions", "sec-websocket-protocol"];
        match unasked.iter().find(|name| value(fields, name).is_some()) {
            None => Ok(()),
            Some(name) => {
                let reason = format!("the answer has {name}, which was not offered");
                Err(Failed::new(Cause::WebSocketProtocol, reason))
            }
        }
    }
}

fn value<'a>(fields: &[Field<'a>], name: &str) -> Option<&'a [u8]> {
    let mut of_name = fields
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case(name));
    of_name.next().map(|field| field.value.trim_ascii())
}

/// Whether a list field has this member.
fn has(fields: &[Field<'_>], name: &str, member: &str) -> bool {
    let of_name = fields
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case(name));
    let mut members = of_name.flat_map(|field| http1::list(field.value));
    members.any(|found| found.eq_ignore_ascii_case(member.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n\
                         Connection: keep-alive, upgrade\r\n\
                         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

    fn judge(answer: &str) -> Result<(), Cause> {
        // The key of RFC 6455 §1.3.
        let upgrade = Upgrade {
            accept: derive_accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="),
        };
        let mut input = Input::default();
        input.push(answer.as_bytes());
        input.push(b"more");
        let head = Upgrade::head(&mut input).map_err(|failed| failed.cause)?;
        assert_eq!(input.unread(), b"more");
        upgrade.judge(&head.unwrap()).map_err(|failed| failed.cause)
    }

    #[test]
    fn a_server_that_has_understood_says_so_with_the_key() {
        assert_eq!(judge(RIGHT), Ok(()));
        let other_key = RIGHT.replace("s3p", "S3p");
        assert_eq!(judge(&other_key), Err(Cause::WrongAcceptKey));
        let unasked = RIGHT.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n");
        assert_eq!(judge(&unasked), Err(Cause::WebSocketProtocol));
    }

    #[test]
    fn any_other_answer_is_no_websocket_or_no_http() {
        for answer in [
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        ] {
            assert_eq!(judge(answer), Err(Cause::NotWebSocket), "{answer}");
        }
        for answer in ["SSH-2.0\r\n\r\n", "HTTP/1.1 099 Odd\r\n\r\n"] {
            assert_eq!(judge(answer), Err(Cause::MalformedResponse), "{answer}");
        }
    }

    #[test]
    fn a_head_without_end_is_given_up() {
        let mut input = Input::default();
        input.push(b"HTTP/1.1 101 Switching Protocols\r\nA: ");
        assert!(Upgrade::head(&mut input).unwrap().is_none());
        input.push(&[b'a'; 64 * 1024]);
        let failed = Upgrade::head(&mut input).unwrap_err();
        assert_eq!(failed.cause, Cause::ResponseTooLarge);
    }

    #[test]
    fn a_head_may_be_as_large_as_any_other() {
        let large = RIGHT.replace(": keep-alive", &format!(": {}", " ".repeat(64 * 1024)));
        let many = RIGHT.replace("\r\n\r\n", &format!("\r\n{}\r\n", "A: b\r\n".repeat(100)));
        for answer in [large, many] {
            assert_eq!(judge(&answer), Err(Cause::ResponseTooLarge));
        }
    }
}
