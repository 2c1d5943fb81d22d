//! A latency distribution as HdrHistogram's `outputPercentileDistribution` prints it, in
//! milliseconds, five steps to each halving of what is left to 100 %. The runs of a server are
//! added up: histograms can be, percentiles cannot.
//!
//! Source: `AbstractHistogram.java` of HdrHistogram 2.

use std::fmt::Write as _;

use hdrhistogram::Histogram;

use super::{ExportError, Exported, Format, Results};

/// Nanoseconds in a unit that is printed.
const SCALE: f64 = 1e6;

const STEPS_PER_HALVING: u32 = 5;

pub(super) fn write(results: &Results) -> Result<Exported, ExportError> {
    let groups = results.believed()?;
    if let [first, second, more @ ..] = groups.as_slice() {
        return Err(ExportError::SeveralGroups {
            label: Format::Hgrm.label(),
            groups: groups.len(),
            first: first.name(),
            second: second.name(),
            more: if more.is_empty() { "" } else { ", …" },
        });
    }
    let mut total: Option<Histogram<u64>> = None;
    for group in groups {
        for record in group.valid() {
            let histogram = group.histogram(record)?;
            match &mut total {
                None => total = Some(histogram),
                Some(total) => add(total, &histogram),
            }
        }
    }
    let text = total.as_ref().map_or_else(String::new, table);
    let left_out = results.invalid_left_out();
    Ok(Exported::one(text, left_out.into_iter().collect()))
}

/// Adds one to the other, which makes room for it.
fn add(total: &mut Histogram<u64>, histogram: &Histogram<u64>) {
    total.auto(true);
    for step in histogram.iter_recorded() {
        total.saturating_record_n(step.value_iterated_to(), step.count_at_value());
    }
}

fn table(histogram: &Histogram<u64>) -> String {
    let mut text = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let mut count = 0;
    for step in histogram.iter_quantiles(STEPS_PER_HALVING) {
        count += step.count_since_last_iteration();
        let value = step.value_iterated_to() as f64 / SCALE;
        let quantile = step.quantile_iterated_to();
        let _ = write!(text, "{value:12.3} {quantile:2.12} {count:10}");
        let _ = match quantile < 1.0 {
            true => writeln!(text, " {:14.2}", 1.0 / (1.0 - quantile)),
            false => writeln!(text),
        };
    }
    let (mean, deviation) = (histogram.mean() / SCALE, histogram.stdev() / SCALE);
    let (max, all) = (histogram.max() as f64 / SCALE, histogram.len());
    let (buckets, sub_buckets) = (histogram.buckets(), sub_buckets(histogram));
    let _ = write!(
        text,
        "#[Mean    = {mean:12.3}, StdDeviation   = {deviation:12.3}]\n\
         #[Max     = {max:12.3}, Total count    = {all:12}]\n\
         #[Buckets = {buckets:12}, SubBuckets     = {sub_buckets:12}]\n",
    );
    text
}

/// As many as tell values apart to the histogram's digits: a power of two.
fn sub_buckets(histogram: &Histogram<u64>) -> u64 {
    (2 * 10_u64.pow(u32::from(histogram.sigfig()))).next_power_of_two()
}
