//! Plans, good and bad.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::compare::Selection;
use crate::plan::{Background, Header};
use crate::system::affinity::CpuSet;

/// What every plan begins with: six rounds, and three servers.
const HEAD: &str = r#"rounds = 6
duration = "500ms"
warmup = "0s"

[[server]]
label = "one"
program = "server-sync"
model = "sequential"
keep_alive = false

[[server]]
label = "two"
program = "server-async"
model = "tokio"
flags = ["--threads", "1"]

[[server]]
label = "three"
program = "./here/server"
model = "poll"
"#;

/// Lines of `HEAD`.
const HEAD_LINES: usize = 20;

fn place() -> Place<'static> {
    Place {
        programs: Path::new("/programs"),
        cores: CpuSet::of_this_thread().unwrap().split(),
        out: Path::new("out"),
    }
}

/// A plan of `HEAD` and these scenarios.
fn with(scenarios: &str) -> Result<BenchPlan, PlanError> {
    read(&format!("{HEAD}{scenarios}"))
}

fn read(text: &str) -> Result<BenchPlan, PlanError> {
    file::read(text, "mine.toml", "mine", &place())
}

fn built_in(name: &str) -> BenchPlan {
    Source::BuiltIn(name.to_owned()).read(&place()).unwrap()
}

fn names(plan: &BenchPlan) -> Vec<&str> {
    let scenarios = plan.scenarios.iter();
    scenarios.map(|scenario| scenario.name.as_str()).collect()
}

/// The labels of the servers of a scenario.
fn labels<'a>(plan: &'a BenchPlan, scenario: &str) -> Vec<&'a str> {
    let found = plan.scenarios.iter().find(|it| it.name == scenario);
    let places = found.unwrap().servers.iter();
    places
        .map(|&place| plan.servers[place].label.as_str())
        .collect()
}

