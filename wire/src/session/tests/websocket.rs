//! WebSocket through a session: bytes in, bytes out.

use std::io::Cursor;

use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use tungstenite::protocol::frame::{Frame, FrameHeader};

use super::*;
use crate::limits::MAILBOX_BYTES_MAX;

const ECHO: &str = "/ws/echo";

/// A client in the clear.
struct Plain {
    session: Session,
    relay: Arc<Relay>,
    /// What the server wrote and nobody has looked at yet.
    written: Vec<u8>,
    /// Most that is written at a time.
    taken_max: usize,
    lines: Vec<String>,
    date: Date,
}

impl Plain {
    fn new(relay: &Arc<Relay>) -> Self {
        Self {
            session: Session::new(Some(IpAddr::from([127, 0, 0, 1])), OPTIONS, None),
            relay: Arc::clone(relay),
            written: Vec::new(),
            taken_max: usize::MAX,
            lines: Vec::new(),
            date: Date::from_unix_seconds(784_111_777),
        }
    }

    /// One whose handshake is done.
    fn open(relay: &Arc<Relay>, target: &str) -> Self {
        let mut plain = Self::new(relay);
        assert_eq!(plain.send(&handshake(target)), idle());
        assert_eq!(plain.head(), "101");
        plain
    }

    fn send(&mut self, bytes: &[u8]) -> Need {
        self.session.receive(bytes);
        self.run()
    }

    fn timed_out(&mut self) -> Need {
        self.session.timed_out(&self.date.clone());
        self.run()
    }

    /// Does what is needed, up to input and close.
    fn run(&mut self) -> Need {
        loop {
            match self.session.need(&self.date) {
                Need::Output => {
                    self.lines.extend(self.session.take_log_line());
                    let output = self.session.output();
                    let taken = &output[..output.len().min(self.taken_max)];
                    assert!(!taken.is_empty());
                    self.written.extend_from_slice(taken);
                    let count = taken.len();
                    self.session.wrote(count);
                }
                Need::Admission => {
                    let waker = Waker::noop().clone();
                    self.session.admit(&self.relay, waker, &self.date);
                }
                Need::Deliver(parcel) => parcel.deliver(),
                need => return need,
            }
        }
    }

    /// The status of the answer that came, which is taken away.
    fn head(&mut self) -> String {
        let end = self
            .written
            .windows(4)
            .position(|bytes| bytes == b"\r\n\r\n");
        let head: Vec<u8> = self.written.drain(..end.unwrap() + 4).collect();
        String::from_utf8(head[9..12].to_vec()).unwrap()
    }

    /// The frames that came, which are taken away.
    fn frames(&mut self) -> Vec<(OpCode, Vec<u8>)> {
        frames(&std::mem::take(&mut self.written))
    }
}

fn idle() -> Need {
    input(Phase::Idle, OPTIONS.idle_timeout)
}

fn handshake(target: &str) -> Vec<u8> {
    format!(
        "GET {target} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    .into_bytes()
}

/// As a client sends it.
fn masked(mut frame: Frame) -> Vec<u8> {
    frame.header_mut().mask = Some([0x37, 0xfa, 0x21, 0x3d]);
    let mut bytes = Vec::new();
    frame.format(&mut bytes).unwrap();
    bytes
}

fn text(text: &str) -> Vec<u8> {
    masked(Frame::message(text.to_owned(), TEXT, true))
}

const TEXT: OpCode = OpCode::Data(Data::Text);
const CONTINUE: OpCode = OpCode::Data(Data::Continue);
const CLOSE: OpCode = OpCode::Control(Control::Close);
const PING: OpCode = OpCode::Control(Control::Ping);
const PONG: OpCode = OpCode::Control(Control::Pong);

fn heard(opcode: OpCode, payload: &str) -> (OpCode, Vec<u8>) {
    (opcode, payload.as_bytes().to_vec())
}

/// Whole frames as a server may send them, and nothing besides.
fn frames(mut bytes: &[u8]) -> Vec<(OpCode, Vec<u8>)> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let mut cursor = Cursor::new(bytes);
        let (header, payload_bytes) = FrameHeader::parse(&mut cursor).unwrap().unwrap();
        assert!(header.mask.is_none() && header.is_final, "{header:?}");
        assert!(!header.rsv1 && !header.rsv2 && !header.rsv3, "{header:?}");
        let start = cursor.position() as usize;
        let end = start + usize::try_from(payload_bytes).unwrap();
        frames.push((header.opcode, bytes[start..end].to_vec()));
        bytes = &bytes[end..];
    }
    frames
}

