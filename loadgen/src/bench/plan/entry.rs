//! A `[[scenario]]` of a plan, which may stand for many: a key with a list of values is an axis,
//! and there is a scenario for each combination. `template` has what they have in common.

mod template;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::str::FromStr;

use clap::ValueEnum;
use serde::Deserialize;
use toml::Spanned;

use super::axis::Axis;
use super::error::Problem;
use super::gates::GatesEntry;
use super::keys::in_keys;
use super::name::{check_name, fill_in};
use super::text::Text;
use super::{Gates, Scenario, Timing, find_server};
use crate::compare::LeftOut;
use crate::plan::{
    Arrival, BACKGROUND_MAX, CONNECTIONS_MAX, EngineName, MAX_IN_FLIGHT, Method, ON_EACH_MAX, Rate,
    Schedule,
};
use crate::system::affinity::CoreSplit;

/// Connections of one run.
const CONNECTIONS: RangeInclusive<i64> = 1..=CONNECTIONS_MAX as i64;

/// Requests in flight on each of them.
const ON_EACH: RangeInclusive<i64> = 1..=ON_EACH_MAX as i64;

/// Requests of one run.
const REQUESTS: RangeInclusive<i64> = 1..=1_000_000_000_000;

/// Connections beside the load, of each kind.
const BACKGROUND: RangeInclusive<i64> = 0..=BACKGROUND_MAX as i64;

/// Most scenarios of a plan: what a slip in a list makes is stopped here.
pub(super) const SCENARIOS_MAX: usize = 1000;

/// The keys of a `[[scenario]]`. Those of a run have the names of its long flags.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table under [[scenario]]")]
pub(super) struct ScenarioEntry {
    name: Spanned<String>,
    // What may have a list, in the order in which scenarios change, the last fastest.
    path: Option<Spanned<Axis<String>>>,
    method: Option<Spanned<Axis<Text>>>,
    keep_alive: Option<Spanned<Axis<bool>>>,
    tls: Option<Spanned<Axis<bool>>>,
    http2: Option<Spanned<Axis<bool>>>,
    engine: Option<Spanned<Axis<Text>>>,
    connections: Option<Spanned<Axis<i64>>>,
    pipeline: Option<Spanned<Axis<i64>>>,
    streams: Option<Spanned<Axis<i64>>>,
    rate: Option<Spanned<Axis<Text>>>,
    requests: Option<Spanned<Axis<i64>>>,
    idle: Option<Spanned<Axis<i64>>>,
    slow_readers: Option<Spanned<Axis<i64>>>,
    // What all its scenarios have in common.
    pub(super) slow_path: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) headers: Vec<Spanned<String>>,
    pub(super) content_type: Option<Spanned<String>>,
    pub(super) body: Option<Spanned<String>>,
    pub(super) body_file: Option<Spanned<String>>,
    pub(super) arrival: Option<Spanned<Text>>,
    pub(super) seed: Option<Spanned<Text>>,
    pub(super) spin: Option<Spanned<bool>>,
    pub(super) driver: Option<Spanned<Text>>,
    pub(super) threads: Option<Spanned<i64>>,
    pub(super) duration: Option<Spanned<Text>>,
    pub(super) timeout: Option<Spanned<Text>>,
    pub(super) connect_timeout: Option<Spanned<Text>>,
    pub(super) expect_status: Option<Spanned<Text>>,
    pub(super) expect_length: Option<Spanned<Text>>,
    pub(super) expect_body: Option<Spanned<String>>,
    pub(super) verify: Option<Spanned<bool>>,
    pub(super) cacert: Option<Spanned<String>>,
    pub(super) cert: Option<Spanned<String>>,
    pub(super) key: Option<Spanned<String>>,
    pub(super) resumption: Option<Spanned<bool>>,
    pub(super) gates: Option<GatesEntry>,
    #[serde(default)]
    flags: Vec<String>,
    servers: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    without: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// What a scenario depends on beside its own keys.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings<'a> {
    /// The servers of the plan.
    pub(super) labels: &'a [&'a str],
    pub(super) timing: &'a Timing,
    pub(super) cores: &'a CoreSplit,
    pub(super) gates: &'a Gates,
}

