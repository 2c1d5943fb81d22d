//! Connections beside the load: what a server has to bear while it is measured.

use super::url::Url;

/// Most connections of each kind: more than machines have memory for, and a slip of the finger is
/// told at once.
pub const BACKGROUND_MAX: usize = 1_000_000;

/// Connections that are opened before the load and held until its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Background {
    /// Each asks for one answer, takes it, and then keeps silent.
    pub idle: usize,
    /// Each asks for large answers and takes them slowly.
    pub slow_readers: usize,
    /// What slow readers ask for; none: what the load asks for.
    pub slow_path: Option<String>,
}

impl Background {
    /// Connections of both kinds.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.idle + self.slow_readers
    }
}

/// A path with its query, as a request line has it.
///
/// # Errors
///
/// What is wrong with it, and how a path is written.
pub fn path(text: &str) -> Result<String, String> {
    let url = Url::parse(&format!("http://localhost{text}"));
    match url {
        Ok(url) if text.starts_with('/') && url.path == text => Ok(url.path),
        _ => Err("a path begins with / and has no space, such as /bytes/1048576".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_as_it_is_or_not_at_all() {
        for good in ["/", "/bytes/1048576", "/a?b=c"] {
            assert_eq!(path(good), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "bytes",
            "http://other/",
            "/a b",
            ":80/",
            "@other/",
            "/\r\n",
        ] {
            let error = path(bad).unwrap_err();
            assert!(error.contains("begins with /"), "{bad}: {error}");
        }
    }
}
