//! The loop: what was asked for goes to the kernel, and what is done comes back.

use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use server_common::listener::Listener;
use server_common::options::{Options, Overload};
use server_common::program::complain;
use server_common::stop::{GRACE_PERIOD, Stop};

use super::buffers::Buffers;
use super::connection::Connection;
use super::crowd::{Crowd, Due, Standing};
use super::door::{Door, Nobody};
use super::operation::{Operation, only};
use super::ring::{Completed, Ring};
use crate::cli::SERVER;
use crate::crew::Ties;
use crate::slots::Key;

/// Most connections taken one by one before it is the others' turn.
const TAKEN_IN_TURN_MAX: usize = 64;

/// Turns in which what has come by the stop is worked off, at most: as long as there is something
/// in each, new requests may be among it.
const LAST_TURNS_MAX: u32 = 64;

/// How long operations that were given up are waited for at the end. They need microseconds.
const ABANDON_TIME_MAX: Duration = Duration::from_secs(1);

/// One loop and all that it has.
pub(super) struct Worker {
    crowd: Crowd,
    buffers: Buffers,
    doors: Vec<Door>,
    stop: Stop,
    stage: Stage,
    /// Who has mail, or lets others go first; empty between turns.
    addressees: Vec<Key>,
}

/// How far the server is from its end.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Serving,
    /// The stop is asked for. What was sent before is taken first, in so many turns.
    Stopping {
        turns_left: u32,
    },
    /// Each connection ends with the answer under way.
    Finishing {
        until: Instant,
    },
}

impl Worker {
    /// A loop that has not begun, to be run on any thread.
    ///
    /// # Errors
    ///
    /// Those of the ring and its buffers: see [`super::support`].
    pub(super) fn new(
        listeners: Vec<Listener>,
        options: Options,
        stop: &Stop,
        ties: Ties,
    ) -> io::Result<Self> {
        let ring = Ring::new()?;
        let buffers = Buffers::register(&ring)?;
        Ok(Self::with(ring, buffers, listeners, options, stop, ties))
    }

    fn with(
        ring: Ring,
        buffers: Buffers,
        listeners: Vec<Listener>,
        options: Options,
        stop: &Stop,
        ties: Ties,
    ) -> Self {
        let one_by_one = options.connections_max.is_some() && options.overload == Overload::Wait;
        let door = |(index, listener)| Door::new(listener, index, one_by_one, stop);
        let doors: Vec<_> = (0..).zip(listeners).map(door).collect();
        Self {
            crowd: Crowd::new(ring, doors.len() as u32, ties, options),
            buffers,
            doors,
            stop: stop.clone(),
            stage: Stage::Serving,
            addressees: Vec::new(),
        }
    }

    /// Serves until the stop is asked for and the requests under way are answered.
    ///
    /// # Errors
    ///
    /// The kernel takes no more operations.
    pub(super) fn run(mut self) -> io::Result<()> {
        self.begin()?;
        let mut completed = Vec::new();
        while !self.is_done() {
            self.turn(&mut completed)?;
        }
        self.abandon(&mut completed)
    }

    fn begin(&mut self) -> io::Result<()> {
        self.crowd.ring.enable()?;
        let stop = self.stop.as_fd().as_raw_fd();
        let token = Operation::Stop.of(only(0));
        self.crowd.ring.poll(&stop, token);
        self.listen_for_the_bell();
        self.open_doors();
        Ok(())
    }

    fn turn(&mut self, completed: &mut Vec<Completed>) -> io::Result<()> {
        let patience = self.crowd.post.patience(self.time_left());
        self.crowd.ring.wait(patience, completed)?;
        self.crowd.post.wake_up();
        self.work_off(completed);
        Ok(())
    }

    /// Goes on with what is done, and with those whose time is up.
    fn work_off(&mut self, completed: &mut Vec<Completed>) {
        self.crowd.has_waited();
        let is_quiet = completed.is_empty();
        let is_out_of_buffers = |it: &Completed| it.result == Err(Errno::NOBUFS);
        if completed.iter().any(is_out_of_buffers) {
            self.buffers.grow();
        }
        for completed in completed.drain(..) {
            self.take_in(completed);
        }
        while let Some(due) = self.crowd.next_due() {
            match due {
                Due::Connection(owner) => self.crowd.tend(owner, Connection::time_is_up),
                Due::Other(door) => self.try_again(door as usize),
            }
        }
        if mem::take(&mut self.crowd.has_place_again) {
            self.open_doors();
        }
        // Last, so that what the others have said meanwhile is among it.
        self.crowd.post.collect(&mut self.addressees);
        let is_quiet = is_quiet && self.addressees.is_empty();
        for addressee in self.addressees.drain(..) {
            self.crowd.tend(addressee, Connection::called);
        }
        self.go_on_stopping(is_quiet);
    }

    /// How long nothing will happen by itself.
    fn time_left(&self) -> Option<Duration> {
        let patience = self.crowd.patience();
        match self.stage {
            Stage::Serving => patience,
            Stage::Stopping { .. } => Some(Duration::ZERO),
            Stage::Finishing { until } => {
                let rest = until.saturating_duration_since(self.crowd.now());
                Some(patience.map_or(rest, |patience| patience.min(rest)))
            }
        }
    }

    fn take_in(&mut self, completed: Completed) {
        let owner = completed.token.owner;
        match completed.token.operation {
            Operation::Receive => self.received(&completed),
            Operation::Send => {
                self.crowd.tend(owner, |connection, turn| {
                    connection.sent(completed.result, turn);
                });
            }
            Operation::Accept => self.accepted(&completed),
            Operation::Knock => self.knocked(owner.slot as usize),
            Operation::Stop => self.begin_stopping(),
            Operation::Bell => {
                self.listen_for_the_bell();
                self.open_doors();
            }
            Operation::Silent => {}
        }
    }

