//! Bytes received and not yet taken.

/// A queue of bytes whose front is taken in runs. Empty, it holds no memory: ten thousand idle
/// connections should cost what they hold, which is nothing.
#[derive(Debug, Default)]
pub(crate) struct Input {
    bytes: Vec<u8>,
    taken_bytes: usize,
}

impl Input {
    /// Adds bytes at the back.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.taken_bytes > 0 {
            self.bytes.drain(..self.taken_bytes);
            self.taken_bytes = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// What has not been taken.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.bytes[self.taken_bytes..]
    }

    /// Takes all but the last `left_bytes`.
    pub(crate) fn keep_last(&mut self, left_bytes: usize) {
        if left_bytes == 0 {
            *self = Self::default();
        } else {
            self.taken_bytes = self.bytes.len() - left_bytes;
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
    fn an_empty_queue_gives_its_memory_back() {
        let mut input = Input::default();
        input.push(&[b'x'; 100_000]);
        input.keep_last(1);
        assert!(input.bytes.capacity() > 0);
        input.keep_last(0);
        assert_eq!(input.bytes.capacity(), 0);
    }
}
