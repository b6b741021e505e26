//! Puts values into a cell's text: evaluates its interpolations and quotes each for its place.

use std::ops::Range;

use crate::document::{Cell, Interpolated};
use crate::quote::{self, Dialect, Piece};
use crate::script::{Dynamic, Interpolant};
use crate::source::Excerpt;

use super::code::Code;
use super::outcome::Ending;

/// A text with values in it.
pub(super) struct Filled {
    pub(super) text: Vec<u8>,
    /// Variables that carry the secrets among the values: a command line is no place for them.
    pub(super) variables: Vec<(String, Vec<u8>)>,
}

/// The values of a cell's interpolations, in order.
pub(super) fn values(code: &Code, cell: &Cell) -> Result<Vec<Interpolant>, Box<Ending>> {
    cell.interpolations
        .iter()
        .map(|interpolation| match &interpolation.value {
            Interpolated::Expression(expression) => {
                let value = code.evaluate(expression)?;
                code.interpolant(&value, expression)
            }
            Interpolated::Placeholder(name) => code
                .notebook
                .get(name)
                .ok_or_else(|| code.failed(&format!("the input `{name}` has no value")))
                .and_then(|value| code.interpolant(value, &Excerpt::default())),
        })
        .collect()
}

/// Quotes values for the places where they stand in a shell's text.
pub(super) fn quoted(
    code: &Code,
    dialect: Dialect,
    text: &str,
    places: &[(usize, Range<usize>)],
    values: &[Interpolant],
) -> Result<Filled, Box<Ending>> {
    let mut variables = Vec::new();
    let mut names = Vec::new();
    for (index, _) in places {
        let Interpolant { bytes, raw, secret } = &values[*index];
        let hidden = *secret || (!raw && code.context.redactor.finds(bytes));
        names.push(hidden.then(|| {
            let name = variable(code, bytes, &variables);
            if !variables.iter().any(|(known, _)| *known == name) {
                variables.push((name.clone(), bytes.clone()));
            }
            name
        }));
    }
    let pieces: Vec<(Range<usize>, Piece<'_>)> = places
        .iter()
        .zip(&names)
        .map(|((index, place), name)| {
            let value = &values[*index];
            let piece = match name {
                Some(name) => Piece::Variable(name),
                None if value.raw => Piece::Raw(&value.bytes),
                None => Piece::Value(&value.bytes),
            };
            (place.clone(), piece)
        })
        .collect();
    match quote::render(dialect, text, &pieces) {
        Ok(text) => Ok(Filled { text, variables }),
        Err(misplaced) => Err(code.failed(
            &misplaced
                .iter()
                .map(|place| format!("{}: {}", place.reason, place.help))
                .collect::<Vec<_>>()
                .join("; "),
        )),
    }
}

/// The variable that carries a secret: named after it, so that a reader of the journal knows what
/// to set to run the command by hand.
fn variable(code: &Code, bytes: &[u8], taken: &[(String, Vec<u8>)]) -> String {
    let clean = str::from_utf8(bytes).map(|text| code.context.redactor.clean(text));
    let named = clean.ok().and_then(|clean| {
        let name = clean
            .as_str()
            .strip_prefix("«secret:")?
            .strip_suffix('»')?
            .to_uppercase();
        let is_one = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        is_one.then(|| format!("RUNBOOK_VALUE_{}", name.replace(['-', '.'], "_")))
    });
    let is_free = |name: &String| {
        taken
            .iter()
            .all(|(other, value)| other != name || value == bytes)
    };
    named
        .filter(is_free)
        .unwrap_or_else(|| format!("RUNBOOK_VALUE_{}", taken.len() + 1))
}

/// Puts values into a text that is no shell's: they stand as they are.
pub(super) fn plain(
    text: &str,
    places: &[(usize, Range<usize>)],
    values: &[Interpolant],
) -> Vec<u8> {
    let mut filled = Vec::with_capacity(text.len());
    let mut at = 0;
    for (index, place) in places {
        filled.extend_from_slice(&text.as_bytes()[at..place.start]);
        filled.extend_from_slice(&values[*index].bytes);
        at = place.end;
    }
    filled.extend_from_slice(&text.as_bytes()[at..]);
    filled
}

/// A short text with `${{ }}` in it, such as a question or a directory.
pub(super) fn template(code: &Code, text: &Excerpt) -> Result<Vec<u8>, Box<Ending>> {
    // What is wrong with the text itself was said when the document was read.
    let (interpolations, _) = crate::document::interpolations(text);
    let mut filled = Vec::new();
    let mut at = 0;
    for interpolation in interpolations {
        filled.extend_from_slice(&text.text.as_bytes()[at..interpolation.range.start]);
        if let Interpolated::Expression(expression) = &interpolation.value {
            let value: Dynamic = code.evaluate(expression)?;
            filled.extend(code.interpolant(&value, expression)?.bytes);
        }
        at = interpolation.range.end;
    }
    filled.extend_from_slice(&text.text.as_bytes()[at..]);
    Ok(filled)
}
