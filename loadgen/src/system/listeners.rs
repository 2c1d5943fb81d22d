//! Who listens where: the processes that have a listening socket open, which may be several that
//! inherited it.
//!
//! Sources: sock_diag(7), and the links in /proc/PID/fd, proc_pid_fd(5), which only the process'
//! own user and root can read.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;

use super::accept_queue::AcceptQueueReader;
use super::process_table::ProcessTable;

/// The process with this number was there first and adopts whoever is left over; it also opens
/// sockets for services that are started on demand. It is no server's.
const INIT: u32 = 1;

/// The root of the family that has a socket which gets the connections to `address`: the one
/// process that has it and whose parents do not. `None` if nobody can be seen to have it, or
/// several that are not related.
#[must_use]
pub fn who_listens(address: SocketAddr) -> Option<u32> {
    let holders = holders(address);
    let table = ProcessTable::read();
    let has_parent = |pid: &u32| {
        let mut parents = table.parents(*pid);
        parents.any(|parent| holders.contains(&parent))
    };
    let mut roots = holders.iter().filter(|pid| !has_parent(pid));
    let root = roots.next().copied();
    root.filter(|_| roots.next().is_none())
}

/// Where these processes listen.
#[must_use]
pub fn addresses_of(pids: &[u32]) -> BTreeSet<SocketAddr> {
    let inodes: BTreeSet<u32> = pids.iter().copied().flat_map(sockets).collect();
    let Some(mut reader) = AcceptQueueReader::open() else {
        return BTreeSet::new();
    };
    let rows = reader
        .listening(0)
        .filter(|row| inodes.contains(&row.inode));
    rows.map(|row| row.address).collect()
}

/// The processes that have a socket which gets the connections to `address`, as far as they can be
/// seen.
#[must_use]
pub fn holders(address: SocketAddr) -> BTreeSet<u32> {
    let Some(mut reader) = AcceptQueueReader::open() else {
        return BTreeSet::new();
    };
    let gets = |listens: SocketAddr| listens.ip() == address.ip() || listens.ip().is_unspecified();
    let rows = reader.listening(address.port());
    let inodes = rows.filter(|row| gets(row.address)).map(|row| row.inode);
    let inodes: BTreeSet<u32> = inodes.collect();
    if inodes.is_empty() {
        return BTreeSet::new();
    }
    let pids = ProcessTable::pids().filter(|&pid| pid != INIT);
    pids.filter(|&pid| sockets(pid).any(|inode| inodes.contains(&inode)))
        .collect()
}

/// The sockets that a process has open, by their inodes.
fn sockets(pid: u32) -> impl Iterator<Item = u32> {
    let links = fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten();
    let targets = links.filter_map(|link| fs::read_link(link.ok()?.path()).ok());
    targets.filter_map(|target| {
        let inode = target
            .to_str()?
            .strip_prefix("socket:[")?
            .strip_suffix(']')?;
        inode.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_listening_process_is_found_by_its_address_and_the_address_by_the_process() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let own = std::process::id();
        assert_eq!(who_listens(address), Some(own));
        assert!(addresses_of(&[own]).contains(&address));

        drop(listener);
        assert_eq!(who_listens(address), None);
    }

    #[test]
    fn who_listens_everywhere_listens_here_too_and_who_listens_elsewhere_does_not() {
        let everywhere = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = everywhere.local_addr().unwrap().port();
        let own = std::process::id();
        assert_eq!(who_listens(([127, 0, 0, 1], port).into()), Some(own));

        let elsewhere = TcpListener::bind("127.0.0.2:0").unwrap();
        let port = elsewhere.local_addr().unwrap().port();
        assert_eq!(who_listens(([127, 0, 0, 1], port).into()), None);
    }
}
