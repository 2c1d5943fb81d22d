//! TLS itself: what is agreed on in the handshake, who is let in, how it ends.

use super::*;
use crate::channel::Channel;
use crate::tls::{HTTP_1_1, VERSIONS, client_hello, config_for, session};
use anyhow::{bail, ensure};
use rustls::{AlertDescription, ClientConfig, Error, SupportedProtocolVersion};
use std::io;
use std::sync::Arc;

/// A record's header: its type, the version in two bytes, its length in two.
const RECORD_HEADER_BYTES: usize = 5;

/// Where in a first record the version stands that the client asks for: behind the record's header
/// and the message's own, a type and a length of three bytes (RFC 5246 §7.4.1.2).
const HELLO_VERSION_AT: usize = RECORD_HEADER_BYTES + 4;

/// The list of versions that a client of TLS 1.2 sends besides (RFC 8446 §4.2.1), which is heeded
/// if it is there: the extension's number, two lengths, and 3.3, which stands for TLS 1.2.
const VERSIONS_1_2: [u8; 7] = [0, 43, 0, 3, 2, 3, 3];

/// TLS 1.1, which nobody should speak (RFC 8996).
const TLS_1_1: [u8; 2] = [3, 2];

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "http/1.1 is agreed on by ALPN",
        run: |subject| {
            let connection = Connection::open(subject)?;
            let protocol = agreed_protocol(&connection)?;
            ensure!(
                protocol.as_deref() == Some(HTTP_1_1),
                "{protocol:?} was chosen"
            );
            Ok(())
        },
    },
    Check {
        name: "a client without ALPN is taken to speak HTTP/1.1",
        run: |subject| {
            let mut connection = Connection::open_with(subject, &speaking(&[])?)?;
            ensure!(agreed_protocol(&connection)?.is_none(), "one was chosen");
            connection.send(get("/"))?;
            connection.expect(&hello(&connection)?)?;
            connection.expect_next()
        },
    },
    Check {
        name: "a client that speaks nothing the server knows is told so",
        run: |subject| {
            let config = speaking(&[b"gopher"])?;
            is_refused_with(subject, &config, AlertDescription::NoApplicationProtocol)
        },
    },
    Check {
        name: "TLS 1.2 and TLS 1.3 are spoken",
        run: |subject| {
            VERSIONS.iter().try_for_each(|version| {
                let config = Arc::new(config_for(&[*version], &[HTTP_1_1])?);
                asks(subject, &config).with_context(|| format!("{:?}", version.version))?;
                Ok(())
            })
        },
    },
    Check {
        name: "TLS 1.1 is refused with an alert",
        run: |subject| {
            let mut hello = client_hello(&rustls::version::TLS12)?;
            hello[HELLO_VERSION_AT..HELLO_VERSION_AT + 2].copy_from_slice(&TLS_1_1);
            let mut extensions = hello.windows(VERSIONS_1_2.len());
            let versions_at = extensions.position(|bytes| bytes == VERSIONS_1_2);
            let end = versions_at.context("rustls lists no versions")? + VERSIONS_1_2.len();
            hello[end - 2..end].copy_from_slice(&TLS_1_1);
            is_sent_away(subject, &hello)
        },
    },
    Check {
        name: "a session is resumed in either version",
        run: |subject| {
            VERSIONS
                .iter()
                .try_for_each(|version| is_resumed(subject, version))
        },
    },
    Check {
        name: "a request in the clear gets no answer in the clear",
        run: |subject| {
            for request in [get("/"), echo("Content-Length: 1000000\r\n", "hello")] {
                is_sent_away(subject, request.as_bytes())?;
            }
            Ok(())
        },
    },
    Check {
        name: "what is no TLS is sent away",
        run: |subject| {
            let hello = client_hello(&rustls::version::TLS13)?;
            let mut broken = hello.clone();
            broken[RECORD_HEADER_BYTES + 1] = 0xff;
            is_sent_away(subject, &broken)?;
            let application_data = [23, 3, 3, 0, 2, b'h', b'i'];
            is_sent_away(subject, &application_data)?;
            is_sent_away(subject, &[0xff; 1000])?;
            is_sent_away(subject, &[22, 3, 1, 0xff, 0xff])
        },
    },
    Check {
        name: "a record that was tampered with ends the connection without an answer",
        run: |subject| {
            let connection = Connection::open(subject)?;
            let record = [[23, 3, 3, 0, 100].as_slice(), &[b'x'; 100]].concat();
            connection.channel().write_past_tls(&record)?;
            let alert = AlertDescription::BadRecordMac;
            ends_with_alert(connection.channel().has_more(), alert)?;
            drop(connection);
            serves_the_next(subject)
        },
    },
    Check {
        name: "a client that announces its end before its first request is let go",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            connection.send_last("")?;
            connection.expect_close()
        },
    },
    Check {
        name: "a large answer comes whole though the client's goodbye came apart from its request",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            connection.send("GET /bytes/1000000 HTTP/1.0\r\nHost: contract\r\n\r\n")?;
            connection.send_last("")?;
            // The server has closed, or waits for room, before any of it is taken.
            let answer = connection.answer()?;
            let length = answer.body.len();
            ensure!(length == 1_000_000, "the body has {length} bytes");
            connection.expect_close()
        },
    },
    Check {
        name: "a client that leaves without announcing it harms nobody",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            connection.send("GET / HTTP/1.1\r\nHos")?;
            connection.channel().shut_down();
            drop(connection);
            serves_the_next(subject)
        },
    },
];

