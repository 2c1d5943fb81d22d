use super::*;

const ANSWER: Answer = Answer {
    status: 200,
    body_bytes: 0,
    body_matches: true,
    keep_alive: true,
};

/// With two lanes, and the measured part beginning at `measured_from_ns`.
fn desk(requests: Option<u64>, measured_from_ns: u64) -> Desk {
    let budget = Budget {
        remaining: requests,
        measured_from_ns,
        deadline_ns: None,
    };
    Desk::new(Clock::start(), budget, Turns::of_one(), 2)
}

#[test]
fn requests_are_given_out_as_long_as_there_are_some() {
    let desk = desk(Some(2), 0);
    for _ in 0..2 {
        let timing = desk.begin(0).unwrap();
        assert_eq!(desk.end(0, timing, Ok(ANSWER)), None);
    }
    assert_eq!(desk.begin(0), None);
    assert_eq!(desk.news().ended.len(), 2);
    assert_eq!(desk.news().ended.len(), 0, "news are told once");
}

#[test]
fn what_is_under_way_when_the_desk_closes_is_told_then_and_not_again() {
    let desk = desk(None, 0);
    let timing = desk.begin(1).unwrap();
    assert_eq!(desk.close(), [timing]);
    desk.end(1, timing, Ok(ANSWER));
    assert_eq!(desk.news().ended.len(), 0);
    assert_eq!(desk.begin(0), None);
}

#[test]
fn a_connection_is_new_to_the_request_that_it_was_begun_for() {
    let desk = desk(None, 0);
    let end = |result| {
        let timing = desk.begin(0).unwrap();
        desk.end(0, timing, result);
    };
    desk.connecting();
    end(Err(Cause::ConnectRefused));
    desk.connecting();
    desk.connected(1);
    end(Err(Cause::ReadReset));
    end(Ok(ANSWER));
    let news = desk.news();
    let reused: Vec<bool> = news.ended.iter().map(|ended| ended.is_reused).collect();
    assert_eq!(reused, [false, false, true]);
    assert_eq!(news.connects_ns, [1]);
}

#[test]
fn a_lane_rests_after_what_could_not_be_sent_unless_such_requests_end_the_run() {
    let rest = |desk: &Desk, cause| {
        let timing = desk.begin(0).unwrap();
        desk.end(0, timing, Err(cause))
    };
    assert_eq!(rest(&desk(None, 0), Cause::ConnectRefused), Some(REST));
    assert_eq!(rest(&desk(None, 0), Cause::ReadReset), None);
    assert_eq!(rest(&desk(Some(5), 0), Cause::ConnectRefused), None);
    let warm_up = desk(Some(5), u64::MAX);
    assert_eq!(rest(&warm_up, Cause::ConnectRefused), Some(REST));
}
