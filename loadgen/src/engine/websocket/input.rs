//! Bytes that came and are still to be read.

use std::io::{self, ErrorKind, Read};

/// In the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Input {
    bytes: Vec<u8>,
    read: usize,
}

impl Input {
    /// Behind the others.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn unread(&self) -> &[u8] {
        &self.bytes[self.read..]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.unread().is_empty()
    }

    /// So many of the unread are read.
    pub(super) fn consume(&mut self, count: usize) {
        self.read += count;
        if self.read == self.bytes.len() {
            self.bytes.clear();
            self.read = 0;
        }
    }
}

impl Read for Input {
    /// There may be more later, which is what a socket that does not block says.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.unread().read(buffer)?;
        if count == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.consume(count);
        Ok(count)
    }
}
