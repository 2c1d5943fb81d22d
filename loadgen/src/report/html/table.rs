//! A table: it scrolls in a box of its own, and its headings stay.

use super::markup::Markup;
use super::tone;
use crate::report::{Cell, Column, Table, Tone};

/// Characters of a cell that are shown; more than a name of any use has.
const CELL_LENGTH_MAX: usize = 80;

/// Characters of a caption that are shown.
const CAPTION_LENGTH_MAX: usize = 160;

/// Writes `table`; `id` tells it from the page's others.
pub(super) fn write(out: &mut Markup, id: &str, table: &Table) {
    let caption = format!("{id}-caption");
    out.element("div", &[("class", "table"), ("id", id)], |out| {
        let attributes = [
            ("class", "scroll"),
            // Reached by the keyboard, whose arrows scroll it then.
            ("tabindex", "0"),
            ("role", "group"),
            ("aria-labelledby", &caption),
        ];
        out.element("div", &attributes, |out| {
            out.element("table", &[], |out| {
                out.element("caption", &[("id", &caption)], |out| {
                    out.short(&table.caption, CAPTION_LENGTH_MAX);
                });
                write_head(out, &table.columns);
                write_body(out, table);
            });
        });
    });
    out.newline();
}

fn write_head(out: &mut Markup, columns: &[Column]) {
    out.element("thead", &[], |out| {
        out.element("tr", &[], |out| {
            for column in columns {
                let attributes = [("scope", "col"), ("class", "number")];
                let attributes = &attributes[..1 + usize::from(column.is_number)];
                out.element("th", attributes, |out| {
                    out.short(&column.heading, CELL_LENGTH_MAX);
                });
            }
        });
    });
    out.newline();
}

fn write_body(out: &mut Markup, table: &Table) {
    out.element("tbody", &[], |out| {
        for row in &table.rows {
            out.element("tr", &[], |out| {
                for (index, (cell, column)) in row.iter().zip(&table.columns).enumerate() {
                    write_cell(out, cell, column, index == 0);
                }
            });
            out.newline();
        }
    });
}

fn write_cell(out: &mut Markup, cell: &Cell, column: &Column, is_heading: bool) {
    // Most cells are numbers: in a page of thousands of runs the class is given to the others.
    let words = match column.is_number || is_heading {
        true => "",
        false => "words",
    };
    let class = match cell.tone {
        Tone::Plain => words.to_owned(),
        tone => format!("{words} {}", tone::class(tone)).trim().to_owned(),
    };
    let mut attributes = Vec::new();
    if is_heading {
        attributes.push(("scope", "row"));
    }
    if !class.is_empty() {
        attributes.push(("class", class.as_str()));
    }
    let name = if is_heading { "th" } else { "td" };
    out.element(name, &attributes, |out| {
        tone::sign(out, cell.tone, "");
        out.short(&cell.text, CELL_LENGTH_MAX);
    });
}
