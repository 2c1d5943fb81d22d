//! Each sequence that a master can go through with a worker, as events and what they bring about.

use rmpv::Value;

use super::*;
use crate::locust::options::Options;

const WAIT: Duration = Duration::from_secs(300);

/// A worker with a clock that only the test moves.
struct Scene {
    protocol: Protocol,
    now: Duration,
}

impl Scene {
    fn new() -> Self {
        let settings = Settings {
            users_max: 100,
            wait: WAIT,
        };
        Self {
            protocol: Protocol::new(settings),
            now: Duration::ZERO,
        }
    }

    /// A worker that its master has taken, as number 1.
    fn ready() -> Self {
        let mut scene = Self::new();
        scene.find_master();
        scene
    }

    /// One whose test `run` goes on with 4 users, of which the master knows.
    fn running(run: &str) -> Self {
        let mut scene = Self::ready();
        scene.hears(spawn(run, 1.0, 4));
        scene.on(Event::Began);
        scene
    }

    fn find_master(&mut self) {
        assert_eq!(
            self.on(Event::Connected),
            [Action::Send(ToMaster::ClientReady)]
        );
        self.hears(FromMaster::Ack { index: Some(1) });
    }

    fn on(&mut self, event: Event) -> Vec<Action> {
        self.protocol.on(event, self.now)
    }

    fn hears(&mut self, message: FromMaster) -> Vec<Action> {
        self.on(Event::Heard(message))
    }

    /// Lets time pass, in ticks, with a master that returns heartbeats.
    fn wait(&mut self, time: Duration) -> Vec<Action> {
        self.pass(time, true)
    }

    /// The same with one that does not.
    fn wait_in_silence(&mut self, time: Duration) -> Vec<Action> {
        self.pass(time, false)
    }

    fn pass(&mut self, time: Duration, answers: bool) -> Vec<Action> {
        const TICK: Duration = Duration::from_millis(50);
        let end = self.now + time;
        let mut all = Vec::new();
        while self.now < end {
            self.now += TICK;
            let actions = self.on(Event::Tick);
            all.extend(self.answered(actions, answers));
        }
        all
    }

    /// `actions`, and what it brings about that their heartbeats come back.
    fn answered(&mut self, actions: Vec<Action>, answers: bool) -> Vec<Action> {
        let is_beat = |action: &&Action| matches!(action, Action::Heartbeat(_));
        let beats = actions.iter().filter(is_beat).count();
        let mut all = actions;
        for _ in 0..beats * usize::from(answers) {
            all.extend(self.hears(FromMaster::Heartbeat));
        }
        all
    }
}

fn spawn(run: &str, at_s: f64, users: u64) -> FromMaster {
    let options = vec![
        ("loadgen_run_id".to_owned(), Value::from(run)),
        ("num_users".to_owned(), Value::from(8)),
    ];
    FromMaster::Spawn(Box::new(Spawn {
        at_s,
        users: users_of(users),
        host: Some("http://127.0.0.1:1".to_owned()),
        stop_timeout: Duration::ZERO,
        options: Options::new(options),
    }))
}

fn users_of(count: u64) -> Users {
    Users::new(vec![("LoadgenUser".to_owned(), count)])
}

/// Of `requests` requests, which only the record tells of.
fn report(record: &str) -> Report {
    let mut report = Report::nothing(Users::default(), std::time::UNIX_EPOCH);
    report.record = Some(record.to_owned());
    report
}

/// The records in what is sent, in order.
fn records(actions: &[Action]) -> Vec<String> {
    let records = actions.iter().filter_map(|action| match action {
        Action::Send(ToMaster::Stats(report)) => report.record.clone(),
        _ => None,
    });
    records.collect()
}

/// The types of the messages sent, heartbeats apart.
fn kinds(actions: &[Action]) -> Vec<&'static str> {
    let kinds = actions.iter().filter_map(|action| match action {
        Action::Send(message) => Some(message.kind()),
        _ => None,
    });
    kinds.collect()
}

