//! What all shards of a run have to agree on, in a line that is the same on every machine.

use aws_lc_rs::digest::{Context, SHA256};
use serde::Serialize;

use crate::hexadecimal::hexadecimal;
use crate::plan::{self, Order, Plan};
use crate::record;

/// What comes first, so that a later form of the text has hashes of its own.
const FORM: &[u8] = b"loadgen/plan/v1\n";

/// What is the same in all shards, as far as it is text.
#[derive(Serialize)]
struct Agreed<'a> {
    url: &'a str,
    unix_path: Option<String>,
    paths: &'a [String],
    /// What decides the order of several paths, if chance does.
    paths_seed: Option<u64>,
    server_name: Option<&'a str>,
    plan: record::Plan,
}

/// SHA-256, in hexadecimal, of the settings of `whole`, its URLs, its body and the one it expects.
///
/// It leaves out what is a machine's own (threads, cores, local addresses), the version of this
/// program, and who is told what: gates. Credentials are in it as a record has them, masked, for it
/// is made to be shown.
#[must_use]
pub fn plan_hash(whole: &Plan) -> String {
    let text = serde_json::to_vec(&Agreed::on(whole)).expect("settings are plain data");
    let body = whole.scenario.body.as_deref();
    let expected = whole.expect.body.as_deref();
    let mut hash = Context::new(&SHA256);
    hash.update(FORM);
    // Each behind its length, or two of them could be divided in another way.
    for part in [Some(text.as_slice()), body, expected] {
        let bytes = part.unwrap_or_default();
        hash.update(&[u8::from(part.is_some())]);
        hash.update(&(bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    hexadecimal(hash.finish().as_ref())
}

impl<'a> Agreed<'a> {
    fn on(whole: &'a Plan) -> Self {
        let (target, scenario) = (&whole.target, &whole.scenario);
        let unix_path = target.route.unix_path();
        Self {
            url: &target.url.masked,
            unix_path: unix_path.map(|path| path.display().to_string()),
            paths: scenario.paths.list(),
            paths_seed: match scenario.paths.order {
                Order::RoundRobin => None,
                Order::Random { seed } => Some(seed),
            },
            server_name: whole.tls.as_ref().and_then(plan::Tls::told_name),
            plan: everywhere(whole),
        }
    }
}

/// The settings without what is a machine's own.
fn everywhere(whole: &Plan) -> record::Plan {
    let ours: Vec<String> = plan::identification()
        .iter()
        .map(plan::Header::masked)
        .collect();
    let mut settings = record::settings(whole);
    settings.headers.retain(|header| !ours.contains(header));
    settings.without_machines_own()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;

    const BASE: &str = "-c 8 -n 80 http://127.0.0.1:1/";

    fn hash(words: &str) -> String {
        plan_hash(&cli::plan_of(words).unwrap_or_else(|error| panic!("{words}: {error}")))
    }

    #[test]
    fn it_is_the_same_on_every_machine() {
        // If a change of the text is meant, FORM is to change with it.
        assert_eq!(
            hash(BASE),
            "855e02ec01f2d62baee0cd0304afa2829dd0092434d72cdd1b69ffb705ce87d1"
        );
    }

    #[test]
    fn what_is_a_machines_own_is_not_in_it() {
        for flags in [
            "--threads 4",
            "--cpu-list 0",
            "-B 127.0.0.2",
            "-B 127.0.0.3-127.0.0.4",
            "--max-p99 5ms",
            "-q",
            "--format text",
        ] {
            assert_eq!(hash(&format!("{flags} {BASE}")), hash(BASE), "{flags}");
        }
    }

    #[test]
    fn each_setting_changes_it() {
        let mut hashes = vec![hash(BASE)];
        for words in [
            "-c 9 -n 80 http://127.0.0.1:1/",
            "-c 8 -n 81 http://127.0.0.1:1/",
            "-c 8 --duration 5s http://127.0.0.1:1/",
            "-c 8 --duration 6s http://127.0.0.1:1/",
            "-c 8 -n 80 http://127.0.0.1:2/",
            "-c 8 -n 80 http://127.0.0.1:1/a",
            "-c 8 -n 80 https://127.0.0.1:1/",
            "-c 8 -n 80 https://localhost:1/",
        ] {
            hashes.push(hash(words));
        }
        for flags in [
            "-k",
            "-k --pipeline 2",
            "-i",
            "--http2",
            "--http2 --streams 2",
            "--rate 50",
            "--rate 51",
            "--rate 50 --arrival poisson",
            "--rate 50 --arrival poisson --seed 2",
            "--rate 50 --spin",
            "--warmup 1s",
            "-s 5",
            "--connect-timeout 2s",
            "--engine hyper",
            "--driver io-uring",
            "-H X:1",
            "-H X:2",
            "-H User-Agent:curl",
            "-b 9000",
            "-X 127.0.0.1:3",
            "--connect-to ::127.0.0.1:2",
            "--idle-connections 8",
            "--slow-readers 8",
            "--slow-readers 8 --slow-path /bytes/9",
            "--expect-status 200",
            "--expect-length 5",
            "--unix /tmp/a",
            "--unix /tmp/b",
        ] {
            hashes.push(hash(&format!("{flags} {BASE}")));
        }
        let count = hashes.len();
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), count);
    }

    #[test]
    fn bodies_change_it_though_they_are_as_long() {
        let mut plan = cli::plan_of(BASE).unwrap();
        let mut hashes = Vec::new();
        for (body, expected) in [
            (None, None),
            (Some("a"), None),
            (Some("b"), None),
            (None, Some("a")),
            (None, Some("b")),
            (Some("a"), Some("b")),
        ] {
            plan.scenario.body = body.map(|text: &str| text.into());
            plan.expect.body = expected.map(|text: &str| text.into());
            hashes.push(plan_hash(&plan));
        }
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), 6);
    }

    #[test]
    fn what_is_asked_for_and_in_which_order_changes_it() {
        let mut plan = cli::plan_of(BASE).unwrap();
        let origin = plan.target.url.clone();
        let mut hash = |text: &str, order| {
            plan.scenario.paths = plan::Paths::parse(text, &origin, order).unwrap();
            plan_hash(&plan)
        };
        let mut hashes = vec![
            hash("/a\n/b", Order::RoundRobin),
            hash("/b\n/a", Order::RoundRobin),
            hash("/a\n/b", Order::Random { seed: 1 }),
            hash("/a\n/b", Order::Random { seed: 2 }),
        ];
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), 4);
    }
}
