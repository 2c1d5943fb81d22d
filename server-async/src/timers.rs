//! What is to happen later, for the loops that have no runtime to ask.

use std::time::Instant;

/// A moment for each slot that wants one. It reads no clock: the present is handed in.
///
/// A connection's moment moves with each request and hardly ever comes. So one that moves to
/// later is only written down beside the slot; the heap still has it where it was, and finds out
/// when that moment comes. That is once in a timeout, not once in a request. A slot has one entry
/// at most, however often it asks, so that memory grows with slots and not with requests.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    /// A binary heap, the earliest first. No entry is later than its slot's wish.
    heap: Vec<Entry>,
    /// By slot.
    wishes: Vec<Option<Wish>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    moment: Instant,
    slot: u32,
}

#[derive(Clone, Copy, Debug)]
struct Wish {
    moment: Instant,
    /// Of the slot's entry in the heap.
    position: u32,
}

impl Timers {
    /// Calls `slot` at `moment`, and no longer at the one asked for before. Slots are numbered
    /// from 0 without large gaps.
    pub(crate) fn at(&mut self, moment: Instant, slot: u32) {
        let index = slot as usize;
        if index >= self.wishes.len() {
            self.wishes.resize(index + 1, None);
        }
        let position = match &mut self.wishes[index] {
            Some(wish) => {
                wish.moment = moment;
                let position = wish.position as usize;
                if moment >= self.heap[position].moment {
                    return;
                }
                self.heap[position].moment = moment;
                position
            }
            None => {
                let position = self.heap.len();
                self.heap.push(Entry { moment, slot });
                self.wishes[index] = Some(Wish {
                    moment,
                    position: position as u32,
                });
                position
            }
        };
        self.move_up(position);
    }

    /// Does not call `slot`, if that was asked for.
    pub(crate) fn cancel(&mut self, slot: u32) {
        let wish = self.wishes.get(slot as usize).copied().flatten();
        if let Some(wish) = wish {
            self.remove(wish.position as usize);
        }
    }

    /// When to look next: the earliest moment asked for, or before it. `None` if there is none.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.first().map(|entry| entry.moment)
    }

    /// A slot whose moment has come, the earliest first; it is not called again.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<u32> {
        loop {
            let entry = *self.heap.first().filter(|entry| entry.moment <= now)?;
            match self.wishes[entry.slot as usize] {
                Some(wish) if wish.moment > entry.moment => {
                    self.heap[0].moment = wish.moment;
                    self.move_down(0);
                }
                _ => {
                    self.remove(0);
                    return Some(entry.slot);
                }
            }
        }
    }

    fn remove(&mut self, position: usize) {
        let entry = self.heap.swap_remove(position);
        self.wishes[entry.slot as usize] = None;
        if position < self.heap.len() {
            // What was last may belong above or below the one whose place it has taken.
            self.move_up(position);
            self.move_down(position);
        }
    }

    fn move_up(&mut self, mut position: usize) {
        let entry = self.heap[position];
        while position > 0 {
            let parent = (position - 1) / 2;
            if self.heap[parent] <= entry {
                break;
            }
            self.put(position, self.heap[parent]);
            position = parent;
        }
        self.put(position, entry);
    }

    fn move_down(&mut self, mut position: usize) {
        let entry = self.heap[position];
        loop {
            let mut child = 2 * position + 1;
            if child + 1 < self.heap.len() && self.heap[child + 1] < self.heap[child] {
                child += 1;
            }
            if child >= self.heap.len() || entry <= self.heap[child] {
                break;
            }
            self.put(position, self.heap[child]);
            position = child;
        }
        self.put(position, entry);
    }

    fn put(&mut self, position: usize, entry: Entry) {
        self.heap[position] = entry;
        if let Some(wish) = &mut self.wishes[entry.slot as usize] {
            wish.position = position as u32;
        }
    }
}

#[cfg(test)]
mod tests;
