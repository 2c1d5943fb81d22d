//! What went wrong in a run, in words.

use super::ending::Ending;
use super::record::Record;

/// A line for each way in which streams ended before the run, and one for wrong numbers.
#[must_use]
pub fn troubles(record: &Record) -> Vec<String> {
    let of = record.clients.len();
    let endings = endings(record).into_iter().map(|(ending, count)| {
        let (label, advice) = (ending.label(), ending.advice());
        format!("{count} of {of} clients {label}: {advice}")
    });
    let messages = &record.messages;
    let wrong = (messages.gaps + messages.repeated > 0).then(|| {
        format!(
            "{} gaps in the numbers, {} messages missing, {} repeated; the server or what lies \
             between loses messages",
            messages.gaps, messages.missing, messages.repeated
        )
    });
    endings.chain(wrong).collect()
}

/// Whether that keeps a comparison of clients from saying anything. A queue that took all its memory
/// does not: it is what the comparison is about.
#[must_use]
pub fn is_spoilt(record: &Record) -> bool {
    let mut endings = record.clients.iter().map(|client| client.ending);
    record.errors() > 0
        || endings.any(|ending| !matches!(ending, Ending::Done | Ending::MemoryLimit))
}

/// The endings that are failures, with how many clients had them.
fn endings(record: &Record) -> Vec<(Ending, usize)> {
    let mut endings: Vec<(Ending, usize)> = Vec::new();
    for client in &record.clients {
        let known = endings
            .iter_mut()
            .find(|(ending, _)| *ending == client.ending);
        match known {
            Some((_, count)) => *count += 1,
            None => endings.push((client.ending, 1)),
        }
    }
    endings.retain(|(ending, _)| *ending != Ending::Done);
    endings
}
