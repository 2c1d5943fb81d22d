//! What all scenarios of an entry have in common, and what each has unless it is written.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use toml::Spanned;

use super::{ScenarioEntry, Surroundings, checked, count, one_of};
use crate::bench::plan::error::{Problem, first_written, span};
use crate::bench::plan::gates::GatesEntry;
use crate::bench::plan::text::{parse, read};
use crate::bench::plan::{Gates, Scenario};
use crate::plan::{
    Background, Client, Expect, Header, Identity, LengthRule, Method, Spacing, Spread, StatusSet,
    TlsOptions, Trust, read_file, seconds, with_media_type,
};

/// Threads that make the load.
const THREADS: RangeInclusive<i64> = 1..=1024;

/// What decides random numbers unless it is written.
const SEED: u64 = 1;

impl ScenarioEntry {
    /// The scenario before its lists.
    pub(super) fn template(&self, plan: Surroundings<'_>) -> Result<Scenario, Problem> {
        let (servers, without) = self.servers(plan.labels)?;
        let body = self.body()?;
        self.check_open_loop()?;
        Ok(Scenario {
            method: match body {
                Some(_) => Method::POST,
                None => Method::GET,
            },
            headers: self.headers(body.is_some())?,
            body,
            threads: self.threads()?,
            tls_options: self.tls_options()?,
            client: Client {
                driver: read("driver", self.driver.as_ref(), one_of)?,
                ..Client::default()
            },
            duration: read("duration", self.duration.as_ref(), seconds)?,
            timeout: read("timeout", self.timeout.as_ref(), seconds)?,
            connect_timeout: read("connect_timeout", self.connect_timeout.as_ref(), seconds)?,
            expect: self.expect()?,
            gates: self.gates(plan.gates)?,
            background: Background {
                slow_path: self.slow_path()?,
                ..Background::default()
            },
            flags: self.flags.clone(),
            servers,
            without,
            ..Scenario::default()
        })
    }

    /// How intended starts are spread.
    pub(super) fn spacing(&self) -> Result<Spacing, Problem> {
        let spread = read("arrival", self.arrival.as_ref(), one_of::<Spread>)?;
        let seed = parse::<u64>("seed", self.seed.as_ref())?;
        Ok(spread.unwrap_or_default().spacing(seed.unwrap_or(SEED)))
    }

    fn check_open_loop(&self) -> Result<(), Problem> {
        let written = first_written([
            ("arrival", span(self.arrival.as_ref())),
            ("seed", span(self.seed.as_ref())),
            ("spin", span(self.spin.as_ref())),
        ]);
        match written.filter(|_| self.rate.is_none()) {
            None => Ok(()),
            Some((key, span)) => {
                let problem = format!("{key} has a meaning only with rate; add rate or drop {key}");
                Err(Problem::at(span, problem))
            }
        }
    }

    fn slow_path(&self) -> Result<Option<String>, Problem> {
        let slow_path = self.slow_path.as_ref().map(|path| {
            let problem = |problem| Problem::with(path, problem);
            checked("slow_path", path.get_ref()).map_err(problem)
        });
        slow_path.transpose()
    }

    fn body(&self) -> Result<Option<Vec<u8>>, Problem> {
        match (&self.body, &self.body_file) {
            (Some(_), Some(file)) => {
                let problem = "body and body_file are two bodies; drop one of them";
                Err(Problem::with(file, problem))
            }
            (Some(body), None) => Ok(Some(body.get_ref().clone().into_bytes())),
            (None, Some(file)) => {
                let problem = |problem| Problem::with(file, problem);
                let path = Path::new(file.get_ref());
                read_file(path, "body_file").map(Some).map_err(problem)
            }
            (None, None) => Ok(None),
        }
    }

    fn headers(&self, has_body: bool) -> Result<Vec<Header>, Problem> {
        let header = |written: &Spanned<String>, text: &str| {
            let shown = text
                .split(':')
                .next()
                .unwrap_or_default()
                .escape_debug()
                .to_string();
            let problem =
                |problem| Problem::with(written, format!("headers: '{shown}': {problem}"));
            Header::from_str(text).map_err(problem)
        };
        let given = self.headers.iter().map(|it| header(it, it.get_ref()));
        let given = given.collect::<Result<Vec<Header>, _>>()?;
        if let (Some(kind), false) = (&self.content_type, has_body) {
            let problem = "content_type is that of a body; add body or body_file, or drop it";
            return Err(Problem::with(kind, problem));
        }
        let media_type = match &self.content_type {
            Some(kind) => header(kind, &format!("Content-Type: {}", kind.get_ref()))?,
            None => Header::new("Content-Type", "text/plain"),
        };
        Ok(with_media_type(has_body.then_some(media_type), given))
    }

    fn threads(&self) -> Result<Option<usize>, Problem> {
        let read = |value: &Spanned<i64>| {
            let problem = |problem| Problem::with(value, problem);
            count("threads", *value.get_ref(), &THREADS).map_err(problem)
        };
        self.threads.as_ref().map(read).transpose()
    }

    fn expect(&self) -> Result<Expect, Problem> {
        let statuses = parse::<StatusSet>("expect_status", self.expect_status.as_ref())?;
        let length = parse::<LengthRule>("expect_length", self.expect_length.as_ref())?;
        let body = self.expect_body.as_ref().map(Spanned::get_ref);
        Ok(Expect {
            statuses: statuses.unwrap_or_else(StatusSet::not_an_error),
            length: length.unwrap_or(LengthRule::First),
            body: body.map(|body| body.clone().into_bytes()),
        })
    }

    fn gates(&self, of_plan: &Gates) -> Result<Gates, Problem> {
        let own = self.gates.as_ref().map(GatesEntry::gates);
        Ok(own.transpose()?.unwrap_or_default().or(of_plan))
    }

    fn tls_options(&self) -> Result<TlsOptions, Problem> {
        let path = |value: &Spanned<String>| PathBuf::from(value.get_ref());
        let is = |value: &Option<Spanned<bool>>| value.as_ref().is_some_and(|it| *it.get_ref());
        if let (Some(key), None) = (&self.key, &self.cert) {
            let problem = "key is that of cert; add cert or drop key";
            return Err(Problem::with(key, problem));
        }
        Ok(TlsOptions {
            trust: match &self.cacert {
                Some(file) => Trust::File(path(file)),
                None if is(&self.verify) => Trust::System,
                None => Trust::Anyone,
            },
            identity: self.cert.as_ref().map(|certificate| Identity {
                certificate: path(certificate),
                key: path(self.key.as_ref().unwrap_or(certificate)),
            }),
            resumes: is(&self.resumption),
            ..TlsOptions::default()
        })
    }

    /// Who asks for these must not be left in the belief of having them.
    pub(super) fn check_tls(&self, scenario: &Scenario) -> Result<(), Problem> {
        let written = first_written([
            ("verify", span(self.verify.as_ref())),
            ("cacert", span(self.cacert.as_ref())),
            ("cert", span(self.cert.as_ref())),
            ("resumption", span(self.resumption.as_ref())),
        ]);
        match written.filter(|_| !scenario.tls) {
            None => Ok(()),
            Some((key, span)) => {
                let problem =
                    format!("{key} has a meaning only with tls = true; add that or drop {key}");
                Err(Problem::at(span, problem))
            }
        }
    }
}
