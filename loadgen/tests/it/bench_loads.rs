//! `loadgen bench`, the loads' side: what is asked of servers, by flags and by
//! keys, what they must keep, whom they are compared with, and how much of a
//! difference is the machine's.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fake_servers::real_servers;
use crate::loadgen::{Ended, command, run, start};
use crate::schema::{COMPARISON, RUN};

/// A benchmark that takes longer hangs.
const HANG_GUARD: Duration = Duration::from_secs(120);

/// A debug build measures itself, so nothing that it measures is believed.
const NOT_BELIEVED: i32 = if cfg!(debug_assertions) { 5 } else { 0 };

/// A folder of results.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// Measures two servers of this project, as if they were anybody's, in runs as short as can be.
    fn bench(&self, out: &str, args: &[&str]) -> Ended {
        let server = |label: &str, program: &str| {
            let program = real_servers().join(program);
            format!("{label}={} --listen 127.0.0.1:{{port}}", program.display())
        };
        let waiting = server("waiting", "server-async");
        let blocking = server("blocking", "server-sync --model thread-per-connection");
        let out = self.path(out);
        let servers = ["--server", &waiting, "--server", &blocking, "--out", &out];
        let short = ["--rounds", "6", "--warmup", "0s"];
        let all = [&["bench"], &servers[..], &short, args].concat();
        start(command(&all)).end_within(HANG_GUARD)
    }

    /// Carries out a plan of two servers of this project.
    fn bench_plan(&self, lines: &str, scenarios: &str) -> Ended {
        let plan = self.path("mine.toml");
        let servers = r#"
[[server]]
label = "waiting"
program = "server-async"
model = "tokio"
[[server]]
label = "blocking"
program = "server-sync"
model = "thread-per-connection"
"#;
        let head = "rounds = 6\nduration = \"40ms\"\nwarmup = \"0s\"\n";
        fs::write(&plan, format!("{head}{lines}{servers}{scenarios}")).unwrap();
        let programs = real_servers().to_str().unwrap().to_owned();
        let out = self.path("out");
        let words = [
            "bench",
            "--plan",
            &plan,
            "--out",
            &out,
            "--servers",
            &programs,
        ];
        start(command(&words)).end_within(HANG_GUARD)
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path(name)).unwrap()).unwrap()
    }

    fn record(&self, name: &str) -> Value {
        let record = self.json(name);
        RUN.assert_valid(&record);
        record
    }

    fn comparison(&self) -> Value {
        let comparison = self.json("out/comparison.json");
        COMPARISON.assert_valid(&comparison);
        comparison
    }
}

