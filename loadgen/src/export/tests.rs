//! Every format of the same few records, held against `golden/`.

use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::compare::Selection;
use crate::outcome::Cause;
use crate::record::sample::sample;
use crate::record::{Bench, Finding, Record, Severity, Validity, encode_histogram, timestamp};

/// Latencies of a run, in steps of the mean.
fn histogram(mean_ns: u64) -> Option<String> {
    let mut histogram = hdrhistogram::Histogram::new(3).unwrap();
    for step in 1..=1000 {
        histogram.record(step * mean_ns / 500).unwrap();
    }
    encode_histogram(&histogram)
}

fn run(scenario: &str, server: &str, round: u64, rate: f64) -> Record {
    let mut record = sample();
    record.id = format!("{scenario}-{server}-{round}");
    record.started_at = format!("2026-03-01T12:{round:02}:00.500Z");
    record.bench = Some(Bench {
        plan: Some("made-up".to_owned()),
        scenario: scenario.to_owned(),
        server: server.to_owned(),
        round,
        position: 1,
    });
    record.rate_per_second = rate;
    record.histograms.total = histogram(1_000_000 + round * 10_000);
    record
}

fn finding(severity: Severity, code: &str) -> Finding {
    Finding {
        code: code.to_owned(),
        severity,
        message: format!("{code} was seen,\nin \"two\" lines"),
        advice: "do something about it".to_owned(),
    }
}

fn judged(mut record: Record, findings: Vec<Finding>) -> Record {
    record.validity = Validity {
        valid: findings.iter().all(|it| it.severity != Severity::Invalid),
        reasons: findings,
    };
    record
}

/// A server that is well, one of which a run is not to be believed and another had failures, and
/// one that the load generator could not keep busy.
fn results() -> Results {
    let group = |server: &str, rounds: Vec<Record>| Group {
        result: None,
        scenario: "close".to_owned(),
        server: server.to_owned(),
        rounds,
    };
    let rounds = |server: &str, rate: f64| -> Vec<Record> {
        let rates = (1..).zip([1.003, 0.991, 1.012, 0.999, 1.007, 0.984]);
        rates
            .map(|(round, factor)| run("close", server, round, rate * factor))
            .collect()
    };
    let mut troubled = rounds("async, \"new\"", 13_000.0);
    troubled[1] = judged(
        troubled[1].clone(),
        vec![
            finding(Severity::Invalid, "interrupted"),
            finding(Severity::Note, "cpu_steal"),
        ],
    );
    troubled[2].requests.failed = 40;
    troubled[2].failures[Cause::ReadReset] = 30;
    troubled[2].failures[Cause::ReadTimeout] = 10;
    let limited = rounds("epoll", 50_000.0).into_iter();
    let limited = limited.map(|record| {
        judged(
            record,
            vec![finding(Severity::LimitsRate, "client_saturated")],
        )
    });
    Results {
        groups: vec![
            group("sync", rounds("sync", 10_000.0)),
            group("async, \"new\"", troubled),
            group("epoll", limited.collect()),
        ],
        ..Results::default()
    }
}

/// Few enough of them for formats with a line for each run.
fn few() -> Results {
    let mut results = results();
    for (group, rounds) in results.groups.iter_mut().zip([1, 3, 1]) {
        group.rounds.truncate(rounds);
    }
    results
}

/// What each format is kept as.
fn golden(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/export/golden");
    PathBuf::from(folder).join(name)
}

