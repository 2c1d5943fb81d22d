//! What a master's options say of the load.
//!
//! A master sends all of its options with each order to spawn users: Locust's own, and those that its
//! locustfile declares. Ours begin with `--loadgen-`; the names are those of
//! `deploy/locust/locustfile.py`.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use rmpv::Value;

use crate::plan::{
    Arrival, Background, Client, Expect, Header, HttpVersion, LengthRule, Load, Method, Paths,
    Plan, Rate, Scenario, Schedule, Scheme, Spacing, StatusSet, Stop, Target, Tls, TlsOptions,
    fields, identification, read_file, seconds,
};
use crate::system::affinity::CpuSet;

/// Limit for a request where no option says it: that of `loadgen` itself.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The options of a master, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options(BTreeMap<String, Value>);

/// What is this worker's own to say of a load.
#[derive(Clone, Debug)]
pub struct Capacity {
    /// Connections, at most.
    pub users_max: u64,
    /// Threads that make the load.
    pub threads: usize,
    /// The cores that they are kept on, if any were named.
    pub cores: Option<CpuSet>,
}

impl Options {
    /// These; of two with one name the later. What our locustfile says of a test, in `loadgen`, goes
    /// before what anybody set while it runs.
    #[must_use]
    pub fn new(named: Vec<(String, Value)>) -> Self {
        let mut options: BTreeMap<_, _> = named.into_iter().collect();
        if let Some(Value::Map(of_test)) = options.remove("loadgen") {
            let of_test = of_test.into_iter();
            options.extend(
                of_test.filter_map(|(name, value)| Some((name.as_str()?.to_owned(), value))),
            );
        }
        Self(options)
    }

    /// The name that all workers of one test have for it, if the locustfile gave one.
    #[must_use]
    pub fn run_id(&self) -> Option<String> {
        self.text("loadgen_run_id")
    }

    /// Users of all workers together: that there are to be, by our locustfile, or that the test was
    /// started with; `None` where nobody says it.
    #[must_use]
    pub fn users_of_all(&self) -> Option<u64> {
        self.0.get("num_users").and_then(Value::as_u64)
    }

    /// The load on `host`, with as many connections as this worker has at most; who controls it says
    /// how many are used.
    ///
    /// # Errors
    ///
    /// One line that names the option and the next step.
    pub fn plan(&self, host: Option<&str>, capacity: &Capacity) -> Result<Plan, String> {
        let target = self.target(host)?;
        let tls = match target.url.scheme {
            Scheme::Http => None,
            Scheme::Https => Some(Tls::new(&target.url.host, &TlsOptions::default())?),
        };
        let timeout = self.read("timeout", seconds)?.unwrap_or(TIMEOUT);
        let mut plan = Plan {
            shard: None,
            tls,
            scenario: self.scenario(&target)?,
            expect: Expect {
                statuses: self
                    .parsed("expect-status")?
                    .unwrap_or_else(StatusSet::not_an_error),
                length: LengthRule::Any,
                body: None,
            },
            load: self.load(capacity)?,
            background: Background::default(),
            stop: Stop {
                requests: None,
                duration: None,
            },
            warmup: Duration::ZERO,
            timeout,
            connect_timeout: timeout,
            engine: Client::default().engine(),
            ab_times: false,
            cores: capacity.cores.clone(),
            server: None,
            gates: Vec::new(),
            target,
        };
        Client::default().apply(&mut plan, false)?;
        Ok(plan)
    }

    fn target(&self, host: Option<&str>) -> Result<Target, String> {
        let of_test = self.text("loadgen_host");
        let host = of_test.as_deref().or(host);
        let host = host.map(|host| host.trim().trim_end_matches('/'));
        let host = host.filter(|host| !host.is_empty()).ok_or(
            "nothing says what to load; give the master --host http://HOST:PORT, or fill in Host in \
             its web form",
        )?;
        let path = self.text("loadgen_path").unwrap_or_else(|| "/".to_owned());
        if !path.starts_with('/') {
            return Err(format!(
                "--loadgen-path {path}: a path begins with /; write /{path}"
            ));
        }
        Target::resolve(&format!("{host}{path}"))
            .map_err(|error| format!("{error} (the master's --host, then --loadgen-path)"))
    }

