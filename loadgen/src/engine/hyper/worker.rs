//! What the lanes of a worker have in common.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use http::Response;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::connect::Connector;
use crate::engine::desk::Desk;
use crate::engine::messages::{Head, Requests};
use crate::http1::{Answer, BodyCheck};
use crate::outcome::Cause;
use crate::plan::Plan;

pub(super) struct Worker {
    pub(super) connector: Connector,
    pub(super) requests: Arc<Requests>,
    pub(super) timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) keep_alive: bool,
    /// Whether the server is left to close connections first. One that once did not is not.
    pub(super) server_closes: Cell<bool>,
    pub(super) desk: Desk,
    is_head: bool,
    expected_body: Option<Vec<u8>>,
}

impl Worker {
    pub(super) fn new(plan: &Plan, requests: Arc<Requests>, desk: &Desk) -> Self {
        Self {
            connector: Connector::new(plan, desk.clone()),
            requests,
            timeout: plan.timeout,
            connect_timeout: plan.connect_timeout,
            keep_alive: plan.scenario.keep_alive,
            server_closes: Cell::new(true),
            desk: desk.clone(),
            is_head: plan.scenario.method.is_head(),
            expected_body: plan.expect.body.clone(),
        }
    }

    /// Reads an answer to its end. `cause_of` says what an error of hyper's means.
    pub(super) async fn read(
        &self,
        response: Response<Incoming>,
        cause_of: impl Fn(&hyper::Error) -> Cause,
    ) -> Result<Answer, Cause> {
        let (parts, mut body) = response.into_parts();
        let head = Head {
            version: parts.version,
            status: parts.status,
            headers: &parts.headers,
        };
        self.desk.head(|| head.to_bytes());
        if head.switches_protocols() || head.has_two_framings() {
            return Err(Cause::MalformedResponse);
        }
        let expected = self.expected_body.as_deref();
        let mut check = BodyCheck::default();
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame.map_err(|error| cause_of(&error))?.into_data() {
                self.desk.received_body(data.len());
                check.take(expected, &data);
            }
        }
        Ok(head.answer(self.is_head, &check, expected))
    }
}
