//! The page as one HTML file.
//!
//! In reading order: `layout` is the file from `<!doctype>` to the end, `section` one result in
//! it, `figure`, `table` and `zoom` its parts, `tone` how a meaning is shown. All of them
//! write through `markup`, which escapes whatever it is not told to leave as it is, and `text`
//! is what it does to names that are meant to harm. `assets` is style and script, and the policy
//! by which a browser runs nothing else.

mod assets;
mod figure;
mod layout;
mod markup;
mod section;
mod table;
mod text;
mod tone;
mod zoom;

#[cfg(test)]
mod tests;

use super::Page;

/// The page, complete: it needs no network, no other file and no JavaScript.
#[must_use]
pub fn render(page: &Page) -> String {
    layout::document(page)
}
