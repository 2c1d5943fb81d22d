//! The moment at which all shards begin, by the clock on the wall.

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::engine::Observer;

/// How long is slept at a time: a signal, or a clock that was set, is noticed after that.
const SLICE: Duration = Duration::from_millis(100);

/// A clock on a wall, and sleep by it.
trait Wall {
    fn now(&mut self) -> SystemTime;
    fn sleep(&mut self, time: Duration);
}

struct ThisMachines;

impl Wall for ThisMachines {
    fn now(&mut self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&mut self, time: Duration) {
        thread::sleep(time);
    }
}

/// Waits for `start_at`, telling `observer` so, and returns how long it is over then.
///
/// # Errors
///
/// [`ErrorKind::Interrupted`], if `interrupted` is set meanwhile: nothing has begun.
pub fn await_start(
    start_at: SystemTime,
    interrupted: &AtomicBool,
    observer: &mut dyn Observer,
) -> io::Result<Duration> {
    await_by(&mut ThisMachines, start_at, interrupted, observer)
}

fn await_by(
    wall: &mut dyn Wall,
    start_at: SystemTime,
    interrupted: &AtomicBool,
    observer: &mut dyn Observer,
) -> io::Result<Duration> {
    if let Ok(late) = wall.now().duration_since(start_at) {
        observer.begins_late(late);
        return Ok(late);
    }
    loop {
        if interrupted.load(Ordering::Relaxed) {
            return Err(ErrorKind::Interrupted.into());
        }
        match start_at.duration_since(wall.now()) {
            Ok(left) if !left.is_zero() => {
                observer.waits(left);
                wall.sleep(left.min(SLICE));
            }
            reached => return Ok(reached.map_or_else(|over| over.duration(), |_| Duration::ZERO)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::UNIX_EPOCH;

    use super::*;

    /// On this wall sleeping takes 3 ms longer than it should.
    struct Painted {
        now: SystemTime,
        slept: u32,
        /// After so many times a signal comes.
        signal_after: u32,
        interrupted: Arc<AtomicBool>,
    }

    impl Wall for Painted {
        fn now(&mut self) -> SystemTime {
            self.now
        }

        fn sleep(&mut self, time: Duration) {
            self.now += time + Duration::from_millis(3);
            self.slept += 1;
            let has_come = self.slept >= self.signal_after;
            self.interrupted.store(has_come, Ordering::Relaxed);
        }
    }

    #[derive(Default)]
    struct Heard {
        left_ms: Vec<u128>,
        late: Option<Duration>,
    }

    impl Observer for Heard {
        fn waits(&mut self, left: Duration) {
            self.left_ms.push(left.as_millis());
        }

        fn begins_late(&mut self, by: Duration) {
            self.late = Some(by);
        }
    }

    fn at_ms(ms: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(ms)
    }

    /// What comes of waiting from 1000 ms on, and what was heard of it.
    fn wait(start_at_ms: u64, signal_after: u32) -> (io::Result<Duration>, Heard) {
        let interrupted = Arc::new(AtomicBool::new(false));
        let mut wall = Painted {
            now: at_ms(1000),
            slept: 0,
            signal_after,
            interrupted: interrupted.clone(),
        };
        let mut heard = Heard::default();
        let ended = await_by(&mut wall, at_ms(start_at_ms), &interrupted, &mut heard);
        (ended, heard)
    }

    #[test]
    fn it_waits_in_slices_and_says_how_long_yet() {
        let (ended, heard) = wait(1250, u32::MAX);
        assert_eq!(ended.unwrap(), Duration::from_millis(3));
        assert_eq!(heard.left_ms, [250, 147, 44]);
        assert_eq!(heard.late, None);
    }

    #[test]
    fn what_is_over_begins_at_once_and_is_told() {
        let (ended, heard) = wait(400, u32::MAX);
        assert_eq!(ended.unwrap(), Duration::from_millis(600));
        assert_eq!(heard.late, Some(Duration::from_millis(600)));
        assert_eq!(heard.left_ms, []);
    }

    #[test]
    fn a_signal_ends_it() {
        let (ended, heard) = wait(60_000, 2);
        assert_eq!(ended.unwrap_err().kind(), ErrorKind::Interrupted);
        assert_eq!(heard.left_ms.len(), 2);
    }
}
