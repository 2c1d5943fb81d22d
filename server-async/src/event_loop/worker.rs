//! The loop: wait, and call whoever is ready.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use server_common::bell::Bell;
use server_common::listener::{Accepted, Caller, Listener};
use server_common::options::Options;
use server_common::program::complain;
use server_common::stop::{GRACE_PERIOD, Stop};

use super::acceptor::{Acceptor, Comer};
use super::connection::{Cause, Connection, Desk, Want};
use super::poller::{Interest, Poller, Token};
use crate::cli::SERVER;
use crate::crew::Ties;
use crate::slots::{Key, Slots};
use crate::timers::Timers;

/// Connections taken from one accept queue before those that are open have their turn.
const ACCEPTS_PER_TURN_MAX: u32 = 64;

/// How often listeners are asked that cannot be watched.
const ASK_PAUSE: Duration = Duration::from_millis(100);

/// Refused connections that are given time to hear it, at a time: so many descriptors are to be had
/// beyond the limit. In a flood the others are closed as soon as they are told.
const REFUSED_MAX: u32 = 128;

/// One loop with its listeners and its connections; everything that happens in it happens on one
/// thread, one thing after another.
pub(super) struct Worker<P> {
    poller: P,
    acceptor: Acceptor,
    door: Door,
    connections: Slots<Connection>,
    timers: Timers,
    /// Who could go on but lets others go first.
    turns: Vec<Key>,
    desk: Desk,
    stop: Stop,
    /// Once the stop is asked for: when patience ends.
    finish_until: Option<Instant>,
    /// Connections that are open only to hear that they are refused.
    refused: u32,
    /// Connections refused for their descriptors' numbers.
    unwatchable: u64,
}

/// Whether the accept queues are attended to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    /// The listeners are watched.
    Open,
    /// They are not, but are to be asked.
    Ajar,
    /// Nor before this moment: accepting has failed.
    ShutUntil(Instant),
    /// Nor before there is a place.
    Full,
}

/// Whom a descriptor belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Stop,
    /// The bell by which other loops say that there is a place, or mail.
    Bell,
    Listener(usize),
    Connection(Key),
}

impl<P: Poller> Worker<P> {
    /// A loop that watches its listeners and the stop.
    ///
    /// # Errors
    ///
    /// No descriptors, or more than the poller can watch.
    pub(super) fn new(
        listeners: Vec<Listener>,
        ties: Ties,
        options: Options,
        stop: &Stop,
    ) -> io::Result<Self> {
        let Ties { places, post } = ties;
        let mut poller = P::new()?;
        poller.add(stop.as_fd(), Owner::Stop.token(), Interest::Input)?;
        if let Some(bell) = post.bell() {
            poller.add(bell.as_fd(), Owner::Bell.token(), Interest::Input)?;
        }
        let mut worker = Self {
            poller,
            acceptor: Acceptor::new(listeners, places, &options, stop),
            door: Door::Ajar,
            connections: Slots::new(),
            timers: Timers::default(),
            turns: Vec::new(),
            desk: Desk::new(options, post),
            stop: stop.clone(),
            finish_until: None,
            refused: 0,
            unwatchable: 0,
        };
        worker.open()?;
        Ok(worker)
    }

    /// Serves until the stop, and then until everybody is served or patience ends.
    ///
    /// # Errors
    ///
    /// The wait has failed, which leaves nothing to go by.
    pub(super) fn run(mut self) -> io::Result<()> {
        let mut ready = Vec::new();
        let mut turns = Vec::new();
        let mut addressees = Vec::new();
        while !self.is_over() {
            let patience = self.desk.post.patience(self.timeout());
            self.poller.wait(patience, &mut ready)?;
            self.desk.post.wake_up();
            self.desk.look_at_the_clock();
            for token in ready.drain(..) {
                self.attend(Owner::of(token));
            }
            std::mem::swap(&mut turns, &mut self.turns);
            for key in turns.drain(..) {
                self.call(key, Cause::Turn);
            }
            while let Some(slot) = self.timers.pop_due(self.desk.now) {
                if let Some(key) = self.connections.key(slot) {
                    self.call(key, Cause::Due);
                }
            }
            self.attend_to_the_door();
            // Last, so that what the others have said meanwhile is among it.
            self.desk.post.collect(&mut addressees);
            for key in addressees.drain(..) {
                self.call(key, Cause::Mail);
            }
        }
        self.tell_of_the_unwatchable(self.unwatchable > 0);
        Ok(())
    }

