//! What becomes of characters that mean something to a browser, or mislead who reads.

use std::borrow::Cow;
use std::fmt::Write;

/// Where a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Between tags.
    Content,
    /// In an attribute, between double quotes.
    Attribute,
}

/// Adds `text` to `out`, so that a browser shows it as it is. Characters that are not seen are
/// shown by their number: a name must not hide a part of itself, turn round the words
/// beside it (Trojan Source, CVE-2021-42574) or end the page.
pub(super) fn escape(out: &mut String, text: &str, place: Place) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if place == Place::Attribute => out.push_str("&quot;"),
            '\n' | '\t' => out.push(character),
            _ if is_misleading(character) => {
                // Writing to a String cannot fail.
                let _ = write!(out, "⟨U+{:04X}⟩", u32::from(character));
            }
            _ => out.push(character),
        }
    }
}

/// Longest word that is shown whole, in characters: a sentence stays one, however long the names in
/// it are.
const WORD_LENGTH_MAX: usize = 100;

/// A text of more than `limit` characters, or with words that are too long, without what is too
/// much, which an ellipsis stands for; none if there is nothing too much.
pub(super) fn shortened(text: &str, limit: usize) -> Option<String> {
    let cut_word = |word| cut(word, WORD_LENGTH_MAX).map_or(Cow::Borrowed(word), Cow::Owned);
    let words: Vec<_> = text.split(' ').map(cut_word).collect();
    let has_long_words = words.iter().any(|word| matches!(word, Cow::Owned(_)));
    let text = words.join(" ");
    cut(&text, limit).or_else(|| has_long_words.then_some(text))
}

/// The first characters of a text of more than `limit`, with an ellipsis as the last.
fn cut(text: &str, limit: usize) -> Option<String> {
    let (end, _) = text.char_indices().nth(limit.saturating_sub(1))?;
    let has_more = text[end..].chars().nth(1).is_some();
    has_more.then(|| format!("{}…", &text[..end]))
}

/// Whether it changes the direction of its neighbours, or takes no place.
fn is_misleading(character: char) -> bool {
    matches!(character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'             // control characters
        | '\u{61c}' | '\u{200b}' | '\u{200e}'..='\u{200f}' // marks of direction
        | '\u{2028}'..='\u{202e}'                       // separators, embeddings, overrides
        | '\u{2060}'..='\u{206f}'                       // joiners, isolates
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}'          // byte order mark, annotations
        | '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}' // no characters at all
        | '\u{e0000}'..='\u{e007f}') // tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn escaped(text: &str, place: Place) -> String {
        let mut out = String::new();
        escape(&mut out, text, place);
        out
    }

    #[test]
    fn markup_is_text() {
        let text = "<script>\"it's\" & more</script>";
        assert_eq!(
            escaped(text, Place::Content),
            "&lt;script&gt;\"it's\" &amp; more&lt;/script&gt;"
        );
        assert!(!escaped(text, Place::Attribute).contains('"'));
    }

    #[test]
    fn what_is_not_seen_is_shown() {
        assert_eq!(
            escaped("a\0b\x1b\x7f\u{202e}c\u{85}", Place::Content),
            "a⟨U+0000⟩b⟨U+001B⟩⟨U+007F⟩⟨U+202E⟩c⟨U+0085⟩"
        );
        assert_eq!(escaped("two\nlines\t", Place::Content), "two\nlines\t");
        assert_eq!(escaped("naïve 名前 👩‍🚀", Place::Content), "naïve 名前 👩‍🚀");
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(shortened("äöü", 3), None);
        assert_eq!(shortened("äöüß", 3).as_deref(), Some("äö…"));
        assert_eq!(shortened("", 3), None);
    }

    #[test]
    fn a_sentence_with_a_long_word_is_still_a_sentence() {
        let name = "n".repeat(1_000);
        let short = shortened(&format!("{name} served more than {name}"), 600).unwrap();
        assert!(short.contains("n… served more than n"), "{short}");
        assert_eq!(short.matches('…').count(), 2);
    }

    proptest! {
        #[test]
        fn no_text_can_open_a_tag_or_end_an_attribute(text in any::<String>()) {
            prop_assert!(!escaped(&text, Place::Content).contains(['<', '>']));
            prop_assert!(!escaped(&text, Place::Attribute).contains(['<', '>', '"', '\0']));
        }
    }
}