/// `UPDATE_GOLDEN=1` writes the files anew; what changed is then seen in the commit.
fn assert_golden(format: Format, results: &Results) {
    let exported = format.write(results).unwrap();
    let label = format.label();
    let notes: String = exported
        .left_out
        .iter()
        .map(|line| format!("{line}\n"))
        .collect();
    let files = exported.files.iter().map(|(suffix, text)| (*suffix, text));
    for (suffix, text) in files.chain([(".left-out", &notes)]) {
        let path = golden(&format!("{label}{suffix}.txt"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() && !text.is_empty() {
            std::fs::write(&path, text).unwrap();
        }
        // Nothing is left out where nothing is kept about it.
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(*text, kept, "{}", path.display());
    }
}

#[test]
fn each_format_is_as_it_is_kept() {
    let mut results = results();
    for format in Format::ALL {
        match format {
            Format::Csv | Format::GoBench | Format::HdrLog | Format::OpenMetrics => {
                assert_golden(format, &few());
            }
            Format::Hgrm => {}
            _ => assert_golden(format, &results),
        }
    }
    results.groups.remove(0);
    results.groups.pop();
    assert_golden(Format::Hgrm, &results);
}

#[test]
fn the_label_of_a_format_is_what_is_typed() {
    for format in Format::ALL {
        let value = format.to_possible_value().unwrap();
        assert_eq!(value.get_name(), format.label());
    }
}

#[test]
fn what_bencher_reads_is_what_its_schema_says() {
    let text = std::fs::read_to_string(golden("bmf.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let exported = Format::Bencher.write(&results()).unwrap();
    let document: Value = serde_json::from_str(&exported.files[0].1).unwrap();
    let errors: Vec<_> = validator.iter_errors(&document).collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(document.as_object().unwrap().len(), 3);
}

#[test]
fn what_the_action_reads_has_its_fields_and_a_direction_by_file() {
    let exported = Format::GithubActionBenchmark.write(&results()).unwrap();
    for ((_, text), is_rate) in exported.files.iter().zip([true, false]) {
        let entries: Vec<Value> = serde_json::from_str(text).unwrap();
        assert!(!entries.is_empty());
        for entry in entries {
            assert!(entry["value"].is_f64() && entry["extra"].is_string());
            assert_eq!(entry["unit"] == "requests/s", is_rate, "{entry}");
        }
    }
}

#[test]
fn a_run_that_cannot_be_believed_is_nowhere_taken_for_one_that_can() {
    let mut results = results();
    results.groups.truncate(2);
    results.groups.remove(0);
    for record in &mut results.groups[0].rounds {
        *record = judged(
            record.clone(),
            vec![finding(Severity::Invalid, "interrupted")],
        );
    }
    for format in Format::ALL {
        match format.write(&results) {
            Ok(exported) => {
                let text = &exported.files[0].1;
                let says_so = match format {
                    Format::Csv => !text.contains(",true,false,"),
                    Format::GoBench => text.lines().all(|line| {
                        !line.starts_with("Benchmark") || line.contains("/validity=invalid ")
                    }),
                    Format::HdrLog => !text.lines().any(|line| line.starts_with(char::is_numeric)),
                    Format::OpenMetrics => !text.contains("valid=\"true\""),
                    Format::Markdown => text.contains("6 invalid, not counted"),
                    other => panic!("{other:?} has no place for it"),
                };
                assert!(says_so, "{format:?}: {text}");
            }
            Err(error) => {
                let line = error.to_string();
                assert!(
                    line.contains("none of 6 runs can be believed (interrupted)"),
                    "{line}"
                );
            }
        }
    }
}

#[test]
fn a_packed_record_has_no_distribution_and_the_line_says_what_to_do() {
    let mut results = results();
    results.groups.truncate(1);
    results.groups[0].rounds[3].histograms.total = None;
    for format in [Format::Hgrm, Format::HdrLog] {
        let line = format.write(&results).unwrap_err().to_string();
        assert!(line.starts_with("close, sync: no histogram"), "{line}");
        assert!(line.contains("--records files"), "{line}");
    }
    results.groups[0].rounds[3].imported = Some(crate::record::sample::imported());
    let line = Format::Hgrm.write(&results).unwrap_err().to_string();
    assert!(line.contains("wrk told percentiles alone"), "{line}");
    assert!(!line.contains("--records"), "{line}");
}

#[test]
fn runs_by_themselves_are_rounds_of_one_load_or_are_called_by_their_files() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, record: &Record| {
        let path = directory.path().join(format!("{name}.json"));
        std::fs::write(path, record.to_json()).unwrap();
    };
    let run = |id: &str, connections: u64| {
        let mut record = sample();
        record.id = id.to_owned();
        record.plan.connections = connections;
        record.plan.seed = Some(connections + id.len() as u64);
        record
    };
    let groups = || -> Vec<(String, usize)> {
        let results = Results::read(&[directory.path().to_owned()], &Selection::default());
        let groups = results.unwrap().groups.into_iter();
        groups.map(|it| (it.scenario, it.rounds.len())).collect()
    };
    write("first", &run("1", 64));
    write("second", &run("22", 64));
    let name = directory.path().file_name().unwrap().to_string_lossy();
    assert_eq!(groups(), [(name.into_owned(), 2)]);
    write("third", &run("3", 150));
    let names = ["first", "second", "third"].map(|name| (name.to_owned(), 1));
    assert_eq!(groups(), names);
}

#[test]
fn a_table_for_people_says_what_is_known_of_the_noise() {
    let directory = tempfile::tempdir().unwrap();
    for (server, rate) in [("sync", 10_000.0), ("async", 13_000.0)] {
        for round in 1..=6 {
            let record = run("close", server, round, rate);
            let path = directory.path().join(format!("{}.json", record.id));
            std::fs::write(path, record.to_json()).unwrap();
        }
    }
    let text = || {
        let results = Results::read(&[directory.path().to_owned()], &Selection::default());
        let exported = Format::Markdown.write(&results.unwrap()).unwrap();
        exported.files[0].1.clone()
    };
    assert!(text().contains("noise floor unknown"), "{}", text());
    let kept = serde_json::json!({"noise_floor": {
        "plan": "made-up", "server": "sync", "started_at": "2026-02-01T12:00:00.000Z", "rounds": 6,
        "machine": {"kernel": "6.0.0", "load_cores": [], "server_cores": []}, "floors": [],
    }});
    std::fs::write(directory.path().join("comparison.json"), kept.to_string()).unwrap();
    assert!(!text().contains("noise floor unknown"), "{}", text());
}

#[test]
fn a_distribution_of_several_servers_asks_which() {
    let line = Format::Hgrm.write(&results()).unwrap_err().to_string();
    for words in ["here are 3", "close, sync", "--server", "hdr-log"] {
        assert!(line.contains(words), "{line}");
    }
}

#[test]
fn an_interval_log_is_read_again() {
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
    let exported = Format::HdrLog.write(&results()).unwrap();
    let mut samples = 0;
    let (mut tags, mut starts) = (Vec::new(), Vec::new());
    // The legend is no comment; this reader does not know it, the others ask for it.
    let lines = exported.files[0]
        .1
        .lines()
        .filter(|line| !line.starts_with('"'));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    for entry in IntervalLogIterator::new(text.as_bytes()) {
        if let LogEntry::Interval(interval) = entry.unwrap() {
            use base64::Engine;
            let base64 = base64::engine::general_purpose::STANDARD;
            let bytes = base64.decode(interval.encoded_histogram()).unwrap();
            let histogram = Deserializer::new()
                .deserialize::<u64, _>(&mut &*bytes)
                .unwrap();
            samples += histogram.len();
            starts.push(interval.start_timestamp());
            tags.push(interval.tag().unwrap().as_str().to_owned());
        }
    }
    assert_eq!((samples, tags.len()), (18_000, 18));
    // The rounds of all servers come in the order of time.
    let [sync, troubled, limited] = ["close/sync", "close/async__\"new\"", "close/epoll"];
    let invalid = format!("{troubled}/invalid");
    assert_eq!(tags[..3], [sync, troubled, limited]);
    assert_eq!(tags[3..6], [sync, &invalid, limited]);
    assert!(starts.is_sorted(), "{starts:?}");
}

#[test]
fn directories_and_files_of_them_are_groups_of_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let write = |path: &str, record: &Record| {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, record.to_json()).unwrap();
        path
    };
    for result in ["old", "new"] {
        write(
            &format!("{result}/1.json"),
            &run("close", "sync", 1, 10_000.0),
        );
        write(
            &format!("{result}/2.json"),
            &run("close", "async", 1, 10_000.0),
        );
    }
    let mut alone = sample();
    alone.started_at = timestamp(std::time::SystemTime::now());
    let alone = write("alone.json", &alone);
    let names = |paths: &[PathBuf], servers: &[&str]| -> Vec<String> {
        let selection = Selection {
            scenarios: Vec::new(),
            servers: servers.iter().map(|&it| it.to_owned()).collect(),
        };
        let results = Results::read(paths, &selection);
        results.unwrap().groups.iter().map(Group::name).collect()
    };
    let [old, new] = ["old", "new"].map(|name| directory.path().join(name));
    assert_eq!(names(std::slice::from_ref(&old), &["s*"]), ["close, sync"]);
    assert_eq!(
        names(&[old.clone(), new.clone()], &["sync"]),
        ["old, close, sync", "new, close, sync"]
    );
    let file = old.join("1.json");
    assert_eq!(
        names(&[file.clone(), old.clone()], &["sync"]),
        ["close, sync"]
    );
    assert_eq!(names(&[alone], &[]), ["alone, sync"]);
    let nobody = Selection {
        scenarios: vec!["nobody".to_owned()],
        servers: Vec::new(),
    };
    let line = Results::read(&[old], &nobody).unwrap_err().to_string();
    assert!(line.contains("--scenario"), "{line}");
}

/// The rows of a CSV text, by the grammar of RFC 4180.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut characters = text.chars().peekable();
    let mut is_quoted = false;
    while let Some(character) = characters.next() {
        let row = rows.last_mut().unwrap();
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                row.last_mut().unwrap().push('"');
                characters.next();
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(String::new()),
            '\r' if !is_quoted => {
                assert_eq!(characters.next(), Some('\n'));
                rows.push(vec![String::new()]);
            }
            other => row.last_mut().unwrap().push(other),
        }
    }
    rows.pop();
    rows
}

