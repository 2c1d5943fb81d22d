//! A row every 100 ms: what was done since the last, and what waits where.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::gauge::{Gauge, Reading};
use super::message::MESSAGE_BYTES;
use super::per_second;
use super::record::Row;
use super::stop::Stop;
use crate::system::connection_queues::{ConnectionQueuesReader, SocketQueues};
use crate::system::memory::rss_bytes;

/// Time between two rows.
pub(super) const PERIOD: Duration = Duration::from_millis(100);

/// What is sampled of a client.
pub(super) struct Sampled<'a> {
    pub(super) gauge: &'a Gauge,
    /// Its own address and the server's, once it is connected.
    pub(super) addresses: Option<(SocketAddr, SocketAddr)>,
}

/// Takes the rows of a run.
pub(super) struct Sampler<'a> {
    clients: Vec<Sampled<'a>>,
    queues: Option<ConnectionQueuesReader>,
    server_pid: Option<u32>,
    /// What the last row ends with.
    last: Mark,
    /// And the one before it.
    before_last: Mark,
    pub(super) rows: Vec<Row>,
    /// Rows that were taken more than a period late.
    pub(super) late: u64,
}

/// Up to where a row counts.
#[derive(Clone, Copy, Default)]
struct Mark {
    sum: Sum,
    at: Duration,
}

/// What waits outside of the clients' own counters, and how large processes are.
#[derive(Default)]
pub(super) struct Outside {
    sockets: Vec<Sockets>,
    rss_bytes: Option<u64>,
    server_rss_bytes: Option<u64>,
}

/// Sums over clients.
#[derive(Clone, Copy, Default)]
struct Sum {
    received: u64,
    processed: u64,
    errors: u64,
}

impl<'a> Sampler<'a> {
    pub(super) fn new(clients: Vec<Sampled<'a>>, server_pid: Option<u32>) -> Self {
        Self {
            clients,
            queues: ConnectionQueuesReader::open(),
            server_pid,
            last: Mark::default(),
            before_last: Mark::default(),
            rows: Vec::new(),
            late: 0,
        }
    }

    /// Takes rows until the run is `duration` old, all clients have ended, or it is interrupted.
    /// The last row is left to [`Self::end`], once everything stands still.
    pub(super) fn run(
        &mut self,
        started: Instant,
        duration: Duration,
        stop: &Stop,
        is_interrupted: impl Fn() -> bool,
    ) {
        let mut due = PERIOD;
        while due < duration {
            // Nobody else ends the run, so it always sleeps to the end.
            stop.sleep_until(started + due, PERIOD);
            if is_interrupted() || stop.ended() == self.clients.len() {
                return;
            }
            let now = started.elapsed();
            let outside = self.look();
            self.sample(now, &outside);
            due += PERIOD;
            if now >= due {
                self.late += 1;
                while due <= now {
                    due += PERIOD;
                }
            }
        }
        stop.sleep_until(started + duration, PERIOD);
    }

    /// What waits in the sockets and what memory is taken at this moment.
    pub(super) fn look(&mut self) -> Outside {
        Outside {
            sockets: self.sockets(),
            rss_bytes: rss_bytes(std::process::id()),
            server_rss_bytes: self.server_pid.and_then(rss_bytes),
        }
    }

    /// Takes the last row of a run that is `at` old, with what was seen `outside` before its clients
    /// were stopped. It takes the place of the row before if hardly any time lies between: rates over
    /// so little of it would say nothing.
    pub(super) fn end(&mut self, at: Duration, outside: &Outside) {
        if at < self.last.at + PERIOD / 2 && self.rows.pop().is_some() {
            self.last = self.before_last;
        }
        self.sample(at.max(self.last.at), outside);
    }

