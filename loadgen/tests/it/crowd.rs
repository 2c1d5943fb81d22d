//! Connections that come and go while a run lasts, and counts that it hands
//! over meanwhile.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use loadgen::cli::{self, Command as Arguments};
use loadgen::engine::{Crowd, Observer, Progress, Summary, Users, offers};
use loadgen::plan::{Driver, Plan};
use loadgen::record::{Context, Record, decode_histogram};
use loadgen::recorder::Recorder;
use loadgen::run::{Parts, run};
use proptest::prelude::*;

use crate::behaviour::Behaviour::{DripsWithinTimeout, Good, Silent};
use crate::canned_server::CannedServer;
use crate::certificate::Certificate;
use crate::fault_server::FaultServer;
use crate::schema;
use crate::script::Script;

/// Beyond it something hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A run with a crowd, on a thread of its own.
struct Run {
    plan: Plan,
    context: Context,
    crowd: Arc<Crowd>,
    parts: Parts,
    thread: JoinHandle<io::Result<(Record, Summary)>>,
}

impl Run {
    fn start(words: &str) -> Self {
        Self::start_plan(plan(words))
    }

    fn start_plan(plan: Plan) -> Self {
        let crowd = Arc::new(Crowd::of(&plan));
        let context = Context {
            crowd: Some(Arc::clone(&crowd)),
            ..Context::default()
        };
        let parts = Parts::begin(&plan);
        let thread = thread::spawn({
            let (plan, context) = (plan.clone(), context.clone());
            move || run(&plan, &context, &mut Growing::default())
        });
        Self {
            plan,
            context,
            crowd,
            parts,
            thread,
        }
    }

    /// What all workers hand over.
    fn part(&mut self) -> (Summary, Record) {
        self.crowd.ask(&self.plan);
        wait_until(|| self.crowd.awaited() == 0);
        let all = self.crowd.collect(&self.plan).expect("an answer");
        assert_eq!(all.workers_busy.len(), self.plan.load.threads);
        let record = self.parts.record(&self.plan, &self.context, &all);
        (all, record)
    }

    /// What all workers hand over until each has done all that was asked of it before.
    fn whole_tick(&mut self) -> Recorder {
        // A tick hands over first: whoever does so again has been through the one before.
        let mut recorder = self.part().0.recorder;
        recorder += &self.part().0.recorder;
        recorder
    }

    fn interrupt(&self) {
        self.context.interrupted.store(true, Ordering::Relaxed);
    }

    /// What the run came to since the last part, once it has ended.
    fn end(mut self) -> (Summary, Record) {
        let (_, summary) = self.thread.join().expect("no panic").expect("a run");
        let record = self.parts.record(&self.plan, &self.context, &summary);
        (summary, record)
    }
}

/// What somebody who watches sees: counts that only grow.
#[derive(Default)]
struct Growing {
    ended: u64,
}

impl Observer for Growing {
    fn progresses(&mut self, progress: Progress<'_>) {
        assert!(progress.ended >= self.ended, "{progress:?}");
        self.ended = progress.ended;
    }
}

/// A minute is more than any of these takes.
fn plan(words: &str) -> Plan {
    let words = format!("loadgen --duration 60s {words}");
    let argv: Vec<_> = words.split_whitespace().map(OsString::from).collect();
    let Ok(Arguments::Run(args)) = cli::parse(&argv) else {
        panic!("{words} was not understood");
    };
    args.into_plan().expect("a plan").0
}

fn drivers() -> impl Iterator<Item = (Driver, &'static str)> {
    let all = [(Driver::Epoll, "epoll"), (Driver::IoUring, "io-uring")];
    all.into_iter().filter(|(driver, _)| offers(*driver))
}

fn wait_until(mut condition: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < until, "waited in vain");
        thread::sleep(Duration::from_millis(1));
    }
}

fn wait_for_connections(server: &FaultServer, open: usize) {
    server.wait_until(|log| log.connections_accepted - log.connections_ended == open);
}

