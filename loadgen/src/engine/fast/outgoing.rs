//! What is to be sent on a connection and is not in the kernel's hands.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::driver::Progress;

/// Bytes in the order in which they are to be sent. Requests are borrowed from where they were
/// built; what is made for one connection, such as TLS records, is owned.
#[derive(Debug, Default)]
pub(super) struct Outgoing<'a> {
    /// Nearly always the only part, which so needs no memory of its own; the others come behind
    /// one.
    first: Option<Cow<'a, [u8]>>,
    rest: VecDeque<Cow<'a, [u8]>>,
    /// Of the first part, in bytes.
    written: usize,
}

impl<'a> Outgoing<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// How many bytes there are.
    pub(super) fn bytes(&self) -> usize {
        let parts = self.first.iter().chain(&self.rest);
        parts.map(|part| part.len()).sum::<usize>() - self.written
    }

    /// Behind all others.
    pub(super) fn push(&mut self, bytes: Cow<'a, [u8]>) {
        if bytes.is_empty() {
            return;
        }
        match &self.first {
            None => self.first = Some(bytes),
            Some(_) => self.rest.push_back(bytes),
        }
    }

    /// What is to be written next.
    pub(super) fn next(&self) -> Option<&[u8]> {
        Some(&self.first.as_ref()?[self.written..])
    }

    /// So many bytes of [`Self::next`] were written.
    pub(super) fn wrote(&mut self, count: usize) {
        self.written += count;
        if let Some(part) = &self.first
            && self.written >= part.len()
        {
            self.first = self.rest.pop_front();
            self.written = 0;
        }
    }

    /// How far a connection has come that is open or not.
    pub(super) fn progress(&self, is_connected: bool) -> Progress {
        match (is_connected, self.is_empty()) {
            (false, _) => Progress::Connecting,
            (true, false) => Progress::Sending,
            (true, true) => Progress::Sent,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_leave_in_the_order_they_came_in_whatever_the_kernel_takes(
            parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..5),
            takes in 1_usize..7,
        ) {
            let mut outgoing = Outgoing::default();
            for part in &parts {
                outgoing.push(Cow::Borrowed(part));
            }
            let whole = parts.concat();
            let mut written = Vec::new();
            while let Some(next) = outgoing.next() {
                prop_assert_eq!(written.len() + outgoing.bytes(), whole.len());
                let count = next.len().min(takes);
                written.extend_from_slice(&next[..count]);
                outgoing.wrote(count);
            }
            prop_assert!(outgoing.is_empty());
            prop_assert_eq!(written, whole);
        }
    }
}