    fn received(&mut self, completed: &Completed) {
        let bytes = match (completed.result, completed.buffer) {
            (Ok(count), Some(buffer)) => Ok(self.buffers.bytes(buffer, count as usize)),
            (Ok(_), None) => Ok([].as_slice()),
            (Err(error), _) => Err(error),
        };
        self.crowd.tend(completed.token.owner, |connection, turn| {
            connection.received(bytes, completed.is_more, turn);
        });
        if let Some(buffer) = completed.buffer {
            self.buffers.give_back(buffer);
        }
    }

    fn open_doors(&mut self) {
        for door in &mut self.doors {
            door.open(&mut self.crowd.ring);
        }
    }

    /// Whoever comes to the doors is let in by the kernel, and may have to be refused.
    fn accepted(&mut self, completed: &Completed) {
        let index = completed.token.owner.slot as usize;
        let door = &mut self.doors[index];
        door.told(completed.is_more);
        match door.admit(completed.accepted()) {
            Ok(newcomer) => {
                let standing = self.standing();
                self.crowd.enter(newcomer, standing);
                self.doors[index].open(&mut self.crowd.ring);
            }
            Err(nobody) => self.nobody_came(index, &nobody),
        }
    }

    fn standing(&self) -> Standing {
        match self.crowd.places.take() {
            true => Standing::Served,
            false => Standing::Refused,
        }
    }

    /// Somebody stands at a door, and is let in if there is a place.
    fn knocked(&mut self, index: usize) {
        self.doors[index].told(false);
        for _ in 0..TAKEN_IN_TURN_MAX {
            if !self.crowd.places.take_or_wait() {
                // The door is opened when there is a place again.
                return;
            }
            match self.doors[index].take() {
                Ok(newcomer) => self.crowd.enter(newcomer, Standing::Served),
                Err(nobody) => {
                    self.crowd.places.give_back();
                    return self.nobody_came(index, &nobody);
                }
            }
        }
        self.doors[index].open(&mut self.crowd.ring);
    }

    fn nobody_came(&mut self, index: usize, nobody: &Nobody) {
        match nobody {
            Nobody::MayCome(pause) => self.crowd.call_after(*pause, index as u32),
            Nobody::Came | Nobody::IsThere => self.doors[index].open(&mut self.crowd.ring),
        }
    }

    /// The system may have room again.
    fn try_again(&mut self, index: usize) {
        match self.stage {
            Stage::Serving => self.doors[index].open(&mut self.crowd.ring),
            Stage::Stopping { .. } | Stage::Finishing { .. } => self.empty_queue(index),
        }
    }

    /// Hears of places that other loops give back, and of mail.
    fn listen_for_the_bell(&mut self) {
        if let Some(bell) = self.crowd.post.bell() {
            bell.silence();
            let token = Operation::Bell.of(only(0));
            self.crowd.ring.poll(&bell.as_fd().as_raw_fd(), token);
        }
    }

    fn begin_stopping(&mut self) {
        self.stage = Stage::Stopping {
            turns_left: LAST_TURNS_MAX,
        };
        for index in 0..self.doors.len() {
            self.doors[index].stop(&mut self.crowd.ring);
            self.empty_queue(index);
        }
    }

    /// Serves whoever is in the accept queue, then closes the door. The queue is finite, and
    /// waiting for places could outlast the grace period: their number gives way.
    fn empty_queue(&mut self, index: usize) {
        loop {
            match self.doors[index].take() {
                Ok(newcomer) => {
                    self.crowd.places.take_anyway();
                    self.crowd.enter(newcomer, Standing::Served);
                }
                Err(Nobody::Came) => {}
                Err(Nobody::IsThere) => return self.doors[index].close(),
                Err(Nobody::MayCome(pause)) => {
                    return self.crowd.call_after(pause, index as u32);
                }
            }
        }
    }

    /// Ends connections once what was sent before the stop has been taken: when the kernel had
    /// nothing more to tell.
    fn go_on_stopping(&mut self, is_quiet: bool) {
        let Stage::Stopping { turns_left } = self.stage else {
            return;
        };
        if !is_quiet && turns_left > 0 {
            self.stage = Stage::Stopping {
                turns_left: turns_left - 1,
            };
            return;
        }
        self.stage = Stage::Finishing {
            until: self.crowd.now() + GRACE_PERIOD,
        };
        self.crowd.finish();
    }

    fn is_done(&self) -> bool {
        match self.stage {
            Stage::Finishing { until } => {
                let are_closed = self.doors.iter().all(Door::is_closed);
                are_closed && self.crowd.is_empty() || self.crowd.now() >= until
            }
            Stage::Serving | Stage::Stopping { .. } => false,
        }
    }

    /// Closes what is still open, and waits until the kernel has let go of it.
    fn abandon(&mut self, completed: &mut Vec<Completed>) -> io::Result<()> {
        if self.crowd.is_empty() {
            return Ok(());
        }
        let seconds = GRACE_PERIOD.as_secs();
        let line = format!("requests are still under way after {seconds} s and are abandoned");
        complain(SERVER, &line);
        self.stage = Stage::Finishing {
            until: self.crowd.now() + ABANDON_TIME_MAX,
        };
        self.crowd.tend_all(Connection::close);
        while !self.crowd.is_empty() && !self.is_done() {
            self.turn(completed)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
