//! `--samples`: every request as a row of comma-separated values (RFC 4180).

use std::io::{self, Write};

use crate::engine::control::nanoseconds;
use crate::engine::samples::Sample;
use crate::outcome::Outcome;
use crate::plan::{Engine, Plan};

/// The names of the columns. Times are nanoseconds.
const HEADING: &str =
    "start_ns,intended_ns,path,outcome,status,connect_ns,first_byte_ns,total_ns,body_bytes";

/// Writes the rows of one run.
#[derive(Debug)]
pub struct SamplesCsv {
    /// Starts count from here, in nanoseconds since the run began.
    measured_from_ns: u64,
    is_open_loop: bool,
    /// Whether the engine tells when a request's connection was open.
    knows_connects: bool,
    /// As a field of a row has them.
    paths: Vec<String>,
}

impl SamplesCsv {
    /// For the samples of `plan`.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let paths = plan.scenario.paths.list().iter();
        Self {
            measured_from_ns: nanoseconds(plan.warmup),
            is_open_loop: plan.load.schedule().is_some(),
            knows_connects: plan.engine != Engine::ReqwestBlocking,
            paths: paths.map(|path| quote(path)).collect(),
        }
    }

    /// Writes the names of the columns.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_heading(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{HEADING}")
    }

    /// Writes a row. What does not apply is empty: the intended start in closed loop, status and
    /// length without a whole answer, the first byte if none came, the connection if the engine does
    /// not tell.
    ///
    /// Starts count from where the measured part began; those of requests that were under way then
    /// are negative.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_row(&self, out: &mut dyn Write, sample: &Sample) -> io::Result<()> {
        let timing = &sample.timing;
        let measured = |at_ns: u64| i128::from(at_ns) - i128::from(self.measured_from_ns);
        write!(out, "{},", measured(timing.started_ns))?;
        if self.is_open_loop {
            write!(out, "{}", measured(timing.intended_ns))?;
        }
        write!(
            out,
            ",{},{},",
            self.paths[timing.path],
            label(sample.outcome)
        )?;
        if let Some(answer) = sample.answer {
            write!(out, "{}", answer.status)?;
        }
        out.write_all(b",")?;
        if self.knows_connects {
            write!(out, "{}", timing.connected_ns - timing.started_ns)?;
        }
        out.write_all(b",")?;
        if let Some(first_byte_ns) = timing.first_byte_ns {
            write!(out, "{}", first_byte_ns - timing.started_ns)?;
        }
        write!(out, ",{},", timing.ended_ns - timing.started_ns)?;
        if let Some(answer) = sample.answer {
            write!(out, "{}", answer.body_bytes)?;
        }
        out.write_all(b"\n")
    }
}

fn label(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Failed(cause) => cause.label(),
        Outcome::Cancelled => "cancelled",
    }
}

/// `text` as a field: in quotes if it would be taken for several otherwise.
fn quote(text: &str) -> String {
    match text.contains([',', '"']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::Answer;
    use crate::outcome::Cause;
    use crate::recorder::Timing;

    const TIMING: Timing = Timing {
        path: 1,
        intended_ns: 900,
        started_ns: 1500,
        connected_ns: 1600,
        sent_ns: Some(1700),
        first_byte_ns: Some(2000),
        ended_ns: 3000,
    };

    fn csv(is_open_loop: bool) -> SamplesCsv {
        SamplesCsv {
            measured_from_ns: 1000,
            is_open_loop,
            knows_connects: true,
            paths: ["/", "/a?b=1,2"].map(quote).to_vec(),
        }
    }

    fn row(csv: &SamplesCsv, sample: Sample) -> String {
        let mut out = Vec::new();
        csv.write_row(&mut out, &sample).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_answer_has_every_column_in_open_loop() {
        let answer = Answer {
            status: 200,
            body_bytes: 51,
            body_matches: true,
            keep_alive: false,
        };
        let sample = Sample {
            timing: TIMING,
            outcome: Outcome::Succeeded,
            answer: Some(answer),
        };
        let expected = "500,-100,\"/a?b=1,2\",succeeded,200,100,500,1500,51\n";
        assert_eq!(row(&csv(true), sample), expected);
        assert_eq!(HEADING.split(',').count(), 9);
    }

    #[test]
    fn what_does_not_apply_is_empty() {
        let sample = Sample {
            timing: Timing {
                ended_ns: 700,
                ..Timing::starting(600, 0)
            },
            outcome: Outcome::Failed(Cause::ConnectRefused),
            answer: None,
        };
        assert_eq!(
            row(&csv(false), sample),
            "-400,,/,connect_refused,,0,,100,\n"
        );
    }

    #[test]
    fn a_time_to_connect_that_is_not_known_is_not_0() {
        let sample = Sample {
            timing: TIMING,
            outcome: Outcome::Cancelled,
            answer: None,
        };
        let csv = SamplesCsv {
            knows_connects: false,
            ..csv(false)
        };
        let expected = "500,,\"/a?b=1,2\",cancelled,,,500,1500,\n";
        assert_eq!(row(&csv, sample), expected);
    }

    #[test]
    fn only_what_needs_it_is_quoted() {
        assert_eq!(quote("/a?b=c;d"), "/a?b=c;d");
        assert_eq!(quote("/a,\"b\""), "\"/a,\"\"b\"\"\"");
    }
}
