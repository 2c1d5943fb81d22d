use super::*;

const OPTIONS: Options = Options {
    read_timeout: Duration::from_secs(5),
    idle_timeout: Duration::from_secs(60),
    keep_alive: true,
    access_log: true,
};

/// A driver without a socket: what the connection said, and where it came to rest.
struct Driver {
    connection: Connection,
    written: String,
    pauses: Vec<Pause>,
    date: Date,
}

impl Driver {
    fn new(options: Options) -> Self {
        Self {
            connection: Connection::new(Some(IpAddr::from([127, 0, 0, 1])), options),
            written: String::new(),
            pauses: Vec::new(),
            date: Date::from_unix_seconds(784_111_777),
        }
    }

    fn send(&mut self, bytes: &str) -> Need {
        self.connection.receive(bytes.as_bytes());
        self.run()
    }

    /// Serves every need but input and close, writing a few bytes at a time.
    fn run(&mut self) -> Need {
        loop {
            match self.connection.need(&self.date) {
                Need::Output => {
                    let output = self.connection.output();
                    let taken = &output[..output.len().min(100)];
                    self.written.push_str(std::str::from_utf8(taken).unwrap());
                    let count = taken.len();
                    self.connection.wrote(count);
                }
                Need::Pause(pause) => self.pauses.push(pause),
                need => return need,
            }
        }
    }

    fn statuses(&self) -> Vec<&str> {
        self.written
            .split("HTTP/1.")
            .skip(1)
            .map(|answer| &answer[2..5])
            .collect()
    }
}

fn idle(limit: Duration) -> Need {
    let phase = Phase::Idle;
    Need::Input { phase, limit }
}

#[test]
fn a_new_connection_must_speak_within_the_read_timeout_and_then_may_idle() {
    let mut driver = Driver::new(OPTIONS);
    assert_eq!(driver.run(), idle(OPTIONS.read_timeout));
    let need = driver.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(need, idle(OPTIONS.idle_timeout));
    assert!(
        driver
            .written
            .ends_with("<h1>Hello 127.0.0.1</h1></body></html>")
    );
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let mut driver = Driver::new(OPTIONS);
    driver.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcHEAD / HTTP/1.1\r\nHost: a\r\n\r\nBAD\r\n\r\n");
    assert_eq!(driver.statuses(), ["200", "200", "200", "400"]);
    assert_eq!(driver.run(), Need::Close { linger: true });
}

#[test]
fn a_pause_comes_between_the_request_and_its_answer() {
    let mut driver = Driver::new(OPTIONS);
    driver.send("GET /delay/7 HTTP/1.1\r\nHost: a\r\n\r\nGET /cpu/9 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(
        driver.pauses,
        [
            Pause::Wait(Duration::from_millis(7)),
            Pause::Work(Duration::from_micros(9))
        ]
    );
    assert_eq!(driver.statuses(), ["200", "200"]);
}

#[test]
fn a_client_that_expects_continue_is_told_to_go_on_only_if_its_body_is_wanted() {
    let expect = "HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    let mut driver = Driver::new(OPTIONS);
    driver.send(&format!("POST /echo {expect}"));
    assert_eq!(driver.statuses(), ["100"]);
    driver.send("ok");
    assert_eq!(driver.statuses(), ["100", "200"]);
    assert!(driver.written.ends_with("\r\n\r\nok"));

    let mut driver = Driver::new(OPTIONS);
    let need = driver.send(&format!("POST / {expect}"));
    assert_eq!(driver.statuses(), ["405"]);
    assert_eq!(need, Need::Close { linger: true });
}

#[test]
fn a_body_that_nobody_wants_is_read_and_thrown_away() {
    let mut driver = Driver::new(OPTIONS);
    driver.send("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    assert_eq!(driver.statuses(), [""; 0]);
    driver.send("cdeGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(driver.statuses(), ["200", "200"]);
}

#[test]
fn silence_is_answered_only_in_the_middle_of_a_request() {
    let mut driver = Driver::new(OPTIONS);
    driver.run();
    driver.connection.timed_out(&driver.date.clone());
    assert_eq!(driver.run(), Need::Close { linger: false });
    assert_eq!(driver.written, "");

    for half in [
        "GET / HT",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab",
    ] {
        let mut driver = Driver::new(OPTIONS);
        driver.send(half);
        driver.connection.timed_out(&driver.date.clone());
        assert_eq!(driver.run(), Need::Close { linger: true });
        assert_eq!(driver.statuses(), ["408"]);
    }
}

#[test]
fn a_client_that_shuts_its_side_still_gets_its_answers() {
    let mut driver = Driver::new(OPTIONS);
    let two = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2);
    driver.connection.receive(two.as_bytes());
    driver.connection.end_of_input();
    assert_eq!(driver.run(), Need::Close { linger: false });
    assert_eq!(driver.statuses(), ["200", "200"]);
}

#[test]
fn a_finishing_connection_gives_a_first_answer_and_no_second() {
    let mut fresh = Driver::new(OPTIONS);
    fresh.connection.finish();
    assert_eq!(fresh.run(), idle(OPTIONS.read_timeout));
    let need = fresh.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(need, Need::Close { linger: false });
    assert!(fresh.written.contains("\r\nConnection: close\r\n"));

    let mut idle = Driver::new(OPTIONS);
    idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    idle.connection.finish();
    assert_eq!(idle.run(), Need::Close { linger: false });
}

#[test]
fn large_bodies_leave_whole() {
    let mut driver = Driver::new(OPTIONS);
    driver.send("GET /bytes/70000 HTTP/1.1\r\nHost: a\r\n\r\n");
    let (_, body) = driver.written.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.len(), 70_000);
}

#[test]
fn each_answer_is_logged_once_with_the_length_of_the_body_that_was_sent() {
    let mut driver = Driver::new(OPTIONS);
    driver.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    let line = driver.connection.take_log_line().unwrap();
    assert!(line.ends_with("\"GET /x HTTP/1.1\" 200 50"), "{line}");
    driver.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
    let line = driver.connection.take_log_line().unwrap();
    assert!(line.ends_with("\"HEAD /x HTTP/1.1\" 200 0"), "{line}");
    assert_eq!(driver.connection.take_log_line(), None);
    driver.send("nonsense\r\n\r\n");
    let line = driver.connection.take_log_line().unwrap();
    let (_, explanation) = driver.written.rsplit_once("\r\n\r\n").unwrap();
    let expected = format!("\"-\" 400 {}", explanation.len());
    assert!(line.ends_with(&expected), "{line} and {explanation:?}");
}
