//! By readiness, with nothing else: epoll(7), one read and one write for each request.

use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::net::{RecvFlags, SendFlags, SocketFlags, accept_with, recv, send};

use super::slot;
use crate::server::PAGE;

/// Events taken from the kernel at a time.
const EVENTS_MAX: usize = 1024;

/// Longest request that is read whole.
const REQUEST_BYTES_MAX: usize = 4096;

/// What is watched for the listener, a number that no descriptor has.
const LISTENER: u64 = u64::MAX;

/// Answers whatever comes with the same bytes. What comes in two pieces is answered twice, which
/// on the loopback no request does; what two requests bring at once is answered once.
pub(super) fn serve(listener: &TcpListener) -> anyhow::Result<()> {
    let answer = answer();
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(
        &epoll,
        listener,
        EventData::new_u64(LISTENER),
        EventFlags::IN,
    )?;
    let mut sockets: Vec<Option<OwnedFd>> = Vec::new();
    let mut events = Vec::with_capacity(EVENTS_MAX);
    let mut buffer = Vec::with_capacity(REQUEST_BYTES_MAX);
    loop {
        events.clear();
        epoll::wait(&epoll, spare_capacity(&mut events), None)?;
        for event in &events {
            match event.data.u64() {
                LISTENER => accept(&epoll, listener, &mut sockets)?,
                slot => {
                    let socket = &mut sockets[usize::try_from(slot)?];
                    buffer.clear();
                    if !answered(socket.as_ref(), &mut buffer, &answer) {
                        *socket = None;
                    }
                }
            }
        }
    }
}

/// As many bytes as ours send, with a date that does not change.
fn answer() -> Vec<u8> {
    let length = PAGE.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\
         Date: Sat, 21 Nov 2026 00:00:00 GMT\r\n\r\n"
    );
    [head.as_bytes(), PAGE.as_bytes()].concat()
}

/// Takes one connection; the listener stays ready if there are more.
fn accept(
    epoll: &OwnedFd,
    listener: &TcpListener,
    sockets: &mut Vec<Option<OwnedFd>>,
) -> anyhow::Result<()> {
    let socket = accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)?;
    let slot = slot(socket.as_fd().as_raw_fd())?;
    epoll::add(
        epoll,
        &socket,
        EventData::new_u64(slot as u64),
        EventFlags::IN,
    )?;
    if sockets.len() <= slot {
        sockets.resize_with(slot + 1, || None);
    }
    sockets[slot] = Some(socket);
    Ok(())
}

/// Whether something came and was answered.
fn answered(socket: Option<&OwnedFd>, buffer: &mut Vec<u8>, answer: &[u8]) -> bool {
    let Some(socket) = socket else { return false };
    let received = recv(socket, spare_capacity(buffer), RecvFlags::empty());
    matches!(received, Ok((1.., _)))
        && send(socket, answer, SendFlags::NOSIGNAL) == Ok(answer.len())
}