    /// Takes a row of a run that is `at` old.
    fn sample(&mut self, at: Duration, outside: &Outside) {
        let readings: Vec<Reading> = self.clients.iter().map(|one| one.gauge.read()).collect();
        let sum = sum(&readings);
        let passed_s = (at - self.last.at).as_secs_f64();
        let last = self.last.sum;
        let received = sum.received - last.received;
        let processed = sum.processed - last.processed;
        let held = readings.iter().map(Reading::held);
        let queue_messages = held.clone().sum();
        let sockets = &outside.sockets;
        let send_queues = sockets.iter().map(|socket| Some(socket.server?.send_bytes));
        let receive_queues = sockets
            .iter()
            .map(|socket| Some(socket.client?.receive_bytes));
        let row = Row {
            at_ms: at.as_secs_f64() * 1e3,
            received,
            processed,
            received_per_second: per_second(received, passed_s),
            processed_per_second: per_second(processed, passed_s),
            errors: sum.errors.saturating_sub(last.errors),
            send_queue_bytes: total(send_queues.clone()),
            longest_send_queue_bytes: send_queues.flatten().max().map(u64::from),
            receive_queue_bytes: total(receive_queues),
            queue_messages,
            longest_queue_messages: held.max().unwrap_or(0),
            queue_bytes: queue_messages * MESSAGE_BYTES as u64,
            rss_bytes: outside.rss_bytes,
            server_rss_bytes: outside.server_rss_bytes,
            age_ms: readings
                .iter()
                .filter_map(|reading| reading.age)
                .max()
                .map(|age| age.as_secs_f64() * 1e3),
        };
        self.rows.push(row);
        self.before_last = std::mem::replace(&mut self.last, Mark { sum, at });
    }

    /// Of the clients that are connected.
    fn sockets(&mut self) -> Vec<Sockets> {
        let Some(reader) = &mut self.queues else {
            return Vec::new();
        };
        let addresses = self.clients.iter().filter_map(|client| client.addresses);
        let sockets = addresses.map(|(own, peer)| Sockets {
            server: reader.read(peer, own),
            client: reader.read(own, peer),
        });
        sockets.collect()
    }
}

/// Both ends of a connection, as far as they are on this machine.
struct Sockets {
    server: Option<SocketQueues>,
    client: Option<SocketQueues>,
}

fn sum(readings: &[Reading]) -> Sum {
    readings.iter().fold(Sum::default(), |sum, reading| Sum {
        received: sum.received + reading.received,
        processed: sum.processed + reading.processed,
        errors: sum.errors + reading.errors.gaps + reading.errors.repeated,
    })
}

/// Of those that are known; `None` if none is.
fn total(values: impl Iterator<Item = Option<u32>>) -> Option<u64> {
    let known: Vec<u64> = values.flatten().map(u64::from).collect();
    (!known.is_empty()).then(|| known.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::super::numbering::Errors;
    use super::*;

    /// Rows every 100 ms, in each of which 100 messages come and are done, and 10 more at the end.
    fn rows(end: Duration) -> Vec<Row> {
        let gauge = Gauge::default();
        let receive = |messages| {
            gauge.receive(messages, Errors::default());
            gauge.end(messages);
        };
        let client = Sampled {
            gauge: &gauge,
            addresses: None,
        };
        let mut sampler = Sampler::new(vec![client], None);
        for row in 1..=2 {
            receive(100);
            sampler.sample(row * PERIOD, &Outside::default());
        }
        receive(10);
        sampler.end(end, &Outside::default());
        sampler.rows
    }

    #[test]
    fn a_last_row_of_a_moment_takes_the_place_of_the_one_before() {
        let rows = rows(Duration::from_millis(220));
        let counts: Vec<_> = rows.iter().map(|row| (row.at_ms, row.received)).collect();
        assert_eq!(counts, [(100.0, 100), (220.0, 110)]);
        assert!((rows[1].processed_per_second - 110.0 / 0.12).abs() < 1e-6);
    }

    #[test]
    fn a_last_row_that_is_long_enough_stands_for_itself() {
        let rows = rows(Duration::from_millis(260));
        let received: Vec<_> = rows.iter().map(|row| row.received).collect();
        assert_eq!(received, [100, 100, 10]);
    }
}