fn agreed_protocol(connection: &Connection) -> Result<Option<Vec<u8>>> {
    let tls = connection.channel().tls().context("TLS is not spoken")?;
    Ok(tls.protocol().map(<[u8]>::to_vec))
}

fn speaking(protocols: &[&[u8]]) -> Result<Arc<ClientConfig>> {
    Ok(Arc::new(config_for(&VERSIONS, protocols)?))
}

/// One answer on a connection of its own; whether its handshake was spared.
fn asks(subject: &Subject, config: &Arc<ClientConfig>) -> Result<bool> {
    let mut connection = Connection::open_with(subject, config)?;
    connection.send("GET / HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n")?;
    connection.expect(&hello(&connection)?.closing())?;
    connection.expect_close()?;
    let tls = connection.channel().tls().context("TLS is not spoken")?;
    Ok(tls.is_resumed())
}

fn is_resumed(subject: &Subject, version: &'static SupportedProtocolVersion) -> Result<()> {
    let config = Arc::new(config_for(&[version], &[HTTP_1_1])?);
    let resumed = [asks(subject, &config)?, asks(subject, &config)?];
    ensure!(
        resumed == [false, true],
        "{:?}: resumed were {resumed:?}",
        version.version
    );
    Ok(())
}

/// A handshake by these rules is refused with this alert.
fn is_refused_with(
    subject: &Subject,
    config: &Arc<ClientConfig>,
    alert: AlertDescription,
) -> Result<()> {
    let channel = Channel::connect(&subject.address, subject.patience())?;
    ends_with_alert(channel.secure(session(config)?).map(|_| true), alert)
}

/// An exchange failed, and because of this alert of the server's.
fn ends_with_alert(result: io::Result<bool>, alert: AlertDescription) -> Result<()> {
    let Err(error) = result else {
        bail!("expected the alert {alert:?}, but got {result:?}");
    };
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref());
    ensure!(
        cause == Some(&Error::AlertReceived(alert)),
        "expected the alert {alert:?}, but got: {error}"
    );
    Ok(())
}

/// Who sends these bytes instead of TLS gets an alert at most, and the end in
/// time; the next is served.
fn is_sent_away(subject: &Subject, bytes: &[u8]) -> Result<()> {
    const ALERT: u8 = 21;
    let mut connection = Connection::open(&subject.in_the_clear())?;
    connection.send(bytes)?;
    let word = connection.rest()?;
    ensure!(
        word.is_empty() || word[0] == ALERT,
        "expected an alert, but got\n{}",
        crate::escape::lines("  ", &word)
    );
    serves_the_next(subject)
}
