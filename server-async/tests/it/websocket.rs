//! WebSocket clients that hear each other, within a loop and between loops.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use contract::process::Process;
use contract::{Address, Transport};
use tungstenite::{Error, Message, WebSocket};

use crate::contract::{LOOPS, program};

/// How long anything may take, so that what hangs ends as a failed test.
const PATIENCE: Duration = Duration::from_secs(10);

type Client = WebSocket<TcpStream>;

/// With two loops, to one of which each client comes by chance.
fn start(model: &'static str) -> (Process, SocketAddr) {
    let (process, subject) = program(model).start(Transport::Tcp).unwrap();
    match subject.address {
        Address::Tcp(address) => (process, address),
        Address::Unix(_) => unreachable!("it was started so"),
    }
}

fn join(address: SocketAddr, room: &str) -> Client {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_nodelay(true).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    let url = format!("ws://{address}/ws?{room}");
    tungstenite::client(url, socket).unwrap().0
}

fn read(client: &mut Client) -> String {
    client.read().unwrap().into_text().unwrap().to_string()
}

#[test]
fn pairs_hear_each_other_whichever_loops_serve_them() {
    for model in LOOPS {
        let (_process, address) = start(model);
        let pair = |number| [(); 2].map(|()| join(address, &format!("{number}")));
        // By chance all pairs are each within a loop once in 65 536 runs.
        let mut pairs: Vec<_> = (0..16).map(pair).collect();
        for round in 0..20 {
            let sent = round.to_string();
            for [one, other] in &mut pairs {
                one.send(sent.clone().into()).unwrap();
                assert_eq!(read(other), sent, "{model}");
                other.send(sent.clone().into()).unwrap();
                assert_eq!(read(one), sent, "{model}");
            }
        }
    }
}

#[test]
fn in_a_room_over_all_loops_everybody_hears_each_sender_in_order() {
    const CLIENTS: usize = 12;
    const MESSAGES: usize = 200;
    for model in LOOPS {
        let (_process, address) = start(model);
        let mut clients: Vec<_> = (0..CLIENTS).map(|_| join(address, "all")).collect();
        // All are in the room when the last one is, but for itself.
        thread::scope(|scope| {
            for (own, client) in clients.iter_mut().enumerate() {
                scope.spawn(move || {
                    for number in 0..MESSAGES {
                        client.send(format!("{own} {number}").into()).unwrap();
                    }
                    let mut next = [0; CLIENTS];
                    for _ in 0..(CLIENTS - 1) * MESSAGES {
                        let text = read(client);
                        let (sender, number) = text.split_once(' ').unwrap();
                        let next = &mut next[sender.parse::<usize>().unwrap()];
                        assert_eq!(number.parse(), Ok(*next), "{model}");
                        *next += 1;
                    }
                    assert_eq!(next[own], 0, "{model}");
                });
            }
        });
    }
}

#[test]
fn one_that_is_spoken_to_all_the_time_is_heard() {
    const MESSAGES: usize = 100;
    /// Messages of 1000 bytes that the talker may be ahead of who listens: less than a mailbox.
    const AHEAD_MAX: usize = 1000;
    for model in LOOPS {
        let (_process, address) = start(model);
        let [mut talker, mut flooded, mut listener] = [(); 3].map(|()| join(address, "all"));
        let taken = [(); 2].map(|()| AtomicUsize::new(0));
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let _ends = SetAtEnd(&is_over);
            scope.spawn(|| {
                let noise = Message::binary(vec![0; 1000]);
                let mut sent = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let is_near =
                        |taken: &AtomicUsize| sent < taken.load(Ordering::Relaxed) + AHEAD_MAX;
                    if taken.iter().all(is_near) {
                        talker.send(noise.clone()).unwrap();
                        sent += 1;
                    }
                }
                talker.send("over".into()).unwrap();
            });
            scope.spawn(|| {
                let mut sent = 0;
                while flooded.read().unwrap().is_binary() {
                    taken[0].fetch_add(1, Ordering::Relaxed);
                    if sent < MESSAGES {
                        flooded.send(sent.to_string().into()).unwrap();
                        sent += 1;
                    }
                }
            });
            let mut heard = 0;
            let began = Instant::now();
            while heard < MESSAGES {
                match listener.read().unwrap() {
                    Message::Text(text) => {
                        assert_eq!(text.as_str(), heard.to_string(), "{model}");
                        heard += 1;
                    }
                    _ => drop(taken[1].fetch_add(1, Ordering::Relaxed)),
                }
                assert!(began.elapsed() < PATIENCE, "{model}: {heard} heard");
            }
        });
    }
}

#[test]
fn of_two_that_flood_each_other_without_reading_one_is_cut_off_and_the_others_are_served() {
    for model in LOOPS {
        let (_process, address) = start(model);
        let deaf = [(); 2].map(|()| join(address, "deaf"));
        let mut pair = [(); 2].map(|()| join(address, "pair"));
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let _ends = SetAtEnd(&is_over);
            let floods = deaf.map(|mut client| {
                let is_over = &is_over;
                scope.spawn(move || {
                    let message = Message::binary(vec![0; 16 * 1024]);
                    let mut result = Ok(());
                    while result.is_ok() && !is_over.load(Ordering::Relaxed) {
                        result = client.send(message.clone());
                    }
                    result
                })
            });
            // Then the other is alone, to whom nothing is sent, and may go on.
            while !floods.iter().any(thread::ScopedJoinHandle::is_finished) {
                pair[0].send("x".into()).unwrap();
                assert_eq!(read(&mut pair[1]), "x", "{model}");
            }
            is_over.store(true, Ordering::Relaxed);
            let results = floods.map(|flood| flood.join().unwrap());
            // By the server, not by its own patience.
            let is_cut = |result: &Result<(), Error>| match result {
                Err(Error::Io(error)) => error.kind() != ErrorKind::WouldBlock,
                _ => false,
            };
            assert!(results.iter().any(is_cut), "{model}: {results:?}");
        });
    }
}

/// Ends other threads whatever becomes of this one.
pub(crate) struct SetAtEnd<'a>(pub(crate) &'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