fn assert_whole(recorder: &Recorder) {
    let requests = recorder.requests;
    let outcomes = requests.succeeded + requests.failed + requests.cancelled;
    assert_eq!(requests.issued, outcomes, "{requests:?}");
}

#[test]
fn as_many_connections_are_open_as_there_are_users() {
    for (_, driver) in drivers() {
        for flags in ["-k", "-k --pipeline 4", "-k --rate 400"] {
            let server = FaultServer::start(Script::always(Good));
            let words = format!("-c 12 --threads 5 --driver {driver} {flags}");
            let run = Run::start(&format!("{words} {}", server.url()));
            for users in [7, 2, 12, 0, 10, 30] {
                run.crowd.set(Users::all(users));
                // In open loop a few do the work of a small rate.
                match flags.contains("--rate") {
                    false => wait_for_connections(&server, users.min(12)),
                    true => server.wait_until(|log| {
                        let open = log.connections_accepted - log.connections_ended;
                        open <= users && (open > 0) == (users > 0)
                    }),
                }
            }
            run.crowd.leave();
            let (summary, record) = run.end();
            // Of an open loop an arrival may come due while its worker leaves.
            let unsent = record.schedule.as_ref().map_or(0, |it| it.unsent);
            let requests = record.requests;
            assert_eq!(
                (requests.failed, requests.cancelled),
                (0, unsent),
                "{words}"
            );
            assert_whole(&summary.recorder);
            assert!(!record.interrupted);
            let log = server.stop();
            assert_eq!(
                log.answers_sent as u64, record.requests.succeeded,
                "{words}"
            );
            assert_eq!(log.connections_accepted as u64, record.connections.opened);
        }
    }
}

#[test]
fn users_of_secured_connections_come_and_go() {
    let certificate = Certificate::good();
    let server = FaultServer::start_encrypted(Script::always(Good), &certificate);
    let run = Run::start(&format!("-k -c 6 --threads 2 {}", server.url()));
    for users in [3, 6, 1] {
        run.crowd.set(Users::all(users));
        wait_for_connections(&server, users);
    }
    run.crowd.leave();
    let (_, record) = run.end();
    let answers = server.stop().answers_sent as u64;
    assert_eq!(
        (record.requests.succeeded, record.requests.failed),
        (answers, 0)
    );
}

#[test]
fn users_who_leave_wait_for_a_slow_server() {
    for keep in ["", "-k"] {
        let server = FaultServer::start(Script::always(DripsWithinTimeout));
        let run = Run::start(&format!("{keep} -c 8 --threads 2 {}", server.url()));
        run.crowd.set(Users::all(5));
        server.wait_until(|log| log.played.len() >= 5);
        run.crowd.leave();
        let (summary, record) = run.end();
        let requests = record.requests;
        assert_eq!((requests.failed, requests.cancelled), (0, 0));
        assert_eq!(requests.succeeded, server.stop().played.len() as u64);
        assert_whole(&summary.recorder);
        assert!(!record.interrupted);
    }
}

#[test]
fn who_has_no_patience_with_a_stalled_server_cancels_what_is_under_way() {
    for (_, driver) in drivers() {
        let server = FaultServer::start(Script::good_then(5, Silent));
        let words = format!("-k -c 8 --threads 2 --driver {driver}");
        let run = Run::start(&format!("{words} {}", server.url()));
        run.crowd.set(Users::all(4));
        server.wait_until(|log| log.played.len() == 9);
        run.crowd.leave();
        // All that nobody uses any more goes, and the others stay.
        wait_for_connections(&server, 4);
        assert!(!run.thread.is_finished());
        run.interrupt();
        let (summary, record) = run.end();
        let requests = record.requests;
        assert_eq!(
            (requests.succeeded, requests.failed, requests.cancelled),
            (5, 0, 4)
        );
        assert_whole(&summary.recorder);
        assert!(record.interrupted);
    }
}

