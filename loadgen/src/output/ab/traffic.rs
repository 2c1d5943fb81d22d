//! ab's `-v` on stdout: what went over a connection, for whoever wonders what is being measured.

use std::fmt::{Result, Write};

use super::Run;
use crate::output::traffic::printable_lines;

/// The request and the head of the first answer from level 2 on, from 3 on that answer's status.
///
/// ab repeats the answer for each request, and shows as much of the body as came with the head;
/// one head shows what the others should be.
pub(super) fn text(run: &Run<'_>) -> String {
    let mut out = String::new();
    if run.options.verbosity >= 2 {
        write(&mut out, run).expect("writing to a String cannot fail");
    }
    out
}

fn write(out: &mut String, run: &Run<'_>) -> Result {
    let request = lines(head(&run.options.request));
    let method = request.split(' ').next().unwrap_or_default();
    writeln!(out, "INFO: {method} header == \n---\n{request}\n---")?;
    let Some(answer) = &run.summary.firsts.head else {
        return Ok(());
    };
    writeln!(out, "LOG: header received:\n{}", lines(answer))?;
    match status(answer) {
        Some(status) if !status.starts_with('2') => {
            writeln!(out, "WARNING: Response code not 2xx ({status})")
        }
        Some(status) if run.options.verbosity >= 3 => {
            writeln!(out, "LOG: Response code = {status}")
        }
        _ => Ok(()),
    }
}

/// A request without its body.
fn head(request: &[u8]) -> &[u8] {
    let end = request.windows(4).position(|four| four == b"\r\n\r\n");
    &request[..end.map_or(request.len(), |end| end + 4)]
}

fn lines(bytes: &[u8]) -> String {
    printable_lines(bytes)
        .map(|line| format!("{line}\n"))
        .collect()
}

/// The second word of a status line.
fn status(head: &[u8]) -> Option<String> {
    let line = head.split(|&byte| byte == b'\r' || byte == b'\n').next()?;
    let status = line.split(|&byte| byte == b' ').nth(1)?;
    Some(status.escape_ascii().to_string())
}
