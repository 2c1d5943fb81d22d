//! From hyper's request to the answer of `wire`.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{
    ALLOW, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use server_common::work::work;
use wire::answer::{Answer, UPGRADE_FIELDS};
use wire::request::Request;
use wire::route::{Pause, Route};

use super::body::AnswerBody;
use super::exchange::Exchange;

/// Fields for which a connection has room once it has been answered, and keeps it: the map's own
/// choice would be six, of a hundred bytes each.
const FIELDS_USUAL: usize = 2;

/// An answer that is being made.
///
/// Most need not wait for anything. hyper moves this about, and so what waits is boxed.
pub(super) enum Answering<'a> {
    AtOnce(Option<Response<AnswerBody>>),
    Later(Pin<Box<dyn Future<Output = io::Result<Response<AnswerBody>>> + Send + 'a>>),
}

impl Future for Answering<'_> {
    type Output = io::Result<Response<AnswerBody>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::AtOnce(response) => {
                Poll::Ready(response.take().ok_or(io::ErrorKind::NotFound.into()))
            }
            Self::Later(response) => response.as_mut().poll(cx),
        }
    }
}

/// Answers the request that the gate has handed over, once its body is in and its pause over.
/// Its head, as hyper knows it, is used up for the answer's.
///
/// # Errors
///
/// The body broke off. There is no answer then, and hyper ends the connection.
pub(super) fn answer<'a>(
    exchange: &'a Exchange<'a>,
    http1: hyper::Request<Incoming>,
) -> Answering<'a> {
    let Some(request) = exchange.take_over() else {
        return Answering::AtOnce(None);
    };
    let (head, body) = http1.into_parts();
    if body.is_end_stream() && request.route.pause().is_none() {
        let response = finish(exchange, &request, head, Bytes::new());
        return Answering::AtOnce(Some(response));
    }
    Answering::Later(Box::pin(async move {
        let body = receive(body, request.route.wants_body()).await;
        let body = body.map_err(io::Error::other)?;
        pause(request.route).await;
        Ok(finish(exchange, &request, head, body))
    }))
}

fn finish(
    exchange: &Exchange<'_>,
    request: &Request,
    head: Parts,
    body: Bytes,
) -> Response<AnswerBody> {
    let content_type = request.content_type.as_deref();
    let answer = request.route.answer(&exchange.hello, content_type, body);
    exchange.log(answer.status, answer.sent_body_bytes(request.is_head));
    let connection = answer.connection_field(request.version, exchange.keeps_alive());
    respond(head, answer, connection)
}

/// Does what `route` asks for before the answer.
pub(super) async fn pause(route: Route) {
    match route.pause() {
        None => {}
        Some(Pause::Wait(time)) => tokio::time::sleep(time).await,
        // It blocks the worker, and every connection whose turn it would be there: that is what
        // such work does in asynchronous code, and what `/cpu` is there to show.
        Some(Pause::Work(time)) => work(time),
    }
}

/// An answer as hyper takes it, in the version of its request, whose head is used up for it.
pub(super) fn respond(
    head: Parts,
    answer: Answer,
    connection: Option<&'static str>,
) -> Response<AnswerBody> {
    let mut headers = head.headers;
    fill(&mut headers, &answer, connection);
    let mut response = Response::new(AnswerBody::new(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status.code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.version_mut() = head.version;
    *response.headers_mut() = headers;
    response
}

/// Waits for the body's end, and keeps the body if it is wanted.
async fn receive(mut body: Incoming, is_wanted: bool) -> hyper::Result<Bytes> {
    let mut received = Vec::new();
    while !body.is_end_stream()
        && let Some(frame) = body.frame().await
    {
        if let Ok(data) = frame?.into_data()
            && is_wanted
        {
            received.extend_from_slice(&data);
        }
    }
    Ok(Bytes::from(received))
}

/// Makes a request's fields those of its answer, in the order in which they are to be written;
/// `Date` is hyper's to add. The map is reused because a new one costs two allocations.
fn fill(headers: &mut HeaderMap, answer: &Answer, connection: Option<&'static str>) {
    if headers.capacity() == 0 {
        *headers = HeaderMap::with_capacity(FIELDS_USUAL);
    } else if !headers.is_empty() {
        headers.clear();
    }
    // Checked again because it may be the client's; it came through a parser that lets no other
    // bytes pass.
    if let Ok(content_type) = HeaderValue::from_maybe_shared(answer.content_type.clone()) {
        headers.insert(CONTENT_TYPE, content_type);
    }
    // hyper would add the length behind all other fields, which costs less: right if there are
    // no others.
    if answer.allow.is_some() || connection.is_some() || answer.body.is_empty() {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(answer.body.len()));
    }
    if let Some(allow) = answer.allow {
        headers.insert(ALLOW, HeaderValue::from_static(allow));
    }
    // HTTP/2, which has no connection field, has no upgrades either.
    if answer.upgrades && connection.is_some() {
        for (name, value) in UPGRADE_FIELDS {
            if let Ok(name) = HeaderName::try_from(name) {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
    }
    if let Some(connection) = connection {
        headers.insert(CONNECTION, HeaderValue::from_static(connection));
    }
}

// Which core a thread runs on can be chosen on Linux.
#[cfg(all(test, target_os = "linux"))]
mod tests;
