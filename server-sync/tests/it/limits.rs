//! What a client cannot do to the server, and what a stop does not do to a client.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use server_sync::Model;

use crate::server::{self, READ_TIMEOUT, Server};

/// What the machine may be late by.
const SLOW_MACHINE: Duration = Duration::from_secs(2);

#[test]
fn a_head_that_drips_in_is_cut_when_its_time_is_up_not_when_a_byte_is_late() {
    for model in Model::ALL {
        let server = Server::start(model);
        let mut client = server.connect();
        let began = Instant::now();
        // Each byte comes well within the limit, for twice as long as the limit.
        for byte in b"GET / HTTP/1.1\r\n" {
            if client.0.write_all(&[*byte]).is_err() {
                break;
            }
            std::thread::sleep(READ_TIMEOUT / 8);
        }
        let answer = client.rest();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{model:?}: {answer}");
        assert!(began.elapsed() > READ_TIMEOUT);
    }
}

#[test]
fn a_client_that_takes_nothing_of_its_answer_is_cut() {
    for model in Model::ALL {
        let options = server_sync::Options {
            connections_max: Some(1),
            ..server::options(model)
        };
        let server = Server::start_with(model, options);
        let mut greedy = server.connect();
        greedy.get("/bytes/67108864");
        // It holds the only place until it is cut.
        let mut next = server.connect();
        next.get("/");
        assert!(next.answer().ends_with("</html>"), "{model:?}");
        drop(greedy);
    }
}

#[test]
fn beyond_the_most_connections_clients_wait_and_are_then_served() {
    for model in [Model::ThreadPerConnection, Model::ThreadPool] {
        let mut options = server::options(model);
        options.connections_max = Some(2);
        options.connection.read_timeout = 10 * SLOW_MACHINE;
        options.connection.idle_timeout = 10 * SLOW_MACHINE;
        let server = Server::start_with(model, options);
        let [mut first, mut second, mut third] = [(); 3].map(|()| server.connect());
        for client in [&mut first, &mut second] {
            client.get("/");
            assert!(client.answer().ends_with("</html>"), "{model:?}");
        }
        third.get("/");
        third.0.set_read_timeout(Some(READ_TIMEOUT)).unwrap();
        let waiting = third.0.peek(&mut [0]).unwrap_err();
        assert_eq!(waiting.kind(), std::io::ErrorKind::WouldBlock, "{model:?}");
        third.0.set_read_timeout(Some(10 * SLOW_MACHINE)).unwrap();
        first.0.shutdown(Shutdown::Both).unwrap();
        assert!(third.answer().ends_with("</html>"), "{model:?}");
    }
}

#[test]
fn a_stop_closes_idle_connections_at_once() {
    for model in Model::ALL {
        let mut options = server::options(model);
        options.connection.keep_alive = true;
        options.connection.idle_timeout = 10 * SLOW_MACHINE;
        let mut server = Server::start_with(model, options);
        let mut client = server.connect();
        client.get("/");
        assert!(client.answer().ends_with("</html>"));

        let asked = Instant::now();
        server.ask_to_stop();
        assert_eq!(client.rest(), "", "{model:?}");
        server.wait();
        assert!(asked.elapsed() < SLOW_MACHINE, "{model:?}");
    }
}

#[test]
fn a_stop_leaves_an_upload_time_to_end() {
    for model in [Model::ThreadPerConnection, Model::ThreadPool] {
        let mut options = server::options(model);
        options.connection.read_timeout = 10 * SLOW_MACHINE;
        let mut server = Server::start_with(model, options);
        let mut client = server.connect();
        let head = "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n";
        client.0.write_all(head.as_bytes()).unwrap();
        let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
        client.0.read_exact(&mut go_on).unwrap();
        // Another client, whose end shows that the stop has gone round.
        let mut other = server.connect();
        other.get("/");
        other.answer();

        server.ask_to_stop();
        assert_eq!(other.rest(), "", "{model:?}");
        client.0.write_all(b"abcdef").unwrap();
        let answer = client.rest();
        assert!(answer.contains("Connection: close"), "{model:?}: {answer}");
        assert!(answer.ends_with("abcdef"), "{model:?}: {answer}");
    }
}

#[test]
fn a_new_connection_is_owed_an_answer_even_if_it_asks_after_the_stop() {
    for model in Model::ALL {
        let mut server = Server::start(model);
        let mut client = server.connect();
        server.ask_to_stop();
        client.get("/");
        let answer = client.rest();
        assert!(answer.contains("Connection: close"), "{model:?}: {answer}");
        assert!(answer.ends_with("</html>"), "{model:?}: {answer}");
    }
}