#[test]
fn arrivals_that_wait_when_users_leave_are_unsent_and_later_ones_never_were() {
    let server = FaultServer::start(Script::always(Silent));
    let began = Instant::now();
    let mut run = Run::start(&format!("-k -c 2 --threads 2 --rate 1000 {}", server.url()));
    run.crowd.set(Users::all(2));
    server.wait_until(|log| log.played.len() == 2);
    let mut whole = Recorder::of_plan(&run.plan);
    run.crowd.leave();
    whole += &run.whole_tick();
    let due_at_most = began.elapsed().as_secs_f64() * 1000.0 + 1.0;
    // What comes due in ten ticks is far more than what the bound above has too many.
    for _ in 0..10 {
        whole += &run.part().0.recorder;
    }
    run.interrupt();
    whole += &run.end().0.recorder;
    assert_whole(&whole);
    let open_loop = whole.open_loop.expect("an open loop");
    assert_eq!(open_loop.started, 2);
    assert_eq!(whole.requests.cancelled, 2 + open_loop.unsent);
    let due = (open_loop.started + open_loop.unsent) as f64;
    assert!(due <= due_at_most, "{due} of {due_at_most}");
}

#[test]
fn an_open_loop_takes_the_share_of_the_users_here_and_nothing_without_them() {
    let server = CannedServer::hello();
    let mut run = Run::start(&format!(
        "-k -c 20 --threads 2 --rate 2000 {}",
        server.url()
    ));
    let mut whole = Recorder::of_plan(&run.plan);
    let here = Users {
        here: 10,
        of: 40,
        first: 20,
    };
    let before_they_come = Instant::now();
    run.crowd.set(here);
    whole += &run.whole_tick();
    let are_here = Instant::now();
    wait_until(|| server.answered() > 200);
    let time_min = are_here.elapsed();
    run.crowd.set(Users::default());
    whole += &run.whole_tick();
    let time_max = before_they_come.elapsed();
    while whole.requests.issued > whole.requests.succeeded {
        whole += &run.part().0.recorder;
    }
    // A server counts when the answer is on its way already.
    wait_until(|| server.answered() == whole.requests.succeeded);
    let (quiet, _) = run.part();
    assert_eq!(quiet.recorder.requests.issued, 0);
    assert_eq!(server.answered(), whole.requests.succeeded);
    run.crowd.leave();
    let (rest, _) = run.end();
    assert_eq!(
        rest.recorder.open_loop.as_ref().map(|it| it.started),
        Some(0)
    );
    whole += &rest.recorder;
    let open_loop = whole.open_loop.expect("an open loop");
    let taken = (open_loop.started + open_loop.unsent) as f64;
    let expected = |time: Duration| 2000.0 * 10.0 / 40.0 * time.as_secs_f64();
    // Of any arrivals in a row each of two threads has its share give or take six.
    assert!(
        taken >= expected(time_min) - 13.0,
        "{taken} in {time_min:?}"
    );
    assert!(
        taken <= expected(time_max) + 13.0,
        "{taken} in {time_max:?}"
    );
}

#[test]
fn whoever_comes_back_waits_for_the_close_of_the_connection_left_behind() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.set_nonblocking(true).expect("an option");
    let address = listener.local_addr().expect("an address");
    let mut run = Run::start(&format!("-c 1 http://{address}/"));
    for _ in 0..3 {
        run.crowd.set(Users::all(1));
        let mut accepted = None;
        wait_until(|| {
            accepted = listener.accept().ok();
            accepted.is_some()
        });
        let (mut stream, _) = accepted.expect("a connection");
        stream.set_nonblocking(false).expect("an option");
        stream.set_read_timeout(Some(PATIENCE)).expect("an option");
        let mut buffer = [0; 65536];
        assert!(stream.read(&mut buffer).expect("a request") > 0);
        run.crowd.set(Users::default());
        run.whole_tick();
        // Before the next tick, if nothing holds this thread up.
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer).expect("sent");
        run.crowd.set(Users::all(1));
        run.whole_tick();
        stream.set_nonblocking(true).expect("an option");
        let more = stream.read(&mut buffer);
        assert!(!matches!(more, Ok(1..)), "a request on an old connection");
    }
    run.crowd.leave();
    run.interrupt();
    run.end();
}

