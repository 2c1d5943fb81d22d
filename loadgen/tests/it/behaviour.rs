//! What a server may do with one request, good or bad, as a value: the bytes
//! it sends, how it paces them, and how it ends. No sockets here, so that the
//! list can be read like the table it is.

use std::time::Duration;

use crate::request::Request;

/// The body of every good answer.
pub(crate) const BODY: &str = "hello";

/// The pause between two bytes of an answer that drips.
const DRIP_PAUSE: Duration = Duration::from_millis(100);

/// Well past any limit a client can have on a response head.
const OVERSIZED_HEAD_BYTES: usize = 1 << 20;

macro_rules! behaviours {
    ($($name:ident: $sentence:literal,)*) => {
        /// What the server does with one request.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Behaviour { $(#[doc = $sentence] $name,)* }

        impl Behaviour {
            /// Every behaviour, in the order of the declaration.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            /// The behaviour in words, to be read after "the server".
            pub(crate) fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }
        }
    };
}

behaviours! {
    Good: "answers 200 with five bytes",
    Chunked: "answers in two chunks",
    ChunkedByteByByte: "answers in chunks, each byte in a segment of its own",
    ChunkedWithExtensionsAndTrailers: "answers in chunks with extensions and trailers",
    ContinueFirst: "sends 100 Continue, then answers",
    EarlyHintsFirst: "sends 103 Early Hints, then answers",
    NoContent: "answers 204 without Content-Length",
    NoContentWithLength: "answers 204 with a Content-Length that no body follows",
    NotModified: "answers 304 without Content-Length",
    NotModifiedWithLength: "answers 304 with the Content-Length of the body it leaves out",
    BareHead: "answers HEAD with a head that has no Content-Length",
    Http10ByClosing: "answers as HTTP/1.0, without a length, and ends by closing",
    LongerBody: "answers 200 with more bytes than before",
    ClosesWhenIdle: "answers, then closes the connection that it did not announce to close",
    CloseAnnounced: "answers with Connection: close and closes",
    DripsWithinTimeout: "drips the body, and is done before the timeout",
    CutAfterBody: "answers and closes, the session left without a word",
    NotFound: "answers 404",
    ServerError: "answers 500",
    ClosesOnAccept: "accepts and closes without reading",
    NeverReads: "accepts and reads nothing, so that a large request cannot be written",
    ResetsAtFirstByte: "resets when a request begins to arrive",
    ResetsAfterRequest: "reads the request and resets",
    Http10ByResetting: "answers as HTTP/1.0, without a length, and resets",
    ResetsMidBody: "resets after half of the body",
    ClosesWithoutAByte: "reads the request and closes",
    HeadCutShort: "closes in the middle of the head",
    BodyCutShort: "closes before Content-Length is reached",
    CutBeforeResponse: "reads the request and closes, the session left without a word",
    CutMidBody: "closes before Content-Length is reached, the session left without a word",
    CutWithoutLength: "answers as HTTP/1.0 and closes, the session left without a word",
    ChunkedNeverEnded: "closes before the last chunk",
    ChunkSizeNotHex: "sends a chunk size that is not hexadecimal",
    ChunkSizeOverflows: "sends a chunk size over 64 bits",
    ChunkDataWithoutCrlf: "sends a chunk whose data is not followed by CRLF",
    Garbage: "greets as an SSH server does",
    GarbageEndless: "sends zeros without end",
    StatusNotANumber: "answers with a status that is no number",
    TwoLengths: "sends two different Content-Lengths",
    LengthWithChunked: "sends Content-Length together with chunked",
    ExtraBytesAfterBody: "sends a second answer that nobody asked for",
    HeadTooLarge: "sends a head of a mebibyte",
    HeadEndless: "sends a header line without end",
    BodyEndless: "sends a body without end, as fast as it is read",
    InterimEndless: "sends 100 Continue again and again, as fast as it is read",
    DripsPastTimeout: "drips the head past the timeout",
    Silent: "reads the request and says nothing",
    StopsMidHead: "stops in the middle of the head, the connection open",
    StopsMidBody: "stops in the middle of the body, the connection open",
}

/// A behaviour towards one request: steps in order, then an ending.
pub(crate) struct Performance {
    pub(crate) steps: Vec<Step>,
    pub(crate) ending: Ending,
}

