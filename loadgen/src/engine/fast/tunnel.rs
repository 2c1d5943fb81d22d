//! A way through a proxy, asked for before anything is said to the server (CONNECT, RFC 9110
//! §9.3.6): bytes in, bytes out.

use crate::http1::{Question, ResponseReader};

/// The answer ends with its head, as one to HEAD does.
const QUESTION: Question<'_> = Question {
    is_head: true,
    expected_body: None,
};

#[derive(Debug)]
pub(in crate::engine) struct Tunnel {
    /// What is to be sent, until it is taken to be.
    request: Option<Vec<u8>>,
    reader: ResponseReader,
    is_open: bool,
}

impl Tunnel {
    pub(in crate::engine) fn new(request: Vec<u8>) -> Self {
        Self {
            request: Some(request),
            reader: ResponseReader::default(),
            is_open: false,
        }
    }

    /// What is to be sent now, if anything is.
    pub(in crate::engine) fn outgoing(&mut self) -> Option<Vec<u8>> {
        self.request.take()
    }

    /// Whether anything is.
    pub(in crate::engine) fn has_outgoing(&self) -> bool {
        self.request.is_some()
    }

    /// Takes bytes of the proxy's answer.
    ///
    /// # Errors
    ///
    /// Why there is no way through.
    pub(in crate::engine) fn hear(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        let answer = self.reader.read(QUESTION, &mut bytes);
        let answer = answer.map_err(|cause| format!("the proxy: {}", cause.description()))?;
        match answer.map(|answer| answer.status) {
            None => Ok(()),
            // The server waits to be spoken to.
            Some(200..300) if !bytes.is_empty() => {
                Err("the proxy said more than it was asked".to_owned())
            }
            Some(200..300) => {
                self.is_open = true;
                Ok(())
            }
            Some(status) => Err(format!("the proxy answered {status}")),
        }
    }

    /// Whether what is sent now is sent to the server.
    pub(in crate::engine) fn is_open(&self) -> bool {
        self.is_open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(answer: &[u8], size: usize) -> Result<bool, String> {
        let mut tunnel = Tunnel::new(Vec::new());
        let mut pieces = answer.chunks(size);
        pieces.try_for_each(|piece| tunnel.hear(piece))?;
        Ok(tunnel.is_open())
    }

    #[test]
    fn any_2xx_opens_it_in_pieces_of_any_size() {
        let answers: [&[u8]; 3] = [
            b"HTTP/1.1 200 Connection established\r\n\r\n",
            b"HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        ];
        for answer in answers {
            for size in 1..=answer.len() {
                assert_eq!(hear(answer, size), Ok(true), "{size}");
            }
            assert_eq!(hear(&answer[..answer.len() - 1], 7), Ok(false));
        }
    }

    #[test]
    fn anything_else_is_a_reason_why_not() {
        let endless = [b"HTTP/1.1 200 OK\r\nX: ".as_slice(), &[b'x'; 100_000]].concat();
        let cases: [(&[u8], &str); 4] = [
            (b"HTTP/1.1 407 Authentication\r\n\r\n", "407"),
            (b"SSH-2.0-OpenSSH_9.2p1\r\n", "HTTP"),
            (b"HTTP/1.1 200 OK\r\n\r\nhello", "more"),
            (&endless, "limit"),
        ];
        for (answer, word) in cases {
            let reason = hear(answer, 4096).unwrap_err();
            assert!(reason.contains(word), "{reason}");
        }
    }
}
