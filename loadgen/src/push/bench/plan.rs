//! Which servers and clients are put together.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::bench::Program;
use crate::bench::server::{OurServer, ServerError};
use crate::system::affinity::{CoreSplit, CpuSet};

/// Messages a second that a server pushes to each client where it does not push as fast as it can:
/// ten times what the work of half a millisecond lets a client process.
pub const RATE_PER_SECOND: u64 = 20_000;

/// Messages that a bounded queue holds: half a second's work.
pub const BOUND: usize = 1000;

/// What all that is measured has in common.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The servers, which take turns.
    pub servers: Vec<Server>,
    /// The load generator's own program.
    pub loadgen: PathBuf,
    /// Length of each run.
    pub duration: Duration,
    /// Which cores are whose.
    pub cores: CoreSplit,
    /// Most bytes that a client's queues take.
    pub queue_memory_bytes: u64,
    /// Where the results go.
    pub out: PathBuf,
}

/// A server of this project, which pushes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// What people call it.
    pub label: String,
    /// How it is started.
    pub program: Program,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What the server is asked to do, and how long the client works.
    pub push: Push,
    /// Who reads.
    pub reader: Reader,
    /// The server.
    pub server: Server,
}

/// What a server pushes, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Push {
    /// [`RATE_PER_SECOND`] to each of three clients that work half a millisecond on each.
    Rate,
    /// To the same clients, as fast as they take them.
    Flood,
    /// To one client that has nothing to do with them, as fast as it takes them.
    Speed,
}

/// Who reads while a client works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Nobody.
    Blocking,
    /// A loop, into queues without a bound.
    Unbounded,
    /// A loop, into queues of at most [`BOUND`].
    Bounded,
}

impl Plan {
    /// Three ways to wait: a thread for each connection, tokio, and a loop on epoll.
    #[must_use]
    pub fn servers(programs: &Path) -> Vec<Server> {
        let server = |label: &str, program: &str, model: &str| Server {
            label: label.to_owned(),
            program: Program {
                program: programs.join(program),
                model: model.to_owned(),
                keep_alive: true,
                flags: ["--push", "127.0.0.1:0"].map(str::to_owned).to_vec(),
            },
        };
        vec![
            server("threads", "server-sync", "thread-per-connection"),
            server("tokio", "server-async", "tokio"),
            server("epoll", "server-async", "epoll"),
        ]
    }

    /// All runs, in order: the servers take turns.
    #[must_use]
    pub fn cases(&self) -> Vec<Case> {
        let pushes = Push::ALL.into_iter();
        let kinds =
            pushes.flat_map(|push| push.readers().iter().map(move |reader| (push, *reader)));
        let cases = kinds.flat_map(|(push, reader)| {
            self.servers.iter().map(move |server| Case {
                push,
                reader,
                server: server.clone(),
            })
        });
        cases.collect()
    }
}

impl Server {
    /// Starts it with further `flags` on `cores`.
    ///
    /// # Errors
    ///
    /// It is not there, ends, or does not listen in time.
    pub fn start(&self, flags: &[String], cores: &CpuSet) -> Result<OurServer, ServerError> {
        OurServer::start(&self.label, &self.program, flags, cores)
    }
}

impl Case {
    /// A name that no other has, and that a file can have.
    #[must_use]
    pub fn name(&self) -> String {
        let (push, reader) = (self.push.name(), self.reader.name());
        format!("{push}.{}.{reader}", self.server.label)
    }

    /// The file of its record.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.json", self.name())
    }

    /// Further flags of the server.
    #[must_use]
    pub fn server_flags(&self) -> Vec<String> {
        match self.push {
            Push::Rate => vec!["--push-rate".to_owned(), RATE_PER_SECOND.to_string()],
            Push::Flood | Push::Speed => Vec::new(),
        }
    }

    /// The flags of the client that say what it does.
    #[must_use]
    pub fn client_flags(&self) -> Vec<String> {
        let (delay, clients) = match self.push {
            Push::Rate | Push::Flood => ("500us", "3"),
            Push::Speed => ("0", "1"),
        };
        let client = match self.reader {
            Reader::Blocking => "blocking",
            Reader::Unbounded | Reader::Bounded => "async",
        };
        let flags = ["--client", client, "--delay", delay, "--clients", clients];
        let mut flags = flags.map(str::to_owned).to_vec();
        if self.reader == Reader::Bounded {
            flags.extend(["--queue".to_owned(), BOUND.to_string()]);
        }
        flags
    }
}

impl Push {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Rate, Self::Flood, Self::Speed];

    const fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Flood => "flood",
            Self::Speed => "speed",
        }
    }

    /// What it is called above a table.
    #[must_use]
    pub fn title(self) -> String {
        match self {
            Self::Rate => format!(
                "{RATE_PER_SECOND} messages a second to each of 3 clients, 500 µs of work on each"
            ),
            Self::Flood => {
                "As fast as 3 clients take them, 500 µs of work on each message".to_owned()
            }
            Self::Speed => "As fast as 1 client takes them, no work".to_owned(),
        }
    }

    const fn readers(self) -> &'static [Reader] {
        match self {
            Self::Rate | Self::Flood => &Reader::ALL,
            Self::Speed => &[Reader::Blocking],
        }
    }
}

impl Reader {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Blocking, Self::Unbounded, Self::Bounded];

    const fn name(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Unbounded => "async",
            Self::Bounded => "async-bounded",
        }
    }

    /// What it is called in tables and sentences.
    #[must_use]
    pub fn title(self) -> String {
        match self {
            Self::Blocking => "blocking".to_owned(),
            Self::Unbounded => "async, unbounded".to_owned(),
            Self::Bounded => format!("async, at most {BOUND}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_has_a_name_of_its_own_and_servers_take_turns() {
        let plan = Plan {
            servers: Plan::servers(Path::new("bin")),
            loadgen: PathBuf::new(),
            duration: Duration::from_secs(1),
            cores: CpuSet::of_this_thread().unwrap().split(),
            queue_memory_bytes: 1,
            out: PathBuf::new(),
        };
        let names: Vec<_> = plan.cases().iter().map(Case::name).collect();
        assert_eq!(names.len(), 21);
        assert_eq!(
            names[..4],
            [
                "rate.threads.blocking",
                "rate.tokio.blocking",
                "rate.epoll.blocking",
                "rate.threads.async"
            ]
        );
        let mut sorted = names.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), names.len());
    }
}
