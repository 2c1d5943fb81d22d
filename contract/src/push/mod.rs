//! The push stream (`--push`): numbered messages of 128 bytes to whoever connects.
//!
//! - [`pushes`]: what every client gets, whatever the others do;
//! - [`pushes_at_a_rate`]: never more than is due;
//! - [`drops_who_takes_nothing`]: after the time it was told, and nobody else.

mod stream;

use crate::hostile::Serves;
use crate::process::{Process, comes_true_within};
use crate::program::Program;
use crate::subject::{Address, Subject};
use crate::transport::Transport;
use anyhow::{Context, Result, ensure};
use std::thread;
use std::time::{Duration, Instant};
use stream::Stream;

/// Clients at a time, where more than one is served.
const CLIENTS: usize = 3;

/// Messages that each of them takes.
const MESSAGES: usize = 5000;

/// More messages than the sockets on the way to a client hold, whatever their buffers grow to.
const MANY_MESSAGES: usize = 160_000;

/// What a client that takes nothing may cost the server, in bytes: a batch of messages, and what
/// an allocator and the others' buffers make of it.
const MEMORY_GROWTH_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// How long a client that must wait is watched for what should not come.
const WATCHED: Duration = Duration::from_millis(100);

/// How long a stop may take that waits for nobody: longer than a client may take over the rest of
/// a message and the connection then lingers, a second each, and shorter than the grace that
/// requests under way have.
const STOP_TIME_MAX: Duration = Duration::from_secs(4);

/// Messages a second, and how many of them are taken.
const RATE: u32 = 500;
const RATE_FLAG: &str = "500";
const RATED_MESSAGES: u32 = 100;

/// How late one of them may come to a client that takes them at once, on a loaded machine.
const RATED_LATE_MAX: Duration = Duration::from_secs(2);

/// How exact a server's clock is when it says when a message was made.
const TICK: Duration = Duration::from_millis(1);

/// How long a client may take nothing where it is to be cut.
const DROP_AFTER: Duration = Duration::from_millis(400);
const DROP_AFTER_FLAG: &str = "400ms";

/// How long it may then have its connection: the kernel goes on taking something for a while after
/// the client has ceased.
const CUT_TIME_MAX: Duration = Duration::from_secs(3);

/// Every client gets all messages from 0 on, in their order, whatever it says itself, and whatever
/// the others take; one that takes none costs the server no memory, goes on without a gap when it
/// takes some again, and does not keep the server from stopping.
///
/// Where one is served at a time, the others' messages begin when it is their turn.
///
/// # Errors
/// Says what the server does instead.
pub fn pushes(program: Program, serves: Serves) -> Result<()> {
    let (process, push) = start(program, &[])?;
    Stream::open(&push)?.take(MESSAGES).context("alone")?;
    says_what_it_likes(&push)?;
    match serves {
        Serves::AtMost(1) => have_their_turns(&process, &push)?,
        _ => do_not_wait_for_each_other(program, &process, &push)?,
    }
    hears_whole_messages_to_the_end(process, &push)?;
    stops_beside_who_takes_nothing(program)
}

/// With `--push-rate` no message comes before it is due, or long after that, and none is left out.
///
/// # Errors
/// Says what the server does instead.
pub fn pushes_at_a_rate(program: Program) -> Result<()> {
    let (process, push) = start(program, &["--push-rate", RATE_FLAG])?;
    // Before the server's first look at its clock.
    let began = Instant::now();
    let mut stream = Stream::open(&push)?;
    let mut first = None;
    for number in 0..RATED_MESSAGES {
        let sent = stream.take(1)?;
        let due = Duration::from_secs(1) * number / RATE;
        let took = began.elapsed();
        ensure!(
            took >= due && took <= due + RATED_LATE_MAX,
            "message {number} came after {took:?}, due was it after {due:?}"
        );
        let made = sent.checked_sub(*first.get_or_insert(sent));
        let made = made.with_context(|| format!("message {number} was made before the first"))?;
        ensure!(
            made + TICK >= due,
            "message {number} was made {made:?} after the first, due was it after {due:?}"
        );
    }
    // What was not taken when it was due is taken later.
    thread::sleep(WATCHED);
    stream.take(RATED_MESSAGES as usize)?;
    drop(stream);
    process.stop()?;
    Ok(())
}

/// With `--push-drop-after` a client that takes nothing is cut off, not before that time, and one
/// that does is not.
///
/// # Errors
/// Says what the server does instead.
pub fn drops_who_takes_nothing(program: Program, serves: Serves) -> Result<()> {
    let (process, push) = start(program, &["--push-drop-after", DROP_AFTER_FLAG])?;
    let began = Instant::now();
    let mut stuck = Stream::open(&push)?;
    stuck.take(1)?;
    let mut other = Stream::open(&push)?;
    // Where one is served at a time, this is when the first has been cut.
    other.take(1)?;
    if serves != Serves::AtMost(1) {
        is_cut_beside(&process, &mut other)?;
    }
    let took = began.elapsed();
    ensure!(
        took >= DROP_AFTER && took <= CUT_TIME_MAX,
        "who takes nothing is cut after {took:?}, expected was {DROP_AFTER:?}"
    );
    stuck.comes_to_its_end()?;
    other.take(MESSAGES).context("after another was cut")?;
    drop(other);
    process.stop()?;
    Ok(())
}

