//! Many records in one file: a line of JSON each, compressed (gzip, RFC 1952), without the
//! histograms, which are four fifths of a record. All else is kept.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::{Histograms, ReadError, Record};

/// The file's bytes.
///
/// # Panics
///
/// Never: records are plain data, and memory takes every byte.
#[must_use]
pub fn pack(records: &[Record]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for record in records {
        let record = Record {
            histograms: Histograms::default(),
            ..record.clone()
        };
        let mut line = serde_json::to_vec(&record).expect("a record is plain data");
        line.push(b'\n');
        encoder.write_all(&line).expect("memory takes every byte");
    }
    encoder.finish().expect("memory takes every byte")
}

impl Record {
    /// Reads the records of a file that [`pack`] made.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or a line of it is no record; the message names the file.
    pub fn read_packed(path: &Path) -> Result<Vec<Self>, ReadError> {
        let failed = |source| ReadError::File {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        let lines = BufReader::new(MultiGzDecoder::new(file)).lines();
        lines
            .map(|line| Self::parse(&line.map_err(failed)?, path))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::sample::sample;

    fn write(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    #[test]
    fn what_is_packed_is_read_again_but_for_the_histograms() {
        let mut record = sample();
        record.histograms.total = Some("AAAA".to_owned());
        let file = write(&pack(&[record.clone(), sample()]));
        let expected = [sample(), sample()];
        assert_eq!(Record::read_packed(file.path()).unwrap(), expected);
        assert_eq!(Record::read_packed(write(&pack(&[])).path()).unwrap(), []);
    }

    #[test]
    fn what_is_damaged_is_named() {
        let whole = pack(&[sample(), sample()]);
        for bytes in [&whole[..whole.len() / 2], b"{}\n", &[0x1f, 0x8b]] {
            let file = write(bytes);
            let error = Record::read_packed(file.path()).unwrap_err().to_string();
            let name = file.path().display().to_string();
            assert!(error.starts_with(&name), "{error}");
        }
    }
}