impl ScenarioEntry {
    /// The scenarios that it stands for, the last axis in the order of the struct changing fastest.
    pub(super) fn expand(&self, plan: Surroundings<'_>) -> Result<Vec<Scenario>, Problem> {
        let mut scenarios = vec![self.template(plan)?];
        self.vary_request(&mut scenarios)?;
        self.vary_load(&mut scenarios)?;
        for scenario in &mut scenarios {
            scenario.keep_alive |= scenario.client.http2;
            scenario.name = fill_in(&self.name, scenario)?;
            self.check_slow_path(scenario)?;
            self.check_tls(scenario)?;
            let checked = scenario.check(&scenario.path, plan.timing, plan.cores);
            checked.map_err(|problem| self.problem(&in_keys(&problem)))?;
        }
        Ok(scenarios)
    }

    fn vary_request(&self, scenarios: &mut Vec<Scenario>) -> Result<(), Problem> {
        vary(scenarios, self.path.as_ref(), |scenario, path| {
            scenario.path = checked("path", path)?;
            Ok(())
        })?;
        vary(scenarios, self.method.as_ref(), |scenario, method| {
            scenario.method = method.read("method", Method::from_str)?;
            Ok(())
        })?;
        vary(scenarios, self.keep_alive.as_ref(), |scenario, kept| {
            scenario.keep_alive = *kept;
            Ok(())
        })?;
        vary(scenarios, self.tls.as_ref(), |scenario, tls| {
            scenario.tls = *tls;
            Ok(())
        })?;
        vary(scenarios, self.http2.as_ref(), |scenario, http2| {
            scenario.client.http2 = *http2;
            Ok(())
        })?;
        vary(scenarios, self.engine.as_ref(), |scenario, engine| {
            scenario.client.engine = Some(engine.read("engine", one_of::<EngineName>)?);
            Ok(())
        })
    }

    fn vary_load(&self, scenarios: &mut Vec<Scenario>) -> Result<(), Problem> {
        vary(scenarios, self.connections.as_ref(), |scenario, n| {
            scenario.connections = count("connections", *n, &CONNECTIONS)?;
            Ok(())
        })?;
        vary(scenarios, self.pipeline.as_ref(), |scenario, n| {
            scenario.pipeline = count("pipeline", *n, &ON_EACH)?;
            Ok(())
        })?;
        vary(scenarios, self.streams.as_ref(), |scenario, n| {
            scenario.client.streams = Some(count("streams", *n, &ON_EACH)?);
            Ok(())
        })?;
        let spacing = self.spacing()?;
        let spin = self.spin.as_ref().is_some_and(|spin| *spin.get_ref());
        vary(scenarios, self.rate.as_ref(), |scenario, rate| {
            let rate = rate.read("rate", Rate::from_str)?;
            scenario.arrival = Arrival::Open(Schedule {
                rate,
                spacing,
                spin,
            });
            if self.connections.is_none() {
                scenario.connections = MAX_IN_FLIGHT;
            }
            Ok(())
        })?;
        vary(scenarios, self.requests.as_ref(), |scenario, n| {
            scenario.requests = Some(count("requests", *n, &REQUESTS)? as u64);
            Ok(())
        })?;
        vary(scenarios, self.idle.as_ref(), |scenario, n| {
            scenario.background.idle = count("idle", *n, &BACKGROUND)?;
            Ok(())
        })?;
        vary(scenarios, self.slow_readers.as_ref(), |scenario, n| {
            scenario.background.slow_readers = count("slow_readers", *n, &BACKGROUND)?;
            Ok(())
        })
    }

    /// The place of what is said of several keys: that of the first that is named.
    fn problem(&self, text: &str) -> Problem {
        let first = text.split_whitespace().next().unwrap_or_default();
        let span = match first {
            "connections" => self.connections.as_ref().map(Spanned::span),
            "pipeline" => self.pipeline.as_ref().map(Spanned::span),
            "streams" => self.streams.as_ref().map(Spanned::span),
            "http2" => self.http2.as_ref().map(Spanned::span),
            "engine" => self.engine.as_ref().map(Spanned::span),
            "driver" => self.driver.as_ref().map(Spanned::span),
            "rate" => self.rate.as_ref().map(Spanned::span),
            _ => None,
        };
        Problem::at(span.unwrap_or(self.name.span()), text)
    }

