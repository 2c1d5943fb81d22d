//! A file that is read whole before the run.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Most that is read of one: a body of this size is held in memory once, and whatever never ends,
/// such as `/dev/zero`, ends here.
const BYTES_MAX: u64 = 1 << 28;

/// The bytes of `path`, which `flag` named.
///
/// # Errors
///
/// One line that names the file and the flag.
pub fn read_file(path: &Path, flag: &str) -> Result<Vec<u8>, String> {
    let name = path.display();
    let bytes = read_at_most(path, BYTES_MAX)
        .map_err(|error| format!("cannot read {name}: {error}; check {flag}"))?;
    bytes.ok_or_else(|| format!("{name} has over {BYTES_MAX} bytes; give {flag} a smaller file"))
}

/// `None` if there are more than `bytes_max`.
fn read_at_most(path: &Path, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(bytes_max + 1)
        .read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= bytes_max).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_not_read_for_ever() {
        assert_eq!(read_at_most(Path::new("/dev/zero"), 1000).unwrap(), None);
        assert_eq!(
            read_at_most(Path::new("/dev/null"), 0).unwrap(),
            Some(Vec::new())
        );
    }
}
