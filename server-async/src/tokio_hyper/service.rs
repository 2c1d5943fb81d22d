//! From hyper's request to the answer of `wire`.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{ALLOW, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use server_common::work::work;
use wire::answer::{Answer, connection_field};
use wire::request::Version;
use wire::route::{Pause, Route};

use super::body::AnswerBody;
use super::exchange::Exchange;

/// Answers a request, once its body is in and its pause over.
///
/// # Errors
///
/// The body broke off. There is no answer then, and hyper ends the connection.
pub(super) async fn answer(
    exchange: &Exchange<'_>,
    request: Request<Incoming>,
) -> hyper::Result<Response<AnswerBody>> {
    let (head, body) = request.into_parts();
    let route = Route::of(head.method.as_str(), head.uri.path());
    // Not to poll a body is how hyper is kept from asking for it with 100 Continue.
    let body = match exchange.body_may_stay_away() {
        true => Bytes::new(),
        false => receive(body, route.wants_body()).await?,
    };
    pause(route).await;
    // As in `wire`, the last of repeated fields counts.
    let content_type = head.headers.get_all(CONTENT_TYPE).iter().next_back();
    let content_type = content_type.map(HeaderValue::as_bytes);
    let answer = route.answer(&exchange.hello, content_type, body);
    exchange.log(
        answer.status,
        answer.sent_body_bytes(head.method == Method::HEAD),
    );
    let version = match head.version {
        hyper::Version::HTTP_10 => Version::Http10,
        _ => Version::Http11,
    };
    let connection = connection_field(version, exchange.keeps_alive());
    Ok(respond(head, answer, connection))
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
    headers.clear();
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
    if let Some(connection) = connection {
        headers.insert(CONNECTION, HeaderValue::from_static(connection));
    }
}

// Which core a thread runs on can be chosen on Linux.
#[cfg(all(test, target_os = "linux"))]
mod tests;
