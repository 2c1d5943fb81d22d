//! `loadgen bench --plan`: plans from files, what becomes of servers that fail,
//! tables in the place of pairs, and the same again from the records.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::fake_servers::{FakeServers, real_servers};
use crate::loadgen::{Ended, command, run, start};
use crate::rounds::{Results, record};
use crate::schema::COMPARISON;

/// A benchmark that takes longer hangs.
const HANG_GUARD: Duration = Duration::from_secs(120);

/// Two servers, and runs as short as can be.
const HEAD: &str = r#"rounds = 6
duration = "30ms"
warmup = "0s"

[[server]]
label = "blocking"
program = "server-sync"
model = "thread-per-connection"

[[server]]
label = "waiting"
program = "server-async"
model = "tokio"
"#;

/// A plan in a file, and a place for its results.
struct Bench(TempDir);

impl Bench {
    fn of(scenarios: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(
            directory.path().join("mine.toml"),
            format!("{HEAD}{scenarios}"),
        )
        .unwrap();
        Self(directory)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn run(&self, servers: &str, args: &[&str]) -> Ended {
        let (plan, out) = (self.path("mine.toml"), self.path("out"));
        let places = [
            "bench",
            "--plan",
            &plan,
            "--out",
            &out,
            "--servers",
            servers,
        ];
        start(command(&[&places, args].concat())).end_within(HANG_GUARD)
    }

    fn comparison(&self) -> Value {
        let path = PathBuf::from(self.path("out")).join("comparison.json");
        let comparison = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        COMPARISON.assert_valid(&comparison);
        comparison
    }

    fn files(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.path("out")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }
}

fn real() -> String {
    real_servers().to_str().unwrap().to_owned()
}

#[test]
fn a_server_that_fails_in_one_scenario_is_given_up_there_and_nowhere_else() {
    let bench = Bench::of(
        r#"
[[scenario]]
name = "limited"
flags = ["--max-connections", "7"]

[[scenario]]
name = "unlimited"
connections = 2
keep_alive = true
"#,
    );
    let script = r#"
        case "$0 $*" in *server-async*--max-connections*) echo 'too few' >&2; exit 7 ;; esac
        exec "$real" "$@""#;
    let ended = bench.run(FakeServers::new(script).path(), &[]);
    assert_eq!(ended.code, Some(5), "{ended:?}");
    let left_out = "left out: waiting in scenario limited was given up in round 1: waiting ended \
                    by itself (exit status: 7); its last words: too few";
    for words in [left_out, "unlimited: waiting against blocking"] {
        assert!(ended.stdout.contains(words), "no {words:?} in {ended:?}");
    }
    let comparison = bench.comparison();
    let given_up = &comparison["benchmark"]["given_up"];
    assert_eq!(given_up.as_array().unwrap().len(), 1, "it was tried once");
    assert_eq!(comparison["cases"].as_array().unwrap().len(), 1);
    assert_eq!(bench.files().len(), 6 + 12 + 3, "{:?}", bench.files());

    let again = run(&["compare", &bench.path("out")]);
    let out = bench.path("out");
    let places = format!("\nresults: {out}\nreport: {out}/report.html\n");
    assert_eq!(again.stdout + &places, ended.stdout);
    assert_eq!(again.code, ended.code);
}

#[test]
fn what_is_too_much_for_pairs_is_in_tables_and_can_be_had_again() {
    let bench = Bench::of(
        r#"
[[scenario]]
name = "kept-{connections}-{idle}"
connections = [1, 2]
idle = [0, 3]
keep_alive = true
without = { blocking = "is not asked" }
"#,
    );
    let ended = bench.run(&real(), &["--records", "packed", "--scenario", "kept-?-3"]);
    // A debug build measures itself.
    let is_debug = cfg!(debug_assertions);
    assert!(
        ended.code == Some(5) || !is_debug && ended.code == Some(0),
        "{ended:?}"
    );
    let expected = [
        "comparison.json",
        "records.jsonl.gz",
        "report.html",
        "summary.md",
    ];
    assert_eq!(bench.files(), expected.map(str::to_owned).into());
    let rows = &bench.comparison()["matrix"]["rows"];
    let (rows, names) = (rows.as_array().unwrap(), ["kept-1-3", "kept-2-3"]);
    assert_eq!(rows.len(), names.len(), "{rows:?}");
    for (row, name) in rows.iter().zip(names) {
        assert_eq!(row["scenario"], name);
        assert_eq!(row["cells"][0]["records"].as_array().unwrap().len(), 6);
    }

    let directory = bench.path("out");
    let markdown = run(&["compare", "--markdown", &directory]);
    let summary = fs::read_to_string(PathBuf::from(&directory).join("summary.md")).unwrap();
    assert!(summary.starts_with(&markdown.stdout), "{markdown:?}");
    for words in [
        "## requests per second (higher is better)",
        "- · blocking in kept-1-3, kept-2-3: is not asked",
        "- `kept-1-3`: GET /, 1 connection kept alive, 3 idle",
        "- `waiting`: `server-async --model tokio`",
    ] {
        assert!(summary.contains(words), "no {words:?} in {summary}");
    }
    let allowed = run(&["compare", "--json", "--allow-invalid", &directory]);
    let cell = &allowed.document(&COMPARISON)["matrix"]["rows"][0]["cells"][0];
    assert_eq!(cell["rounds"].as_array().unwrap().len(), 6);
    assert_eq!(cell["values"][0]["metric"], "rate_per_second");
}

#[test]
fn a_plan_that_is_none_is_told_with_its_line_and_starts_nothing() {
    let bench = Bench::of("[[scenario]]\nname = \"a\"\nconnections = 0\n");
    let words = ["mine.toml:16: connections is 0", "from 1 to 20000"];
    bench.run("/", &[]).assert_one_line_error(2, &words);
    let unknown = run(&["bench", "--plan", "modles"]);
    unknown.assert_one_line_error(2, &["'modles'", "bench and models", "./modles.toml"]);
    let missing = run(&["bench", "--plan", "/no/such.toml"]);
    missing.assert_one_line_error(2, &["/no/such.toml", "check the path"]);
    let nothing = run(&["bench", "--scenario", "kept"]);
    nothing.assert_one_line_error(2, &["--scenario 'kept'", "new-connection, keep-alive"]);
}

#[test]
fn a_plan_is_listed_and_starts_nothing() {
    for plan in ["bench", "models"] {
        let ended = run(&["bench", "--list", "--plan", plan, "--servers", "/"]);
        assert_eq!(
            (ended.code, ended.stderr.as_str()),
            (Some(0), ""),
            "{ended:?}"
        );
        assert!(ended.stdout.starts_with(&format!("{plan}: ")), "{ended:?}");
    }
}

#[test]
fn a_file_alone_has_nothing_to_be_compared_with() {
    let results = Results::new();
    results.write("new.json", record(1, 1, (10_000.0, 30.0)).to_string());
    let file = results.path("new.json");
    let file = file.to_str().unwrap();
    run(&["compare", file]).assert_one_line_error(1, &[file, "a file alone"]);
    run(&["compare", "/no/such"]).assert_one_line_error(1, &["/no/such", "check the path"]);
}
