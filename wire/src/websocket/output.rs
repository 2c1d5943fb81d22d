//! What is gathered for a client's socket.

use std::io::{self, Read, Write};

/// Frames are gathered up to so many bytes before they are written: what a socket takes at a time.
const GATHERED_BYTES_MAX: usize = 64 * 1024;

/// Frames on their way to the socket. Empty, it holds no memory.
#[derive(Debug, Default)]
pub struct Output {
    bytes: Vec<u8>,
    written_bytes: usize,
}

impl Output {
    /// What is yet to be written.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.written_bytes..]
    }

    /// Whether more is to be gathered before the next write.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.rest().len() < GATHERED_BYTES_MAX
    }

    /// So many bytes of [`Self::rest`] have been written.
    pub fn wrote(&mut self, count: usize) {
        self.written_bytes += count;
        if self.rest().is_empty() {
            *self = Self::default();
        }
    }
}

impl From<Vec<u8>> for Output {
    fn from(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            written_bytes: 0,
        }
    }
}

/// Takes everything: who writes looks first whether there is room.
impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The codec asks for both to write, although it reads only when it is asked to.
impl Read for Output {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}
