//! Thousands of connections that are kept and idle.

use super::*;
use crate::hostile::descriptors;
use crate::websocket::{Client, Frame};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::sync::{Mutex, PoisonError};

/// Descriptors beside the connections: of a server, and of all that other tests have open.
const DESCRIPTORS_SPARE: usize = 1500;

/// Requests of the client beside them, on a new connection each.
const REQUESTS: usize = 200;

/// Of the idle ones every so many ask again at the end.
const ASKS_AGAIN: usize = 50;

/// Idle WebSocket clients of one room of the relay.
const ROOM_CLIENTS: usize = 100;

/// How long is watched what they cost.
const IDLE_WATCHED: Duration = Duration::from_millis(200);

/// Rounds of two who talk beside them.
const ROUNDS: usize = 200;

/// Each of these tests takes most of what one process may open.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The server holds so many kept connections, while a client beside them keeps its answers, and
/// then lets them go.
///
/// # Errors
/// Says what it does instead, or which limit of this machine is too low.
pub fn holds(program: Program, connections: usize) -> Result<()> {
    alone(program, connections, |victim| {
        let mut held = open(&victim.subject, connections)?;
        let taken = victim.process.descriptors()? - victim.descriptors;
        // One served before may not have been closed yet when descriptors were counted.
        ensure!(
            taken + 1 >= connections,
            "the server holds {taken} connections"
        );
        for _ in 0..REQUESTS {
            crowd::is_answered_within(victim, PROMPT)?;
        }
        let ended = with_something_to_read(&held)?;
        ensure!(ended == 0, "{ended} connections were ended");
        held.iter_mut()
            .step_by(ASKS_AGAIN)
            .try_for_each(idle::is_answered)?;
        // An orderly close would keep their ports from other tests for a minute (TIME_WAIT).
        held.into_iter().try_for_each(Connection::reset)
    })
}

/// The server holds so many idle WebSocket clients, while two talk beside them and others come by
/// with a request, and then lets them go. They cost it no time.
///
/// # Errors
/// Says what it does instead, or which limit of this machine is too low.
pub fn holds_websockets(program: Program, clients: usize) -> Result<()> {
    alone(program, clients, |victim| hold_websockets(victim, clients))
}

/// Lets `run` open so many connections to a server, while no other test does; afterwards the server
/// must have given them back, and have said nothing.
fn alone(
    program: Program,
    connections: usize,
    run: impl FnOnce(&Victim) -> Result<()>,
) -> Result<()> {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    descriptors::allow((connections + DESCRIPTORS_SPARE) as u64)?;
    let mut victim = Victim::start(program, Transport::Tcp, Serves::Everybody)?;
    victim.endures(run)?;
    victim.process.stop_in_silence()
}

fn hold_websockets(victim: &Victim, clients: usize) -> Result<()> {
    let subject = &victim.subject;
    let mut pair = [
        Client::open(subject, "/ws?pair")?,
        Client::open(subject, "/ws?pair")?,
    ];
    let mut held = Vec::with_capacity(clients);
    for number in 0..clients {
        let room = format!("/ws?idle-{}", number / ROOM_CLIENTS);
        let client = Client::open(subject, &room);
        held.push(client.with_context(|| format!("client {number} of {clients}"))?);
    }
    spends_at_most(&victim.process, IDLE_WATCHED / 2, || {
        thread::sleep(IDLE_WATCHED);
        Ok(())
    })
    .context("beside idle clients")?;
    for round in 0..ROUNDS {
        let message = Frame::text(format!("round {round}"));
        pair[0].send(&message)?;
        pair[1]
            .expect(&message)
            .context("a pair beside idle clients")?;
        pair.reverse();
    }
    crowd::is_answered_within(victim, PROMPT)?;
    let mut connections: Vec<_> = held.into_iter().map(Client::into_connection).collect();
    let disturbed = with_something_to_read(&connections)?;
    ensure!(disturbed == 0, "{disturbed} idle clients heard something");
    // The first room is still one.
    let mut last = Client::open(subject, "/ws?idle-0")?;
    last.send(&Frame::text("wake up"))?;
    for connection in &mut connections[..ROOM_CLIENTS.min(clients)] {
        connection.expect_bytes(&Frame::text("wake up").unmasked())?;
    }
    connections.push(last.into_connection());
    connections.into_iter().try_for_each(Connection::reset)
}