    fn is_over(&self) -> bool {
        let Some(until) = self.finish_until else {
            return false;
        };
        if self.acceptor.listeners.is_empty() && self.connections.is_empty() {
            return true;
        }
        let is_too_late = self.desk.now >= until;
        if is_too_late {
            let seconds = GRACE_PERIOD.as_secs();
            let line = format!("requests are still under way after {seconds} s and are abandoned");
            complain(SERVER, &line);
        }
        is_too_late
    }

    /// How long nothing will happen by itself.
    fn timeout(&self) -> Option<Duration> {
        let is_ajar = self.door == Door::Ajar && !self.acceptor.listeners.is_empty();
        if is_ajar || !self.turns.is_empty() {
            return Some(Duration::ZERO);
        }
        let door = match self.door {
            Door::ShutUntil(until) => Some(until),
            _ => None,
        };
        let moments = [self.timers.next(), door, self.finish_until];
        let earliest = moments.into_iter().flatten().min()?;
        Some(earliest.saturating_duration_since(self.desk.now))
    }

    fn attend(&mut self, owner: Owner) {
        match owner {
            Owner::Stop => self.begin_stop(),
            // The door and the post are looked at in any case.
            Owner::Bell => drop(self.desk.post.bell().map(Bell::silence)),
            // At the stop listeners go, and their numbers with them; who is left is asked at the end
            // of the turn.
            Owner::Listener(_) if self.finish_until.is_some() => {}
            Owner::Listener(listener) => self.accept(listener),
            Owner::Connection(key) => self.call(key, Cause::Ready),
        }
    }

    /// Keeps newcomers out, closes connections that wait for a next request, and lets the others
    /// have the answer they wait for.
    fn begin_stop(&mut self) {
        // It would be ready for ever.
        let _ = self.poller.remove(self.stop.as_fd());
        self.finish_until = Some(self.desk.now + GRACE_PERIOD);
        self.desk.is_finishing = true;
        self.shut(Door::Ajar);
        self.acceptor.empty();
        for key in self.connections.keys() {
            self.call(key, Cause::Stop);
        }
    }

    fn call(&mut self, key: Key, cause: Cause) {
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        let want = survive(|| connection.go_on(cause, &mut self.desk));
        self.settle(key, want);
    }

    fn settle(&mut self, key: Key, want: Want) {
        match want {
            Want::Nothing => {}
            Want::Ready(interest, until) => {
                self.timers.at(until, key.slot);
                self.watch(key, interest);
            }
            Want::Moment(until) => self.timers.at(until, key.slot),
            Want::Silence => self.unwatch(key),
            Want::Turn => self.turns.push(key),
            Want::Close => self.close(key),
        }
    }

    fn watch(&mut self, key: Key, interest: Interest) {
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        let descriptor = connection.socket.as_fd();
        let token = Owner::Connection(key).token();
        let watched = match connection.watched {
            Some(same) if same == interest => return,
            Some(_) => self.poller.modify(descriptor, token, interest),
            None => self.poller.add(descriptor, token, interest),
        };
        match watched {
            Ok(()) => connection.watched = Some(interest),
            // The kernel is out of memory: a connection that cannot be waited for is lost.
            Err(_) => self.close(key),
        }
    }

    fn unwatch(&mut self, key: Key) {
        if let Some(connection) = self.connections.get_mut(key)
            && connection.watched.take().is_some()
            && self.poller.remove(connection.socket.as_fd()).is_err()
        {
            self.close(key);
        }
    }

    fn close(&mut self, key: Key) {
        let Some(connection) = self.connections.remove(key) else {
            return;
        };
        self.timers.cancel(key.slot);
        if connection.watched.is_some() {
            self.poller.forget(connection.socket.as_fd());
        }
        match connection.is_refused {
            true => self.refused -= 1,
            false => self.acceptor.places.give_back(),
        }
    }

