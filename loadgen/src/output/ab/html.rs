//! ab's report as an HTML table (`-w`): the rows of the text, one row for the rate and one for
//! the transfer, and the times without their median.

use std::fmt::{Display, Result, Write};

use super::rows::{self, Row};
use super::{BANNER, Run, TableAttributes, times, traffic};

pub(super) fn write(out: &mut String, run: &Run<'_>, attributes: &TableAttributes) -> Result {
    write_banner(out, run)?;
    let mut table = Table { out, attributes };
    table.begin()?;
    for row in rows::groups(run).into_iter().flatten() {
        match row {
            Row::Value(name, value) => table.value(name, &escape(&value))?,
            Row::Detail(text) => table.detail(&text)?,
        }
    }
    write_rates(&mut table, run)?;
    if !run.counts.total.0.is_empty() {
        write_times(&mut table, run)?;
    }
    writeln!(table.out, "</table>")
}

fn write_banner(out: &mut String, run: &Run<'_>) -> Result {
    let [name, nature, licence] = BANNER.map(escape);
    writeln!(out, "<p>\n {name}<br>\n {nature}<br>\n {licence}<br>\n</p>")?;
    let end = match run.tells_progress() {
        true => "",
        false => "..done\n",
    };
    writeln!(out, "<p>\n{}{end}\n", escape(&traffic::text(run)))
}

fn write_rates(table: &mut Table<'_>, run: &Run<'_>) -> Result {
    let Some(rates) = run.rates() else {
        return Ok(());
    };
    table.value("Requests per second:", &format!("{:.2}", rates.per_second))?;
    let (received, sent) = (rates.received_kib_per_second, rates.sent_kib_per_second);
    table.value("Transfer rate:", &format!("{received:.2} kb/s received"))?;
    if run.options.sends_body {
        table.more(&format!("{sent:.2} kb/s sent"))?;
        table.more(&format!("{:.2} kb/s total", received + sent))?;
    }
    Ok(())
}

fn write_times(table: &mut Table<'_>, run: &Run<'_>) -> Result {
    table.times_heading()?;
    let [connect, processing, _waiting, total] = times::rows(&run.counts);
    for row in [connect, processing, total] {
        table.times(row.name, [row.min, row.mean, row.max])?;
    }
    Ok(())
}

/// A table four columns wide.
struct Table<'a> {
    out: &'a mut String,
    attributes: &'a TableAttributes,
}

impl Table<'_> {
    fn begin(&mut self) -> Result {
        writeln!(self.out, "<table {}>", self.attributes.table)
    }

    fn value(&mut self, name: &str, value: &str) -> Result {
        let cell = &self.attributes.cell;
        self.row(format_args!(
            "<th colspan=2 {cell}>{name}</th><td colspan=2 {cell}>{value}</td>"
        ))
    }

    /// Another value of the name above.
    fn more(&mut self, value: &str) -> Result {
        let cell = &self.attributes.cell;
        self.row(format_args!(
            "<td colspan=2 {cell}>&nbsp;</td><td colspan=2 {cell}>{value}</td>"
        ))
    }

    fn detail(&mut self, text: &str) -> Result {
        let cell = &self.attributes.cell;
        self.row(format_args!("<td colspan=4 {cell} >{text}</td>"))
    }

    fn times_heading(&mut self) -> Result {
        let cell = &self.attributes.cell;
        self.row(format_args!(
            "<th {cell} colspan=4>Connection Times (ms)</th>"
        ))?;
        self.row(format_args!(
            "<th {cell}>&nbsp;</th> <th {cell}>min</th>   <th {cell}>avg</th>   \
             <th {cell}>max</th>"
        ))
    }

    fn times(&mut self, name: &str, [min, mean, max]: [u64; 3]) -> Result {
        let cell = &self.attributes.cell;
        self.row(format_args!(
            "<th {cell}>{name}</th><td {cell}>{min:5}</td><td {cell}>{mean:5}</td>\
             <td {cell}>{max:5}</td>"
        ))
    }

    fn row(&mut self, cells: impl Display) -> Result {
        writeln!(self.out, "<tr {}>{cells}</tr>", self.attributes.row)
    }
}

/// `text` as HTML shows it: some of it comes from the server.
fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}
