//! A figure: what it is and how it is read at the side, the drawing, and its numbers below.

use super::markup::Markup;
use super::{table, zoom};
use crate::report::Figure;

/// Writes `figure`.
pub(super) fn write(out: &mut Markup, figure: &Figure) {
    let id = figure.id.as_str();

    let (title, words) = (format!("{id}-title"), format!("{id}-words"));
    out.element("figure", &[("id", id), ("class", "figure")], |out| {
        out.element("figcaption", &[], |out| {
            out.element("h3", &[("id", &title)], |out| out.short(&figure.title, 120));
            out.element("p", &[], |out| out.short(&figure.caption, 600));
        });
        out.element("div", &[("class", "stage")], |out| {
            let attributes = [
                ("class", "drawing"),
                ("role", "img"),
                ("aria-labelledby", title.as_str()),
                ("aria-describedby", &words),
            ];
            out.element("div", &attributes, |out| out.html(&figure.svg));
            out.newline();
            out.line("p", &[("id", &words), ("class", "unseen")], &figure.alt);
            for data in &figure.zoom {
                zoom::write(out, id, data);
            }
            if let Some(numbers) = &figure.table {
                write_numbers(out, id, numbers);
            }
        });
    });
    out.newline();
}

fn write_numbers(out: &mut Markup, id: &str, numbers: &crate::report::Table) {
    out.element("details", &[("class", "numbers")], |out| {
        out.line("summary", &[], "The numbers");
        table::write(out, &format!("{id}-numbers"), numbers);
    });
}
