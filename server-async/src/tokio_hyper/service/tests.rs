use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

use crate::tokio_hyper::agreement::hyper_says;

/// As `/cpu/50000` does, and some turns of the scheduler long.
const WORK: Duration = Duration::from_millis(50);

#[test]
fn work_is_measured_by_the_core_and_not_by_the_wall() {
    // By the clock on the wall, each of two that share a core would get away with half of it.
    let core = first_core();
    let both_ready = Barrier::new(2);
    let work = || {
        sched_setaffinity(None, &core).unwrap();
        both_ready.wait();
        cpu_time_of(b"GET /cpu/50000 HTTP/1.1\r\nHost: a\r\n\r\n")
    };
    let times = thread::scope(|scope| {
        [(); 2]
            .map(|()| scope.spawn(work))
            .map(thread::ScopedJoinHandle::join)
    });
    for time in times {
        assert!(time.unwrap() >= WORK);
    }
}

fn first_core() -> CpuSet {
    let allowed = sched_getaffinity(None).unwrap();
    let mut core = CpuSet::new();
    core.set(
        (0..CpuSet::MAX_CPU)
            .find(|&core| allowed.is_set(core))
            .unwrap(),
    );
    core
}

/// What answering `request` costs the calling thread.
fn cpu_time_of(request: &[u8]) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let began = thread_cpu_time();
    let answer = runtime.block_on(hyper_says([request].into_iter()));
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    thread_cpu_time() - began
}

fn thread_cpu_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}
