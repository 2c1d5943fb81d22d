//! The shards of a run added up, one after the other.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use super::client::Spent;
use super::counts::Counts;
use super::error::MergeError;
use super::limits::{self, Limits};
use super::member::Member;
use super::network::network;
use super::ranges::ranges;
use super::roll::{Entry, Roll};
use super::server::server;
use super::tool::Tools;
use super::window::Window;
use super::{Outcome, environment, held, plan, target};
use crate::record::{
    Background, ClockQuality, Environment, Merged, Plan, Record, SCHEMA, Schedule, Server, Target,
    Validity, build, shift_s, timestamp,
};

/// What has been added so far.
#[derive(Debug)]
pub(super) struct Sum {
    first_ms: u64,
    counts: Counts,
    members: Vec<Member>,
    spent: Spent,
    /// Of what is not added up, as the first record has it; none before that.
    besides: Option<Besides>,
    background: Option<Background>,
    /// What was seen of the server, by the shard with this place.
    server: Option<(usize, Server)>,
    limits: Limits,
    interrupted: bool,
}

#[derive(Debug)]
struct Besides {
    tools: Tools,
    target: Target,
    /// Of the whole run.
    plan: Plan,
    environment: Environment,
}

/// How much of the time all shards ran.
struct Times {
    all: Window,
    common: Window,
}

impl Sum {
    pub(super) fn of(roll: &Roll) -> Self {
        Self {
            first_ms: roll.started_ms,
            counts: Counts::new(),
            members: Vec::new(),
            spent: Spent::default(),
            besides: None,
            background: None,
            server: None,
            limits: Limits::default(),
            interrupted: false,
        }
    }

    /// Adds a record; those of one worker come one after the other.
    pub(super) fn add(&mut self, record: Record, entry: &Entry) -> Result<(), MergeError> {
        let broken = |trouble| MergeError::Broken {
            origin: entry.origin.clone(),
            trouble,
        };
        let later_s = shift_s(entry.started_ms, self.first_ms);
        let seconds = self.counts.add(&record, later_s).map_err(broken)?;
        if !self.members.last().is_some_and(|member| member.is(entry)) {
            self.members.push(Member::of(entry));
        }
        if let Some(member) = self.members.last_mut() {
            member.add(&record, &seconds);
        }
        self.spent.add(&record);
        held::add(&mut self.background, record.background.as_ref());
        self.limits.add(&record);
        self.interrupted |= record.interrupted;
        match &mut self.besides {
            Some(besides) => besides.add(&record),
            besides => *besides = Besides::of(&record),
        }
        // Of a part of a worker's time nobody can say what the others asked for in it.
        if self.server.is_none() && entry.part.is_none() {
            let place = self.members.len() - 1;
            self.server = record.server.map(|server| (place, server));
        }
        Ok(())
    }

    /// Freezes the sum.
    pub(super) fn into_outcome(self, roll: &Roll) -> Result<Outcome, MergeError> {
        let Times { all, common } = self.times(roll)?;
        let Self {
            first_ms,
            counts,
            members,
            spent,
            besides,
            background,
            server: seen,
            limits,
            interrupted,
        } = self;
        let Some(besides) = besides else {
            return Err(MergeError::Empty(String::new()));
        };
        let recorder = &counts.recorder;
        let requests = recorder.requests;
        let elapsed_s = all.length_s();
        // Where there never was such a time, that of the whole is all that can be said.
        let window = match common.length_s() > 0.0 {
            true => common,
            false => all,
        };
        let shards: Vec<_> = members.iter().map(|it| it.shown(roll, &window)).collect();
        let rate_per_second = shards.iter().map(|shard| shard.rate_per_second).sum();
        let latency_ns = build::latency(recorder);
        let schedule = build::schedule(recorder).map(|schedule| Schedule {
            backlog_max: members
                .iter()
                .fold(0, |sum, member| sum.saturating_add(member.backlog_max)),
            ..schedule
        });
        let (tool, versions) = besides.tools.into_parts();
        let plan = Plan {
            threads: members.iter().map(|member| member.threads).sum(),
            ..besides.plan
        };
        let beside = background.as_ref().map_or(0, Background::held_at_start);
        let connections = plan.connections + beside;
        let started_at = timestamp(UNIX_EPOCH + Duration::from_millis(first_ms));
        let record = Record {
            schema: SCHEMA.to_owned(),
            id: format!("{started_at}-{}", roll.shard.run_id),
            started_at,
            tool,
            target: besides.target,
            plan,
            environment: besides.environment,
            bench: None,
            elapsed_s,
            requests,
            failures: recorder.failures,
            statuses: recorder.statuses.to_map(),
            connections: recorder.connections,
            bytes: recorder.bytes,
            rate_per_second,
            metrics: build::metrics(&requests, rate_per_second, latency_ns.total.as_ref()),
            latency_ns,
            histograms: build::histograms(recorder, false),
            series: build::series(&recorder.seconds.tallies(), rows_end_s(&members, first_ms)),
            paths: build::paths(counts.paths.iter().map(String::as_str), recorder),
            client: spent.client(&members, &requests, schedule.as_ref()),
            schedule,
            server: seen
                .and_then(|(place, seen)| server(seen, place, &members, first_ms, connections)),
            background,
            network: network(&members),
            validity: Validity::from(Vec::new()),
            gates: Vec::new(),
            interrupted,
            imported: None,
            shard: None,
            merged: Some(Merged {
                run_id: roll.shard.run_id.clone(),
                machines: machines(&members),
                start_skew_s: start_skew_s(&members, first_ms),
                overlap_s: common.length_s(),
                overlap_share: match elapsed_s > 0.0 {
                    true => common.length_s() / elapsed_s,
                    false => 0.0,
                },
                clocks_unsynchronised: unsynchronised(&members),
                clock_error_s_max: clock_error_s_max(&members),
                missing: roll.missing.clone(),
                versions,
                cut_short: roll.is_cut_short(),
                shards,
            }),
        };
        let warnings = roll.warnings().into_iter().chain(limits.warning());
        let warnings = warnings.collect();
        let gates = limits.into_gates();
        let judged = limits::judged(&gates, &record);
        let record = Record {
            gates: judged,
            ..record
        };
        Ok(Outcome {
            record: record.judged(),
            gates,
            warnings,
        })
    }