/// The codes of the close frames.
fn codes(frames: &[(OpCode, Vec<u8>)]) -> Vec<u16> {
    let closes = frames.iter().filter(|(opcode, _)| *opcode == CLOSE);
    let code = |payload: &Vec<u8>| u16::from_be_bytes(*payload.first_chunk().unwrap());
    closes.map(|(_, payload)| code(payload)).collect()
}

#[test]
fn what_comes_with_the_handshake_is_answered_behind_it() {
    let mut plain = Plain::new(&Relay::new(1));
    let bytes = [GET.as_bytes(), &handshake(ECHO), &text("at once")].concat();
    assert_eq!(plain.send(&bytes), idle());
    assert_eq!(plain.head(), "200");
    plain.written.drain(..50);
    assert_eq!(plain.head(), "101");
    assert_eq!(plain.frames(), [heard(TEXT, "at once")]);
    assert_eq!(plain.lines.len(), 2);
    assert!(plain.lines[1].ends_with("\"GET /ws/echo HTTP/1.1\" 101 0"));
}

#[test]
fn a_ping_between_fragments_is_answered_before_their_message() {
    let mut plain = Plain::open(&Relay::new(1), ECHO);
    let begun = masked(Frame::message("one, ", TEXT, false));
    let phase = Phase::Message {
        number: 0,
        received_bytes: 11,
    };
    let limit = OPTIONS.limit(phase, true);
    assert_eq!(plain.send(&begun), input(phase, limit));
    plain.send(&masked(Frame::ping("?")));
    assert_eq!(plain.frames(), [heard(PONG, "?")]);
    assert_eq!(
        plain.send(&masked(Frame::message("two", CONTINUE, true))),
        idle()
    );
    assert_eq!(plain.frames(), [heard(TEXT, "one, two")]);
}

#[test]
fn a_close_is_answered_behind_what_came_before_it_and_nothing_follows() {
    let mut plain = Plain::open(&Relay::new(1), ECHO);
    let close = masked(Frame::close(None));
    let need = plain.send(&[text("x"), close, text("y")].concat());
    assert_eq!(need, Need::Close { linger: true });
    assert_eq!(plain.frames(), [heard(TEXT, "x"), heard(CLOSE, "")]);
}

#[test]
fn who_is_silent_is_asked_and_then_closed_unless_anything_comes() {
    let mut plain = Plain::open(&Relay::new(1), "/ws");
    let asked = input(Phase::Pong, OPTIONS.read_timeout);
    assert_eq!(plain.timed_out(), asked);
    assert_eq!(plain.frames(), [heard(PING, "")]);
    assert_eq!(plain.send(&text("not a pong, but a sign")), idle());
    assert_eq!(plain.timed_out(), asked);
    assert_eq!(plain.timed_out(), Need::Close { linger: true });
    let frames = plain.frames();
    assert_eq!((frames.len(), codes(&frames)), (2, vec![1011]));
}

#[test]
fn a_message_that_does_not_end_in_time_is_closed() {
    for begun in [&text("x")[..1], &masked(Frame::message("x", TEXT, false))] {
        let mut plain = Plain::open(&Relay::new(1), ECHO);
        let need = plain.send(begun);
        assert!(matches!(
            need,
            Need::Input {
                phase: Phase::Message { .. },
                ..
            }
        ));
        assert_eq!(plain.timed_out(), Need::Close { linger: true });
        assert_eq!(codes(&plain.frames()), [1008]);
    }
}