/// The value of a label in a line of OpenMetrics, by its grammar.
fn label(line: &str, name: &str) -> String {
    let start = format!("{name}=\"");
    let mut characters = line[line.find(&start).unwrap() + start.len()..].chars();
    let mut value = String::new();
    loop {
        match characters.next().unwrap() {
            '"' => return value,
            '\\' => match characters.next().unwrap() {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
}

/// Numbers and their units.
type GoValues = Vec<(f64, String)>;

/// A line of Go's benchmark text: its name without the first part, by key, and its values by unit.
fn go_line(line: &str) -> (Vec<(String, String)>, GoValues) {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (name, rest) = fields.split_first().unwrap();
    let (iterations, values) = rest.split_first().unwrap();
    assert!(iterations.parse::<u64>().unwrap() > 0);
    assert!(values.len() % 2 == 0 && values.len() >= 2);
    let mut parts = name.split('/');
    let base = parts.next().unwrap().strip_prefix("Benchmark").unwrap();
    assert!(base.starts_with(char::is_uppercase));
    let parts = parts.map(|part| part.split_once('=').unwrap());
    let values = values.chunks(2);
    (
        parts
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
        values
            .map(|pair| (pair[0].parse().unwrap(), pair[1].to_owned()))
            .collect(),
    )
}

#[test]
fn the_text_for_benchstat_is_what_its_grammar_says() {
    let exported = Format::GoBench.write(&results()).unwrap();
    let mut runs = 0;
    for line in exported.files[0].1.lines() {
        let first = line.chars().next().unwrap();
        match first {
            '#' => {}
            'U' => assert_eq!(line.split(' ').count(), 3, "{line}"),
            'B' => {
                let (name, values) = go_line(line);
                let keys: Vec<&str> = name.iter().map(|(key, _)| key.as_str()).collect();
                assert_eq!(keys[..3], ["scenario", "server", "connections"]);
                assert_eq!(values[0].1, "ns/op");
                assert!((values[0].0 * values[1].0 / 1e9 - 1.0).abs() < 1e-9);
                runs += 1;
            }
            _ => {
                let (key, value) = line.split_once(": ").unwrap();
                let is_key = |it: char| it.is_lowercase() || it == '-';
                assert!(key.chars().all(is_key) && !value.is_empty(), "{line}");
            }
        }
    }
    assert_eq!(runs, 18);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn names_of_any_kind_stay_what_they_are(
        scenario in "[ -~\\n\\r\\t\\\\\",=/%äµ\u{2028}]{1,40}", server in any::<String>()
    ) {
        let mut results = results();
        results.groups.truncate(1);
        results.groups[0].scenario.clone_from(&scenario);
        results.groups[0].server.clone_from(&server);
        let text = |format: Format| format.write(&results).unwrap().files.remove(0).1;

        let rows = csv_rows(&text(Format::Csv));
        prop_assert!(rows.iter().all(|row| row.len() == rows[0].len()));
        prop_assert_eq!((&rows[1][1], &rows[1][2]), (&scenario, &server));

        let metrics = text(Format::OpenMetrics);
        // Only a line feed ends a line there.
        let mut lines = metrics.split('\n').filter(|line| !line.starts_with('#') && !line.is_empty());
        prop_assert!(lines.clone().all(|line| line.starts_with("loadgen_")));
        let line = lines.next().unwrap();
        prop_assert_eq!((label(line, "scenario"), label(line, "server")), (scenario.clone(), server.clone()));

        let bench = text(Format::GoBench);
        let runs = bench.split('\n').filter(|line| line.starts_with("Benchmark")).count();
        prop_assert_eq!(runs, 6);
        for line in bench.split('\n').filter(|line| line.starts_with("Benchmark")) {
            prop_assert_eq!(go_line(line).0.len(), 3);
        }

        let log = text(Format::HdrLog);
        prop_assert_eq!(log.split('\n').filter(|line| line.contains(",HISTF")).count(), 6);

        let markdown = text(Format::Markdown);
        prop_assert_eq!(markdown.lines().filter(|line| line.starts_with('|')).count(), 3);
    }
}
