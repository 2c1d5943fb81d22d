//! A histogram of a record, to be added to those of others.

use hdrhistogram::Histogram;

use crate::record::{HistogramError, decode_histogram};

/// Reads what is to be added to `like`; `None` if its times are told apart in another way, so that
/// the sum would not be that of the samples.
pub(super) fn decode(
    text: &str,
    like: &Histogram<u64>,
) -> Result<Option<Histogram<u64>>, HistogramError> {
    let bounds = |it: &Histogram<u64>| (it.sigfig(), it.low(), it.high());
    let histogram = decode_histogram(text)?;
    Ok((bounds(&histogram) == bounds(like)).then_some(histogram))
}
