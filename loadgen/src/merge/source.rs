//! The files that records are read from, twice.

use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::MergeError;
use super::roll::Entry;
use crate::compare::record_files;
use crate::record::{ReadError, Record};

/// Read at a time.
const READ_BYTES: usize = 1 << 16;

/// All that was given.
#[derive(Debug)]
pub struct Sources {
    sources: Vec<Source>,
    /// The one that was read last.
    open: Option<(usize, File)>,
}

/// A file or a stream.
#[derive(Debug)]
struct Source {
    name: Arc<str>,
    contents: Contents,
}

#[derive(Debug)]
enum Contents {
    /// A file on a disk, which can be read again.
    File(PathBuf),
    /// What a pipe brought, which cannot.
    Memory(Vec<u8>),
}

/// A source that is being read.
pub(super) struct Opened<'a> {
    pub(super) index: usize,
    pub(super) name: Arc<str>,
    pub(super) reader: BufReader<Box<dyn Read + 'a>>,
}

/// Where a record is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) source: usize,
    pub(super) start: u64,
    pub(super) length: usize,
}

impl Sources {
    /// Files, directories, whose files that end in `.json` are meant, and `-`, which is stdin.
    ///
    /// # Errors
    ///
    /// One line that names what cannot be read, or a directory without such files.
    pub fn open(paths: &[PathBuf]) -> Result<Self, MergeError> {
        let mut sources = Vec::new();
        for path in paths {
            if path.is_dir() {
                let files = record_files(path).map_err(|error| unreadable(path, error))?;
                if files.is_empty() {
                    return Err(MergeError::NoFiles(path.display().to_string()));
                }
                sources.extend(files.into_iter().map(Source::file));
            } else {
                sources.push(Source::open(path)?);
            }
        }
        Ok(Self {
            sources,
            open: None,
        })
    }

    /// Each, to be read from its beginning.
    pub(super) fn readers(&self) -> impl Iterator<Item = Result<Opened<'_>, MergeError>> {
        let sources = self.sources.iter().enumerate();
        sources.map(|(index, source)| {
            Ok(Opened {
                index,
                name: source.name.clone(),
                reader: BufReader::with_capacity(READ_BYTES, source.reader()?),
            })
        })
    }

    /// What is there.
    pub(super) fn record(&mut self, entry: &Entry) -> Result<Record, MergeError> {
        let changed = |_| MergeError::Changed(entry.origin.clone());
        let bytes = self.bytes(&entry.span).map_err(changed)?;
        let path = PathBuf::from(entry.origin.to_string());
        let text =
            String::from_utf8(bytes).map_err(|_| ReadError::NoText { path: path.clone() })?;
        let record = Record::parse(&text, &path)?;
        match record.id == entry.id {
            true => Ok(record),
            false => Err(changed(())),
        }
    }

    fn bytes(&mut self, span: &Span) -> Result<Vec<u8>, ()> {
        let mut bytes = vec![0; span.length];
        match &self.sources[span.source].contents {
            Contents::Memory(memory) => {
                let mut reader = Cursor::new(memory);
                reader.set_position(span.start);
                reader.read_exact(&mut bytes).map_err(drop)?;
            }
            Contents::File(path) => {
                let mut file = match self.open.take() {
                    Some((index, file)) if index == span.source => file,
                    _ => File::open(path).map_err(drop)?,
                };
                file.seek(SeekFrom::Start(span.start)).map_err(drop)?;
                file.read_exact(&mut bytes).map_err(drop)?;
                self.open = Some((span.source, file));
            }
        }
        Ok(bytes)
    }
}

impl Source {
    fn open(path: &Path) -> Result<Self, MergeError> {
        let kept = |name: &str, mut reader: Box<dyn Read>| {
            let mut bytes = Vec::new();
            let read = reader.read_to_end(&mut bytes);
            read.map_err(|error| unreadable(path, error))?;
            Ok(Self {
                name: name.into(),
                contents: Contents::Memory(bytes),
            })
        };
        if path == Path::new("-") {
            return kept("stdin", Box::new(io::stdin()));
        }
        let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
        match metadata.is_file() {
            true => Ok(Self::file(path.to_owned())),
            false => {
                let file = File::open(path).map_err(|error| unreadable(path, error))?;
                kept(&path.to_string_lossy(), Box::new(file))
            }
        }
    }

    fn file(path: PathBuf) -> Self {
        Self {
            name: path.to_string_lossy().into(),
            contents: Contents::File(path),
        }
    }

    fn reader(&self) -> Result<Box<dyn Read + '_>, MergeError> {
        Ok(match &self.contents {
            Contents::Memory(bytes) => Box::new(bytes.as_slice()),
            Contents::File(path) => {
                Box::new(File::open(path).map_err(|error| unreadable(path, error))?)
            }
        })
    }
}

fn unreadable(path: &Path, source: io::Error) -> MergeError {
    MergeError::Input {
        name: path.display().to_string(),
        source,
    }
}
