use super::*;
use proptest::prelude::*;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

fn sample(cpu_ms: u64, user: u64, system: u64) -> ProcessSample {
    ProcessSample {
        cpu: Duration::from_millis(cpu_ms),
        cpu_at_threads: Duration::from_millis(cpu_ms),
        ticks: Some(CpuTicks { user, system }),
        rss_bytes: None,
        peak_rss_bytes: None,
        threads: None,
        living_threads: None,
    }
}

fn living(cpu_ms: u64, voluntary: u64, involuntary: u64) -> Option<LivingThreads> {
    Some(LivingThreads {
        cpu: Duration::from_millis(cpu_ms),
        switches: ContextSwitches {
            voluntary,
            involuntary,
        },
    })
}

#[test]
fn the_first_number_of_schedstat_is_the_time_on_a_cpu() {
    let expected = Duration::from_nanos(1_234_567_890);
    assert_eq!(parse_schedstat("1234567890 55 7\n"), Some(expected));
    assert_eq!(parse_schedstat(""), None);
}

#[test]
fn the_precise_time_is_divided_as_the_ticks_are() {
    let cost = sample(1037, 25, 75).since(&sample(33, 0, 0));
    assert_eq!(cost.cpu, Duration::from_millis(1004));
    assert_eq!(cost.user, Some(Duration::from_millis(251)));
    assert_eq!(cost.system, Some(Duration::from_millis(753)));
}

#[test]
fn without_a_tick_the_division_is_not_known() {
    let cost = sample(7, 3, 4).since(&sample(1, 3, 4));
    assert_eq!(cost.cpu, Duration::from_millis(6));
    assert_eq!((cost.user, cost.system), (None, None));
}

#[test]
fn switches_are_given_while_the_living_threads_did_the_work() {
    let process_cpu = Duration::from_millis(100);
    let switches =
        LivingThreads::switches_between(living(10, 5, 1), living(106, 25, 4), process_cpu);
    let expected = ContextSwitches {
        voluntary: 20,
        involuntary: 3,
    };
    assert_eq!(switches, Some(expected));
}

#[test]
fn switches_are_withheld_when_ended_threads_did_the_work() {
    let process_cpu = Duration::from_millis(100);
    let switches = LivingThreads::switches_between(living(10, 5, 1), living(40, 9, 2), process_cpu);
    assert_eq!(switches, None);
    let fewer = LivingThreads::switches_between(living(10, 5, 1), living(4, 2, 0), process_cpu);
    assert_eq!(fewer, None);
}

#[test]
fn a_process_that_does_not_exist_has_no_sample() {
    assert_eq!(ProcessSample::read(0), None);
    assert_eq!(ProcessSample::read(u32::MAX), None);
    assert!(!reset_peak_rss(u32::MAX));
}

#[test]
fn the_own_process_can_be_sampled() {
    let pid = std::process::id();
    let before = ProcessSample::read(pid).unwrap();
    let after = ProcessSample::read(pid).unwrap();
    let cost = after.since(&before);
    assert!(cost.cpu > Duration::ZERO);
    assert!(cost.threads.unwrap() >= 1);
    assert!(cost.rss_bytes.unwrap() > 0);
    assert!(after.living_threads.unwrap().cpu > Duration::ZERO);
}

/// A shell that does `work`, says so with a line and then waits for its
/// standard input to close.
fn shell_after(work: &str) -> Child {
    let mut child = Command::new("sh")
        .args(["-c", &format!("{work}; echo done; read wait")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "done\n");
    child
}

/// Closes the shell's standard input and waits for its end.
fn finish(mut child: Child) {
    assert!(child.wait().is_ok());
}

#[test]
fn a_busy_child_pays_more_than_an_idle_one() {
    let idle = shell_after(":");
    let busy = shell_after("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done");
    let idle_sample = ProcessSample::read(idle.id()).unwrap();
    let busy_sample = ProcessSample::read(busy.id()).unwrap();
    finish(idle);
    finish(busy);

    assert!(busy_sample.cpu > idle_sample.cpu);
    assert_eq!(busy_sample.threads, Some(1));
    assert!(busy_sample.peak_rss_bytes >= busy_sample.rss_bytes);
    assert!(busy_sample.living_threads.is_some());
}

#[test]
fn a_childs_cpu_time_does_not_go_backwards() {
    let child = shell_after(":");
    let samples: Vec<_> = (0..10)
        .map(|_| ProcessSample::read(child.id()).unwrap())
        .collect();
    finish(child);
    assert!(samples.is_sorted_by_key(|sample| sample.cpu));
}

#[test]
fn the_peak_of_the_memory_can_be_reset() {
    // The shell holds eight megabytes for a moment.
    let child = shell_after("x=$(head -c 8000000 /dev/zero | tr '\\0' x); x=");
    let peak_rss_bytes = || ProcessSample::read(child.id()).unwrap().peak_rss_bytes;
    let before = peak_rss_bytes();
    let was_reset = reset_peak_rss(child.id());
    let after = peak_rss_bytes();
    finish(child);

    assert!(before.unwrap() > 8_000_000);
    // Kernels without CONFIG_PROC_PAGE_MONITOR refuse.
    assert_eq!(after < before, was_reset);
}

proptest! {
    #[test]
    fn user_and_system_add_up_to_the_whole(
        cpu_ms in 0..10_000_000_u64,
        user in 0..1_000_000_u64,
        system in 0..1_000_000_u64,
    ) {
        let cost = sample(cpu_ms, user, system).since(&sample(0, 0, 0));
        if let (Some(user), Some(system)) = (cost.user, cost.system) {
            prop_assert_eq!(user + system, cost.cpu);
        }
    }
}