    /// That `scenario`, which this entry made, has a name fit for files that none of `others` has.
    pub(super) fn check_name(
        &self,
        scenario: &Scenario,
        others: &[Scenario],
    ) -> Result<(), Problem> {
        let name = &scenario.name;
        check_name(&self.name, name)?;
        if others.iter().all(|other| other.name != *name) {
            return Ok(());
        }
        let problem = format!(
            "two scenarios are called {name}; give each a name of its own, with {{KEY}} in it for \
             each key that has a list"
        );
        Err(Problem::with(&self.name, problem))
    }

    fn check_slow_path(&self, scenario: &Scenario) -> Result<(), Problem> {
        match &self.slow_path {
            Some(path) if scenario.background.slow_readers == 0 => {
                let problem = "slow_path is what slow readers ask for; add slow_readers or drop it";
                Err(Problem::with(path, problem))
            }
            _ => Ok(()),
        }
    }

    /// The places of the servers that bear it, and those that are left out.
    pub(super) fn servers(&self, labels: &[&str]) -> Result<(Vec<usize>, Vec<LeftOut>), Problem> {
        let mut servers: Vec<usize> = match &self.servers {
            None => (0..labels.len()).collect(),
            Some(names) => {
                let found = names.iter().map(|name| find_server(name, labels));
                found.collect::<Result<_, _>>()?
            }
        };
        servers.sort_unstable();
        servers.dedup();
        let mut without = Vec::with_capacity(self.without.len());
        for (server, why) in &self.without {
            let place = find_server(server, labels)?;
            servers.retain(|&other| other != place);
            if why.get_ref().trim().is_empty() {
                let problem = format!("nothing says why {} is left out; say it", server.get_ref());
                return Err(Problem::with(why, problem));
            }
            without.push((place, why.get_ref().trim().to_owned()));
        }
        if servers.is_empty() {
            let problem = "no server is left for this scenario; shorten `without`, or name servers";
            return Err(Problem::with(&self.name, problem));
        }
        without.sort();
        let without = without.into_iter().map(|(place, why)| LeftOut {
            server: labels[place].to_owned(),
            why,
        });
        Ok((servers, without.collect()))
    }
}

/// Makes each scenario once for every value of `axis`, if it is written.
fn vary<T>(
    scenarios: &mut Vec<Scenario>,
    axis: Option<&Spanned<Axis<T>>>,
    set: impl Fn(&mut Scenario, &T) -> Result<(), String>,
) -> Result<(), Problem> {
    let Some(axis) = axis else {
        return Ok(());
    };
    let values = axis.get_ref().values();
    if scenarios.len() * values.len() > SCENARIOS_MAX {
        let problem = format!("the lists make over {SCENARIOS_MAX} scenarios; shorten one");
        return Err(Problem::with(axis, problem));
    }
    let varied = scenarios.iter().flat_map(|scenario| {
        values.iter().map(|value| {
            let mut scenario = scenario.clone();
            set(&mut scenario, value)?;
            Ok(scenario)
        })
    });
    let varied: Result<Vec<Scenario>, String> = varied.collect();
    *scenarios = varied.map_err(|problem| Problem::with(axis, problem))?;
    Ok(())
}

pub(super) fn count(key: &str, value: i64, range: &RangeInclusive<i64>) -> Result<usize, String> {
    let (least, most) = (range.start(), range.end());
    usize::try_from(value)
        .ok()
        .filter(|_| range.contains(&value))
        .ok_or_else(|| format!("{key} is {value}; give a whole number from {least} to {most}"))
}

/// A word as a flag of the same name takes it.
pub(super) fn one_of<T: ValueEnum>(text: &str) -> Result<T, String> {
    T::from_str(text, false).map_err(|_| {
        let known = T::value_variants().iter().filter_map(T::to_possible_value);
        let known: Vec<String> = known.map(|it| it.get_name().to_owned()).collect();
        format!("give one of {}", known.join(", "))
    })
}

pub(super) fn checked(key: &str, path: &str) -> Result<String, String> {
    let written = path.escape_debug();
    crate::plan::path(path).map_err(|problem| format!("{key} is '{written}'; {problem}"))
}
