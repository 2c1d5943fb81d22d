//! Those who hear each other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::mailbox::Mailbox;

/// The mailboxes of a room: whoever delivers a message takes the list as it is then, and holds no
/// lock while others are woken. Only if somebody comes or goes meanwhile it is made anew.
#[derive(Debug)]
pub(super) struct Room {
    name: Box<str>,
    mailboxes: Mutex<Arc<Vec<Arc<Mailbox>>>>,
}

impl Room {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            mailboxes: Mutex::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn mailboxes(&self) -> Arc<Vec<Arc<Mailbox>>> {
        Arc::clone(&self.list())
    }

    pub(super) fn enter(&self, mailbox: &Arc<Mailbox>) {
        Arc::make_mut(&mut self.list()).push(Arc::clone(mailbox));
    }

    /// Whether the room is empty now.
    pub(super) fn leave(&self, mailbox: &Arc<Mailbox>) -> bool {
        let mut list = self.list();
        let list = Arc::make_mut(&mut list);
        if let Some(place) = list.iter().position(|other| Arc::ptr_eq(other, mailbox)) {
            list.swap_remove(place);
        }
        list.is_empty()
    }

    fn list(&self) -> MutexGuard<'_, Arc<Vec<Arc<Mailbox>>>> {
        self.mailboxes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
