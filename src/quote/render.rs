//! Putting values into a shell's text.

use std::ops::Range;

use super::here_document::{self, Line};
use super::scan::{self, HereDocument, Place, Scan};
use super::word::{inside_single, inside_single_on_one_line};
use super::{Context, Dialect};

/// What takes the place of a range of a shell's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A value: it is quoted for its place.
    Value(&'a [u8]),
    /// Shell text: it is put in as it is, and read as part of the text.
    Raw(&'a [u8]),
    /// A reference to the environment variable of this name, quoted for its place.
    Variable(&'a str),
}

/// A value in a place where it can't be made safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misplaced {
    /// The bytes of the text that the value was to replace.
    pub range: Range<usize>,
    /// Why not: a lower-case fragment.
    pub reason: String,
    /// The next action.
    pub help: String,
}

impl Misplaced {
    fn new(range: &Range<usize>, (reason, help): (String, String)) -> Self {
        Self {
            range: range.clone(),
            reason,
            help,
        }
    }

    fn because(range: &Range<usize>, reason: &str, help: &str) -> Self {
        Self::new(range, (reason.to_owned(), help.to_owned()))
    }
}

/// Puts values into a shell's text; each stays one value, whatever bytes it holds.
///
/// Ranges are bytes of `text`, ascending. A value in command position, or one that begins with
/// `-`, means what its command makes of it: that is the author's business.
///
/// ```
/// use runbook::quote::{Dialect, Piece, render};
/// let text = "echo \"id: ${{ id }}\"";
/// let shell = render(Dialect::Bash, text, &[(10..19, Piece::Value(b"rds!db-1234"))]).unwrap();
/// assert_eq!(shell, br#"echo "id: "'rds!db-1234'"""#);
/// ```
///
/// # Errors
/// Every value in a place that can't be made safe, and every value that holds a NUL byte.
pub fn render(
    dialect: Dialect,
    text: &str,
    pieces: &[(Range<usize>, Piece<'_>)],
) -> Result<Vec<u8>, Vec<Misplaced>> {
    let ranges: Vec<_> = pieces.iter().map(|(range, _)| range.clone()).collect();
    let outside = outside(dialect, text, &ranges);
    if !outside.is_empty() {
        return Err(outside);
    }
    // Spelled-out shell text changes where the values after it stand, so it goes in first.
    let mut shell = Vec::with_capacity(text.len());
    let mut slots = Vec::with_capacity(pieces.len());
    let mut wrong = Vec::new();
    let mut done = 0;
    for (range, piece) in pieces {
        shell.extend(&text.as_bytes()[done..range.start]);
        done = range.end;
        if let Piece::Raw(raw) = piece {
            shell.extend(*raw);
        } else {
            let start = shell.len();
            shell.extend(&text.as_bytes()[range.clone()]);
            slots.push(Slot {
                origin: range,
                range: start..shell.len(),
                piece,
            });
        }
        let held = match piece {
            Piece::Value(bytes) | Piece::Raw(bytes) => bytes,
            Piece::Variable(name) => name.as_bytes(),
        };
        if held.contains(&0) {
            wrong.push(Misplaced::because(
                range,
                "this value has a NUL byte, which no shell can pass on",
                "take the NUL byte out, or pass the value by a file",
            ));
        }
    }
    shell.extend(&text.as_bytes()[done..]);
    let atoms: Vec<_> = slots.iter().map(|slot| slot.range.clone()).collect();
    let scan = scan::scan(dialect, &shell, &atoms);
    let mut edits = Vec::with_capacity(slots.len());
    for (slot, place) in slots.iter().zip(&scan.places) {
        match slot.render(dialect, &shell, &scan, place, &atoms) {
            Ok(bytes) => edits.push((slot.range.clone(), bytes)),
            Err(misplaced) => wrong.push(misplaced),
        }
    }
    if !wrong.is_empty() {
        wrong.sort_by_key(|misplaced| misplaced.range.start);
        return Err(wrong);
    }
    match here_document::renamed(dialect, &shell, &scan, &edits) {
        Ok(renames) => edits.extend(renames),
        Err(body) => {
            let inside = |slot: &&Slot<'_>| body.contains(&slot.range.start);
            let reason = "a value has a line for each delimiter that was tried";
            let help = "pass the value by a file";
            return Err(slots
                .iter()
                .filter(inside)
                .map(|slot| Misplaced::because(slot.origin, reason, help))
                .collect());
        }
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut rendered = Vec::with_capacity(shell.len());
    let mut done = 0;
    for (range, bytes) in edits {
        rendered.extend(&shell[done..range.start]);
        rendered.extend(bytes);
        done = range.end;
    }
    rendered.extend(&shell[done..]);
    Ok(rendered)
}

/// Finds the places of a shell's text where no value can be made safe.
///
/// It takes every range for a value; for one that holds `raw(…)`, leave out what it finds there.
#[must_use]
pub fn check(dialect: Dialect, text: &str, ranges: &[Range<usize>]) -> Vec<Misplaced> {
    contexts(dialect, text, ranges)
        .iter()
        .zip(ranges)
        .filter_map(|(context, range)| Some(Misplaced::new(range, context.refusal(dialect)?)))
        .collect()
}

/// Tells where in a shell's text each range stands.
#[must_use]
pub fn contexts(dialect: Dialect, text: &str, ranges: &[Range<usize>]) -> Vec<Context> {
    if ranges.is_empty() {
        return Vec::new();
    }
    let fits = fitting(text, ranges);
    let atoms: Vec<_> = ranges
        .iter()
        .zip(&fits)
        .filter_map(|(range, fits)| fits.then_some(range.clone()))
        .collect();
    let mut places = scan::scan(dialect, text.as_bytes(), &atoms)
        .places
        .into_iter();
    fits.iter()
        .map(|fits| {
            let place = if *fits { places.next() } else { None };
            place.map_or(Context::Outside, |place| place.context)
        })
        .collect()
}

/// Which ranges are part of the text, not empty, and after the ones before them.
fn fitting(text: &str, ranges: &[Range<usize>]) -> Vec<bool> {
    let mut done = 0;
    ranges
        .iter()
        .map(|range| {
            let fits =
                range.start >= done && range.start < range.end && text.get(range.clone()).is_some();
            if fits {
                done = range.end;
            }
            fits
        })
        .collect()
}

fn outside(dialect: Dialect, text: &str, ranges: &[Range<usize>]) -> Vec<Misplaced> {
    fitting(text, ranges)
        .iter()
        .zip(ranges)
        .filter(|(fits, _)| !**fits)
        .filter_map(|(_, range)| Some(Misplaced::new(range, Context::Outside.refusal(dialect)?)))
        .collect()
}

/// A value or a variable, and the range that it replaces.
struct Slot<'a> {
    /// In the text that was given.
    origin: &'a Range<usize>,
    /// In the text with spelled-out pieces put in.
    range: Range<usize>,
    piece: &'a Piece<'a>,
}

impl Slot<'_> {
    fn render(
        &self,
        dialect: Dialect,
        shell: &[u8],
        scan: &Scan,
        place: &Place,
        atoms: &[Range<usize>],
    ) -> Result<Vec<u8>, Misplaced> {
        if let Some(refusal) = place.context.refusal(dialect) {
            return Err(Misplaced::new(self.origin, refusal));
        }
        let document = place.document.and_then(|index| scan.documents.get(index));
        let (open, close) = match (&place.context, document) {
            (Context::HereDocument { .. }, Some(document)) => {
                return self.render_line(dialect, place, document, shell, atoms);
            }
            (Context::Double, _) => (&b"\""[..], &b"\""[..]),
            (Context::Single, _) => (&b"'"[..], &b"'"[..]),
            (Context::Dollar, _) => (&b"'"[..], &b"$'"[..]),
            _ => (&b""[..], &b""[..]),
        };
        match self.piece {
            Piece::Variable(name) => {
                let reference = match (&place.context, dialect) {
                    (Context::Double, Dialect::Sh | Dialect::Bash | Dialect::Zsh)
                        if !place.after_dollar =>
                    {
                        return Ok(format!("${{{name}}}").into_bytes());
                    }
                    (_, Dialect::Fish) => format!("\"${name}\""),
                    _ => format!("\"${{{name}}}\""),
                };
                Ok([open, reference.as_bytes(), close].concat())
            }
            Piece::Value(value) | Piece::Raw(value) => {
                if place.declared && value.starts_with(b"(") {
                    return Err(Misplaced::because(
                        self.origin,
                        "bash may take a value that begins with `(` for the words of an array here",
                        "declare the variable first, and assign to it then: `local x; x=${{ … }}`",
                    ));
                }
                let on_one_line = document.is_some() && value.contains(&b'\n');
                if on_one_line && dialect == Dialect::Sh {
                    return Err(Misplaced::because(
                        self.origin,
                        "a value of several lines can't stand in a command in a here-document",
                        "assign it to a variable before the here-document",
                    ));
                }
                let inside = if on_one_line {
                    inside_single_on_one_line(dialect, value)
                } else {
                    inside_single(dialect, value)
                };
                Ok(match place.context {
                    // Unquoted, it could make a line that ends the here-document.
                    Context::Single if document.is_some() => {
                        [b"'\"\"'", &inside[..], b"'\"\"'"].concat()
                    }
                    Context::Single => inside,
                    Context::Bare if dialect == Dialect::Zsh => {
                        self.apart(&[b"'", &inside[..], b"'"].concat(), shell, atoms)
                    }
                    _ => [open, b"'", &inside, b"'", close].concat(),
                })
            }
        }
    }

    /// A quoted word kept apart from quotes at its sides, as zsh may read `''` as one quote.
    fn apart(&self, word: &[u8], shell: &[u8], atoms: &[Range<usize>]) -> Vec<u8> {
        let before = self.range.start > 0 && shell.get(self.range.start - 1) == Some(&b'\'');
        let after = shell.get(self.range.end) == Some(&b'\'')
            || atoms
                .binary_search_by_key(&self.range.end, |atom| atom.start)
                .is_ok();
        let apart = |is_apart: bool| if is_apart { &b"\"\""[..] } else { b"" };
        [apart(before), word, apart(after)].concat()
    }

    /// A value among the lines of a here-document.
    fn render_line(
        &self,
        dialect: Dialect,
        place: &Place,
        document: &HereDocument,
        shell: &[u8],
        atoms: &[Range<usize>],
    ) -> Result<Vec<u8>, Misplaced> {
        match self.piece {
            Piece::Variable(_) if document.quoted => Err(Misplaced::because(
                self.origin,
                "a secret goes by a variable, which a quoted here-document does not expand",
                "take the quotes off the delimiter, and escape `$` and backquotes in its lines",
            )),
            Piece::Variable(name) => Ok(format!("${{{name}}}").into_bytes()),
            Piece::Value(value) | Piece::Raw(value) => {
                let line = Line::around(&self.range, document, shell, atoms);
                if !document.quoted {
                    let after_name = place.after_name;
                    Ok(here_document::escaped(
                        value, document, &line, dialect, after_name,
                    ))
                } else if document.strip_tabs && line.loses_tabs(value) {
                    Err(Misplaced::because(
                        self.origin,
                        "`<<-` would take the tabs away with which a line of this value begins",
                        "write `<<` for `<<-`, or take the quotes off the delimiter",
                    ))
                } else if dialect == Dialect::Bash
                    && document.substituted
                    && here_document::loses_control(value, &line)
                {
                    Err(Misplaced::because(
                        self.origin,
                        "bash drops a control character of this value (0x01) in a quoted here-document in `$(…)`",
                        "take the quotes off the delimiter, and escape `$` and backquotes in its lines",
                    ))
                } else {
                    Ok(value.to_vec())
                }
            }
        }
    }
}
