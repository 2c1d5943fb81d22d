//! Each fault is found by the check that is about it.

use crate::server::{self, Manner, READ_TIMEOUT, serve, start, subject};
use contract::{
    CHECKS, Check, Subject, TLS_CHECKS, WEBSOCKET_CHECKS, WITHOUT_WEBSOCKET_CHECKS, verify,
};
use std::collections::BTreeSet;
use std::time::Duration;
use wire::tls::Protocol;

#[test]
fn no_check_accepts_a_server_that_never_answers() {
    // The streams are kept, or dropping them would close the connections.
    let address = serve(false, std::mem::forget);
    assert_eq!(accepted(&subject(address)), BTreeSet::new());
}

#[test]
fn no_check_accepts_a_server_that_closes_at_once() {
    let subject = subject(serve(false, drop));
    for check in all() {
        assert!((check.run)(&subject).is_err(), "{}", check.name);
    }
}

#[test]
fn a_server_that_takes_everything_for_get_is_accepted_by_few_checks() {
    let address = start(Manner {
        hears: |_| b"GET / HTTP/1.1\r\nHost: contract\r\n\r\n".to_vec(),
        ..Manner::RIGHT
    });
    let expected = [
        "Date is the present in the preferred format",
        "a client that never says a word is closed without an answer",
    ];
    assert_eq!(accepted(&subject(address)), BTreeSet::from(expected));
}

#[test]
fn verify_names_the_check_that_failed_and_no_other() {
    let address = start(Manner {
        says: |bytes| replace(bytes, " GMT\r\n", " UTC\r\n"),
        ..Manner::RIGHT
    });
    let violations = verify(&subject(address)).unwrap_err();
    let names: Vec<_> = violations.0.iter().map(|found| found.check).collect();
    assert_eq!(names, ["Date is the present in the preferred format"]);
}

#[test]
fn verify_gives_up_on_a_server_that_is_gone() {
    let subject = subject(server::nobody());
    let violations = verify(&subject).unwrap_err();
    let message = violations.to_string();
    assert!(message.contains("the server is gone"), "{message}");
}

#[test]
fn a_date_of_the_past_is_found() {
    finds(
        "Date is the present in the preferred format",
        Manner {
            says: |bytes| replace(bytes, " 20", " 19"),
            ..Manner::RIGHT
        },
    );
}

#[test]
fn header_names_in_lower_case_are_found() {
    finds(
        "/healthz answers ok",
        Manner {
            says: |bytes| replace(bytes, "Content-Type", "content-type"),
            ..Manner::RIGHT
        },
    );
}

#[test]
fn a_close_that_is_not_announced_is_found() {
    finds(
        "Connection: close is obeyed",
        Manner {
            says: |bytes| replace(bytes, "Connection: close\r\n", ""),
            ..Manner::RIGHT
        },
    );
}

#[test]
fn an_explanation_in_other_words_is_found() {
    finds(
        "answers are those of the golden transcript, byte for byte",
        Manner {
            says: |bytes| replace(bytes, "missing", "misting"),
            ..Manner::RIGHT
        },
    );
}

#[test]
fn a_wrong_byte_in_a_large_body_is_found() {
    finds(
        "/bytes sends up to 64 MiB",
        Manner {
            says: |bytes| match bytes.split_last() {
                Some((_, rest)) if bytes.len() == 64 * 1024 => [rest, b"!"].concat(),
                _ => bytes.to_vec(),
            },
            ..Manner::RIGHT
        },
    );
}

#[test]
fn a_wait_that_is_left_out_is_found() {
    let subject = subject(start(Manner {
        waits: |_| (),
        ..Manner::RIGHT
    }));
    for name in [
        "/delay/MS waits at least MS milliseconds",
        "/cpu/US works at least US microseconds",
    ] {
        // On a loaded machine an answer may take as long by chance.
        let found = (0..20).any(|_| (check(name).run)(&subject).is_err());
        assert!(found, "not found: {name}");
    }
}

#[test]
fn a_message_that_comes_back_changed_is_found() {
    finds(
        "messages that are sent before any is read come back in order",
        Manner {
            says: |bytes| {
                let change = |&byte: &u8| if byte == b'2' { b'3' } else { byte };
                bytes.iter().map(change).collect()
            },
            ..Manner::RIGHT
        },
    );
}

#[test]
fn a_wrong_close_code_is_found() {
    // 1008 in place of 1002: a close frame, its length, its code.
    let other_code = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        if let [0x88, _, 3, code @ 0xea, ..] = &mut bytes[..] {
            *code = 0xf0;
        }
        bytes
    };
    finds(
        "a frame that is not masked is closed with 1002",
        Manner {
            says: other_code,
            ..Manner::RIGHT
        },
    );
}

