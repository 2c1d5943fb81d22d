//! A server behind a socket in the file system.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread::{self, JoinHandle};

use crate::files::text;
use crate::way::Way;

/// Requests of each run that succeeds.
const REQUESTS: usize = 3;

#[test]
fn a_unix_socket_is_connected_to_and_the_url_gives_host_and_path() {
    for way in Way::in_the_clear() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("server.sock");
        let server = answer_at(&path);
        let requests = REQUESTS.to_string();
        let url = "http://example.org/where";
        let ended = way.run(&["-n", &requests, "--unix", text(&path), url]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let record = ended.record();
        assert_eq!(record["target"]["unix_path"], text(&path));
        assert_eq!(record["target"]["addresses"], serde_json::json!([]));
        for request in server.join().unwrap() {
            let request = request.to_lowercase();
            assert!(request.starts_with("get /where http/1.1\r\n"), "{request}");
            assert!(request.contains("\r\nhost: example.org\r\n"), "{request}");
        }
    }
}

/// Answers one request on each of so many connections; the requests.
fn answer_at(path: &Path) -> JoinHandle<Vec<String>> {
    let listener = UnixListener::bind(path).unwrap();
    let answer = move |_| {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut chunk = [0; 1024];
        while !request.ends_with(b"\r\n\r\n") {
            let count = stream.read(&mut chunk).unwrap();
            assert!(count > 0, "the client left");
            request.extend_from_slice(&chunk[..count]);
        }
        let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
        stream.write_all(answer).unwrap();
        String::from_utf8(request).unwrap()
    };
    thread::spawn(move || (0..REQUESTS).map(answer).collect())
}

#[test]
fn a_unix_socket_that_is_not_there_is_a_server_that_is_not_there() {
    for way in Way::in_the_clear() {
        let ended = way.run(&["-n", "2", "--unix", "/nowhere.sock", "http://localhost/"]);
        ended.assert_all_failed(2, "connect_refused");
    }
}
