//! Every model passes every check of the contract.

use std::net::SocketAddr;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use contract::{
    GOLDEN_KEEP_ALIVE_TRANSCRIPT, GOLDEN_TRANSCRIPT, Subject, keep_alive_transcript,
    stops_without_losing_requests, transcript, verify,
};
use server_async::Options;
use server_async::model::Model;
use server_common::listener::{Address, Listener};
use server_common::stop::{Stop, StopHandle};

const READ_TIMEOUT: Duration = Duration::from_millis(300);
const BACKLOG: u32 = 128;

/// A server on a port of its own, stopped at the end.
struct Server {
    address: SocketAddr,
    stop: Option<StopHandle>,
    thread: Option<JoinHandle<anyhow::Result<()>>>,
}

impl Server {
    fn start(model: Model) -> Self {
        let listener = Listener::bind_tcp(([127, 0, 0, 1], 0).into(), BACKLOG, |_| Ok(())).unwrap();
        let Address::Tcp(address) = *listener.address() else {
            unreachable!("a TCP listener has a TCP address");
        };
        let (handle, stop) = Stop::new().unwrap();
        let options = Options {
            connection: wire::connection::Options {
                read_timeout: READ_TIMEOUT,
                idle_timeout: Duration::from_secs(2),
                keep_alive: true,
                access_log: false,
            },
            write_timeout: Duration::from_secs(2),
            // Several, however few the cores; the model that has one does not ask.
            threads: Some(2),
            ..Options::default()
        };
        let thread =
            thread::spawn(move || server_async::run(vec![listener], model, options, &stop));
        Self {
            address,
            stop: Some(handle),
            thread: Some(thread),
        }
    }

    fn subject(&self) -> Subject {
        Subject {
            address: self.address,
            read_timeout: READ_TIMEOUT,
            keep_alive: true,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            ended.unwrap().unwrap().unwrap();
        }
    }
}

#[test]
fn every_model_passes_every_check() {
    for model in Model::ALL {
        let server = Server::start(model);
        if let Err(violations) = verify(&server.subject()) {
            panic!("{}: {violations}", model.label());
        }
    }
}

#[test]
fn every_model_writes_the_golden_transcripts() {
    for model in Model::ALL {
        let server = Server::start(model);
        let subject = server.subject();
        assert_eq!(transcript(&subject).unwrap(), GOLDEN_TRANSCRIPT);
        let keep_alive = keep_alive_transcript(&subject).unwrap();
        assert_eq!(keep_alive, GOLDEN_KEEP_ALIVE_TRANSCRIPT);
    }
}

#[test]
fn every_model_stops_without_losing_requests() {
    for model in Model::ALL {
        let mut server = Server::start(model);
        let handle = server.stop.take();
        let stopped = stops_without_losing_requests(&server.subject(), || drop(handle));
        if let Err(error) = stopped {
            panic!("{}: {error:#}", model.label());
        }
    }
}