#[test]
fn a_key_that_is_answered_with_what_proves_nothing_is_found() {
    finds(
        "a handshake is answered with what proves that its key was read",
        Manner {
            says: |bytes| replace(bytes, "Accept: s3pPLMBi", "Accept: s3pPLMBj"),
            ..Manner::RIGHT
        },
    );
}

#[test]
fn a_ping_that_is_not_answered_is_found() {
    finds(
        "a ping is answered with its payload",
        Manner {
            says: |bytes| match bytes {
                [0x8a, ..] => Vec::new(),
                _ => bytes.to_vec(),
            },
            ..Manner::RIGHT
        },
    );
}

#[test]
fn a_text_that_is_taken_for_mere_bytes_is_found() {
    let unchecked = Manner {
        hears: |bytes| match bytes {
            [0x81, rest @ ..] => [&[0x82], rest].concat(),
            _ => bytes.to_vec(),
        },
        ..Manner::RIGHT
    };
    finds("a text that is not UTF-8 is closed with 1007", unchecked);
}

#[test]
fn a_relay_that_sends_to_the_sender_too_is_found() {
    finds(
        "a message goes to every other client of the room, and not to its sender",
        Manner {
            sends_back: true,
            ..Manner::RIGHT
        },
    );
}

#[test]
fn a_relay_that_sends_to_the_sender_alone_is_found() {
    finds(
        "each of two hears the other, round by round",
        Manner {
            hears: |bytes| replace(bytes, "GET /ws?", "GET /ws/echo?"),
            ..Manner::RIGHT
        },
    );
}

#[test]
fn a_relay_whose_rooms_are_one_is_found() {
    finds(
        "messages stay in their room, which is the query",
        Manner {
            hears: |bytes| replace(bytes, "GET /ws?other", "GET /ws?one"),
            ..Manner::RIGHT
        },
    );
}

#[test]
fn messages_that_overtake_each_other_are_found() {
    // A text frame of one digit: 3 and 4 have changed places.
    let swapped = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        for at in 2..bytes.len() {
            if bytes[at - 2..at] == [0x81, 1] {
                bytes[at] = match bytes[at] {
                    b'3' => b'4',
                    b'4' => b'3',
                    other => other,
                };
            }
        }
        bytes
    };
    finds(
        "messages of one client come to all in their order",
        Manner {
            says: swapped,
            ..Manner::RIGHT
        },
    );
}

#[test]
fn a_server_without_websocket_clients_is_found_where_they_should_be_and_the_other_way_round() {
    let sequential = Manner {
        sequential: true,
        keep_alive: false,
        ..Manner::RIGHT
    };
    finds(
        "frames that come together with the handshake are not lost",
        sequential,
    );
    finds(
        "a WebSocket is refused with 503 and the reason, and the next is served",
        Manner::RIGHT,
    );
}

#[test]
fn a_server_that_keeps_no_connection_is_found() {
    let closing = Manner {
        keep_alive: false,
        ..Manner::RIGHT
    };
    finds("a connection takes one request after another", closing);
    finds("HTTP/1.0 stays open when asked to, and says so", closing);
}

#[test]
fn a_server_that_keeps_connections_although_it_should_not_is_found() {
    let subject = Subject {
        keep_alive: false,
        ..subject(start(Manner::RIGHT))
    };
    assert!((check("/healthz answers ok").run)(&subject).is_err());
}

#[test]
fn a_server_that_forgets_pipelined_requests_is_found() {
    let forgetful = Manner {
        hears: |bytes| {
            let text = String::from_utf8_lossy(bytes);
            let first = text.split_inclusive("\r\n\r\n").next();
            first.unwrap_or_default().into()
        },
        ..Manner::RIGHT
    };
    finds("pipelined requests are answered in order", forgetful);
    finds(
        "a client that half-closes after a pipeline gets every answer",
        forgetful,
    );
}

#[test]
fn a_close_that_is_obeyed_before_its_turn_is_found() {
    finds(
        "a pipeline whose last request says Connection: close is answered to the end",
        Manner {
            hears: |bytes| match String::from_utf8_lossy(bytes).contains("Connection: close") {
                true => replace(
                    bytes,
                    "Host: contract",
                    "Connection: close\r\nHost: contract",
                ),
                false => bytes.to_vec(),
            },
            ..Manner::RIGHT
        },
    );
}

