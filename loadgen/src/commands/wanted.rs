//! A file that was asked for: opened before the work, so that a bad path fails in the first second,
//! and there under its name once it is whole.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::output::ResultFile;

/// A file and its path.
pub(super) struct Wanted {
    path: PathBuf,
    file: BufWriter<ResultFile>,
}

impl Wanted {
    /// Opens the file, if there is to be one; `flag` is what named it.
    ///
    /// # Errors
    ///
    /// One line that names the file that cannot be written, and its flag.
    pub(super) fn open(path: &Option<PathBuf>, flag: &str) -> Result<Option<Self>, String> {
        let Some(path) = path else {
            return Ok(None);
        };
        match ResultFile::create(path) {
            Ok(file) => Ok(Some(Self {
                path: path.clone(),
                file: BufWriter::new(file),
            })),
            Err(error) => {
                let path = path.display();
                Err(format!(
                    "cannot write {path}: {error}; choose another {flag}"
                ))
            }
        }
    }

    /// Writes it whole.
    ///
    /// # Errors
    ///
    /// One line that names it and says why it could not be written.
    pub(super) fn write(mut self, contents: &str) -> Result<(), String> {
        self.fill(|out| out.write_all(contents.as_bytes()))?;
        self.commit()
    }

    /// Has `write` write what is to be in the file.
    ///
    /// # Errors
    ///
    /// One line that names the file. Nothing of a file that is not committed is left behind.
    pub(super) fn fill(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), String> {
        let filled = write(&mut self.file).and_then(|()| self.file.flush());
        filled.map_err(|error| trouble(&self.path, &error))
    }

    /// Gives the file its name.
    ///
    /// # Errors
    ///
    /// One line that names it.
    pub(super) fn commit(self) -> Result<(), String> {
        let Self { path, file } = self;
        let committed = file.into_inner().map_err(io::Error::from);
        let committed = committed.and_then(ResultFile::commit);
        committed.map_err(|error| trouble(&path, &error))
    }
}

fn trouble(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    format!("cannot write {path}: {error}; make room and run again")
}
