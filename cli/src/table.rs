//! Text in columns.

/// Columns as wide as their widest cell, two spaces between them, nothing at the end of a line.
///
/// A cell with nothing to its right takes no part in that: it may be as long as it likes without pushing others away.
/// The cells must be plain: colour would count as width.
pub(crate) fn aligned<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let mut widths = [0; N];
    for row in rows {
        let last = row.iter().rposition(|cell| !cell.is_empty()).unwrap_or(0);
        for (width, cell) in widths.iter_mut().zip(&row[..last]) {
            *width = (*width).max(cell.chars().count());
        }
    }
    rows.iter()
        .map(|row| {
            let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_lines_have_no_tail() {
        let rows = [["a", "long cell", "x"], ["bcd", "é", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows), ["a    long cell  x", "bcd  é"]);
    }

    #[test]
    fn the_last_cell_of_a_line_pushes_nobody_away() {
        let rows = [["jti", "0123456789", ""], ["exp", "12", "tomorrow"]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows), ["jti  0123456789", "exp  12  tomorrow"]);
    }
}
