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
        Tone::Kept => ("tone-better", "✓", "limit kept"),
        Tone::Broken => ("tone-worse", "!", "limit not kept"),
    };
    Some(Look { class, sign, word })
}

/// The class of an element that is meant so.
pub(super) fn class(tone: Tone) -> &'static str {
    look(tone).map_or("tone-plain", |look| look.class)
}

/// Names that are shown whole beside a sign.
const WHO_LENGTH_MAX: usize = 60;

/// Writes the sign in front of what is meant so, and who it is that is better or worse, if that is
/// given; without that a screen reader says the word.
pub(super) fn sign(out: &mut Markup, tone: Tone, who: &str) {
    let Some(Look { sign, word, .. }) = look(tone) else {
        return;
    };
    if !who.is_empty() {
        return out.element("span", &[("class", "badge")], |out| {
            out.line("span", &[("class", "sign"), ("aria-hidden", "true")], sign);
            out.short(who, WHO_LENGTH_MAX);
            out.text(&format!(" {word}: "));
        });
    }
    let attributes = [
        ("class", "sign"),
        ("role", "img"),
        ("aria-label", word),
        ("title", word),
    ];
    out.line("span", &attributes, sign);
}
