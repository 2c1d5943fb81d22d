//! What the clients print, read.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use super::{Client, Done};
use crate::load::Load;

/// Reads what `client` printed of this load. A run with failures is none: errors are cheap.
pub(super) fn read(client: Client, load: &Load, stdout: &str) -> anyhow::Result<Done> {
    match client {
        Client::Loadgen(_) => read_loadgen(stdout, load.idle),
        Client::Bare(_) => read_bare(stdout),
        Client::Wrk => read_wrk(stdout),
        Client::Ab => read_ab(stdout),
        Client::H2load => read_h2load(stdout),
        Client::Oha => read_oha(stdout),
        Client::Hey => read_hey(stdout),
    }
}

fn read_loadgen(stdout: &str, idle: usize) -> anyhow::Result<Done> {
    let record: Value = serde_json::from_str(stdout)?;
    let count = |name: &str| number(&record["requests"][name]);
    ensure!(count("failed")? == 0.0, "requests failed");
    if idle > 0 {
        for when in ["held_at_start", "held_at_end"] {
            let held = number(&record["background"]["idle"][when])?;
            ensure!(
                held == idle as f64,
                "of {idle} idle connections {held} were held ({when})"
            );
        }
    }
    Ok(Done {
        requests: count("succeeded")?,
        elapsed: Duration::from_secs_f64(number(&record["elapsed_s"])?),
        cpu: Some(Duration::from_secs_f64(number(&record["client"]["cpu_s"])?)),
        client_us_per_request: record["client"]["cpu_us_per_request"].as_f64(),
        server_us_per_request: record["server"]["cpu_us_per_request"].as_f64(),
        peak_rss_bytes: Some(number(&record["client"]["rss_bytes_peak"])?),
        server_connection_bytes: record["server"]["bytes_per_connection"].as_f64(),
    })
}

fn read_bare(stdout: &str) -> anyhow::Result<Done> {
    let result: Value = serde_json::from_str(stdout)?;
    Ok(Done {
        requests: number(&result["requests"])?,
        elapsed: Duration::from_secs_f64(number(&result["elapsed_s"])?),
        cpu: Some(Duration::from_secs_f64(number(&result["cpu_s"])?)),
        ..Done::default()
    })
}

fn read_oha(stdout: &str) -> anyhow::Result<Done> {
    let result: Value = serde_json::from_str(stdout)?;
    let errors = result["errorDistribution"].as_object();
    if let Some((error, _)) = errors
        .into_iter()
        .flatten()
        .find(|(error, _)| *error != "aborted due to deadline")
    {
        bail!("requests failed: {error}");
    }
    let statuses = result["statusCodeDistribution"].as_object();
    let statuses = statuses.context("no statuses")?;
    ensure!(statuses.keys().all(|status| status == "200"), "not all 200");
    Ok(Done {
        requests: number(&result["statusCodeDistribution"]["200"])?,
        elapsed: Duration::from_secs_f64(number(&result["summary"]["total"])?),
        ..Done::default()
    })
}

fn read_wrk(stdout: &str) -> anyhow::Result<Done> {
    for failure in ["Socket errors", "Non-2xx"] {
        ensure!(!stdout.contains(failure), "requests failed");
    }
    let requests = stdout
        .lines()
        .find_map(|line| line.split_once(" requests in "))
        .context("no requests")?;
    let requests: f64 = requests.0.trim().parse()?;
    let rate: f64 = field(stdout, "Requests/sec:")?.parse()?;
    Ok(Done {
        requests,
        elapsed: Duration::from_secs_f64(requests / rate),
        ..Done::default()
    })
}

fn read_ab(stdout: &str) -> anyhow::Result<Done> {
    ensure!(
        field(stdout, "Failed requests:")? == "0" && !stdout.contains("Non-2xx"),
        "requests failed"
    );
    Ok(Done {
        requests: field(stdout, "Complete requests:")?.parse()?,
        elapsed: Duration::from_secs_f64(field(stdout, "Time taken for tests:")?.parse()?),
        ..Done::default()
    })
}

/// `finished in 2.00s, 135872.00 req/s, …` and `requests: 271744 total, …, 0 failed, 0 errored, …`
fn read_h2load(stdout: &str) -> anyhow::Result<Done> {
    let counts = stdout.lines().find(|line| line.starts_with("requests:"));
    let counts = counts.context("no requests")?;
    let is_clean = [" 0 failed,", " 0 errored,", " 0 timeout"]
        .iter()
        .all(|none| counts.contains(none));
    ensure!(
        is_clean && stdout.contains(" 0 3xx, 0 4xx, 0 5xx"),
        "requests failed"
    );
    let elapsed = field(stdout, "finished in")?.trim_end_matches("s,");
    Ok(Done {
        requests: field(counts, "requests:")?.parse()?,
        elapsed: Duration::from_secs_f64(elapsed.parse()?),
        ..Done::default()
    })
}

fn read_hey(stdout: &str) -> anyhow::Result<Done> {
    ensure!(!stdout.contains("Error distribution:"), "requests failed");
    let (_, statuses) = stdout
        .split_once("Status code distribution:")
        .context("no statuses")?;
    let mut statuses = statuses.split_ascii_whitespace();
    ensure!(
        statuses.next() == Some("[200]") && !statuses.clone().any(|word| word.starts_with('[')),
        "not all 200"
    );
    Ok(Done {
        requests: statuses.next().context("no requests")?.parse()?,
        elapsed: Duration::from_secs_f64(field(stdout, "Total:")?.parse()?),
        ..Done::default()
    })
}

fn number(value: &Value) -> anyhow::Result<f64> {
    value.as_f64().context("a number is missing")
}

/// The word behind `label`.
fn field<'a>(text: &'a str, label: &str) -> anyhow::Result<&'a str> {
    let line = text
        .lines()
        .find_map(|line| line.trim_start().strip_prefix(label));
    line.and_then(|rest| rest.split_ascii_whitespace().next())
        .with_context(|| format!("no `{label}`"))
}
