//! The one way in which tables of faults touch the command line: run it against
//! a script, and hold its record against the server's log.

use std::thread;

use rustix::process::Signal;

use crate::behaviour::Behaviour::{self, Silent};
use crate::fault_server::FaultServer;
use crate::loadgen::{Ended, command, run, start};
use crate::record::{Counts, Outcome, assert_connections_agree};
use crate::script::Script;
use crate::way::Way;

/// Options of one run.
pub(crate) type Manner = &'static [&'static str];

/// New connections and keep-alive, one request at a time and several, one
/// worker and two.
pub(crate) const EVERY_MANNER: &[Manner] = &[
    &["-c", "1"],
    &["-c", "1", "-k"],
    &["-c", "4"],
    &["-c", "4", "-k"],
    &["-c", "4", "--threads", "2"],
    &["-c", "4", "--threads", "2", "-k"],
];

/// Several runs beside each other: most of what they do is wait.
pub(crate) fn at_once<T: Copy + Sync>(cases: &[T], check: impl Fn(T) + Sync) {
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| check(*case));
        }
    });
}

/// A run of two connections that a signal ends: three requests are answered, and both connections
/// wait for an answer then.
pub(crate) fn interrupted(args: &[&str], signal: Signal) -> Ended {
    let server = FaultServer::start(Script::good_then(3, Silent));
    let url = server.url();
    let load = ["-n", "1000", "-c", "2", "--timeout", "60s", &url];
    let running = start(command(&[args, &load].concat()));
    server.wait_until(|log| log.played.len() == 5);
    running.signal(signal);
    let ended = running.end();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    let played = server.stop().played.len();
    assert_eq!(played, 5, "nothing is issued after the signal");
    ended
}

/// Runs `requests` requests against the script, and asserts that the client's
/// record says what the server's log says, under the causes of `outcome_of`.
pub(crate) fn check_conservation(
    way: Way,
    script: Script,
    requests: usize,
    args: &[&str],
    outcome_of: impl Fn(Behaviour) -> Outcome,
    circumstances: &str,
) {
    if !way.is_offered() {
        return;
    }
    let server = way.server(script);
    let requests_text = requests.to_string();
    let ended = run(&[way.args, &["-n", &requests_text], args, &[&server.url()]].concat());
    // What a client has given up may still be on its way to the server.
    server.wait_until(|log| log.played.len() >= requests);
    let log = server.stop();
    let record = ended.record();
    let counts = Counts::of_record(&record);
    let circumstances = format!("{}: {circumstances}", way.label);

    assert_eq!(
        counts,
        Counts::of_log(&log, outcome_of),
        "{circumstances}: {log:?}"
    );
    assert_eq!(counts.issued(), requests as u64, "{circumstances}: {log:?}");
    assert_connections_agree(&record, &log);
    let code = if counts.succeeded > 0 { 0 } else { 1 };
    assert_eq!(ended.code, Some(code), "{circumstances}: {ended:?}");
    assert_eq!(record["interrupted"], false, "{circumstances}: {ended:?}");
}
