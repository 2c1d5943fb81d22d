//! From h2's request to the answer of `wire`.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{Method, Request as Http2Request, Response};
use tokio::time::{Instant, timeout_at};
use wire::answer::Answer;
use wire::limits::{BODY_BYTES_MAX, HEADERS_MAX, REQUEST_LINE_BYTES_MAX, body_time_limit};
use wire::refusal::Refusal;
use wire::request::parse_length;
use wire::route::Route;
use wire::status::Status;

use super::body::OwedBody;
use super::exchange::Request;
use crate::tokio_hyper::body::AnswerBody;
use crate::tokio_hyper::service::{pause, respond};

/// Answers a request, once its body is in and its pause over.
///
/// What would end an HTTP/1 connection with a refusal is refused in the same words and ends the
/// one request: where the next begins is never in doubt. A body that breaks off, with its request
/// or its connection, leaves nobody to answer; h2 drops what is said here.
pub(super) async fn answer(
    mut request: Request,
    http2: Http2Request<Incoming>,
) -> Result<Response<OwedBody>, Infallible> {
    let (head, body) = http2.into_parts();
    let answer = match prepare(&mut request, &head, body).await {
        Ok(answer) => answer,
        Err(refusal) => Answer::from(refusal),
    };
    let is_head = head.method == Method::HEAD;
    let body_bytes = answer.sent_body_bytes(is_head);
    request.answered(|| request_line(&head), answer.status, body_bytes);

    let length = HeaderValue::from(answer.body.len());
    let mut response = respond(head, answer, None);
    // hyper would add it if there is a body, which an answer to HEAD has not.
    response.headers_mut().insert(CONTENT_LENGTH, length);
    Ok(response.map(|body| {
        let body = match is_head {
            true => AnswerBody::new(wire::answer::Body::Bytes(Bytes::new())),
            false => body,
        };
        OwedBody::new(body, request)
    }))
}

async fn prepare(request: &mut Request, head: &Parts, body: Incoming) -> Result<Answer, Refusal> {
    check(head)?;
    let route = Route::of(head.method.as_str(), head.uri.path());
    let body = receive(request, head, body, route.wants_body()).await?;
    pause(route).await;
    let content_type = head.headers.get_all(CONTENT_TYPE).iter().next_back();
    let content_type = content_type.map(HeaderValue::as_bytes);
    Ok(route.answer(&request.exchange.hello, content_type, body))
}

/// The rules of `wire::request` about heads, as far as HTTP/2 leaves them to be broken.
fn check(head: &Parts) -> Result<(), Refusal> {
    if request_line(head).len() > REQUEST_LINE_BYTES_MAX {
        return Err(Refusal {
            status: Status::UriTooLong,
            detail: "the request line is over 8 KiB",
        });
    }
    if head.headers.len() > HEADERS_MAX {
        return Err(Refusal {
            status: Status::HeaderFieldsTooLarge,
            detail: "the head has over 100 fields",
        });
    }
    let mut hosts = head.headers.get_all(HOST).iter();
    match (head.uri.authority(), hosts.next(), hosts.next()) {
        (_, Some(_), Some(_)) => Err(Refusal::bad_request("there is more than one Host field")),
        (None, None, _) => Err(Refusal::bad_request("the Host field is missing")),
        (Some(authority), Some(host), None) if !is_same(authority, host) => {
            // RFC 9113 §8.3.1
            Err(Refusal::bad_request("Host is not what :authority says"))
        }
        _ => Ok(()),
    }
}

fn is_same(authority: &Authority, host: &HeaderValue) -> bool {
    host.as_bytes()
        .eq_ignore_ascii_case(authority.as_str().as_bytes())
}

/// The request line that HTTP/1 would have had, for its limit and for the log.
fn request_line(head: &Parts) -> String {
    let target = head
        .uri
        .path_and_query()
        .map_or("*", |target| target.as_str());
    format!("{} {target} HTTP/2.0", head.method)
}

/// Waits for the body's end, and keeps the body if it is wanted.
async fn receive(
    request: &mut Request,
    head: &Parts,
    mut body: Incoming,
    is_wanted: bool,
) -> Result<Bytes, Refusal> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let length = head.headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| parse_length(length.as_bytes()));
    if length > Some(BODY_BYTES_MAX) {
        return Err(Refusal::BODY_TOO_LARGE);
    }
    if is_wanted {
        request.make_room(length.unwrap_or(BODY_BYTES_MAX)).await;
    }
    let read_timeout = request.exchange.options.connection.read_timeout;
    let begun = Instant::now();
    let mut received = Vec::new();
    let mut received_bytes = 0;
    loop {
        let limit = begun + body_time_limit(read_timeout, received_bytes);
        let frame = timeout_at(limit, body.frame()).await;
        let Some(frame) = frame.map_err(|_| Refusal::TIMEOUT)? else {
            return Ok(Bytes::from(received));
        };
        let frame = frame.map_err(|_| Refusal::bad_request("the body broke off"))?;
        if let Ok(data) = frame.into_data() {
            received_bytes += data.len() as u64;
            if received_bytes > BODY_BYTES_MAX {
                return Err(Refusal::BODY_TOO_LARGE);
            }
            if is_wanted {
                received.extend_from_slice(&data);
            }
        }
    }
}