#[test]
fn a_plan_says_what_is_started_and_for_how_long() {
    let plan = with("[[scenario]]\nname = \"first\"\n").unwrap();
    assert_eq!((plan.name.as_str(), plan.rounds), ("mine", 6));
    assert_eq!(plan.timing.measured, Duration::from_millis(500));
    assert_eq!(plan.timing.warmup, Duration::ZERO);
    assert_eq!(plan.timing.timeout, Duration::from_secs(10));
    assert_eq!(plan.records, Records::Files);
    assert_eq!(plan.against_itself, "one");
    let programs = plan
        .servers
        .iter()
        .map(|server| server.ours().unwrap().program.as_path());
    let expected = [
        "/programs/server-sync",
        "/programs/server-async",
        "./here/server",
    ];
    assert_eq!(programs.collect::<Vec<_>>(), expected.map(Path::new));
    let keep = plan
        .servers
        .iter()
        .map(|server| server.ours().unwrap().keep_alive);
    assert_eq!(keep.collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(plan.servers[1].ours().unwrap().flags, ["--threads", "1"]);
    let scenario = Scenario {
        name: "first".to_owned(),
        servers: vec![0, 1, 2],
        ..Scenario::default()
    };
    assert_eq!(plan.scenarios, [scenario]);
}

#[test]
fn a_list_makes_a_scenario_of_each_value_the_last_changing_fastest() {
    let plan = with(
        r#"
[[scenario]]
name = "{keep_alive}-{tls}-{connections}"
connections = [1, 64]
keep_alive = [false, true]
tls = [false, true]
"#,
    );
    let plan = plan.unwrap();
    let expected = "new-plain-1 new-plain-64 new-tls-1 new-tls-64 kept-plain-1 kept-plain-64 \
                    kept-tls-1 kept-tls-64";
    assert_eq!(names(&plan).join(" "), expected);
    for scenario in &plan.scenarios {
        let name = &scenario.name;
        assert_eq!(scenario.keep_alive, name.starts_with("kept"), "{name}");
        assert_eq!(scenario.tls, name.contains("tls"), "{name}");
        assert_eq!(scenario.connections == 64, name.ends_with("64"), "{name}");
    }
}

#[test]
fn paths_and_background_connections_have_names_too() {
    let plan = with(
        r#"
[[scenario]]
name = "{path}-{idle}-{slow_readers}"
path = ["/", "/delay/10", "/bytes/1024?x=1"]
idle = [0, 1000]
slow_readers = 3
slow_path = "/bytes/1048576"
"#,
    );
    let plan = plan.unwrap();
    let expected = "root-0-3 root-1000-3 delay-10-0-3 delay-10-1000-3 bytes-1024-x-1-0-3 \
                    bytes-1024-x-1-1000-3";
    assert_eq!(names(&plan).join(" "), expected);
    let background = Background {
        idle: 1000,
        slow_readers: 3,
        slow_path: Some("/bytes/1048576".to_owned()),
    };
    assert_eq!(plan.scenarios[1].background, background);
}

#[test]
fn servers_are_named_or_left_out_for_a_reason() {
    let plan = with(
        r#"
[[scenario]]
name = "named"
servers = ["three", "one"]

[[scenario]]
name = "left-out"
without = { three = " cannot ", one = "will not" }
"#,
    );
    let plan = plan.unwrap();
    assert_eq!(labels(&plan, "named"), ["one", "three"]);
    assert_eq!(labels(&plan, "left-out"), ["two"]);
    let without = plan.scenarios[1].without.iter();
    let reasons = without.map(|left_out| (left_out.server.as_str(), left_out.why.as_str()));
    let expected = [("one", "will not"), ("three", "cannot")];
    assert_eq!(reasons.collect::<Vec<_>>(), expected);
}

/// That these scenarios are refused, for something in `line` of theirs.
fn refused(scenarios: &str, line: usize, words: &[&str]) {
    let text = format!("{HEAD}{scenarios}");
    refused_whole(&text, HEAD_LINES + line, words);
}

fn refused_whole(text: &str, line: usize, words: &[&str]) {
    let error = read(text).unwrap_err().to_string();
    let place = format!("mine.toml:{line}: ");
    assert!(error.starts_with(&place), "{place} expected: {error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    for word in words {
        assert!(error.contains(word), "no {word:?} in {error}");
    }
}

#[test]
fn what_makes_no_sense_in_a_scenario_is_told_with_its_line() {
    let scenario = |rest: &str| format!("[[scenario]]\nname = \"a\"\n{rest}\n");
    let third = |rest: &str, words: &[&str]| refused(&scenario(rest), 3, words);
    third(
        "conections = 8",
        &["unknown field `conections`", "`connections`"],
    );
    third("connections = 0", &["connections is 0", "from 1 to 20000"]);
    third(
        "connections = [1, 20001]",
        &["connections is 20001", "from 1"],
    );
    third("connections = []", &["the list is empty", "at least one"]);
    third("connections = \"many\"", &["docs/PLANS.md"]);
    third(
        "connections = 1.5",
        &["a value or a list of values", "docs/PLANS.md"],
    );
    third("idle = -1", &["idle is -1", "from 0 to"]);
    third("keep_alive = 1", &["integer", "boolean", "docs/PLANS.md"]);
    third("path = \"no\"", &["path is 'no'", "begins with /"]);
    third(
        "slow_path = \"/a b\"\nslow_readers = 1",
        &["slow_path is '/a b'"],
    );
    third("slow_path = \"/a\"", &["slow_path", "add slow_readers"]);
    third(
        "servers = [\"four\"]",
        &["'four'", "one of one, two, three"],
    );
    third("without = { four = \"\" }", &["'four'", "one of one, two"]);
    third("without = { one = \" \" }", &["why one is left out"]);
    third("name = \"b\"", &["duplicate key"]);
    third("tls = [", &["docs/PLANS.md"]);
    let too_many: Vec<String> = (1..=1001).map(|n| n.to_string()).collect();
    let too_many = format!("connections = [{}]", too_many.join(", "));
    third(&too_many, &["over 1000 scenarios", "shorten"]);
}

#[test]
fn names_that_do_not_fit_are_told_with_their_line() {
    let name = |name: &str| format!("[[scenario]]\nname = \"{name}\"\n");
    let second = |scenario: String, words: &[&str]| refused(&scenario, 2, words);
    for unfit in ["", "a.b", "../a", "a b", "-a", "ä", "\\u001b[2J"] {
        second(name(unfit), &["file names", "letters, digits"]);
    }
    second(name(&"a".repeat(65)), &["at most 64"]);
    second(name("a-{conns}"), &["{conns}", "connections"]);
    second(name("a-{connections"), &["{connections}", "in braces"]);
    let list = name("a") + "connections = [1, 2]\n";
    second(list, &["two scenarios are called a", "{KEY}"]);
    let empty = name("a") + "servers = []\n";
    second(empty, &["no server is left"]);
    let twice = name("a") + &name("a");
    refused(&twice, 4, &["two scenarios are called a"]);
    refused("[[scenario]]\npath = \"/\"\n", 1, &["missing field `name`"]);
}

#[test]
fn what_makes_no_sense_before_the_scenarios_is_told_with_its_line() {
    let scenario = "[[scenario]]\nname = \"a\"\n";
    let replaced = |from: &str, to: &str, line, words: &[&str]| {
        let text = format!("{HEAD}{scenario}").replacen(from, to, 1);
        refused_whole(&text, line, words);
    };
    replaced("rounds = 6", "rounds = 5", 1, &["rounds is 5", "6 to 500"]);
    replaced("rounds = 6", "rounds = \"6\"", 1, &["string", "PLANS.md"]);
    replaced("rounds = 6\n", "", 1, &["missing field `rounds`"]);
    replaced("500ms", "0s", 2, &["duration: ", "above 0"]);
    replaced("500ms", "soon", 2, &["duration: ", "such as"]);
    replaced("\"0s\"", "\"-1s\"", 3, &["warmup: ", "such as"]);
    replaced("\n[[", "records = \"all\"\n[[", 4, &["files or packed"]);
    replaced(
        "\n[[",
        "against_itself = \"x\"\n[[",
        4,
        &["'x'", "one, two"],
    );
    replaced("\"two\"", "\"one\"", 12, &["two servers are called one"]);
    replaced("\"two\"", "\"t/wo\"", 12, &["'t/wo'", "file names"]);
    replaced("\"tokio\"", "\"\"", 14, &["model is empty"]);
    replaced("flags", "args", 15, &["unknown field `args`", "`flags`"]);
    refused_whole(HEAD, HEAD_LINES + 1, &["no scenario", "[[scenario]]"]);
    let no_server = format!("{}{scenario}", HEAD.split_once("\n[[").unwrap().0);
    let error = read(&no_server).unwrap_err().to_string();
    assert!(error.contains("no server; add a [[server]]"), "{error}");
}

#[test]
fn the_first_built_in_plan_is_the_benchmark_of_the_project() {
    let plan = built_in("bench");
    assert_eq!(Source::default().read(&place()).unwrap(), plan);
    assert_eq!(names(&plan), ["new-connection", "keep-alive", "wait-10ms"]);
    assert_eq!(labels(&plan, "new-connection"), ["sync", "async"]);
    assert_eq!(labels(&plan, "keep-alive"), ["sync", "async"]);
    assert_eq!(labels(&plan, "wait-10ms"), ["sync", "async", "threads"]);
    assert_eq!((plan.rounds, plan.runs()), (20, 140));
    assert_eq!(plan.timing.measured, Duration::from_millis(500));
    assert_eq!(plan.timing.warmup, Duration::from_millis(125));
    let connections = plan.scenarios.iter().map(|scenario| scenario.connections);
    assert_eq!(connections.collect::<Vec<_>>(), [150; 3]);
    let paths = plan.scenarios.iter().map(|scenario| scenario.path.as_str());
    assert_eq!(paths.collect::<Vec<_>>(), ["/", "/", "/delay/10"]);
}

#[test]
fn a_plan_against_itself_is_one_server_under_two_names() {
    let plan = built_in("bench").against_itself().unwrap();
    let labels: Vec<_> = plan.servers.iter().map(|it| it.label.as_str()).collect();
    assert_eq!(labels, ["async", "async-again"]);
    assert_eq!(plan.servers[0].start, plan.servers[1].start);
    for scenario in &plan.scenarios {
        assert_eq!(scenario.servers, [0, 1]);
    }
}

#[test]
fn the_plan_of_all_models_takes_less_than_half_an_hour() {
    let plan = built_in("models");
    assert!(
        plan.estimate() < Duration::from_secs(1800),
        "{}",
        plan.list()
    );
    assert!(plan.rounds >= crate::statistics::ROUNDS_MIN as u64);
    assert_eq!(plan.records, Records::Packed);
}

#[test]
fn a_first_look_makes_as_many_rounds_as_can_decide_what_the_plan_asks() {
    for (name, rounds) in [("bench", 10), ("models", 12)] {
        assert_eq!(built_in(name).rounds_quick(), rounds, "{name}");
    }
    let of_two = built_in("bench").against_itself().unwrap();
    assert_eq!(of_two.rounds_quick(), 8, "six questions");
}

#[test]
fn a_word_is_a_built_in_plan_and_a_path_is_a_file() {
    let source = |text: &str| Source::from(PathBuf::from(text));
    assert_eq!(source("models"), Source::BuiltIn("models".to_owned()));
    for path in ["models.toml", "./models", "plans/models", "/models"] {
        assert_eq!(source(path), Source::File(PathBuf::from(path)));
    }
    let error = source("model").read(&place()).unwrap_err().to_string();
    assert!(error.contains("bench and models; a file"), "{error}");
    let error = source("/no/such.toml").read(&place()).unwrap_err();
    assert!(error.to_string().contains("/no/such.toml"), "{error}");
}

#[test]
fn the_plan_in_the_documentation_is_one() {
    let page = include_str!("../../../../docs/PLANS.md");
    let (_, rest) = page.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let plan = read(example).unwrap();
    assert_eq!(names(&plan), ["kept-1", "kept-64", "idle-1000", "slow"]);
}

/// Three servers; `all` has all of them, `few` has two, `lone` one.
fn three() -> BenchPlan {
    let plan = with(
        r#"
[[scenario]]
name = "all"
[[scenario]]
name = "few"
without = { two = "why not" }
[[scenario]]
name = "lone"
servers = ["two"]
"#,
    );
    plan.unwrap()
}

fn select(scenarios: &[&str], servers: &[&str]) -> Result<BenchPlan, PlanError> {
    let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    three().only(&Selection {
        scenarios: owned(scenarios),
        servers: owned(servers),
    })
}

#[test]
fn a_part_of_a_plan_keeps_its_order_and_its_servers() {
    assert_eq!(select(&[], &[]).unwrap(), three());
    assert_eq!(
        names(&select(&["lone", "a*"], &[]).unwrap()),
        ["all", "lone"]
    );
    let part = select(&[], &["three", "t?o"]).unwrap();
    assert_eq!(labels(&part, "all"), ["two", "three"]);
    assert_eq!(labels(&part, "few"), ["three"]);
    assert_eq!(labels(&part, "lone"), ["two"]);
    let part = select(&[], &["one"]).unwrap();
    assert_eq!(names(&part), ["all", "few"]);
    assert_eq!(part.scenarios[1].without, [], "it is not selected anyway");
    assert_eq!(part.against_itself().unwrap().servers[1].label, "one-again");
}

#[test]
fn a_part_that_is_not_there_is_refused_with_what_there_is() {
    for (scenarios, servers, words) in [
        (
            &["kept"][..],
            &[][..],
            "--scenario 'kept' fits no scenario; there is all, few, lone",
        ),
        (
            &[],
            &["epoll"],
            "--server 'epoll' fits no server; there is one, two, three",
        ),
        (
            &["lone"],
            &["one"],
            "mine is left with --scenario lone and --server one; see",
        ),
    ] {
        let error = select(scenarios, servers).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let error = select(&["lone"], &[])
        .unwrap()
        .against_itself()
        .unwrap_err();
    assert!(error.to_string().contains("the server one"), "{error}");
}

#[test]
fn a_plan_is_listed_with_a_line_for_each_server_and_scenario() {
    let plan = with(
        r#"
[[scenario]]
name = "idle"
path = "/delay/10"
keep_alive = true
tls = true
idle = 1000
slow_readers = 8
slow_path = "/bytes/1024"
connections = 64
flags = ["--idle-timeout", "10m"]
without = { three = "cannot" }
"#,
    );
    let plan = plan.unwrap();
    // Those of this machine.
    let cores = crate::bench::directory::cores(&plan.cores);
    assert_eq!(
        plan.list().replace(&cores, "(cores)"),
        "mine: 1 scenario, 3 servers, 6 rounds: 12 runs of 500ms after 0ns of warm-up, about 19 s
(cores)

servers
  one    server-sync --model sequential (baseline)
  two    server-async --model tokio --threads 1
  three  server --model poll

scenarios
  idle  GET /delay/10 over TLS, 64 connections kept alive, 1000 idle, 8 slow (/bytes/1024) \
--idle-timeout 10m: one two
"
    );
}

#[test]
fn a_scenario_has_what_a_run_has() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "12345").unwrap();
    let plan = with(&format!(
        r#"
[[scenario]]
name = "everything"
path = "/x"
method = "PUT"
headers = ["X-One: 1", "Accept: text/html"]
content_type = "application/json"
body_file = "{}"
connections = 64
threads = 1
keep_alive = true
pipeline = 4
rate = "30/m"
arrival = "poisson"
seed = 7
driver = "epoll"
requests = 5000
duration = "2s"
timeout = "1s"
connect_timeout = "200ms"
expect_status = "200,404"
expect_length = 612
expect_body = "hello"
gates = {{ max_p99 = "50ms", not_worse = true }}
servers = ["one"]
"#,
        file.path().display()
    ));
    let plan = plan.unwrap();
    let scenario = &plan.scenarios[0];
    let words = "PUT /x with 5 bytes and 3 headers, 0.5 requests per second (poisson, seed 7), at most \
                 64 connections kept alive, 4 requests in flight on each, by fast (epoll), by 1 \
                 thread, 5000 requests in all or for 2s";
    assert_eq!(scenario.to_string(), words);
    assert_eq!(scenario.gates.to_string(), "max_p99 50ms, not_worse");
    let target = crate::plan::Target::resolve("http://127.0.0.1:9/x").unwrap();
    let run = scenario.run(target, &plan.timing, &plan.cores).unwrap();
    assert_eq!(run.scenario.method.as_str(), "PUT");
    let headers = run.scenario.headers.iter();
    let headers: Vec<_> = headers.map(|it| it.name.as_str()).collect();
    assert_eq!(headers, ["User-Agent", "Content-Type", "X-One", "Accept"]);
    assert_eq!(run.scenario.body.as_deref(), Some(&b"12345"[..]));
    assert_eq!(
        (run.load.connections, run.load.pipeline, run.load.threads),
        (64, 4, 1)
    );
    let stop = (run.stop.requests, run.stop.duration);
    assert_eq!(stop, (Some(5000), Some(Duration::from_secs(2))));
    assert_eq!(run.timeout, Duration::from_secs(1));
    assert_eq!(run.connect_timeout, Duration::from_millis(200));
    assert_eq!(run.expect.statuses.labels(), ["200", "404"]);
    assert_eq!(run.expect.length, crate::plan::LengthRule::Bytes(612));
    assert_eq!(run.expect.body.as_deref(), Some(&b"hello"[..]));
    assert_eq!(run.gates, [], "they are judged over all rounds");
}

