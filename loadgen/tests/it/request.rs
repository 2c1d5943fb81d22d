//! As much of a request as an answer depends on.

/// A request, as the fault server sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// HEAD: the answer has no body.
    pub(crate) is_head: bool,
    /// The client wants to use the connection again.
    pub(crate) keep_alive: bool,
}

impl Request {
    /// The request at the start of `bytes` and its length; `None` while incomplete.
    pub(crate) fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let head_length = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&bytes[..head_length]).to_ascii_lowercase();
        let value = |name: &str| {
            let line = head.lines().find(|line| line.starts_with(name))?;
            Some(line[name.len()..].trim().to_owned())
        };
        let body_length = value("content-length:").map_or(0, |length| length.parse().unwrap_or(0));
        let length = head_length + body_length;
        let keep_alive = match value("connection:") {
            Some(connection) => connection == "keep-alive",
            None => head.lines().next()?.ends_with("http/1.1"),
        };
        let request = Self {
            is_head: head.starts_with("head "),
            keep_alive,
        };
        (bytes.len() >= length).then_some((request, length))
    }
}
