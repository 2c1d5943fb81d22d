//! One result: what was found first, then the drawings, then what they rest on.

use super::markup::Markup;
use super::{figure, table, text, tone};
use crate::record::Severity;
use crate::report::{Entry, Section, Sentence, Table, Tone};

/// Characters of a sentence that are shown; names in it may be of any length.
const SENTENCE_LENGTH_MAX: usize = 600;
/// Lines up to which a part is open from the start.
const OPEN_MAX: usize = 12;

/// Writes `section`; alone it needs no heading of its own, since the page's is enough.
pub(super) fn write(out: &mut Markup, section: &Section, is_alone: bool) {
    let id = section.id.as_str();
    let title = format!("{id}-title");
    let attributes = [
        ("class", "result"),
        ("id", id),
        ("aria-labelledby", title.as_str()),
    ];
    out.element("section", &attributes, |out| {
        let class = if is_alone { "unseen" } else { "" };
        let heading = [("id", title.as_str()), ("class", class)];
        out.element("h2", &heading, |out| out.short(&section.title, 160));
        if !is_alone {
            write_subtitle(out, section);
        }
        out.newline();
        write_first(out, section);
        for figure in section.figures.iter().skip(1) {
            figure::write(out, figure);
        }
        write_tables(out, id, &section.tables);
        write_notes(out, &section.notes);
        write_findings(out, &section.findings);
        write_environment(out, &section.environment);
        write_runs(out, id, section);
    });
    out.newline();
}

/// When, by which version and on what it was measured.
pub(super) fn write_subtitle(out: &mut Markup, section: &Section) {
    if !section.subtitle.is_empty() {
        out.element("p", &[("class", "subtitle")], |out| {
            out.short(&section.subtitle, SENTENCE_LENGTH_MAX);
        });
    }
}

/// The first screen: the verdicts, and beside them the drawing that shows them.
fn write_first(out: &mut Markup, section: &Section) {
    out.element("div", &[("class", "first")], |out| {
        out.element("div", &[("class", "found")], |out| {
            write_sentences(out, "verdicts", section.verdicts.iter());
            let warnings = section.notes.iter().filter(|note| is_warning(note));
            write_sentences(out, "notes", warnings);
        });
        out.newline();
        if let Some(figure) = section.figures.first() {
            figure::write(out, figure);
        }
    });
    out.newline();
}

/// What changes how the verdicts are read stands with them; the rest can wait.
fn is_warning(note: &Sentence) -> bool {
    note.tone != Tone::Plain
}

fn write_sentences<'a>(
    out: &mut Markup,
    class: &'static str,
    sentences: impl Iterator<Item = &'a Sentence>,
) {
    let mut sentences = sentences.peekable();
    if sentences.peek().is_none() {
        return;
    }
    out.element("ul", &[("class", class)], |out| {
        for Sentence { who, text, tone } in sentences {
            out.element("li", &[("class", tone::class(*tone))], |out| {
                tone::sign(out, *tone, who);
                write_sentence(out, text);
            });
        }
    });
    out.newline();
}

/// What stands in parentheses is for the second look, and is written smaller.
fn write_sentence(out: &mut Markup, sentence: &str) {
    // A sign of percent does not stand at the beginning of a line.
    let sentence = &sentence.replace(" %", "\u{a0}%");
    match text::shortened(sentence, SENTENCE_LENGTH_MAX) {
        None => write_asides(out, sentence),
        Some(short) => {
            let attributes = [("class", "cut"), ("title", sentence)];
            out.element("span", &attributes, |out| write_asides(out, &short));
        }
    }
}

fn write_asides(out: &mut Markup, sentence: &str) {
    let mut rest = sentence;
    while let Some((before, aside, after)) = split_aside(rest) {
        out.text(before);
        out.line("span", &[("class", "aside")], aside);
        rest = after;
    }
    out.text(rest);
}

/// The text before the first pair of parentheses, these with what is in them, and what follows.
fn split_aside(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find(" (")? + 1;
    let end = start + text[start..].find(')')? + 1;
    Some((&text[..start], &text[start..end], &text[end..]))
}

fn write_tables(out: &mut Markup, id: &str, tables: &[Table]) {
    if tables.is_empty() {
        return;
    }
    // A pair's table is as long as there are metrics, and that of many servers as there are scenarios.
    let is_short = tables.iter().all(|table| table.rows.len() <= OPEN_MAX);
    let is_open = is_short && tables.len() <= OPEN_MAX;
    part(out, "In numbers", is_open, |out| {
        for (number, table) in tables.iter().enumerate() {
            table::write(out, &format!("{id}-table{}", number + 1), table);
        }
    });
}

fn write_notes(out: &mut Markup, notes: &[Sentence]) {
    let count = notes.iter().filter(|note| !is_warning(note)).count();
    if count == 0 {
        return;
    }
    part(out, "How it was measured", count <= OPEN_MAX, |out| {
        let notes = notes.iter().filter(|note| !is_warning(note));
        write_sentences(out, "notes", notes);
    });
}

fn write_findings(out: &mut Markup, findings: &[(Severity, String)]) {
    if findings.is_empty() {
        return;
    }
    part(
        out,
        "Can the runs be believed?",
        findings.len() <= OPEN_MAX,
        |out| {
            out.element("ul", &[("class", "findings")], |out| {
                for (severity, text) in findings {
                    out.element("li", &[("class", tone::class(tone_of(*severity)))], |out| {
                        out.line("span", &[("class", "badge")], severity.label());
                        out.text(" ");
                        out.short(text, SENTENCE_LENGTH_MAX);
                    });
                }
            });
        },
    );
}

fn tone_of(severity: Severity) -> Tone {
    match severity {
        Severity::Invalid => Tone::Invalid,
        Severity::LimitsRate => Tone::Open,
        Severity::Note => Tone::Plain,
    }
}

fn write_environment(out: &mut Markup, entries: &[Entry]) {
    if entries.is_empty() {
        return;
    }
    part(out, "The machine", entries.len() <= OPEN_MAX, |out| {
        out.element("dl", &[("class", "environment")], |out| {
            for Entry { name, value } in entries {
                out.element("div", &[], |out| {
                    out.element("dt", &[], |out| out.short(name, 160));
                    out.element("dd", &[], |out| out.short(value, SENTENCE_LENGTH_MAX));
                });
            }
        });
    });
}

fn write_runs(out: &mut Markup, id: &str, section: &Section) {
    if section.runs.rows.is_empty() {
        return;
    }
    let is_open = section.runs.rows.len() <= OPEN_MAX;
    part(out, "Every run", is_open, |out| {
        table::write(out, &format!("{id}-runs"), &section.runs);
    });
}

/// A part with a heading, which can be folded.
fn part(out: &mut Markup, heading: &str, is_open: bool, inside: impl FnOnce(&mut Markup)) {
    let attributes = [("class", "part"), ("open", "")];
    let attributes = &attributes[..1 + usize::from(is_open)];
    out.element("details", attributes, |out| {
        out.element("summary", &[], |out| out.line("h3", &[], heading));
        inside(out);
    });
    out.newline();
}
