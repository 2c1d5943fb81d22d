//! The latencies of one second: counters while it lasts, a few bytes once it is over.
//!
//! A run has many seconds, and each worker its own of each. So times are told apart to two digits
//! and not to three, and what is kept of a second that is over is only the buckets that something
//! fell into: of 300 000 requests, which fell into 578 buckets, 1330 bytes. At that an hour with
//! four workers takes 20 MB.

use std::iter;
use std::ops::AddAssign;

use hdrhistogram::Histogram;

use super::LONGEST_NS;

/// What an HdrHistogram with these buckets is made with.
pub(crate) const DIGITS: u8 = 2;

/// Buckets for each doubling, as a power of two. As in an HdrHistogram of two digits, whose
/// buckets these are, a bucket is at most a 128th of its times wide.
const PRECISION_BITS: u32 = 7;

/// Times below this have buckets of their own.
const EXACT_NS: u64 = 2 << PRECISION_BITS;

const BUCKETS: usize = bucket(LONGEST_NS) + 1;

/// A counter for each bucket, to count fast. A second has not enough nanoseconds to overflow one.
#[derive(Clone, Debug)]
pub(super) struct Buckets(Box<[u32; BUCKETS]>);

/// The buckets that are not empty, from short times to long ones: for each its distance from the
/// one before and its count, as numbers of seven bits a byte, the low ones first (LEB128).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Packed(Box<[u8]>);

impl Buckets {
    #[inline]
    pub(super) fn count(&mut self, ns: u64) {
        self.0[bucket(ns)] += 1;
    }

    pub(super) fn pack(&self) -> Packed {
        let mut bytes = Vec::new();
        let mut last = 0;
        for (bucket, count) in (0..).zip(&*self.0).filter(|(_, count)| **count > 0) {
            put_number(&mut bytes, bucket - last);
            put_number(&mut bytes, *count);
            last = bucket;
        }
        Packed(bytes.into())
    }
}

impl Default for Buckets {
    fn default() -> Self {
        Self(Box::new([0; BUCKETS]))
    }
}

impl AddAssign<&Packed> for Buckets {
    fn add_assign(&mut self, packed: &Packed) {
        for (bucket, count) in packed.counts() {
            // One machine cannot fill a counter within a second; a thousand might.
            self.0[bucket] = self.0[bucket].saturating_add(count);
        }
    }
}

impl Packed {
    /// What a histogram of the same buckets has counted; `None` if more fell into one than a second
    /// has room for.
    pub(super) fn of(histogram: &Histogram<u64>) -> Option<Self> {
        let mut bytes = Vec::new();
        let mut last = 0;
        for counted in histogram.iter_recorded() {
            let bucket = bucket(counted.value_iterated_to());
            put_number(&mut bytes, (bucket - last) as u32);
            put_number(&mut bytes, u32::try_from(counted.count_at_value()).ok()?);
            last = bucket;
        }
        Some(Self(bytes.into()))
    }

    /// Counts one more, in some microseconds.
    pub(super) fn count(&mut self, ns: u64) {
        let mut buckets = Buckets::default();
        buckets += self;
        buckets.count(ns);
        *self = buckets.pack();
    }

    /// The nanoseconds that `share` (0 to 1) did not exceed: the longest of the bucket that has
    /// the nearest rank; `None` if there is nothing.
    pub(super) fn quantile_ns(&self, share: f64) -> Option<u64> {
        let total: u64 = self.times().map(|(_, count)| count).sum();
        let rank = (total as f64 * share).ceil().max(1.0) as u64;
        let mut counted = 0;
        let mut times = self.times();
        let found = times.find(|(_, count)| {
            counted += count;
            counted >= rank
        });
        found.map(|(ns, _)| ns)
    }

    /// The longest time of each bucket that is not empty, in nanoseconds, and its count.
    pub(super) fn times(&self) -> impl Iterator<Item = (u64, u64)> {
        let counts = self.counts();
        counts.map(|(bucket, count)| (longest_ns(bucket), u64::from(count)))
    }

    /// The same as an HdrHistogram, whose buckets these are. Added to another of them, or counted
    /// into [`Packed`] again, it is what it was.
    pub(super) fn histogram(&self) -> Histogram<u64> {
        let mut histogram = Histogram::new_with_bounds(1, LONGEST_NS, DIGITS)
            .expect("the bounds are in order and the digits 0 to 5");
        for (ns, count) in self.times() {
            histogram.saturating_record_n(ns, count);
        }
        histogram
    }

    /// Buckets that are not empty, and what is in them.
    fn counts(&self) -> impl Iterator<Item = (usize, u32)> {
        let mut bytes = &*self.0;
        let mut bucket = 0;
        iter::from_fn(move || {
            bucket += take_number(&mut bytes)? as usize;
            Some((bucket, take_number(&mut bytes)?))
        })
    }
}