#[test]
fn the_flags_of_a_load_are_those_of_a_run() {
    let folder = Folder::new();
    fs::write(folder.path("body"), "12345").unwrap();
    let body = folder.path("body");
    let flags = [
        "-k",
        "-c",
        "4",
        "--pipeline",
        "2",
        "-n",
        "80",
        "-p",
        &body,
        "-T",
        "text/x",
        "--path",
        "/echo",
        "-H",
        "X-One: 1",
        "-H",
        "Authorization: s3cret",
        "-s",
        "9",
        "--expect-status",
        "200",
    ];
    let ended = folder.bench("out", &flags);
    assert_eq!(ended.code, Some(NOT_BELIEVED), "{ended:?}");
    for server in ["waiting", "blocking"] {
        let record = folder.record(&format!("out/kept-4.{server}.01.json"));
        let plan = &record["plan"];
        let headers = plan["headers"].as_array().unwrap();
        assert_eq!(plan["method"], "POST", "{plan}");
        for header in ["Content-Type: text/x", "X-One: 1", "Authorization: ***"] {
            assert!(headers.contains(&json!(header)), "{header}: {plan}");
        }
        let counts = ["requests", "connections", "pipeline", "request_body_bytes"];
        assert_eq!(counts.map(|key| plan[key].as_u64().unwrap()), [80, 4, 2, 5]);
        assert_eq!(
            plan.get("duration_s"),
            None,
            "only the count ends it: {plan}"
        );
        assert_eq!(plan["timeout_s"], 9.0, "{plan}");
        assert_eq!(plan["expect_statuses"], json!(["200"]), "{plan}");
        assert_eq!(record["requests"]["succeeded"], 80, "{record}");
        assert_eq!(
            record["target"]["url"]
                .as_str()
                .unwrap()
                .split('/')
                .next_back(),
            Some("echo")
        );
    }
    let load = "POST /echo with 5 bytes and 3 headers, 4 connections kept alive, 2 requests in flight \
                on each, 80 requests in all";
    assert_eq!(
        folder.comparison()["benchmark"]["scenarios"][0]["load"],
        load
    );
    for entry in fs::read_dir(folder.path("out")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[test]
fn a_rate_and_a_time_are_those_of_a_run_too() {
    let folder = Folder::new();
    let flags = [
        "--rate",
        "200",
        "--arrival",
        "poisson",
        "--seed",
        "7",
        "-t",
        "0.05",
        "-c",
        "9",
    ];
    let ended = folder.bench("out", &flags);
    assert_eq!(ended.code, Some(NOT_BELIEVED), "{ended:?}");
    let plan = &folder.record("out/new-9.waiting.06.json")["plan"];
    assert_eq!(plan["rate_per_second"], 200.0, "{plan}");
    assert_eq!(
        (&plan["arrival"], &plan["seed"]),
        (&json!("poisson"), &json!(7)),
        "{plan}"
    );
    assert_eq!(
        (&plan["duration_s"], &plan["max_in_flight"]),
        (&json!(0.05), &json!(9)),
        "{plan}"
    );
    let load = "GET /, 200 requests per second (poisson, seed 7), at most 9 connections at a time, new \
                for each request";
    let scenario = &folder.comparison()["benchmark"]["scenarios"][0];
    assert_eq!(scenario["load"], load);
}

#[test]
fn the_keys_of_a_scenario_are_in_its_records() {
    let folder = Folder::new();
    let scenarios = r#"
[[scenario]]
name = "{engine}-{method}-{rate}"
method = ["GET", "PUT"]
engine = "hyper"
rate = [300, "600/m"]
connections = 3
path = "/bytes/10"
expect_length = 10
timeout = "3s"
"#;
    let ended = folder.bench_plan("", scenarios);
    assert_eq!(ended.code, Some(NOT_BELIEVED), "{ended:?}");
    let plan = &folder.record("out/hyper-put-10.blocking.01.json")["plan"];
    assert_eq!(
        (&plan["engine"], &plan["method"]),
        (&json!("hyper"), &json!("PUT")),
        "{plan}"
    );
    assert_eq!(plan["rate_per_second"], 10.0, "{plan}");
    assert_eq!(
        (&plan["expect_length"], &plan["timeout_s"]),
        (&json!("10"), &json!(3.0)),
        "{plan}"
    );
}

#[test]
fn a_gate_that_is_missed_ends_with_3_and_is_told() {
    let folder = Folder::new();
    let scenario = "[[scenario]]\nname = \"a\"\ngates = { max_p99 = \"1us\" }\n";
    let gates = "baseline = \"blocking\"\ngates = { min_rate = 1, max_error_rate = 0 }\n";
    let ended = folder.bench_plan(gates, scenario);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let said =
        "loadgen: gate missed: waiting in a, missed in 6 of 6 rounds: --max-p99 1µs: the p99 was";
    assert!(ended.stderr.contains(said), "{ended:?}");
    assert_eq!(ended.stderr.matches("gate missed").count(), 2, "{ended:?}");
    let comparison = folder.comparison();
    let gates = comparison["gates"].as_array().unwrap();
    let passed: Vec<(&str, &Value)> = gates
        .iter()
        .map(|gate| (gate["name"].as_str().unwrap(), &gate["passed"]))
        .collect();
    let each = [
        ("max_p99_ns", &json!(false)),
        ("max_error_rate", &json!(true)),
        ("min_rate_per_second", &json!(true)),
    ];
    assert_eq!(passed, [each, each].concat());

    assert_eq!(comparison["benchmark"]["baseline"], "blocking");
    let sides = |comparison: &Value| {
        let case = &comparison["cases"][0];
        [&case["a"]["label"], &case["b"]["label"]].map(|it| it.as_str().unwrap().to_owned())
    };
    assert_eq!(sides(&comparison), ["blocking", "waiting"]);
    let out = folder.path("out");
    let again = run(&["compare", &out, "--json", "--baseline", "waiting"]);
    assert_eq!(sides(&again.document(&COMPARISON)), ["waiting", "blocking"]);
    let wrong = run(&["compare", &out, "--baseline", "x"]);
    wrong.assert_one_line_error(
        1,
        &["no server in it is called 'x'", "one of waiting, blocking"],
    );
}

#[test]
fn gates_by_flags_that_are_kept_say_nothing_of_runs_that_cannot_be_believed() {
    let folder = Folder::new();
    let flags = [
        "-t",
        "0.04",
        "--max-error-rate",
        "0",
        "--min-rate",
        "1",
        "--not-worse",
    ];
    let ended = folder.bench("out", &flags);
    match NOT_BELIEVED {
        0 => assert!([Some(0), Some(3)].contains(&ended.code), "{ended:?}"),
        _ => {
            assert_eq!(ended.code, Some(5), "{ended:?}");
            assert!(
                ended
                    .stderr
                    .contains("gate not decided: blocking in new-1: --not-worse"),
                "{ended:?}"
            );
            assert!(
                ended.stderr.contains("no gate was missed, but by runs"),
                "{ended:?}"
            );
        }
    }
}

#[test]
fn the_noise_floor_of_the_machine_is_quoted_from_the_result_beside() {
    let folder = Folder::new();
    let ended = folder.bench("first", &["-t", "0.04"]);
    let unknown = "\nnoise floor unknown: the same bench with --a-a measures it, for later ones\n";
    assert!(ended.stdout.contains(unknown), "{ended:?}");
    let environment = &folder.record("first/new-1.waiting.01.json")["environment"];
    let machine = [
        "cpu_model",
        "cpu_count",
        "kernel",
        "load_cores",
        "server_cores",
    ];
    let machine = machine.map(|key| (key.to_owned(), environment[key].clone()));
    let mut comparison = folder.json("first/comparison.json");
    comparison["noise_floor"] = json!({
        "plan": "command-line", "server": "x", "started_at": "2026-01-01T00:00:00.000Z", "rounds": 20, "run_s": 0.04,
        "machine": machine.into_iter().filter(|(_, it)| !it.is_null()).collect::<serde_json::Map<_, _>>(),
        "floors": [{
            "scenario": "mine", "metric": "rate_per_second", "share": 90.0,
            "load": "GET /, 1 connection at a time, new for each request",
        }],
    });
    fs::create_dir(folder.path("a-a")).unwrap();
    fs::write(folder.path("a-a/comparison.json"), comparison.to_string()).unwrap();

    let ended = folder.bench("out", &["-t", "0.04"]);
    let quoted = "noise floor in new-1: requests per second ±9000 % (x against itself, 20 rounds of 0.04 s, ";
    let place = format!(" before, {})", folder.path("a-a"));
    let below = "the difference in requests per second is below the noise floor of ±9000 %";
    let summary = fs::read_to_string(folder.path("out/summary.md")).unwrap();
    for text in [&ended.stdout, &summary] {
        for words in [quoted, &place, below] {
            assert!(text.contains(words), "no {words:?} in {text}");
        }
    }
    let floor = &folder.comparison()["noise_floor"];
    assert_eq!(floor["directory"], folder.path("a-a"));
    assert!(floor["age_s"].as_u64().unwrap() > 0, "{floor}");
    let again = run(&["compare", &folder.path("out")]);
    let out = folder.path("out");
    let places = format!("\nresults: {out}\nreport: {out}/report.html\n");
    assert_eq!(again.stdout + &places, ended.stdout);
    let other = folder.bench("other", &["-t", "0.04", "-c", "2"]);
    assert!(other.stdout.contains(unknown), "another load: {other:?}");
}

#[test]
fn a_load_that_makes_no_sense_is_refused_before_anything_is_started() {
    let folder = Folder::new();
    for (flags, words) in [
        ("--pipeline 4", "add -k or drop it"),
        ("-c 5 -n 4", "-c 5 is larger than -n 4; raise -n"),
        ("-c 0", "whole number above 0"),
        (
            "--rate 5 --max-in-flight 30000",
            "--max-in-flight 30000 is over 20000",
        ),
        (
            "-k --engine hyper --pipeline 2",
            "does not pipeline; drop --engine hyper",
        ),
        (
            "--http2 --engine fast",
            "--http2 needs --engine hyper or reqwest",
        ),
        ("--streams 2", "--http2"),
        ("--rate 1..5 -n 9", "add --duration or give one rate"),
        ("--arrival poisson", "add --rate N or drop --arrival"),
        ("--rate fast", "give requests per second"),
        ("--verify", "--verify has a meaning only with https"),
        ("-p /no/such", "cannot read /no/such"),
        ("--slow-path /x", "add --slow-readers"),
        ("--expect-status 99", "is not a status"),
        (
            "--baseline x",
            "no server is called 'x'; give one of waiting, blocking",
        ),
        ("--baseline waiting --a-a", "--a-a"),
        ("--cpu-list 999", "--cpu-list: core 999 is not there"),
        ("--server-cpu-list x", "not a list of cores"),
        ("--max-p99 0", "above 0"),
        ("--path x", "begins with /"),
    ] {
        let flags: Vec<&str> = flags.split(' ').collect();
        let ended = folder.bench("out", &flags);
        ended.assert_one_line_error(2, &[words]);
        assert!(!PathBuf::from(folder.path("out")).exists(), "{words}");
    }
    let with_plan = run(&["bench", "--plan", "models", "-c", "8"]);
    with_plan.assert_one_line_error(2, &["-c and --plan do not go together", "a copy of models"]);
    let alone = run(&["bench", "--rate", "8"]);
    alone.assert_one_line_error(2, &["--rate is a load on servers of your own", "--server"]);
}
