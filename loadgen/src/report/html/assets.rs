//! Style and script, in the page itself, and the policy that lets a browser take these and
//! nothing else.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How the page looks.
pub(super) const STYLE: &str = include_str!("assets/style.css");
/// Takes the theme that was chosen, before anything is shown.
pub(super) const THEME: &str = include_str!("assets/theme.js");
/// What is more comfortable with JavaScript than without.
pub(super) const SCRIPT: &str = include_str!("assets/script.js");
/// The drawing library, for zoom. See `assets/uplot/README.md`.
pub(super) const UPLOT: &str = include_str!("assets/uplot/uPlot.iife.min.js");
/// Its style.
pub(super) const UPLOT_STYLE: &str = include_str!("assets/uplot/uPlot.min.css");
/// Its licence, which goes where it goes.
pub(super) const UPLOT_LICENSE: &str = include_str!("assets/uplot/LICENSE");

/// The `Content-Security-Policy`: no network at all, and of styles and scripts those whose
/// SHA-256 is here. A `style` or `onclick` attribute that found its way in does nothing.
pub(super) fn policy() -> String {
    format!(
        "default-src 'none'; style-src {} {}; script-src {} {} {}; img-src data:; \
         base-uri 'none'; form-action 'none'",
        source(STYLE),
        source(UPLOT_STYLE),
        source(THEME),
        source(UPLOT),
        source(SCRIPT)
    )
}

/// A text as the policy names it.
fn source(text: &str) -> String {
    let hash = STANDARD.encode(digest(&SHA256, text.as_bytes()));
    format!("'sha256-{hash}'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hexadecimal::hexadecimal;

    #[test]
    fn the_vendored_files_are_those_whose_sums_are_written_down() {
        let readme = include_str!("assets/uplot/README.md");
        for file in [UPLOT, UPLOT_STYLE] {
            let sum = hexadecimal(digest(&SHA256, file.as_bytes()).as_ref());
            assert!(readme.contains(&sum), "{sum}");
        }
    }

    #[test]
    fn nothing_in_them_ends_their_element() {
        for script in [THEME, SCRIPT, UPLOT] {
            assert!(!script.contains("</script") && !script.contains("<!--"));
        }
        for style in [STYLE, UPLOT_STYLE] {
            assert!(!style.contains("</style"));
        }
        assert!(!UPLOT_LICENSE.contains("--"));
    }

    #[test]
    fn the_style_fetches_nothing() {
        for style in [STYLE, UPLOT_STYLE] {
            assert!(!style.contains("url(") && !style.contains("@import"));
        }
    }
}