#[test]
fn parts_and_the_rest_are_the_whole_run() {
    for (_, driver) in drivers() {
        for flags in ["-k", "-k --pipeline 3", "-k --rate 3000", ""] {
            assert_parts_add_up(&format!("{flags} -c 8 --threads 3 --driver {driver}"));
        }
    }
}

fn assert_parts_add_up(words: &str) {
    let server = CannedServer::hello();
    let mut run = Run::start(&format!("{words} {}", server.url()));
    let plan = run.plan.clone();
    let mut whole = Recorder::of_plan(&plan);
    let mut records = Vec::new();
    for users in [8, 3, 5, 8, 1] {
        let before = server.answered();
        run.crowd.set(Users::all(users));
        wait_until(|| server.answered() > before + 20);
        let (summary, record) = run.part();
        whole += &summary.recorder;
        records.push(record);
    }
    run.crowd.leave();
    let (rest, record) = run.end();
    whole += &rest.recorder;
    records.push(record);
    assert_whole(&whole);
    let requests = whole.requests;
    // Of an open loop there may be arrivals that no user was left for.
    let unsent = whole.open_loop.as_ref().map_or(0, |it| it.unsent);
    assert_eq!(
        (requests.failed, requests.cancelled),
        (0, unsent),
        "{words}"
    );
    // A server counts when the answer is on its way already.
    wait_until(|| server.answered() == requests.succeeded);
    assert_eq!(whole.total.0.len(), requests.succeeded, "{words}");
    assert_records_add_up(&records, &whole);
}

fn assert_records_add_up(records: &[Record], whole: &Recorder) {
    let sum = |count: fn(&Record) -> u64| records.iter().map(count).sum::<u64>();
    assert_eq!(sum(|record| record.requests.issued), whole.requests.issued);
    assert_eq!(sum(|record| record.bytes.sent), whole.bytes.sent);
    let seconds = |record: &Record| record.series.iter().map(|row| row.succeeded).sum();
    assert_eq!(sum(seconds), whole.requests.succeeded);
    assert_eq!(
        sum(|record| record.connections.opened),
        whole.connections.opened
    );
    let mut total = whole.total.0.clone();
    total.reset();
    for record in records {
        schema::RUN.assert_valid(&serde_json::to_value(record).unwrap());
        assert_eq!(record.started_at, records[0].started_at);
        assert!(
            record
                .series
                .iter()
                .all(|row| row.succeeded + row.failed > 0)
        );
        let text = record.histograms.total.as_ref();
        if let Some(text) = text {
            total.add(decode_histogram(text).unwrap()).unwrap();
        }
    }
    assert_eq!(total, whole.total.0);
    assert!(records.is_sorted_by_key(|record| record.elapsed_s));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn whoever_comes_and_goes_and_asks_every_request_is_counted_once(
        steps in prop::collection::vec((0_usize..12, any::<bool>(), 0_u64..30), 1..8),
        threads in 1_usize..4,
        keep in any::<bool>(),
    ) {
        let server = CannedServer::hello();
        let keep = if keep { "-k" } else { "" };
        let mut run = Run::start(&format!("{keep} -c 10 --threads {threads} {}", server.url()));
        let mut whole = Recorder::of_plan(&run.plan);
        for (users, asks, more) in steps {
            run.crowd.set(Users::all(users));
            let before = server.answered();
            wait_until(|| users == 0 || server.answered() >= before + more);
            if asks {
                whole += &run.part().0.recorder;
            }
        }
        run.crowd.leave();
        whole += &run.end().0.recorder;
        assert_whole(&whole);
        wait_until(|| server.answered() == whole.requests.succeeded);
        prop_assert_eq!(whole.requests.ended(), whole.requests.issued);
    }
}
