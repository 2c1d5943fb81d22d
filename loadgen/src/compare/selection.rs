//! A part of a benchmark: the scenarios and servers that were asked for by name.

use super::Benchmark;
use crate::record::Record;

/// Patterns of names, in which `*` stands for any characters and `?` for one. None: everything.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Of scenarios.
    pub scenarios: Vec<String>,
    /// Of servers.
    pub servers: Vec<String>,
}

impl Selection {
    /// Whether the scenario of this name is asked for.
    #[must_use]
    pub fn has_scenario(&self, name: &str) -> bool {
        fits_any(name, &self.scenarios)
    }

    /// Whether the server with this label is.
    #[must_use]
    pub fn has_server(&self, label: &str) -> bool {
        fits_any(label, &self.servers)
    }

    /// Drops the records of the others, and what is said of them.
    pub(crate) fn keep(&self, records: &mut Vec<Record>, benchmark: &mut Benchmark) {
        let has =
            |scenario: &str, server: &str| self.has_scenario(scenario) && self.has_server(server);
        records.retain(|record| {
            let bench = record.bench.as_ref();
            bench.is_none_or(|bench| has(&bench.scenario, &bench.server))
        });
        benchmark
            .servers
            .retain(|server| self.has_server(&server.label));
        let baseline = benchmark.baseline.take();
        benchmark.baseline = baseline.filter(|label| self.has_server(label));
        benchmark
            .scenarios
            .retain(|task| self.has_scenario(&task.name));
        for task in &mut benchmark.scenarios {
            task.left_out
                .retain(|left_out| self.has_server(&left_out.server));
        }
        benchmark
            .given_up
            .retain(|it| has(&it.scenario, &it.server));
    }
}

fn fits_any(name: &str, patterns: &[String]) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| fits(name, pattern))
}

/// Whether `name` fits `pattern`, which is that of a shell without brackets.
pub(crate) fn fits(name: &str, pattern: &str) -> bool {
    let (name, pattern) = (name.as_bytes(), pattern.as_bytes());
    let (mut at, mut of) = (0, 0);
    // Where to go on if what follows the last star does not fit: with one character more for it.
    let mut retry: Option<(usize, usize)> = None;
    while at < name.len() {
        match pattern.get(of) {
            Some(b'*') => {
                retry = Some((at, of));
                of += 1;
            }
            Some(&char) if char == b'?' || char == name[at] => (at, of) = (at + 1, of + 1),
            _ => {
                let Some((star_at, star_of)) = retry else {
                    return false;
                };
                retry = Some((star_at + 1, star_of));
                (at, of) = (star_at + 1, star_of + 1);
            }
        }
    }
    pattern[of..].iter().all(|&char| char == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::sample::sync_and_async;

    #[test]
    fn what_is_not_asked_for_is_left_out_of_records_and_benchmark() {
        let (mut records, other) = sync_and_async(13_100.0, 24.0);
        let mut benchmark = Benchmark::seen_in(&[records.clone(), other.clone()].concat());
        let kept = records.clone();
        records.extend(other);
        let selection = Selection {
            scenarios: Vec::new(),
            servers: vec!["s*c".to_owned()],
        };
        selection.keep(&mut records, &mut benchmark);
        assert_eq!(records, kept);
        let labels: Vec<_> = benchmark
            .servers
            .iter()
            .map(|it| it.label.as_str())
            .collect();
        assert_eq!((labels, benchmark.scenarios.len()), (vec!["sync"], 1));
    }
}