    /// Workers of Locust come and go, so it may be that there never were all of them; and one that
    /// was lost is not one of those that are waited for.
    fn times(&self, roll: &Roll) -> Result<Times, MergeError> {
        let windows = || self.members.iter().map(|it| (it, it.window(self.first_ms)));
        let is_lost = |member: &Member| {
            let worker = member.worker.as_ref();
            worker.is_some_and(|worker| roll.absence(worker).is_lost)
        };
        let nothing = Window {
            from_s: 0.0,
            to_s: 0.0,
        };
        let all = windows().map(|(_, window)| window).reduce(Window::span);
        let staying = windows().filter(|(member, _)| !is_lost(member));
        let common = staying.map(|(_, window)| window).reduce(Window::and);
        let common = common.or_else(|| windows().map(|(_, window)| window).reduce(Window::and));
        let (all, common) = all.zip(common).unwrap_or((nothing, nothing));
        if common.length_s() > 0.0 || roll.shard.of.is_none() {
            return Ok(Times { all, common });
        }
        let first_to_end = windows().min_by(|(_, a), (_, b)| a.to_s.total_cmp(&b.to_s));
        let last_to_begin = windows().max_by(|(_, a), (_, b)| a.from_s.total_cmp(&b.from_s));
        let index = |found: Option<(&Member, Window)>| found.map_or(0, |(it, _)| it.index);
        Err(MergeError::Apart {
            a: index(first_to_end),
            b: index(last_to_begin),
            gap_s: common.from_s - common.to_s,
            next_step: self.to_run_together(roll),
        })
    }

    /// What to do about shards that did not run at the same time, by their clocks.
    fn to_run_together(&self, roll: &Roll) -> String {
        let adrift = self.members.iter().filter(|it| !is_kept(it.clock));
        let adrift: Vec<u64> = adrift.map(|it| it.index).collect();
        if !adrift.is_empty() && machines(&self.members) > 1 {
            return format!(
                "nothing is known to keep the clocks of shards {}: check them there (chronyc \
                 tracking), and run all again",
                ranges(&adrift)
            );
        }
        match roll.shard.start_at {
            Some(_) => "check the clocks (chronyc tracking), and run all again, with a later \
                        --start-at, by which all are there"
                .to_owned(),
            None => "run all again, for longer, or with one --start-at for all".to_owned(),
        }
    }
}

impl Besides {
    /// None of a record that is no shard.
    fn of(record: &Record) -> Option<Self> {
        Some(Self {
            tools: Tools::of(&record.tool),
            target: record.target.clone(),
            plan: (*record.shard.as_ref()?.plan).clone(),
            environment: record.environment.clone(),
        })
    }

    fn add(&mut self, record: &Record) {
        self.tools.add(&record.tool);
        target::add(&mut self.target, &record.target);
        if let Some(shard) = &record.shard {
            plan::add(&mut self.plan, &shard.plan);
        }
        environment::add(&mut self.environment, &record.environment);
    }
}

/// Where the last of the rows ends, shifted as they are.
fn rows_end_s(members: &[Member], first_ms: u64) -> f64 {
    let ends = members
        .iter()
        .map(|member| shift_s(member.started_ms, first_ms) as f64 + member.elapsed_s);
    ends.fold(0.0, f64::max)
}

fn machines(members: &[Member]) -> u64 {
    let machines = members.iter().map(|member| (member.machine.as_str(), ()));
    machines.collect::<BTreeMap<_, _>>().len() as u64
}

fn start_skew_s(members: &[Member], first_ms: u64) -> f64 {
    let starts = members.iter().map(|member| member.started_ms - first_ms);
    starts.max().unwrap_or_default() as f64 / 1000.0
}

fn unsynchronised(members: &[Member]) -> u64 {
    let clocks = members.iter().map(|member| member.clock);
    clocks.filter(|&clock| !is_kept(clock)).count() as u64
}

/// Whether something is known to keep it in step with others.
fn is_kept(clock: ClockQuality) -> bool {
    clock.synchronised == Some(true)
}

fn clock_error_s_max(members: &[Member]) -> Option<f64> {
    let error_s = |clock: ClockQuality| clock.error_s_max;
    let errors = members.iter().filter_map(|it| error_s(it.clock));
    errors.reduce(f64::max)
}
