//! Text in a drawing: escaped, shortened, and about as wide as it will be.

/// The text as XML has it. Characters that XML does not allow, and those that turn the direction of
/// writing, are shown as `�`.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other if is_unfit(other) => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The text, or as much of it as fits into this width at this size, with `…` at its end.
#[must_use]
pub fn shortened(text: &str, width: f64, size: f64) -> String {
    if width_of(text, size) <= width {
        return text.to_owned();
    }
    let mut room = width - advance('…') * size;
    let fitting = text.chars().take_while(|&character| {
        room -= advance(character) * size;
        room >= 0.0
    });
    let mut short: String = fitting.collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// How much wider letters of a title are, which are bold.
pub const BOLD: f64 = 1.12;

/// About how wide the text is. The font is the reader's own, so this is on the generous side.
#[must_use]
pub fn width_of(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

/// Width of a character as a share of the letters' size.
fn advance(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '|' | '\'' | '!' | ' ' => 0.32,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' | '—' => 0.95,
        '0'..='9' => 0.64,
        'a'..='z' | '-' | '/' | '(' | ')' => 0.6,
        '<' | '>' | '=' | '+' | '−' | '×' | '±' | '~' | '^' | '#' | '&' => 0.84,
        'A'..='Z' => 0.72,
        // Wide scripts.
        '\u{1100}'.. => 1.05,
        _ => 0.65,
    }
}

fn is_unfit(character: char) -> bool {
    let turns_direction = matches!(
        character,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    character.is_control() || turns_direction || matches!(character, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_is_markup() {
        let hostile = "<script>\"&'\u{0}\u{202e}";
        let shown = "&lt;script&gt;&quot;&amp;&#39;\u{fffd}\u{fffd}";
        assert_eq!(escaped(hostile), shown);
    }

    #[test]
    fn a_long_name_is_cut_to_its_place() {
        let long = "x".repeat(10_000);
        let short = shortened(&long, 100.0, 13.0);
        assert!(short.ends_with('…') && width_of(&short, 13.0) <= 100.0);
        assert!(short.chars().count() > 10, "{short}");
        assert_eq!(shortened("epoll", 100.0, 13.0), "epoll");
        assert_eq!(shortened("epoll", 0.0, 13.0), "…");
    }
}
