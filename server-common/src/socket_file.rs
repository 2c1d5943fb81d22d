//! The file that a UNIX socket's path names.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

/// Longest path of a UNIX socket, in bytes: `sun_path` has 108, and the last ends the text for
/// those who read it as C does (unix(7)).
pub(crate) const PATH_BYTES_MAX: usize = 107;

/// A socket's file, removed when this goes, unless another has taken its place.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: Option<Identity>,
}

/// What makes a file this one and no other: its device and its inode. The inode is not given to
/// another file as long as the socket bound to it is open.
type Identity = (u64, u64);

impl SocketFile {
    /// Of a socket just bound to `path`.
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            identity: identity(path),
        }
    }

    /// A path as an address to bind to.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for one that is longer than [`PATH_BYTES_MAX`].
    pub(crate) fn address(path: &Path) -> io::Result<SockAddr> {
        if path.as_os_str().as_bytes().len() > PATH_BYTES_MAX {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        SockAddr::unix(path)
    }

    /// Removes a socket file that nobody answers on, as a server that was killed leaves it.
    /// Anything else is left for bind to fail on.
    pub(crate) fn remove_left_over(path: &Path) -> io::Result<()> {
        let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
        if is_socket && nobody_listens(path)? {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

impl Drop for SocketFile {
    /// Between the look and the removal another server could still come; there is no system call
    /// that does both.
    fn drop(&mut self) {
        if self.identity.is_some() && identity(&self.path) == self.identity {
            // If it is gone already, so much the better.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> Option<Identity> {
    let file = fs::symlink_metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

/// Without waiting: at a server whose accept queue is full, connecting would.
fn nobody_listens(path: &Path) -> io::Result<bool> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    let connected = socket.connect(&SocketFile::address(path)?);
    Ok(connected.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused))
}
