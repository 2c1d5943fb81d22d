//! A reqwest client, set up for a plan.

use std::io;
use std::time::Duration;

use ::reqwest::dns::{Name, Resolve, Resolving};
use ::reqwest::{ClientBuilder, redirect, retry};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};

use super::connects::Connects;
use crate::plan::{Destination, HttpVersion, Plan};

/// How much longer than for its connection reqwest waits for a request: of two limits that end
/// together it would name the wrong one.
const AFTER_CONNECT: Duration = Duration::from_millis(5);

/// Client number `index` of the plan. It keeps up to `connections`, each of which is watched when
/// it is opened, and secured by `tls`.
pub(super) fn builder(
    plan: &Plan,
    tls: ClientConfig,
    index: usize,
    connections: usize,
    connects: Connects,
) -> ClientBuilder {
    let scenario = &plan.scenario;
    let builder = ::reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .connector_layer(connects)
        .pool_idle_timeout(None)
        .pool_max_idle_per_host(match scenario.keep_alive {
            true => connections,
            false => 0,
        })
        .connect_timeout(plan.connect_timeout)
        .timeout(request_timeout(plan))
        .http1_title_case_headers();
    let builder = route(builder, plan, index);
    match scenario.version {
        HttpVersion::Http10 | HttpVersion::Http11 => builder.http1_only(),
        HttpVersion::Http2 => builder.http2_prior_knowledge(),
    }
}

/// The limit for a whole request.
pub(super) fn request_timeout(plan: &Plan) -> Duration {
    plan.timeout.max(plan.connect_timeout + AFTER_CONNECT)
}

/// To the addresses that were resolved once for the run, from the local ones in turn.
fn route(builder: ClientBuilder, plan: &Plan, index: usize) -> ClientBuilder {
    let route = &plan.target.route;
    let mut addresses = Vec::new();
    for destination in &route.destinations {
        match destination {
            Destination::Tcp(address) => addresses.push(*address),
            Destination::Unix(path) => return builder.unix_socket(path.clone()),
        }
    }
    if addresses.is_empty() {
        return builder.dns_resolver(NoAddress);
    }
    let first = route.destinations.first();
    let source = first.and_then(|first| route.sources.in_turn(first, index));
    builder
        .resolve_to_addrs(&plan.target.url.host, &addresses)
        .local_address(source)
}

/// Says of every name what is known since before the run: that it does not resolve.
struct NoAddress;

impl Resolve for NoAddress {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(std::future::ready(Err("it did not resolve".into())))
    }
}

/// How the connections of one worker's clients are secured, which share its sessions. reqwest has
/// to be told also for those that are not.
pub(super) fn tls(plan: &Plan) -> ClientConfig {
    match &plan.tls {
        Some(tls) => ClientConfig::clone(&tls.client_config(&[plan.scenario.version.alpn()])),
        None => ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth(),
    }
}

/// A client that could not be built, as what kept the run from being begun.
pub(super) fn not_built(error: ::reqwest::Error) -> io::Error {
    io::Error::other(error)
}
