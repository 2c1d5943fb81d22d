//! The page as a browser gets it, of pages made by hand.

use super::render;
use crate::record::Severity;
use crate::report::{
    Cell, Column, Entry, Figure, Line, Page, Scale, Section, Sentence, Table, Tone, Zoom,
};

/// What a page takes beyond its data, at most.
const FRAME_LENGTH_MAX: usize = 250_000;

fn cell(text: &str) -> Cell {
    Cell {
        text: text.to_owned(),
        tone: Tone::Plain,
    }
}

fn sentence(text: &str, tone: Tone) -> Sentence {
    Sentence::new(text, tone)
}

fn table(name: &str) -> Table {
    let column = |heading: &str, is_number| Column {
        heading: heading.to_owned(),
        is_number,
    };
    Table {
        caption: format!("Runs of {name}"),
        columns: vec![column("server", false), column("requests/s", true)],
        rows: vec![vec![
            cell(name),
            Cell {
                text: "≥ 12.5".to_owned(),
                tone: Tone::Invalid,
            },
        ]],
    }
}

fn figure(number: usize, name: &str) -> Figure {
    Figure {
        id: format!("result-{number}-forest"),
        title: format!("Ratios of {name}"),
        caption: "To the right of the line is better.".to_owned(),
        alt: format!("{name} served 31 % more requests per second."),
        svg: "<svg viewBox=\"0 0 720 100\"><circle class=\"mark series-0\" cx=\"360\" cy=\"50\" \
              r=\"4\" fill=\"currentColor\"/></svg>"
            .to_owned(),
        table: Some(table(name)),
        zoom: vec![Zoom {
            x_label: "percentile".to_owned(),
            y_label: "ms".to_owned(),
            x_scale: Scale::Percentile,
            y_scale: Scale::Log,
            x: vec![50.0, 99.0],
            lines: vec![Line {
                label: name.to_owned(),
                series: 0,
                y: vec![Some(1.0), None],
            }],
        }],
    }
}

fn section(number: usize, name: &str) -> Section {
    Section {
        id: format!("result-{number}"),
        title: name.to_owned(),
        subtitle: format!("2026-11-21, loadgen 0.1.0, {name}"),
        verdicts: vec![
            sentence(&format!("{name} served 31 % more"), Tone::Better),
            sentence(&format!("{name} needed 12 % more CPU"), Tone::Worse),
            sentence("the load generator was the limit", Tone::Open),
            sentence("at most 1 % may fail", Tone::Kept),
            sentence("at least 1000 are wanted", Tone::Broken),
        ],
        notes: vec![sentence("10 interleaved rounds", Tone::Plain)],
        figures: vec![figure(number, name)],
        tables: vec![table(name)],
        environment: vec![Entry {
            name: "kernel".to_owned(),
            value: name.to_owned(),
        }],
        findings: vec![(Severity::Invalid, format!("{name}: 3 of 10 runs"))],
        runs: table(name),
    }
}

fn page(name: &str, sections: usize) -> Page {
    Page {
        title: name.to_owned(),
        made_by: "loadgen 0.1.0 (229f6aefd)".to_owned(),
        sections: (0..sections).map(|number| section(number, name)).collect(),
    }
}

/// How often `words` stand in `text`.
fn count(text: &str, words: &str) -> usize {
    text.matches(words).count()
}

/// The page without style, scripts and licence, which are the program's own.
fn body(html: &str) -> String {
    let mut rest = html;
    let mut kept = String::new();
    while let Some(start) = ["<style", "<script", "<!--"]
        .iter()
        .filter_map(|tag| rest.find(tag))
        .min()
    {
        kept.push_str(&rest[..start]);
        let ends = ["</style>", "</script>", "-->"];
        let end = ends
            .iter()
            .filter_map(|end| Some(rest[start..].find(end)? + end.len()))
            .min();
        rest = &rest[start + end.expect("an end")..];
    }
    kept + rest
}

#[test]
fn everything_of_the_page_is_said() {
    let html = render(&page("async", 1));
    for words in [
        "<h1>async</h1>",
        "async served 31\u{a0}% more",
        "10 interleaved rounds",
        "class=\"mark series-0\"",
        "To the right of the line is better.",
        "async served 31 % more requests per second.",
        "Runs of async",
        "≥ 12.5",
        "kernel",
        "async: 3 of 10 runs",
        "loadgen 0.1.0 (229f6aefd)",
    ] {
        assert!(html.contains(words), "no {words:?}");
    }
}

#[test]
fn a_tone_is_told_by_sign_and_word() {
    let html = body(&render(&page("async", 1)));
    for (sign, word) in [
        ("▲", "better"),
        ("▼", "worse"),
        ("◇", "undecided"),
        ("✕", "not to be believed"),
        ("✓", "limit kept"),
        ("!", "limit not kept"),
    ] {
        assert!(
            html.contains(sign) && html.contains(word),
            "no {sign} {word}"
        );
    }
}

#[test]
fn the_frame_of_a_page_is_small() {
    let length = render(&page("async", 1)).len();
    assert!(length < FRAME_LENGTH_MAX, "{length} bytes");
}

