//! In the place of a Locust master: a ZeroMQ ROUTER that a test tells what to say, and that tells the
//! test what it hears. Like the real one it answers who asks to be taken, and returns heartbeats.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rmpv::Value;
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zeromq::{RouterSocket, Socket, SocketRecv, SocketSend, ZmqMessage};

/// Longest that something is waited for.
const LIMIT: Duration = Duration::from_secs(20);

/// A master; it is gone, and its connections with it, when it is dropped.
pub(crate) struct Master {
    pub(crate) address: SocketAddr,
    to_say: Option<UnboundedSender<Order>>,
    heard: Receiver<Heard>,
    thread: Option<JoinHandle<()>>,
    said: u64,
}

/// A message of a worker.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) worker: String,
    pub(crate) kind: String,
    pub(crate) data: Value,
}

enum Order {
    Say(String, Vec<u8>),
    /// Whether it goes on, or hangs.
    GoOn(bool),
}

impl Master {
    pub(crate) fn start() -> Self {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    /// Where another one was before.
    pub(crate) fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).expect("the port is free");
        let address = listener.local_addr().expect("the listener's address");
        let (to_say, orders) = unbounded_channel();
        let (sender, heard) = channel();
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let thread = thread::spawn(move || {
            runtime.block_on(serve(listener, orders, |heard| {
                // A test that has ended hears nothing.
                let _ = sender.send(heard);
            }));
        });
        Self {
            address,
            to_say: Some(to_say),
            heard,
            thread: Some(thread),
            said: 0,
        }
    }

    /// The next message of this kind.
    pub(crate) fn hears(&self, kind: &str) -> Heard {
        self.hears_until(kind, |_| {})
    }

    /// The same, with all others before it.
    pub(crate) fn hears_until(&self, kind: &str, mut other: impl FnMut(&Heard)) -> Heard {
        let end = Instant::now() + LIMIT;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let heard = self.heard.recv_timeout(left);
            let heard = heard.unwrap_or_else(|_| panic!("no {kind} within {LIMIT:?}"));
            if heard.kind == kind {
                return heard;
            }
            other(&heard);
        }
    }

    pub(crate) fn says(&self, worker: &str, kind: &str, data: Value) {
        self.says_bytes(worker, bytes(worker, kind, data));
    }

    pub(crate) fn says_bytes(&self, worker: &str, bytes: Vec<u8>) {
        self.order(Order::Say(worker.to_owned(), bytes));
    }

    /// Orders so many users, of 4 in all, with these options.
    pub(crate) fn spawns(
        &mut self,
        worker: &str,
        users: u64,
        host: &str,
        options: &[(&str, &str)],
    ) {
        self.said += 1;
        let options = options.iter();
        let options = options.map(|(name, text)| ((*name).into(), (*text).into()));
        let options = options.chain([("num_users".into(), 4.into())]);
        let data = map(vec![
            ("timestamp", (self.said as f64).into()),
            (
                "user_classes_count",
                map(vec![("LoadgenUser", users.into())]),
            ),
            ("host", host.into()),
            ("stop_timeout", 5.0.into()),
            ("parsed_options", Value::Map(options.collect())),
        ]);
        self.says(worker, "spawn", data);
    }

    /// Hangs until it is told to go on: then it hears what was said meanwhile.
    pub(crate) fn goes_on(&self, yes: bool) {
        self.order(Order::GoOn(yes));
    }

    fn order(&self, order: Order) {
        let to_say = self.to_say.as_ref().expect("the master is there");
        to_say.send(order).expect("the master is there");
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        drop(self.to_say.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            ended.expect("dropped once").expect("no panic in it");
        }
    }
}

impl Heard {
    pub(crate) fn field(&self, name: &str) -> &Value {
        field(&self.data, name).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    /// Our record, if there is one in it.
    pub(crate) fn record(&self) -> Option<serde_json::Value> {
        let text = field(&self.data, "loadgen")?.as_str()?;
        Some(serde_json::from_str(text).expect("the record is JSON"))
    }
}

fn field<'a>(data: &'a Value, name: &str) -> Option<&'a Value> {
    let fields = data.as_map()?;
    let found = fields.iter().find(|(key, _)| key.as_str() == Some(name));
    found.map(|(_, value)| value)
}

pub(crate) fn map(fields: Vec<(&str, Value)>) -> Value {
    let fields = fields.into_iter();
    Value::Map(fields.map(|(name, value)| (name.into(), value)).collect())
}

fn bytes(worker: &str, kind: &str, data: Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    let parts = vec![kind.into(), data, worker.into()];
    rmpv::encode::write_value(&mut bytes, &Value::Array(parts)).expect("memory takes it");
    bytes
}

async fn serve(listener: TcpListener, mut orders: UnboundedReceiver<Order>, hear: impl Fn(Heard)) {
    let mut socket = RouterSocket::new();
    socket.bind_listener(listener).await.expect("a socket");
    let mut indexes = HashMap::new();
    let mut goes_on = true;
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Say(worker, bytes)) => say(&mut socket, &worker, bytes).await,
                Some(Order::GoOn(yes)) => goes_on = yes,
                None => return,
            },
            message = socket.recv(), if goes_on => {
                let Ok(message) = message else { continue };
                let heard = Heard::of(&message);
                let worker = heard.worker.clone();
                let answer = match heard.kind.as_str() {
                    "client_ready" => {
                        let next = indexes.len() as u64;
                        let index = *indexes.entry(worker.clone()).or_insert(next);
                        Some(("ack", map(vec![("index", index.into())])))
                    }
                    "heartbeat" => Some(("heartbeat", Value::Nil)),
                    _ => None,
                };
                if let Some((kind, data)) = answer {
                    say(&mut socket, &worker, bytes(&worker, kind, data)).await;
                }
                hear(heard);
            }
        }
    }
}

impl Heard {
    fn of(message: &ZmqMessage) -> Self {
        let frame = message.get(1).expect("name and message");
        let value = rmpv::decode::read_value(&mut &frame[..]).expect("MessagePack");
        let parts = value.as_array().expect("an array").clone();
        let text = |at: usize| parts[at].as_str().expect("a text").to_owned();
        let name = message.get(0).expect("a name");
        assert_eq!(&name[..], text(2).as_bytes(), "the name of the connection");
        Self {
            worker: text(2),
            kind: text(0),
            data: parts[1].clone(),
        }
    }
}

async fn say(socket: &mut RouterSocket, worker: &str, bytes: Vec<u8>) {
    let mut message = ZmqMessage::from(bytes);
    message.push_front(worker.as_bytes().to_vec().into());
    // A worker that has gone meanwhile is no error of the master.
    let _ = socket.send(message).await;
}
