//! `-v` on stderr: what went over a connection, once, for whoever wonders what is being measured.
//! In ab's format it is told in ab's way, and on stdout: [`super::ab`].

use crate::engine::Summary;
use crate::plan::Plan;

/// The request from level 2 on, the first answer's status line at 3, its whole head from 4 on.
///
/// ab repeats them for each request; the request is always the same, and the first answer shows
/// what the others should be.
#[must_use]
pub fn traffic(level: u8, plan: &Plan, summary: &Summary) -> String {
    let mut text = String::new();
    if level >= 2 {
        let request = plan
            .scenario
            .request(&plan.target, &plan.scenario.paths.list()[0]);
        quote(&mut text, "> ", &request);
    }
    let head = summary.firsts.head.as_deref().unwrap_or_default();
    match level {
        0..=2 => {}
        3 => quote(
            &mut text,
            "< ",
            head.split(|&byte| byte == b'\n').next().unwrap_or(head),
        ),
        _ => quote(&mut text, "< ", head),
    }
    text
}

fn quote(text: &mut String, mark: &str, bytes: &[u8]) {
    for line in printable_lines(bytes).filter(|line| !line.is_empty()) {
        text.push_str(mark);
        text.push_str(&line);
        text.push('\n');
    }
}

/// Lines as a terminal can show them, whatever the peer sent.
pub(super) fn printable_lines(bytes: &[u8]) -> impl Iterator<Item = String> {
    let lines = bytes.split_inclusive(|&byte| byte == b'\n');
    lines.map(|line| line.trim_ascii_end().escape_ascii().to_string())
}
