//! Why a run is to be doubted: an enum of values, so that texts are written in
//! one place and each says what to do next.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a reason does to the numbers; the worst comes first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The run cannot be believed.
    Invalid,
    /// The rate is the load generator's, not the server's. Counts, failures and
    /// the server's cost stand.
    LimitsRate,
    /// The numbers stand; a careful reader wants to know.
    Note,
}

impl Severity {
    /// How a person is told, in front of the message.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Invalid => "INVALID",
            Self::LimitsRate => "rate limited",
            Self::Note => "note",
        }
    }
}

/// Something that was seen in a run and makes its numbers doubtful.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reason {
    /// Not one request succeeded.
    NoSuccess,
    /// Not one request was begun.
    NothingBegun,
    /// A signal ended the run before its plan was done.
    Interrupted,
    /// The load generator was built without optimisation.
    DebugBuild,
    /// Local ports ran out, for this many requests.
    PortsExhausted {
        /// Requests that failed for it.
        requests: u64,
    },
    /// File descriptors ran out, for this many requests.
    DescriptorsExhausted {
        /// Requests that failed for it.
        requests: u64,
    },
    /// Requests failed.
    FailuresPresent {
        /// Failures as a share of the requests that ended, 0 to 1.
        share: f64,
        /// So many that the rest says nothing about the server at work.
        too_many: bool,
    },
    /// Connections beside the load did not come about, or did not last.
    BackgroundMissing {
        /// How many there were to be.
        asked: u64,
        /// Open when the measured part began.
        held_at_start: u64,
        /// Open when it ended.
        held_at_end: u64,
        /// So many that the server bore another load than that asked for.
        too_many: bool,
    },
    /// A worker was busy all the time.
    ClientSaturated {
        /// Share of time that the busiest worker was on a CPU or waited for one, 0 to 1.
        share: f64,
    },
    /// The generator did not keep its own schedule (open loop).
    ScheduleSlipped {
        /// Share of requests that it started late, 0 to 1.
        share: f64,
    },
    /// Workers waited for the file of all requests to be written.
    SamplesHeldUp {
        /// Share of their time, 0 to 1.
        share: f64,
    },
    /// Arrivals found no connection free (open loop).
    InFlightLimit {
        /// As a share of all arrivals, 0 to 1.
        share: f64,
    },
    /// Many answers had not come when the run ended.
    CutShort {
        /// Requests under way at the end, as a share of those issued, 0 to 1.
        share: f64,
    },
    /// Some connections were not served while others were.
    Starved {
        /// Requests under way when the run ended.
        requests: u64,
        /// How many of them had waited for so long, at least.
        starved_min: u64,
        /// How long these had waited by then, at least, in seconds: over twice
        /// as long as any answer took.
        waited_s: f64,
    },
    /// Too few samples lie beyond this percentile.
    TooFewSamples {
        /// The lowest percentile for which it is so.
        percentile: f64,
    },
    /// Connections had to be asked for again.
    SynRetransmits {
        /// Segments sent again.
        segments: u64,
    },
    /// An accept queue was full.
    AcceptQueueOverflow {
        /// Times that it was.
        times: u64,
    },
    /// The hypervisor gave this machine's CPU to others.
    CpuSteal {
        /// Share of CPU time, 0 to 1.
        share: f64,
    },
    /// The rate at the end differed from the rate at the start.
    RateDrifted {
        /// Last third over first third, minus 1.
        change: f64,
    },
    /// The shards of the run did not all run at the same time.
    ShardsApart {
        /// How long all of them ran, in seconds.
        overlap_s: f64,
        /// From the first one's start to the last one's end.
        elapsed_s: f64,
        /// They are workers, who may come and go.
        come_and_go: bool,
        /// So little that the rate says nothing of the run.
        too_little: bool,
    },
    /// The clocks by which shards are put side by side cannot be trusted.
    ClocksUnsure {
        /// Shards whose clock nothing is known to keep in step.
        unsynchronised: u64,
        /// Shards in all.
        shards: u64,
        /// Furthest that a clock may be off, in seconds, if one tells.
        error_s_max: Option<f64>,
    },
    /// Shards of the run are not in its record.
    ShardsMissing {
        /// How many.
        missing: u64,
        /// Of how many.
        of: u64,
    },
    /// Workers of Locust were lost.
    WorkersLost {
        /// How many.
        lost: u64,
        /// Of how many.
        of: u64,
        /// Reports that are missing before the latest that there is.
        reports: u64,
    },
    /// Reports of workers broke off.
    ReportsCutShort,
    /// Shards were made by different versions of the program.
    VersionsDiffer {
        /// How many.
        versions: u64,
    },
    /// Another tool measured, which does not tell how busy it was.
    GeneratorUnobserved,
    /// Another tool left out requests that its schedule wanted.
    ArrivalsLeftOut {
        /// As a share of all that it wanted, 0 to 1.
        share: f64,
    },
    /// Another tool tells that requests failed, but not of each why.
    CausesUnknown,
    /// Another tool's latencies leave out what requests waited before they began.
    LatencyFromSend,
    /// Another tool's latencies leave out the opening of connections.
    ConnectLeftOut,
    /// Another tool's latencies are also those of requests that failed.
    FailuresInLatency,
}