fn leaves(actions: &[Action]) -> Vec<Duration> {
    let leaves = actions.iter().filter_map(|action| match action {
        Action::Leave(within) => Some(*within),
        _ => None,
    });
    leaves.collect()
}

fn begins(actions: &[Action]) -> Vec<Share> {
    let begins = actions.iter().filter_map(|action| match action {
        Action::Begin(beginning) => Some(beginning.share),
        _ => None,
    });
    begins.collect()
}

fn exit(actions: &[Action]) -> Option<Exit> {
    actions.iter().find_map(|action| match action {
        Action::End(exit) => Some(*exit),
        _ => None,
    })
}

fn complaints(actions: &[Action]) -> Vec<&str> {
    let lines = actions.iter().filter_map(|action| match action {
        Action::Complain(line) => Some(line.as_str()),
        _ => None,
    });
    lines.collect()
}

#[test]
fn a_worker_asks_to_be_taken_until_it_is() {
    let mut scene = Scene::new();
    assert_eq!(kinds(&scene.on(Event::Connected)), ["client_ready"]);
    let actions = scene.wait(Duration::from_secs(6));
    assert_eq!(
        kinds(&actions),
        ["client_ready"],
        "once in 5 s, and nothing else"
    );
    let actions = scene.hears(FromMaster::Ack { index: Some(0) });
    assert!(actions.contains(&Action::Heartbeat(State::Ready)));
}

#[test]
fn a_worker_beats_each_second_and_reports_that_nothing_happens_each_third() {
    let mut scene = Scene::ready();
    let actions = scene.wait(Duration::from_secs(30));
    let count = |wanted: fn(&Action) -> bool| actions.iter().filter(|it| wanted(it)).count();
    let beats = count(|action| matches!(action, Action::Heartbeat(State::Ready)));
    assert!((29..=31).contains(&beats), "{beats}");
    assert_eq!(count(|action| matches!(action, Action::SendNothing(_))), 10);
    assert_eq!(complaints(&actions), [""; 0]);
}

#[test]
fn orders_during_a_ramp_say_how_many_users_there_are_to_be_in_all() {
    let mut scene = Scene::ready();
    let actions = scene.hears(spawn("a", 1.0, 2));
    let share = |users| Share {
        first: users % 8,
        users,
        of: 8,
    };
    assert_eq!(kinds(&actions), ["spawning"]);
    assert_eq!(begins(&actions), [share(2)]);
    let actions = scene.on(Event::Began);
    assert_eq!(
        actions,
        [Action::Send(ToMaster::SpawningComplete(users_of(2)))]
    );
    let actions = scene.hears(spawn("a", 2.0, 4));
    assert_eq!(
        actions,
        [
            Action::Send(ToMaster::Spawning),
            Action::SetUsers(share(4)),
            Action::Send(ToMaster::SpawningComplete(users_of(4))),
        ]
    );
    assert_eq!(
        scene.hears(spawn("a", 2.0, 9)),
        [Action::Send(ToMaster::Spawning)],
        "an order that is not newer is not followed"
    );
    assert_eq!(scene.hears(FromMaster::SpawningComplete), []);
}

#[test]
fn users_that_come_while_the_load_begins_are_answered_for_once_it_has() {
    let mut scene = Scene::ready();
    scene.hears(spawn("a", 1.0, 2));
    let actions = scene.hears(spawn("a", 2.0, 4));
    assert_eq!(kinds(&actions), ["spawning"]);
    assert_eq!(
        scene.on(Event::Began),
        [Action::Send(ToMaster::SpawningComplete(users_of(4)))]
    );
}

#[test]
fn more_users_than_a_worker_makes_are_left_out_and_told_of_once() {
    let mut scene = Scene::ready();
    let actions = scene.hears(spawn("a", 1.0, 150));
    let share = Share {
        first: 100,
        users: 100,
        of: 150,
    };
    assert_eq!(begins(&actions), [share]);
    assert!(complaints(&actions)[0].contains("--max-users"));
    assert_eq!(complaints(&scene.hears(spawn("a", 2.0, 160))), [""; 0]);
}

