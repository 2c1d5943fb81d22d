//! Routes: which answer each request gets.

use super::*;
use anyhow::{bail, ensure};
use std::time::{Duration, Instant, SystemTime};

/// How far the server's clock may be from ours. It is the same clock; a second
/// is lost to Date's resolution and another to a server that renews it once a
/// second.
const DATE_ERROR_MAX: Duration = Duration::from_secs(3);

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "GET / says Hello to the client's address",
        run: |subject| answers_hello(subject, &get("/")),
    },
    Check {
        name: "any other path says Hello",
        run: |subject| {
            ["/index.html", "/a/b/c/", "/%41?b", "/health", "/delays/1"]
                .iter()
                .try_for_each(|path| answers_hello(subject, &get(path)))
        },
    },
    Check {
        name: "/healthz answers ok",
        run: |subject| answers(subject, &get("/healthz"), &ok()),
    },
    Check {
        name: "the query is ignored",
        run: |subject| {
            answers_hello(subject, &get("/?name=value"))?;
            answers(subject, &get("/healthz?a=b&c"), &ok())?;
            answers(subject, &get("/bytes/3?7"), &octets(b"012"))
        },
    },
    Check {
        name: "a target in absolute form is accepted",
        run: |subject| {
            answers(subject, &get("http://contract/healthz"), &ok())?;
            answers(subject, &get("http://contract:80/bytes/1?x"), &octets(b"0"))?;
            answers_hello(subject, &get("http://contract"))
        },
    },
    Check {
        name: "/bytes/N sends N bytes of the repeated digits",
        run: |subject| {
            [0, 1, 16, 65_535, 65_536, 65_537]
                .iter()
                .try_for_each(|&length| sends_bytes(subject, length))
        },
    },
    Check {
        name: "/bytes sends up to 64 MiB",
        run: |subject| sends_bytes(subject, BODY_BYTES_MAX),
    },
    Check {
        name: "/delay/MS waits at least MS milliseconds",
        run: |subject| takes_at_least(subject, "/delay/60", Duration::from_millis(60)),
    },
    Check {
        name: "/delay/0 says Hello",
        run: |subject| answers_hello(subject, &get("/delay/0")),
    },
    Check {
        name: "/cpu/US works at least US microseconds",
        run: |subject| takes_at_least(subject, "/cpu/20000", Duration::from_micros(20_000)),
    },
    Check {
        name: "a number out of its range gets 400",
        run: |subject| {
            gets_400_each(
                subject,
                &["/bytes/67108865", "/delay/10001", "/cpu/1000001"],
            )?;
            gets_400_each(subject, &["/bytes/18446744073709551616", "/bytes/-1"])
        },
    },
    Check {
        name: "what is not a number gets 400",
        run: |subject| {
            gets_400_each(
                subject,
                &["/bytes/x", "/bytes/1x", "/bytes/+1", "/bytes/0x10"],
            )?;
            gets_400_each(subject, &["/delay/soon", "/delay/1.5", "/cpu/much"])
        },
    },
    Check {
        name: "HEAD gets GET's head and no body",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            connection.send(request("HEAD", "/"))?;
            connection.expect(&hello(&connection)?.without_body())?;
            connection.expect_next()?;
            drop(connection);
            let bytes = octets(&[0; 65_536]).without_body();
            answers(subject, &request("HEAD", "/bytes/65536"), &bytes)?;
            answers(subject, &request("HEAD", "/healthz"), &ok().without_body())
        },
    },
    Check {
        name: "another method gets 405 and the methods that would do",
        run: |subject| {
            ["POST", "PUT", "DELETE", "PATCH", "TRACE"]
                .iter()
                .try_for_each(|method| gets_405(subject, method, "/", "GET, HEAD"))?;
            gets_405(subject, "DELETE", "/bytes/1", "GET, HEAD")?;
            gets_405(subject, "OPTIONS", "*", "GET, HEAD")?;
            gets_405(subject, "CONNECT", "contract:80", "GET, HEAD")?;
            gets_405(subject, "GET", "/echo", "POST")?;
            gets_405(subject, "PUT", "/echo", "POST")
        },
    },
    Check {
        name: "a method that nobody knows gets 405",
        run: |subject| {
            ["BREW", "get", "M-SEARCH", "!#$%&'*+-.^_`|~1"]
                .iter()
                .try_for_each(|method| gets_405(subject, method, "/", "GET, HEAD"))
        },
    },
    Check {
        name: "Date is the present in the preferred format",
        run: date_is_the_present,
    },
];

fn ok() -> Expected<'static> {
    Expected::ok("text/plain", "ok")
}

fn gets_400_each(subject: &Subject, paths: &[&str]) -> Result<()> {
    paths
        .iter()
        .try_for_each(|path| answers(subject, &get(path), &Expected::error(400)))
}

fn gets_405(subject: &Subject, method: &str, target: &str, allow: &'static str) -> Result<()> {
    let expected = Expected::not_allowed(allow);
    answers(subject, &request(method, target), &expected)
}

fn sends_bytes(subject: &Subject, length: usize) -> Result<()> {
    let mut digits = b"0123456789abcdef".repeat(length.div_ceil(16));
    digits.truncate(length);
    answers(subject, &get(&format!("/bytes/{length}")), &octets(&digits))
}

fn takes_at_least(subject: &Subject, path: &str, least: Duration) -> Result<()> {
    let mut connection = Connection::open(subject)?;
    let started = Instant::now();
    connection.send(get(path))?;
    connection.expect(&hello(&connection)?)?;
    let took = started.elapsed();
    ensure!(took >= least, "{path} was answered after {took:?}");
    connection.expect_next()
}

/// IMF-fixdate (RFC 9110 §5.6.7), and not a date that was made at the start.
fn date_is_the_present(subject: &Subject) -> Result<()> {
    let mut connection = Connection::open(subject)?;
    connection.send(get("/healthz"))?;
    let answer = connection.answer()?;
    let Some(date) = answer.header("Date") else {
        bail!("there is no Date in\n{}", answer.head);
    };
    let time = httpdate::parse_http_date(date).with_context(|| format!("Date: {date}"))?;
    ensure!(httpdate::fmt_http_date(time) == date, "Date: {date}");
    let now = SystemTime::now();
    let error = now
        .duration_since(time)
        .or_else(|_| time.duration_since(now))?;
    ensure!(error <= DATE_ERROR_MAX, "Date: {date} is off by {error:?}");
    Ok(())
}
