//! A load that several processes make together, on as many machines or not.

use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;

use super::super::UsageError;
use crate::plan::{Plan, Shard};
use crate::record;
use crate::shard::scheduler::{self, Lookup, Place};
use crate::shard::{Membership, plan_hash};

/// Furthest ahead that a start may be: who waits for longer has most likely typed milliseconds.
const AHEAD_MAX: Duration = Duration::from_secs(86_400);

/// Longest name of a run.
const RUN_ID_BYTES_MAX: usize = 200;

/// Flags about other processes that make load at the same time.
#[derive(Debug, Args)]
#[command(next_help_heading = "Many machines")]
pub(super) struct Shards {
    /// Make this part of a load that others make the rest of: its place from 0, such as 0/4, or auto,
    /// as the scheduler says (Kubernetes, Slurm, Open MPI, PMI; GNU parallel; the first and the last
    /// need LOADGEN_SHARDS); -n, -c, --rate, --max-in-flight (and its default of 1000) and connections
    /// beside the load are those of all together, gates judge this part only, and loadgen merge
    /// makes one record of all
    #[arg(long, value_name = "INDEX/COUNT")]
    shard: Option<ShardName>,
    /// With --shard, a name that all parts of this run have and no other run has [default: with auto
    /// the scheduler's, if it has one]
    #[arg(long, value_name = "NAME", value_parser = run_id)]
    run_id: Option<String>,
    /// Begin, warm-up included, at this time, in seconds since 1970 as date +%s prints them; at once
    /// if it is over
    #[arg(long, value_name = "UNIX_SECONDS", value_parser = unix_seconds)]
    #[arg(allow_negative_numbers = true)]
    start_at: Option<StartAt>,
}

/// Which shard a process is, as it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ShardName {
    /// The scheduler knows.
    Auto,
    /// This one.
    Given(Shard),
}

/// A time that may be too far ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
struct StartAt {
    since_1970: Duration,
    typed: String,
}

/// What a run has to do with others.
#[derive(Clone, Debug, Default)]
pub struct Together {
    /// The run that it is a part of.
    pub membership: Option<Membership>,
    /// When it is to begin.
    pub start_at: Option<SystemTime>,
}

/// A shard's place, and what its run is called.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) shard: Shard,
    run_id: String,
    scheduler: Option<&'static str>,
}

impl Shards {
    /// Which part of a run this is, if it is one, `lookup` being the variables that a scheduler may
    /// have set.
    ///
    /// # Errors
    ///
    /// One line that names the flag or the variable, and the next step.
    pub(super) fn member(&self, lookup: Lookup<'_>) -> Result<Option<Member>, UsageError> {
        let place = match self.shard {
            None if self.run_id.is_some() => Err(
                "--run-id names a run that shards make; add --shard or drop --run-id".to_owned(),
            ),
            None => return Ok(None),
            Some(ShardName::Given(shard)) => Ok((shard, None, None)),
            Some(ShardName::Auto) => scheduler::place(lookup).map(in_parts),
        };
        let (shard, scheduler, its_name) = place.map_err(UsageError::line)?;
        let its_name = its_name.map(|name| run_id(&name).map_err(UsageError::line));
        let run_id = match (&self.run_id, its_name.transpose()?) {
            (Some(given), _) => given.clone(),
            (None, Some(its_name)) => its_name,
            (None, None) => return Err(UsageError::line(no_name(scheduler))),
        };
        Ok(Some(Member {
            shard,
            run_id,
            scheduler,
        }))
    }

    /// When the run is to begin, if that was said; it is `now`.
    ///
    /// # Errors
    ///
    /// One line: it is too far ahead.
    pub(super) fn start_at(&self, now: SystemTime) -> Result<Option<SystemTime>, UsageError> {
        let Some(StartAt { since_1970, typed }) = &self.start_at else {
            return Ok(None);
        };
        let start_at = UNIX_EPOCH.checked_add(*since_1970);
        let is_near = |start_at: &SystemTime| {
            let ahead = start_at.duration_since(now);
            ahead.unwrap_or_default() <= AHEAD_MAX
        };
        match start_at.filter(is_near) {
            Some(start_at) => Ok(Some(start_at)),
            None => Err(UsageError::line(format!(
                "--start-at {typed} is more than a day ahead; give seconds since 1970, as date +%s \
                 prints them, not milliseconds"
            ))),
        }
    }

