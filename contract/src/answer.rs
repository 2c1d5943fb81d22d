//! One answer, taken apart as little as possible: the head stays the text that
//! came, so that it can be compared byte for byte.

use anyhow::{Context, Result, bail};

/// What stands in place of the Date header's value, the only part of an answer
/// that may differ between two servers.
const MASKED_DATE: &str = "Date: *\r\n";

/// A final answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// From the status line to the empty line, both included, as it came.
    pub(crate) head: String,
    /// The body, without framing.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The status code; 0 if the status line has none.
    pub(crate) fn status(&self) -> u16 {
        let code = self.head.split(' ').nth(1);
        code.and_then(|code| code.parse().ok()).unwrap_or(0)
    }

    /// The value of the header `name`, compared as it is written.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

/// The value of the header `name` in `head`. Case matters: the contract says
/// how names are written.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n")
        .filter_map(|line| line.split_once(": "))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// The length of the body that `head` promises.
///
/// # Errors
/// Without a `Content-Length`: the servers never answer in another framing.
pub(crate) fn content_length(head: &str) -> Result<usize> {
    let Some(length) = header(head, "Content-Length") else {
        bail!("the answer has no Content-Length:\n{head}");
    };
    length
        .parse()
        .with_context(|| format!("Content-Length: {length}"))
}

/// `text` with the value of every `Date` line replaced by a star.
pub(crate) fn mask_date(text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| match line.strip_prefix("Date: ") {
            Some(value) if value.ends_with("\r\n") => MASKED_DATE,
            _ => line,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_value_of_date_is_masked() {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: today\r\n\r\n";
        let masked = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: *\r\n\r\n";
        assert_eq!(mask_date(head), masked);
    }

    #[test]
    fn a_date_with_a_bare_line_feed_stays_as_it_is() {
        assert_eq!(mask_date("Date: today\n"), "Date: today\n");
    }
}
