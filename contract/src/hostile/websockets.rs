//! WebSocket clients that are slow, loud or gone.

use super::*;
use crate::websocket::{Client, Frame, POLICY, handshake};
use std::iter::repeat;
use std::sync::atomic::{AtomicBool, Ordering};

const ECHO: &str = "/ws/echo";

/// A slow client sends this often within one read timeout.
const BYTES_PER_TIMEOUT: u32 = 8;

/// Who send pings and take no answer, and how much.
const LOUD: usize = 2;
const PINGS_BYTES: usize = 8 * 1024 * 1024;

/// Who come and go, and how often each.
const CHURNING: usize = 4;
const VISITS: usize = 60;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "clients that drip a WebSocket message are let go, and who works beside them is served",
        run: drip,
    },
    Scenario {
        name: "clients that ping on and on and take no answer are cut, and cost no memory",
        run: ping_on_and_on,
    },
    Scenario {
        name: "two talk while others come, say something or half of it, and are gone",
        run: talk_beside_the_churn,
    },
];

/// Where one client would own the server nobody gets as far.
pub(super) const SCENARIOS_WITHOUT: &[Scenario] = &[Scenario {
    name: "clients that ask for a WebSocket are refused and let go",
    run: are_refused,
}];

fn are_refused(victim: &Victim) -> Result<()> {
    crowd::of(victim.crowd(), |_| {
        let mut connection = Connection::open_patiently(&victim.subject, victim.longest())?;
        connection.send(handshake(ECHO))?;
        connection.expect(&Expected::refusal(503))?;
        connection.expect_close()
    })
}

fn drip(victim: &Victim) -> Result<()> {
    let timeout = victim.subject.read_timeout;
    let (wait, end) = (victim.wait_max(timeout), victim.end_max(timeout));
    crowd::beside_a_working_client(victim, wait, || {
        crowd::of(victim.crowd(), |_| {
            let mut client = Client::open_patiently(&victim.subject, ECHO, end)?;
            let connection = client.connection();
            connection.send(Frame::binary([]).announcing(1000))?;
            connection.drip(repeat("a"), timeout / BYTES_PER_TIMEOUT, timeout + LATE)?;
            client.expect_farewell(POLICY)
        })
    })
}

/// They keep their side open, so that it is the server who ends it.
fn ping_on_and_on(victim: &Victim) -> Result<()> {
    let ping = Frame::ping([b'.'; 125]).masked();
    let pings = ping.repeat(PINGS_BYTES / ping.len());
    let loud = (0..LOUD).map(|_| relay::that_takes_little(victim, ECHO));
    let mut loud = loud.collect::<Result<Vec<_>>>()?;
    crowd::beside_a_working_client(victim, PROMPT, || {
        thread::scope(|scope| {
            for client in &mut loud {
                let pings = &pings;
                // It fails when the server has ended it.
                scope.spawn(move || client.connection().send(pings));
            }
        });
        victim.has_not_grown()
    })?;
    // Only now, for the working client has a connection too.
    victim.gives_back()?;
    drop(loud);
    Ok(())
}

fn talk_beside_the_churn(victim: &Victim) -> Result<()> {
    const ROOM: &str = "/ws?churn";
    let is_over = AtomicBool::new(false);
    let mut pair = [
        Client::open(&victim.subject, ROOM)?,
        Client::open(&victim.subject, ROOM)?,
    ];
    thread::scope(|scope| {
        let talking = scope.spawn(|| {
            let mut round = 0;
            while !is_over.load(Ordering::Relaxed) {
                let message = Frame::text(format!("round {round}"));
                pair[0].send(&message)?;
                hears_among_others(&mut pair[1], &message)?;
                pair.reverse();
                round += 1;
            }
            anyhow::Ok(())
        });
        let came_and_went = crowd::of(CHURNING, |number| {
            (0..VISITS).try_for_each(|visit| visits(victim, ROOM, number + visit))
        });
        is_over.store(true, Ordering::Relaxed);
        let talked = talking.join().expect("the pair does not panic");
        came_and_went.and(talked.context("the two who talk"))
    })
}

/// What those say who come and go is heard as well.
fn hears_among_others(client: &mut Client, message: &Frame) -> Result<()> {
    loop {
        let came = client.receive()?;
        if came == *message {
            return Ok(());
        }
        ensure!(came == Frame::text("hello"), "somebody said {came:?}");
    }
}

/// A client comes and is gone, each time at another moment, and in an order or with a reset.
fn visits(victim: &Victim, room: &str, visit: usize) -> Result<()> {
    let mut connection = Connection::open_patiently(&victim.subject, victim.longest())?;
    let hello = Frame::text("hello").masked();
    let connection = match visit % 5 {
        0 => {
            connection.send(handshake(room))?;
            connection
        }
        1 => {
            connection.send([handshake(room).as_bytes(), &hello[..7]].concat())?;
            connection
        }
        2 => Client::upgrade(connection, room)?.into_connection(),
        3 => {
            let mut client = Client::upgrade(connection, room)?;
            client.connection().send(&hello)?;
            client.into_connection()
        }
        _ => {
            let mut client = Client::upgrade(connection, room)?;
            client.send(&Frame::close(1000, ""))?;
            client.into_connection()
        }
    };
    match (visit / 5) % 2 {
        0 => drop(connection),
        _ => connection.reset()?,
    }
    Ok(())
}
