//! What a server needs besides its concurrency model: flags, listener, stop signal.
//!
//! Both servers are built from these parts, so that how they wait is the only thing in which they
//! differ. In reading order:
//!
//! - [`program`]: messages and the exit code;
//! - [`usage`], [`flags`] and [`options`]: the command line that both share, errors in one line,
//!   and what the flags mean;
//! - `shell`: what a shell completes the command line by, and its manual page;
//! - `certificate`: where a server's certificate and key come from;
//! - [`threads`]: who decides how many threads a model has;
//! - [`duration`]: times as flags write them;
//! - [`listener`]: bound sockets, which take connections and can refuse newcomers;
//! - [`bind_error`]: why a place cannot be listened on, and what to do;
//! - [`announce`]: the line that says where a server listens;
//! - [`accept_backoff`]: what to do when accepting fails;
//! - [`stop`]: the wish that the server end, in a form that every way of waiting can wait for;
//! - [`bell`]: how one thread wakes another out of such a wait;
//! - [`clock`]: the date for answers; [`phase_clock`]: since when a connection waits;
//! - [`work`]: how a core is kept busy;
//! - [`access_log`]: one line for each answer;
//! - [`overloaded`]: the answer to a connection that there is no place for.

pub mod accept_backoff;
pub mod access_log;
pub mod announce;
pub mod bell;
pub mod bind_error;
mod certificate;
pub mod clock;
pub mod duration;
pub mod flags;
pub mod listener;
mod newcomers;
pub mod options;
pub mod overloaded;
pub mod phase_clock;
pub mod program;
mod shell;
mod socket_file;
pub mod stop;
pub mod threads;
pub mod usage;
pub mod work;
