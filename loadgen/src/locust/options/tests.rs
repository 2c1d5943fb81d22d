use super::*;
use crate::plan::Engine;

const HOST: Option<&str> = Some("http://127.0.0.1:8080");

fn capacity() -> Capacity {
    Capacity {
        users_max: 50,
        threads: 2,
        cores: None,
    }
}

fn options(named: &[(&str, Value)]) -> Options {
    let named = named.iter();
    Options::new(
        named
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    )
}

fn plan(named: &[(&str, &str)]) -> Result<Plan, String> {
    let texts = named.iter().map(|(name, text)| (*name, Value::from(*text)));
    let named: Vec<_> = texts.chain([("num_users", 8.into())]).collect();
    options(&named).plan(HOST, &capacity())
}

#[test]
fn a_master_that_says_nothing_has_the_root_asked_for() {
    for named in [
        &[][..],
        // As empty fields of a web form arrive.
        &[
            ("loadgen_path", ""),
            ("loadgen_rate", ""),
            ("loadgen_headers", " "),
            ("loadgen_body_file", ""),
            ("loadgen_timeout", ""),
            ("loadgen_expect_status", ""),
        ],
    ] {
        let plan = plan(named).unwrap();
        assert_eq!(plan.target.url.masked, "http://127.0.0.1:8080/");
        assert_eq!(plan.scenario.method, Method::GET);
        assert!(plan.scenario.keep_alive);
        assert_eq!(plan.scenario.body, None);
        assert_eq!(plan.load.arrival, Arrival::Closed);
        assert_eq!((plan.load.connections, plan.load.threads), (50, 2));
        assert_eq!(plan.timeout, Duration::from_secs(30));
        assert!(matches!(plan.engine, Engine::Fast(_)));
    }
}

#[test]
fn each_option_has_its_place_in_the_plan() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "body").unwrap();
    let plan = plan(&[
        ("loadgen_path", "/bytes/100?x=1"),
        ("loadgen_method", "PUT"),
        ("loadgen_rate", "200"),
        ("loadgen_keep_alive", "no"),
        ("loadgen_headers", "X-One: 1;; X-Two: 2\nX-Three: a;b"),
        ("loadgen_body_file", file.path().to_str().unwrap()),
        ("loadgen_timeout", "2.5"),
        ("loadgen_expect_status", "200,404"),
    ])
    .unwrap();
    assert_eq!(plan.target.url.path, "/bytes/100?x=1");
    assert_eq!(plan.scenario.method, Method::PUT);
    assert!(!plan.scenario.keep_alive);
    let headers: Vec<_> = plan.scenario.headers.iter().map(Header::masked).collect();
    assert!(headers.ends_with(&[
        "X-One: 1".to_owned(),
        "X-Two: 2".to_owned(),
        "X-Three: a;b".to_owned()
    ]));
    assert_eq!(plan.scenario.body.as_deref(), Some(&b"body"[..]));
    assert_eq!(plan.timeout, Duration::from_millis(2500));
    assert_eq!(plan.expect.statuses.labels(), ["200", "404"]);
}

#[test]
fn a_rate_is_that_of_all_users_together() {
    let of = |rate: Value, users: Value| {
        options(&[("loadgen_rate", rate), ("num_users", users)]).plan(HOST, &capacity())
    };
    for rate in [Value::from("200"), Value::from(200), Value::from(200.0)] {
        let plan = of(rate, 8.into()).unwrap();
        let schedule = plan.load.schedule().unwrap();
        assert!((schedule.rate.peak_per_second() - 200.0).abs() < 1e-9);
    }
    for none in [
        Value::from("0"),
        Value::from(0.0),
        Value::from(""),
        Value::Nil,
    ] {
        assert_eq!(of(none, 8.into()).unwrap().load.schedule(), None);
    }
    assert!(
        of("200".into(), Value::Nil)
            .unwrap_err()
            .contains("give -u")
    );
}

#[test]
fn what_the_locustfile_says_of_a_test_goes_before_what_is_set_while_it_runs() {
    let of_test = [
        ("loadgen_path", "/first".into()),
        ("loadgen_host", "http://127.0.0.1:9".into()),
        ("num_users", 20.into()),
    ];
    let of_test = of_test.map(|(name, value)| (Value::from(name), value));
    let options = options(&[
        ("loadgen_path", "/second".into()),
        ("num_users", 8.into()),
        ("loadgen", Value::Map(of_test.to_vec())),
    ]);
    let plan = options.plan(HOST, &capacity()).unwrap();
    assert_eq!(plan.target.url.masked, "http://127.0.0.1:9/first");
    assert_eq!(options.users_of_all(), Some(20));
}

#[test]
fn options_are_texts_numbers_or_flags() {
    let keeps = |value: Value| {
        let plan = options(&[("loadgen_keep_alive", value)]).plan(HOST, &capacity());
        plan.unwrap().scenario.keep_alive
    };
    assert!(keeps(true.into()) && keeps("yes".into()) && keeps("True".into()) && keeps(Value::Nil));
    assert!(!keeps(false.into()) && !keeps("no".into()) && !keeps("false".into()));
}

#[test]
fn what_makes_no_sense_is_named_in_one_line() {
    for (name, text, words) in [
        ("loadgen_path", "bytes", "write /bytes"),
        ("loadgen_method", "GE T", "--loadgen-method 'GE T'"),
        ("loadgen_rate", "fast", "--loadgen-rate 'fast'"),
        ("loadgen_rate", "-5", "--loadgen-rate '-5'"),
        ("loadgen_rate", "1..5", "ramp the users"),
        ("loadgen_keep_alive", "maybe", "give yes or no"),
        ("loadgen_headers", "X-One", "--loadgen-headers X-One"),
        (
            "loadgen_headers",
            "X One: secret",
            "--loadgen-headers X One",
        ),
        (
            "loadgen_body_file",
            "/nowhere/at/all",
            "--loadgen-body-file",
        ),
        ("loadgen_timeout", "0", "--loadgen-timeout '0'"),
        ("loadgen_timeout", "soon", "--loadgen-timeout 'soon'"),
        (
            "loadgen_expect_status",
            "9xx",
            "--loadgen-expect-status '9xx'",
        ),
    ] {
        let error = plan(&[(name, text)]).unwrap_err();
        assert!(error.contains(words) && !error.contains('\n'), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn a_host_is_a_url_and_must_be_there() {
    for host in [None, Some(""), Some(" ")] {
        let error = options(&[]).plan(host, &capacity()).unwrap_err();
        assert!(error.contains("--host"), "{error}");
    }
    for host in ["127.0.0.1:8080", "ftp://127.0.0.1", "http://"] {
        let error = options(&[]).plan(Some(host), &capacity()).unwrap_err();
        assert!(error.contains("--host") && !error.contains('\n'), "{error}");
    }
    let plan = options(&[])
        .plan(Some("http://127.0.0.1:1/"), &capacity())
        .unwrap();
    assert_eq!(plan.target.url.masked, "http://127.0.0.1:1/");
}
