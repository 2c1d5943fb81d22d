//! A `[[scenario]]` of a plan, which may stand for many: a key with a list of values is an axis,
//! and there is a scenario for each combination.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::Deserialize;
use toml::Spanned;

use super::axis::Axis;
use super::error::Problem;
use super::name::{check_name, fill_in};
use super::{Scenario, find_server};
use crate::compare::LeftOut;
use crate::plan::Background;

/// Connections of one run.
const CONNECTIONS: RangeInclusive<i64> = 1..=20_000;

/// Connections beside the load, of each kind.
const BACKGROUND: RangeInclusive<i64> = 0..=1_000_000;

/// Most scenarios of a plan: what a slip in a list makes is stopped here.
pub(super) const SCENARIOS_MAX: usize = 1000;

/// The keys of a `[[scenario]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioEntry {
    name: Spanned<String>,
    path: Option<Spanned<Axis<String>>>,
    keep_alive: Option<Spanned<Axis<bool>>>,
    tls: Option<Spanned<Axis<bool>>>,
    connections: Option<Spanned<Axis<i64>>>,
    idle: Option<Spanned<Axis<i64>>>,
    slow_readers: Option<Spanned<Axis<i64>>>,
    slow_path: Option<Spanned<String>>,
    #[serde(default)]
    flags: Vec<String>,
    servers: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    without: BTreeMap<Spanned<String>, Spanned<String>>,
}

impl ScenarioEntry {
    /// The scenarios that it stands for, the last axis in the order of the struct changing fastest.
    /// `labels` are the servers of the plan.
    pub(super) fn expand(&self, labels: &[&str]) -> Result<Vec<Scenario>, Problem> {
        let mut scenarios = vec![self.template(labels)?];
        vary(&mut scenarios, self.path.as_ref(), |scenario, path| {
            scenario.path = checked("path", path)?;
            Ok(())
        })?;
        vary(
            &mut scenarios,
            self.keep_alive.as_ref(),
            |scenario, kept| {
                scenario.keep_alive = *kept;
                Ok(())
            },
        )?;
        vary(&mut scenarios, self.tls.as_ref(), |scenario, tls| {
            scenario.tls = *tls;
            Ok(())
        })?;
        vary(&mut scenarios, self.connections.as_ref(), |scenario, n| {
            scenario.connections = count("connections", *n, &CONNECTIONS)?;
            Ok(())
        })?;
        vary(&mut scenarios, self.idle.as_ref(), |scenario, n| {
            scenario.background.idle = count("idle", *n, &BACKGROUND)?;
            Ok(())
        })?;
        vary(&mut scenarios, self.slow_readers.as_ref(), |scenario, n| {
            scenario.background.slow_readers = count("slow_readers", *n, &BACKGROUND)?;
            Ok(())
        })?;
        for scenario in &mut scenarios {
            scenario.name = fill_in(&self.name, scenario)?;
            self.check_slow_path(scenario)?;
        }
        Ok(scenarios)
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

    /// What all its scenarios have in common, and what each has unless it is written.
    fn template(&self, labels: &[&str]) -> Result<Scenario, Problem> {
        let slow_path = self.slow_path.as_ref().map(|path| {
            let problem = |problem| Problem::with(path, problem);
            checked("slow_path", path.get_ref()).map_err(problem)
        });
        let (servers, without) = self.servers(labels)?;
        Ok(Scenario {
            background: Background {
                slow_path: slow_path.transpose()?,
                ..Background::default()
            },
            flags: self.flags.clone(),
            servers,
            without,
            ..Scenario::default()
        })
    }

    /// The places of the servers that bear it, and those that are left out.
    fn servers(&self, labels: &[&str]) -> Result<(Vec<usize>, Vec<LeftOut>), Problem> {
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

fn count(key: &str, value: i64, range: &RangeInclusive<i64>) -> Result<usize, String> {
    let (least, most) = (range.start(), range.end());
    usize::try_from(value)
        .ok()
        .filter(|_| range.contains(&value))
        .ok_or_else(|| format!("{key} is {value}; give a whole number from {least} to {most}"))
}

fn checked(key: &str, path: &str) -> Result<String, String> {
    let written = path.escape_debug();
    crate::plan::path(path).map_err(|problem| format!("{key} is '{written}'; {problem}"))
}
