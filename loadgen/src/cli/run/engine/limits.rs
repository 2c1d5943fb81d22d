//! What engines cannot do, said before the run with what to drop.

use crate::engine;
use crate::plan::{Engine, HttpVersion, Plan};

/// Most connections of the blocking engine. Each is a thread, a thread takes about four mappings of
/// memory, and Linux allows a process 65530 of them (vm.max_map_count).
const BLOCKING_CONNECTIONS_MAX: usize = 8000;

/// Requests that a thread can make in a second if each keeps it blocked for a millisecond: to hand
/// one over to another thread and its answer back takes a good part of that.
const PER_BLOCKED_THREAD_PER_SECOND: f64 = 1000.0;

/// A plan, held against what its engine can do.
pub(super) struct Limits<'a> {
    pub(super) plan: &'a Plan,
    /// Whether ab's rows are wanted, one for each request.
    pub(super) has_rows: bool,
    /// The flag that has chosen the engine.
    pub(super) chosen_by: &'a str,
}

impl Limits<'_> {
    /// Whether the engine can do all of the plan.
    ///
    /// # Errors
    ///
    /// One line that says what it cannot do, and what to drop.
    pub(super) fn check(&self) -> Result<(), String> {
        self.load()?;
        self.schedule()?;
        self.requests()?;
        self.route()?;
        self.sources()?;
        self.times()
    }

    fn load(&self) -> Result<(), String> {
        let (engine, load) = (self.chosen_by, &self.plan.load);
        if !self.is_fast() && !self.is_http2() && load.pipeline > 1 {
            return Err(format!(
                "{engine} does not pipeline; drop {engine} or --pipeline"
            ));
        }
        let connections = load.connections;
        if self.is_blocking() && connections > BLOCKING_CONNECTIONS_MAX {
            return Err(format!(
                "{engine} has a thread for each connection, {BLOCKING_CONNECTIONS_MAX} at most; \
                 lower -c {connections} or drop {engine}"
            ));
        }
        Ok(())
    }

    fn schedule(&self) -> Result<(), String> {
        let (engine, load) = (self.chosen_by, &self.plan.load);
        let Some(schedule) = load.schedule() else {
            return Ok(());
        };
        if schedule.spin && !self.is_fast() {
            return Err(format!(
                "--spin is for --engine fast; drop --spin or {engine}"
            ));
        }
        let connections = load.connections;
        let peak_per_second = schedule.rate.peak_per_second();
        let needed = (peak_per_second / PER_BLOCKED_THREAD_PER_SECOND).ceil();
        if self.is_blocking() && needed > connections as f64 {
            return Err(format!(
                "{engine} starts at most {PER_BLOCKED_THREAD_PER_SECOND} requests a second on \
                 each of {connections} connections, not --rate {peak_per_second}; \
                 raise --max-in-flight to {needed}, lower --rate or drop {engine}"
            ));
        }
        Ok(())
    }

    fn requests(&self) -> Result<(), String> {
        let (engine, scenario) = (self.chosen_by, &self.plan.scenario);
        let has_host = scenario.headers.iter().any(|header| header.is("host"));
        if self.is_reqwest() && self.is_http2() && has_host {
            return Err(format!(
                "{engine} connects to whom an HTTP/2 request names; \
                 drop {engine} or the Host header"
            ));
        }
        let url = &self.plan.target.url;
        for path in scenario.paths.list() {
            if let Some(other) = engine::path_instead(self.plan.engine, url, path) {
                return Err(format!(
                    "{engine} asks for {other} instead of {path}; drop {engine} or write {other}"
                ));
            }
        }
        Ok(())
    }

    fn route(&self) -> Result<(), String> {
        let (engine, route) = (self.chosen_by, &self.plan.target.route);
        if self.is_reqwest() && route.buffer_bytes.is_some() {
            return Err(format!(
                "{engine} cannot set the size of buffers; drop {engine} or -b"
            ));
        }
        if self.is_reqwest() && !route.connect_to.is_empty() {
            return Err(format!(
                "{engine} connects where the URL says; drop {engine} or --connect-to"
            ));
        }
        if !self.is_fast() && route.proxy.is_some() {
            return Err(format!(
                "{engine} does not ask proxies; drop {engine} or -X"
            ));
        }
        Ok(())
    }

    /// One client of reqwest has one local address.
    fn sources(&self) -> Result<(), String> {
        let (engine, load, route) = (self.chosen_by, &self.plan.load, &self.plan.target.route);
        let to = route.destinations.first();
        let sources = to.map_or(0, |to| route.sources.toward(to).len());
        let (clients, raise) = match self.plan.engine {
            Engine::Fast(_) | Engine::Hyper | Engine::WebSocket(_) => return Ok(()),
            Engine::Reqwest => (load.connections, "-c"),
            // There are no more threads than connections.
            Engine::ReqwestBlocking if load.connections < sources => {
                (load.threads, "-c and --threads")
            }
            Engine::ReqwestBlocking => (load.threads, "--threads"),
        };
        if sources > clients {
            return Err(format!(
                "{engine} has one local address for each client, here {clients}, not {sources}; \
                 raise {raise} to {sources}, shorten -B or drop {engine}"
            ));
        }
        Ok(())
    }

    /// What ab shows of a request has the time from its last byte to the answer's first in it.
    fn times(&self) -> Result<(), String> {
        let engine = self.chosen_by;
        let drop = match (self.plan.ab_times, self.has_rows) {
            _ if !self.is_reqwest() && !self.is_http2() => return Ok(()),
            (false, false) => return Ok(()),
            (true, _) => "use --format json or text",
            (false, true) => "-g",
        };
        Err(format!(
            "{engine} does not tell when a request was sent, which ab shows; \
             drop {engine} or {drop}"
        ))
    }

    fn is_fast(&self) -> bool {
        matches!(self.plan.engine, Engine::Fast(_))
    }

    fn is_reqwest(&self) -> bool {
        matches!(self.plan.engine, Engine::Reqwest | Engine::ReqwestBlocking)
    }

    fn is_blocking(&self) -> bool {
        self.plan.engine == Engine::ReqwestBlocking
    }

    fn is_http2(&self) -> bool {
        self.plan.scenario.version == HttpVersion::Http2
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::typed::plan;

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
