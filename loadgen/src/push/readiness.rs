//! The asynchronous client: one loop reads all connections, each into its queue, and a worker for
//! each queue empties it.
//!
//! The loop is ours, on mio, and the workers are threads: a timer of tokio's has a grain of a
//! millisecond, so a message would take longer here than with the blocking client, and work of the
//! CPU's would keep a loop on the same thread from reading. So both clients work alike, and who
//! reads is the only difference.

use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token, Waker};

use super::ending::Ending;
use super::gauge::Gauge;
use super::incoming::Incoming;
use super::message::MESSAGE_BYTES;
use super::plan::Plan;
use super::queue::Queue;
use super::stop::Stop;
use super::worker::Worker;
use super::{End, PIECE_MESSAGES, TICK};

/// The token of the bell that workers ring when there is room again.
const BELL: Token = Token(usize::MAX);

/// Runs a loop, and a worker for each stream and its queue, until the run or the streams end, and
/// `watch` meanwhile; how each ended.
///
/// # Errors
///
/// No thread or no descriptor is to be had.
pub(super) fn run(
    plan: &Plan,
    streams: &[(&TcpStream, &Gauge)],
    queues: &[Queue],
    stop: &Stop,
    watch: impl FnOnce(),
) -> io::Result<Vec<End>> {
    let poll = Poll::new()?;
    let bell = &Waker::new(poll.registry(), BELL)?;
    let lanes = streams.iter().zip(queues).enumerate();
    let lanes = lanes.map(|(index, (client, queue))| Lane::new(index, *client, queue, &poll));
    let lanes = lanes.collect::<io::Result<Vec<_>>>()?;
    let endings = thread::scope(|scope| {
        let workers = streams.iter().zip(queues).map(|(&(_, gauge), queue)| {
            let worker = move || work(plan, queue, gauge, bell, stop);
            thread::Builder::new().spawn_scoped(scope, worker)
        });
        let workers: io::Result<Vec<_>> = workers.collect();
        let reader = move || read(plan, poll, lanes, stop);
        let reader = workers.and_then(|_| thread::Builder::new().spawn_scoped(scope, reader));
        match &reader {
            Ok(_) => watch(),
            Err(_) => stop.set(),
        }
        Ok::<_, io::Error>(reader?.join().unwrap_or_default())
    })?;
    let ends = endings.into_iter().zip(queues);
    let ends = ends.map(|(ending, queue)| End {
        ending,
        queued: queue.length() as u64,
    });
    Ok(ends.collect())
}

/// One client of the loop.
struct Lane<'a> {
    stream: mio::net::TcpStream,
    incoming: Incoming,
    queue: &'a Queue,
    gauge: &'a Gauge,
    /// Bytes may be there to be read.
    is_ready: bool,
    /// When bytes came last, or were not wanted.
    came_at: Instant,
    ending: Option<Ending>,
}

impl<'a> Lane<'a> {
    /// # Errors
    ///
    /// No free file descriptor.
    fn new(
        index: usize,
        (stream, gauge): (&TcpStream, &'a Gauge),
        queue: &'a Queue,
        poll: &Poll,
    ) -> io::Result<Self> {
        let stream = stream.try_clone()?;
        stream.set_nonblocking(true)?;
        let mut stream = mio::net::TcpStream::from_std(stream);
        let registry = poll.registry();
        registry.register(&mut stream, Token(index), Interest::READABLE)?;
        Ok(Self {
            stream,
            incoming: Incoming::new(PIECE_MESSAGES),
            queue,
            gauge,
            is_ready: true,
            came_at: Instant::now(),
            ending: None,
        })
    }

    /// Reads once, if there may be something and it has a place. Whether it may go on so.
    fn step(&mut self, limits: &Limits) -> bool {
        if self.ending.is_some() {
            return false;
        }
        let stepped = self.try_step(limits);
        if let Err(ending) = stepped {
            self.ending = Some(ending);
            self.queue.close();
        }
        stepped.unwrap_or(false)
    }

    fn try_step(&mut self, limits: &Limits) -> Result<bool, Ending> {
        if !self.is_ready {
            let is_silent = self.came_at.elapsed() >= limits.timeout;
            return match is_silent {
                true => Err(Ending::Silent),
                false => Ok(false),
            };
        }
        if self.queue.length() >= limits.queue_messages_max {
            return Err(Ending::MemoryLimit);
        }
        let room = self.queue.room();
        if room == 0 {
            self.came_at = Instant::now();
            return Ok(false);
        }
        match self.stream.read(self.incoming.room(room)) {
            Ok(0) => Err(self.incoming.end()),
            Ok(bytes) => self.take(bytes).map(|()| true),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.is_ready = false;
                Ok(false)
            }
            Err(_) => Err(Ending::Reset),
        }
    }

    fn take(&mut self, bytes: usize) -> Result<(), Ending> {
        self.came_at = Instant::now();
        let filled = self.incoming.fill(bytes);
        let (messages, errors) = (self.incoming.whole_messages(), self.incoming.errors());
        self.gauge.receive(messages, errors);
        self.queue.push(self.incoming.whole());
        self.incoming.clear();
        filled
    }
}

/// What the loop looks after.
struct Limits {
    timeout: Duration,
    /// Of one client: its share of the memory.
    queue_messages_max: usize,
}

/// Reads until the run or all streams end; how each did.
fn read(plan: &Plan, mut poll: Poll, mut lanes: Vec<Lane>, stop: &Stop) -> Vec<Ending> {
    let bytes_max = plan.queue_memory_bytes / lanes.len().max(1) as u64;
    let limits = Limits {
        timeout: plan.timeout,
        queue_messages_max: usize::try_from(bytes_max / MESSAGE_BYTES as u64)
            .unwrap_or(usize::MAX)
            .max(1),
    };
    let mut events = Events::with_capacity(lanes.len() + 1);
    while !stop.is_set() && lanes.iter().any(|lane| lane.ending.is_none()) {
        let mut goes_on = false;
        for lane in &mut lanes {
            goes_on |= lane.step(&limits);
        }
        let longest = match goes_on {
            true => Duration::ZERO,
            false => TICK,
        };
        if poll.poll(&mut events, Some(longest)).is_err() {
            // A signal; whether it was meant for us is seen above.
            continue;
        }
        for event in &events {
            if let Some(lane) = lanes.get_mut(event.token().0) {
                lane.is_ready = true;
            }
        }
    }
    let endings = lanes.iter().map(|lane| lane.ending.unwrap_or(Ending::Done));
    endings.collect()
}

/// Empties a queue until the run ends, or the queue is closed and empty.
fn work(plan: &Plan, queue: &Queue, gauge: &Gauge, bell: &Waker, stop: &Stop) {
    let mut worker = Worker::new(plan, gauge, stop);
    let mut has_waited = false;
    while !stop.is_set() {
        let is_last = queue.is_closed();
        let longest = match is_last {
            true => Duration::ZERO,
            false => TICK,
        };
        match queue.take(longest) {
            Some((chunk, waited)) => {
                worker.process(&chunk, has_waited || waited, |messages| {
                    if queue.done(messages) {
                        // It fails only where there is no loop any more.
                        let _ = bell.wake();
                    }
                });
                has_waited = false;
            }
            None if is_last => break,
            None => has_waited = true,
        }
    }
    stop.note_end();
}
