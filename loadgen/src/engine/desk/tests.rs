use super::*;
use crate::engine::budget::Span;

const ANSWER: Answer = Answer {
    status: 200,
    body_bytes: 0,
    body_matches: true,
    keep_alive: true,
};

/// With two lanes, and the measured part beginning at `measured_from_ns`.
fn desk(requests: Option<u64>, measured_from_ns: u64) -> Desk {
    let budget = Budget {
        span: Span {
            measured_from_ns,
            deadline_ns: None,
        },
        remaining: requests,
        is_scheduled: false,
    };
    Desk::new(Clock::start(), budget, Turns::of_one(), None, 2)
}

/// The request that begins on `lane`, if one does.
fn begin(desk: &Desk, lane: usize) -> Option<Timing> {
    match desk.poll_begin(lane, Waker::noop()) {
        Poll::Ready(begun) => begun,
        Poll::Pending => panic!("a closed loop waits for nothing"),
    }
}

#[test]
fn requests_are_given_out_as_long_as_there_are_some() {
    let desk = desk(Some(2), 0);
    for _ in 0..2 {
        let timing = begin(&desk, 0).unwrap();
        assert_eq!(desk.end(0, timing, Ok(ANSWER)), None);
    }
    assert_eq!(begin(&desk, 0), None);
    assert_eq!(desk.news().ended.len(), 2);
    assert_eq!(desk.news().ended.len(), 0, "news are told once");
}

#[test]
fn what_is_under_way_when_the_desk_closes_is_told_then_and_not_again() {
    let desk = desk(None, 0);
    let timing = begin(&desk, 1).unwrap();
    assert_eq!(desk.close(), [timing]);
    desk.end(1, timing, Ok(ANSWER));
    assert_eq!(desk.news().ended.len(), 0);
    assert_eq!(begin(&desk, 0), None);
}

#[test]
fn a_connection_is_new_to_one_request_and_to_none_that_did_not_get_one() {
    let desk = desk(None, 0);
    let end = |connected_ns, result| {
        let mut timing = begin(&desk, 0).unwrap();
        timing.connected_ns = timing.connected_ns.max(connected_ns);
        desk.end(0, timing, result);
    };
    desk.is_ready();
    end(0, Err(Cause::ConnectRefused));
    end(0, Err(Cause::ReadReset));
    desk.is_ready();
    // The server took exception when it seemed that all was well.
    end(u64::MAX, Err(Cause::TlsHandshake));
    end(0, Ok(ANSWER));
    let news = desk.news();
    let reused: Vec<bool> = news.ended.iter().map(|ended| ended.is_reused).collect();
    assert_eq!(reused, [false, false, false, true]);
}

#[test]
fn a_lane_rests_after_what_could_not_be_sent_unless_such_requests_end_the_run() {
    let rest = |desk: &Desk, cause| {
        let timing = begin(desk, 0).unwrap();
        desk.end(0, timing, Err(cause))
    };
    assert_eq!(rest(&desk(None, 0), Cause::ConnectRefused), Some(REST));
    assert_eq!(rest(&desk(None, 0), Cause::ReadReset), None);
    assert_eq!(rest(&desk(Some(5), 0), Cause::ConnectRefused), None);
    let warm_up = desk(Some(5), u64::MAX);
    assert_eq!(rest(&warm_up, Cause::ConnectRefused), Some(REST));
}

fn agreed() -> record::Tls {
    record::Tls {
        version: "TLSv1.3".to_owned(),
        cipher: String::new(),
        key_exchange: None,
        protocol: None,
        server_name: None,
        certificate_subject: None,
        certificate_key_bits: None,
    }
}

#[test]
fn nothing_of_the_warm_up_is_handed_in_as_measured() {
    let desk = desk(None, u64::MAX);
    let hand_in = |bytes, took_ns| {
        let handshake = Handshake {
            took_ns,
            is_resumed: false,
        };
        desk.connected(took_ns);
        desk.secured(handshake, agreed);
        desk.sent(bytes);
        desk.received(bytes);
        desk.received_body(bytes);
        desk.closed_by_peer();
    };
    hand_in(1000, 8);
    desk.state().look_at_time(u64::MAX);
    hand_in(100, 9);
    let news = desk.news();
    assert!(news.is_measured);
    assert_eq!(news.connects_ns, [9]);
    assert_eq!(news.handshakes.len(), 1);
    assert_eq!(news.closed_by_peer, 1);
    let bytes = news.bytes;
    assert_eq!(
        (bytes.sent, bytes.received, bytes.received_body),
        (100, 100, 100)
    );
}

#[test]
fn a_request_of_the_warm_up_is_handed_in_with_its_time() {
    let desk = desk(None, u64::MAX);
    let timing = begin(&desk, 0).unwrap();
    desk.end(0, timing, Ok(ANSWER));
    desk.state().look_at_time(u64::MAX);
    // Its answer may be the first of the run.
    assert_eq!(desk.news().ended.len(), 1);
}
