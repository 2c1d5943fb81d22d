//! A file to import: its path and its text.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::ImportError;

/// A summary has some kilobytes; wrk2's list of percentiles has tens. What is longer is a log.
pub(super) const BYTES_MAX: u64 = 16 << 20;

/// A tool's file.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// Reads the file; `-` is stdin.
    ///
    /// # Errors
    ///
    /// It cannot be read, is no UTF-8, or is over 16 MiB long.
    pub fn read(path: &Path) -> Result<Self, ImportError> {
        let mut text = String::new();
        let read = match path == Path::new("-") {
            true => io::stdin().take(BYTES_MAX + 1).read_to_string(&mut text),
            false => {
                File::open(path).and_then(|file| file.take(BYTES_MAX + 1).read_to_string(&mut text))
            }
        };
        let path = path.to_owned();
        match read {
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                Err(ImportError::NoText { path })
            }
            Err(source) => Err(ImportError::Read { path, source }),
            Ok(length) if length as u64 > BYTES_MAX => Err(ImportError::TooLong { path }),
            Ok(_) => Ok(Self { path, text }),
        }
    }

    /// What it was read from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// A number that other contents hardly have (FNV-1a of 64 bits), the same on every machine.
    pub(super) fn fingerprint(&self) -> u64 {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        self.text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
    }

    #[cfg(test)]
    pub(super) fn of(text: impl Into<String>) -> Self {
        Self {
            path: PathBuf::from("run.txt"),
            text: text.into(),
        }
    }
}