    fn scenario(&self, target: &Target) -> Result<Scenario, String> {
        let in_url = target.url.credentials()?;
        Ok(Scenario {
            method: self.parsed("method")?.unwrap_or(Method::GET),
            version: HttpVersion::Http11,
            keep_alive: self.read("keep-alive", yes_or_no)?.unwrap_or(true),
            headers: fields(identification(), in_url.as_ref(), &self.headers()?),
            body: self.body()?,
            paths: Paths::one(&target.url.path),
        })
    }

    /// One a line, or with `;;` between them.
    fn headers(&self) -> Result<Vec<Header>, String> {
        let text = self.text("loadgen_headers").unwrap_or_default();
        let lines = text
            .lines()
            .flat_map(|line| line.split(";;"))
            .map(str::trim);
        let headers = lines.filter(|line| !line.is_empty()).map(|line| {
            Header::from_str(line).map_err(|error| {
                // A value may be a secret, and a master shows this to whoever asks it.
                let name = line.split(':').next().unwrap_or_default();
                format!("--loadgen-headers {name}: {error}; give 'Name: value', ;; between two")
            })
        });
        headers.collect()
    }

    fn body(&self) -> Result<Option<Vec<u8>>, String> {
        let path = self.text("loadgen_body_file");
        let read = |path: String| {
            read_file(
                Path::new(&path),
                "--loadgen-body-file, which names a file on the worker",
            )
        };
        path.map(read).transpose()
    }

    fn load(&self, capacity: &Capacity) -> Result<Load, String> {
        let connections = usize::try_from(capacity.users_max).unwrap_or(usize::MAX);
        let rate = self.read("rate", |text| match text.parse::<f64>() {
            Ok(0.0) => Ok(None),
            _ => Rate::from_str(text).map(Some),
        })?;
        let arrival = match rate.flatten() {
            None => Arrival::Closed,
            Some(rate) if rate.is_ramp() => {
                return Err(format!(
                    "--loadgen-rate {rate} changes until the run ends, which nobody knows here; give \
                     one rate, and ramp the users"
                ));
            }
            Some(rate) if self.users_of_all().is_none() => {
                return Err(format!(
                    "--loadgen-rate {rate} is that of all users together, and nothing says how many \
                     these are; give -u, and no load shape"
                ));
            }
            Some(rate) => Arrival::Open(Schedule {
                rate,
                spacing: Spacing::Constant,
                spin: false,
            }),
        };
        Ok(Load {
            arrival,
            ..Load::closed(connections, capacity.threads.clamp(1, connections))
        })
    }

    fn parsed<T: FromStr<Err = String>>(&self, name: &str) -> Result<Option<T>, String> {
        self.read(name, T::from_str)
    }

    /// What `--loadgen-NAME` says, if anything.
    fn read<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        let key = format!("loadgen_{}", name.replace('-', "_"));
        let parsed = self.text(&key).map(|text| {
            parse(&text).map_err(|error| format!("--loadgen-{name} '{text}': {error}"))
        });
        parsed.transpose()
    }

    /// An option as it would be typed; `None` if there is none, or nothing in it.
    fn text(&self, name: &str) -> Option<String> {
        let text = match self.0.get(name)? {
            Value::String(text) => text.as_str()?.trim().to_owned(),
            Value::Boolean(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            number @ (Value::Integer(_) | Value::F32(_) | Value::F64(_)) => number.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" | "1" => Ok(true),
        "no" | "false" | "off" | "0" => Ok(false),
        _ => Err("give yes or no".to_owned()),
    }
}

#[cfg(test)]
mod tests;