#[test]
fn a_load_is_asked_for_a_report_each_3_s_and_not_before_the_last_one_has_arrived() {
    let mut scene = Scene::running("a");
    let asks = |actions: &[Action]| actions.iter().filter(|it| **it == Action::Ask).count();
    assert_eq!(
        asks(&scene.wait(Duration::from_secs(7))),
        1,
        "it has not answered"
    );
    let actions = scene.on(Event::Reported(report("1")));
    assert_eq!(records(&actions), ["1"]);
    assert_eq!(actions.last(), Some(&Action::Heartbeat(State::Running)));
    assert_eq!(asks(&scene.wait_in_silence(Duration::from_secs(5))), 0);
    for _ in 0..10 {
        scene.hears(FromMaster::Heartbeat);
    }
    assert_eq!(asks(&scene.wait(Duration::from_secs(3))), 1);
}

#[test]
fn a_test_that_is_stopped_sends_its_last_report_before_the_worker_is_ready_again() {
    let mut scene = Scene::running("a");
    let actions = scene.hears(FromMaster::Stop);
    assert_eq!(actions, [Action::Leave(DRAIN)]);
    let actions = scene.on(Event::Ended(report("last")));
    assert_eq!(kinds(&actions), ["stats", "client_stopped", "client_ready"]);
    assert_eq!(records(&actions), ["last"]);
    // The heartbeat comes first: a master that has heard of the stop does not return it.
    let place = |wanted: &dyn Fn(&Action) -> bool| actions.iter().position(wanted).unwrap();
    let beat = place(&|action| matches!(action, Action::Heartbeat(_)));
    assert!(beat < place(&|action| *action == Action::Send(ToMaster::ClientStopped)));
    // Another test, with other options.
    scene.hears(FromMaster::Ack { index: Some(1) });
    scene.hears(FromMaster::Heartbeat);
    assert_eq!(begins(&scene.hears(spawn("b", 9.0, 1))).len(), 1);
}

#[test]
fn the_time_that_a_master_gives_users_is_theirs() {
    let with_time = || {
        let mut scene = Scene::ready();
        let FromMaster::Spawn(mut order) = spawn("a", 1.0, 4) else {
            unreachable!("it is an order");
        };
        order.stop_timeout = Duration::from_secs(7);
        scene.hears(FromMaster::Spawn(order));
        scene
    };
    let actions = with_time().hears(FromMaster::Stop);
    assert_eq!(leaves(&actions), [Duration::from_secs(7)]);
    let mut scene = with_time();
    let actions = scene.hears(FromMaster::Quit);
    assert_eq!(leaves(&actions), [Duration::from_secs(7)]);
    let actions = scene.wait(Duration::from_secs(6));
    let beats = actions.iter();
    let beats = beats.filter(|it| matches!(it, Action::Heartbeat(State::Running)));
    assert!(beats.count() >= 5, "it is not lost meanwhile");
    let actions = scene.on(Event::Ended(report("last")));
    assert_eq!(records(&scene.answered(actions, true)), ["last"]);
    // Who signals does not wait for it.
    let actions = with_time().on(Event::Interrupted);
    assert_eq!(leaves(&actions), [DRAIN]);
}

#[test]
fn a_ramp_that_goes_on_after_the_stop_makes_no_load() {
    let mut scene = Scene::running("a");
    scene.hears(FromMaster::Stop);
    let nobody = [
        Action::Send(ToMaster::Spawning),
        Action::Send(ToMaster::SpawningComplete(users_of(0))),
    ];
    assert_eq!(scene.hears(spawn("a", 2.0, 5)), nobody);
    let actions = scene.on(Event::Ended(report("last")));
    assert_eq!(kinds(&actions), ["stats", "client_stopped", "client_ready"]);
    assert_eq!(scene.hears(spawn("a", 3.0, 6)), nobody);
    scene.hears(FromMaster::Stop);
    assert_eq!(scene.hears(spawn("a", 4.0, 7)), nobody);
    assert_eq!(begins(&scene.hears(spawn("b", 5.0, 8))).len(), 1);
}

