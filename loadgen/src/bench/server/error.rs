//! What can go wrong with a server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// How long a server of this project may take to say where it listens.
pub(super) const START_LONGEST: Duration = Duration::from_secs(5);

/// How long it may take to end: its own grace for requests under way, and a little.
pub(super) const STOP_LONGEST: Duration = Duration::from_secs(12);

/// What went wrong with a server. Each is one message that names it and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The program is not there.
    #[error(
        "{} is missing; build it with cargo build --release, or name its directory with --servers",
        program.display()
    )]
    Missing {
        /// Its path.
        program: PathBuf,
    },
    /// The program could not be started.
    #[error("cannot start {}: {source}; it must be a program that you may run", program.display())]
    Start {
        /// Its path.
        program: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It did not say where it listens.
    #[error("{label} did not say where it listens within {START_LONGEST:?}{log}")]
    Silent {
        /// Its label.
        label: String,
        /// The end of its log.
        log: String,
    },
    /// It did not say where it pushes.
    #[error("{label} did not say where it pushes within {START_LONGEST:?}{log}")]
    NotPushing {
        /// Its label.
        label: String,
        /// The end of its log.
        log: String,
    },
    /// It said where it listens, and does not.
    #[error("{label} says that it listens on {address}, but nobody accepts connections there{log}")]
    Deaf {
        /// Its label.
        label: String,
        /// Where it should listen.
        address: SocketAddr,
        /// The end of its log.
        log: String,
    },
    /// It ended on its own.
    #[error("{label} ended by itself ({status}){log}")]
    Ended {
        /// Its label.
        label: String,
        /// How.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// It did not end when it was asked to.
    #[error("{label} did not end within {STOP_LONGEST:?} of SIGTERM and was killed{log}")]
    Stuck {
        /// Its label.
        label: String,
        /// The end of its log.
        log: String,
    },
    /// There is no such program.
    #[error(
        "{label}: there is no program '{program}'; give its path, or write sh -c '…' for what only \
         a shell knows"
    )]
    NoProgram {
        /// The server's label.
        label: String,
        /// As it was named.
        program: String,
    },
    /// The program is a file that is none.
    #[error("{label}: '{program}' may not be run; make it executable with chmod +x")]
    NotExecutable {
        /// The server's label.
        label: String,
        /// As it was named.
        program: String,
    },
    /// The command could not be started.
    #[error("{label}: its command cannot be started: {source}; try it in a shell")]
    CannotStart {
        /// The server's label.
        label: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It ended before it was ready.
    #[error("{label} ended before it was ready ({status}); {words}; try its command in a shell")]
    EndedEarly {
        /// Its label.
        label: String,
        /// How.
        status: ExitStatus,
        /// The end of its log.
        words: String,
    },
    /// It went on without the process that was started.
    #[error(
        "{label} went into the background, as process {pid}, where it cannot be measured; run it \
         in the foreground (nginx: daemon off)"
    )]
    InBackground {
        /// Its label.
        label: String,
        /// The process.
        pid: u32,
    },
    /// It listens, and not where it was told to.
    #[error("{label} listens on {}", other_place(*address, *port))]
    OtherPort {
        /// Its label.
        label: String,
        /// Where it listens.
        address: SocketAddr,
        /// Where it should.
        port: u16,
    },
    /// It does not answer in time.
    #[error(
        "{label} does not answer on 127.0.0.1:{port} within {longest:?}; {words}; try its command \
         in a shell, or give it longer with --ready-timeout"
    )]
    NoAnswer {
        /// Its label.
        label: String,
        /// Where it was asked.
        port: u16,
        /// For how long.
        longest: Duration,
        /// The end of its log.
        words: String,
    },
    /// It does not say in time that it is ready.
    #[error(
        "{label} wrote no line with '{}' within {longest:?}; {words}; correct --ready, have it write \
         its lines at once (python -u; many keep them back where no terminal is), or give it longer \
         with --ready-timeout",
        sign.escape_debug()
    )]
    NoSign {
        /// Its label.
        label: String,
        /// What was to be in the line.
        sign: String,
        /// For how long it was waited for.
        longest: Duration,
        /// The end of its log.
        words: String,
    },
    /// A signal came while it was waited for.
    #[error("interrupted")]
    Interrupted,
}

impl ServerError {
    /// Whether another port may do: somebody else has taken this one.
    pub(super) fn is_about_the_port(&self) -> bool {
        let Self::EndedEarly { words, .. } = self else {
            return false;
        };
        let words = words.to_lowercase();
        let says = ["address already in use", "address in use", "eaddrinuse"];
        says.iter().any(|it| words.contains(it))
    }
}

/// Where it listens, in place of where it was told to, and the next step.
fn other_place(address: SocketAddr, told: u16) -> String {
    match address.port() {
        port if port == told => {
            format!("{address}, and requests go to 127.0.0.1; have it listen on that address")
        }
        port => format!(
            "{port}, not on the port {told} that it was given; put {{port}} into its command where \
             its port belongs"
        ),
    }
}
