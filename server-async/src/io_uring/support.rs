//! Whether the system offers what the model is built on, and what is in the way if not.

use std::io;

use anyhow::anyhow;
use rustix::io::Errno;

use super::buffers::Buffers;
use super::ring::Ring;

/// Looks whether the model can run here.
///
/// # Errors
///
/// A line that says what is missing and what to do.
pub fn check() -> anyhow::Result<()> {
    let begin = || -> io::Result<()> {
        let ring = Ring::new()?;
        Buffers::register(&ring).map(drop)
    };
    begin().map_err(|error| explain(&error))
}

/// What an error of the ring's setup means.
pub(super) fn explain(error: &io::Error) -> anyhow::Error {
    let reason = match Errno::from_io_error(error) {
        Some(Errno::NOSYS) => "this kernel has none",
        Some(Errno::PERM | Errno::ACCESS) => {
            "it is forbidden here, by sysctl kernel.io_uring_disabled or the rules of a container"
        }
        Some(Errno::INVAL | Errno::OPNOTSUPP) => "this kernel is older",
        Some(Errno::NOMEM) => "too little memory may be locked, see ulimit -l",
        Some(Errno::MFILE | Errno::NFILE) => {
            return anyhow!("cannot start io_uring: {error}; raise the limit, see ulimit -n");
        }
        _ => return anyhow!("cannot start io_uring: {error}; see --list-models for other models"),
    };
    anyhow!(
        "model io-uring needs Linux 6.0 or later with io_uring enabled ({reason}); \
         choose another model, see --list-models"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_way_is_told_with_what_to_do() {
        let explained = |errno: Errno| explain(&errno.into()).to_string();
        assert_eq!(
            explained(Errno::NOSYS),
            "model io-uring needs Linux 6.0 or later with io_uring enabled (this kernel has none); \
             choose another model, see --list-models"
        );
        for (errno, expected) in [
            (
                Errno::PERM,
                "(it is forbidden here, by sysctl kernel.io_uring_disabled",
            ),
            (Errno::INVAL, "(this kernel is older)"),
            (Errno::OPNOTSUPP, "(this kernel is older)"),
            (Errno::NOMEM, "ulimit -l"),
            (Errno::MFILE, "ulimit -n"),
            (Errno::IO, "see --list-models"),
        ] {
            let text = explained(errno);
            assert!(text.contains(expected), "{errno:?}: {text}");
        }
    }
}
