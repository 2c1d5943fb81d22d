//! A histogram of a record, to be added to those of others.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;

/// Before the counts: cookie, length of what follows the head, offset, digits, the shortest and the
/// longest time, ratio.
const HEAD: usize = 40;

/// Reads what is to be added to `like`; `None` if its times are told apart in another way, so that
/// the sum would not be that of the samples.
///
/// # Errors
///
/// It is damaged; says how.
pub(super) fn decode(text: &str, like: &Histogram<u64>) -> Result<Option<Histogram<u64>>, String> {
    let bytes = STANDARD.decode(text).map_err(|_| "not base64".to_owned())?;
    let short = || "cut short".to_owned();
    let word = |at: usize| -> Option<u32> {
        Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
    };
    let long = |at: usize| -> Option<u64> {
        Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
    };
    let length = word(4).ok_or_else(short)? as usize;
    let bounds = (
        word(12).ok_or_else(short)?,
        long(16).ok_or_else(short)?,
        long(24).ok_or_else(short)?,
    );
    // The reader makes room for as much as is announced.
    if bytes.len() < HEAD || bytes.len() - HEAD != length {
        return Err(short());
    }
    if bounds != (u32::from(like.sigfig()), like.low(), like.high()) {
        return Ok(None);
    }
    let histogram = Deserializer::new().deserialize(&mut bytes.as_slice());
    histogram.map(Some).map_err(|error| error.to_string())
}
