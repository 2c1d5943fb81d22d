//! How connections are made: from which local addresses, with which buffers.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::thread;

use serde_json::Value;

use crate::behaviour::Behaviour::NeverReads;
use crate::fault_server::FaultServer;
use crate::loadgen::run;
use crate::script::Script;

#[test]
fn connections_come_from_the_addresses_named_by_turns() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let serve = |_| {
            let (mut stream, peer) = listener.accept().unwrap();
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
            stream.write_all(b"HTTP/1.1 204 \r\n\r\n").unwrap();
            peer.ip()
        };
        (0..4).map(serve).collect::<Vec<_>>()
    });
    let sources = ["127.0.0.5", "127.0.0.6"];
    let flags = ["-n", "4", "-B", sources[0], "--source-addr", sources[1]];
    let record = run(&[&flags[..], &[&url]].concat()).record();
    assert_eq!(record["requests"]["succeeded"], 4, "{record}");
    assert_eq!(
        record["plan"]["source_addresses"],
        Value::from(&sources[..])
    );
    let [one, other]: [IpAddr; 2] = sources.map(|source| source.parse().unwrap());
    assert_eq!(server.join().unwrap(), [one, other, one, other]);
}

#[test]
fn an_address_that_is_not_of_this_machine_fails_each_request() {
    let record = run(&["-n", "2", "-B", "192.0.2.1", "http://127.0.0.1:9/"]).record();
    assert_eq!(record["failures"]["no_local_port"], 2, "{record}");
}

#[test]
fn buffers_are_as_large_as_was_asked_for() {
    let body = tempfile::NamedTempFile::new().unwrap();
    body.as_file().set_len(32 << 20).unwrap();
    let path = body.path().to_str().unwrap();
    // What a server that reads nothing gets is what the buffers take.
    let record = |flags: &[&str]| {
        let server = FaultServer::start(Script::always(NeverReads));
        let args = ["-n", "1", "-s", "300ms", "-p", path, &server.url()];
        run(&[flags, &args].concat()).record()
    };
    let sent = |record: &Value| record["bytes"]["sent"].as_u64().unwrap();
    let (small, default) = (record(&["-b", "4096"]), record(&[]));
    assert!(sent(&small) < sent(&default) / 2, "{small} {default}");
    assert_eq!(small["plan"]["buffer_bytes"], 4096);
    assert_eq!(default["plan"]["buffer_bytes"], Value::Null);
}
