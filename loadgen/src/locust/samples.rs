//! `--samples`: every request of a test as a row, in a file of its own.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};

use crate::engine::samples::{Batch, Samples};
use crate::output::SamplesCsv;
use crate::plan::Plan;

/// Longest part of a run's name in that of a file.
const NAME_MAX: usize = 100;

/// The file of one test, which a thread of its own writes: the load does not wait for a disk.
pub(super) struct SamplesFile {
    path: PathBuf,
    thread: JoinHandle<io::Result<()>>,
}

impl SamplesFile {
    /// Begins `DIRECTORY/INDEX.RUN_ID.csv`. It is whole when all copies of the [`Samples`] are gone.
    ///
    /// # Errors
    ///
    /// One line that names the file that cannot be written, or says that there is no thread.
    pub(super) fn begin(
        directory: &Path,
        index: u64,
        run_id: &str,
        plan: &Plan,
    ) -> Result<(Self, Samples), String> {
        let path = directory.join(format!("{index}.{}.csv", file_name(run_id)));
        let file = fs::create_dir_all(directory).and_then(|()| File::create(&path));
        let file = file.map_err(|error| trouble(&path, &error))?;
        let (samples, batches) = Samples::channel();
        let format = SamplesCsv::new(plan);
        let thread = thread::Builder::new()
            .name("samples".to_owned())
            .spawn(move || write(BufWriter::new(file), &format, &batches))
            .map_err(|error| format!("cannot start a thread that writes samples: {error}"))?;
        Ok((Self { path, thread }, samples))
    }

    /// Waits for the last row.
    ///
    /// # Errors
    ///
    /// One line that names the file that could not be written.
    pub(super) fn finish(self) -> Result<(), String> {
        let written = self.thread.join();
        let written = written.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        written.map_err(|error| trouble(&self.path, &error))
    }
}

fn write(
    mut out: BufWriter<File>,
    format: &SamplesCsv,
    batches: &Receiver<Batch>,
) -> io::Result<()> {
    let written = format.write_heading(&mut out).and_then(|()| {
        let mut samples = batches.iter().flatten();
        samples.try_for_each(|sample| format.write_row(&mut out, &sample))
    });
    // Nobody who sends should be held up by a disk that is full.
    batches.iter().for_each(drop);
    written.and_then(|()| out.flush())
}

/// What of a name that came by network can stand in that of a file.
fn file_name(run_id: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let letters = run_id.chars().take(NAME_MAX);
    letters
        .map(|letter| if is_plain(letter) { letter } else { '_' })
        .collect()
}

fn trouble(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    format!("cannot write {path}: {error}; choose another --samples, or make room")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locust::options::{Capacity, Options};

    #[test]
    fn a_run_cannot_choose_another_directory() {
        assert_eq!(
            file_name("20261121T212712Z-400133f9"),
            "20261121T212712Z-400133f9"
        );
        assert_eq!(file_name("../../etc/passwd\n"), ".._.._etc_passwd_");
        assert_eq!(file_name(&"x".repeat(1000)).len(), NAME_MAX);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let capacity = Capacity {
            users_max: 1,
            threads: 1,
            cores: None,
        };
        let plan = Options::default().plan(Some("http://127.0.0.1:9"), &capacity);
        let Err(line) = SamplesFile::begin(Path::new("/dev/null"), 3, "run", &plan.unwrap()) else {
            panic!("it was written");
        };
        assert!(
            line.starts_with("cannot write /dev/null/3.run.csv: "),
            "{line}"
        );
    }
}