#[test]
fn a_client_that_shuts_its_side_hears_what_it_is_due() {
    let mut plain = Plain::open(&Relay::new(1), ECHO);
    plain.session.receive(&text("last"));
    plain.session.end_of_input();
    assert_eq!(plain.run(), Need::Close { linger: true });
    assert_eq!(plain.frames(), [heard(TEXT, "last")]);
}

#[test]
fn a_stop_is_heard_behind_the_mail_also_by_who_comes_just_then() {
    let relay = Relay::new(3);
    let mut sender = Plain::open(&relay, "/ws");
    let mut other = Plain::open(&relay, "/ws");
    sender.send(&[text("one"), text("two")].concat());
    assert_eq!(sender.frames(), []);
    other.session.finish();
    assert_eq!(other.run(), Need::Close { linger: true });
    let frames = other.frames();
    assert_eq!(frames[..2], [heard(TEXT, "one"), heard(TEXT, "two")]);
    assert_eq!((frames.len(), codes(&frames)), (3, vec![1001]));

    let mut late = Plain::new(&relay);
    late.session.finish();
    assert_eq!(late.send(&handshake(ECHO)), Need::Close { linger: true });
    assert_eq!(late.head(), "101");
    assert_eq!(codes(&late.frames()), [1001]);

    // Let in already, and its answer is not written yet.
    let mut between = Plain::new(&relay);
    between.session.receive(&handshake("/ws"));
    assert_eq!(between.session.need(&between.date), Need::Admission);
    let waker = Waker::noop().clone();
    let admitted = between.session.admit(&relay, waker, &between.date);
    assert_eq!(admitted, Admitted::Seated);
    assert_eq!(between.session.need(&between.date), Need::Output);
    between.session.finish();
    assert_eq!(between.run(), Need::Close { linger: true });
    assert_eq!(between.head(), "101");
    assert_eq!(codes(&between.frames()), [1001]);
}

#[test]
fn who_takes_nothing_is_told_so_and_the_others_lose_nothing() {
    let relay = Relay::new(3);
    let [mut sender, mut slow, mut quick] = [(); 3].map(|()| Plain::open(&relay, "/ws"));
    let message = "x".repeat(100_000);
    for _ in 0..=MAILBOX_BYTES_MAX / message.len() + 1 {
        sender.send(&text(&message));
        assert_eq!(quick.run(), idle());
        assert_eq!(quick.frames(), [heard(TEXT, &message)]);
    }
    assert_eq!(slow.run(), Need::Close { linger: true });
    assert_eq!(codes(&slow.frames()), [1008]);
}

#[test]
fn who_finds_no_room_or_is_declined_hears_503() {
    let relay = Relay::new(1);
    let _first = Plain::open(&relay, "/ws");
    let mut second = Plain::new(&relay);
    assert_eq!(second.send(&handshake("/ws")), Need::Close { linger: true });
    assert_eq!(second.head(), "503");
    // An echo takes no room in the relay.
    Plain::open(&relay, ECHO);

    let mut declined = Plain::new(&relay);
    declined.session.receive(&handshake(ECHO));
    assert_eq!(declined.session.need(&declined.date), Need::Admission);
    let date = declined.date;
    declined.session.decline(Refusal::ONE_AT_A_TIME, &date);
    assert_eq!(declined.run(), Need::Close { linger: true });
    assert_eq!(declined.head(), "503");
    assert!(
        declined.lines[0].contains("\" 503 "),
        "{:?}",
        declined.lines
    );
}

#[test]
fn mail_comes_through_tls_while_the_client_is_silent() {
    let mut talk = Talk::tls13();
    let relay = Arc::clone(&talk.relay);
    talk.client.writer().write_all(&handshake("/ws")).unwrap();
    assert_eq!(talk.run(), idle());
    assert_eq!(talk.statuses(), ["101"]);
    talk.heard.clear();
    let mut sender = Plain::open(&relay, "/ws");
    sender.send(&text("hello"));
    assert_eq!(talk.run(), idle());
    assert_eq!(frames(&talk.heard), [heard(TEXT, "hello")]);
    talk.heard.clear();
    talk.session.finish();
    assert_eq!(talk.run(), Need::Close { linger: true });
    assert_eq!(codes(&frames(&talk.heard)), [1001]);
    assert!(talk.was_told_the_end());
}

