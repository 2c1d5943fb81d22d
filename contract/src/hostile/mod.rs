//! Hostile and unlucky clients, and what a server must still be after them.
//!
//! A client that vanishes without a word (a half-open connection in the sense of RFC 9293 §3.5.1)
//! is none of these: to the server it is a silent one, or one that takes nothing, and both are
//! here.
//!
//! - [`survives`] lets them all loose on a server;
//! - [`outlives_exhaustion`] takes its descriptors;
//! - [`holds`], [`holds_websockets`], [`refuses_beyond`] and [`lets_wait_beyond`] see what becomes
//!   of more connections than anybody can serve at once.

mod churn;
mod crowd;
mod descriptors;
mod din;
mod exhausted;
mod half_open;
mod held;
mod idle;
mod pipelines;
mod readers;
mod relay;
mod resets;
mod silent;
mod sips;
mod slowloris;
mod websockets;

pub use exhausted::outlives_exhaustion;
pub use held::{holds, holds_websockets, lets_wait_beyond, refuses_beyond};

use crate::connection::Connection;
use crate::expected::Expected;
use crate::process::{Process, comes_true_within};
use crate::program::{Program, WRITE_TIMEOUT};
use crate::subject::Subject;
use crate::transport::Transport;
use crate::verify::{Violation, Violations};
use anyhow::{Context, Result, ensure};
use std::thread;
use std::time::Duration;

/// More clients than any pool under test has threads.
const CROWD: usize = 100;

/// How often a model that serves few at once is filled: once would leave the others' wait unseen.
const TURNS: usize = 2;

/// How long a client of a server that serves everybody at once may wait beside a hostile crowd. A
/// loaded machine takes a part of that; a server that waits for one of the crowd takes many times
/// as much.
const PROMPT: Duration = Duration::from_secs(2);

/// How often descriptors are counted before it is believed that no more are given back.
const COUNTS: usize = 5;

/// What a machine may be late by.
const LATE: Duration = Duration::from_secs(2);

/// Until all buffers of a crowd are full, of up to 6 MiB for each client: a second or two, and much
/// longer where six servers are tested at a time. What is waited for so long is over when it comes.
const BUFFERS_FULL: Duration = Duration::from_secs(30);

/// What a server may take for a crowd, in bytes. Each of them costs a connection, and a thread
/// where that is the model; what they ask for would be gigabytes.
const MEMORY_GROWTH_BYTES_MAX: u64 = 48 * 1024 * 1024;

/// How many clients a model serves at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serves {
    /// So many; the others wait. At least one.
    AtMost(usize),
    /// As many as there are.
    Everybody,
}

/// A server under attack.
struct Victim {
    process: Process,
    subject: Subject,
    write_timeout: Duration,
    serves: Serves,
    /// What it had open and took, in bytes, before what it endures now.
    descriptors: usize,
    memory_bytes: u64,
}

/// Something that clients do, out of malice or bad luck.
#[derive(Clone, Copy)]
struct Scenario {
    /// What becomes of them, and of the others, as a sentence.
    name: &'static str,
    run: fn(&Victim) -> Result<()>,
}

/// Those for every server, in the order of [`survives`].
const SCENARIOS: &[&[Scenario]] = &[
    silent::SCENARIOS,
    slowloris::SCENARIOS,
    readers::SCENARIOS,
    pipelines::SCENARIOS,
    half_open::SCENARIOS,
    idle::SCENARIOS,
    resets::SCENARIOS,
    churn::SCENARIOS,
];

/// Those for one that takes WebSocket clients, and for one that does not.
const WEBSOCKET_SCENARIOS: &[&[Scenario]] = &[
    websockets::SCENARIOS,
    relay::SCENARIOS,
    sips::SCENARIOS,
    din::SCENARIOS,
];
const WITHOUT_WEBSOCKET_SCENARIOS: &[&[Scenario]] = &[websockets::SCENARIOS_WITHOUT];

/// Lets them all loose on a server, one after another, in the clear and, beside that, on another
/// through TLS. After each the server must serve the next client, hold no descriptor more than
/// before, and little more memory; at the end it must stop well and have said nothing.
///
/// # Errors
/// Says what the server does not survive as it should, and how it was reached.
pub fn survives(program: Program, serves: Serves) -> Result<()> {
    thread::scope(|scope| {
        let reached = [Transport::Tcp, Transport::Tls].map(|transport| {
            let survived = scope.spawn(move || survives_over(transport, program, serves));
            (transport, survived)
        });
        reached.into_iter().try_for_each(|(transport, survived)| {
            let survived = survived.join().expect("a scenario does not panic");
            survived.with_context(|| format!("{} over {transport:?}", program.model))
        })
    })
}

