//! What a connection beyond the most is told, if it is not to wait.

use wire::answer::Answer;
use wire::refusal::Refusal;

use crate::listener::{Caller, Service};
use crate::options::Options;
use crate::{access_log, clock};

/// The whole answer, a 503, after its line has been written to the access log, if there is one.
///
/// `None` where the connection is to be closed without a word: over TLS, where a word would take a
/// handshake, which costs more than most requests; and on the push stream, which has none.
#[must_use]
pub fn answer(server: &str, caller: Caller, options: &Options) -> Option<Vec<u8>> {
    if options.tls.is_some() || caller.service == Service::Push {
        return None;
    }
    let date = clock::date();
    let answer = Answer::from(Refusal::OVERLOADED);
    if options.connection.access_log {
        let body_bytes = answer.sent_body_bytes(false);
        let line = wire::access_log::line(caller.peer, &date, &[], answer.status, body_bytes);
        access_log::write(server, line);
    }
    Some(answer.render_last(&date))
}