    /// Asks listeners that are not watched, if there is a reason to.
    fn attend_to_the_door(&mut self) {
        match self.door {
            Door::Open => return,
            Door::ShutUntil(until) if until > self.desk.now => return,
            Door::Ajar | Door::Full | Door::ShutUntil(_) => {}
        }
        self.door = Door::Ajar;
        // From the last to the first, because they may go.
        for listener in (0..self.acceptor.listeners.len()).rev() {
            self.accept(listener);
        }
        if self.door == Door::Ajar && self.finish_until.is_none() && self.open().is_err() {
            // The kernel is out of memory: they are asked instead of watched.
            self.shut(Door::ShutUntil(self.desk.now + ASK_PAUSE));
        }
    }

    /// Lets in whom it finds, up to a limit: whoever is left is found at the next turn.
    fn accept(&mut self, listener: usize) {
        for _ in 0..ACCEPTS_PER_TURN_MAX {
            match self.acceptor.next(listener) {
                Comer::Client(accepted) => self.admit(accepted),
                Comer::Surplus(accepted) => self.refuse(accepted.socket.into(), accepted.caller),
                Comer::Gone => {}
                Comer::Nobody => {
                    if self.finish_until.is_some() {
                        self.acceptor.listeners.remove(listener);
                    }
                    return;
                }
                Comer::NoPlace => return self.shut(Door::Full),
                Comer::Failure(pause) => return self.shut(Door::ShutUntil(self.desk.now + pause)),
            }
        }
    }

    /// Lets a connection in and calls it at once: mostly its request is there already, and if it
    /// is answered and closed it need never be watched.
    fn admit(&mut self, accepted: Accepted) {
        let socket = OwnedFd::from(accepted.socket);
        if !can_watch::<P>(socket.as_raw_fd()) {
            self.unwatchable += 1;
            self.tell_of_the_unwatchable(self.unwatchable.is_power_of_two());
            self.acceptor.places.give_back();
            return self.refuse(socket, accepted.caller);
        }
        let connection = Connection::new(socket, accepted.caller, &self.desk);
        self.enter(connection);
    }

    fn enter(&mut self, connection: Connection) {
        let key = self.connections.insert(connection);
        if let Some(connection) = self.connections.get_mut(key) {
            connection.introduce(key);
        }
        self.call(key, Cause::Turn);
    }

    /// Tells a client that it is not served, and gives it a moment to hear that if so many more
    /// may be there.
    fn refuse(&mut self, socket: OwnedFd, caller: Caller) {
        let may_stay = self.refused < REFUSED_MAX && can_watch::<P>(socket.as_raw_fd());
        let Some(mut connection) = Connection::refused(socket, caller, &self.desk) else {
            return;
        };
        if may_stay {
            self.refused += 1;
            self.enter(connection);
        } else {
            // What it has sent by now is thrown away, and it is closed.
            connection.go_on(Cause::Turn, &mut self.desk);
        }
    }

    /// Watches the listeners. [`Self::shut`] is for those among them that are if it fails.
    fn open(&mut self) -> io::Result<()> {
        self.door = Door::Open;
        for (index, listener) in self.acceptor.listeners.iter().enumerate() {
            let token = Owner::Listener(index).token();
            self.poller.add(listener.as_fd(), token, Interest::Input)?;
        }
        Ok(())
    }

    /// Does not watch them.
    fn shut(&mut self, door: Door) {
        if self.door == Door::Open {
            for listener in &self.acceptor.listeners {
                let _ = self.poller.remove(listener.as_fd());
            }
        }
        self.door = door;
    }

    /// Not a line for each: at the first, the second, the fourth and so on, and at the end.
    fn tell_of_the_unwatchable(&self, is_time: bool) {
        if is_time && let Some(end) = P::DESCRIPTORS_END {
            let (name, count) = (P::NAME, self.unwatchable);
            let line = format!(
                "{name} cannot watch descriptors from number {end} on, and connections that were \
                 given one are refused: {count} so far; choose --model poll or epoll, or fewer \
                 --max-connections"
            );
            complain(SERVER, &line);
        }
    }
}

fn can_watch<P: Poller>(descriptor: RawFd) -> bool {
    P::DESCRIPTORS_END.is_none_or(|end| descriptor < end)
}

/// A panic, which has told of itself on stderr, ends one connection and not the loop.
fn survive(go_on: impl FnOnce() -> Want) -> Want {
    catch_unwind(AssertUnwindSafe(go_on)).unwrap_or(Want::Close)
}

