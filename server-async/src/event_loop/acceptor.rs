//! Connections out of the accept queues, as many as there are places for.

use std::io::{self, ErrorKind};
use std::time::Duration;

use server_common::accept_backoff::AcceptBackoff;
use server_common::listener::{Accepted, Listener};
use server_common::options::{Options, Overload};
use server_common::stop::Stop;

use crate::cli::SERVER;
use crate::places::Places;

/// Listeners, and on what terms they are asked.
#[derive(Debug)]
pub(super) struct Acceptor {
    pub(super) listeners: Vec<Listener>,
    pub(super) places: Places,
    overload: Overload,
    backoff: AcceptBackoff,
    stop: Stop,
    /// Whether newcomers are kept out, and those in the queues are let in without regard to
    /// places: they are finite, and waiting for a place could outlast the grace period.
    is_emptying: bool,
}

/// Who was in an accept queue.
#[derive(Debug)]
pub(super) enum Comer {
    /// A connection that has a place.
    Client(Accepted),
    /// One too many, to be refused.
    Surplus(Accepted),
    /// One that was gone by then; ask again.
    Gone,
    /// Nobody is there.
    Nobody,
    /// Whoever is there has to wait for a place.
    NoPlace,
    /// It could not be found out; try again so much later.
    Failure(Duration),
}

impl Acceptor {
    pub(super) fn new(
        listeners: Vec<Listener>,
        places: Places,
        options: &Options,
        stop: &Stop,
    ) -> Self {
        Self {
            listeners,
            places,
            overload: options.overload,
            backoff: AcceptBackoff::new(SERVER),
            stop: stop.clone(),
            is_emptying: false,
        }
    }

    /// Keeps newcomers out, so that the queues come to an end.
    pub(super) fn empty(&mut self) {
        self.is_emptying = true;
        for listener in &mut self.listeners {
            listener.refuse_newcomers();
        }
    }

    /// Asks one listener.
    pub(super) fn next(&mut self, listener: usize) -> Comer {
        let needs_place = !self.is_emptying && self.overload == Overload::Wait;
        if needs_place && !self.places.take_or_wait() {
            return Comer::NoPlace;
        }
        let error = match self.listeners[listener].accept_nonblocking() {
            Ok(accepted) => {
                self.backoff.succeeded();
                return self.receive(accepted);
            }
            Err(error) => error,
        };
        if needs_place {
            self.places.give_back();
        }
        self.failed(&error)
    }

    fn failed(&mut self, error: &io::Error) -> Comer {
        match error.kind() {
            ErrorKind::WouldBlock => Comer::Nobody,
            // What some kernels say of a UNIX socket that keeps newcomers out. Loops share it, and
            // another one may have seen the stop first.
            ErrorKind::InvalidInput if self.stop.is_asked() => Comer::Nobody,
            _ => self
                .backoff
                .failed(error)
                .map_or(Comer::Gone, Comer::Failure),
        }
    }

    fn receive(&self, accepted: Accepted) -> Comer {
        match (self.is_emptying, self.overload) {
            (true, _) => self.places.take_anyway(),
            (false, Overload::Refuse) if !self.places.take() => {
                return Comer::Surplus(accepted);
            }
            (false, _) => {}
        }
        Comer::Client(accepted)
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn a_queue_that_another_loop_has_shut_at_the_stop_is_empty_and_not_broken() {
        let places = Places::new(None, 1, &[]).remove(0);
        let (handle, stop) = Stop::new().unwrap();
        let mut acceptor = Acceptor::new(Vec::new(), places, &Options::default(), &stop);
        let error = io::Error::from_raw_os_error(Errno::INVAL.raw_os_error());
        handle.stop();
        let comer = acceptor.failed(&error);
        assert!(matches!(comer, Comer::Nobody), "{comer:?}");
    }
}
