mod push;
mod websocket;

use std::io::{ErrorKind, Read, Write};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use proptest::prelude::*;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion,
    RootCertStore, SupportedProtocolVersion, version,
};

use super::*;
use crate::reader::Phase;
use crate::route::Pause;

const OPTIONS: Options = Options {
    read_timeout: Duration::from_secs(5),
    idle_timeout: Duration::from_secs(60),
    keep_alive: true,
    access_log: true,
};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const LAST_GET: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// A server's configuration and the certificate that its clients trust.
struct Identity {
    tls: Tls,
    certificate: String,
}

/// One for all tests: so that sessions can be resumed, and keys take time to make.
static IDENTITY: LazyLock<Identity> = LazyLock::new(|| {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.pem();
    let key = made.signing_key.serialize_pem();
    let tls = Tls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    Identity { tls, certificate }
});

fn client_config(version: &'static SupportedProtocolVersion) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_slice(IDENTITY.certificate.as_bytes());
    roots.add(certificate.unwrap()).unwrap();
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn client(config: &Arc<ClientConfig>) -> ClientConnection {
    let name = "localhost".try_into().unwrap();
    let mut client = ClientConnection::new(Arc::clone(config), name).unwrap();
    client.set_buffer_limit(None);
    client
}

/// A client and a server in memory: no sockets, but bytes that arrive in pieces.
struct Talk {
    client: ClientConnection,
    session: Session,
    /// What the client read.
    heard: Vec<u8>,
    /// What kept the client from reading on.
    alert: Option<rustls::Error>,
    /// How often the server wrote.
    writes: usize,
    /// Most that the server wanted to write at a time.
    output_bytes_max: usize,
    pauses: Vec<Pause>,
    lines: Vec<String>,
    /// Where WebSocket clients are let in.
    relay: Arc<Relay>,
    date: Date,
}

impl Talk {
    fn new(client: ClientConnection) -> Self {
        let peer = Some(IpAddr::from([127, 0, 0, 1]));
        Self {
            client,
            session: Session::new(peer, OPTIONS, Some(&IDENTITY.tls)),
            heard: Vec::new(),
            alert: None,
            writes: 0,
            output_bytes_max: 0,
            pauses: Vec::new(),
            lines: Vec::new(),
            relay: Relay::new(2),
            date: Date::from_unix_seconds(784_111_777),
        }
    }

    fn tls13() -> Self {
        Self::new(client(&Arc::new(client_config(&version::TLS13))))
    }

    fn say(&mut self, text: &str) {
        self.client.writer().write_all(text.as_bytes()).unwrap();
    }

    /// All that the client has to send now.
    fn sent(&mut self) -> Vec<u8> {
        let mut sent = Vec::new();
        while self.client.wants_write() {
            self.client.write_tls(&mut sent).unwrap();
        }
        sent
    }

    /// Moves bytes to and fro until both wait; what the server waits for.
    fn run(&mut self) -> Need {
        self.run_in_pieces(&mut || usize::MAX, usize::MAX)
    }

    /// The same, with the client's bytes in pieces of `sizes` and writes that take `taken_max`.
    fn run_in_pieces(&mut self, size: &mut impl FnMut() -> usize, taken_max: usize) -> Need {
        loop {
            let need = self.serve(taken_max);
            let sent = self.sent();
            if sent.is_empty() || matches!(need, Need::Close { .. }) {
                return need;
            }
            let mut rest = &sent[..];
            while !rest.is_empty() {
                let piece = rest.split_off(..size().clamp(1, rest.len())).unwrap();
                self.session.receive(piece);
                self.serve(taken_max);
            }
        }
    }

    /// Does what the server needs, up to input and close.
    fn serve(&mut self, taken_max: usize) -> Need {
        loop {
            match self.session.need(&self.date) {
                Need::Output => self.write(taken_max),
                Need::Pause(pause) => self.pauses.push(pause),
                Need::Admission => {
                    let waker = Waker::noop().clone();
                    self.session.admit(&self.relay, waker, &self.date);
                }
                Need::Deliver(parcel) => parcel.deliver(),
                need => return need,
            }
        }
    }

    fn write(&mut self, taken_max: usize) {
        self.lines.extend(self.session.take_log_line());
        let output = self.session.output();
        assert!(!output.is_empty());
        self.writes += 1;
        self.output_bytes_max = self.output_bytes_max.max(output.len());
        let taken = output[..output.len().min(taken_max)].to_vec();
        self.session.wrote(taken.len());
        self.hear(&taken);
    }

    fn hear(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.alert.is_none() {
            self.client.read_tls(&mut bytes).unwrap();
            self.alert = self.client.process_new_packets().err();
            match self.client.reader().read_to_end(&mut self.heard) {
                Err(error) if error.kind() != ErrorKind::WouldBlock => panic!("{error}"),
                _ => {}
            }
        }
    }

    fn heard(&self) -> &str {
        std::str::from_utf8(&self.heard).unwrap()
    }

    fn statuses(&self) -> Vec<&str> {
        let answers = self.heard().split("HTTP/1.").skip(1);
        answers.map(|answer| &answer[2..5]).collect()
    }

    /// Whether the server has said that it will send no more.
    fn was_told_the_end(&mut self) -> bool {
        self.client.reader().read(&mut [0]).is_ok()
    }
}

fn input(phase: Phase, limit: Duration) -> Need {
    Need::Input { phase, limit }
}

/// What a connection without TLS answers to the same bytes.
fn plain_answer(text: &str) -> Vec<u8> {
    let mut session = Session::new(Some(IpAddr::from([127, 0, 0, 1])), OPTIONS, None);
    let date = Date::from_unix_seconds(784_111_777);
    let mut answer = Vec::new();
    session.receive(text.as_bytes());
    loop {
        match session.need(&date) {
            Need::Output => {
                answer.extend_from_slice(session.output());
                session.wrote(session.output().len());
            }
            Need::Pause(_) => {}
            _ => return answer,
        }
    }
}

#[test]
fn a_session_without_tls_is_a_connection_and_a_pointer() {
    assert_eq!(
        size_of::<Session>(),
        size_of::<Connection>() + size_of::<usize>()
    );
}

#[test]
fn a_handshake_comes_before_the_first_request_and_has_the_read_timeout() {
    let mut talk = Talk::tls13();
    let handshake = input(Phase::Handshake, OPTIONS.read_timeout);
    assert_eq!(talk.session.need(&talk.date), handshake);
    assert_eq!(talk.run(), input(Phase::Idle, OPTIONS.read_timeout));
    assert!(!talk.session.has_answered());
    talk.say(GET);
    assert_eq!(talk.run(), input(Phase::Idle, OPTIONS.idle_timeout));
    assert!(talk.session.has_answered());
    assert_eq!(talk.heard, plain_answer(GET));
}

#[test]
fn a_connection_with_one_request_takes_two_writes() {
    for version in [&version::TLS13, &version::TLS12] {
        let mut talk = Talk::new(client(&Arc::new(client_config(version))));
        talk.say(LAST_GET);
        assert_eq!(talk.run(), Need::Close { linger: true });
        assert!(talk.was_told_the_end());
        // The handshake's first part, and all the rest: tickets, answer and goodbye. In TLS 1.2
        // the client does not speak before the server's last part, which is a write of its own.
        let expected = if version == &version::TLS13 { 2 } else { 3 };
        assert_eq!(talk.writes, expected, "{version:?}");
    }
}

#[test]
fn a_pause_begins_when_the_handshake_is_written() {
    let mut talk = Talk::tls13();
    talk.say("GET /delay/7 HTTP/1.1\r\nHost: a\r\n\r\n");
    talk.run();
    assert_eq!(talk.pauses, [Pause::Wait(Duration::from_millis(7))]);
    assert_eq!(talk.statuses(), ["200"]);
}

#[test]
fn a_large_answer_is_sealed_piece_by_piece() {
    let mut talk = Talk::tls13();
    talk.say("GET /bytes/1000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    talk.run();
    assert!(talk.heard().ends_with("0123456789abcdef"));
    assert_eq!(
        talk.heard,
        plain_answer("GET /bytes/1000000 HTTP/1.1\r\nHost: a\r\n\r\n")
    );
    assert!(talk.output_bytes_max < 68_000, "{}", talk.output_bytes_max);
}

#[test]
fn each_answer_is_logged_once_also_when_many_are_asked_for_at_once() {
    let mut talk = Talk::tls13();
    talk.say(&GET.repeat(3));
    talk.run();
    assert_eq!(talk.lines.len(), 3);
    assert_eq!(talk.statuses(), ["200"; 3]);
}

#[test]
fn a_client_that_announces_its_end_is_still_answered_and_told_the_end() {
    let mut talk = Talk::tls13();
    talk.run();
    talk.say(GET);
    talk.client.send_close_notify();
    assert_eq!(talk.run(), Need::Close { linger: false });
    assert_eq!(talk.statuses(), ["200"]);
    assert!(talk.was_told_the_end());
}

#[test]
fn an_end_that_is_not_announced_is_an_end_as_without_tls() {
    let mut talk = Talk::tls13();
    talk.run();
    talk.say(GET);
    let sent = talk.sent();
    talk.session.receive(&sent);
    talk.session.end_of_input();
    assert_eq!(talk.run(), Need::Close { linger: false });
    assert_eq!(talk.statuses(), ["200"]);
}

#[test]
fn a_handshake_that_ends_or_takes_too_long_is_closed() {
    for is_over in [
        (|talk: &mut Talk| talk.session.end_of_input()) as fn(&mut Talk),
        |talk| talk.session.timed_out(&talk.date.clone()),
    ] {
        let mut talk = Talk::tls13();
        let hello = talk.sent();
        talk.session.receive(&hello[..hello.len() / 2]);
        assert_eq!(
            talk.serve(usize::MAX),
            input(Phase::Handshake, OPTIONS.read_timeout)
        );
        is_over(&mut talk);
        assert_eq!(talk.serve(usize::MAX), Need::Close { linger: false });
        assert_eq!(talk.writes, 0);
    }
}

#[test]
fn silence_after_the_handshake_is_treated_as_without_tls() {
    let mut talk = Talk::tls13();
    talk.run();
    talk.session.timed_out(&talk.date.clone());
    assert_eq!(talk.run(), Need::Close { linger: true });
    assert!(talk.was_told_the_end());

    let mut talk = Talk::tls13();
    talk.say("GET / HT");
    talk.run();
    talk.session.timed_out(&talk.date.clone());
    assert_eq!(talk.run(), Need::Close { linger: true });
    assert_eq!(talk.statuses(), ["408"]);
}

#[test]
fn a_finishing_session_gives_a_first_answer_and_no_second() {
    let mut talk = Talk::tls13();
    let hello = talk.sent();
    talk.session.receive(&hello);
    talk.session.finish();
    talk.run();
    talk.say(GET);
    assert_eq!(talk.run(), Need::Close { linger: true });
    assert!(talk.heard().contains("\r\nConnection: close\r\n"));

    let mut talk = Talk::tls13();
    talk.say(GET);
    talk.run();
    talk.session.finish();
    assert_eq!(talk.run(), Need::Close { linger: true });
    assert!(talk.was_told_the_end());
}

#[test]
fn a_request_in_the_clear_is_told_by_an_alert_that_tls_is_spoken() {
    let mut talk = Talk::tls13();
    talk.session.receive(GET.as_bytes());
    assert_eq!(talk.session.need(&talk.date), Need::Output);
    // RFC 8446 §6: an alert's content type, a version, its length; fatal.
    let alert = talk.session.output();
    assert_eq!((alert[0], &alert[3..6]), (21, &[0, 2, 2][..]));
    assert_eq!(talk.serve(usize::MAX), Need::Close { linger: true });
    // What still comes is thrown away.
    talk.session.receive(GET.as_bytes());
    assert_eq!(talk.serve(usize::MAX), Need::Close { linger: true });
}

#[test]
fn a_client_that_wants_another_protocol_is_refused() {
    let mut config = client_config(&version::TLS13);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let mut talk = Talk::new(client(&Arc::new(config)));
    assert_eq!(talk.run(), Need::Close { linger: true });
    let refusal = rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol);
    assert_eq!(talk.alert, Some(refusal));
}

#[test]
fn http_1_1_is_chosen_among_others() {
    let mut config = client_config(&version::TLS13);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut talk = Talk::new(client(&Arc::new(config)));
    talk.run();
    assert_eq!(talk.client.alpn_protocol(), Some(&b"http/1.1"[..]));
}

#[test]
fn records_that_were_tampered_with_end_the_connection_with_an_alert() {
    let mut talk = Talk::tls13();
    talk.run();
    talk.say(GET);
    let mut sent = talk.sent();
    *sent.last_mut().unwrap() ^= 1;
    talk.session.receive(&sent);
    assert_eq!(talk.serve(usize::MAX), Need::Close { linger: true });
    let alert = rustls::Error::AlertReceived(AlertDescription::BadRecordMac);
    assert_eq!(talk.alert, Some(alert));
    assert_eq!(talk.heard(), "");
}

#[test]
fn sessions_are_resumed_in_both_versions() {
    for version in [&version::TLS13, &version::TLS12] {
        let config = Arc::new(client_config(version));
        for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut talk = Talk::new(client(&config));
            talk.say(LAST_GET);
            talk.run();
            assert_eq!(talk.client.handshake_kind(), Some(expected), "{version:?}");
            assert_eq!(talk.statuses(), ["200"]);
        }
    }
}

