//! A connection to the subject: sends any bytes, reads strictly.

use crate::answer::{self, Answer};
use crate::channel::{Channel, is_timeout, retrying};
use crate::escape;
use crate::expected::Expected;
use crate::subject::Subject;
use crate::tls;
use anyhow::{Context, Result, anyhow, bail, ensure};
use rustls::ClientConfig;
use std::io::Read;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest head that an answer may have; the servers' are about 150 bytes.
const ANSWER_HEAD_BYTES_MAX: usize = 8 * 1024;

/// The longest body that an answer may have, the servers' own limit.
const ANSWER_BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The most that is read where everything up to the close is wanted.
const REST_BYTES_MAX: u64 = 1024 * 1024;

const READ_BYTES: usize = 64 * 1024;

/// A connection to the server under test.
pub(crate) struct Connection {
    channel: Arc<Channel>,
    /// Bytes that came and belong to no answer yet.
    unread: Vec<u8>,
    /// Whether the server keeps it open.
    keep_alive: bool,
    /// How long a read or a write may take.
    patience: Duration,
}

impl Connection {
    /// Connects, and shakes hands if the subject speaks TLS, with the subject's
    /// patience as every later limit.
    pub(crate) fn open(subject: &Subject) -> Result<Self> {
        Self::open_patiently(subject, subject.patience())
    }

    /// The same with another patience, for who has to wait for others.
    pub(crate) fn open_patiently(subject: &Subject, patience: Duration) -> Result<Self> {
        Self::begin(Self::reach(subject, patience)?, subject, patience)
    }

    /// The same through TLS by rules of the caller's own.
    pub(crate) fn open_with(subject: &Subject, config: &Arc<ClientConfig>) -> Result<Self> {
        let patience = subject.patience();
        let channel = Self::reach(subject, patience)?.secure(tls::session(config)?);
        Ok(Self::new(
            channel.context("shaking hands")?,
            subject,
            patience,
        ))
    }

    /// The first half of [`Connection::open_patiently`]: connects. The kernel
    /// does that without the server's help.
    pub(crate) fn reach(subject: &Subject, patience: Duration) -> Result<Channel> {
        Channel::connect(&subject.address, patience)
            .with_context(|| format!("connecting to {}", subject.address))
    }

    /// The second half: shakes hands, if the subject speaks TLS.
    pub(crate) fn begin(channel: Channel, subject: &Subject, patience: Duration) -> Result<Self> {
        let channel = match subject.tls {
            false => channel,
            true => {
                let secured = channel.secure(tls::session(&tls::config()?)?);
                secured.context("shaking hands")?
            }
        };
        Ok(Self::new(channel, subject, patience))
    }

    fn new(channel: Channel, subject: &Subject, patience: Duration) -> Self {
        Connection {
            channel: Arc::new(channel),
            unread: Vec::new(),
            keep_alive: subject.keep_alive,
            patience,
        }
    }

    /// What it goes over.
    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// The address that the server sees as its peer's; none over a UNIX socket.
    pub(crate) fn local_ip(&self) -> Result<Option<IpAddr>> {
        Ok(self.channel.local_ip()?)
    }

