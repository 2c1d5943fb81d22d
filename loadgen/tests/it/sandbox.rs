//! A network and a view of the file system that one test has to itself: it may
//! narrow the range of local ports, fill the accept queue, rewrite /etc/hosts
//! or fill a disk, and no other test is the wiser.
//!
//! Linux namespaces belong to threads: what runs on the thread that made them,
//! and whatever threads and processes it starts, lives in them
//! (namespaces(7)). They end with the last of these.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::thread::{UnshareFlags, unshare_unsafe};
use socket2::{Domain, Socket, Type};

use crate::needs::lacking;

/// Longest wait for a counter of the kernel: beyond it something hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// Pause between two looks at a counter.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// `IFF_UP`, as the file of a device's flags takes it (netdevice(7)).
const UP: &str = "0x1";

/// The namespaces of the calling thread.
pub(crate) struct Sandbox(());

impl Sandbox {
    /// Runs `test` in namespaces of its own, with a loopback device that is up. To make them takes
    /// root's capabilities.
    pub(crate) fn run(test: impl FnOnce(&Self) + Send) {
        let in_namespaces = || match unshare(UnshareFlags::NEWNET | UnshareFlags::NEWNS) {
            Ok(()) => test(&Self::furnish()),
            Err(error) => lacking(&format!("network namespaces ({error}): test as root")),
        };
        let ended = thread::scope(|scope| scope.spawn(in_namespaces).join());
        if let Err(panic) = ended {
            std::panic::resume_unwind(panic);
        }
    }

    fn furnish() -> Self {
        // Or what is mounted here would be seen outside as well.
        call("mount", &["--make-rprivate", "/"]);
        // This network's devices, of which there is one.
        call("mount", &["-t", "sysfs", "sysfs", "/sys"]);
        fs::write("/sys/class/net/lo/flags", UP).expect("a loopback device");
        Self(())
    }

    /// Sets a kernel parameter of this network: `net.ipv4.tcp_tw_reuse`.
    pub(crate) fn set(&self, parameter: &str, value: &str) {
        let path = Path::new("/proc/sys").join(parameter.replace('.', "/"));
        fs::write(&path, value).unwrap_or_else(|error| panic!("{parameter} = {value}: {error}"));
    }

    /// Replaces the text of a file that is there.
    pub(crate) fn replace(&self, path: &str, text: &str) {
        let replacement = tempfile::NamedTempFile::new().unwrap();
        fs::write(&replacement, text).unwrap();
        let source = replacement.path().to_str().unwrap();
        // The mount holds the file, whose name may go.
        call("mount", &["--bind", source, path]);
    }

    /// Makes `path` a disk of `bytes`.
    pub(crate) fn mount_disk(&self, path: &Path, bytes: u64) {
        let (size, path) = (format!("size={bytes}"), path.to_str().unwrap());
        call("mount", &["-t", "tmpfs", "-o", &size, "tmpfs", path]);
    }

    /// A listener of whose accept queue no place is left, and the connection that has the only one. What
    /// connects now hears nothing until that is accepted.
    pub(crate) fn full_listener(&self) -> (TcpListener, TcpStream) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        socket.bind(&any_port.into()).unwrap();
        // The kernel takes one connection more than it is asked for.
        socket.listen(0).unwrap();
        let listener = TcpListener::from(socket);
        let only_place = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (listener, only_place)
    }

    /// What the kernel has counted in this network, such as `TcpExt` `ListenOverflows`.
    pub(crate) fn counter(&self, protocol: &str, name: &str) -> u64 {
        let files = [
            "/proc/thread-self/net/snmp",
            "/proc/thread-self/net/netstat",
        ];
        let texts = files.map(|file| fs::read_to_string(file).unwrap());
        // A line of names, then a line of numbers.
        let mut rows = texts.iter().flat_map(|text| text.lines()).filter(|line| {
            line.strip_prefix(protocol)
                .is_some_and(|rest| rest.starts_with(':'))
        });
        let (Some(names), Some(numbers)) = (rows.next(), rows.next()) else {
            panic!("the kernel does not count {protocol}");
        };
        let mut columns = names.split(' ').zip(numbers.split(' '));
        let (_, number) = columns
            .find(|(column, _)| *column == name)
            .unwrap_or_else(|| panic!("the kernel does not count {name}"));
        number.parse().unwrap()
    }

    /// Blocks until the kernel has counted `least`.
    pub(crate) fn wait_for_counter(&self, protocol: &str, name: &str, least: u64) {
        let started = Instant::now();
        while self.counter(protocol, name) < least {
            let waited = started.elapsed();
            assert!(waited < PATIENCE, "waited in vain for {least} of {name}");
            thread::sleep(LOOK_AGAIN);
        }
    }
}

#[allow(unsafe_code)] // rustix marks unshare(2) unsafe for the sake of descriptors.
fn unshare(namespaces: UnshareFlags) -> rustix::io::Result<()> {
    // SAFETY: the table of descriptors, which is what the call could take from under another
    // thread, stays shared.
    unsafe { unshare_unsafe(namespaces) }
}

fn call(program: &str, args: &[&str]) {
    let output = Command::new(program).args(args).output();
    let output = output.unwrap_or_else(|error| panic!("{program} is missing: {error}"));
    assert!(output.status.success(), "{program} {args:?}: {output:?}");
}
