//! The body of one answer: what the engines that count answers do not keep.

use std::io::{self, Read};

use ::reqwest::blocking::Client;
use ::reqwest::{Method, redirect};

use super::client;
use crate::plan::{HttpVersion, Plan};

/// Makes the request of `plan` once, on a connection of its own: the body of its answer, or as much
/// of it as `bytes_max`.
///
/// # Errors
///
/// No answer.
pub(in crate::engine) fn of_one_answer(plan: &Plan, bytes_max: u64) -> io::Result<Vec<u8>> {
    let scenario = &plan.scenario;
    let addresses: Vec<_> = plan.target.route.addresses().collect();
    let builder = Client::builder()
        .tls_backend_preconfigured(client::tls(plan))
        .no_proxy()
        .redirect(redirect::Policy::none())
        .timeout(plan.timeout)
        .resolve_to_addrs(&plan.target.url.host, &addresses);
    let builder = match scenario.version {
        HttpVersion::Http10 | HttpVersion::Http11 => builder.http1_only(),
        HttpVersion::Http2 => builder.http2_prior_knowledge(),
    };
    let client = builder.build().map_err(io::Error::other)?;
    let method = Method::from_bytes(scenario.method.as_str().as_bytes());
    let path = &scenario.paths.list()[0];
    let url = format!("{}{path}", plan.target.url.origin());
    let mut request = client.request(method.map_err(io::Error::other)?, url);
    for header in &scenario.headers {
        request = request.header(&header.name, &header.value);
    }
    if let Some(body) = &scenario.body {
        request = request.body(body.clone());
    }
    let answer = request.send().map_err(io::Error::other)?;
    let mut body = Vec::new();
    answer.take(bytes_max).read_to_end(&mut body)?;
    Ok(body)
}
