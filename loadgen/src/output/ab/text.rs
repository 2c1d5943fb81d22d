//! ab's report as text.

use std::fmt::{Display, Result, Write};

use super::failed::FailedColumns;
use super::rows::{self, Row};
use super::{BANNER, Run, times, tls, traffic};

/// Width of the names in front of values.
const NAME_WIDTH: usize = 24;

pub(super) fn write(out: &mut String, run: &Run<'_>) -> Result {
    write_banner(out, run)?;
    let [server, document, counts] = rows::groups(run);
    write_rows(out, &server)?;
    if let Some(tls) = &run.record.target.tls {
        write_rows(out, &tls::rows(tls))?;
    }
    writeln!(out)?;
    write_rows(out, &document)?;
    writeln!(out)?;
    write_rows(out, &counts)?;
    write_rates(out, run)?;
    let answers = run.counts.total.0.len();
    if answers > 0 {
        times::write_table(out, &run.counts, run.options.deviation)?;
    }
    if answers > 1 && run.options.percentiles {
        times::write_percentiles(out, &run.counts.total)?;
    }
    write_causes(out, run)
}

fn write_banner(out: &mut String, run: &Run<'_>) -> Result {
    for banner in BANNER {
        writeln!(out, "{banner}")?;
    }
    write!(out, "\nBenchmarking {} ", run.url.host)?;
    if let Some(proxy) = &run.record.plan.proxy {
        // Without what it was told of who asks.
        let proxy = proxy.rsplit('@').next().unwrap_or(proxy);
        write!(out, "[through {proxy}] ")?;
    }
    write!(out, "(be patient)")?;
    let (then, end) = match run.tells_progress() {
        true => ("\n", ""),
        false => ("...", "..done\n"),
    };
    writeln!(out, "{then}{}{end}\n", traffic::text(run))
}

fn write_rows(out: &mut String, rows: &[Row]) -> Result {
    rows.iter().try_for_each(|row| match row {
        Row::Value(name, value) => line(out, name, value),
        Row::Detail(text) => writeln!(out, "{text}"),
    })
}

fn write_rates(out: &mut String, run: &Run<'_>) -> Result {
    let Some(rates) = run.rates() else {
        return Ok(());
    };
    let rate = format!("{:.2} [#/sec] (mean)", rates.per_second);
    line(out, "Requests per second:", rate)?;
    let mean = format!("{:.3} [ms] (mean)", rates.concurrent_ms);
    line(out, "Time per request:", mean)?;
    let per_request_ms = rates.per_request_ms;
    let across = format!("{per_request_ms:.3} [ms] (mean, across all concurrent requests)");
    line(out, "Time per request:", across)?;
    let (received, sent) = (rates.received_kib_per_second, rates.sent_kib_per_second);
    let transfer = format!("{received:.2} [Kbytes/sec] received");
    line(out, "Transfer rate:", transfer)?;
    if run.options.sends_body {
        line(out, "", format!("{sent:.2} kb/s sent"))?;
        line(out, "", format!("{:.2} kb/s total", received + sent))?;
    }
    Ok(())
}

/// What ab's four columns do not tell. After everything of ab's, with one colon in a line, since
/// that is where its readers split.
fn write_causes(out: &mut String, run: &Run<'_>) -> Result {
    let failures = run.record.failures.iter();
    let mut causes = failures
        .filter(|(cause, count)| *count > 0 && FailedColumns::has(*cause))
        .peekable();
    if causes.peek().is_some() {
        writeln!(out, "\nFailures by cause")?;
    }
    causes.try_for_each(|(cause, count)| line(out, &format!("{}:", cause.label()), count))
}

fn line(out: &mut String, name: &str, value: impl Display) -> Result {
    writeln!(out, "{name:NAME_WIDTH$}{value}")
}