/// The server serves at most so many kept connections, tells all others so with 503 and closes
/// them, and serves the others on. When some have gone there is room again.
///
/// `said` is a part of what it says of that on stderr, if it does.
///
/// # Errors
/// Says what it does instead.
pub fn refuses_beyond(program: Program, most: usize, said: Option<&str>) -> Result<()> {
    /// A few of the descriptors that make up a limit are the server's own.
    const OWN_DESCRIPTORS_MAX: usize = 24;
    const REFUSED: usize = 60;

    let (process, subject) = program.start(Transport::Tcp)?;
    let mut held = Vec::new();
    let mut refused = 0;
    while refused < REFUSED {
        let mut connection = Connection::open(&subject)?;
        // The refusal may come, and the connection end, before anything is asked.
        let _ = connection.send(idle::REQUEST);
        let answer = connection.answer().context("a refusal")?;
        match answer.status() {
            200 => held.push(connection),
            503 => {
                ensure!(answer.header("Connection") == Some("close"), "503 stays");
                connection.expect_close()?;
                refused += 1;
            }
            status => anyhow::bail!("expected 200 or 503, but got {status}"),
        }
        ensure!(held.len() <= most, "more than {most} are served");
    }
    let served = held.len();
    ensure!(
        served + OWN_DESCRIPTORS_MAX >= most,
        "only {served} of {most} are served"
    );
    held.iter_mut().try_for_each(idle::is_answered)?;
    held.truncate(served / 2);
    let has_room = comes_true_within(LATE, || idle::kept(&subject).is_ok());
    ensure!(has_room, "there is no room when half of them have gone");
    match said {
        Some(part) => drop(process.wait_until_it_said(part)?),
        None => ensure!(process.said().is_empty(), "it said {:?}", process.said()),
    }
    drop(held);
    process.stop()?;
    Ok(())
}

/// The server serves at most so many kept connections and leaves the others in the accept queue,
/// without spinning, until one of the first has gone.
///
/// # Errors
/// Says what it does instead.
pub fn lets_wait_beyond(program: Program, most: usize) -> Result<()> {
    let (process, subject) = program.start(Transport::Tcp)?;
    let mut held = open(&subject, most)?;
    let mut next = Connection::open(&subject)?;
    next.send(idle::REQUEST)?;
    let watched = 2 * subject.read_timeout;
    let came = spends_at_most(&process, subject.read_timeout, || {
        next.is_readable_within(watched)
    });
    let came = came.with_context(|| format!("while one waits for {watched:?}"))?;
    ensure!(!came, "one more than {most} is served");
    held.iter_mut().try_for_each(idle::is_answered)?;
    held.pop();
    let expected = Expected::hello(next.local_ip()?);
    next.expect(&expected).context("the one that waited")?;
    drop((held, next));
    process.stop()?;
    Ok(())
}

fn open(subject: &Subject, connections: usize) -> Result<Vec<Connection>> {
    let mut held = Vec::with_capacity(connections);
    for number in 0..connections {
        let connection = idle::kept(subject);
        held.push(connection.with_context(|| format!("connection {number} of {connections}"))?);
    }
    Ok(held)
}

/// Nothing is to be read of an idle connection but its end: neither in its socket nor behind what
/// was read last.
fn with_something_to_read(connections: &[Connection]) -> Result<usize> {
    let channels = connections.iter().map(Connection::channel);
    let mut all: Vec<_> = channels
        .map(|channel| PollFd::new(channel, PollFlags::IN))
        .collect();
    poll(&mut all, Some(&Timespec::default()))?;
    let readable = all.iter().map(|one| !one.revents().is_empty());
    let unread = connections.iter().map(Connection::has_unread);
    let disturbed = readable.zip(unread);
    Ok(disturbed
        .filter(|&(is_readable, has_unread)| is_readable || has_unread)
        .count())
}