#[test]
fn http2_keeps_connections_and_is_made_by_who_speaks_it() {
    let plan = with(
        r#"
[[scenario]]
name = "{engine}-{streams}-{keep_alive}"
http2 = true
streams = [1, 10]
"#,
    );
    let plan = plan.unwrap();
    assert_eq!(names(&plan), ["hyper-1-kept", "hyper-10-kept"]);
    assert!(plan.scenarios.iter().all(|scenario| scenario.keep_alive));
    let words = "GET / over HTTP/2, 1 connection kept alive, 10 requests in flight on each";
    assert_eq!(plan.scenarios[1].to_string(), words);
}

#[test]
fn loads_are_lists_too() {
    let plan = with(
        r#"
[[scenario]]
name = "{method}-{rate}-{requests}-{pipeline}"
method = ["GET", "POST"]
rate = [500, "30/m", "100..500"]
"#,
    );
    let plan = plan.unwrap();
    let expected = "get-500-all-1 get-0-5-all-1 get-100-500-all-1 post-500-all-1 post-0-5-all-1 \
                    post-100-500-all-1";
    assert_eq!(names(&plan).join(" "), expected);
    assert_eq!(plan.scenarios[0].connections, crate::plan::MAX_IN_FLIGHT);
    let words = "GET /, 500 requests per second, at most 1000 connections at a time, new for each \
                 request";
    assert_eq!(plan.scenarios[0].to_string(), words);
}

