//! A server in the test's own process.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use server_common::listener::{Address, Listener, Service};
use server_common::stop::{Stop, StopHandle};
use server_sync::{Model, Options};

use crate::client::Client;

/// Long enough for a loaded machine, short enough to wait for.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_millis(300);

const BACKLOG: u32 = 128;

/// A server on a port of its own, stopped at the end.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    stop: Option<StopHandle>,
    thread: Option<JoinHandle<anyhow::Result<()>>>,
}

impl Server {
    /// Starts a model with [`options`].
    pub(crate) fn start(model: Model) -> Self {
        Self::start_with(model, options(model))
    }

    /// Starts a model with other options.
    pub(crate) fn start_with(model: Model, options: Options) -> Self {
        Self::start_for(Service::Http, model, options)
    }

    /// Starts a model that pushes messages to whoever connects.
    pub(crate) fn start_pushing(model: Model, options: Options) -> Self {
        Self::start_for(Service::Push, model, options)
    }

    fn start_for(service: Service, model: Model, options: Options) -> Self {
        let listener = Listener::bind_tcp((Ipv4Addr::LOCALHOST, 0).into(), BACKLOG, |_| Ok(()));
        let listener = listener.unwrap().for_service(service);
        let Address::Tcp(address) = *listener.address() else {
            unreachable!("a TCP listener has a TCP address");
        };
        let (handle, stop) = Stop::new().unwrap();
        let run = move || server_sync::run(vec![listener], model, options, &stop);
        Self {
            address,
            stop: Some(handle),
            thread: Some(thread::spawn(run)),
        }
    }

    /// Asks for the stop and does not wait for it.
    pub(crate) fn ask_to_stop(&mut self) {
        self.stop.take();
    }

    /// Waits until the server has ended.
    pub(crate) fn wait(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap().unwrap();
        }
    }

    /// A client of this server.
    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ask_to_stop();
        if !thread::panicking() {
            self.wait();
        }
    }
}

/// Short timeouts, and keep-alive as the model has it.
pub(crate) fn options(model: Model) -> Options {
    Options {
        connection: wire::connection::Options {
            read_timeout: READ_TIMEOUT,
            idle_timeout: 2 * READ_TIMEOUT,
            keep_alive: model.keeps_connections(),
            access_log: false,
        },
        write_timeout: READ_TIMEOUT,
        threads: Some(16),
        ..Options::default()
    }
}
