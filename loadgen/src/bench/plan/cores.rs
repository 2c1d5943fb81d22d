//! Which cores are whose, if it is said.

use std::fmt::Display;

use serde::Deserialize;
use toml::Spanned;

use super::error::Problem;
use crate::system::affinity::{CoreSplit, CpuSet};

/// The keys of `cores`.
#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { load = \"0\", server = \"1\" }"
)]
pub(super) struct CoresEntry {
    load: Option<Spanned<String>>,
    server: Option<Spanned<String>>,
}

impl CoresEntry {
    /// The cores that are named, of those in `usable`; who is not named has the others.
    pub(super) fn split(&self, usable: &CoreSplit) -> Result<CoreSplit, Problem> {
        let read = |value: Option<&Spanned<String>>| {
            let set = value.map(|value| {
                let problem = |problem: String| Problem::with(value, problem);
                let set = value.get_ref().parse::<CpuSet>();
                set.map_err(|error| problem(format!("cores: {error}")))
            });
            set.transpose()
        };
        let (load, server) = (read(self.load.as_ref())?, read(self.server.as_ref())?);
        let names = Names {
            load: "cores.load",
            server: "cores.server",
        };
        split(load, server, usable, names).map_err(|problem| {
            let named = self.load.as_ref().or(self.server.as_ref());
            let span = named.map_or(0..0, Spanned::span);
            Problem::at(span, problem)
        })
    }
}

/// What the two sets of cores are called where they are named.
#[derive(Clone, Copy, Debug)]
pub struct Names<N> {
    /// The load's.
    pub load: N,
    /// The servers'.
    pub server: N,
}

/// The cores that are named, of those in `usable`; who is not named has the others.
///
/// # Errors
///
/// One line: a core is not there, is named twice, or none is left.
pub fn split<N: Display>(
    load: Option<CpuSet>,
    server: Option<CpuSet>,
    usable: &CoreSplit,
    names: Names<N>,
) -> Result<CoreSplit, String> {
    let all: CpuSet = usable.load.cores().chain(usable.server.cores()).collect();
    let missing = |set: &Option<CpuSet>| {
        let mut cores = set.iter().flat_map(CpuSet::cores);
        cores.find(|&core| !all.contains(core))
    };
    for (name, set) in [(&names.load, &load), (&names.server, &server)] {
        if let Some(core) = missing(set) {
            return Err(format!(
                "{name}: core {core} is not there for this process; choose among {all}"
            ));
        }
    }
    let others = |set: &CpuSet| all.cores().filter(|&core| !set.contains(core)).collect();
    let split = match (load, server) {
        (None, None) => return Ok(usable.clone()),
        (Some(load), None) => CoreSplit {
            server: others(&load),
            load,
        },
        (None, Some(server)) => CoreSplit {
            load: others(&server),
            server,
        },
        (Some(load), Some(server)) => CoreSplit { load, server },
    };
    check(&split, names)?;
    Ok(split)
}

/// Sides that share some cores and not others would be slowed down by each other, by how much
/// nobody could say.
fn check<N: Display>(split: &CoreSplit, names: Names<N>) -> Result<(), String> {
    let Names { load, server } = names;
    if split.load.count() == 0 {
        return Err(format!("{server} leaves no core for the load; name fewer"));
    }
    if split.server.count() == 0 {
        return Err(format!("{load} leaves no core for the servers; name fewer"));
    }
    let shared = split.load.cores().find(|&core| split.server.contains(core));
    match shared.filter(|_| !split.is_shared()) {
        None => Ok(()),
        Some(core) => Err(format!(
            "core {core} is in {load} and {server}; give each its own, or both the same"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(list: &str) -> CpuSet {
        list.parse().unwrap()
    }

    fn named(load: Option<&str>, server: Option<&str>) -> Result<String, String> {
        let usable = CoreSplit {
            load: set("0-1"),
            server: set("2-3"),
        };
        let names = Names {
            load: "LOAD",
            server: "SERVER",
        };
        let split = split(load.map(set), server.map(set), &usable, names)?;
        Ok(format!("{} {}", split.load, split.server))
    }

    #[test]
    fn who_is_not_named_has_the_others() {
        for (load, server, expected) in [
            (None, None, "0-1 2-3"),
            (Some("0"), None, "0 1-3"),
            (None, Some("0,3"), "1-2 0,3"),
            (Some("3"), Some("0"), "3 0"),
            (Some("1"), Some("1"), "1 1"),
        ] {
            assert_eq!(named(load, server).unwrap(), expected);
        }
    }

    #[test]
    fn cores_that_cannot_be_given_are_told() {
        for (load, server, words) in [
            (
                Some("4"),
                None,
                "LOAD: core 4 is not there for this process; choose among 0-3",
            ),
            (Some("0"), Some("1,9"), "SERVER: core 9 is not there"),
            (Some("0-3"), None, "LOAD leaves no core for the servers"),
            (None, Some("0-3"), "SERVER leaves no core for the load"),
            (Some("0-1"), Some("1-2"), "core 1 is in LOAD and SERVER"),
        ] {
            let error = named(load, server).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
