//! Whole distributions as text: HdrHistogram's V2 encoding in base64, the
//! format that the HdrHistogram libraries of other languages read.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2Serializer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// HdrHistograms of nanoseconds (V2, uncompressed, base64), under the same keys
/// as `latency_ns`. A phase without a sample is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Histograms {
    /// Successful requests, start to last byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<String>,
    /// Opening of TCP connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<String>,
    /// TLS handshakes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
    /// Successful requests, start to first byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte: Option<String>,
    /// Successful requests, intended start to last byte (open loop only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<String>,
    /// Failed requests, start to failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// Requests under way at the end, start to that end; in records to be
    /// merged, as those that follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<String>,
    /// Actual minus intended start, as in `schedule.lag_ns` (open loop only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag: Option<String>,
    /// Successful requests by the second in which they ended, start to last
    /// byte, to two digits; the key is the row's `start_s`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seconds: BTreeMap<u64, String>,
    /// Successful requests by path, start to last byte, to two digits; the key
    /// is the path's index in `paths`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub paths: BTreeMap<u64, String>,
}

/// Why a text is not a histogram.
#[derive(Debug, thiserror::Error)]
pub enum HistogramError {
    /// Not base64 (RFC 4648, section 4).
    #[error("not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// Not the bytes of an HdrHistogram.
    #[error("not an HdrHistogram: {0}")]
    Encoding(#[from] hdrhistogram::serialization::DeserializeError),
    /// It announces another length than it has.
    #[error("not as long as it says")]
    Length,
}

/// Before the counts: cookie, length of what follows the head, offset, digits, the shortest and the
/// longest time, ratio.
const HEAD_BYTES: usize = 40;

/// The histogram as text; `None` if it is empty.
///
/// # Panics
/// Never: the bytes go to memory, and the count fits.
pub fn encode_histogram(histogram: &Histogram<u64>) -> Option<String> {
    if histogram.is_empty() {
        return None;
    }
    let mut bytes = Vec::new();
    V2Serializer::new()
        .serialize(histogram, &mut bytes)
        .expect("memory takes every byte");
    Some(STANDARD.encode(bytes))
}

/// The histogram that [`encode_histogram`], or another HdrHistogram library,
/// wrote as text, uncompressed.
pub fn decode_histogram(text: &str) -> Result<Histogram<u64>, HistogramError> {
    let bytes = STANDARD.decode(text)?;
    // The reader makes room for as much as is announced.
    let announced = bytes.get(4..8).and_then(|length| length.try_into().ok());
    let announced =
        announced.map(|length| HEAD_BYTES as u64 + u64::from(u32::from_be_bytes(length)));
    if announced.is_some_and(|length| length != bytes.len() as u64) {
        return Err(HistogramError::Length);
    }
    Ok(Deserializer::new().deserialize(&mut bytes.as_slice())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_histogram_survives_the_way_to_text_and_back(
            values_ns in prop::collection::vec(1u64..3_600_000_000_000, 1..200)
        ) {
            let mut histogram = Histogram::new(3).unwrap();
            for value_ns in values_ns {
                histogram.record(value_ns).unwrap();
            }
            let text = encode_histogram(&histogram).unwrap();
            prop_assert_eq!(decode_histogram(&text).unwrap(), histogram);
        }
    }

    #[test]
    fn an_empty_histogram_is_not_written() {
        assert_eq!(encode_histogram(&Histogram::new(3).unwrap()), None);
    }

    #[test]
    fn damaged_text_is_an_error_and_no_panic() {
        assert!(matches!(
            decode_histogram("%"),
            Err(HistogramError::Base64(_))
        ));
        assert!(matches!(
            decode_histogram("AAAA"),
            Err(HistogramError::Encoding(_))
        ));
        let mut histogram = Histogram::new(3).unwrap();
        histogram.record(1).unwrap();
        let text = encode_histogram(&histogram).unwrap();
        let mut bytes = STANDARD.decode(text).unwrap();
        // As if 4 GiB followed.
        bytes[4..8].fill(0xff);
        assert!(matches!(
            decode_histogram(&STANDARD.encode(bytes)),
            Err(HistogramError::Length)
        ));
    }
}
