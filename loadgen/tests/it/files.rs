//! Files for one test, and paths as the command line takes them.

use std::fs;
use std::path::Path;

use tempfile::NamedTempFile;

/// A file with these contents, which goes with its test.
pub(crate) fn file_with(contents: impl AsRef<[u8]>) -> NamedTempFile {
    let file = NamedTempFile::new().expect("a file");
    fs::write(&file, contents).expect("room for it");
    file
}

/// A path as the command line takes it.
pub(crate) fn text(path: &(impl AsRef<Path> + ?Sized)) -> &str {
    let path = path.as_ref();
    path.to_str().expect("a path of characters")
}
