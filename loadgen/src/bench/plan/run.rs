//! A scenario as the run that is made of it.

use std::time::Duration;

use super::{Scenario, Timing};
use crate::plan::{
    HttpVersion, Load, Paths, Plan, Scheme, Stop, Target, Tls, Url, fields, identification,
};
use crate::system::affinity::CoreSplit;

impl Scenario {
    /// The run that `target` is asked for, but for whose process is watched.
    ///
    /// # Errors
    ///
    /// One line in the words of the flags: what does not go together, or a file that cannot be
    /// read.
    pub fn run(&self, target: Target, timing: &Timing, cores: &CoreSplit) -> Result<Plan, String> {
        let tls = match target.url.scheme {
            Scheme::Http => None,
            Scheme::Https => Some(Tls::new(&target.url.host, &self.tls_options)?),
        };
        let stop = self.stop(timing.measured);
        let timeout = self.timeout.unwrap_or(timing.timeout);
        let in_url = target.url.credentials()?;
        let mut plan = Plan {
            shard: None,
            tls,
            scenario: crate::plan::Scenario {
                method: self.method.clone(),
                version: HttpVersion::Http11,
                keep_alive: self.keep_alive,
                headers: fields(identification(), in_url.as_ref(), &self.headers),
                body: self.body.clone(),
                paths: Paths::one(&target.url.path),
            },
            expect: self.expect.clone(),
            load: self.load(stop, cores)?,
            background: self.background.clone(),
            stop,
            warmup: timing.warmup,
            timeout,
            connect_timeout: self
                .connect_timeout
                .map_or(timeout, |limit| limit.min(timeout)),
            engine: self.client.engine(),
            ab_times: false,
            cores: Some(cores.load.clone()),
            server: None,
            // Of a run alone little can be said: they are judged over all rounds.
            gates: Vec::new(),
            target,
        };
        self.client.apply(&mut plan, false)?;
        Ok(plan)
    }

    /// Whether a run can be made of it, on whichever server, that is asked for `path`.
    ///
    /// # Errors
    ///
    /// As those of [`Self::run`].
    pub fn check(&self, path: &str, timing: &Timing, cores: &CoreSplit) -> Result<(), String> {
        let scheme = if self.tls { "https" } else { "http" };
        let anywhere = format!("{scheme}://127.0.0.1:1{path}");
        let anywhere = Url::parse(&anywhere).map_err(|error| error.to_string())?;
        self.run(Target::of(anywhere), timing, cores).map(|_| ())
    }

    fn load(&self, stop: Stop, cores: &CoreSplit) -> Result<Load, String> {
        let threads = self.threads.unwrap_or(cores.load.count());
        let load = Load {
            pipeline: self.pipeline,
            arrival: self.arrival,
            ..Load::closed(self.connections, threads.clamp(1, self.connections))
        };
        load.check(stop, self.keep_alive)?;
        Ok(load)
    }

    /// When a run ends, `by_default` after so long.
    #[must_use]
    pub fn stop(&self, by_default: Duration) -> Stop {
        Stop {
            requests: self.requests,
            duration: match self.requests {
                None => Some(self.duration.unwrap_or(by_default)),
                Some(_) => self.duration,
            },
        }
    }
}
