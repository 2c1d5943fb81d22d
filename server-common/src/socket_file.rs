//! The file that a UNIX socket's path names.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// A socket's file, removed when this goes.
#[derive(Debug)]
pub(crate) struct SocketFile(PathBuf);

impl SocketFile {
    /// Of a socket just bound to `path`.
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Removes a socket file that nobody answers on, as a server that was killed leaves it.
    /// Anything else is left for bind to fail on.
    pub(crate) fn remove_left_over(path: &Path) -> io::Result<()> {
        let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
        let refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
        if is_socket && UnixStream::connect(path).is_err_and(refused) {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // If it is gone already, so much the better.
        let _ = fs::remove_file(&self.0);
    }
}
