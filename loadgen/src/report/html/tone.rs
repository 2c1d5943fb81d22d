//! How a meaning is shown: a sign and a word, and a colour besides.

use super::markup::Markup;
use crate::report::Tone;

/// How a tone looks and sounds; nothing for one that is plain.
struct Look {
    class: &'static str,
    sign: &'static str,
    word: &'static str,
}

fn look(tone: Tone) -> Option<Look> {
    let (class, sign, word) = match tone {
        Tone::Plain => return None,
        Tone::Better => ("tone-better", "▲", "better"),
        Tone::Worse => ("tone-worse", "▼", "worse"),
        Tone::Open => ("tone-open", "◇", "undecided"),
        Tone::Invalid => ("tone-invalid", "✕", "not to be believed"),
    };
    Some(Look { class, sign, word })
}

/// The class of an element that is meant so.
pub(super) fn class(tone: Tone) -> &'static str {
    look(tone).map_or("tone-plain", |look| look.class)
}

/// Writes the sign, in front of what is meant so; a screen reader says the word.
pub(super) fn sign(out: &mut Markup, tone: Tone) {
    let Some(Look { sign, word, .. }) = look(tone) else {
        return;
    };
    let attributes = [
        ("class", "sign"),
        ("role", "img"),
        ("aria-label", word),
        ("title", word),
    ];
    out.line("span", &attributes, sign);
}