#[test]
fn what_makes_no_sense_in_a_load_is_told_with_its_line() {
    let third = |rest: &str, words: &[&str]| {
        refused(&format!("[[scenario]]\nname = \"a\"\n{rest}\n"), 3, words);
    };
    for (lines, words) in [
        ("method = \"G T\"", "method is 'G T'; a method is a word"),
        (
            "rate = \"fast\"",
            "rate is 'fast'; give requests per second",
        ),
        ("rate = 0", "rate is '0'; give a rate above 0"),
        ("rate = true", "a text or a number"),
        (
            "arrival = \"poisson\"",
            "arrival has a meaning only with rate; add rate or",
        ),
        (
            "arrival = \"x\"\nrate = 5",
            "arrival is 'x'; give one of constant, poisson",
        ),
        ("seed = \"x\"\nrate = 5", "seed is 'x'"),
        ("spin = true", "spin has a meaning only with rate"),
        (
            "pipeline = 4",
            "pipeline sends more than one request on a connection; add keep_alive",
        ),
        (
            "pipeline = 1001",
            "pipeline is 1001; give a whole number from 1 to 1000",
        ),
        (
            "connections = 4\nrequests = 3",
            "connections 4 is larger than requests 3; raise requests",
        ),
        ("requests = 0", "requests is 0; give a whole number from 1"),
        (
            "rate = \"1..5\"\nrequests = 9",
            "add duration or give one rate",
        ),
        (
            "engine = \"curl\"",
            "engine is 'curl'; give one of fast, hyper, reqwest",
        ),
        (
            "engine = \"hyper\"\nkeep_alive = true\npipeline = 2",
            "engine hyper does not pipeline; drop",
        ),
        (
            "http2 = true\nengine = \"fast\"",
            "http2 needs engine hyper or reqwest; drop http2",
        ),
        (
            "streams = 4",
            "streams 4 has a meaning only with http2; add http2",
        ),
        (
            "driver = \"kqueue\"",
            "driver is 'kqueue'; give one of auto, epoll, io-uring",
        ),
        (
            "driver = \"epoll\"\nengine = \"hyper\"",
            "driver is for engine fast",
        ),
        ("threads = 0", "threads is 0; give a whole number from 1"),
        ("duration = \"0\"", "duration is '0'; give a time above 0"),
        (
            "timeout = \"soon\"",
            "timeout is 'soon'; give a number with",
        ),
        ("connect_timeout = \"x\"", "connect_timeout is 'x'"),
        (
            "expect_status = 99",
            "expect_status is '99'; '99' is not a status",
        ),
        (
            "expect_length = \"long\"",
            "expect_length is 'long'; write first, any",
        ),
        (
            "headers = [\"Authorization secret\"]",
            "a header is written 'Name: value'",
        ),
        ("headers = [\"A B: c\"]", "is not a header name"),
        ("headers = \"A: b\"", "docs/PLANS.md"),
        (
            "content_type = \"a/b\"",
            "content_type is that of a body; add body",
        ),
        (
            "body_file = \"/no/such\"",
            "cannot read /no/such: No such file",
        ),
        ("body_file = \"x\"\nbody = \"y\"", "two bodies; drop one"),
        ("verify = true", "verify has a meaning only with tls = true"),
        (
            "resumption = true",
            "resumption has a meaning only with tls",
        ),
        ("key = \"k.pem\"\ntls = true", "key is that of cert"),
        (
            "gates = { max_p99 = \"x\" }",
            "max_p99 is 'x'; give a number with",
        ),
        (
            "gates = { max_error_rate = 2 }",
            "max_error_rate is '2'; give a share",
        ),
        (
            "gates = { min_rate = \"1..2\" }",
            "min_rate is '1..2'; give one rate",
        ),
        ("gates = { p99 = 1 }", "unknown field `p99`"),
    ] {
        third(lines, &[words]);
    }
}

