use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::net::UnixStream;

use rustix::io::Errno;

use super::*;

fn bind_tcp(address: SocketAddr) -> Result<Listener, BindError> {
    Listener::bind_tcp(address, 16, |_| Ok(()))
}

fn loopback() -> Listener {
    bind_tcp((Ipv4Addr::LOCALHOST, 0).into()).unwrap()
}

fn tcp_address(listener: &Listener) -> SocketAddr {
    match listener.address() {
        Address::Tcp(address) => *address,
        Address::Unix(path) => panic!("{path:?} is no TCP address"),
    }
}

#[test]
fn port_0_is_told_as_the_port_that_was_picked() {
    let listener = loopback();
    let client = TcpStream::connect(tcp_address(&listener)).unwrap();
    let accepted = listener.accept().unwrap();
    assert_eq!(
        accepted.caller.peer,
        Some(client.local_addr().unwrap().ip())
    );
    assert_eq!(
        listener.accept().unwrap_err().kind(),
        io::ErrorKind::WouldBlock
    );
}

#[test]
fn a_connection_inherits_nodelay_and_blocks_as_asked() {
    let listener = loopback();
    let _clients = [(); 2].map(|()| TcpStream::connect(tcp_address(&listener)).unwrap());
    let blocking = listener.accept().unwrap().socket;
    assert!(blocking.tcp_nodelay().unwrap());
    assert!(!blocking.nonblocking().unwrap());
    assert!(
        listener
            .accept_nonblocking()
            .unwrap()
            .socket
            .nonblocking()
            .unwrap()
    );
}

#[test]
fn the_unspecified_ipv6_address_takes_ipv4_as_well() {
    let listener = bind_tcp("[::]:0".parse().unwrap()).unwrap();
    let _client = TcpStream::connect((Ipv4Addr::LOCALHOST, tcp_address(&listener).port())).unwrap();
    let peer = listener.accept().unwrap().caller.peer.unwrap();
    assert_eq!(peer.to_canonical(), IpAddr::from(Ipv4Addr::LOCALHOST));
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let first = loopback();
    let address = tcp_address(&first);
    let error = bind_tcp(address).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot listen on {address}: address already in use (os error 98); \
             choose another with --listen, or port 0 to have one picked"
        )
    );
}

#[test]
fn listeners_that_share_a_port_each_get_connections_and_keep_other_servers_out() {
    let first = loopback();
    let second = first.share().unwrap();
    let address = tcp_address(&first);
    assert_eq!(tcp_address(&second), address);
    // One after the other: an accept queue is short here. That one listener is never chosen has
    // a chance of 1 in 2^99.
    let mut counts = [0, 0];
    let mut clients = Vec::new();
    for _ in 0..100 {
        clients.push(TcpStream::connect(address).unwrap());
        for (listener, count) in [&first, &second].into_iter().zip(&mut counts) {
            *count += usize::from(listener.accept().is_ok());
        }
    }
    assert_eq!(counts.iter().sum::<usize>(), clients.len());
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    let error = bind_tcp(address).unwrap_err().to_string();
    assert!(error.contains("address already in use"), "{error}");
}

#[test]
fn listeners_that_share_a_unix_socket_have_one_queue_and_one_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let first = Listener::bind_unix(&path, 16).unwrap();
    let second = first.share().unwrap();
    let _clients = [(); 2].map(|()| UnixStream::connect(&path).unwrap());
    drop(second.accept().unwrap());
    drop(second);
    assert!(first.accept().is_ok());
    assert!(path.exists());
}

#[test]
fn another_address_is_not_the_advice_when_descriptors_ran_out() {
    let error = BindError {
        address: Address::Unix("/x".into()),
        error: Errno::MFILE.into(),
    };
    assert_eq!(
        error.to_string(),
        "cannot listen on /x: too many open files (os error 24); \
         raise the limit on descriptors, see ulimit -n"
    );
}

#[test]
fn newcomers_are_refused_while_those_in_the_queue_are_served() {
    let mut listener = loopback();
    let mut early = TcpStream::connect(tcp_address(&listener)).unwrap();
    early.write_all(b"before").unwrap();

    listener.refuse_newcomers();
    let late = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let timeout = std::time::Duration::from_millis(50);
    let error = late
        .connect_timeout(&tcp_address(&listener).into(), timeout)
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);

    early.write_all(b" and after").unwrap();
    early.shutdown(std::net::Shutdown::Write).unwrap();
    let mut text = String::new();
    let mut accepted = listener.accept().unwrap().socket;
    accepted.read_to_string(&mut text).unwrap();
    assert_eq!(text, "before and after");
    assert_eq!(
        listener.accept().unwrap_err().kind(),
        io::ErrorKind::WouldBlock
    );
}

#[test]
fn a_unix_listener_refuses_newcomers_and_takes_its_file_away() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let mut listener = Listener::bind_unix(&path, 16).unwrap();
    let _early = UnixStream::connect(&path).unwrap();

    listener.refuse_newcomers();
    assert_eq!(
        UnixStream::connect(&path).unwrap_err().kind(),
        io::ErrorKind::NotFound
    );
    assert_eq!(listener.accept().unwrap().caller.peer, None);
    assert!(listener.accept().is_err());

    // A successor's file is not the predecessor's to remove.
    let _successor = Listener::bind_unix(&path, 16).unwrap();
    drop(listener);
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_socket_file_is_replaced_only_if_nobody_answers_on_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());

    let _listener = Listener::bind_unix(&path, 16).unwrap();
    assert_eq!(
        Listener::bind_unix(&path, 16).unwrap_err().to_string(),
        format!(
            "cannot listen on {}: another server listens there; \
             stop it, or choose another path with --unix",
            path.display()
        )
    );
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_server_whose_queue_is_full_is_alive_and_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let _busy = Listener::bind_unix(&path, 1).unwrap();
    let connect = |_| {
        let client = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        client.set_nonblocking(true).unwrap();
        let connected = client.connect(&socket2::SockAddr::unix(&path).unwrap());
        connected.map(|()| client)
    };
    let waiting: Vec<_> = (0..10).map_while(|number| connect(number).ok()).collect();
    assert!(waiting.len() < 10);

    let error = Listener::bind_unix(&path, 16).unwrap_err().to_string();
    assert!(error.contains("another server listens there"), "{error}");
}

#[test]
fn a_socket_file_that_was_replaced_is_left_to_its_new_owner() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let old = Listener::bind_unix(&path, 16).unwrap();
    std::fs::remove_file(&path).unwrap();
    let _new = Listener::bind_unix(&path, 16).unwrap();
    drop(old);
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Listener::bind_unix(file.path(), 16)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("a file that is no socket is there"),
        "{error}"
    );
    assert!(file.path().exists());
}

#[test]
fn a_path_is_taken_up_to_its_longest_and_no_longer() {
    let directory = tempfile::tempdir().unwrap();
    let room = 107 - directory.path().as_os_str().len() - "/".len();
    let longest = directory.path().join("x".repeat(room));
    let _listener = Listener::bind_unix(&longest, 16).unwrap();
    UnixStream::connect(&longest).unwrap();

    let error = Listener::bind_unix(&directory.path().join("x".repeat(room + 1)), 16);
    let error = error.unwrap_err().to_string();
    assert!(
        error.ends_with(
            "the path has 108 bytes, a UNIX socket's at most 107; choose a shorter one with --unix"
        ),
        "{error}"
    );
}
