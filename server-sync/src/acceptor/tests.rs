use std::net::TcpStream;

use server_common::listener::Address;

use super::*;

#[test]
fn once_the_stop_is_asked_for_the_queue_is_emptied_by_the_one_who_shuts_it() {
    let listener = Listener::bind_tcp(([127, 0, 0, 1], 0).into(), 16, |_| Ok(())).unwrap();
    let Address::Tcp(address) = *listener.address() else {
        unreachable!("it was bound over TCP");
    };
    let options = Options {
        overload: Overload::Refuse,
        ..Options::default()
    };
    let (handle, stop) = Stop::new().unwrap();
    let mut acceptor = Acceptor::new(vec![listener], 2, options, stop);

    let clients = [(); 3].map(|()| TcpStream::connect(address).unwrap());
    assert!(acceptor.next_present().is_some());
    handle.stop();
    assert!(acceptor.next_present().is_none());
    assert!(acceptor.next().is_some());
    assert!(acceptor.next().is_some());
    assert!(acceptor.next().is_none());
    drop(clients);
}
