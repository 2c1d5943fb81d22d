//! What a connection with a thread of its own takes.

use std::fs;

use crate::client::Client;
use crate::process::Program;

/// So many that what the process takes once does not show.
const CONNECTIONS: usize = 200;

/// Ten thousand connections are to fit into a quarter of a gigabyte. Without optimization frames
/// are larger.
const KIB_PER_CONNECTION_MAX: usize = if cfg!(debug_assertions) { 36 } else { 24 };

/// Memory of a process that belongs to no file, in KiB (proc(5)).
fn anonymous_kib(program: &Program) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", program.process.id())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let amount = line.unwrap().trim().strip_suffix(" kB").unwrap();
    amount.parse().unwrap()
}

#[test]
fn a_kept_connection_with_a_thread_of_its_own_takes_its_stack_and_little_else() {
    let arguments = [
        "--listen",
        "127.0.0.1:0",
        "--model",
        "thread-per-connection",
    ];
    let program = Program::start(&arguments);
    let served = |_| {
        let mut client = Client::connect(program.address());
        client.get("/");
        assert!(client.answer().ends_with("</html>"));
        client
    };
    let _first = served(0);
    let before = anonymous_kib(&program);
    let _clients: Vec<_> = (0..CONNECTIONS).map(served).collect();
    let each = (anonymous_kib(&program) - before) / CONNECTIONS;
    assert!(
        (1..=KIB_PER_CONNECTION_MAX).contains(&each),
        "{each} KiB for each connection"
    );
}
