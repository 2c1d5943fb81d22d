//! WebSocket clients that hear each other, within a loop and between loops.

use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use contract::process::Process;
use contract::{Address, Transport};
use tungstenite::WebSocket;

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
