//! Who makes and reads HTTP.

use std::num::NonZeroUsize;

use super::super::UsageError;
use crate::plan::{Client, DriverName, Engine, EngineName, Plan, above_zero};

/// Flags about the engine.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "How")]
pub(in crate::cli) struct How {
    /// What makes requests and reads answers: fast (loadgen's own), hyper (a cross-check, and
    /// HTTP/2), reqwest (what applications use) or reqwest-blocking (a thread for each connection)
    /// [default: fast, with --http2 hyper]
    #[arg(long, value_enum, value_name = "ENGINE", hide_possible_values = true)]
    engine: Option<EngineName>,
    /// HTTP/2, with http without asking the server first; connections are used again
    #[arg(long)]
    http2: bool,
    /// With --http2, requests in flight on one connection [default: 1]
    #[arg(long, value_name = "N", value_parser = above_zero::<NonZeroUsize>, requires = "http2")]
    #[arg(allow_negative_numbers = true)]
    streams: Option<NonZeroUsize>,
    /// What moves the bytes of the fast engine: epoll, io-uring (as of Linux 6.1) or auto (what
    /// costs least, which is epoll) [default: auto]
    #[arg(long, value_enum, value_name = "DRIVER", hide_possible_values = true)]
    driver: Option<DriverName>,
}

impl How {
    /// The same, past the command line.
    pub(in crate::cli) fn client(&self) -> Client {
        Client {
            engine: self.engine,
            http2: self.http2,
            streams: self.streams.map(NonZeroUsize::get),
            driver: self.driver,
        }
    }

    pub(super) fn engine(&self) -> Engine {
        self.client().engine()
    }

    /// `plan` with what these flags change in it beside the engine; `has_rows` says whether ab's rows
    /// are wanted, one for each request.
    ///
    /// # Errors
    ///
    /// What does not go together, or what the engine cannot do, with what to drop.
    pub(super) fn apply(&self, plan: &mut Plan, has_rows: bool) -> Result<(), UsageError> {
        let applied = self.client().apply(plan, has_rows);
        applied.map_err(UsageError::line)
    }
}

#[cfg(test)]
mod tests {
    use super::super::typed::plan;

    /// What is said of a command line, if it is refused.
    fn refusal(flags: &str, path: &str) -> Option<String> {
        plan(&format!("-n 9 {flags} http://127.0.0.1:1{path}")).err()
    }

    fn assert_refused(flags: &str, path: &str, words: &str) {
        let error = refusal(flags, path).unwrap_or_else(|| panic!("{flags} is taken"));
        assert!(
            error.contains(words) && !error.contains('\n'),
            "{flags}: {error}"
        );
    }

    #[test]
    fn the_flag_to_drop_is_the_one_that_was_typed() {
        for (flags, words) in [
            ("--http2 -X a:80", "drop --http2 or -X"),
            ("--http2 --rate 9 --spin", "drop --spin or --http2"),
            ("--http2 --driver epoll", "drop --driver or --http2"),
            ("--engine hyper -X a:80", "drop --engine hyper or -X"),
            ("--engine reqwest -b 9000", "drop --engine reqwest or -b"),
        ] {
            assert_refused(flags, "/", words);
        }
    }

    #[test]
    fn a_client_has_one_local_address() {
        let three = "-B 127.0.0.2-127.0.0.4";
        let check =
            |flags: &str, words: &str| assert_refused(&format!("{three} {flags}"), "/", words);
        check(
            "--engine reqwest -c 2",
            "for each client, here 2, not 3; raise -c to 3",
        );
        let blocking = "--engine reqwest-blocking";
        check(
            &format!("{blocking} -c 3 --threads 2"),
            "raise --threads to 3, shorten -B or drop --engine reqwest-blocking",
        );
        check(
            &format!("{blocking} -c 2 --threads 2"),
            "raise -c and --threads to 3",
        );
        for taken in [
            "--engine reqwest -c 3",
            "--engine reqwest-blocking -c 3 --threads 3",
            "--engine hyper",
            "-c 1",
        ] {
            assert_eq!(refusal(&format!("{three} {taken}"), "/"), None, "{taken}");
        }
    }

    #[test]
    fn a_path_that_would_be_written_anew_is_refused() {
        let words = "asks for /b instead of /a/../b; drop --engine reqwest";
        assert_refused("--engine reqwest", "/a/../b", words);
        assert_refused("--engine reqwest-blocking", "/a/../b", "write /b");
        assert_eq!(refusal("--engine hyper", "/a/../b"), None);
        assert_eq!(refusal("--engine reqwest", "/a/b?c=/../d"), None);
    }

    #[test]
    fn times_that_are_not_known_are_not_shown_as_0() {
        for engine in ["--engine reqwest", "--engine reqwest-blocking", "--http2"] {
            for (flags, words) in [
                ("--format ab", "use --format json or text"),
                ("-w", "use --format json or text"),
                ("-g rows", "-g"),
            ] {
                let words = format!("drop {engine} or {words}");
                assert_refused(&format!("{engine} {flags}"), "/", &words);
            }
            assert_eq!(refusal(&format!("{engine} -e times"), "/"), None);
        }
        assert_eq!(refusal("--engine hyper --format ab -g rows", "/"), None);
    }
}
