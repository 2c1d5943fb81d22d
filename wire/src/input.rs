//! Bytes received and not yet taken.

/// Unused room that is kept for the next request, in bytes. More is given back at once: ten
/// thousand idle connections should cost what they hold, which is nothing.
const IDLE_CAPACITY_BYTES_MAX: usize = 512;

/// A queue of bytes whose front is taken in runs.
#[derive(Debug, Default)]
pub(crate) struct Input {
    bytes: Vec<u8>,
    taken_bytes: usize,
}

impl Input {
    /// Adds bytes at the back.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken_bytes);
        self.taken_bytes = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// What has not been taken.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.bytes[self.taken_bytes..]
    }

    /// Takes all but the last `left_bytes`.
    pub(crate) fn keep_last(&mut self, left_bytes: usize) {
        self.taken_bytes = self.bytes.len() - left_bytes;
        if left_bytes == 0 {
            self.bytes.clear();
            self.taken_bytes = 0;
            self.bytes.shrink_to(IDLE_CAPACITY_BYTES_MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_stays_in_front_of_what_comes() {
        let mut input = Input::default();
        input.push(b"one two");
        input.keep_last(4);
        input.push(b" three");
        assert_eq!(input.rest(), b" two three");
    }

    #[test]
    fn an_idle_queue_gives_its_memory_back() {
        let mut input = Input::default();
        input.push(&[b'x'; 100_000]);
        input.keep_last(0);
        assert!(input.bytes.capacity() <= IDLE_CAPACITY_BYTES_MAX);
    }
}
