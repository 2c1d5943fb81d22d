//! A table in Markdown, aligned so that it can be read as it is.

/// Writes `rows` below their `head`; the first two columns are words, the others numbers.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].chars().count()]).max()
    };
    let widths: Vec<usize> = (0..head.len()).filter_map(width).collect();
    let head: Vec<String> = head.iter().map(|&cell| cell.to_owned()).collect();
    let rule = widths.iter().enumerate().map(|(column, &width)| {
        let dashes = "-".repeat(width);
        match is_words(column) {
            true => dashes,
            false => format!("{}:", &dashes[1..]),
        }
    });
    let rule: Vec<String> = rule.collect();
    let lines = [&head, &rule].into_iter().chain(rows);
    lines.map(|cells| line(cells, &widths)).collect()
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let cells = cells.iter().zip(widths).enumerate();
    let cells = cells.map(|(column, (cell, &width))| match is_words(column) {
        true => format!("| {cell:<width$} "),
        false => format!("| {cell:>width$} "),
    });
    cells.collect::<String>() + "|\n"
}

fn is_words(column: usize) -> bool {
    column < 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["tokio", "async", "1 µs"], ["a", "b", "10 µs"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        let expected = "| server | client |   age |\n\
                        | ------ | ------ | ----: |\n\
                        | tokio  | async  |  1 µs |\n\
                        | a      | b      | 10 µs |\n";
        let head = ["server", "client", "age"];
        assert_eq!(table(&head, &rows), expected);
    }
}
