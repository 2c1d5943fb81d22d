//! A server behind a socket in the file system.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::thread;

use crate::loadgen::run;

#[test]
fn a_unix_socket_is_connected_to_and_the_url_gives_host_and_path() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("server.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let server = thread::spawn(move || {
        let mut request = Vec::new();
        for _ in 0..3 {
            let (mut stream, _) = listener.accept().unwrap();
            request.clear();
            let mut chunk = [0; 1024];
            while !request.ends_with(b"\r\n\r\n") {
                let count = stream.read(&mut chunk).unwrap();
                assert!(count > 0, "the client left");
                request.extend_from_slice(&chunk[..count]);
            }
            stream
                .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                .unwrap();
        }
        String::from_utf8(request).unwrap()
    });
    let path = path.to_str().unwrap();
    let ended = run(&["-n", "3", "--unix", path, "http://example.org/where"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let record = ended.record();
    assert_eq!(record["target"]["unix_path"], path);
    assert_eq!(record["target"]["addresses"], serde_json::json!([]));
    let request = server.join().unwrap();
    assert!(request.starts_with("GET /where HTTP/1.1\r\nHost: example.org\r\n"));
}

#[test]
fn a_unix_socket_that_is_not_there_is_a_server_that_is_not_there() {
    let ended = run(&["-n", "2", "--unix", "/nowhere.sock", "http://localhost/"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(
        ended.record()["failures"]["connect_refused"],
        2,
        "{ended:?}"
    );
}
