//! The value of a value cell.

use super::yaml::ALIASED;
use super::{Cell, CellKind, Format};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::value::Value;

const UNREADABLE: Code = Code("RB0115");

/// Why a text is not of its format.
struct Wrong {
    /// One line, without the text and without a place.
    reason: String,
    /// The line and the column in the cell, from 1.
    place: Option<(usize, usize)>,
}

impl Cell {
    /// The value that a value cell holds; `None` for other cells.
    ///
    /// # Errors
    /// Says why the text is not of its format: one line, without the text.
    pub fn value(&self) -> Option<Result<Value, String>> {
        let CellKind::Value(format) = &self.kind else {
            return None;
        };
        Some(parse(*format, &self.body.text).map_err(|wrong| wrong.reason))
    }
}

/// Reports the value cells whose text is not of their format.
pub(super) fn check(cells: &[Cell]) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    for cell in cells {
        let CellKind::Value(format) = &cell.kind else {
            continue;
        };
        let Err(Wrong { reason, place }) = parse(*format, &cell.body.text) else {
            continue;
        };
        let at = place.map_or(0, |(line, column)| offset(&cell.body.text, line, column));
        let name = match format {
            Format::Json => "JSON",
            Format::Yaml => "YAML",
            Format::Toml => "TOML",
            Format::Text => "text",
        };
        diagnostics.push(
            Diagnostic::error(
                UNREADABLE,
                cell.body.span(at..at),
                format!("this value is not {name}: {reason}"),
            )
            .help("mend it, or take `text` as its language"),
        );
    }
    diagnostics
}

fn parse(format: Format, text: &str) -> Result<Value, Wrong> {
    match format {
        Format::Json => serde_json::from_str(text).map_err(|error| {
            let message = error.to_string();
            let place = format!(" at line {} column {}", error.line(), error.column());
            Wrong {
                reason: first_line(message.strip_suffix(&place).unwrap_or(&message)),
                place: (error.line() > 0).then(|| (error.line(), error.column())),
            }
        }),
        Format::Yaml => {
            let options = serde_saphyr::options! {
                strict_booleans: true,
                alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: ALIASED },
            };
            serde_saphyr::from_str_with_options(text, options).map_err(|error| {
                let place = error.location();
                let bare = error.without_snippet();
                Wrong {
                    reason: without_place(&first_line(&bare.to_string())),
                    place: place.and_then(|place| {
                        Some((
                            usize::try_from(place.line()).ok()?,
                            usize::try_from(place.column()).ok()?,
                        ))
                    }),
                }
            })
        }
        Format::Toml => toml::from_str(text).map_err(|error| Wrong {
            reason: first_line(error.message()),
            place: error.span().map(|span| {
                let before = text.get(..span.start).unwrap_or(text);
                let line = before.rfind('\n').map_or(0, |newline| newline + 1);
                (
                    before.matches('\n').count() + 1,
                    before[line..].chars().count() + 1,
                )
            }),
        }),
        Format::Text => Ok(Value::from(text.strip_suffix('\n').unwrap_or(text))),
    }
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}

/// A message without the `line 2 column 3` of the cell before it or behind it: the diagnostic
/// tells the place in the document.
fn without_place(message: &str) -> String {
    let message = match message.split_once(": ") {
        Some((place, rest)) if place.contains("line ") && place.contains("column ") => rest,
        _ => message,
    };
    message
        .find(" at line ")
        .map_or(message, |at| &message[..at])
        .to_owned()
}

/// The offset of a line and column, both from 1, at most the end of what is no blank.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let rest = text.get(start..).unwrap_or_default();
    let within = rest
        .char_indices()
        .take_while(|(_, c)| *c != '\n')
        .nth(column.saturating_sub(1))
        .map_or_else(|| rest.find('\n').unwrap_or(rest.len()), |(at, _)| at);
    (start + within).min(text.trim_end().len())
}
