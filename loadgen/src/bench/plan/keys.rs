//! Flags as a plan calls them.

/// Letters of flags, and the keys that stand for them.
const LETTERS: [(&str, &str); 3] = [
    ("-c", "connections"),
    ("-n", "requests"),
    ("-k", "keep_alive"),
];

/// What is said of flags, said of keys: `--expect-status` is `expect_status`, `-c` is `connections`.
pub(super) fn in_keys(text: &str) -> String {
    let words = text.split_inclusive([' ', ',', ';']).map(|piece| {
        let end = piece.trim_end_matches([' ', ',', ';']).len();
        let (word, gap) = piece.split_at(end);
        let letter = LETTERS.iter().find(|(letter, _)| *letter == word);
        match (letter, word.strip_prefix("--")) {
            (Some((_, key)), _) => format!("{key}{gap}"),
            (None, Some("max-in-flight")) => format!("connections{gap}"),
            (None, Some(flag)) => format!("{}{gap}", flag.replace('-', "_")),
            (None, None) => piece.to_owned(),
        }
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_called_as_keys_and_other_words_stay() {
        for (text, keys) in [
            (
                "-c 4 is larger than -n 2; raise -n",
                "connections 4 is larger than requests 2; raise requests",
            ),
            ("add -k, or drop it", "add keep_alive, or drop it"),
            (
                "--engine reqwest-blocking does not",
                "engine reqwest-blocking does not",
            ),
            ("raise --max-in-flight to 9", "raise connections to 9"),
            ("--connect-timeout  x", "connect_timeout  x"),
            ("", ""),
        ] {
            assert_eq!(in_keys(text), keys);
        }
    }
}