#[test]
fn tests_without_names_begin_again_after_a_stop() {
    let mut scene = Scene::running("");
    scene.hears(FromMaster::Stop);
    scene.on(Event::Ended(report("last")));
    assert_eq!(begins(&scene.hears(spawn("", 2.0, 5))).len(), 1);
    // A master without names may follow one that had some.
    let mut scene = Scene::running("a");
    scene.hears(FromMaster::Stop);
    scene.on(Event::Ended(report("last")));
    assert_eq!(begins(&scene.hears(spawn("", 2.0, 5))).len(), 1);
}

#[test]
fn a_stop_without_a_test_is_answered_at_once() {
    let mut scene = Scene::ready();
    let actions = scene.hears(FromMaster::Stop);
    assert_eq!(kinds(&actions), ["client_stopped", "client_ready"]);
}

#[test]
fn a_master_that_quits_is_left_when_it_has_the_last_report() {
    let mut scene = Scene::running("a");
    assert_eq!(scene.hears(FromMaster::Quit), [Action::Leave(DRAIN)]);
    scene.now += Duration::from_millis(100);
    let actions = scene.on(Event::Ended(report("last")));
    assert_eq!(records(&actions), ["last"]);
    assert_eq!(exit(&actions), None, "nobody has said that it arrived");
    let beats = actions
        .iter()
        .filter(|it| matches!(it, Action::Heartbeat(_)));
    // That of the beginning, and that behind the report.
    assert_eq!(beats.count(), 1);
    assert_eq!(exit(&scene.hears(FromMaster::Heartbeat)), None);
    assert_eq!(exit(&scene.hears(FromMaster::Heartbeat)), Some(Exit::Done));
}

#[test]
fn a_master_that_has_gone_by_then_is_not_waited_for() {
    let mut scene = Scene::running("a");
    scene.hears(FromMaster::Quit);
    scene.on(Event::Ended(report("last")));
    let actions = scene.wait_in_silence(DRAIN + QUIT_WAIT);
    assert_eq!(exit(&actions), Some(Exit::Done));
}

#[test]
fn a_worker_without_a_test_quits_at_once() {
    let mut scene = Scene::ready();
    assert_eq!(exit(&scene.hears(FromMaster::Quit)), Some(Exit::Done));
}

#[test]
fn a_signal_ends_the_load_and_the_master_hears_of_it_after_the_last_report() {
    let mut scene = Scene::running("a");
    scene.wait(Duration::from_millis(50));
    assert_eq!(leaves(&scene.on(Event::Interrupted)), [DRAIN]);
    let actions = scene.on(Event::Ended(report("last")));
    assert_eq!(kinds(&actions), ["stats"]);
    let actions = scene.answered(actions, true);
    let actions = [actions, scene.hears(FromMaster::Heartbeat)].concat();
    assert_eq!(kinds(&actions).last(), Some(&"quit"));
    assert_eq!(exit(&actions), Some(Exit::Interrupted));
}

#[test]
fn a_signal_ends_a_worker_that_looks_for_its_master() {
    let mut scene = Scene::new();
    assert_eq!(exit(&scene.on(Event::Interrupted)), Some(Exit::Interrupted));
}

#[test]
fn a_master_that_returns_with_the_same_test_goes_on_with_it() {
    let mut scene = Scene::running("a");
    scene.wait(Duration::from_millis(50));
    let actions = scene.on(Event::Reported(report("1")));
    assert_eq!(records(&actions), ["1"]);
    let actions = scene.on(Event::Disconnected);
    assert!(actions.contains(&Action::Reconnect));
    assert_eq!(leaves(&actions), [Duration::ZERO; 0], "the load goes on");
    scene.now += Duration::from_secs(2);
    scene.find_master();
    let actions = scene.wait(Duration::from_secs(1));
    assert_eq!(
        kinds(&actions),
        [""; 0],
        "it is not clear what the master knows"
    );
    let actions = scene.hears(spawn("a", 0.5, 4));
    assert_eq!(
        kinds(&actions),
        ["spawning", "spawning_complete", "stats"],
        "by its own clock"
    );
    assert_eq!(
        records(&actions),
        ["1"],
        "nobody has said that it arrived before"
    );
}

