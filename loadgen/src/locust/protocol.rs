//! What a worker of Locust does next: a state machine, without sockets and clocks.
//!
//! Events go in with the time, actions come out. Three things are kept apart: whether there is a
//! master (`master.rs`), whether there is a load (`Load`), and which reports no master is known to
//! have taken yet (`outbox.rs`).
//!
//! What `locust/runners.py` leaves to its workers is decided here so that no request is lost or
//! counted twice:
//!
//! - A report counts as taken when the heartbeat sent after it has come back: messages keep their
//!   order. Until then it is kept, and no further one is asked for; the load counts on.
//! - A master whose connection has ended is looked for at once, under a new name; one that is silent
//!   is waited for. Either way the load goes on for [`ALONE_MAX`] after it was heard last, as that of
//!   Locust's own workers does. If the master that is found says nothing of this test for [`SETTLE`],
//!   it knows nothing of it, and the load ends.

mod master;
mod outbox;

use std::time::Duration;

use super::message::{FromMaster, Spawn, State, ToMaster};
use super::report::Report;
use super::users::Users;
use crate::exit::Exit;
use master::Master;
use outbox::Outbox;

/// How often reports are sent, as Locust's own workers do (`WORKER_REPORT_INTERVAL`).
pub const REPORT_EVERY: Duration = Duration::from_secs(3);

/// How long a load goes on that no master can stop (`MASTER_HEARTBEAT_TIMEOUT`).
pub const ALONE_MAX: Duration = Duration::from_secs(60);

/// How long a master that was found again may take to say that the test goes on; one that knows of a
/// test does so at once.
pub const SETTLE: Duration = Duration::from_secs(5);

/// How long requests under way may take to end when Locust's `--stop-timeout` leaves no time: enough
/// for those of a healthy server, so that they are not cut off.
const DRAIN: Duration = Duration::from_millis(150);

/// How long after `quit` a master is there: it leaves after 500 ms, whatever it has heard by then.
const QUIT_WAIT: Duration = Duration::from_millis(450);

/// How long the last report may wait for its heartbeat if the load took longer to end than that.
const LAST_WAIT: Duration = Duration::from_millis(100);

/// What has happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A new connection stands, under a new name.
    Connected,
    /// No connection came about; the line says why. `is_other` says that somebody is there who is no
    /// Locust master.
    NotConnected {
        /// One line, with the next step.
        line: String,
        /// Whether another attempt makes no sense.
        is_other: bool,
    },
    /// The connection is gone.
    Disconnected,
    /// The master said this.
    Heard(FromMaster),
    /// The master, or whoever is there, said what is no message.
    Malformed(String),
    /// The load has begun.
    Began,
    /// What was asked for.
    Reported(Report),
    /// The load has ended; the rest of what came of it.
    Ended(Report),
    /// The load could not be made, for this reason, or no longer.
    Refused(String),
    /// A signal asks for the end.
    Interrupted,
    /// Some time has passed.
    Tick,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Say this.
    Send(ToMaster),
    /// Say that the worker lives and what it does.
    Heartbeat(State),
    /// Say that so many users have done nothing.
    SendNothing(Users),
    /// Begin a load.
    Begin(Box<Beginning>),
    /// Change its users.
    SetUsers(Share),
    /// Have the load tell what came of it so far.
    Ask,
    /// Begin no request any more; cancel what is under way after this long.
    Leave(Duration),
    /// Give the connection up and open another, under another name.
    Reconnect,
    /// Tell the person at the worker how things go.
    Tell(String),
    /// Tell them what is wrong.
    Complain(String),
    /// The worker has ended.
    End(Exit),
}

/// A load to begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Beginning {
    /// The order that it follows.
    pub spawn: Spawn,
    /// Its users.
    pub share: Share,
    /// The worker's index among all.
    pub index: u64,
}

/// The users of this worker among all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The place of the first of them, as far as a worker can tell: only the spacing of arrivals
    /// depends on it.
    pub first: u64,
    /// How many this worker has.
    pub users: u64,
    /// How many all have together.
    pub of: u64,
}

/// Whether there is a load.
#[derive(Clone, Debug)]
enum Load {
    None,
    /// This test cannot be made here, or was stopped: its users are not made. A master whose ramp
    /// takes longer than the test orders more of them after the end.
    Over(Test),
    Running {
        test: Test,
        users: Users,
        has_begun: bool,
        /// Whether a report is awaited.
        is_asked: bool,
    },
    Leaving {
        test: Test,
        users: Users,
        why: Why,
    },
}

