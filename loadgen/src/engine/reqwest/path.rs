//! The path that reqwest asks for. It reads URLs as browsers do (WHATWG), who write some paths anew:
//! without dot segments, and with more letters encoded than must be.

use crate::plan::Url;

/// What is asked for instead of `path` on the server of `url`, if that is something else.
pub(in crate::engine) fn instead(url: &Url, path: &str) -> Option<String> {
    let read = ::reqwest::Url::parse(&format!("{}{path}", url.origin())).ok()?;
    let asked = match read.query() {
        Some(query) => format!("{}?{query}", read.path()),
        None => read.path().to_owned(),
    };
    (asked != path).then_some(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_left_as_it_is_or_told_as_it_is_asked_for() {
        let url = Url::parse("http://127.0.0.1:8080/").unwrap();
        for path in ["/", "/a/b?c=d&e", "/a%20b", "/a//b", "/?", "/a?b/../c"] {
            assert_eq!(instead(&url, path), None, "{path}");
        }
        for (path, asked) in [
            ("/a/../b", "/b"),
            ("/a/./b", "/a/b"),
            ("/a/%2e%2e/b", "/b"),
            ("/{a}", "/%7Ba%7D"),
            ("/a?b=\"c\"", "/a?b=%22c%22"),
        ] {
            assert_eq!(instead(&url, path).as_deref(), Some(asked), "{path}");
        }
    }
}