#[test]
fn keys_can_be_made_anew_in_the_middle() {
    let mut talk = Talk::tls13();
    talk.run();
    for _ in 0..3 {
        talk.client.refresh_traffic_keys().unwrap();
        talk.say(GET);
        talk.run();
    }
    assert_eq!(talk.statuses(), ["200"; 3]);
    assert_eq!(talk.alert, None);
}

#[test]
fn an_idle_session_keeps_no_buffer() {
    let mut talk = Talk::tls13();
    talk.say("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    talk.say(&"x".repeat(100_000));
    talk.run();
    let secured = talk.session.secured();
    assert_eq!(secured.capacity_bytes(), 0);
}

/// Requests of all kinds, one after another, the last of which ends the connection.
const REQUESTS: &str = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n\
    POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world\
    GET /bytes/70000 HTTP/1.1\r\nHost: a\r\n\r\n\
    GET /delay/1 HTTP/1.1\r\nHost: a\r\n\r\n\
    HEAD / HTTP/1.1\r\nHost: a\r\n\r\n\
    nonsense\r\n\r\n";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn however_the_bytes_arrive_the_answers_are_those_without_tls(
        sizes in prop::collection::vec(1_usize..400, 1..20),
        taken_max in 1_usize..80_000,
        is_tls13: bool,
    ) {
        let version = if is_tls13 { &version::TLS13 } else { &version::TLS12 };
        let mut talk = Talk::new(client(&Arc::new(client_config(version))));
        talk.say(REQUESTS);
        let mut sizes = sizes.into_iter().cycle();
        let need = talk.run_in_pieces(&mut || sizes.next().unwrap(), taken_max);
        prop_assert_eq!(need, Need::Close { linger: true });
        prop_assert!(talk.was_told_the_end());
        prop_assert_eq!(talk.heard, plain_answer(REQUESTS));
        let agreed = if is_tls13 { ProtocolVersion::TLSv1_3 } else { ProtocolVersion::TLSv1_2 };
        prop_assert_eq!(talk.client.protocol_version(), Some(agreed));
    }

    #[test]
    fn no_bytes_make_it_panic_or_keep_much(
        // Often the header of a record (RFC 8446 §5.1), so that something is looked into.
        records in prop::collection::vec(
            (20_u8..25, prop::collection::vec(any::<u8>(), 0..600), any::<bool>()),
            1..20,
        ),
        is_secured: bool,
    ) {
        let mut talk = Talk::tls13();
        if is_secured {
            talk.run();
        }
        for (kind, bytes, has_header) in records {
            if has_header {
                let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
                talk.session.receive(&[kind, 3, 3, length[0], length[1]]);
            }
            talk.session.receive(&bytes);
            talk.serve(usize::MAX);
            let kept_bytes = talk.session.secured().capacity_bytes();
            prop_assert!(kept_bytes < 300_000);
        }
    }

    #[test]
    fn a_hello_with_a_byte_changed_never_makes_it_panic(at: prop::sample::Index, byte: u8) {
        let mut talk = Talk::tls13();
        let mut hello = talk.sent();
        let at = at.index(hello.len());
        hello[at] = byte;
        talk.session.receive(&hello);
        talk.serve(usize::MAX);
        talk.session.end_of_input();
        let need = talk.serve(usize::MAX);
        prop_assert!(matches!(need, Need::Close { .. }), "{:?}", need);
    }
}

#[test]
fn a_message_of_the_handshake_without_end_is_cut_off() {
    let mut talk = Talk::tls13();
    // A ClientHello of 16 MiB (RFC 8446 §4), in whole records.
    let mut message = vec![1, 0xff, 0xff, 0xff];
    message.resize(16_000, 0);
    for _ in 0..100 {
        talk.session.receive(&[22, 3, 3, 0x3e, 0x80]);
        talk.session.receive(&message);
        message.fill(0);
    }
    assert_eq!(talk.serve(usize::MAX), Need::Close { linger: true });
    assert_eq!(talk.session.secured().capacity_bytes(), 0);
}