    /// The first that was given.
    pub(super) fn flag(&self) -> Option<&'static str> {
        [
            ("--shard", self.shard.is_some()),
            ("--run-id", self.run_id.is_some()),
            ("--start-at", self.start_at.is_some()),
        ]
        .into_iter()
        .find_map(|(flag, is_given)| is_given.then_some(flag))
    }

    /// Whether this is to be a part of a run.
    pub(super) fn is_shard(&self) -> bool {
        self.shard.is_some()
    }
}

impl Member {
    /// What it has in common with the other shards of `whole`.
    pub(super) fn of(self, whole: &Plan, start_at: Option<SystemTime>) -> Membership {
        Membership {
            index: self.shard.index,
            of: Some(self.shard.of),
            run_id: self.run_id,
            plan_hash: plan_hash(whole),
            plan: Box::new(record::settings(whole)),
            scheduler: self.scheduler,
            start_at,
        }
    }
}

fn in_parts(place: Place) -> (Shard, Option<&'static str>, Option<String>) {
    (place.shard, Some(place.scheduler), place.run_id)
}

fn no_name(scheduler: Option<&str>) -> String {
    let why = match scheduler {
        None => "a shard has to say which run it belongs to".to_owned(),
        Some("slurm") => "Slurm names no job step here (start shards by srun)".to_owned(),
        Some(scheduler) => format!("{scheduler} has no name for the run"),
    };
    format!("{why}; add --run-id NAME, the same for all shards and for no other run")
}

/// A name without what would break lines or columns.
fn run_id(text: &str) -> Result<String, String> {
    let is_visible = |char: char| !char.is_whitespace() && !char.is_control();
    match !text.is_empty() && text.len() <= RUN_ID_BYTES_MAX && text.chars().all(is_visible) {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "a name of a run has 1 to {RUN_ID_BYTES_MAX} characters and no space, such as nightly-7"
        )),
    }
}

fn unix_seconds(text: &str) -> Result<StartAt, String> {
    let form = || "give seconds since 1970, such as 1767225600 or 1767225600.5".to_owned();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|char| char.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return Err(form());
    }
    // To the nanosecond; what is larger than a number can be is too far ahead in any case.
    let nanoseconds = format!("{fraction:0<9}")[..9].parse().map_err(|_| form())?;
    Ok(StartAt {
        since_1970: Duration::new(whole.parse().unwrap_or(u64::MAX), nanoseconds),
        typed: text.to_owned(),
    })
}

impl FromStr for ShardName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            text => text.parse().map(Self::Given),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: u64 = 1_767_225_600;

    fn start_at(typed: &str) -> Result<Option<Duration>, String> {
        let shards = Shards {
            shard: None,
            run_id: None,
            start_at: Some(unix_seconds(typed)?),
        };
        let now = UNIX_EPOCH + Duration::from_secs(NOW_S);
        let start_at = shards.start_at(now).map_err(|error| error.to_string())?;
        Ok(start_at.map(|at| at.duration_since(UNIX_EPOCH).unwrap()))
    }

    #[test]
    fn a_start_is_a_number_of_seconds_to_the_nanosecond() {
        let at = |seconds, nanoseconds| Ok(Some(Duration::new(seconds, nanoseconds)));
        assert_eq!(start_at("1767225600"), at(NOW_S, 0));
        assert_eq!(start_at("1767225600.5"), at(NOW_S, 500_000_000));
        assert_eq!(start_at("1767225600.0000000019"), at(NOW_S, 1));
        assert_eq!(start_at("0"), at(0, 0));
        for typed in ["", ".", "1.", ".5", "1e9", "-1", "+1", "1,5", "noon", " 1"] {
            let error = start_at(typed).unwrap_err();
            assert!(error.contains("seconds since 1970"), "{typed}: {error}");
        }
    }

    #[test]
    fn a_start_is_a_day_ahead_at_most() {
        let day = AHEAD_MAX.as_secs();
        assert!(start_at(&(NOW_S + day).to_string()).is_ok());
        for typed in [
            &(NOW_S + day + 1).to_string(),
            "1767225600000",
            &"9".repeat(40),
        ] {
            let error = start_at(typed).unwrap_err();
            assert!(error.contains("not milliseconds"), "{typed}: {error}");
        }
    }

    #[test]
    fn a_run_has_a_name_that_fits_into_a_line() {
        for name in ["nightly-7", "17.0", "slurm.pmix.17.0", "a/b:c"] {
            assert_eq!(run_id(name), Ok(name.to_owned()));
        }
        for name in ["", "a b", "a\nb", "a\u{7f}", &"a".repeat(201)] {
            assert!(run_id(name).is_err(), "{name}");
        }
    }
}
