//! What lies between the bytes that a driver moves and those of HTTP: nothing, or TLS, or first a
//! way through a proxy and then TLS. No sockets, no clocks.

use std::borrow::Cow;
use std::sync::Arc;

use rustls::ClientConfig;

use super::tls::Tls;
use super::tunnel::Tunnel;
use crate::engine::agreed::agreed;
use crate::plan::{self, Plan};
use crate::record;

/// How a worker's connections are to be secured.
pub(in crate::engine) struct Setup<'a> {
    tls: Option<(&'a plan::Tls, Arc<ClientConfig>)>,
    /// What a proxy is asked before, if there is one.
    connect: Option<Vec<u8>>,
}

/// One connection's.
#[derive(Debug, Default)]
pub(in crate::engine) enum Transport {
    /// HTTP as it is.
    #[default]
    Plain,
    /// Not HTTP yet.
    Tunnel(Box<Tunnel>),
    /// HTTP in TLS.
    Tls(Box<Tls>),
}

impl<'a> Setup<'a> {
    pub(in crate::engine) fn of(plan: &'a Plan) -> Self {
        let tls = plan.tls.as_ref();
        let target = &plan.target;
        let proxy = target.route.proxy.as_ref().filter(|_| tls.is_some());
        Self {
            tls: tls.map(|tls| (tls, tls.client_config(&[plan.scenario.version.alpn()]))),
            connect: proxy.map(|proxy| proxy.connect_request(&target.url, plan.scenario.version)),
        }
    }

    /// For a new connection.
    pub(in crate::engine) fn transport(&self) -> Result<Transport, rustls::Error> {
        match &self.connect {
            Some(request) => Ok(Transport::Tunnel(Box::new(Tunnel::new(request.clone())))),
            None => self.to_server(),
        }
    }

    /// For a connection on which the server is spoken to from now on.
    pub(in crate::engine) fn to_server(&self) -> Result<Transport, rustls::Error> {
        match &self.tls {
            None => Ok(Transport::Plain),
            Some((tls, config)) => {
                let tls = Tls::new(Arc::clone(config), tls.server_name.clone())?;
                Ok(Transport::Tls(Box::new(tls)))
            }
        }
    }

    /// What was agreed upon on a connection that is secured.
    pub(in crate::engine) fn agreed(&self, secured: &Tls) -> Option<record::Tls> {
        let (tls, _) = self.tls.as_ref()?;
        Some(agreed(secured.state(), tls))
    }
}

impl Transport {
    /// Whether a connection can take requests as soon as it is open.
    pub(in crate::engine) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain)
    }

    /// What is to be sent now, besides requests.
    pub(in crate::engine) fn outgoing(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::Plain => None,
            Self::Tunnel(tunnel) => tunnel.outgoing(),
            Self::Tls(tls) => tls.outgoing(),
        }
    }

    /// Whether anything is.
    pub(in crate::engine) fn has_outgoing(&self) -> bool {
        match self {
            Self::Plain => false,
            Self::Tunnel(tunnel) => tunnel.has_outgoing(),
            Self::Tls(tls) => tls.has_outgoing(),
        }
    }

    /// Requests as they are to be sent.
    pub(in crate::engine) fn seal<'b>(&mut self, requests: Cow<'b, [u8]>) -> Cow<'b, [u8]> {
        match self {
            Self::Plain | Self::Tunnel(_) => requests,
            Self::Tls(tls) => Cow::Owned(tls.seal(&requests)),
        }
    }

    /// How many bytes of requests there are in the last `bytes` that were to be sent, at most.
    pub(in crate::engine) fn requests_in(&self, bytes: usize) -> usize {
        match self {
            Self::Plain => bytes,
            Self::Tunnel(_) => 0,
            Self::Tls(tls) => bytes.min(tls.sealed_bytes()),
        }
    }

    /// Whether the server has announced that nothing will come, and not just ended the connection.
    pub(in crate::engine) fn has_ended(&self) -> bool {
        match self {
            Self::Plain | Self::Tunnel(_) => false,
            Self::Tls(tls) => tls.has_ended(),
        }
    }

    /// The connection has ended. Whether anybody between here and the server can have ended it.
    pub(in crate::engine) fn is_cut(&mut self) -> bool {
        match self {
            Self::Plain | Self::Tunnel(_) => false,
            Self::Tls(tls) => tls.is_cut(),
        }
    }

    /// What the server should be told before the connection is closed.
    pub(in crate::engine) fn farewell(self) -> Option<Vec<u8>> {
        match self {
            Self::Plain | Self::Tunnel(_) => None,
            Self::Tls(tls) => tls.farewell(),
        }
    }
}