impl Owner {
    /// The loop's own descriptors have generation 0, which no connection has.
    fn token(self) -> Token {
        let (slot, generation) = match self {
            Self::Stop => (0, 0),
            Self::Bell => (1, 0),
            Self::Listener(index) => (index as u32 + 2, 0),
            Self::Connection(Key { slot, generation }) => (slot, generation),
        };
        Token(u64::from(generation) << 32 | u64::from(slot))
    }

    fn of(Token(token): Token) -> Self {
        let (slot, generation) = (token as u32, (token >> 32) as u32);
        match (slot, generation) {
            (0, 0) => Self::Stop,
            (1, 0) => Self::Bell,
            (_, 0) => Self::Listener(slot as usize - 2),
            _ => Self::Connection(Key { slot, generation }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{Ipv4Addr, TcpStream};
    use std::os::unix::net::UnixStream;

    use server_common::listener::Address;

    use super::super::poll::Poll;
    use super::*;

    fn listener() -> Listener {
        let here = (Ipv4Addr::LOCALHOST, 0).into();
        Listener::bind_tcp(here, 16, |_| Ok(())).unwrap()
    }

    fn worker(listeners: Vec<Listener>, options: Options, stop: &Stop) -> Worker<Poll> {
        let ties = Ties::between(1, options.connections_max).unwrap().remove(0);
        Worker::new(listeners, ties, options, stop).unwrap()
    }

    #[test]
    fn listeners_that_are_told_of_together_with_the_stop_are_emptied_at_the_end_of_the_turn() {
        let (_handle, stop) = Stop::new().unwrap();
        let mut worker = worker(vec![listener(), listener()], Options::default(), &stop);
        worker.attend(Owner::Stop);
        worker.attend(Owner::Listener(0));
        worker.attend(Owner::Listener(1));
        worker.attend_to_the_door();
        assert!(worker.is_over());
    }

    #[test]
    fn a_loop_whose_queues_are_empty_at_the_stop_does_not_spin() {
        let listener = listener();
        let Address::Tcp(address) = *listener.address() else {
            unreachable!("it is a TCP listener");
        };
        let (_handle, stop) = Stop::new().unwrap();
        let mut worker = worker(vec![listener], Options::default(), &stop);
        assert_eq!(worker.timeout(), None);
        let _client = TcpStream::connect(address).unwrap();
        worker.begin_stop();
        assert_eq!(worker.timeout(), Some(Duration::ZERO));
        worker.attend_to_the_door();
        // The client was in the queue and may take its time to ask.
        let read_timeout = worker.desk.options.connection.read_timeout;
        assert_eq!(worker.timeout(), Some(read_timeout));
        assert!(!worker.is_over());
    }

    #[test]
    fn a_flood_of_refused_clients_takes_so_many_descriptors_and_no_place() {
        let (_handle, stop) = Stop::new().unwrap();
        let options = Options {
            connections_max: Some(1),
            ..Options::default()
        };
        let mut worker = worker(Vec::new(), options, &stop);
        assert!(worker.acceptor.places.take());
        let mut clients = Vec::new();
        for _ in 0..REFUSED_MAX + 10 {
            let (socket, client) = UnixStream::pair().unwrap();
            socket.set_nonblocking(true).unwrap();
            worker.refuse(socket.into(), Caller::default());
            clients.push(client);
        }
        let keys = worker.connections.keys();
        assert_eq!(keys.len(), REFUSED_MAX as usize);
        for mut client in clients {
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        }
        // All have closed.
        for key in keys {
            worker.call(key, Cause::Ready);
        }
        assert!(worker.connections.is_empty() && worker.refused == 0);
        assert!(!worker.acceptor.places.take());
    }

    #[test]
    fn a_token_leads_back_to_its_owner() {
        let connection = |slot, generation| Owner::Connection(Key { slot, generation });
        for owner in [
            Owner::Stop,
            Owner::Bell,
            Owner::Listener(0),
            Owner::Listener(7),
            connection(0, 1),
            connection(u32::MAX, u32::MAX),
        ] {
            assert_eq!(Owner::of(owner.token()), owner);
        }
    }

    #[test]
    fn a_connection_that_panics_is_closed_and_the_loop_goes_on() {
        assert_eq!(survive(|| panic!("as expected")), Want::Close);
        assert_eq!(survive(|| Want::Turn), Want::Turn);
    }
}
