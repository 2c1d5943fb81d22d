//! `-v` on stderr: what went over a connection, once, for whoever wonders what is being measured.
//! In ab's format it is told in ab's way, and on stdout: [`super::ab`].

use crate::engine::Summary;
use crate::plan::{Framing, Plan};

/// The request from level 2 on, the first answer's status line at 3, its whole head from 4 on.
///
/// ab repeats them for each request; the request is always the same, and the first answer shows
/// what the others should be. Of WebSocket it is the request of the first pair, but for the key,
/// which each connection has of its own; raw messages come without one.
#[must_use]
pub fn traffic(level: u8, plan: &Plan, summary: &Summary) -> String {
    let mut text = String::new();
    if level >= 2
        && let Some(path) = first_path(plan)
    {
        let request = plan.scenario.request(&plan.target, &path);
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

/// What is asked for first, if anything is.
fn first_path(plan: &Plan) -> Option<String> {
    let path = &plan.scenario.paths.list()[0];
    match plan.engine.websocket() {
        None => Some(path.clone()),
        Some(shape) if shape.framing == Framing::Raw => None,
        Some(shape) => Some(shape.path_of_pair(path, 0, plan.load.connections)),
    }
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