#[test]
fn another_test_ends_the_load_of_the_one_before() {
    let mut scene = Scene::running("a");
    scene.on(Event::Disconnected);
    scene.find_master();
    let actions = scene.hears(spawn("b", 2.0, 3));
    assert_eq!(leaves(&actions), [DRAIN]);
    assert_eq!(begins(&actions), []);
    let actions = scene.on(Event::Ended(report("of a")));
    assert_eq!(
        records(&actions),
        ["of a"],
        "the record is told of in any case"
    );
    assert_eq!(begins(&actions).len(), 1);
    assert_eq!(
        scene.on(Event::Began),
        [Action::Send(ToMaster::SpawningComplete(users_of(3)))]
    );
}

#[test]
fn a_master_that_knows_nothing_of_the_test_ends_it() {
    let mut scene = Scene::running("a");
    scene.on(Event::Disconnected);
    scene.find_master();
    let actions = scene.wait(SETTLE);
    assert_eq!(leaves(&actions), [DRAIN]);
    assert!(complaints(&actions)[0].contains("knows nothing of this test"));
    let actions = scene.on(Event::Ended(report("last")));
    assert_eq!(records(&actions), ["last"]);
    assert_eq!(exit(&actions), None);
}

#[test]
fn a_load_that_no_master_can_stop_ends_after_a_minute_and_its_report_is_kept() {
    let mut scene = Scene::running("a");
    scene.on(Event::Disconnected);
    let actions = scene.wait(ALONE_MAX - Duration::from_secs(1));
    assert_eq!(leaves(&actions), [Duration::ZERO; 0]);
    let actions = scene.wait(Duration::from_secs(2));
    assert_eq!(leaves(&actions), [DRAIN]);
    assert_eq!(records(&scene.on(Event::Ended(report("last")))), [""; 0]);
    scene.now += Duration::from_secs(30);
    scene.find_master();
    assert_eq!(records(&scene.wait(SETTLE)), ["last"]);
}

#[test]
fn a_master_that_hangs_and_goes_on_finds_the_load_going_on_under_its_name() {
    let mut scene = Scene::running("a");
    let actions = scene.wait_in_silence(Duration::from_secs(50));
    assert!(!actions.contains(&Action::Reconnect));
    assert_eq!(leaves(&actions), [Duration::ZERO; 0]);
    scene.hears(FromMaster::Heartbeat);
    let actions = scene.wait_in_silence(Duration::from_secs(50));
    assert!(!actions.contains(&Action::Reconnect));
}

#[test]
fn a_silent_master_is_looked_for_after_a_minute_and_the_load_ends() {
    let mut scene = Scene::running("a");
    let actions = scene.wait_in_silence(Duration::from_secs(61));
    assert!(actions.contains(&Action::Reconnect));
    assert!(complaints(&actions)[0].contains("has not answered for 60 s"));
    assert_eq!(leaves(&actions), [DRAIN]);
}

#[test]
fn a_master_asks_for_a_new_connection() {
    let mut scene = Scene::ready();
    let actions = scene.hears(FromMaster::Reconnect);
    assert!(actions.contains(&Action::Reconnect));
    scene.find_master();
}

