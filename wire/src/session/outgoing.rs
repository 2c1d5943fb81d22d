//! Sealed bytes on their way to the socket.

use rustls::server::ServerConnectionData;
use rustls::unbuffered::{
    EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError, WriteTraffic,
};

/// Most that a record is longer than what is in it, in bytes, rounded up: header, content type
/// and tag (RFC 8446 §5.2), or header, nonce and tag (RFC 5288 §3).
const RECORD_OVERHEAD_BYTES_MAX: usize = 32;

/// Most plaintext of a record, in bytes (RFC 8446 §5.1).
pub(super) const RECORD_BYTES_MAX: usize = 16 * 1024;

/// Records sealed and not yet written. Empty, it holds no memory but what [`Self::free`] takes.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// Initialized to its length, also behind `filled_bytes`, so that large answers need not clear
    /// it again and again.
    bytes: Vec<u8>,
    filled_bytes: usize,
    written_bytes: usize,
}

impl Outgoing {
    /// What is to be written.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.written_bytes..self.filled_bytes]
    }

    /// `count` bytes of [`Self::rest`] have been written.
    pub(super) fn wrote(&mut self, count: usize) {
        self.written_bytes += count;
        if self.written_bytes == self.filled_bytes {
            self.clear();
        }
    }

    /// Forgets what has not been written.
    pub(super) fn clear(&mut self) {
        self.filled_bytes = 0;
        self.written_bytes = 0;
    }

    /// Gives the memory back, once all is written.
    pub(super) fn free(&mut self) {
        if self.rest().is_empty() {
            *self = Self::default();
        }
    }

    /// Memory that it holds.
    #[cfg(test)]
    pub(super) fn capacity_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// Adds records of TLS itself: of the handshake, or an alert.
    pub(super) fn add(
        &mut self,
        data: &mut EncodeTlsData<'_, ServerConnectionData>,
    ) -> Result<(), EncodeError> {
        self.fill(0, |room| match data.encode(room) {
            Err(EncodeError::InsufficientSize(size)) => Err(size),
            result => Ok(result),
        })
    }

    /// Seals `plaintext` and adds its records.
    pub(super) fn seal(
        &mut self,
        traffic: &mut WriteTraffic<'_, ServerConnectionData>,
        plaintext: &[u8],
    ) -> Result<(), EncryptError> {
        let records = plaintext.len().div_ceil(RECORD_BYTES_MAX);
        let room = plaintext.len() + records * RECORD_OVERHEAD_BYTES_MAX;
        self.fill(room, |room| match traffic.encrypt(plaintext, room) {
            Err(EncryptError::InsufficientSize(size)) => Err(size),
            result => Ok(result),
        })
    }

    /// Adds the alert that says that nothing more will come (`close_notify`, RFC 8446 §6.1).
    pub(super) fn say_goodbye(
        &mut self,
        traffic: &mut WriteTraffic<'_, ServerConnectionData>,
    ) -> Result<(), EncryptError> {
        let alert = RECORD_OVERHEAD_BYTES_MAX;
        self.fill(alert, |room| match traffic.queue_close_notify(room) {
            Err(EncryptError::InsufficientSize(size)) => Err(size),
            result => Ok(result),
        })
    }

    /// Has `write` fill room of at least `room_bytes`, and more if it says that it needs it.
    fn fill<E>(
        &mut self,
        mut room_bytes: usize,
        mut write: impl FnMut(&mut [u8]) -> Result<Result<usize, E>, InsufficientSizeError>,
    ) -> Result<(), E> {
        loop {
            let end = self.filled_bytes + room_bytes;
            if self.bytes.len() < end {
                self.bytes.resize(end, 0);
            }
            match write(&mut self.bytes[self.filled_bytes..]) {
                Ok(written) => {
                    self.filled_bytes += written?;
                    return Ok(());
                }
                Err(InsufficientSizeError { required_size }) => room_bytes = required_size,
            }
        }
    }
}
