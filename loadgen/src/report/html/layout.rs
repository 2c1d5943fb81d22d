//! The file, from `<!doctype>` to the end.

use super::markup::Markup;
use super::{assets, section};
use crate::report::Page;

/// Characters of a title that are shown.
const TITLE_LENGTH_MAX: usize = 160;

/// The whole document.
pub(super) fn document(page: &Page) -> String {
    let mut out = Markup::default();
    out.html("<!doctype html>\n");
    out.element("html", &[("lang", "en")], |out| {
        write_head(out, page);
        write_body(out, page);
    });
    out.newline();
    out.finish()
}

fn write_head(out: &mut Markup, page: &Page) {
    out.newline();
    out.element("head", &[], |out| {
        out.newline();
        out.tag("meta", &[("charset", "utf-8")]);
        // Before everything that it applies to.
        let policy = assets::policy();
        let policy = [
            ("http-equiv", "Content-Security-Policy"),
            ("content", &policy),
        ];
        out.tag("meta", &policy);
        let width = "width=device-width, initial-scale=1";
        out.tag("meta", &[("name", "viewport"), ("content", width)]);
        out.tag(
            "meta",
            &[("name", "color-scheme"), ("content", "light dark")],
        );
        out.tag("meta", &[("name", "generator"), ("content", &page.made_by)]);
        // Else a browser asks the server for one, where there is a server.
        out.tag("link", &[("rel", "icon"), ("href", "data:,")]);
        out.element("title", &[], |out| out.text(&window_title(page)));
        out.newline();
        out.element("style", &[], |out| out.html(assets::STYLE));
        out.newline();
        out.element("script", &[], |out| out.html(assets::THEME));
    });
    out.newline();
}

/// A window's title has no room for more, and no `title` of its own.
fn window_title(page: &Page) -> String {
    super::text::shortened(&page.title, TITLE_LENGTH_MAX).unwrap_or_else(|| page.title.clone())
}

fn write_body(out: &mut Markup, page: &Page) {
    out.element("body", &[], |out| {
        out.newline();
        out.line(
            "a",
            &[("class", "skip"), ("href", "#results")],
            "Skip to the results",
        );
        write_top(out, page);
        out.element("main", &[("id", "results"), ("tabindex", "-1")], |out| {
            out.newline();
            let is_alone = page.sections.len() == 1;
            for section in &page.sections {
                section::write(out, section, is_alone);
            }
        });
        out.newline();
        out.element("footer", &[], |out| {
            out.element("p", &[], |out| {
                out.text("Made by ");
                out.short(&page.made_by, TITLE_LENGTH_MAX);
                out.text(". This file is complete: it needs no network.");
            });
        });
        write_scripts(out, page);
    });
    out.newline();
}

fn write_top(out: &mut Markup, page: &Page) {
    out.element("header", &[("class", "top")], |out| {
        out.element("div", &[], |out| {
            out.element("h1", &[], |out| out.short(&page.title, TITLE_LENGTH_MAX));
            if let [section] = &page.sections[..] {
                section::write_subtitle(out, section);
            }
        });
    });
    out.newline();
    if page.sections.len() > 1 {
        write_contents(out, page);
    }
}

fn write_contents(out: &mut Markup, page: &Page) {
    out.element(
        "nav",
        &[("class", "contents"), ("aria-label", "Results")],
        |out| {
            out.element("ol", &[], |out| {
                for section in &page.sections {
                    let link = format!("#{}", section.id);
                    out.element("li", &[], |out| {
                        out.element("a", &[("href", &link)], |out| {
                            out.short(&section.title, TITLE_LENGTH_MAX);
                        });
                    });
                }
            });
        },
    );
    out.newline();
}

/// At the end, when everything that they look for is there. The library only if it is needed.
fn write_scripts(out: &mut Markup, page: &Page) {
    let mut figures = page.sections.iter().flat_map(|section| &section.figures);
    if figures.any(|figure| !figure.zoom.is_empty()) {
        out.newline();
        out.html("<!-- uPlot, for zoom:\n");
        out.html(assets::UPLOT_LICENSE);
        out.html("-->\n");
        out.element("style", &[], |out| out.html(assets::UPLOT_STYLE));
        out.element("script", &[], |out| out.html(assets::UPLOT));
    }
    out.newline();
    out.element("script", &[], |out| out.html(assets::SCRIPT));
}
