//! Those who hear each other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::mailbox::Mailbox;

/// The mailboxes of a room, as a list that is made anew when somebody comes or goes: whoever
/// delivers a message takes the list and holds no lock while others are woken.
#[derive(Debug)]
pub(super) struct Room {
    name: Box<str>,
    mailboxes: Mutex<Arc<[Arc<Mailbox>]>>,
}

impl Room {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            mailboxes: Mutex::new(Arc::new([])),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn mailboxes(&self) -> Arc<[Arc<Mailbox>]> {
        Arc::clone(&self.list())
    }

    pub(super) fn enter(&self, mailbox: &Arc<Mailbox>) {
        let mut list = self.list();
        let others = list.iter().cloned();
        *list = others.chain([Arc::clone(mailbox)]).collect();
    }

    /// Whether the room is empty now.
    pub(super) fn leave(&self, mailbox: &Arc<Mailbox>) -> bool {
        let mut list = self.list();
        let others = list.iter().filter(|other| !Arc::ptr_eq(other, mailbox));
        *list = others.cloned().collect();
        list.is_empty()
    }

    fn list(&self) -> MutexGuard<'_, Arc<[Arc<Mailbox>]>> {
        self.mailboxes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