/// Frames that a client might send, some of which it may not.
fn any_frames() -> impl Strategy<Value = Vec<u8>> {
    let opcode = prop_oneof![8 => 0_u8..3, 4 => 8_u8..11, 1 => 0_u8..16];
    let first = (
        opcode,
        prop::bool::weighted(0.8),
        prop::bool::weighted(0.02),
    );
    let payload = prop_oneof![
        8 => "[a-z\u{e4}\u{20ac}]{0,40}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..300),
    ];
    let frame = (first, payload).prop_map(|((opcode, is_final, is_reserved), payload)| {
        let mut bytes = masked(Frame::message(payload, TEXT, true));
        bytes[0] = opcode | u8::from(is_final) << 7 | u8::from(is_reserved) << 6;
        bytes
    });
    let garbage = prop::collection::vec(any::<u8>(), 1..20);
    let pieces = prop_oneof![20 => frame, 1 => garbage];
    prop::collection::vec(pieces, 0..20).prop_map(|pieces| pieces.concat())
}

/// What was said is a handshake's answer and whole frames, of which at most the last is a close,
/// and there is one if it is the server who ends it.
fn is_in_order(said: &[u8], need: &Need, input_ended: bool) {
    let end = said.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let frames = frames(&said[end.unwrap() + 4..]);
    let closes = frames.iter().filter(|(opcode, _)| *opcode == CLOSE).count();
    let is_last = frames.last().is_some_and(|(opcode, _)| *opcode == CLOSE);
    assert_eq!(closes, usize::from(is_last), "{frames:?}");
    match need {
        Need::Close { .. } => assert!(is_last || input_ended, "{frames:?}"),
        need => assert!(!is_last && matches!(need, Need::Input { .. }), "{need:?}"),
    }
}

proptest! {
    #[test]
    fn whatever_comes_in_whatever_pieces_what_is_said_is_in_order(
        bytes in any_frames(),
        sizes in prop::collection::vec(1_usize..100, 1..20),
        taken_max in 1_usize..200,
        ends: bool,
        is_echo: bool,
    ) {
        let relay = Relay::new(2);
        let mut other = Plain::open(&relay, "/ws");
        let mut plain = Plain { taken_max, ..Plain::new(&relay) };
        plain.send(&handshake(if is_echo { ECHO } else { "/ws" }));
        let mut rest = &bytes[..];
        for size in sizes.into_iter().cycle() {
            match rest.split_off(..size.min(rest.len())) {
                Some(piece) if !piece.is_empty() => plain.send(piece),
                _ => break,
            };
        }
        if ends {
            plain.session.end_of_input();
        }
        let need = plain.run();
        is_in_order(&plain.written, &need, ends);
        // What was relayed is whole messages.
        other.run();
        prop_assert!(other.frames().iter().all(|(opcode, _)| matches!(opcode, OpCode::Data(_))));
    }

    #[test]
    fn the_same_is_said_through_tls(
        bytes in any_frames(),
        sizes in prop::collection::vec(1_usize..400, 1..20),
        taken_max in 1_usize..2000,
    ) {
        let mut plain = Plain::new(&Relay::new(1));
        let expected = plain.send(&[handshake(ECHO), bytes.clone()].concat());
        let mut talk = Talk::tls13();
        talk.client.writer().write_all(&handshake(ECHO)).unwrap();
        talk.client.writer().write_all(&bytes).unwrap();
        let mut sizes = sizes.into_iter().cycle();
        let need = talk.run_in_pieces(&mut || sizes.next().unwrap(), taken_max);
        prop_assert_eq!(need, expected);
        prop_assert_eq!(talk.heard, plain.written);
    }
}