fn survives_over(transport: Transport, program: Program, serves: Serves) -> Result<()> {
    let mut victim = Victim::start(program, transport, serves)?;
    let about_websocket = match program.websocket {
        true => WEBSOCKET_SCENARIOS,
        false => WITHOUT_WEBSOCKET_SCENARIOS,
    };
    let violations: Vec<_> = [SCENARIOS, about_websocket]
        .concat()
        .concat()
        .iter()
        .filter_map(|scenario| {
            let endured = victim.endures(scenario.run);
            let error = endured.and_then(|()| victim.has_not_grown()).err()?;
            let check = scenario.name;
            Some(Violation { check, error })
        })
        .collect();
    if !violations.is_empty() {
        return Err(Violations(violations).into());
    }
    victim.process.stop_in_silence()
}

impl Victim {
    fn start(program: Program, transport: Transport, serves: Serves) -> Result<Self> {
        let (process, subject) = program.start(transport)?;
        Ok(Victim {
            process,
            subject,
            write_timeout: WRITE_TIMEOUT,
            serves,
            descriptors: 0,
            memory_bytes: 0,
        })
    }

    /// Afterwards it serves the next client, and has no more open than before.
    fn endures(&mut self, run: impl FnOnce(&Victim) -> Result<()>) -> Result<()> {
        self.serves_the_next()?;
        self.descriptors = self.fewest_descriptors()?;
        self.memory_bytes = self.process.memory_bytes()?;
        run(self)?;
        self.serves_the_next().context("afterwards")?;
        self.gives_back()
    }

    /// A client that has done nothing is served, and its connection closed.
    fn serves_the_next(&self) -> Result<()> {
        let served = self.subject.serves_a_client(self.subject.patience());
        served
            .context("the next client")?
            .channel()
            .wait_for_close();
        Ok(())
    }

    /// How many descriptors are open when nobody is served: a server may tell a client that its
    /// connection is closed a moment before it gives back the descriptor.
    fn fewest_descriptors(&self) -> Result<usize> {
        let mut fewest = self.process.descriptors()?;
        for _ in 0..COUNTS {
            thread::sleep(Duration::from_millis(2));
            fewest = fewest.min(self.process.descriptors()?);
        }
        Ok(fewest)
    }

    /// Waits until no more descriptors are open than there were before.
    fn gives_back(&self) -> Result<()> {
        self.gives_back_but(0)
    }

    /// The same where so many connections may stay.
    fn gives_back_but(&self, kept: usize) -> Result<()> {
        let before = self.descriptors;
        let mut open = 0;
        let given_back = comes_true_within(self.longest(), || {
            open = self.process.descriptors().unwrap_or(usize::MAX);
            open <= before + kept
        });
        ensure!(
            given_back,
            "{open} descriptors are open, and {before} were before, of connections {kept} may stay"
        );
        Ok(())
    }

    fn has_not_grown(&self) -> Result<()> {
        let before = self.memory_bytes;
        let after = self.process.memory_bytes()?;
        let grown = after.saturating_sub(before);
        ensure!(
            grown <= MEMORY_GROWTH_BYTES_MAX,
            "the server has grown from {before} to {after} bytes"
        );
        Ok(())
    }

    /// How many clients make a crowd: more than are served at once, and not so many that their
    /// turns take long.
    fn crowd(&self) -> usize {
        match self.serves {
            Serves::AtMost(at_once) => CROWD.min(TURNS * at_once),
            Serves::Everybody => CROWD,
        }
    }

    /// How long a client may wait beside a crowd of which each is let go after `each`: a server
    /// that serves few at once serves the crowd first, in turns.
    fn wait_max(&self, each: Duration) -> Duration {
        match self.serves {
            Serves::AtMost(_) => self.turns() * each + PROMPT,
            Serves::Everybody => PROMPT,
        }
    }

    /// How long it may take until all of a crowd have been let go, each after `each`.
    fn end_max(&self, each: Duration) -> Duration {
        self.turns() * each + LATE
    }

    fn turns(&self) -> u32 {
        match self.serves {
            Serves::AtMost(_) => TURNS as u32,
            Serves::Everybody => 1,
        }
    }

    /// Longer than any client can keep its connection that does nothing right. As long as the kernel
    /// takes something, a client is not one that takes nothing; and a machine on which many servers
    /// fill as many buffers as that takes its time over it.
    fn longest(&self) -> Duration {
        self.end_max(self.subject.read_timeout + self.write_timeout + BUFFERS_FULL)
    }
}

/// Watches what CPU time the server spends `during` something that is none of its business.
fn spends_at_most<T>(
    process: &Process,
    max: Duration,
    during: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let before = process.cpu_time()?;
    let result = during()?;
    let spent = process.cpu_time()? - before;
    ensure!(
        spent <= max,
        "the server spends {spent:?}, {max:?} at most were expected"
    );
    Ok(result)
}