#[test]
fn nobody_is_held_against_a_baseline_that_the_scenario_does_without() {
    let read_with = |gates: &str| {
        let scenario = format!("[[scenario]]\nname = \"a\"\nservers = [\"two\"]\n{gates}\n");
        let text = format!("{HEAD}{scenario}");
        read(&text.replacen("\n[[", "gates = { not_worse = true }\n[[", 1)).unwrap()
    };
    let error = read_with("").check().unwrap_err();
    let words = "scenario a does without one, than which its servers must not be worse; give it";
    assert!(error.starts_with(words), "{error}");
    let own = read_with("gates = { not_worse = false }");
    assert!(own.scenarios[0].gates.is_empty());
    assert_eq!(own.check(), Ok(()));
}

#[test]
fn a_content_type_among_the_headers_is_the_only_one() {
    let scenario = r#"
[[scenario]]
name = "a"
body = "{}"
content_type = "text/html"
headers = ["content-type: application/json"]
"#;
    let headers = with(scenario).unwrap().scenarios[0].headers.clone();
    assert_eq!(headers, [Header::new("content-type", "application/json")]);
}

#[test]
fn a_secret_in_a_plan_is_not_repeated() {
    let scenario = "[[scenario]]\nname = \"a\"\nheaders = [\"Authorization: s3cret\\u0007\"]\n";
    let error = with(scenario).unwrap_err().to_string();
    assert!(
        error.contains("'Authorization'") && !error.contains("s3cret"),
        "{error}"
    );
}

