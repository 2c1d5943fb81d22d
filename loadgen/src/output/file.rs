//! A result's file: there whole, or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that appears under its name when it is complete.
///
/// It is opened before the load starts, so that a bad path fails in the first second and not
/// after an hour.
#[derive(Debug)]
pub struct ResultFile {
    path: PathBuf,
    file: File,
    /// Where it is written until it is complete; none for a device or pipe.
    temporary: Option<PathBuf>,
}

impl ResultFile {
    /// Makes ready to write `path`.
    ///
    /// # Errors
    ///
    /// The directory does not exist or cannot be written to.
    pub fn create(path: &Path) -> io::Result<Self> {
        let is_special = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
        if is_special {
            return Ok(Self {
                path: path.to_owned(),
                file: OpenOptions::new().write(true).open(path)?,
                temporary: None,
            });
        }
        let temporary = temporary_name(path)?;
        Ok(Self {
            path: path.to_owned(),
            file: File::create(&temporary)?,
            temporary: Some(temporary),
        })
    }

    /// Gives the file, which has been written, its name.
    ///
    /// # Errors
    ///
    /// The disk is full, or the name cannot be given; nothing is left behind then.
    pub fn commit(mut self) -> io::Result<()> {
        if let Some(temporary) = &self.temporary {
            self.file.sync_all()?;
            fs::rename(temporary, &self.path)?;
        }
        self.temporary = None;
        Ok(())
    }
}

impl Write for ResultFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for ResultFile {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // If it cannot be removed there is nobody left to tell.
            let _ = fs::remove_file(temporary);
        }
    }
}

/// Beside the file, since a name can be given only within one file system.
fn temporary_name(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.tmp", std::process::id()));
    Ok(path.with_file_name(hidden))
}

/// Whether something would be lost if `path` were written: a file, also behind a link, or a
/// directory. A device or a pipe is there to be written to.
#[must_use]
pub fn is_taken(path: &Path) -> bool {
    path.is_file() || path.is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    #[test]
    fn a_finished_file_is_there_whole_and_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.json");
        fs::write(&path, "old").unwrap();
        let mut file = ResultFile::create(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        file.write_all(b"new").unwrap();
        file.commit().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(directory.path()), ["run.json"]);
    }

    #[test]
    fn an_unfinished_file_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        drop(ResultFile::create(&directory.path().join("run.json")).unwrap());
        assert!(names(directory.path()).is_empty());
    }

    #[test]
    fn a_full_device_is_an_error() {
        let mut file = ResultFile::create(Path::new("/dev/full")).unwrap();
        let error = file.write_all(b"record").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error_at_once() {
        assert!(ResultFile::create(Path::new("/no/such/place/run.json")).is_err());
    }
}