/// What a worker knows a test by.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Test {
    run_id: Option<String>,
}

/// Why a load leaves, hence what follows.
#[derive(Clone, Debug)]
enum Why {
    /// The master said so; it waits to hear of it.
    Stop,
    /// No master stops it otherwise.
    Alone,
    /// There is another test.
    Next(Box<Spawn>),
    /// The worker ends.
    End,
}

/// The worker ends when its reports are taken, or then.
#[derive(Clone, Copy, Debug)]
struct Ending {
    exit: Exit,
    at: Duration,
}

/// A worker of Locust, but for its sockets, clocks and load.
#[derive(Debug)]
pub struct Protocol {
    settings: Settings,
    master: Master,
    load: Load,
    outbox: Outbox,
    ending: Option<Ending>,
    report_at: Duration,
    /// What the master gives users to end what they are about.
    stop_timeout: Duration,
    /// The last order that was followed, by this master's clock.
    spawned_at_s: f64,
    /// What has been said of, once each.
    told: Vec<String>,
}

/// What is a worker's own to say.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Users, at most.
    pub users_max: u64,
    /// How long to look for a master.
    pub wait: Duration,
}

impl Protocol {
    /// A worker that has just begun to look for its master.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            master: Master::new(),
            load: Load::None,
            outbox: Outbox::default(),
            ending: None,
            report_at: Duration::ZERO,
            stop_timeout: Duration::ZERO,
            spawned_at_s: 0.0,
            told: Vec::new(),
        }
    }

    /// What is to be done when `event` has happened at `now`, a time since the worker began.
    #[must_use]
    pub fn on(&mut self, event: Event, now: Duration) -> Vec<Action> {
        let mut actions = Vec::new();
        let out = &mut actions;
        match event {
            Event::Connected => {
                self.spawned_at_s = 0.0;
                self.master.connected(now, out);
            }
            Event::NotConnected { line, is_other } => self.not_connected(line, is_other, out),
            Event::Disconnected => self.lost("the connection to the master has ended", now, out),
            Event::Heard(message) => self.heard(message, now, out),
            Event::Malformed(what) => self.malformed(&what, out),
            Event::Began => self.began(out),
            Event::Reported(report) => self.reported(report, out),
            Event::Ended(mut report) => {
                report.users = self.users().at_most(0);
                self.outbox.keep(report);
                self.ended(now, out);
            }
            Event::Refused(line) => self.refused(line, now, out),
            Event::Interrupted => self.end(Exit::Interrupted, DRAIN, now, out),
            Event::Tick => self.tick(now, out),
        }
        actions
    }

    /// Users that the worker has now.
    fn users(&self) -> Users {
        match &self.load {
            Load::None | Load::Over(_) => Users::default(),
            Load::Running { users, .. } | Load::Leaving { users, .. } => users.clone(),
        }
    }

    fn state(&self) -> State {
        match self.load {
            Load::None | Load::Over(_) => State::Ready,
            Load::Running { .. } | Load::Leaving { .. } => State::Running,
        }
    }

    fn not_connected(&mut self, line: String, is_other: bool, out: &mut Vec<Action>) {
        match is_other && !self.master.was_known() {
            true => out.extend([Action::Complain(line), Action::End(Exit::Failed)]),
            false => self.complain_once(line, out),
        }
    }

    fn malformed(&mut self, what: &str, out: &mut Vec<Action>) {
        match self.master.was_known() {
            true => self.complain_once(
                format!("the master sent {what}, which was passed over; check its version"),
                out,
            ),
            false => out.extend([
                Action::Complain(format!(
                    "whoever listens there is no Locust master: it sent {what}; check --master"
                )),
                Action::End(Exit::Failed),
            ]),
        }
    }

    fn lost(&mut self, why: &str, now: Duration, out: &mut Vec<Action>) {
        self.outbox.connection_is_lost();
        if self.ending.is_none() && self.master.is_known() {
            out.push(Action::Complain(format!("{why}; looking for it again")));
        }
        self.master.lost(now);
        out.push(Action::Reconnect);
    }

    fn heard(&mut self, message: FromMaster, now: Duration, out: &mut Vec<Action>) {
        match message {
            FromMaster::Ack { index } => self.acknowledged(index, now, out),
            FromMaster::Heartbeat => {
                let echoes = self.master.echoed(now);
                self.outbox.taken(echoes);
                self.end_if_done(now, out);
            }
            FromMaster::Spawn(spawn) => self.spawn(*spawn, out),
            FromMaster::Stop => self.stop(out),
            FromMaster::Quit => self.end(Exit::Done, self.stop_timeout.max(DRAIN), now, out),
            FromMaster::Reconnect => {
                self.lost("the master asks for a new connection", now, out);
            }
            FromMaster::SpawningComplete => {}
            FromMaster::Other(kind) => self.complain_once(
                format!("the master says '{kind}', which this worker does not know; passed over"),
                out,
            ),
        }
    }

    fn acknowledged(&mut self, index: Option<u64>, now: Duration, out: &mut Vec<Action>) {
        let has_load = !matches!(self.load, Load::None | Load::Over(_));
        let has_history = has_load || !self.outbox.is_empty();
        if self.master.acknowledged(index, has_history, now) {
            out.push(Action::Tell(format!(
                "the master has taken this worker as number {}",
                self.master.index()
            )));
            self.told.clear();
            self.beat(out);
            self.report_at = now;
        }
    }

    fn spawn(&mut self, spawn: Spawn, out: &mut Vec<Action>) {
        if !self.master.is_known() || self.ending.is_some() {
            return;
        }
        out.push(Action::Send(ToMaster::Spawning));
        if spawn.at_s <= self.spawned_at_s {
            return;
        }
        self.spawned_at_s = spawn.at_s;
        let test = Test::of(&spawn);
        self.master.settle();
        self.stop_timeout = spawn.stop_timeout;
        self.forget_locusts_numbers(&test, out);
        match &mut self.load {
            Load::Over(over) if *over == test => self.say_nobody(&spawn.users, out),
            Load::Leaving {
                test: stopped,
                why: Why::Stop,
                ..
            } if *stopped == test && test.has_name() => self.say_nobody(&spawn.users, out),
            Load::None | Load::Over(_) => self.begin(spawn, out),
            Load::Running {
                test: running,
                users,
                has_begun,
                ..
            } if running.is(&test) => {
                let capped = spawn.users.at_most(self.settings.users_max);
                let has_begun = *has_begun;
                users.clone_from(&capped);
                out.push(Action::SetUsers(self.share(&spawn, &capped)));
                if has_begun {
                    out.push(Action::Send(ToMaster::SpawningComplete(capped)));
                }
                self.say_of_capacity(&spawn, out);
            }
            Load::Running { .. } => {
                self.leave(DRAIN, Why::Next(Box::new(spawn)), out);
            }
            Load::Leaving { why, .. } => match why {
                Why::End => {}
                Why::Stop | Why::Alone | Why::Next(_) => *why = Why::Next(Box::new(spawn)),
            },
        }
        self.send_reports(out);
    }

    /// What a master is told of a test that it has not begun is not for its own sums.
    fn forget_locusts_numbers(&mut self, test: &Test, out: &mut Vec<Action>) {
        if let Some(line) = self.outbox.keep_records_of_all_but(test) {
            out.push(Action::Complain(line));
        }
    }

    fn begin(&mut self, spawn: Spawn, out: &mut Vec<Action>) {
        self.outbox.begin(Test::of(&spawn));
        let users = spawn.users.at_most(self.settings.users_max);
        self.say_of_capacity(&spawn, out);
        self.load = Load::Running {
            test: Test::of(&spawn),
            users: users.clone(),
            has_begun: false,
            is_asked: false,
        };
        out.push(Action::Begin(Box::new(Beginning {
            share: self.share(&spawn, &users),
            index: self.master.index(),
            spawn,
        })));
    }

    fn share(&self, spawn: &Spawn, users: &Users) -> Share {
        let count = users.count();
        // Users that are beyond its capacity are missing, not another worker's.
        let of = spawn.options.users_of_all().unwrap_or_default();
        let of = of.max(spawn.users.count()).max(1);
        Share {
            first: self.master.index().saturating_mul(count) % of,
            users: count,
            of,
        }
    }

    fn say_of_capacity(&mut self, spawn: &Spawn, out: &mut Vec<Action>) {
        let (asked, most) = (spawn.users.count(), self.settings.users_max);
        if asked > most {
            self.complain_once(
                format!(
                    "the master asks for more than {most} users of this worker, which is all that it \
                     makes; raise --max-users or add workers"
                ),
                out,
            );
        }
    }

    fn began(&mut self, out: &mut Vec<Action>) {
        if let Load::Running {
            users, has_begun, ..
        } = &mut self.load
        {
            *has_begun = true;
            out.push(Action::Send(ToMaster::SpawningComplete(users.clone())));
        }
    }

    fn reported(&mut self, mut report: Report, out: &mut Vec<Action>) {
        report.users = self.users();
        if let Load::Running { is_asked, .. } = &mut self.load {
            *is_asked = false;
        }
        self.outbox.keep(report);
        self.send_reports(out);
    }

    fn refused(&mut self, line: String, now: Duration, out: &mut Vec<Action>) {
        out.push(Action::Complain(line.clone()));
        if self.master.is_known() {
            out.push(Action::Send(ToMaster::Exception(line)));
        }
        match &self.load {
            Load::Running { test, users, .. } => {
                let users = users.clone();
                self.load = Load::Over(test.clone());
                if self.master.is_known() {
                    self.say_nobody(&users, out);
                }
            }
            _ => self.ended(now, out),
        }
    }

    fn stop(&mut self, out: &mut Vec<Action>) {
        match &mut self.load {
            Load::Running { .. } => {
                let within = self.stop_timeout.max(DRAIN);
                self.leave(within, Why::Stop, out);
            }
            Load::Leaving { why, .. } if !matches!(why, Why::End) => *why = Why::Stop,
            Load::Leaving { .. } => {}
            Load::None => self.say_stopped(out),
            Load::Over(test) => {
                self.load = Load::after_stop(test.clone());
                self.say_stopped(out);
            }
        }
    }

    fn leave(&mut self, within: Duration, why: Why, out: &mut Vec<Action>) {
        if let Load::Running { test, users, .. } = &self.load {
            self.load = Load::Leaving {
                test: test.clone(),
                users: users.clone(),
                why,
            };
        }
        out.push(Action::Leave(within));
    }

    /// The load has ended.
    fn ended(&mut self, now: Duration, out: &mut Vec<Action>) {
        let load = std::mem::replace(&mut self.load, Load::None);
        let Load::Leaving { test, why, .. } = load else {
            // It ends when it is told to, and by what Refused says.
            return self.send_reports(out);
        };
        match why {
            Why::Alone => self.send_reports(out),
            Why::Stop => {
                self.load = Load::after_stop(test);
                self.send_reports(out);
                self.say_stopped(out);
            }
            Why::Next(spawn) => {
                self.forget_locusts_numbers(&Test::of(&spawn), out);
                self.send_reports(out);
                self.begin(*spawn, out);
            }
            Why::End => self.conclude(now, out),
        }
    }

    /// There are to be users of a test that has none here.
    fn say_nobody(&self, users: &Users, out: &mut Vec<Action>) {
        let nobody = users.at_most(0);
        out.push(Action::Send(ToMaster::SpawningComplete(nobody)));
    }

    /// A master forgets a worker that has stopped until it is ready again.
    fn say_stopped(&mut self, out: &mut Vec<Action>) {
        if self.master.is_known() {
            out.push(Action::Send(ToMaster::ClientStopped));
            out.push(Action::Send(ToMaster::ClientReady));
        }
    }

    /// Ends the load if there is one, `within` that time, then the worker.
    fn end(&mut self, exit: Exit, within: Duration, now: Duration, out: &mut Vec<Action>) {
        let at = now + within + QUIT_WAIT;
        let ending = self.ending.get_or_insert(Ending { exit, at });
        ending.at = ending.at.min(at);
        match &mut self.load {
            Load::Running { .. } => self.leave(within, Why::End, out),
            Load::Leaving { why, .. } => {
                *why = Why::End;
                out.push(Action::Leave(within));
            }
            Load::None | Load::Over(_) => self.conclude(now, out),
        }
    }

    /// The load has ended, and the worker is to.
    fn conclude(&mut self, now: Duration, out: &mut Vec<Action>) {
        self.load = Load::None;
        if let Some(ending) = &mut self.ending {
            ending.at = ending.at.max(now + LAST_WAIT);
        }
        self.master.settle();
        self.send_reports(out);
        self.end_if_done(now, out);
    }

    fn end_if_done(&mut self, now: Duration, out: &mut Vec<Action>) {
        let Some(Ending { exit, at }) = self.ending else {
            return;
        };
        let is_idle = matches!(self.load, Load::None);
        if !is_idle || (!self.outbox.is_empty() && self.master.is_known() && now < at) {
            return;
        }
        if let Some(line) = self.outbox.drop_all() {
            out.push(Action::Complain(line));
        }
        if exit != Exit::Done && self.master.is_known() {
            out.push(Action::Send(ToMaster::Quit));
        }
        out.push(Action::End(exit));
    }

    fn tick(&mut self, now: Duration, out: &mut Vec<Action>) {
        if self.ending.is_some() {
            // A master that hears nothing for three seconds takes the worker for lost.
            if self.master.is_beat_due(now) {
                self.beat(out);
            }
            return self.end_if_done(now, out);
        }
        if let Some(line) = self.master.silence(now) {
            return self.lost(&line, now, out);
        }
        self.master.ask_again(now, out);
        self.say_of_no_answer(now, out);
        self.give_up(now, out);
        if !self.master.is_known() {
            return;
        }
        if self.master.is_beat_due(now) {
            self.beat(out);
        }
        if self.master.settles(now) {
            self.send_reports(out);
            if matches!(self.load, Load::Running { .. }) {
                out.push(Action::Complain(
                    "the master that was found knows nothing of this test, which ends".to_owned(),
                ));
                self.leave(DRAIN, Why::Alone, out);
            }
        }
        if now >= self.report_at && self.master.is_settled() {
            self.report_at = now + REPORT_EVERY;
            self.report(out);
        }
    }

    /// Says what the users have done, or asks for it.
    fn report(&mut self, out: &mut Vec<Action>) {
        match &mut self.load {
            Load::None | Load::Over(_) if self.outbox.is_empty() => {
                out.push(Action::SendNothing(self.users()));
            }
            Load::Running {
                has_begun: true,
                is_asked,
                ..
            } if !*is_asked && self.outbox.is_empty() => {
                *is_asked = true;
                out.push(Action::Ask);
            }
            _ => {}
        }
    }

    /// A load that nobody can stop ends; a worker without one gives up in the end.
    fn give_up(&mut self, now: Duration, out: &mut Vec<Action>) {
        let Some(alone) = self.master.alone(now) else {
            return;
        };
        if matches!(self.load, Load::Running { .. }) {
            if alone >= ALONE_MAX {
                out.push(Action::Complain(
                    "no master for 60 s: the test ends here, and its last report is kept"
                        .to_owned(),
                ));
                self.leave(DRAIN, Why::Alone, out);
            }
            return;
        }
        if alone >= self.settings.wait && !matches!(self.load, Load::Leaving { .. }) {
            let waited = self.settings.wait.as_secs_f64();
            out.push(Action::Complain(format!(
                "no Locust master answered for {waited} s; start locust --master there, or check \
                 --master"
            )));
            if let Some(line) = self.outbox.drop_all() {
                out.push(Action::Complain(line));
            }
            out.push(Action::End(Exit::Failed));
        }
    }

    fn say_of_no_answer(&mut self, now: Duration, out: &mut Vec<Action>) {
        if self.master.does_not_answer(now) {
            self.complain_once(
                "whoever listens there speaks ZeroMQ but does not answer as a Locust master does; \
                 check --master, or wait until locust has started"
                    .to_owned(),
                out,
            );
        }
    }

    fn beat(&mut self, out: &mut Vec<Action>) {
        out.push(Action::Heartbeat(self.state()));
        self.master.beaten();
    }

    /// Sends what is kept, if it is clear that the master is to have it.
    fn send_reports(&mut self, out: &mut Vec<Action>) {
        if !self.master.is_settled() {
            return;
        }
        let next_beat = self.master.beats() + 1;
        let reports = self.outbox.send(next_beat);
        if !reports.is_empty() {
            let reports = reports.into_iter();
            out.extend(reports.map(|report| Action::Send(ToMaster::Stats(Box::new(report)))));
            self.beat(out);
        }
    }

    fn complain_once(&mut self, line: String, out: &mut Vec<Action>) {
        if !self.told.contains(&line) {
            self.told.push(line.clone());
            out.push(Action::Complain(line));
        }
    }
}

impl Load {
    /// A test without a name that was stopped cannot be told from one that begins.
    fn after_stop(test: Test) -> Self {
        match test.has_name() {
            true => Self::Over(test),
            false => Self::None,
        }
    }
}

impl Test {
    fn of(spawn: &Spawn) -> Self {
        Self {
            run_id: spawn.options.run_id(),
        }
    }

    fn has_name(&self) -> bool {
        self.run_id.is_some()
    }

    /// Whether `other` is the same. Without names nothing tells one from another but a stop.
    fn is(&self, other: &Self) -> bool {
        match (&self.run_id, &other.run_id) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests;
