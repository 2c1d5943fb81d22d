//! Clients that keep their connections and ask for nothing more.

use super::*;

pub(super) const REQUEST: &str = "GET / HTTP/1.1\r\nHost: contract\r\n\r\n";

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    name: "who works beside kept connections is served, and so are they when they ask again",
    run: |victim| match victim.subject.keep_alive {
        true => keep_their_connections(victim),
        false => cannot_keep_theirs(victim),
    },
}];

/// A kept connection holds its thread until its idle timeout: a pool stays usable as long as one
/// thread is left.
fn keep_their_connections(victim: &Victim) -> Result<()> {
    let idle = match victim.serves {
        Serves::AtMost(at_once) => at_once - 1,
        Serves::Everybody => CROWD,
    };
    let mut kept = Vec::new();
    for _ in 0..idle {
        kept.push(self::kept(&victim.subject)?);
    }
    crowd::beside_a_working_client(victim, PROMPT, || {
        // Longer than a new client may be silent.
        std::thread::sleep(victim.subject.read_timeout * 5 / 4);
        kept.iter_mut().try_for_each(is_answered)
    })
}

/// Where connections are not kept nobody has one to be idle on.
fn cannot_keep_theirs(victim: &Victim) -> Result<()> {
    crowd::of(victim.crowd(), |_| {
        let mut connection = Connection::open(&victim.subject)?;
        is_answered(&mut connection)?;
        connection.expect_close()
    })
}

/// A connection that has been answered and stays.
pub(super) fn kept(subject: &Subject) -> Result<Connection> {
    let mut connection = Connection::open(subject)?;
    is_answered(&mut connection)?;
    Ok(connection)
}

/// It asks, and is answered.
pub(super) fn is_answered(connection: &mut Connection) -> Result<()> {
    connection.send(REQUEST)?;
    let expected = Expected::hello(connection.local_ip()?);
    connection.expect(&expected).context("a kept connection")
}
