//! Connections that are refused: told 503, and given a moment to hear it.
//!
//! No thread of a model is spent on them. What is written fits into a new socket's buffer, and the
//! moment, in which a client that has sent its request already reads the answer before the close
//! resets the connection (RFC 9112 §9.6), passes while the acceptor waits for others.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvFlags, SendFlags, recv, send};
use server_common::listener::Caller;
use server_common::options::Options;
use server_common::overloaded;
use socket2::Socket;

use crate::cli::SERVER;
use crate::connection::LINGER_TIME_MAX;

/// Refused connections that are open at a time, beyond the most that are served. In a flood the
/// eldest is closed for the next: so many descriptors are to be had besides, and at ten thousand
/// refusals a second each still has its ten milliseconds.
const LEAVING_MAX: usize = 128;

/// What a client may have sent by the time it is refused, in bytes, and have thrown away. A longer
/// request may lose its answer to the reset.
const UNREAD_BYTES_MAX: usize = 16 * 1024;

/// Refused connections that are not closed yet, the eldest first.
#[derive(Debug, Default)]
pub(crate) struct RefusedConnections(VecDeque<Leaving>);

#[derive(Debug)]
struct Leaving {
    socket: Arc<Socket>,
    until: Instant,
}

impl RefusedConnections {
    /// Answers 503 without waiting for anything. Over TLS the connection is closed without a word.
    pub(crate) fn refuse(&mut self, socket: Arc<Socket>, caller: Caller, options: &Options) {
        let Some(answer) = overloaded::answer(SERVER, caller, options) else {
            return;
        };
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT | SendFlags::MORE;
        let told = send(&*socket, &answer, flags).is_ok();
        // One who has gone meanwhile need not be seen off.
        if told && socket.shutdown(std::net::Shutdown::Write).is_ok() {
            self.make_room();
            let until = Instant::now() + LINGER_TIME_MAX;
            self.0.push_back(Leaving { socket, until });
        }
    }

    /// Closes those who have ended their side and those whose time is up.
    pub(crate) fn see_off(&mut self) {
        if self.0.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut ends: Vec<_> = self.ends().collect();
        // Fails only when a signal comes in between; then no end is seen, until the next time.
        let _ = poll(&mut ends, Some(&Timespec::default()));
        let has_ended: Vec<_> = ends.iter().map(|end| !end.revents().is_empty()).collect();
        let mut has_ended = has_ended.into_iter();
        self.0.retain(|leaving| {
            let stays = has_ended.next() != Some(true) && now < leaving.until;
            if !stays {
                leaving.throw_input_away();
            }
            stays
        });
    }

    /// Sees everybody off, in no more than their time.
    pub(crate) fn see_off_all(&mut self) {
        while let Some(patience) = self.patience() {
            // As above.
            let _ = poll(&mut self.ends().collect::<Vec<_>>(), Some(&patience));
            self.see_off();
        }
    }

    /// Until the next one's time is up; `None` if there is nobody.
    pub(crate) fn patience(&self) -> Option<Timespec> {
        let until = self.0.front()?.until;
        let rest = until.saturating_duration_since(Instant::now());
        // Rounded up, or it would be over when nobody's time is yet.
        Timespec::try_from(rest + Duration::from_millis(1)).ok()
    }

    /// What to wait for: each one's end. Not its bytes, which nobody reads.
    pub(crate) fn ends(&self) -> impl Iterator<Item = PollFd<'_>> {
        let sockets = self.0.iter().map(|leaving| &leaving.socket);
        sockets.map(|socket| PollFd::new(socket, PollFlags::RDHUP))
    }

    fn make_room(&mut self) {
        if self.0.len() == LEAVING_MAX {
            self.see_off();
        }
        if self.0.len() == LEAVING_MAX
            && let Some(eldest) = self.0.pop_front()
        {
            eldest.throw_input_away();
        }
    }
}

impl Leaving {
    fn throw_input_away(&self) {
        // Nothing there, or an error: it is closed in any case.
        let _ = recv(
            &*self.socket,
            &mut [0; UNREAD_BYTES_MAX],
            RecvFlags::DONTWAIT,
        );
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::Shutdown;

    use socket2::{Domain, Type};

    use super::*;

    fn refuse(refused: &mut RefusedConnections) -> Socket {
        let (socket, client) = Socket::pair(Domain::UNIX, Type::STREAM, None).unwrap();
        refused.refuse(Arc::new(socket), Caller::default(), &Options::default());
        client
    }

    #[test]
    fn whoever_is_refused_is_told_so_and_closed_when_it_has_heard_it() {
        let mut refused = RefusedConnections::default();
        let mut client = refuse(&mut refused);
        let _silent = refuse(&mut refused);
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");

        refused.see_off();
        assert_eq!(refused.0.len(), 2);
        client.shutdown(Shutdown::Write).unwrap();
        refused.see_off();
        assert_eq!(refused.0.len(), 1);
        assert!(refused.patience().is_some());
    }

    #[test]
    fn a_flood_of_silent_clients_takes_so_many_descriptors_and_no_more() {
        let mut refused = RefusedConnections::default();
        let clients: Vec<_> = (0..LEAVING_MAX + 10)
            .map(|_| refuse(&mut refused))
            .collect();
        assert_eq!(refused.0.len(), LEAVING_MAX);
        for mut client in clients {
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        }
    }

    #[test]
    fn silent_clients_are_seen_off_when_their_time_is_up() {
        let mut refused = RefusedConnections::default();
        let _client = refuse(&mut refused);
        let began = Instant::now();
        refused.see_off_all();
        assert!(refused.0.is_empty());
        assert!(began.elapsed() >= LINGER_TIME_MAX);
    }
}