#[test]
fn what_goes_for_the_whole_plan_stands_before_the_servers() {
    let scenario =
        "[[scenario]]\nname = \"a\"\n[[scenario]]\nname = \"b\"\ngates = { min_rate = 9 }\n";
    let read_with = |lines: &str| {
        let text = format!("{HEAD}{scenario}").replacen("\n[[", &format!("{lines}\n[["), 1);
        read(&text)
    };
    let plan = read_with("baseline = \"two\"\ngates = { min_rate = 5, max_p99 = \"1s\" }").unwrap();
    assert_eq!((&*plan.baseline, &*plan.against_itself), ("two", "two"));
    let gates: Vec<String> = plan
        .scenarios
        .iter()
        .map(|it| it.gates.to_string())
        .collect();
    assert_eq!(gates, ["max_p99 1s, min_rate 5", "min_rate 9, max_p99 1s"]);
    assert_eq!(plan.to_benchmark(Vec::new(), false).baseline(), Some("two"));
    let plan = plan.only(&Selection {
        servers: vec!["one".to_owned(), "three".to_owned()],
        ..Selection::default()
    });
    assert_eq!(plan.unwrap().baseline, "one", "what is left");
    for (line, words) in [
        (
            "baseline = \"x\"",
            "no server is called 'x'; give one of one, two, three",
        ),
        (
            "cores = { load = \"x\" }",
            "cores: `x` is not a list of cores",
        ),
        (
            "cores = { load = \"1000\" }",
            "cores.load: core 1000 is not there",
        ),
        ("cores = { loads = \"1\" }", "unknown field `loads`"),
        ("cores = 1", "expected a table such as { load = "),
        ("gates = 1", "expected a table such as { max_p99 = "),
        (
            "gates = { max_p99 = 0 }",
            "max_p99 is '0'; give a time above 0",
        ),
    ] {
        let error = read_with(line).unwrap_err().to_string();
        assert!(
            error.starts_with("mine.toml:4: ") && error.contains(words),
            "{error}"
        );
    }
}

#[test]
fn what_requests_take_is_no_part_of_an_estimate() {
    let of = |lines: &str| with(&format!("[[scenario]]\nname = \"a\"\n{lines}\n")).unwrap();
    assert!(
        of("requests = 9")
            .list()
            .contains("and what the servers take for requests")
    );
    let scheduled = of("requests = 900\nrate = 100");
    assert!(!scheduled.list().contains("what the servers take"));
    assert_eq!(scheduled.estimate().as_secs() / 10, (10 + 18 * 9) / 10);
}

#[test]
fn the_loads_in_the_documentation_are_some() {
    let page = include_str!("../../../../docs/PLANS.md");
    let blocks: Vec<&str> = page
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once("```")?.0))
        .collect();
    // Nobody has the files that it names.
    let loads = blocks[1]
        .replace("cert = ", "# cert = ")
        .replace("verify = ", "# ");
    let plan = with(&loads).unwrap();
    let expected = "offered-500 offered-0-5 offered-100-500 as-many-as-there-is-time-for-1 \
                    as-many-as-there-is-time-for-16 http2-1 http2-10";
    assert_eq!(names(&plan).join(" "), expected);
    let gates = blocks[2].lines().find(|line| line.starts_with("gates"));
    let text = format!("{}\n{HEAD}[[scenario]]\nname = \"a\"\n", gates.unwrap());
    let plan = read(&text).unwrap();
    assert_eq!(plan.scenarios[0].gates.limits.len(), 3);
}