#[test]
fn a_worker_that_finds_no_master_gives_up_in_the_end() {
    let nobody = || Event::NotConnected {
        line: "nobody".to_owned(),
        is_other: false,
    };
    let mut scene = Scene::new();
    assert_eq!(complaints(&scene.on(nobody())), ["nobody"]);
    assert_eq!(scene.on(nobody()), [], "once is enough");
    assert_eq!(exit(&scene.wait(WAIT - Duration::from_secs(1))), None);
    let actions = scene.wait(Duration::from_secs(2));
    assert_eq!(exit(&actions), Some(Exit::Failed));
    assert!(complaints(&actions)[0].contains("locust --master"));
}

#[test]
fn whoever_is_no_master_is_left_at_once() {
    let other = || Event::NotConnected {
        line: "HTTP".to_owned(),
        is_other: true,
    };
    let mut scene = Scene::new();
    assert_eq!(exit(&scene.on(other())), Some(Exit::Failed));
    let mut scene = Scene::new();
    scene.on(Event::Connected);
    let actions = scene.on(Event::Malformed("garbage".to_owned()));
    assert_eq!(exit(&actions), Some(Exit::Failed));
    assert!(complaints(&actions)[0].contains("garbage"));
    // Where a master was it may be again.
    let mut scene = Scene::ready();
    scene.on(Event::Disconnected);
    assert_eq!(exit(&scene.on(other())), None);
}

#[test]
fn whoever_speaks_zeromq_and_does_not_answer_is_told_of_and_not_waited_for_without_end() {
    let mut scene = Scene::new();
    scene.on(Event::Connected);
    let actions = scene.wait(Duration::from_secs(14));
    assert!(complaints(&actions)[0].contains("does not answer as a Locust master"));
    let actions = scene.wait(Duration::from_secs(2));
    assert!(actions.contains(&Action::Reconnect));
    assert_eq!(exit(&scene.wait(WAIT)), Some(Exit::Failed));
}

#[test]
fn what_a_later_master_says_is_passed_over_and_told_of_once() {
    let mut scene = Scene::running("a");
    let other = || FromMaster::Other("update_user_class".to_owned());
    assert!(complaints(&scene.hears(other()))[0].contains("'update_user_class'"));
    assert_eq!(scene.hears(other()), []);
    let malformed = || Event::Malformed("a spawn message without timestamp".to_owned());
    assert!(complaints(&scene.on(malformed()))[0].contains("check its version"));
    assert_eq!(scene.on(malformed()), []);
}

#[test]
fn options_that_make_no_sense_are_the_masters_to_hear_of_and_make_no_load() {
    let mut scene = Scene::ready();
    scene.hears(spawn("a", 1.0, 4));
    let actions = scene.on(Event::Refused("--loadgen-rate 'x': no rate".to_owned()));
    assert_eq!(
        actions,
        [
            Action::Complain("--loadgen-rate 'x': no rate".to_owned()),
            Action::Send(ToMaster::Exception(
                "--loadgen-rate 'x': no rate".to_owned()
            )),
            Action::Send(ToMaster::SpawningComplete(users_of(0))),
        ]
    );
    assert_eq!(
        begins(&scene.hears(spawn("a", 2.0, 5))),
        [],
        "the same test"
    );
    assert_eq!(
        kinds(&scene.hears(FromMaster::Stop)),
        ["client_stopped", "client_ready"]
    );
    assert_eq!(begins(&scene.hears(spawn("b", 3.0, 5))).len(), 1);
}

#[test]
fn a_load_that_is_refused_while_it_is_stopped_is_stopped() {
    let mut scene = Scene::ready();
    scene.hears(spawn("a", 1.0, 4));
    scene.hears(FromMaster::Stop);
    let actions = scene.on(Event::Refused("no".to_owned()));
    assert_eq!(
        kinds(&actions),
        ["exception", "client_stopped", "client_ready"]
    );
}

#[test]
fn a_test_that_begins_before_the_one_before_has_ended_begins_then() {
    let mut scene = Scene::running("a");
    scene.hears(FromMaster::Stop);
    let actions = scene.hears(spawn("b", 2.0, 3));
    assert_eq!(begins(&actions), []);
    assert_eq!(begins(&scene.on(Event::Ended(report("last")))).len(), 1);
}
