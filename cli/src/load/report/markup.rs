//! HTML and SVG as text: everything that a stranger may have written goes through [`escaped`].

use std::fmt::Write as _;

use crate::output::harmless;

/// Text that is only text, in an element and in an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in harmless(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(character),
        }
    }
    safe
}

/// A table. The first row has its names; cells that begin with a digit are set as figures.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let mut markup = String::from("<div class=\"wide\"><table>\n");
    for (index, row) in rows.iter().enumerate() {
        markup.push_str("<tr>");
        for (place, cell) in row.iter().enumerate() {
            let begins = |character: char| character.is_ascii_digit() || character == '<';
            let (element, more) = match (index, place) {
                (0, _) => ("th", " scope=\"col\""),
                (_, 0) => ("th", " scope=\"row\""),
                _ if cell.starts_with(begins) => ("td", " class=\"figure\""),
                _ => ("td", ""),
            };
            let _ = write!(markup, "<{element}{more}>{}</{element}>", escaped(cell));
        }
        markup.push_str("</tr>\n");
    }
    markup + "</table></div>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        let hostile = "<script>alert('x')</script> & \"quoted\" \u{1b}[2J";
        let safe = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;quoted&quot; \\u{1b}[2J";
        assert_eq!(escaped(hostile), safe);
        assert!(table(&[["<b>".to_owned()], ["<i>".to_owned()]]).contains("&lt;i&gt;"));
    }
}
