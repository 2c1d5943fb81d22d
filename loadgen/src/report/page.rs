//! Everything that the page says: plain data, without a word of HTML in it.

use super::Figure;
use crate::record::Severity;

/// The whole page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// What stands in the window's title and at the top.
    pub title: String,
    /// What made the page: program, version, commit.
    pub made_by: String,
    /// One for each result, in the order in which they were given.
    pub sections: Vec<Section>,
}

/// One result: a benchmark, a comparison of two, or a few runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// What tells it from the others in links: letters, digits and `-`.
    pub id: String,
    /// Its name for people, such as that of its directory.
    pub title: String,
    /// When, by which version and on what it was measured, in a line.
    pub subtitle: String,
    /// What was found, the most important first.
    pub verdicts: Vec<Sentence>,
    /// What has to be known besides: what was given up or left out, how it was measured.
    pub notes: Vec<Sentence>,
    /// The forest plot first.
    pub figures: Vec<Figure>,
    /// Tables of what is read better than seen, such as a matrix of servers by scenarios.
    pub tables: Vec<Table>,
    /// The machine.
    pub environment: Vec<Entry>,
    /// Why runs are to be doubted, the worst first; each says how many runs it is true of.
    pub findings: Vec<(Severity, String)>,
    /// The numbers, a row for each run; without rows where another section has them.
    pub runs: Table,
}

/// A sentence, and how it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// Of whom the tone is, such as `async`, where the words may be said of another; else nothing.
    pub who: String,
    /// What it says.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
}

impl Sentence {
    /// A sentence that is meant as a whole.
    #[must_use]
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        let (who, text) = (String::new(), text.into());
        Self { who, text, tone }
    }
}

/// How something is meant. Shown by a word or a sign too, never by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Neither good nor bad.
    Plain,
    /// Better than what it is compared with.
    Better,
    /// Worse.
    Worse,
    /// No answer: within the threshold, not decided, or hidden by the load generator.
    Open,
    /// Not to be believed.
    Invalid,
    /// Within a limit that was set for it.
    Kept,
    /// Beyond it.
    Broken,
}

/// A name and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// Its value, with its unit.
    pub value: String,
}

/// A table with a heading for each column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// What it is of.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each as long as there are columns; the first cell is the row's heading.
    pub rows: Vec<Vec<Cell>>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading, with the unit.
    pub heading: String,
    /// Whether it has numbers, which stand to the right.
    pub is_number: bool,
}

/// What stands in one place of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// As it is read; numbers without separators between thousands, so that they can be copied.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
}

impl Cell {
    /// A cell without a meaning of its own.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        let (text, tone) = (text.into(), Tone::Plain);
        Self { text, tone }
    }
}
