//! The blocking client: a thread reads, works, and reads again.
//!
//! With work to do it reads one message at a time: those that a larger read would bring wait in a
//! queue by another name. Without, it reads as much as there is.

use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::{RecvFlags, recv};

use super::ending::Ending;
use super::gauge::Gauge;
use super::incoming::Incoming;
use super::plan::Plan;
use super::stop::Stop;
use super::worker::Worker;
use super::{End, PIECE_MESSAGES, TICK};

/// Runs a client for each stream until the run or the stream ends, and `watch` meanwhile; how each
/// ended.
///
/// # Errors
///
/// No thread is to be had.
pub(super) fn run(
    plan: &Plan,
    streams: &[(&TcpStream, &Gauge)],
    stop: &Stop,
    watch: impl FnOnce(),
) -> io::Result<Vec<End>> {
    thread::scope(|scope| {
        let clients = streams.iter().map(|&(stream, gauge)| {
            thread::Builder::new().spawn_scoped(scope, move || run_one(plan, stream, gauge, stop))
        });
        let clients: io::Result<Vec<_>> = clients.collect();
        match &clients {
            Ok(_) => watch(),
            Err(_) => stop.set(),
        }
        let ends = clients?.into_iter().map(thread::ScopedJoinHandle::join);
        Ok(ends
            .map(|end| end.unwrap_or(End::before(Ending::Reset)))
            .collect())
    })
}

fn run_one(plan: &Plan, stream: &TcpStream, gauge: &Gauge, stop: &Stop) -> End {
    let mut queued = 0;
    let ended = read_and_work(plan, stream, gauge, stop, &mut queued);
    stop.note_end();
    End {
        ending: ended.err().unwrap_or(Ending::Done),
        queued,
    }
}

/// In `queued` is what was read and not done.
fn read_and_work(
    plan: &Plan,
    stream: &TcpStream,
    gauge: &Gauge,
    stop: &Stop,
    queued: &mut u64,
) -> Result<(), Ending> {
    let set = stream.set_read_timeout(Some(TICK));
    set.map_err(|_| Ending::Reset)?;
    let piece = match plan.delay {
        Duration::ZERO => PIECE_MESSAGES,
        _ => 1,
    };
    let mut incoming = Incoming::new(piece);
    let mut worker = Worker::new(plan, gauge, stop);
    let mut has_waited = false;
    while !stop.is_set() {
        let room = incoming.room(piece);
        let Some(came) = receive(stream, room, plan.timeout, stop)? else {
            return Ok(());
        };
        if came.bytes == 0 {
            return Err(incoming.end());
        }
        let filled = incoming.fill(came.bytes);
        has_waited |= came.has_waited;
        if incoming.whole_messages() > 0 {
            *queued += incoming.whole_messages();
            gauge.receive(incoming.whole_messages(), incoming.errors());
            worker.process(incoming.whole(), has_waited, |done| *queued -= done as u64);
            incoming.clear();
            has_waited = false;
        }
        filled?;
    }
    Ok(())
}

struct Came {
    bytes: usize,
    has_waited: bool,
}

/// What there is, or else what comes; none if the run ends before.
fn receive(
    mut stream: &TcpStream,
    room: &mut [u8],
    timeout: Duration,
    stop: &Stop,
) -> Result<Option<Came>, Ending> {
    let at_once = recv(stream, &mut *room, RecvFlags::DONTWAIT);
    let mut received = at_once.map(|(bytes, _)| bytes).map_err(io::Error::from);
    let mut has_waited = false;
    let until = Instant::now() + timeout;
    loop {
        match received {
            Ok(bytes) => return Ok(Some(Came { bytes, has_waited })),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => has_waited = true,
            Err(_) => return Err(Ending::Reset),
        }
        if stop.is_set() {
            return Ok(None);
        }
        if Instant::now() >= until {
            return Err(Ending::Silent);
        }
        received = stream.read(room);
    }
}
