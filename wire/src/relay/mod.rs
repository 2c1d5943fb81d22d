//! The relay: each message goes to every other client of its room.
//!
//! A client's connection is served by one thread or task, and its messages are for others. So each
//! client has a mailbox into which anybody puts messages, and a [`Waker`] by which its model gets
//! to know that there are some; how the model then writes them is the model's affair. Nobody waits
//! for anybody: whoever does not empty the mailbox is closed, and costs its bound.

mod mailbox;
mod room;

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tungstenite::Message;

pub use self::mailbox::TooSlow;
use self::mailbox::{Letter, Mailbox};
use self::room::Room;

/// Mailboxes that a client's messages are put into before others have their turn, and it its own
/// mail: some tenths of a microsecond each. A single message to a larger room goes there as a
/// whole.
pub const DELIVERIES_PER_TURN_MAX: usize = 1024;

/// The rooms of a server.
#[derive(Debug)]
pub struct Relay {
    clients_max: usize,
    hall: Mutex<Hall>,
}

#[derive(Debug, Default)]
struct Hall {
    clients: usize,
    /// By name; those with somebody in them.
    rooms: HashMap<Box<str>, Arc<Room>>,
}

impl Relay {
    /// A relay that takes so many clients.
    #[must_use]
    pub fn new(clients_max: usize) -> Arc<Self> {
        Arc::new(Self {
            clients_max,
            hall: Mutex::default(),
        })
    }

    /// A seat in a room, whose messages from now on wake `waker`; `None` if all seats are taken.
    #[must_use]
    pub fn enter(self: &Arc<Self>, room: &str, waker: Waker) -> Option<Seat> {
        let mailbox = Arc::new(Mailbox::new(waker));
        let mut hall = self.hall();
        if hall.clients >= self.clients_max {
            return None;
        }
        hall.clients += 1;
        let room = match hall.rooms.get(room) {
            Some(room) => Arc::clone(room),
            None => {
                let new = Arc::new(Room::new(room));
                hall.rooms.insert(room.into(), Arc::clone(&new));
                new
            }
        };
        room.enter(&mailbox);
        drop(hall);
        Some(Seat {
            relay: Arc::clone(self),
            room,
            mailbox,
            ahead: Cell::new(0),
        })
    }

    fn leave(&self, room: &Room, mailbox: &Arc<Mailbox>) {
        let mut hall = self.hall();
        hall.clients -= 1;
        if room.leave(mailbox) {
            hall.rooms.remove(room.name());
        }
    }

    fn hall(&self) -> MutexGuard<'_, Hall> {
        self.hall.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client's place in a room, given up when it is dropped.
#[derive(Debug)]
pub struct Seat {
    relay: Arc<Relay>,
    room: Arc<Room>,
    mailbox: Arc<Mailbox>,
    /// Mailboxes that its messages went into, less the messages that it took since there was none.
    ahead: Cell<usize>,
}

impl Seat {
    /// The next message of another client; `None` if there is none yet.
    ///
    /// # Errors
    ///
    /// This client has left too much lying; it gets nothing more.
    pub fn take(&self) -> Result<Option<Message>, TooSlow> {
        let message = self.mailbox.take()?;
        let ahead = match message {
            Some(_) => self.ahead.get().saturating_sub(1),
            None => 0,
        };
        self.ahead.set(ahead);
        Ok(message)
    }

    /// Whether this client has said so much that its own mail comes first: [`Self::take`], until
    /// it has taken as much as it gave, or there is nothing more. Otherwise one that sends all the
    /// time would never get any, and be too slow though it reads.
    #[must_use]
    pub fn is_ahead(&self) -> bool {
        self.ahead.get() >= DELIVERIES_PER_TURN_MAX
    }

    /// Whether [`Self::take`] would fail, for one that cannot take anything now.
    #[must_use]
    pub fn is_too_slow(&self) -> bool {
        self.mailbox.is_too_slow()
    }

    /// A message of this client, to be delivered.
    #[must_use]
    pub fn parcel(&self, message: Message) -> Parcel {
        let parcel = Parcel {
            mailboxes: self.room.mailboxes(),
            sender: Arc::clone(&self.mailbox),
            message,
        };
        let others = parcel.audience() - 1;
        self.ahead.set(self.ahead.get() + others);
        parcel
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.relay.leave(&self.room, &self.mailbox);
    }
}

/// A message on its way to the others in its sender's room.
#[derive(Debug)]
pub struct Parcel {
    /// Of all who were in the room when it was said, the sender too.
    mailboxes: Arc<Vec<Arc<Mailbox>>>,
    sender: Arc<Mailbox>,
    message: Message,
}

impl Parcel {
    /// How many clients are in the room, which is what delivery costs.
    #[must_use]
    pub fn audience(&self) -> usize {
        self.mailboxes.len()
    }

    /// Puts the message into every other client's mailbox and wakes those that had none. Their
    /// wakers run here: call it where none of them can be waited for.
    pub fn deliver(self) {
        let mut letter = Letter::new(self.message);
        for mailbox in self.mailboxes.iter() {
            if !Arc::ptr_eq(mailbox, &self.sender) {
                mailbox.put(&mut letter);
            }
        }
    }
}

impl PartialEq for Parcel {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.sender, &other.sender) && self.message == other.message
    }
}

impl Eq for Parcel {}

#[cfg(test)]
mod tests;