/// One of the server's connections is closed while `other` takes all that it gets.
fn is_cut_beside(process: &Process, other: &mut Stream) -> Result<()> {
    let before = process.descriptors()?;
    let mut taken = Ok(());
    let is_cut = comes_true_within(CUT_TIME_MAX, || {
        taken = other.take(MESSAGES).map(drop);
        taken.is_err() || process.descriptors().is_ok_and(|open| open < before)
    });
    taken.context("beside one that takes nothing")?;
    ensure!(is_cut, "who takes nothing is not cut");
    Ok(())
}

/// A process with a push stream, and where that is.
fn start(program: Program, flags: &[&str]) -> Result<(Process, Subject)> {
    let mut command = program.command(Transport::Tcp);
    command.args(["--push", "127.0.0.1:0"]).args(flags);
    let process = Process::start_in(&mut command, 2)?;
    let push = Subject {
        address: Address::Tcp(process.push_address()?),
        ..program.subject(&process)
    };
    Ok((process, push))
}

/// A server does not listen to who it pushes to.
fn says_what_it_likes(push: &Subject) -> Result<()> {
    let mut stream = Stream::open(push)?;
    for garbage in [
        &b"GET / HTTP/1.1\r\nHost: contract\r\n\r\n"[..],
        &[0; 10_000],
    ] {
        stream.connection().send(garbage)?;
        stream.take(MESSAGES).context("after garbage")?;
    }
    stream.connection().send_last("and that was all")?;
    stream.take(MESSAGES).context("after a half-close")?;
    Ok(())
}

/// One takes nothing, and the others, HTTP's clients too, are served as if it were not there.
fn do_not_wait_for_each_other(program: Program, process: &Process, push: &Subject) -> Result<()> {
    let mut stuck = Stream::open(push)?;
    stuck.take(1)?;
    let memory = process.memory_bytes()?;
    thread::scope(|scope| {
        let others: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(|| Stream::open(push)?.take(MANY_MESSAGES)))
            .collect();
        let http = program.subject(process);
        for _ in 0..CLIENTS {
            let served = http.serves_a_client(http.patience());
            served.context("an HTTP client beside a push stream")?;
        }
        others.into_iter().try_for_each(|other| {
            let taken = other.join().expect("a client does not panic");
            taken.map(drop).context("beside one that takes nothing")
        })
    })?;
    cost_little_and_goes_on(process, memory, &mut stuck)
}

/// One takes nothing, and the next is served when it has gone.
fn have_their_turns(process: &Process, push: &Subject) -> Result<()> {
    let mut stuck = Stream::open(push)?;
    stuck.take(1)?;
    let memory = process.memory_bytes()?;
    let mut next = Stream::open(push)?;
    let came = next.connection().is_readable_within(WATCHED)?;
    ensure!(!came, "a second client is served beside the first");
    cost_little_and_goes_on(process, memory, &mut stuck)?;
    drop(stuck);
    next.take(MESSAGES).context("the next")?;
    Ok(())
}

/// Since the server had taken `memory_before`, in bytes, one has taken nothing; now it does.
fn cost_little_and_goes_on(
    process: &Process,
    memory_before: u64,
    stuck: &mut Stream,
) -> Result<()> {
    let grown = process.memory_bytes()?.saturating_sub(memory_before);
    ensure!(
        grown <= MEMORY_GROWTH_BYTES_MAX,
        "beside a client that takes nothing the server has grown by {grown} bytes"
    );
    let goes_on = stuck.take(MANY_MESSAGES);
    goes_on.context("one that takes nothing for a while")?;
    Ok(())
}

/// A stop ends a stream behind a message, and in order.
fn hears_whole_messages_to_the_end(process: Process, push: &Subject) -> Result<()> {
    let mut stream = Stream::open(push)?;
    stream.take(1)?;
    thread::scope(|scope| {
        let stopped = scope.spawn(|| process.stop_in_silence());
        stream.ends_in_order().context("at the stop")?;
        stopped.join().expect("a stop does not panic")
    })
}

fn stops_beside_who_takes_nothing(program: Program) -> Result<()> {
    let (process, push) = start(program, &[])?;
    let mut stuck = Stream::open(&push)?;
    stuck.take(1)?;
    // Until the sockets on the way hold no more.
    thread::sleep(WATCHED);
    let began = Instant::now();
    process.stop()?;
    let took = began.elapsed();
    ensure!(
        took <= STOP_TIME_MAX,
        "a stop beside a client that takes nothing takes {took:?}"
    );
    Ok(())
}