    /// Writes all of `bytes` at once.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> Result<()> {
        self.channel.write_all(bytes.as_ref()).context("sending")
    }

    /// Writes `parts` one after another while `read` reads, as a client must
    /// that sends more than the sockets' buffers hold. A write that fails is no
    /// error: a server may refuse what is still coming, and its answer tells.
    pub(crate) fn read_while_sending<'a, T>(
        &mut self,
        parts: impl Iterator<Item = &'a [u8]> + Send,
        read: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let writer = Arc::clone(&self.channel);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for part in parts {
                    if writer.write_all(part).is_err() {
                        break;
                    }
                }
            });
            let result = read(self);
            if result.is_err() {
                // Or the writer would wait for a server that has given up.
                self.channel.shut_down();
            }
            result
        })
    }

    /// Writes all of `bytes` and shuts the writing side: the request is the
    /// last. Through TLS that is announced (`close_notify`) in the same write,
    /// or a server that has closed by then would reset the connection.
    pub(crate) fn send_last(&mut self, bytes: impl AsRef<[u8]>) -> Result<()> {
        let sent = self.channel.write_last(bytes.as_ref());
        sent.context("sending and half-closing")
    }

    /// Leaves with a reset, as a process that is killed does; over a UNIX
    /// socket that is a close like any other.
    pub(crate) fn reset(self) -> Result<()> {
        self.channel.close_with_reset().context("setting SO_LINGER")
    }

    /// Whether something to read, or the end, comes within `pause`.
    pub(crate) fn is_readable_within(&mut self, pause: Duration) -> Result<bool> {
        if !self.unread.is_empty() {
            return Ok(true);
        }
        self.channel.set_patience(pause)?;
        let more = retrying(|| self.channel.has_more());
        self.channel.set_patience(self.patience)?;
        match more {
            Err(error) if is_timeout(error.kind()) => Ok(false),
            _ => Ok(true),
        }
    }

    /// Whether bytes came that nobody has read, with others that somebody has.
    pub(crate) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Sends `drops` one after another, with a pause before each, until something comes or the
    /// connection ends, as it must within `longest`.
    pub(crate) fn drip(
        &mut self,
        drops: impl IntoIterator<Item = impl AsRef<[u8]>>,
        pause: Duration,
        longest: Duration,
    ) -> Result<()> {
        let began = Instant::now();
        let mut drops = drops.into_iter();
        while !self.is_readable_within(pause)? {
            let drop = drops.next().context("all was taken, bit by bit")?;
            // It fails if the server has ended it meanwhile.
            let _ = self.send(drop);
            let took = began.elapsed();
            ensure!(took < longest, "still listened to after {took:?}");
        }
        Ok(())
    }

    /// Sends a request and reads its answer, if it gets one: `None` if the
    /// connection is closed or reset before the answer's first byte.
    pub(crate) fn answer_if_any(&mut self, request: &str) -> Result<Option<Answer>> {
        if self.channel.write_all(request.as_bytes()).is_err() {
            return Ok(None);
        }
        match retrying(|| self.channel.has_more()) {
            Ok(true) => self.answer().map(Some),
            Ok(false) => Ok(None),
            Err(error) if is_timeout(error.kind()) => Err(self.silent()),
            Err(_) => Ok(None),
        }
    }

    /// Reads one answer with its body.
    pub(crate) fn answer(&mut self) -> Result<Answer> {
        let head = self.answer_head()?;
        let length = answer::content_length(&head)?;
        let body = self.take(length).with_context(|| {
            format!("reading {length} bytes of the body that this head promises:\n{head}")
        })?;
        Ok(Answer { head, body })
    }

    /// Reads an answer that ends with its head, as one to HEAD does.
    pub(crate) fn answer_head(&mut self) -> Result<String> {
        let end = loop {
            if let Some(end) = find(&self.unread, b"\r\n\r\n") {
                break end;
            }
            ensure!(
                self.unread.len() <= ANSWER_HEAD_BYTES_MAX,
                "the answer's head is longer than {ANSWER_HEAD_BYTES_MAX} bytes"
            );
            if self.fill().context("reading an answer's head")? == 0 {
                let came = escape::lines("  ", &self.unread);
                bail!("expected an answer, but the connection was closed after:\n{came}");
            }
        };
        let head = self.unread.drain(..end).collect();
        String::from_utf8(head).context("the answer's head is not text")
    }

    /// Reads one answer and compares it with what the contract says.
    pub(crate) fn expect(&mut self, expected: &Expected) -> Result<()> {
        let answer = match expected.answers_head() {
            true => Answer {
                head: self.answer_head()?,
                body: Vec::new(),
            },
            false => self.answer()?,
        };
        expected.compare(&answer, self.keep_alive)
    }

    /// Reads as many bytes as `expected` has and compares them.
    pub(crate) fn expect_bytes(&mut self, expected: &[u8]) -> Result<()> {
        let came = self.take(expected.len())?;
        ensure!(
            came == expected,
            "expected\n{}but got\n{}",
            escape::lines("  ", expected),
            escape::lines("  ", &came)
        );
        Ok(())
    }

    /// The server closes now, in order and without another byte; through TLS
    /// it announces that (RFC 8446 §6.1).
    ///
    /// A reset is an error: over a real network it can overtake the answer
    /// before it and destroy it. RFC 9112 §9.6 says how to close in stages.
    pub(crate) fn expect_close(&mut self) -> Result<()> {
        let closed = self.unread.is_empty() && self.fill().context("waiting for the close")? == 0;
        ensure!(
            closed,
            "expected the connection to be closed, but got\n{}",
            escape::lines("  ", &self.unread)
        );
        Ok(())
    }

    /// The server is ready for the next request, or closes if it is one that
    /// closes after each answer.
    pub(crate) fn expect_next(&mut self) -> Result<()> {
        if !self.keep_alive {
            return self.expect_close();
        }
        self.send("GET /healthz HTTP/1.1\r\nHost: contract\r\n\r\n")
            .and_then(|()| self.expect(&Expected::ok("text/plain", "ok")))
            .context("the connection does not stay usable")
    }

    /// Everything that comes until the server closes.
    pub(crate) fn rest(self) -> Result<Vec<u8>> {
        let mut bytes = self.unread;
        (&*self.channel)
            .take(REST_BYTES_MAX)
            .read_to_end(&mut bytes)
            .with_context(|| format!("reading on after\n{}", escape::lines("  ", &bytes)))?;
        Ok(bytes)
    }

    /// Reads exactly `length` bytes.
    pub(crate) fn take(&mut self, length: usize) -> Result<Vec<u8>> {
        ensure!(
            length <= ANSWER_BODY_BYTES_MAX,
            "{length} bytes are promised"
        );
        let buffered = length.min(self.unread.len());
        let mut bytes = Vec::with_capacity(length);
        bytes.extend(self.unread.drain(..buffered));
        let missing = (length - buffered) as u64;
        (&*self.channel).take(missing).read_to_end(&mut bytes)?;
        ensure!(
            bytes.len() == length,
            "the connection was closed after {} of {length} bytes",
            bytes.len()
        );
        Ok(bytes)
    }

    /// Shows the next `length` bytes and what came with them, all of which stay unread.
    pub(crate) fn peek(&mut self, length: usize) -> Result<&[u8]> {
        while self.unread.len() < length {
            let came = self.unread.len();
            ensure!(
                self.fill()? > 0,
                "the connection was closed after {came} of {length} bytes"
            );
        }
        Ok(&self.unread)
    }

    /// Reads what is there; 0 at the end.
    fn fill(&mut self) -> Result<usize> {
        let mut buffer = [0; READ_BYTES];
        match retrying(|| (&*self.channel).read(&mut buffer)) {
            Ok(length) => {
                self.unread.extend_from_slice(&buffer[..length]);
                Ok(length)
            }
            Err(error) if is_timeout(error.kind()) => Err(self.silent()),
            Err(error) => Err(error.into()),
        }
    }

    fn silent(&self) -> anyhow::Error {
        anyhow!("nothing came within {:?}", self.patience)
    }
}

/// Where `needle` ends in `haystack`.
fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
        .map(|start| start + needle.len())
}
