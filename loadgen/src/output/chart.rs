//! Numbers as characters: over time a line of blocks, with an interval a line with a dot in it.

/// From little to much; the first is not empty, so that a line shows where it begins and ends.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Where nothing is known.
const UNKNOWN: char = '·';

/// A line of at most `width` blocks from 0 to the largest value; where there are more values than
/// that, a block is the largest of several, so that no peak is lost.
#[must_use]
pub fn sparkline(values: &[Option<f64>], width: usize) -> String {
    let max = values.iter().flatten().copied().fold(0.0, f64::max);
    let width = width.min(values.len());
    let block = |index: usize| {
        let from = index * values.len() / width;
        let to = (index + 1) * values.len() / width;
        let known = values[from..to].iter().flatten().copied();
        known
            .reduce(f64::max)
            .map_or(UNKNOWN, |value| of(value, max))
    };
    (0..width).map(block).collect()
}

/// An interval and the value in it, `[low, value, high]`, where they lie between two ends, drawn in
/// `width` characters: `  ├─●──┤  `.
#[must_use]
pub fn whisker([low, value, high]: [f64; 3], (from, to): (f64, f64), width: usize) -> String {
    let last = width.saturating_sub(1);
    let column = |number: f64| {
        let share = match to > from {
            true => ((number - from) / (to - from)).clamp(0.0, 1.0),
            false => 0.5,
        };
        (share * last as f64).round() as usize
    };
    let (first, dot, end) = (column(low), column(value), column(high));
    let character = |at: usize| match at {
        _ if at == dot => '●',
        _ if at == first => '├',
        _ if at == end => '┤',
        _ if first < at && at < end => '─',
        _ => ' ',
    };
    (0..width).map(character).collect()
}

fn of(value: f64, max: f64) -> char {
    let share = match max > 0.0 {
        true => (value / max).clamp(0.0, 1.0),
        false => 0.0,
    };
    BLOCKS[(share * (BLOCKS.len() - 1) as f64).round() as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: &[f64], width: usize) -> String {
        let values: Vec<_> = values.iter().copied().map(Some).collect();
        sparkline(&values, width)
    }

    #[test]
    fn a_line_rises_from_nothing_to_the_most() {
        assert_eq!(
            line(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 8),
            "▁▂▃▄▅▆▇█"
        );
        assert_eq!(line(&[0.0, 0.0], 8), "▁▁");
        assert_eq!(line(&[], 8), "");
    }

    #[test]
    fn several_values_share_a_block_and_their_peak_is_seen() {
        assert_eq!(line(&[0.0, 7.0, 0.0, 0.0, 0.0, 3.5], 3), "█▁▅");
    }

    #[test]
    fn an_interval_lies_where_it_does_on_the_scale() {
        let scale = (10.0, 20.0);
        assert_eq!(whisker([12.0, 14.0, 17.0], scale, 11), "  ├─●──┤   ");
        assert_eq!(whisker([10.0, 10.0, 20.0], scale, 11), "●─────────┤");
        assert_eq!(whisker([13.0, 13.0, 13.0], scale, 11), "   ●       ");
        assert_eq!(whisker([1.0, 1.0, 1.0], (1.0, 1.0), 5), "  ●  ");
        assert_eq!(whisker([1.0, 1.0, 1.0], scale, 0), "");
    }

    #[test]
    fn what_is_not_known_is_a_dot() {
        assert_eq!(sparkline(&[None, Some(1.0)], 8), "·█");
    }
}
