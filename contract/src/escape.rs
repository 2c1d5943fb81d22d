//! Bytes as text that survives editors, terminals and version control.

/// One line of text for each line of `bytes`, each begun with `prefix`, the
/// line's own ending shown as `\r\n`: what is not shown was not there.
pub(crate) fn lines(prefix: &str, bytes: &[u8]) -> String {
    bytes
        .split_inclusive(|&byte| byte == b'\n')
        .map(|line| format!("{prefix}{}\n", readable(line)))
        .collect()
}

/// `bytes` in one line, with control characters and non-ASCII escaped but
/// quotes, which HTTP is full of, left alone.
pub(crate) fn readable(bytes: &[u8]) -> String {
    let escaped = bytes.escape_ascii().to_string();
    escaped.replace("\\'", "'").replace("\\\"", "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_an_end_shows_none() {
        assert_eq!(
            lines("< ", b"a: \"b\"\r\n\0end"),
            "< a: \"b\"\\r\\n\n< \\x00end\n"
        );
    }
}