#[test]
fn a_server_that_forgets_what_is_behind_a_body_is_found() {
    let forgetful = Manner {
        hears: |bytes| {
            let text = String::from_utf8_lossy(bytes);
            match text.split_once("helloGET") {
                Some((before, _)) => format!("{before}hello").into(),
                None => bytes.to_vec(),
            }
        },
        ..Manner::RIGHT
    };
    for name in [
        "a request behind a body that waited for 100 Continue is answered",
        "a request behind a body that did not wait for 100 Continue is answered",
    ] {
        finds(name, forgetful);
    }
}

#[test]
fn an_answer_that_another_body_has_slipped_into_is_found() {
    finds(
        "a pipeline may mix bodies of every framing with none",
        Manner {
            says: |bytes| replace(bytes, "\r\n\r\ncounted", "\r\n\r\ncounter"),
            ..Manner::RIGHT
        },
    );
}

#[test]
fn a_server_that_resets_a_client_which_is_still_sending_is_found() {
    finds(
        "a refusal reaches a client that is still sending",
        Manner {
            lingers: false,
            ..Manner::RIGHT
        },
    );
}

#[test]
fn a_server_that_never_says_continue_is_found() {
    finds(
        "a client that asks is told to continue",
        Manner {
            says: |bytes| replace(bytes, "HTTP/1.1 100 Continue\r\n\r\n", ""),
            ..Manner::RIGHT
        },
    );
}

#[test]
fn a_read_timeout_that_is_too_short_is_found() {
    let hasty = Manner {
        read_timeout: READ_TIMEOUT / 2,
        ..Manner::RIGHT
    };
    finds(
        "a client that never says a word is closed without an answer",
        hasty,
    );
    finds("a client that falls silent in a head gets 408", hasty);
    finds("a client that drips its body gets 408", hasty);
}

#[test]
fn a_read_timeout_that_is_too_long_is_found() {
    let patient = Manner {
        read_timeout: Duration::from_secs(60),
        ..Manner::RIGHT
    };
    finds("a client that drips its head gets 408", patient);
}

#[test]
fn an_end_that_tls_does_not_announce_is_found() {
    let error = found_through_tls(
        "Connection: close is obeyed",
        Manner {
            tls: Some(&[Protocol::Http11]),
            says_goodbye: false,
            ..Manner::RIGHT
        },
    );
    assert!(
        error.contains("without sending TLS close_notify"),
        "{error}"
    );
}

#[test]
fn a_protocol_that_is_not_agreed_on_is_found() {
    let error = found_through_tls(
        "http/1.1 is agreed on by ALPN",
        Manner {
            tls: Some(&[]),
            ..Manner::RIGHT
        },
    );
    assert!(error.contains("None was chosen"), "{error}");
}

#[test]
fn a_server_that_answers_in_the_clear_is_found_by_every_check_of_tls() {
    let subject = Subject {
        tls: true,
        ..subject(start(Manner::RIGHT))
    };
    for check in TLS_CHECKS {
        assert!((check.run)(&subject).is_err(), "{}", check.name);
    }
}

/// What the check of this name says of such a server.
fn found_through_tls(name: &str, manner: Manner) -> String {
    let mut checks = all().chain(TLS_CHECKS);
    let check = checks.find(|check| check.name == name).unwrap();
    let subject = Subject {
        tls: true,
        ..subject(start(manner))
    };
    format!("{:#}", (check.run)(&subject).unwrap_err())
}

/// The check of this name fails against such a server.
fn finds(name: &str, manner: Manner) {
    let result = (check(name).run)(&subject(start(manner)));
    assert!(result.is_err(), "not found: {name}");
}

fn check(name: &str) -> &'static Check {
    let check = all().find(|check| check.name == name);
    check.unwrap_or_else(|| panic!("there is no check named {name:?}"))
}

/// What is asked in the clear.
fn all() -> impl Iterator<Item = &'static Check> {
    let websocket = WEBSOCKET_CHECKS.iter().chain(WITHOUT_WEBSOCKET_CHECKS);
    CHECKS.iter().chain(websocket)
}

/// The names of the checks that pass, run many at once because most of them
/// wait in vain, and no more than the server's accept queue has room for.
fn accepted(subject: &Subject) -> BTreeSet<&'static str> {
    const AT_ONCE: usize = 100;
    let all: Vec<_> = all().collect();
    let rounds = all.chunks(AT_ONCE);
    let names = rounds.flat_map(|round| {
        std::thread::scope(|scope| {
            let checks: Vec<_> = round
                .iter()
                .map(|check| (check.name, scope.spawn(|| (check.run)(subject).is_ok())))
                .collect();
            checks
                .into_iter()
                .filter_map(|(name, passes)| passes.join().unwrap().then_some(name))
                .collect::<Vec<_>>()
        })
    });
    names.collect()
}

fn replace(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.replace(from, to).into_bytes(),
        Err(_) => bytes.to_vec(),
    }
}
