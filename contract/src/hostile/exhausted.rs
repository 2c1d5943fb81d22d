//! No descriptors left: accept(2) says `EMFILE`, and the server outlives it.

use super::*;
use crate::hostile::descriptors;

/// Descriptors of a server that has few, and clients who come.
const FEW_DESCRIPTORS: usize = 32;
const COMERS: usize = 40;

/// How long the server is watched meanwhile, and what it may spend. One that tries again at once
/// spends all of the time; the pauses between attempts end at a second.
const WATCHED: Duration = Duration::from_secs(1);
const SPENT_MAX: Duration = Duration::from_millis(200);

/// How long it takes at most until who can be served is served.
const SERVED_WITHIN: Duration = Duration::from_millis(20);

const SAID: &str = "cannot accept connections";

/// A server runs out of descriptors. It must go on serving whom it has, wait without spinning, say
/// so in one line, and serve all who came meanwhile once there are descriptors again.
///
/// # Errors
/// Says what it does instead.
pub fn outlives_exhaustion(program: Program) -> Result<()> {
    match program.keep_alive {
        true => outlives_its_clients(program),
        false => outlives_a_limit(program),
    }
}

/// Where connections are kept they take all descriptors themselves.
fn outlives_its_clients(program: Program) -> Result<()> {
    let command = program.command(Transport::Tcp);
    let process = Process::start(&mut descriptors::at_most(FEW_DESCRIPTORS, &command))?;
    let subject = program.subject(&process);
    let comers = all_ask(&subject)?;
    process.wait_until_it_said(SAID)?;
    does_not_spin(&process)?;
    let (mut served, mut waiting) = (Vec::new(), Vec::new());
    for mut connection in comers {
        match connection.is_readable_within(SERVED_WITHIN)? {
            true => served.push(connection),
            false => waiting.push(connection),
        }
    }
    ensure!(!served.is_empty() && !waiting.is_empty(), "none is served");
    served.iter_mut().try_for_each(is_answered)?;
    let again = served.iter_mut().try_for_each(idle::is_answered);
    again.context("without descriptors")?;
    drop(served);
    they_are_answered_and_leave(waiting)?;
    ends_well(process)
}

/// Where one is served at a time it takes a limit that changes.
fn outlives_a_limit(program: Program) -> Result<()> {
    let (process, subject) = program.start(Transport::Tcp)?;
    let sockets = descriptors::sockets(&process)?;
    // It has all that it needs itself once it has served somebody.
    they_are_answered_and_leave(vec![asks(&subject)?])?;
    // The answer may come before its connection's descriptor is given back.
    let is_given_back = || descriptors::sockets(&process).is_ok_and(|open| open == sockets);
    ensure!(
        comes_true_within(PROMPT, is_given_back),
        "the descriptor of a connection that is over is not given back within {PROMPT:?}"
    );
    let limit = descriptors::forbid_more(&process)?;
    let comers = all_ask(&subject)?;
    process.wait_until_it_said(SAID)?;
    does_not_spin(&process)?;
    descriptors::set(&process, limit)?;
    they_are_answered_and_leave(comers)?;
    ends_well(process)
}

fn all_ask(subject: &Subject) -> Result<Vec<Connection>> {
    (0..COMERS).map(|_| asks(subject)).collect()
}

fn asks(subject: &Subject) -> Result<Connection> {
    let mut connection = Connection::open(subject)?;
    connection.send(idle::REQUEST)?;
    Ok(connection)
}

fn they_are_answered_and_leave(comers: Vec<Connection>) -> Result<()> {
    let mut comers = comers.into_iter().enumerate();
    comers.try_for_each(|(number, mut comer)| {
        is_answered(&mut comer).with_context(|| format!("client {number} of those who waited"))
    })
}

fn is_answered(comer: &mut Connection) -> Result<()> {
    let expected = Expected::hello(comer.local_ip()?);
    comer.expect(&expected)
}

fn ends_well(process: Process) -> Result<()> {
    let said = process.stop()?.err;
    ensure!(said.lines().count() == 1, "the server said {said:?}");
    Ok(())
}

fn does_not_spin(process: &Process) -> Result<()> {
    spends_at_most(process, SPENT_MAX, || {
        thread::sleep(WATCHED);
        Ok(())
    })
    .context("without descriptors")
}
