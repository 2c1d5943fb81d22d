//! By readiness: epoll(7).

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{
    RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with,
};

use super::{ANSWER_BYTES_MAX, Count, Outcome, SILENCE_LONGEST, Task, left_after};

/// Events taken from the kernel at a time.
const EVENTS_MAX: usize = 1024;

/// Asks on every connection, and again on each whose answer has come.
pub(super) fn keep_alive(task: &Task) -> io::Result<Outcome> {
    let (epoll, mut events) = (new_epoll()?, Vec::with_capacity(EVENTS_MAX));
    let sockets = task.connect_all()?;
    for (slot, socket) in sockets.iter().enumerate() {
        watch(&epoll, slot, socket)?;
    }
    let mut left_bytes = vec![task.answer_bytes; task.connections];
    let mut buffer = [0; ANSWER_BYTES_MAX];
    let mut count = Count::begin(task);
    for socket in &sockets {
        ask(socket, task)?;
    }
    while !count.is_over() {
        for (slot, _) in wait(&epoll, &mut events)? {
            left_bytes[slot] = receive(&sockets[slot], left_bytes[slot], &mut buffer)?;
            if left_bytes[slot] == 0 {
                left_bytes[slot] = task.answer_bytes;
                count.requests += 1;
                ask(&sockets[slot], task)?;
            }
        }
    }
    Ok(count.end())
}

/// Keeps `connections` connections in flight, each for one request and until the server has
/// closed it, so that TIME_WAIT is the server's and the ports last.
pub(super) fn new_connections(task: &Task) -> io::Result<Outcome> {
    let (epoll, mut events) = (new_epoll()?, Vec::with_capacity(EVENTS_MAX));
    let mut count = Count::begin(task);
    let mut sockets = (0..task.connections)
        .map(|slot| open_and_ask(task, &epoll, slot))
        .collect::<io::Result<Vec<_>>>()?;
    let mut left_bytes = vec![task.answer_bytes; task.connections];
    let mut buffer = [0; ANSWER_BYTES_MAX];
    while !count.is_over() {
        for (slot, flags) in wait(&epoll, &mut events)? {
            // The close may come with the answer's last bytes or by itself.
            if left_bytes[slot] > 0 {
                left_bytes[slot] = receive(&sockets[slot], left_bytes[slot], &mut buffer)?;
            }
            if left_bytes[slot] == 0 && flags.contains(EventFlags::RDHUP) {
                left_bytes[slot] = task.answer_bytes;
                count.requests += 1;
                sockets[slot] = open_and_ask(task, &epoll, slot)?;
            }
        }
    }
    Ok(count.end())
}

fn new_epoll() -> io::Result<OwnedFd> {
    Ok(epoll::create(CreateFlags::CLOEXEC)?)
}

/// Has the kernel tell of what happens on a socket: of changes only, so that it need not look at
/// each socket again at each wait.
fn watch(epoll: &OwnedFd, slot: usize, socket: impl AsFd) -> io::Result<()> {
    let flags = EventFlags::IN | EventFlags::RDHUP | EventFlags::ET;
    Ok(epoll::add(
        epoll,
        socket,
        EventData::new_u64(slot as u64),
        flags,
    )?)
}

/// Waits until something has happened: slots, and what happened on each.
fn wait(
    epoll: &OwnedFd,
    events: &mut Vec<Event>,
) -> io::Result<impl Iterator<Item = (usize, EventFlags)>> {
    let limit = Timespec::try_from(SILENCE_LONGEST).map_err(io::Error::other)?;
    events.clear();
    if epoll::wait(epoll, spare_capacity(events), Some(&limit))? == 0 {
        return Err(io::Error::other("the server is silent"));
    }
    let events = events.iter();
    Ok(events.map(|event| (event.data.u64() as usize, event.flags)))
}

/// A connection that is being opened; on the loopback it is open at once.
fn open(task: &Task) -> io::Result<OwnedFd> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(task.family(), SocketType::STREAM, flags, None)?;
    match connect(&socket, &task.address) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(socket),
        Err(error) => Err(error.into()),
    }
}

fn open_and_ask(task: &Task, epoll: &OwnedFd, slot: usize) -> io::Result<OwnedFd> {
    let socket = open(task)?;
    ask(&socket, task)?;
    watch(epoll, slot, &socket)?;
    Ok(socket)
}

fn ask(socket: impl AsFd, task: &Task) -> io::Result<()> {
    match send(
        socket,
        task.request,
        SendFlags::NOSIGNAL | SendFlags::DONTWAIT,
    )? {
        count if count == task.request.len() => Ok(()),
        _ => Err(io::Error::other("a request was not sent whole")),
    }
}

/// Reads what has come; what is left to come of the answer.
fn receive(socket: impl AsFd, left_bytes: usize, buffer: &mut [u8]) -> io::Result<usize> {
    match recv(socket, buffer, RecvFlags::DONTWAIT) {
        Ok((_, count)) => left_after(left_bytes, count),
        // It had come together with what was told of before.
        Err(Errno::AGAIN) => Ok(left_bytes),
        Err(error) => Err(error.into()),
    }
}
