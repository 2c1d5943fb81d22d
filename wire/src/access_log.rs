//! One line for each answer, in Common Log Format, which every log reader knows.

use std::net::IpAddr;

use crate::date::Date;
use crate::status::Status;

/// The line, without its line end: `PEER - - [DATE] "REQUEST LINE" STATUS BODY_BYTES`.
///
/// The date is written as in HTTP. Bytes of the request line that could forge or garble a line
/// are escaped; a request that never had a line shows as `-`.
#[must_use]
pub fn line(
    peer: Option<IpAddr>,
    date: &Date,
    request_line: &[u8],
    status: Status,
    body_bytes: u64,
) -> String {
    let peer = peer.map_or("-".to_owned(), |peer| peer.to_canonical().to_string());
    let date = String::from_utf8_lossy(date.as_bytes());
    let request = match request_line {
        [] => "-".to_owned(),
        bytes => bytes.escape_ascii().to_string(),
    };
    let status = status.code();
    format!("{peer} - - [{date}] \"{request}\" {status} {body_bytes}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: u64 = 784_111_777;

    #[test]
    fn a_line_names_who_asked_for_what_and_got_which_answer() {
        let peer = Some(IpAddr::from([127, 0, 0, 1]));
        let date = Date::from_unix_seconds(DATE);
        assert_eq!(
            line(peer, &date, b"GET / HTTP/1.1", Status::Ok, 48),
            r#"127.0.0.1 - - [Sun, 06 Nov 1994 08:49:37 GMT] "GET / HTTP/1.1" 200 48"#
        );
    }

    #[test]
    fn a_request_line_cannot_forge_another_line() {
        let date = Date::from_unix_seconds(DATE);
        let line = line(
            None,
            &date,
            b"GET /\"\x1b\n HTTP/1.1",
            Status::BadRequest,
            0,
        );
        assert!(
            line.ends_with(r#""GET /\"\x1b\n HTTP/1.1" 400 0"#),
            "{line}"
        );
    }
}