/// One step of a performance.
pub(crate) enum Step {
    Send(Vec<u8>),
    /// One byte at a time, with a pause after each.
    Drip(Vec<u8>, Duration),
    /// Again and again, until the client goes away.
    SendForever(Vec<u8>),
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Kept or closed, as the request asked.
    AsAsked,
    /// Closed with FIN. The FIN travels with the last byte, so that a client
    /// which has read the answer can know that the connection is gone.
    Close,
    /// Closed with FIN and without TLS's close_notify (RFC 8446 §6.1): anyone in between could
    /// have done that. In the clear the same as `Close`.
    Cut,
    /// Closed with RST.
    Reset,
    /// Left open in silence until the client goes away. A client that should
    /// see by itself that an answer is wrong gets no help from a close.
    Stall,
}

impl Behaviour {
    /// Whether this is done to a new connection, before a request is read.
    pub(crate) fn is_at_accept(self) -> bool {
        matches!(
            self,
            Self::ClosesOnAccept | Self::NeverReads | Self::ResetsAtFirstByte
        )
    }

    /// What is sent in answer to `request`, and how that ends.
    pub(crate) fn perform(self, request: Request) -> Performance {
        use Ending::{AsAsked, Close, Cut, Reset, Stall};
        let answer =
            |status: &str, headers: &str, body: &str| answer(request, status, headers, body);
        let good = answer("200 OK", "Content-Length: 5\r\n", BODY);
        let chunked = |body: &str| answer("200 OK", "Transfer-Encoding: chunked\r\n", body);
        let cut = |at: usize| good[..at].to_vec();
        let without_length = b"HTTP/1.0 200 OK\r\n\r\nhello".to_vec();
        match self {
            Self::Good => send(good, AsAsked),
            Self::Chunked => send(chunked("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"), AsAsked),
            Self::ChunkedByteByByte => Performance {
                steps: vec![Step::Drip(
                    chunked("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
                    Duration::ZERO,
                )],
                ending: AsAsked,
            },
            Self::ChunkedWithExtensionsAndTrailers => send(
                chunked(
                    "5;name=value;quoted=\"a;b\"\r\nhello\r\n0;last\r\nX-Sum: 1\r\nX-Two: 2\r\n\r\n",
                ),
                AsAsked,
            ),
            Self::ContinueFirst => after(b"HTTP/1.1 100 Continue\r\n\r\n", good),
            Self::EarlyHintsFirst => after(
                b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n",
                good,
            ),
            Self::NoContent => send(answer("204 No Content", "", ""), AsAsked),
            Self::NoContentWithLength => send(
                answer("204 No Content", "Content-Length: 5\r\n", ""),
                AsAsked,
            ),
            Self::NotModified => send(answer("304 Not Modified", "", ""), AsAsked),
            Self::NotModifiedWithLength => send(
                answer("304 Not Modified", "Content-Length: 5\r\n", ""),
                AsAsked,
            ),
            Self::BareHead => send(answer("200 OK", "", ""), AsAsked),
            Self::Http10ByClosing => send(without_length, Close),
            Self::Http10ByResetting => send(without_length, Reset),
            Self::LongerBody => send(
                answer("200 OK", "Content-Length: 12\r\n", "hello, hello"),
                AsAsked,
            ),
            Self::ClosesWhenIdle => send(good, Close),
            Self::CloseAnnounced => {
                let closing = Request {
                    keep_alive: false,
                    ..request
                };
                Self::Good.perform(closing).ending(Close)
            }
            Self::DripsWithinTimeout => {
                let (head, body) = good.split_at(good.len() - BODY.len());
                Performance {
                    steps: vec![
                        Step::Send(head.to_vec()),
                        Step::Drip(body.to_vec(), DRIP_PAUSE),
                    ],
                    ending: AsAsked,
                }
            }
            Self::NotFound => send(
                answer("404 Not Found", "Content-Length: 5\r\n", BODY),
                AsAsked,
            ),
            Self::ServerError => send(
                answer("500 Internal Server Error", "Content-Length: 5\r\n", BODY),
                AsAsked,
            ),
            Self::ClosesOnAccept | Self::ClosesWithoutAByte => send(Vec::new(), Close),
            Self::ResetsAtFirstByte | Self::ResetsAfterRequest => send(Vec::new(), Reset),
            Self::ResetsMidBody => send(cut(good.len() - 3), Reset),
            Self::HeadCutShort => send(cut(20), Close),
            Self::BodyCutShort => send(cut(good.len() - 3), Close),
            Self::CutAfterBody => send(good, Cut),
            Self::CutBeforeResponse => send(Vec::new(), Cut),
            Self::CutMidBody => send(cut(good.len() - 3), Cut),
            Self::CutWithoutLength => send(without_length, Cut),
            Self::ChunkedNeverEnded => send(chunked("5\r\nhello\r\n"), Close),
            Self::ChunkSizeNotHex => send(chunked("five\r\nhello\r\n0\r\n\r\n"), Stall),
            Self::ChunkSizeOverflows => send(chunked("10000000000000005\r\nhello"), Stall),
            Self::ChunkDataWithoutCrlf => send(chunked("5\r\nhelloworld\r\n"), Stall),
            Self::Garbage => send(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec(), Stall),
            Self::GarbageEndless => Performance {
                steps: vec![Step::SendForever(vec![0; 4096])],
                ending: Close,
            },
            Self::StatusNotANumber => send(b"HTTP/1.1 2OO OK\r\n\r\n".to_vec(), Stall),
            Self::TwoLengths => {
                let lengths = "Content-Length: 5\r\nContent-Length: 6\r\n";
                send(answer("200 OK", lengths, BODY), Stall)
            }
            Self::LengthWithChunked => {
                let both = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n";
                send(answer("200 OK", both, "5\r\nhello\r\n0\r\n\r\n"), Stall)
            }
            Self::ExtraBytesAfterBody => send([&good[..], &good[..]].concat(), AsAsked),
            Self::HeadTooLarge => {
                let filler = "X-Filler: 0123456789abcdef\r\n";
                let lines = filler.repeat(OVERSIZED_HEAD_BYTES / filler.len());
                send(
                    answer("200 OK", &format!("{lines}Content-Length: 5\r\n"), BODY),
                    AsAsked,
                )
            }
            Self::HeadEndless => Performance {
                steps: vec![
                    Step::Send(b"HTTP/1.1 200 OK\r\nX-Endless: ".to_vec()),
                    Step::SendForever(vec![b'a'; 4096]),
                ],
                ending: Close,
            },
            Self::BodyEndless => Performance {
                steps: vec![
                    Step::Send(chunked("")),
                    Step::SendForever(format!("10000\r\n{}\r\n", "a".repeat(0x10000)).into_bytes()),
                ],
                ending: Close,
            },
            Self::InterimEndless => Performance {
                steps: vec![Step::SendForever(
                    b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100),
                )],
                ending: Close,
            },
            Self::DripsPastTimeout => Performance {
                steps: vec![Step::Drip(
                    answer("200 OK", &"X-Drip: 1\r\n".repeat(100), ""),
                    DRIP_PAUSE,
                )],
                ending: Close,
            },
            Self::NeverReads | Self::Silent => send(Vec::new(), Stall),
            Self::StopsMidHead => send(cut(20), Stall),
            Self::StopsMidBody => send(cut(good.len() - 3), Stall),
        }
    }
}

impl Performance {
    fn ending(self, ending: Ending) -> Self {
        Self { ending, ..self }
    }
}

/// One step, then the ending.
fn send(bytes: Vec<u8>, ending: Ending) -> Performance {
    Performance {
        steps: vec![Step::Send(bytes)],
        ending,
    }
}

/// An interim response in a segment of its own, then the answer.
fn after(interim: &[u8], answer: Vec<u8>) -> Performance {
    Performance {
        steps: vec![Step::Send(interim.to_vec()), Step::Send(answer)],
        ending: Ending::AsAsked,
    }
}

/// An HTTP/1.1 answer that says whether the connection stays, as a 1.0 client
/// needs it; to HEAD without the body.
fn answer(request: Request, status: &str, headers: &str, body: &str) -> Vec<u8> {
    let connection = if request.keep_alive {
        "keep-alive"
    } else {
        "close"
    };
    let body = if request.is_head { "" } else { body };
    format!("HTTP/1.1 {status}\r\nConnection: {connection}\r\n{headers}\r\n{body}").into_bytes()
}
