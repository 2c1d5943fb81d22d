//! Why a place cannot be listened on, and what to do about it.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::fs::{Access, access};
use rustix::io::Errno;

use crate::listener::Address;
use crate::socket_file::PATH_BYTES_MAX;

/// A place that cannot be listened on; its `Display` says which, why, and what to do.
#[derive(Debug)]
pub struct BindError {
    pub(crate) address: Address,
    pub(crate) error: io::Error,
}

impl std::error::Error for BindError {}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_out_of_descriptors = matches!(
            Errno::from_io_error(&self.error),
            Some(Errno::MFILE | Errno::NFILE)
        );
        let (place, (why, advice)) = match &self.address {
            Address::Tcp(address) => (address.to_string(), of_tcp(*address, &self.error)),
            Address::Unix(path) => (path.display().to_string(), of_unix(path, &self.error)),
        };
        let why = why.unwrap_or_else(|| in_a_sentence(&self.error));
        let advice = match is_out_of_descriptors {
            true => "raise the limit on descriptors, see ulimit -n",
            false => advice,
        };
        write!(f, "cannot listen on {place}: {why}; {advice}")
    }
}

/// What the system's own words would not say, and the next step.
type Explanation = (Option<String>, &'static str);

fn of_tcp(address: SocketAddr, error: &io::Error) -> Explanation {
    let advice = match error.kind() {
        ErrorKind::AddrInUse => "choose another with --listen, or port 0 to have one picked",
        ErrorKind::PermissionDenied => {
            "ports below 1024 are for root, choose another with --listen"
        }
        ErrorKind::AddrNotAvailable => match address.is_ipv4() {
            true => "name an address of this machine with --listen, or 0.0.0.0 for all of them",
            false => "name an address of this machine with --listen, or [::] for all of them",
        },
        _ => "choose another with --listen",
    };
    (None, advice)
}

fn of_unix(path: &Path, error: &io::Error) -> Explanation {
    match error.kind() {
        ErrorKind::AddrInUse => of_path_in_use(path),
        ErrorKind::InvalidInput if path.as_os_str().len() > PATH_BYTES_MAX => {
            let bytes = path.as_os_str().as_bytes().len();
            let why =
                format!("the path has {bytes} bytes, a UNIX socket's at most {PATH_BYTES_MAX}");
            (Some(why), "choose a shorter one with --unix")
        }
        ErrorKind::NotFound => (
            None,
            "create the directory first, or choose another path with --unix",
        ),
        ErrorKind::PermissionDenied => (
            None,
            "choose a directory with --unix in which this user may make files",
        ),
        _ => (None, "choose another path with --unix"),
    }
}

/// To bind(2) whatever is there already is an address in use.
fn of_path_in_use(path: &Path) -> Explanation {
    let (why, advice) = match fs::symlink_metadata(path).map(|file| file.file_type()) {
        Ok(kind) if kind.is_socket() && !may_be_asked(path) => (
            "another user's socket is there",
            "remove it if no server listens on it, or choose another path with --unix",
        ),
        Ok(kind) if kind.is_dir() => (
            "it is a directory",
            "name a file in it, which must not exist yet, with --unix",
        ),
        Ok(kind) if !kind.is_socket() => (
            "a file that is no socket is there",
            "remove it, or choose another path with --unix",
        ),
        _ => (
            "another server listens there",
            "stop it, or choose another path with --unix",
        ),
    };
    (Some(why.to_owned()), advice)
}

/// Whether connecting, which takes the right to write, can tell if somebody listens there.
fn may_be_asked(path: &Path) -> bool {
    access(path, Access::WRITE_OK).is_ok()
}

/// The system's words in the middle of a sentence, where the library's text begins one.
fn in_a_sentence(error: &io::Error) -> String {
    let mut words = error.to_string();
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    words
}
