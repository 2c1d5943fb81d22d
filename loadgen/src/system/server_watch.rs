//! Watches a server during a run from a thread of its own, for what is only
//! visible while it lasts: the longest accept queue, the most threads, the
//! most memory.
//!
//! Between two samples a peak is missed, so the numbers are lower bounds; the
//! memory's true peak is [`super::process::ProcessSample::peak_rss_bytes`]
//! where it could be reset.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::accept_queue::AcceptQueueReader;
use super::process_status::ProcessStatus;
use super::process_table::ProcessTable;

/// Time between two samples: short enough to see a queue that stands for a
/// retransmission timeout (200 ms at least), and cheap: a sample of one process and of
/// its accept queue beside 5000 open sockets took 50 µs of CPU time, a quarter of
/// a percent of one core. Each further process of a family is one file more.
const SAMPLE_EVERY: Duration = Duration::from_millis(20);

/// How often a family is looked through for new members, in samples: that takes some 10 µs for each
/// process of the machine.
const FAMILY_EVERY: u64 = 25;

/// What to watch; what is `None` or empty is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watched {
    /// The port on which the server listens.
    pub port: Option<u16>,
    /// Processes of the server.
    pub pids: Vec<u32>,
    /// The one that further ones may come from, which then belong to it.
    pub root: Option<u32>,
}

/// The peaks seen. `None`: not watched, or not offered by the kernel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServerPeaks {
    /// Samples taken, at least one.
    pub samples: u64,
    /// Most connections that waited to be accepted.
    pub accept_queue_length: Option<u32>,
    /// How many could have waited.
    pub accept_queue_backlog: Option<u32>,
    /// Most processes.
    pub processes: Option<u64>,
    /// Most threads of all processes together.
    pub threads: Option<u64>,
    /// Most resident memory of all processes together.
    pub rss_bytes: Option<u64>,
}

/// A watch that is under way. Dropping it ends it too.
#[derive(Debug)]
pub struct ServerWatch {
    stop: Sender<()>,
    thread: JoinHandle<ServerPeaks>,
}

impl ServerWatch {
    /// Takes the first sample soon and then one every 20 ms, on the cores of
    /// the calling thread. Fails if the thread cannot be started.
    pub fn start(watched: Watched) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("server-watch".to_owned())
            .spawn(move || {
                let mut sampler = Sampler::new(watched);
                loop {
                    sampler.sample();
                    if stopped.recv_timeout(SAMPLE_EVERY) != Err(RecvTimeoutError::Timeout) {
                        return sampler.finish();
                    }
                }
            })?;
        Ok(Self { stop, thread })
    }

    /// Ends the watch at once and returns what it saw.
    pub fn stop(self) -> ServerPeaks {
        drop(self.stop);
        // The thread has nothing that panics; had it one, nothing was seen.
        self.thread.join().unwrap_or_default()
    }
}

/// What the watching thread owns.
struct Sampler {
    port: Option<u16>,
    /// Whose family is watched, if one is.
    root: Option<u32>,
    process_directories: Vec<String>,
    accept_queues: Option<AcceptQueueReader>,
    peaks: ServerPeaks,
}

impl Sampler {
    fn new(watched: Watched) -> Self {
        Self {
            port: watched.port,
            root: watched.root,
            process_directories: watched.pids.into_iter().map(directory).collect(),
            accept_queues: AcceptQueueReader::open(),
            peaks: ServerPeaks::default(),
        }
    }

    fn sample(&mut self) {
        let peaks = &mut self.peaks;
        peaks.samples += 1;
        if let (Some(port), Some(reader)) = (self.port, &mut self.accept_queues) {
            let queue = reader.read(port);
            let length = queue.map(|queue| queue.length);
            let backlog = queue.map(|queue| queue.backlog);
            peaks.accept_queue_length = peaks.accept_queue_length.max(length);
            peaks.accept_queue_backlog = peaks.accept_queue_backlog.max(backlog);
        }
        if self.peaks.samples.is_multiple_of(FAMILY_EVERY) {
            self.look_for_members();
        }
        self.sample_processes();
    }

    fn look_for_members(&mut self) {
        if let Some(root) = self.root {
            let family = ProcessTable::read().family(root);
            let living = family.iter().filter(|row| !row.has_ended);
            self.process_directories = living.map(|row| directory(row.pid)).collect();
        }
    }

    fn sample_processes(&mut self) {
        let directories = self.process_directories.iter();
        let statuses: Vec<_> = directories
            .filter_map(|directory| ProcessStatus::read(directory))
            .collect();
        if statuses.is_empty() {
            return;
        }
        let peaks = &mut self.peaks;
        let sum = |of: fn(&ProcessStatus) -> Option<u64>| {
            statuses.iter().filter_map(of).reduce(|a, b| a + b)
        };
        peaks.processes = peaks.processes.max(Some(statuses.len() as u64));
        peaks.threads = peaks.threads.max(sum(|status| status.threads));
        peaks.rss_bytes = peaks.rss_bytes.max(sum(|status| status.rss_bytes));
    }

    /// Whoever came since it was last looked is seen, in a short run at all.
    fn finish(mut self) -> ServerPeaks {
        if self.root.is_some() {
            self.look_for_members();
            self.sample_processes();
        }
        self.peaks
    }
}

fn directory(pid: u32) -> String {
    format!("/proc/{pid}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn the_peaks_of_queue_threads_and_memory_are_seen() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let _waiting = [(); 4].map(|()| TcpStream::connect(address).unwrap());
        let watch = ServerWatch::start(Watched {
            port: Some(address.port()),
            pids: vec![std::process::id()],
            root: None,
        });
        let peaks = watch.unwrap().stop();

        assert!(peaks.samples >= 1);
        assert_eq!(peaks.accept_queue_length, Some(4));
        assert!(peaks.accept_queue_backlog.unwrap() >= 4);
        assert!(peaks.threads.unwrap() >= 2);
        assert!(peaks.rss_bytes.unwrap() > 0);
    }

    #[test]
    fn a_peak_stays_when_the_queue_is_short_again() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut sampler = Sampler::new(Watched {
            port: Some(address.port()),
            pids: Vec::new(),
            root: None,
        });
        let _waiting = TcpStream::connect(address).unwrap();
        sampler.sample();
        let _accepted = listener.accept().unwrap();
        sampler.sample();

        let peaks = sampler.finish();
        assert_eq!((peaks.samples, peaks.accept_queue_length), (2, Some(1)));
        assert_eq!((peaks.threads, peaks.rss_bytes), (None, None));
    }

    #[test]
    fn what_is_not_there_is_not_seen() {
        let watch = ServerWatch::start(Watched {
            port: None,
            pids: vec![u32::MAX],
            root: Some(u32::MAX),
        });
        let peaks = watch.unwrap().stop();
        assert_eq!((peaks.accept_queue_length, peaks.threads), (None, None));
    }
}