impl Reason {
    /// The name in the record.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuccess => "no_success",
            Self::NothingBegun => "nothing_begun",
            Self::Interrupted => "interrupted",
            Self::DebugBuild => "debug_build",
            Self::PortsExhausted { .. } => "ports_exhausted",
            Self::DescriptorsExhausted { .. } => "descriptors_exhausted",
            Self::FailuresPresent { .. } => "failures_present",
            Self::BackgroundMissing { .. } => "background_missing",
            Self::ClientSaturated { .. } => "client_saturated",
            Self::ScheduleSlipped { .. } => "schedule_slipped",
            Self::SamplesHeldUp { .. } => "samples_held_up",
            Self::InFlightLimit { .. } => "in_flight_limit",
            Self::CutShort { .. } => "cut_short",
            Self::Starved { .. } => "starved",
            Self::TooFewSamples { .. } => "too_few_samples",
            Self::SynRetransmits { .. } => "syn_retransmits",
            Self::AcceptQueueOverflow { .. } => "accept_queue_overflow",
            Self::CpuSteal { .. } => "cpu_steal",
            Self::RateDrifted { .. } => "rate_drifted",
            Self::ShardsApart { .. } => "shards_apart",
            Self::ClocksUnsure { .. } => "clocks_unsure",
            Self::ShardsMissing { .. } => "shards_missing",
            Self::WorkersLost { .. } => "workers_lost",
            Self::ReportsCutShort => "reports_cut_short",
            Self::VersionsDiffer { .. } => "versions_differ",
            Self::GeneratorUnobserved => "generator_unobserved",
            Self::ArrivalsLeftOut { .. } => "arrivals_left_out",
            Self::CausesUnknown => "causes_unknown",
            Self::LatencyFromSend => "latency_from_send",
            Self::ConnectLeftOut => "connect_left_out",
            Self::FailuresInLatency => "failures_in_latency",
        }
    }

    /// What it does to the numbers.
    pub fn severity(&self) -> Severity {
        match self {
            Self::NoSuccess
            | Self::NothingBegun
            | Self::Interrupted
            | Self::DebugBuild
            | Self::PortsExhausted { .. }
            | Self::DescriptorsExhausted { .. }
            | Self::FailuresPresent { too_many: true, .. }
            | Self::BackgroundMissing { too_many: true, .. }
            | Self::ShardsApart {
                too_little: true, ..
            }
            | Self::ShardsMissing { .. } => Severity::Invalid,
            Self::WorkersLost { reports, .. } if *reports > 0 => Severity::Invalid,
            Self::ClientSaturated { .. }
            | Self::ScheduleSlipped { .. }
            | Self::SamplesHeldUp { .. } => Severity::LimitsRate,
            Self::FailuresPresent { .. }
            | Self::BackgroundMissing { .. }
            | Self::InFlightLimit { .. }
            | Self::CutShort { .. }
            | Self::Starved { .. }
            | Self::TooFewSamples { .. }
            | Self::SynRetransmits { .. }
            | Self::AcceptQueueOverflow { .. }
            | Self::CpuSteal { .. }
            | Self::RateDrifted { .. }
            | Self::ShardsApart { .. }
            | Self::ClocksUnsure { .. }
            | Self::WorkersLost { .. }
            | Self::ReportsCutShort
            | Self::VersionsDiffer { .. }
            | Self::GeneratorUnobserved
            | Self::ArrivalsLeftOut { .. }
            | Self::CausesUnknown
            | Self::LatencyFromSend
            | Self::ConnectLeftOut
            | Self::FailuresInLatency => Severity::Note,
        }
    }

    /// What was seen, with its numbers.
    pub fn message(&self) -> String {
        match *self {
            Self::NoSuccess => "not one request succeeded".to_owned(),
            Self::NothingBegun => "not one request was begun before the run ended".to_owned(),
            Self::Interrupted => "the run was interrupted before its plan was done".to_owned(),
            Self::DebugBuild => "the load generator is a debug build".to_owned(),
            Self::PortsExhausted { requests } => {
                format!("{requests} requests found no free local port")
            }
            Self::DescriptorsExhausted { requests } => {
                format!("{requests} requests found no free file descriptor")
            }
            Self::FailuresPresent { share, .. } => {
                format!("{} of the requests failed", percent(share))
            }
            Self::BackgroundMissing {
                asked,
                held_at_start,
                held_at_end,
                ..
            } => format!(
                "of {asked} connections beside the load {held_at_start} were open when the \
                 measured part began and {held_at_end} when it ended"
            ),
            Self::ClientSaturated { share } => format!(
                "the busiest worker of the load generator was on a CPU, or waited for one, {} of the time",
                percent(share)
            ),
            Self::ScheduleSlipped { share } => format!(
                "the load generator started {} of the requests late",
                percent(share)
            ),
            Self::SamplesHeldUp { share } => format!(
                "the workers waited {} of the time for the file of all requests to be written",
                percent(share)
            ),
            Self::InFlightLimit { share } => format!(
                "{} of the requests had to wait for a free connection, so the latency from the \
                 intended start depends on how many there are and on how long the run is",
                percent(share)
            ),
            Self::CutShort { share } => format!(
                "{} of the requests were still under way when the run ended, so the latencies \
                 are those of the quicker ones",
                percent(share)
            ),
            Self::Starved {
                requests,
                starved_min,
                waited_s,
            } => format!(
                "of the {requests} requests under way when the run ended at least {starved_min} \
                 had waited for {waited_s:.3} s or more, over twice as long as any answer took: \
                 the rate is that of the other connections, or the server has stopped"
            ),
            Self::TooFewSamples { percentile } => {
                format!("the percentiles from p{percentile} on rest on a handful of samples")
            }
            Self::SynRetransmits { segments } => {
                format!("{segments} connection attempts had to be repeated by the kernel")
            }
            Self::AcceptQueueOverflow { times } => {
                format!("an accept queue on this machine was full {times} times")
            }
            Self::CpuSteal { share } => format!(
                "the hypervisor gave {} of the CPU time to others",
                percent(share)
            ),
            Self::RateDrifted { change } => format!(
                "the rate of the last third differs by {:+.0} % from the first third",
                change * 100.0
            ),
            Self::ShardsApart {
                overlap_s,
                elapsed_s,
                ..
            } if overlap_s > 0.0 => format!(
                "all shards ran at the same time for {overlap_s:.2} s of {elapsed_s:.2} s, and the \
                 rate is that of this time"
            ),
            Self::ShardsApart { elapsed_s, .. } => format!(
                "there was no time at which all shards ran, and the rate is that of the whole \
                 {elapsed_s:.2} s"
            ),
            Self::ClocksUnsure {
                unsynchronised,
                shards,
                error_s_max,
            } => {
                let error = match error_s_max {
                    Some(error_s) => format!("one may be off by {error_s:.3} s"),
                    None => "by how much they are off is not known".to_owned(),
                };
                let adrift = match unsynchronised {
                    0 => format!("of the clocks of {shards} shards "),
                    _ => format!(
                        "of {shards} shards {unsynchronised} have a clock that nothing is known \
                         to keep in step, and "
                    ),
                };
                format!("{adrift}{error}, so their seconds may not be the same ones")
            }
            Self::ShardsMissing { missing, of } => {
                format!("{missing} of {of} shards are missing: what they did is in no number")
            }
            Self::WorkersLost {
                lost,
                of,
                reports: 0,
            } => format!(
                "{lost} of {of} workers were lost: what they did after their last report is in no \
                 number"
            ),
            Self::WorkersLost { reports, of, .. } => format!(
                "{reports} reports of the {of} workers are missing: what they did meanwhile is in \
                 no number"
            ),
            Self::ReportsCutShort => {
                "the workers' reports end in the middle of one, which is left out".to_owned()
            }
            Self::VersionsDiffer { versions } => {
                format!("the shards were made by {versions} versions of loadgen")
            }
            Self::GeneratorUnobserved => {
                "the tool does not tell how busy it was, so nobody knows whether the rate is the \
                 server's or its own"
                    .to_owned()
            }
            Self::ArrivalsLeftOut { share } => format!(
                "the tool left out {} of the requests that its schedule wanted, for want of a \
                 free connection or virtual user, and their wait is in no latency",
                percent(share)
            ),
            Self::CausesUnknown => {
                "the tool does not tell of every request that failed why it did".to_owned()
            }
            Self::LatencyFromSend => {
                "latencies count from when the tool began a request: what one waited behind a \
                 slow answer is left out (coordinated omission)"
                    .to_owned()
            }
            Self::ConnectLeftOut => "latencies leave out the opening of connections".to_owned(),
            Self::FailuresInLatency => {
                "latencies are also those of requests that failed, perhaps quickly".to_owned()
            }
        }
    }

    /// What to do next.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NoSuccess => "see `failures` for the cause, and try the URL with curl",
            Self::NothingBegun => {
                "run longer: the load generator was kept from its cores, or by --rate none was due"
            }
            Self::Interrupted => "run it again to the end",
            Self::DebugBuild => "build with --release",
            Self::PortsExhausted { .. } => {
                "use keep-alive (-k), or give it more local addresses (-B)"
            }
            Self::DescriptorsExhausted { .. } => "raise the limit (ulimit -n) or lower -c",
            Self::FailuresPresent { .. } => "see `failures` for the causes",
            Self::BackgroundMissing { .. } => {
                "see `background` for the causes; ask for fewer, or raise what the server allows \
                 (connections, descriptors, its idle timeout)"
            }
            Self::ClientSaturated { .. } => {
                "give it more threads or cores; until then compare the server's CPU per request"
            }
            Self::ScheduleSlipped { .. } => "lower --rate, or give it more threads or cores",
            Self::SamplesHeldUp { .. } => "write --samples to a faster disk, or do without",
            Self::InFlightLimit { .. } => {
                "lower --rate to what the server keeps up with, or raise --max-in-flight"
            }
            Self::CutShort { .. } => "run for several times as long as an answer takes",
            Self::Starved { .. } => {
                "look at `series`, and whether a server hangs; give it more threads, or lower -c"
            }
            Self::TooFewSamples { .. } => "run longer, or quote lower percentiles only",
            Self::SynRetransmits { .. } => {
                "expect latencies of 1 s and more; raise the server's backlog or lower -c"
            }
            Self::AcceptQueueOverflow { .. } => {
                "raise the server's backlog and net.core.somaxconn, or lower -c"
            }
            Self::CpuSteal { .. } => "use a quieter machine, or more rounds",
            Self::RateDrifted { .. } => "warm up longer (--warmup), and look at `series`",
            Self::ShardsApart {
                come_and_go: true, ..
            } => "read the rate second by second, or begin when all workers are there",
            Self::ShardsApart { .. } => "give all shards one --start-at, or run for longer",
            Self::ClocksUnsure { .. } => {
                "have chrony or NTP keep the clocks, or run for much longer than they are off"
            }
            Self::ShardsMissing { .. } => "run all shards again",
            Self::WorkersLost { .. } => "see the workers' logs, and run it again",
            Self::ReportsCutShort => "let the master end by itself, and run it again",
            Self::VersionsDiffer { .. } => "install one version on all machines",
            Self::GeneratorUnobserved => {
                "watch its CPU, give it more threads, or see how fast it is with a trivial server"
            }
            Self::ArrivalsLeftOut { .. } => {
                "lower the rate, or give the tool more connections or virtual users"
            }
            Self::CausesUnknown => "see the server's log, or repeat it with loadgen",
            Self::LatencyFromSend => {
                "take them for service times; loadgen --rate counts from the intended start"
            }
            Self::ConnectLeftOut => "compare them with those of the same tool only",
            Self::FailuresInLatency => "repeat it without failures before quoting them",
        }
    }
}

/// A share of 0 to 1 as text: `12 %`, below a tenth `1.50 %`, and next to nothing not as nothing.
pub(crate) fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0 %".to_owned(),
        percent if percent < 0.01 => "<0.01 %".to_owned(),
        percent if percent < 10.0 => format!("{percent:.2} %"),
        percent => format!("{percent:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_in_step_are_not_said_to_be_adrift() {
        let message = |unsynchronised| {
            let reason = Reason::ClocksUnsure {
                unsynchronised,
                shards: 2,
                error_s_max: Some(0.25),
            };
            reason.message()
        };
        assert_eq!(
            message(0),
            "of the clocks of 2 shards one may be off by 0.250 s, so their seconds may not be the \
             same ones"
        );
        assert!(message(1).starts_with("of 2 shards 1 have a clock that nothing is known to keep"));
    }

    #[test]
    fn a_share_is_shown_as_finely_as_it_matters() {
        for (share, text) in [
            (0.0, "0 %"),
            (1e-7, "<0.01 %"),
            (0.0005, "0.05 %"),
            (0.0149, "1.49 %"),
            (0.12, "12 %"),
            (1.0, "100 %"),
        ] {
            assert_eq!(percent(share), text);
        }
    }
}