/// serde names every key when it meets one that is none.
#[test]
fn every_key_is_in_the_documentation() {
    let page = include_str!("../../../../docs/PLANS.md");
    let keys_of = |text: &str| {
        let error = read(text).unwrap_err().to_string();
        let (_, known) = error.split_once("expected one of ").unwrap();
        let keys = known.split('`').skip(1).step_by(2);
        keys.map(str::to_owned).collect::<Vec<String>>()
    };
    let of_plan = keys_of("no_such_key = 1\n");
    let of_server = keys_of(&HEAD.replacen("label", "no_such_key", 1));
    let of_scenario = keys_of(&format!("{HEAD}[[scenario]]\nno_such_key = 1\n"));
    let of_gates = keys_of(&format!(
        "{HEAD}[[scenario]]\nname = \"a\"\ngates = {{ no = 1 }}\n"
    ));
    assert!(of_scenario.len() > 30, "{of_scenario:?}");
    for key in [of_plan, of_server, of_scenario, of_gates].concat() {
        let is_there = page.contains(&format!("{key} = "))
            || page.contains(&format!("`{key}`"))
            || page.contains(&format!("[[{key}]]"));
        assert!(is_there, "docs/PLANS.md does not show {key}");
    }
}

proptest! {
    /// Whatever is written, an error is one line with its place.
    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,200}|(.|\n){0,200}") {
        let error = read(&text).unwrap_err().to_string();
        prop_assert!(error.starts_with("mine.toml:"), "{error}");
    }

    /// Keys and values of the right form, in any combination: a plan or one line.
    #[test]
    fn no_scenario_is_too_strange(lines in prop::collection::vec(line(), 0..8)) {
        match with(&format!("[[scenario]]\n{}\n", lines.join("\n"))) {
            Ok(plan) => prop_assert!(!plan.scenarios.is_empty()),
            Err(error) => {
                let error = error.to_string();
                prop_assert!(error.starts_with("mine.toml:"), "{error}");
                prop_assert_eq!(error.lines().count(), 1, "{}", error);
            }
        }
    }

    /// As many scenarios as the product of the lists, each under its own name.
    #[test]
    fn lists_multiply(
        connections in prop::collection::btree_set(1..1000_i64, 1..5),
        idle in prop::collection::btree_set(0..1000_i64, 1..5),
    ) {
        let scenarios = format!(
            "[[scenario]]\nname = \"s-{{connections}}-{{idle}}\"\nconnections = {connections:?}\nidle = {idle:?}\n"
        )
        .replace('{', "[").replace('}', "]").replace("s-[connections]-[idle]", "s-{connections}-{idle}");
        let plan = with(&scenarios).unwrap();
        prop_assert_eq!(plan.scenarios.len(), connections.len() * idle.len());
    }

    /// A star stands for whatever was cut out, and a name fits itself.
    #[test]
    fn a_star_stands_for_what_was_cut_out(name in "[a-c-]{0,12}", from in 0..12_usize, to in 0..12_usize) {
        let (from, to) = (from.min(name.len()), to.min(name.len()));
        let pattern = format!("{}*{}", &name[..from.min(to)], &name[from.max(to)..]);
        prop_assert!(crate::compare::fits(&name, &pattern));
        prop_assert!(crate::compare::fits(&name, &name));
        let longer = format!("{name}d");
        prop_assert!(!crate::compare::fits(&longer, &name));
    }
}

/// A line of a scenario: some key with some value.
fn line() -> impl Strategy<Value = String> {
    let key = prop::sample::select(&[
        "name",
        "path",
        "keep_alive",
        "tls",
        "connections",
        "idle",
        "slow_readers",
        "slow_path",
        "method",
        "http2",
        "engine",
        "pipeline",
        "streams",
        "rate",
        "requests",
        "headers",
        "body",
        "body_file",
        "content_type",
        "arrival",
        "seed",
        "spin",
        "driver",
        "threads",
        "duration",
        "timeout",
        "expect_status",
        "expect_length",
        "gates",
        "verify",
        "flags",
        "servers",
        "without",
        "other",
    ]);
    let value = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        (0..100_i64).prop_map(|number| number.to_string()),
        any::<bool>().prop_map(|value| value.to_string()),
        "[a-z{}/-]{0,12}".prop_map(|word| format!("\"{word}\"")),
        Just("\"one\"".to_owned()),
        Just("\"hyper\"".to_owned()),
        Just("{ min_rate = 5 }".to_owned()),
        Just("[\"A: b\"]".to_owned()),
        Just("[1, 2]".to_owned()),
        Just("[\"one\", \"two\"]".to_owned()),
        Just("{ one = \"why\" }".to_owned()),
        Just("{ one = 1 }".to_owned()),
    ];
    (key, value).prop_map(|(key, value)| format!("{key} = {value}"))
}

/// A plan with this server behind those of `HEAD`, and a scenario of these keys.
fn with_server(server: &str, scenario: &str) -> Result<BenchPlan, PlanError> {
    with(&format!(
        "\n[[server]]\nlabel = \"four\"\n{server}\n\n[[scenario]]\nname = \"a\"\n{scenario}\n"
    ))
}

