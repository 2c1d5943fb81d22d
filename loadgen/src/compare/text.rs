//! Numbers as people read them.

use super::metric::Metric;

/// A relative change with its sign: `+31 %`, `−1.9 %`; one decimal below 10 %.
pub(crate) fn signed_percent(ratio: f64) -> String {
    let change = ratio - 1.0;
    let sign = if change < 0.0 { "−" } else { "+" };
    format!("{sign}{}", percent(change))
}

/// The size of a share: `31 %`, `1.9 %`; one decimal below 10 %.
pub(super) fn percent(share: f64) -> String {
    let percent = share.abs() * 100.0;
    let decimals = usize::from(percent < 9.95);
    format!("{percent:.decimals$} %")
}

/// A threshold as it was given: `5 %`, `2.5 %`.
pub(crate) fn plain_percent(share: f64) -> String {
    format!("{} %", (share * 1e6).round() / 1e4)
}

/// A factor: `20.3 times`, from 100 on without decimals.
pub(super) fn times(factor: f64) -> String {
    let decimals = usize::from(factor < 99.95);
    format!("{factor:.decimals$}")
}

/// A value of this metric, in a unit that suits its size.
pub(crate) fn value(metric: Metric, value: f64) -> String {
    match metric {
        Metric::RatePerSecond => three_digits(value),
        Metric::ServerCpuUsPerRequest
        | Metric::ServerCpuUserUsPerRequest
        | Metric::ServerCpuSystemUsPerRequest => format!("{} µs", three_digits(value)),
        Metric::LatencyP50Ns | Metric::LatencyP99Ns => duration(value),
        Metric::FailedShare => format!("{:.2} %", value * 100.0),
        Metric::ServerRssBytes => format!("{} MiB", three_digits(value / (1024.0 * 1024.0))),
        Metric::ServerBytesPerConnection => format!("{} KiB", three_digits(value / 1024.0)),
        Metric::ServerSwitchesPerRequest
        | Metric::ServerVoluntarySwitchesPerRequest
        | Metric::ServerInvoluntarySwitchesPerRequest => format!("{value:.3}"),
        // Of two rounds the median may lie between two counts.
        Metric::ServerThreads | Metric::AcceptQueuePeak | Metric::AcceptQueueOverflows => {
            value.to_string()
        }
    }
}

fn duration(ns: f64) -> String {
    if ns < 1e6 {
        format!("{} µs", three_digits(ns / 1e3))
    } else if ns < 1e9 {
        format!("{} ms", three_digits(ns / 1e6))
    } else {
        format!("{} s", three_digits(ns / 1e9))
    }
}

/// At least three digits: `16012`, `51.0`, `9.24`.
fn three_digits(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

/// `1 connection`, `150 connections`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_a_sign_and_a_decimal_where_it_matters() {
        for (ratio, text) in [
            (1.31, "+31 %"),
            (0.69, "−31 %"),
            (1.019, "+1.9 %"),
            (0.981, "−1.9 %"),
            (1.0, "+0.0 %"),
            (1.0996, "+10 %"),
            (1.0994, "+9.9 %"),
        ] {
            assert_eq!(signed_percent(ratio), text);
        }
    }

    #[test]
    fn values_have_the_unit_that_suits_their_size() {
        for (metric, number, text) in [
            (Metric::RatePerSecond, 16_011.7, "16012"),
            (Metric::ServerCpuUsPerRequest, 32.44, "32.4 µs"),
            (Metric::LatencyP50Ns, 85_312.0, "85.3 µs"),
            (Metric::LatencyP50Ns, 9_243_000.0, "9.24 ms"),
            (Metric::LatencyP99Ns, 1_021_000_000.0, "1.02 s"),
            (Metric::FailedShare, 0.0012, "0.12 %"),
            (Metric::ServerRssBytes, 3_145_728.0, "3.00 MiB"),
            (Metric::ServerBytesPerConnection, 12_499.3, "12.2 KiB"),
            (Metric::ServerThreads, 9.0, "9"),
            (Metric::AcceptQueuePeak, 148.5, "148.5"),
            (Metric::ServerSwitchesPerRequest, 0.011, "0.011"),
        ] {
            assert_eq!(value(metric, number), text);
        }
    }

    #[test]
    fn thresholds_are_written_as_they_were_given() {
        assert_eq!(plain_percent(0.05), "5 %");
        assert_eq!(plain_percent(0.025), "2.5 %");
        assert_eq!(plain_percent(0.07), "7 %");
    }

    #[test]
    fn one_thing_is_singular() {
        assert_eq!(counted(1, "connection"), "1 connection");
        assert_eq!(counted(150, "connection"), "150 connections");
    }
}
