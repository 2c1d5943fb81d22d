//! Several requests on a connection before the first is answered.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use crate::loadgen::run;
use crate::server::{Kind, Server};

#[test]
fn pipelined_requests_are_all_answered_on_the_connections_there_are() {
    for kind in [Kind::Threads, Kind::Async] {
        let server = Server::start(kind);
        let url = server.url("/bytes/1000");
        let ended = run(&["-n", "200", "-c", "4", "-k", "--pipeline", "8", &url]);
        let record = ended.record();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(record["requests"]["succeeded"], 200);
        assert_eq!(record["connections"]["opened"], 4);
        assert_eq!(record["connections"]["reused"], 196);
        assert_eq!(record["bytes"]["received_body"], 200_000);
        assert_eq!(record["plan"]["pipeline"], 8);
        assert_eq!(record["plan"]["concurrency"], 32);
    }
}

/// Reads four requests of a connection, then sends `answers` and closes.
fn server_that_answers_four_with(answers: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut heard = Vec::new();
        let mut buffer = [0; 4096];
        while heard.windows(4).filter(|four| four == b"\r\n\r\n").count() < 4 {
            let count = connection.read(&mut buffer).unwrap();
            assert!(count > 0, "the client left");
            heard.extend_from_slice(&buffer[..count]);
        }
        connection.write_all(answers.as_bytes()).unwrap();
    });
    url
}

#[test]
fn requests_behind_the_last_answer_fail_each_once() {
    let url = server_that_answers_four_with(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\
         Connection: close\r\n\r\nok",
    );
    let record = run(&["-n", "4", "-c", "1", "-k", "--pipeline", "4", &url]).record();
    assert_eq!(record["requests"]["succeeded"], 2);
    assert_eq!(record["failures"]["closed_before_response"], 2);
}

#[test]
fn a_bad_answer_fails_its_request_and_keeps_the_answers_behind_it_away() {
    let url = server_that_answers_four_with(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokgarbage and no answer\r\n\r\n",
    );
    let record = run(&["-n", "4", "-c", "1", "-k", "--pipeline", "4", &url]).record();
    assert_eq!(record["requests"]["succeeded"], 1);
    assert_eq!(record["failures"]["malformed_response"], 1);
    assert_eq!(record["failures"]["closed_before_response"], 2);
}

#[test]
fn an_answer_more_than_was_asked_for_is_malformed() {
    let url = server_that_answers_four_with(
        "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\
         HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\
         HTTP/1.1 204 No Content\r\n\r\n",
    );
    let record = run(&["-n", "4", "-c", "1", "-k", "--pipeline", "4", &url]).record();
    assert_eq!(record["requests"]["succeeded"], 3);
    assert_eq!(record["failures"]["malformed_response"], 1);
}

#[test]
fn pipelining_without_keep_alive_is_a_usage_error() {
    let ended = run(&["-n", "4", "--pipeline", "4", "http://127.0.0.1:9/"]);
    ended.assert_one_line_error(2, &["--pipeline", "-k"]);
}
