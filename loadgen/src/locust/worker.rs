//! A worker: its protocol between its connection, its load and its clock.

use std::io;
use std::path::PathBuf;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::address::Address;
use super::connection::{Connection, Noted};
use super::load::{Load, Ways};
use super::message::{State, ToMaster};
use super::options::Capacity;
use super::protocol::{Action, Event, Protocol, Settings};
use super::report::Report;
use crate::exit::Exit;
use crate::output;
use crate::system::process::ProcessSample;

/// How often a worker looks at the time: a heartbeat is a second, and a signal should not wait.
const TICK: Duration = Duration::from_millis(20);

/// How long the last message may take to leave this machine.
const LINGER: Duration = Duration::from_millis(100);

/// Whose worker to be, and how.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Where the master listens.
    pub master: Address,
    /// How long to look for it.
    pub wait: Duration,
    /// Limit for one attempt to connect.
    pub connect_timeout: Duration,
    /// What this machine makes at most.
    pub capacity: Capacity,
    /// Whether only trouble is said on stderr.
    pub quiet: bool,
    /// The directory for files of each test's requests, if they are wanted.
    pub samples: Option<PathBuf>,
    /// The command line.
    pub argv: Vec<String>,
}

impl Worker {
    /// Works until the master or a signal, which sets `interrupted`, ends it.
    ///
    /// # Errors
    ///
    /// What kept it from beginning.
    pub fn run(self, interrupted: &Arc<AtomicBool>) -> io::Result<Exit> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let exit = runtime.block_on(async {
            let (notes, noted) = unbounded_channel();
            Control::begin(self, notes).serve(noted, interrupted).await
        });
        // A name that is being resolved is not waited for.
        runtime.shutdown_background();
        Ok(exit)
    }
}

struct Control {
    worker: Worker,
    protocol: Protocol,
    began: Instant,
    notes: UnboundedSender<Noted>,
    connection: Connection,
    load: Option<Load>,
    /// Since when nothing has been reported.
    idle_since: SystemTime,
    cost: Cost,
}

impl Control {
    fn begin(worker: Worker, notes: UnboundedSender<Noted>) -> Self {
        let connection = connect(&worker, &notes);
        let settings = Settings {
            users_max: worker.capacity.users_max,
            wait: worker.wait,
        };
        Self {
            protocol: Protocol::new(settings),
            began: Instant::now(),
            notes,
            connection,
            load: None,
            idle_since: SystemTime::now(),
            cost: Cost::begin(worker.capacity.threads),
            worker,
        }
    }

    async fn serve(
        mut self,
        mut noted: UnboundedReceiver<Noted>,
        interrupted: &Arc<AtomicBool>,
    ) -> Exit {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_told = false;
        loop {
            let event = tokio::select! {
                Some(noted) = noted.recv() => match self.is_current(&noted) {
                    true => noted.event,
                    // A connection that was given up has nothing more to say.
                    false => continue,
                },
                _ = ticks.tick() => match () {
                    () if interrupted.load(Ordering::Relaxed) && !is_told => {
                        is_told = true;
                        Event::Interrupted
                    }
                    // What it heard before is still to be counted.
                    () if self.connection.is_over() && noted.is_empty() => Event::Disconnected,
                    () => Event::Tick,
                },
            };
            if let Some(load) = &self.load {
                load.look();
            }
            for action in self.protocol.on(event, self.began.elapsed()) {
                if let Some(exit) = self.carry_out(action) {
                    // What was said last is in a queue.
                    sleep(LINGER).await;
                    return exit;
                }
            }
        }
    }

    /// Whether it is of this connection, or of the load.
    fn is_current(&self, noted: &Noted) -> bool {
        let of_line = noted.node_id.as_ref();
        of_line.is_none_or(|node_id| *node_id == self.connection.node_id)
    }

    fn carry_out(&mut self, action: Action) -> Option<Exit> {
        match action {
            Action::Send(message) => self.send(&message),
            Action::Heartbeat(state) => self.beat(state),
            Action::SendNothing(users) => {
                let report = Report::nothing(users, self.idle_since);
                self.idle_since = SystemTime::now();
                self.send(&ToMaster::Stats(Box::new(report)));
            }
            Action::Begin(beginning) => {
                let notes = self.notes.clone();
                let note = move |event| {
                    let _ = notes.send(Noted {
                        node_id: None,
                        event,
                    });
                };
                let ways = Ways {
                    capacity: self.worker.capacity.clone(),
                    argv: self.worker.argv.clone(),
                    samples: self.worker.samples.clone(),
                };
                self.say(&format!(
                    "a test begins with {} users",
                    beginning.share.users
                ));
                let worker = self.connection.node_id.clone();
                match Load::begin(*beginning, worker, ways, note.clone()) {
                    Ok(load) => self.load = Some(load),
                    Err(error) => note(Event::Refused(format!(
                        "cannot start a thread: {error}; see the limits (ulimit -a)"
                    ))),
                }
            }
            Action::SetUsers(share) => self.with_load(|load| load.set(share)),
            Action::Ask => self.with_load(Load::ask),
            Action::Leave(within) => self.with_load(|load| load.leave(within)),
            Action::Reconnect => self.connection = connect(&self.worker, &self.notes),
            Action::Tell(line) => self.say(&line),
            Action::Complain(line) => output::complain(&line),
            Action::End(exit) => return Some(exit),
        }
        None
    }

    fn with_load(&self, order: impl FnOnce(&Load)) {
        if let Some(load) = &self.load {
            order(load);
        }
    }

    fn beat(&mut self, state: State) {
        let (cpu_percent, memory_bytes) = self.cost.since_last();
        self.send(&ToMaster::Heartbeat {
            state,
            cpu_percent,
            memory_bytes,
        });
    }

    fn send(&self, message: &ToMaster) {
        self.connection
            .send(message.encode(&self.connection.node_id));
    }

    fn say(&self, line: &str) {
        if !self.worker.quiet {
            output::complain(line);
        }
    }
}

fn connect(worker: &Worker, notes: &UnboundedSender<Noted>) -> Connection {
    Connection::begin(worker.master.clone(), worker.connect_timeout, notes.clone())
}

/// What this process costs, between one heartbeat and the next.
struct Cost {
    threads: usize,
    at: Instant,
    cpu: Duration,
    last: (f64, u64),
}

impl Cost {
    fn begin(threads: usize) -> Self {
        let now = ProcessSample::read(process::id());
        let memory_bytes = now.as_ref().and_then(|now| now.rss_bytes);
        Self {
            threads,
            at: Instant::now(),
            cpu: now.map_or(Duration::ZERO, |now| now.cpu),
            last: (0.0, memory_bytes.unwrap_or_default()),
        }
    }

    /// CPU time in percent of what its threads can have, and memory in bytes. A master warns above
    /// 90 %, which is when the generator itself may be what is measured.
    fn since_last(&mut self) -> (f64, u64) {
        /// Of less time little can be said, and two heartbeats may follow one another at once.
        const LONG_ENOUGH: Duration = Duration::from_millis(500);
        let elapsed = self.at.elapsed();
        if elapsed >= LONG_ENOUGH
            && let Some(now) = ProcessSample::read(process::id())
        {
            let cpu = now.cpu.saturating_sub(self.cpu);
            let share = cpu.as_secs_f64() / elapsed.as_secs_f64() / self.threads as f64;
            self.last = (share * 100.0, now.rss_bytes.unwrap_or_default());
            (self.at, self.cpu) = (Instant::now(), now.cpu);
        }
        self.last
    }
}