impl AddAssign<&Self> for Packed {
    fn add_assign(&mut self, other: &Self) {
        if self.0.is_empty() {
            self.clone_from(other);
        } else if !other.0.is_empty() {
            let mut buckets = Buckets::default();
            buckets += self;
            buckets += other;
            *self = buckets.pack();
        }
    }
}

/// The bucket of a time. What took longer than can be told is in the last one.
const fn bucket(ns: u64) -> usize {
    let ns = if ns < LONGEST_NS { ns } else { LONGEST_NS };
    // Doublings from where buckets become wider than a nanosecond.
    let doublings = (ns | (EXACT_NS - 1)).ilog2() - PRECISION_BITS;
    ((doublings as u64) << PRECISION_BITS) as usize + (ns >> doublings) as usize
}

/// The longest time of a bucket, in nanoseconds.
fn longest_ns(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let doublings = (bucket >> PRECISION_BITS).saturating_sub(1);
    let first = bucket - (doublings << PRECISION_BITS);
    ((first + 1) << doublings) - 1
}

fn put_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0;
    for shift in (0..u32::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u32::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            break;
        }
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::record::{decode_histogram, encode_histogram};

    /// As likely short as long.
    fn time_ns() -> impl Strategy<Value = u64> {
        (0_u32..42, any::<u64>()).prop_map(|(bits, any)| any & ((1 << bits) - 1))
    }

    fn packed(times_ns: &[u64]) -> Packed {
        let mut buckets = Buckets::default();
        for ns in times_ns {
            buckets.count(*ns);
        }
        buckets.pack()
    }

    #[test]
    fn the_longest_time_is_in_the_last_bucket_and_longer_ones_with_it() {
        assert_eq!(bucket(LONGEST_NS), BUCKETS - 1);
        assert_eq!(packed(&[u64::MAX]), packed(&[LONGEST_NS]));
    }

    #[test]
    fn counts_of_any_size_survive_packing() {
        let mut buckets = Buckets::default();
        let counts = [1, 127, 128, 16_384, u32::MAX];
        buckets.0[..5].copy_from_slice(&counts);
        let kept: Vec<_> = buckets.pack().counts().collect();
        assert_eq!(kept, (0..).zip(counts).collect::<Vec<_>>());
    }

    #[test]
    fn of_nothing_there_is_no_quantile() {
        assert_eq!(Packed::default().quantile_ns(0.99), None);
        assert_eq!(Buckets::default().pack(), Packed::default());
    }

    proptest! {
        #[test]
        fn a_quantile_is_what_an_hdr_histogram_of_two_digits_says(
            times_ns in vec(time_ns(), 1..300),
            share in 0.001_f64..1.0,
        ) {
            let mut histogram = Histogram::<u64>::new_with_bounds(1, LONGEST_NS, 2).unwrap();
            for ns in &times_ns {
                histogram.saturating_record(*ns);
            }
            prop_assert_eq!(
                packed(&times_ns).quantile_ns(share),
                Some(histogram.value_at_quantile(share))
            );
        }

        #[test]
        fn as_an_hdr_histogram_it_has_what_was_recorded_in_one(times_ns in vec(time_ns(), 0..300)) {
            let mut recorded = Histogram::<u64>::new_with_bounds(1, LONGEST_NS, DIGITS).unwrap();
            for ns in &times_ns {
                recorded.saturating_record(*ns);
            }
            let histogram = packed(&times_ns).histogram();
            let buckets = |histogram: &Histogram<u64>| {
                let each = histogram.iter_recorded();
                each.map(|it| (it.value_iterated_to(), it.count_at_value())).collect::<Vec<_>>()
            };
            prop_assert_eq!(buckets(&histogram), buckets(&recorded));
            // Read from text it is the same, to the bounds, so that they can be added.
            if let Some(text) = encode_histogram(&histogram) {
                prop_assert_eq!(decode_histogram(&text).unwrap(), histogram);
            }
        }

        #[test]
        fn what_a_histogram_of_two_digits_has_counted_is_packed_as_if_it_had_been_counted_here(
            times_ns in vec(time_ns(), 0..300),
        ) {
            let mut histogram = Histogram::<u64>::new_with_bounds(1, LONGEST_NS, DIGITS).unwrap();
            for ns in &times_ns {
                histogram.saturating_record(*ns);
            }
            prop_assert_eq!(Packed::of(&histogram), Some(packed(&times_ns)));
        }

        #[test]
        fn parts_add_up_to_the_whole(
            one in vec(time_ns(), 0..100),
            other in vec(time_ns(), 0..100),
            late_ns in time_ns(),
        ) {
            let mut sum = packed(&one);
            sum += &packed(&other);
            prop_assert_eq!(&sum, &packed(&[&one[..], &other].concat()));
            sum.count(late_ns);
            prop_assert_eq!(sum, packed(&[&one[..], &other, &[late_ns]].concat()));
        }
    }
}
