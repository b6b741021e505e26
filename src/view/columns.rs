//! Widths as a terminal has them: cutting, padding, wrapping, tables.

use std::borrow::Cow;

use console::{Alignment, measure_text_width, pad_str, truncate_str};

/// How many columns a text takes (UAX #11: wide characters take two).
pub(super) fn width(text: &str) -> usize {
    measure_text_width(text)
}

/// A text cut to a width, `…` in place of what is missing; a width of 0 cuts nothing.
pub(super) fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if width == 0 {
        Cow::Borrowed(text)
    } else {
        truncate_str(text, width, "…")
    }
}

/// A text cut and padded to exactly a width.
pub(super) fn fit(text: &str, width: usize) -> String {
    if width == 0 {
        return String::new();
    }
    pad_str(
        &truncate_str(text, width, "…"),
        width,
        Alignment::Left,
        None,
    )
    .into_owned()
}

/// A text at the right of a width.
pub(super) fn right(text: &str, width: usize) -> String {
    pad_str(text, width, Alignment::Right, None).into_owned()
}

/// The bytes that letters which join are measured over together.
const JOINED: usize = 256;

/// A text broken at spaces into lines of a width; a longer word is cut in pieces.
pub(super) fn wrap(text: &str, limit: usize) -> Vec<String> {
    if limit == 0 || width(text) <= limit {
        return vec![text.to_owned()];
    }
    let mut lines = Vec::new();
    let mut line = String::new();
    // The width of the line, carried along: measuring it anew at each letter costs seconds for a
    // word of 60,000.
    let mut taken = 0;
    // Where letters begin that may join with what follows, and the width before them.
    let mut joint = (0, 0);
    for word in text.split(' ') {
        if !line.is_empty() && taken + 1 + width(word) > limit {
            lines.push(std::mem::take(&mut line));
            taken = 0;
        } else if !line.is_empty() {
            joint = (line.len(), taken);
            line.push(' ');
            taken += 1;
        }
        for character in word.chars() {
            let plain = character.is_ascii_graphic();
            let wide = if plain {
                1
            } else {
                width(character.encode_utf8(&mut [0; 4]))
            };
            if !line.is_empty() && taken + wide > limit {
                lines.push(std::mem::take(&mut line));
                taken = 0;
            }
            if line.is_empty() || plain {
                joint = (line.len(), taken);
            }
            line.push(character);
            // Letters that join with those before them are measured with them; no more of them
            // than a person would write, as each is measured anew.
            taken = if plain {
                taken + 1
            } else {
                joint.1 + width(&line[joint.0..])
            };
            if line.len() - joint.0 > JOINED {
                joint = (line.len(), taken);
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// A table: columns padded to their widest cell, the last one cut to what is left of `limit`.
///
/// A cell is its text and its text painted; only the first is measured.
#[derive(Default)]
pub(super) struct Table {
    rows: Vec<Vec<(String, String)>>,
}

/// The space between columns.
const GAP: usize = 2;

impl Table {
    /// Adds a row; `paint` paints a cell by its index once it is padded.
    pub(super) fn row(&mut self, cells: &[&str], paint: impl Fn(usize, &str) -> String) {
        self.rows.push(
            cells
                .iter()
                .enumerate()
                .map(|(index, cell)| ((*cell).to_owned(), paint(index, cell)))
                .collect(),
        );
    }

    /// The table as lines, none wider than `limit` columns (0: no limit).
    pub(super) fn render(&self, limit: usize) -> String {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..count)
            .map(|column| {
                self.rows
                    .iter()
                    .filter_map(|row| row.get(column))
                    .map(|(text, _)| width(text))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        shrink(&mut widths, limit);
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (column, (plain, painted)) in row.iter().enumerate() {
                let room = widths[column];
                let taken = width(plain);
                if taken > room {
                    line.push_str(&truncate_str(painted, room, "…"));
                } else {
                    line.push_str(painted);
                    if column + 1 < row.len() {
                        line.extend(std::iter::repeat_n(' ', room - taken));
                    }
                }
                if column + 1 < row.len() {
                    line.extend(std::iter::repeat_n(' ', GAP));
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Takes columns away from the widest until all fit.
fn shrink(widths: &mut [usize], limit: usize) {
    if limit == 0 {
        return;
    }
    let room = limit.saturating_sub(GAP * widths.len().saturating_sub(1));
    while widths.iter().sum::<usize>() > room {
        let Some(widest) = widths.iter_mut().max() else {
            return;
        };
        if *widest <= 4 {
            return;
        }
        *widest -= 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_is_wider_than_asked(text in "[a-z 漢字é🚀]{0,60}", limit in 2_usize..30) {
            prop_assert!(width(&cut(&text, limit)) <= limit);
            prop_assert_eq!(width(&fit(&text, limit)), limit);
            for line in wrap(&text, limit) {
                prop_assert!(width(&line) <= limit, "{:?}", line);
            }
        }
    }

    #[test]
    fn wrapping_breaks_at_spaces_and_cuts_long_words() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("a b", 0), ["a b"]);
        // Letters that take no room don't make it slow.
        let marks = "\u{301}".repeat(100_000);
        assert_eq!(
            wrap(&format!("ab{marks}c"), 2),
            [format!("ab{marks}"), "c".to_owned()]
        );
    }

    #[test]
    fn tables_align_wide_cells_and_shrink_the_widest_column() {
        let mut table = Table::default();
        table.row(&["漢字", "x", "a long text at the end"], |_, cell| {
            cell.into()
        });
        table.row(&["ab", "yy", "z"], |_, cell| cell.into());
        assert_eq!(
            table.render(0),
            "漢字  x   a long text at the end\nab    yy  z\n"
        );
        assert_eq!(table.render(20), "漢字  x   a long te…\nab    yy  z\n");
    }
}