#[test]
fn a_name_is_shown_and_never_run() {
    let name =
        "<script>window.pwned=1</script>\"' onload=\"x\u{202e}\0<img src=x onerror=alert(1)>";
    for sections in [1, 2] {
        let html = body(&render(&page(name, sections)));
        assert!(!html.contains("<script") && !html.contains("<img"));
        assert!(!html.contains('\0') && !html.contains('\u{202e}'));
        assert!(html.contains("&lt;script&gt;window.pwned=1&lt;/script&gt;"));
    }
    let harmless = render(&page("harmless", 1));
    let elements = count(&harmless, "<script");
    assert_eq!(count(&render(&page(name, 1)), "<script"), elements);
}

#[test]
fn a_name_of_any_length_is_cut_and_whole_in_its_title() {
    let name = "long-".repeat(2_000);
    let html = body(&render(&page(&name, 1)));
    assert!(html.contains(&format!("title=\"{name}\"")));
    assert!(html.contains("…</span>"));
}

#[test]
fn nothing_is_fetched_and_no_attribute_is_code() {
    let html = render(&page("async", 2));
    assert!(html.contains("default-src 'none'"));
    assert!(!html.contains("unsafe-"));
    let html = body(&html);
    for words in [" style=", " onclick", " src=", "http://", "https://"] {
        assert!(!html.contains(words), "{words:?}");
    }
}

#[test]
fn the_policy_names_every_style_and_script() {
    let html = render(&page("async", 1));
    let run = count(&html, "<style>") + count(&html, "<script>");
    assert_eq!(count(&html, "'sha256-"), run);
}

#[test]
fn headings_and_ids_are_in_order_and_unique() {
    for sections in [1, 3] {
        let html = body(&render(&page("async", sections)));
        assert_eq!(count(&html, "<h1"), 1);
        assert_eq!(count(&html, "<h2"), sections);
        assert_eq!(count(&html, "<nav"), usize::from(sections > 1));
        let mut ids: Vec<_> = html
            .split(" id=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{ids:?}");
    }
}

#[test]
fn tables_name_their_rows_and_columns() {
    let html = body(&render(&page("async", 1)));
    assert_eq!(count(&html, "<caption"), 3);
    assert_eq!(count(&html, "scope=\"col\""), 6);
    assert_eq!(count(&html, "scope=\"row\""), 3);
}

#[test]
fn who_is_better_or_worse_stands_with_the_sign() {
    let mut page = page("async", 1);
    page.sections[0].verdicts[1].who = "<async>".to_owned();
    let html = body(&render(&page));
    assert!(html.contains("▼</span>&lt;async&gt; worse: </span>async needed"));
}

#[test]
fn tables_that_are_short_are_open_and_long_ones_are_folded() {
    let open = "<details class=\"part\" open=\"\"><summary><h3>In numbers";
    let mut page = page("async", 1);
    assert!(render(&page).contains(open));
    let rows = &mut page.sections[0].tables[0].rows;
    *rows = vec![rows[0].clone(); 25];
    assert!(!render(&page).contains(open));
}

#[test]
fn without_zoom_the_library_is_left_out() {
    let mut page = page("async", 1);
    page.sections[0].figures[0].zoom.clear();
    assert!(!render(&page).contains("uPlot="));
}

#[test]
fn a_page_of_nothing_is_a_page() {
    let page = Page {
        title: String::new(),
        made_by: String::new(),
        sections: Vec::new(),
    };
    assert!(render(&page).ends_with("</html>\n"));
}

/// Of the style: `--name: light-dark(#light, #dark);`.
fn colours(name: &str) -> [[u8; 3]; 2] {
    let (_, rest) = super::assets::STYLE
        .split_once(&format!("--{name}: light-dark("))
        .unwrap_or_else(|| panic!("no --{name}"));
    let (pair, _) = rest.split_once(')').expect("an end");
    let mut pair = pair.split(", ").map(|colour| {
        let digits = colour.strip_prefix('#').expect("#rrggbb");
        [0, 2, 4].map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("#rrggbb"))
    });
    [pair.next().expect("light"), pair.next().expect("dark")]
}

/// WCAG 2.2, "contrast ratio".
fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let luminance = |colour: [u8; 3]| {
        let [r, g, b] = colour.map(|part| match f64::from(part) / 255.0 {
            part if part <= 0.04045 => part / 12.92,
            part => ((part + 0.055) / 1.055).powf(2.4),
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn data_and_words_stand_out_in_light_and_in_dark() {
    let series = (0..=8).map(|number| (format!("series-{number}"), 3.0));
    let words = ["text", "muted", "link", "better", "worse", "invalid"];
    let words = words.map(|name| (name.to_owned(), 4.5));
    for (name, least) in series.chain(words).chain([("edge".to_owned(), 3.0)]) {
        for ground in ["ground", "raised"] {
            for theme in [0, 1] {
                let contrast = contrast(colours(&name)[theme], colours(ground)[theme]);
                assert!(
                    contrast >= least,
                    "{name} on {ground} {theme}: {contrast:.2}"
                );
            }
        }
    }
}
