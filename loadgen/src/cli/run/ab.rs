//! What ab prints and writes beyond its text: flags that only make sense in ab's place.

use std::path::PathBuf;

use clap::Args;

use crate::output::{Format, TableAttributes};
use crate::plan::LengthRule;

/// Flags of ab's output.
#[derive(Debug, Args)]
#[command(next_help_heading = "As ab")]
pub(super) struct AsAb {
    /// ab's format: answers may differ in length
    #[arg(short = 'l')]
    pub(super) any_length: bool,
    /// ab's flag to go on after a reset, which loadgen always does
    #[arg(short = 'r')]
    go_on: bool,
    /// ab's format: leave out the table of percentiles
    #[arg(short = 'd')]
    pub(super) no_percentiles: bool,
    /// ab's format: leave out median, deviation and warnings
    #[arg(short = 'S')]
    pub(super) no_deviation: bool,
    /// Write the times within which 0, 1, 2 to 100 % of the requests were served, as CSV
    #[arg(short = 'e', value_name = "FILE")]
    pub(super) percentiles_file: Option<PathBuf>,
    /// Write a row for each request that was answered or failed, the quickest first, tab-separated as for gnuplot; keeps 24
    /// bytes in memory for each until then
    #[arg(short = 'g', value_name = "FILE")]
    pub(super) gnuplot_file: Option<PathBuf>,
    /// ab's format, as an HTML table
    #[arg(short = 'w')]
    html: bool,
    /// Attributes of the HTML table; implies -w
    #[arg(short = 'x', value_name = "ATTRIBUTES")]
    table: Option<String>,
    /// Attributes of its rows; implies -w
    #[arg(short = 'y', value_name = "ATTRIBUTES")]
    row: Option<String>,
    /// Attributes of its cells; implies -w [default: bgcolor=white]
    #[arg(short = 'z', value_name = "ATTRIBUTES")]
    cell: Option<String>,
}

impl AsAb {
    /// What is asked of answers' lengths: with ab, `as_ab`, that they are that of the first.
    pub(super) fn length(&self, as_ab: bool) -> LengthRule {
        match as_ab && !self.any_length {
            true => LengthRule::First,
            false => LengthRule::Any,
        }
    }

    /// The format that these flags ask for, if they ask for one.
    pub(super) fn format(&self) -> Option<Format> {
        self.is_html().then_some(Format::Ab)
    }

    /// The attributes of an HTML table, if one is asked for.
    pub(super) fn table(&self) -> Option<TableAttributes> {
        self.is_html().then(|| TableAttributes {
            table: self.table.clone().unwrap_or_default(),
            row: self.row.clone().unwrap_or_default(),
            cell: self.cell.clone().unwrap_or("bgcolor=white".to_owned()),
        })
    }

    fn is_html(&self) -> bool {
        self.html || self.table.is_some() || self.row.is_some() || self.cell.is_some()
    }
}
