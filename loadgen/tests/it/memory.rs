//! Memory does not grow with the number of requests.

use std::time::Duration;

use crate::canned_server::CannedServer;
use crate::loadgen::{command, start};

const FEW: u64 = 50_000;
const MANY: u64 = 500_000;

/// Below two bytes for each request more, and well above what peaks differ by from run to run.
const DIFFERENCE_BYTES_MAX: u64 = 700 * 1024;

/// Twenty times what a debug build takes on a machine of its own.
const HANG_GUARD: Duration = Duration::from_secs(120);

#[test]
pub(crate) fn ten_times_the_requests_take_the_same_memory() {
    let server = CannedServer::hello();
    assert_flat(&server, &[]);
}

#[test]
fn a_file_of_every_request_takes_no_memory_for_each() {
    let server = CannedServer::hello();
    assert_flat(&server, &["--samples", "/dev/null"]);
}

fn assert_flat(server: &CannedServer, flags: &[&str]) {
    let [few, many] = [FEW, MANY].map(|requests| peak_bytes(server, requests, flags));
    assert!(many < few + DIFFERENCE_BYTES_MAX, "{few} and {many} bytes");
}

fn peak_bytes(server: &CannedServer, requests: u64, flags: &[&str]) -> u64 {
    let requests_text = requests.to_string();
    let args = ["-n", &requests_text, "-c", "16", "-k", &server.url()];
    let ended = start(command(&[&args[..], flags].concat())).end_within(HANG_GUARD);
    let record = ended.record();
    assert_eq!(record["requests"]["succeeded"], requests, "{record}");
    record["client"]["rss_bytes_peak"].as_u64().expect("a peak")
}
