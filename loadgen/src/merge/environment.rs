//! The machines of all shards as one: what they agree on.

use crate::record::Environment;

/// Between the texts of machines that differ.
const SEPARATOR: &str = "; ";

/// Adds another machine. Texts that differ are all told, of memory the least and of stolen time the
/// most; whatever else differs is left out.
pub(super) fn add(sum: &mut Environment, one: &Environment) {
    join(&mut sum.os, &one.os);
    join(&mut sum.kernel, &one.kernel);
    match (&mut sum.cpu_model, &one.cpu_model) {
        (Some(sum), Some(one)) => join(sum, one),
        (sum, _) => *sum = None,
    }
    agree(&mut sum.cpu_count, &one.cpu_count);
    agree(&mut sum.cpu_usable_count, &one.cpu_usable_count);
    agree(&mut sum.governor, &one.governor);
    agree(&mut sum.clock_source, &one.clock_source);
    sum.memory_bytes = sum.memory_bytes.min(one.memory_bytes);
    agree(&mut sum.congestion_control, &one.congestion_control);
    agree(&mut sum.tcp_tw_reuse, &one.tcp_tw_reuse);
    agree(&mut sum.somaxconn, &one.somaxconn);
    agree(&mut sum.port_range, &one.port_range);
    agree(&mut sum.file_limit, &one.file_limit);
    sum.cpu_steal_share = match (sum.cpu_steal_share, one.cpu_steal_share) {
        (Some(sum), Some(one)) => Some(sum.max(one)),
        (sum, one) => sum.or(one),
    };
    if sum.load_cores != one.load_cores {
        sum.load_cores.clear();
    }
    if sum.server_cores != one.server_cores {
        sum.server_cores.clear();
    }
}

fn join(sum: &mut String, one: &str) {
    let framed = |text: &str| format!("{SEPARATOR}{text}{SEPARATOR}");
    if !framed(sum).contains(&framed(one)) {
        sum.push_str(SEPARATOR);
        sum.push_str(one);
    }
}

fn agree<T: PartialEq>(sum: &mut Option<T>, one: &Option<T>) {
    if sum != one {
        *sum = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::sample::sample;

    #[test]
    fn machines_that_differ_are_told_or_left_out() {
        let mut sum = sample().environment;
        let same = sum.clone();
        add(&mut sum, &same);
        assert_eq!(sum, same);
        let other = Environment {
            kernel: "7.0.0; of mine".to_owned(),
            cpu_count: Some(64),
            memory_bytes: 1 << 30,
            cpu_steal_share: Some(0.25),
            load_cores: vec![7],
            ..same.clone()
        };
        add(&mut sum, &other);
        add(&mut sum, &other);
        assert_eq!(sum.kernel, format!("{}; 7.0.0; of mine", same.kernel));
        assert_eq!((sum.cpu_count, sum.memory_bytes), (None, 1 << 30));
        assert_eq!(sum.cpu_steal_share, Some(0.25));
        assert!(sum.load_cores.is_empty());
        assert_eq!(sum.somaxconn, same.somaxconn);
    }
}
