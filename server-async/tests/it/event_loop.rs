//! What only the loops have: a limit that is select's, and several that share a port.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use contract::{Address, Subject, Transport};
use rustix::process::{Resource, Signal, getrlimit, setrlimit};

use crate::contract::program;

/// More connections than select can watch, with its other descriptors beside them.
const MANY: usize = 1100;

const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

fn connect(subject: &Subject) -> TcpStream {
    let Address::Tcp(address) = subject.address else {
        unreachable!("it was started so");
    };
    let socket = TcpStream::connect(address).unwrap();
    let patience = Some(Duration::from_secs(10));
    socket.set_read_timeout(patience).unwrap();
    socket
}

/// Asks, and says which status came.
fn ask(mut socket: &TcpStream) -> String {
    // A refusal may have come before.
    let _ = socket.write_all(REQUEST);
    let mut answer = vec![0; 1000];
    let count = socket.read(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[9..count.max(12)][..3]).into_owned()
}

#[test]
fn select_refuses_descriptors_that_it_cannot_watch_and_says_so_in_few_lines() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    let mut program = program("select");
    program.flags = &["--threads", "1"];
    let (process, subject) = program.start(Transport::Tcp).unwrap();
    let mut served = Vec::new();
    let mut refused = 0;
    for _ in 0..MANY {
        let socket = connect(&subject);
        match ask(&socket).as_str() {
            "200" => served.push(socket),
            "503" => refused += 1,
            status => panic!("{status}"),
        }
    }
    assert!((1000..1024).contains(&served.len()), "{}", served.len());
    for socket in &served {
        assert_eq!(ask(socket), "200");
    }
    process.signal(Signal::TERM).unwrap();
    let ended = process.wait().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    let lines: Vec<_> = ended.err.lines().collect();
    assert!(lines.len() < 10, "{lines:?}");
    let last = lines.last().unwrap();
    assert!(
        last.contains("select cannot watch descriptors from number 1024 on"),
        "{last}"
    );
    assert!(
        last.contains(&format!("refused: {refused} so far")),
        "{last}"
    );
    assert!(last.contains("choose --model poll or epoll"), "{last}");
}

#[test]
fn loops_that_share_a_port_have_no_more_connections_open_together_than_allowed() {
    for model in ["select", "poll", "epoll"] {
        let mut program = program(model);
        program.flags = &["--threads", "2", "--max-connections", "1"];
        let (_process, subject) = program.start(Transport::Tcp).unwrap();
        // So many that each loop has waited for the other; each is the next one's to wait for.
        let mut open = connect(&subject);
        assert_eq!(ask(&open), "200", "{model}");
        for _ in 0..16 {
            let mut next = connect(&subject);
            next.write_all(REQUEST).unwrap();
            let patience = next.read_timeout().unwrap();
            // For the answer of a loop that ought not to answer.
            next.set_read_timeout(Some(Duration::from_millis(50)))
                .unwrap();
            assert_eq!(ask(&open), "200", "{model}");
            assert!(next.read(&mut [0]).is_err(), "{model}");
            drop(open);
            next.set_read_timeout(patience).unwrap();
            assert!(next.read(&mut [0; 1000]).unwrap() > 0, "{model}");
            open = next;
        }
    }
}