#[test]
fn a_server_is_a_command_or_a_url_too() {
    let command = "command = \"./mine --port {port}\"\nready = \"up\"\nready_timeout = \"3s\"";
    let plan = with_server(command, "").unwrap();
    let Start::Command(command) = &plan.servers[3].start else {
        panic!("{:?}", plan.servers[3]);
    };
    assert_eq!(command.words(7, Path::new("")), ["./mine", "--port", "7"]);
    assert_eq!(command.ready.as_deref(), Some("up"));
    assert_eq!(command.ready_longest, Duration::from_secs(3));
    assert_eq!(plan.servers[3].to_string(), "./mine --port {port}");

    let url = "url = \"https://me:secret@127.0.0.1:8443\"";
    let plan = with_server(url, "tls = true").unwrap();
    let url = plan.servers[3].url().unwrap();
    assert_eq!((url.port, url.path.as_str()), (8443, "/"));
    assert_eq!(plan.servers[3].to_string(), "https://me:***@127.0.0.1:8443");
    assert!(
        plan.list()
            .contains("  four   https://me:***@127.0.0.1:8443\n"),
        "{}",
        plan.list()
    );
    assert_eq!(plan.servers[3].ours(), None);
}

#[test]
fn what_makes_no_sense_of_a_server_is_told_with_its_line() {
    // `HEAD`, an empty line, and the head and label of the table.
    let first_line = HEAD_LINES + 4;
    let refused = |server: &str, scenario: &str, line: usize, words: &[&str]| {
        let error = with_server(server, scenario).unwrap_err().to_string();
        let place = format!("mine.toml:{}: ", first_line + line - 1);
        assert!(error.starts_with(&place), "{place} expected: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        for word in words {
            assert!(error.contains(word), "no {word:?} in {error}");
        }
    };
    let command = "command = \"a {port}\"";
    let url = "url = \"http://127.0.0.1:1\"";
    let program = "program = \"server-sync\"";
    let both = |one: &str, other: &str| format!("{one}\n{other}");
    refused("", "", 0, &["nothing says what four is", "command, or url"]);
    refused(
        &both(command, url),
        "",
        2,
        &["command and url exclude", "drop one"],
    );
    refused(
        &both(url, program),
        "",
        2,
        &["program and url exclude", "drop one"],
    );
    refused(
        &both(command, program),
        "",
        2,
        &["program and command exclude"],
    );
    refused(
        program,
        "",
        1,
        &["program goes with model", "--list-models"],
    );
    let model = both(command, "model = \"tokio\"");
    refused(
        &model,
        "",
        2,
        &["model goes with program", "this server has command"],
    );
    refused(
        &both(url, "ready = \"x\""),
        "",
        2,
        &["ready goes with command", "has url"],
    );
    refused(
        &both(url, "flags = []"),
        "",
        2,
        &["flags goes with program"],
    );
    refused(
        &both(command, "keep_alive = true"),
        "",
        2,
        &["keep_alive goes with"],
    );
    refused(&both(command, "ready = \"\""), "", 2, &["ready is empty"]);
    refused(
        &both(command, "ready_timeout = \"0s\""),
        "",
        2,
        &["ready_timeout: ", "above 0"],
    );
    refused(
        &both(command, "redy = \"x\""),
        "",
        2,
        &["unknown field `redy`", "`ready`"],
    );
    refused(
        "command = \"a\"",
        "",
        1,
        &["command: {port} is not in it", "its URL"],
    );
    refused(
        "command = \"a '{port}\"",
        "",
        1,
        &["command: a quote", "close it"],
    );
    refused(
        "command = \"a {port} | b\"",
        "",
        1,
        &["command: ", "'|'", "sh -c"],
    );
    refused(
        "url = \"127.0.0.1:1\"",
        "",
        1,
        &["'127.0.0.1:1' is not a URL", "http://HOST"],
    );
    refused(
        "url = \"http://127.0.0.1:1/a\"",
        "",
        1,
        &["ends in '/a'", "scenarios have a path"],
    );
    refused(
        url,
        "tls = true",
        1,
        &[
            "four is http",
            "scenario a has tls = true",
            "leave four out",
        ],
    );
    let https = "url = \"https://127.0.0.1:1\"";
    refused(
        https,
        "tls = false",
        1,
        &["four is https", "has tls = false"],
    );
    refused(
        url,
        "flags = [\"--x\"]",
        0,
        &["scenario a has flags", "leave four out"],
    );
    let left_out = "tls = true\nwithout = { four = \"is http\" }";
    assert!(with_server(url, left_out).is_ok());
}

#[test]
fn the_page_shows_servers_of_anybody_as_they_are_written() {
    let page = include_str!("../../../../docs/PLANS.md");
    let section = page.split_once("## Servers of anybody").unwrap().1;
    let servers = section.split_once("```toml").unwrap().1;
    let servers = servers.split_once("```").unwrap().0;
    let plan = with(&format!("{servers}\n[[scenario]]\nname = \"a\"\n")).unwrap();
    let starts = plan.servers[3..].iter().map(|server| &server.start);
    let [Start::Command(command), Start::Url(_)] = starts.collect::<Vec<_>>()[..] else {
        panic!("{:?}", plan.servers);
    };
    assert_eq!(command.ready.as_deref(), Some("listening"));
    for key in [
        "label",
        "program",
        "model",
        "keep_alive",
        "flags",
        "command",
        "ready",
        "ready_timeout",
        "url",
    ] {
        assert!(page.contains(&format!("\n{key} = ")), "{key} is not shown");
    }
}
