//! What cannot be is told in one line, with the next step.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::process::{Unprivileged, output, output_of};

/// The complaint, without its line's end, of a server that could not run.
fn complaint((code, out, err): (i32, String, String)) -> String {
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    err.trim_end().to_owned()
}

fn complaint_of_unix(path: &Path) -> String {
    complaint(output(&["--unix", path.to_str().unwrap()]))
}

#[test]
fn an_unknown_model_is_told_the_known_ones_in_one_line() {
    let (code, out, err) = output(&["--model", "x"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(
        err,
        "server-sync: invalid value 'x' for '--model <NAME>' [possible values: \
         sequential, thread-per-connection, thread-pool]; see --help\n"
    );
}

#[test]
fn threads_are_refused_where_they_would_be_ignored() {
    for (model, has) in [
        ("sequential", "one thread;"),
        ("thread-per-connection", "one thread for each connection"),
    ] {
        let (code, out, err) = output(&["--model", model, "--threads", "8"]);
        assert_eq!((code, out.as_str()), (2, ""));
        assert_eq!(err.lines().count(), 1, "{err}");
        let expected =
            format!("server-sync: invalid value '8' for '--threads <N>': model {model} has {has}");
        assert!(err.starts_with(&expected), "{err}");
    }
}

#[test]
fn a_port_in_use_is_an_error_that_says_what_to_do() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let (code, out, err) = output(&["--listen", &address]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert_eq!(
        err,
        format!(
            "server-sync: cannot listen on {address}: address already in use (os error 98); \
             choose another with --listen, or port 0 to have one picked\n"
        )
    );
}

#[test]
fn more_connections_than_threads_can_be_mapped_is_told_what_to_raise() {
    let limit = fs::read_to_string("/proc/sys/vm/max_map_count").unwrap();
    if limit.trim().parse::<u32>().unwrap() > 1_000_000 {
        // As many threads as can be asked for.
        return;
    }
    let (code, out, err) = output(&[
        "--model",
        "thread-per-connection",
        "--max-connections",
        "1000000",
        "--listen",
        "127.0.0.1:0",
    ]);
    assert_eq!(
        (code, out.as_str(), err.lines().count()),
        (2, "", 1),
        "{err}"
    );
    let expected = "server-sync: invalid value '1000000' for '--max-connections <N>': \
                    model thread-per-connection can have ";
    assert!(err.starts_with(expected), "{err}");
    assert!(err.ends_with("see sysctl vm.max_map_count\n"), "{err}");
}

#[test]
fn a_queue_is_refused_where_there_is_none() {
    for model in ["sequential", "thread-per-connection"] {
        let (code, out, err) = output(&["--model", model, "--queue", "8"]);
        assert_eq!((code, out.as_str()), (2, ""));
        assert_eq!(
            err,
            format!(
                "server-sync: invalid value '8' for '--queue <N>': model {model} has no queue \
                 of its own, connections wait in the kernel's accept queue; see --backlog\n"
            )
        );
    }
}

#[test]
fn an_address_of_another_machine_is_told_whose_to_name() {
    // TEST-NET-1 and the documentation prefix, which are nobody's (RFC 5737, RFC 3849).
    for (address, all) in [("192.0.2.1:0", "0.0.0.0"), ("[2001:db8::1]:0", "[::]")] {
        let err = complaint(output(&["--listen", address]));
        assert_eq!(
            err,
            format!(
                "server-sync: cannot listen on {address}: cannot assign requested address \
                 (os error 99); name an address of this machine with --listen, \
                 or {all} for all of them"
            )
        );
    }
}

#[test]
fn a_port_for_root_is_told_whom_it_is_for() {
    let first = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap();
    let Some(port) = first.trim().parse::<u16>().unwrap().checked_sub(1) else {
        // Every port is everybody's here.
        return;
    };
    let address = format!("127.0.0.1:{port}");
    let err = complaint(output_of(
        &mut Unprivileged::new().command(&["--listen", &address]),
    ));
    assert_eq!(
        err,
        format!(
            "server-sync: cannot listen on {address}: permission denied (os error 13); \
             ports below 1024 are for root, choose another with --listen"
        )
    );
}

#[test]
fn a_directory_that_this_user_may_not_write_to_is_told_what_it_takes() {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o555)).unwrap();
    let path = directory.path().join("socket");
    let path = path.to_str().unwrap();
    let err = complaint(output_of(
        &mut Unprivileged::new().command(&["--unix", path]),
    ));
    assert_eq!(
        err,
        format!(
            "server-sync: cannot listen on {path}: permission denied (os error 13); \
             choose a directory with --unix in which this user may make files"
        )
    );
}

#[test]
fn a_path_at_which_something_else_is_tells_what_and_leaves_it_there() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "precious").unwrap();
    assert!(complaint_of_unix(&file).ends_with(
        "file: a file that is no socket is there; remove it, or choose another path with --unix"
    ));
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    assert!(complaint_of_unix(directory.path()).ends_with(
        ": it is a directory; name a file in it, which must not exist yet, with --unix"
    ));
}

#[test]
fn a_directory_that_is_not_there_is_to_be_made_first() {
    let directory = tempfile::tempdir().unwrap();
    let err = complaint_of_unix(&directory.path().join("missing/socket"));
    assert!(
        err.ends_with(
            "missing/socket: no such file or directory (os error 2); \
             create the directory first, or choose another path with --unix"
        ),
        "{err}"
    );
}

#[test]
fn a_path_too_long_for_a_socket_is_told_how_long_one_may_be() {
    let err = complaint_of_unix(Path::new(&format!("/tmp/{}", "x".repeat(200))));
    assert!(
        err.ends_with(
            "the path has 205 bytes, a UNIX socket's at most 107; \
             choose a shorter one with --unix"
        ),
        "{err}"
    );
}
