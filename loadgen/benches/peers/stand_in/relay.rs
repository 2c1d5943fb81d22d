//! Bare relays: what comes from one client goes to its partner as it is, nothing parsed. The
//! first two connections are partners, the next two, and so on; a client that ends takes its
//! partner with it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::thread;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketFlags, accept_with, recv, send, shutdown};

use super::slot;

/// Events taken from the kernel at a time.
const EVENTS_MAX: usize = 1024;

/// What is passed on at a time, at most.
const CHUNK_BYTES: usize = 64 << 10;

/// What is watched for the listener, a number that no descriptor has.
const LISTENER: u64 = u64::MAX;

/// A client of the relay that waits for readiness.
struct Client {
    socket: OwnedFd,
    /// The partner's slot, once there is one.
    partner: Option<usize>,
}

struct Relay {
    epoll: OwnedFd,
    /// By descriptor: small numbers, and unique as long as they are open.
    clients: Vec<Option<Client>>,
    /// Who came without a partner.
    alone: Option<usize>,
}

/// By readiness: one thread, one read and one write for each message.
pub(super) fn by_readiness(listener: &TcpListener) -> anyhow::Result<()> {
    let mut relay = Relay {
        epoll: epoll::create(CreateFlags::CLOEXEC)?,
        clients: Vec::new(),
        alone: None,
    };
    relay.watch(listener, LISTENER, EventFlags::IN)?;
    let mut events = Vec::with_capacity(EVENTS_MAX);
    let mut buffer = Vec::with_capacity(CHUNK_BYTES);
    loop {
        events.clear();
        epoll::wait(&relay.epoll, spare_capacity(&mut events), None)?;
        for event in &events {
            match event.data.u64() {
                LISTENER => relay.accept(listener)?,
                client => relay.pass_on(usize::try_from(client)?, &mut buffer),
            }
        }
    }
}

impl Relay {
    fn watch(&self, what: impl AsFd, name: u64, flags: EventFlags) -> io::Result<()> {
        Ok(epoll::add(
            &self.epoll,
            what,
            EventData::new_u64(name),
            flags,
        )?)
    }

    /// Takes one connection; the listener stays ready if there are more. What comes from a client
    /// is left in the kernel until it has a partner.
    fn accept(&mut self, listener: &TcpListener) -> anyhow::Result<()> {
        let socket = accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)?;
        let own = slot(socket.as_raw_fd())?;
        let partner = self.alone.take().filter(|alone| self.stays(*alone));
        match partner {
            None => {
                self.alone = Some(own);
                self.watch(&socket, own as u64, EventFlags::empty())?;
            }
            Some(partner) => {
                self.watch(&socket, own as u64, EventFlags::IN)?;
                self.join(partner, own)?;
            }
        }
        if self.clients.len() <= own {
            self.clients.resize_with(own + 1, || None);
        }
        self.clients[own] = Some(Client { socket, partner });
        Ok(())
    }

    /// Whether a client that came alone is still there; if not, it is ended.
    fn stays(&mut self, alone: usize) -> bool {
        let stays = self.clients[alone]
            .as_ref()
            .is_some_and(|client| !has_gone(&client.socket));
        if !stays {
            self.clients[alone] = None;
        }
        stays
    }

    fn join(&mut self, alone: usize, partner: usize) -> io::Result<()> {
        if let Some(client) = &mut self.clients[alone] {
            client.partner = Some(partner);
            let data = EventData::new_u64(alone as u64);
            epoll::modify(&self.epoll, &client.socket, data, EventFlags::IN)?;
        }
        Ok(())
    }

    fn pass_on(&mut self, from: usize, buffer: &mut Vec<u8>) {
        let Some(client) = &self.clients[from] else {
            return;
        };
        buffer.clear();
        let received = recv(&client.socket, spare_capacity(buffer), RecvFlags::empty());
        let to = client.partner.and_then(|to| self.clients[to].as_ref());
        let is_passed_on = match (received, to) {
            (Ok((1.., _)), Some(to)) => {
                send(&to.socket, buffer, SendFlags::NOSIGNAL) == Ok(buffer.len())
            }
            // Told of somebody who had the descriptor before.
            (Err(Errno::AGAIN), _) => true,
            _ => false,
        };
        if !is_passed_on {
            self.end(from);
        }
    }

    /// Ends a client; its partner hears of it, and then ends likewise.
    fn end(&mut self, ended: usize) {
        let partner = self.clients[ended].take().and_then(|client| client.partner);
        self.alone.take_if(|alone| *alone == ended);
        let partner = partner.and_then(|partner| self.clients[partner].as_mut());
        if let Some(partner) = partner {
            partner.partner = None;
            let _ = shutdown(&partner.socket, rustix::net::Shutdown::Both);
        }
    }
}

/// By blocking: a thread for each direction of each pair.
pub(super) fn by_threads(listener: &TcpListener) -> anyhow::Result<()> {
    listener.set_nonblocking(false)?;
    loop {
        let mut first = listener.accept()?.0;
        let mut second = listener.accept()?.0;
        while has_gone(&first) {
            first = second;
            second = listener.accept()?.0;
        }
        for (from, to) in [(first.try_clone()?, second.try_clone()?), (second, first)] {
            thread::spawn(move || {
                // Either end is the end of both.
                let _ = copy(&from, &to);
                let _ = from.shutdown(Shutdown::Both);
                let _ = to.shutdown(Shutdown::Both);
            });
        }
    }
}

fn copy(mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            count => to.write_all(&buffer[..count])?,
        }
    }
}

/// Whether the other side has closed, and sent nothing before.
fn has_gone(socket: impl AsFd) -> bool {
    let looked_at = recv(socket, &mut [0; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT);
    !matches!(looked_at, Ok((_, 1..)) | Err(Errno::AGAIN))
}
