//! What `ShellCheck` says of shell cells: general faults of shell text are its craft.
//!
//! This room writes the files that it reads and reads what it prints; it starts nothing.

use std::ops::Range;

use serde::Deserialize;

use super::{shells, wanted};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::document::Document;
use crate::quote::Dialect;
use crate::source::{Excerpt, Position, Source};

const SHELLCHECK: Code = Code("RB0616");

/// What can't be known of one cell: `source`d files (1090, 1091), and variables that earlier
/// cells export (2154).
const EXCLUDED: &str = "--exclude=SC1090,SC1091,SC2154";

/// Says that something never changes, which is so only of the stand-ins for values.
const OF_CONSTANTS: [u32; 9] = [2043, 2050, 2078, 2157, 2158, 2161, 2170, 2194, 2335];

/// A cell's text as a file for `ShellCheck`.
#[derive(Clone, Debug)]
pub struct Script {
    /// The file's name.
    pub name: String,
    /// What stands in it: a first line that names the shell, then the cell.
    pub text: String,
    excerpt: Excerpt,
    /// Where the stand-ins for values are.
    values: Vec<Range<usize>>,
}

/// The cells of a document that `ShellCheck` can read: those of bash and `sh`.
#[must_use]
pub fn scripts(document: &Document) -> Vec<Script> {
    let mut scripts = Vec::new();
    for cell in document.cells.iter().filter(|cell| !cell.attributes.skip) {
        for shell in shells(document, cell) {
            let program = match shell.dialect {
                Dialect::Bash => "bash",
                Dialect::Sh => "sh",
                Dialect::Zsh | Dialect::Fish => continue,
            };
            // It reads the options of this line: a cell stops at the first failure.
            let errexit = match cell.attributes.errexit {
                Some(false) => "",
                _ => " -e",
            };
            let mut text = shell.text.text.clone();
            let values: Vec<_> = shell
                .values
                .iter()
                .map(|(range, _)| range.clone())
                .collect();
            for range in &values {
                // A word of the same length, so that every place stays where it is.
                text.replace_range(range.clone(), &"x".repeat(range.len()));
            }
            scripts.push(Script {
                name: format!("{}.{program}", scripts.len()),
                text: format!("#!/bin/{program}{errexit}\n{text}"),
                excerpt: shell.text.clone(),
                values,
            });
        }
    }
    scripts
}

/// The arguments with which `ShellCheck` reads these files.
#[must_use]
pub fn arguments(scripts: &[Script]) -> Vec<&str> {
    let mut arguments = vec!["--format=json1", EXCLUDED];
    arguments.extend(scripts.iter().map(|script| script.name.as_str()));
    arguments
}

/// Reads what `ShellCheck` printed, in the places of the document; what it allows is left out.
///
/// # Errors
/// Where that is not its JSON.
pub fn read(
    document: &Document,
    scripts: &[Script],
    printed: &[u8],
) -> Result<Diagnostics, serde_json::Error> {
    let printed: Printed = serde_json::from_slice(printed)?;
    let mut found = Diagnostics::default();
    for comment in &printed.comments {
        let script = scripts.iter().find(|script| script.name == comment.file);
        found.extend(script.and_then(|script| script.diagnostic(comment)));
    }
    let mut found = wanted(document, found);
    found.sort();
    Ok(found)
}

#[derive(Deserialize)]
struct Printed {
    comments: Vec<Comment>,
}

#[derive(Deserialize)]
struct Comment {
    file: String,
    #[serde(flatten)]
    place: Place,
    level: String,
    code: u32,
    message: String,
    fix: Option<Fix>,
}

/// Lines and columns from 1; the end is after the last character.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Deserialize)]
struct Fix {
    replacements: Vec<Replacement>,
}

#[derive(Deserialize)]
struct Replacement {
    #[serde(flatten)]
    place: Place,
    precedence: usize,
    #[serde(rename = "replacement")]
    text: String,
}

impl Script {
    fn diagnostic(&self, comment: &Comment) -> Option<Diagnostic> {
        let source = Source::new("", self.text.as_str());
        let range = self.visible(self.range(&source, &comment.place)?);
        let touches = |range: &Range<usize>| {
            let meets = |value: &Range<usize>| value.start < range.end && range.start < value.end;
            self.values.iter().any(meets)
        };
        let lines = self.lines(&range);
        if OF_CONSTANTS.contains(&comment.code) && touches(&lines) {
            return None;
        }
        let severity = match comment.level.as_str() {
            "error" | "warning" => Severity::Warning,
            _ => Severity::Note,
        };
        let message = comment.message.trim_end_matches('.');
        let mut diagnostic = Diagnostic::new(
            severity,
            SHELLCHECK,
            self.excerpt.span(range),
            lower(message),
        )
        .help(format!(
            "see https://www.shellcheck.net/wiki/SC{}",
            comment.code
        ));
        diagnostic.tool_code = Some(format!("SC{}", comment.code));
        let fix = comment
            .fix
            .as_ref()
            .and_then(|fix| self.fixed(&source, fix));
        if let Some((range, text)) = fix.filter(|(range, _)| !touches(range)) {
            diagnostic = diagnostic.suggest(self.excerpt.span(range), text);
        }
        Some(diagnostic)
    }

    /// The range of the cell's text that a place means.
    fn range(&self, source: &Source, place: &Place) -> Option<Range<usize>> {
        let at = |line, column| {
            let first = self.text.len() - self.excerpt.text.len();
            source.offset(Position { line, column }).checked_sub(first)
        };
        let start = at(place.line, place.column)?;
        let end = at(place.end_line, place.end_column)?.max(start);
        self.excerpt.text.get(start..end).map(|_| start..end)
    }

    /// A range with something in it: a parse error is between two characters, or at the end.
    fn visible(&self, range: Range<usize>) -> Range<usize> {
        if !range.is_empty() {
            return range;
        }
        let at = range.start;
        let text = &self.excerpt.text;
        let next = text[at..].chars().next().filter(|c| *c != '\n');
        match (next, text[..at].trim_end().char_indices().next_back()) {
            (Some(next), _) => at..at + next.len_utf8(),
            (None, Some((before, c))) => before..before + c.len_utf8(),
            (None, None) => range,
        }
    }

    /// A range, widened to whole lines.
    fn lines(&self, range: &Range<usize>) -> Range<usize> {
        let text = &self.excerpt.text;
        let start = text[..range.start].rfind('\n').map_or(0, |end| end + 1);
        let end = text[range.end..]
            .find('\n')
            .map_or(text.len(), |end| range.end + end);
        start..end
    }

    /// One text in place of one range, where a fix stays on a line.
    fn fixed(&self, source: &Source, fix: &Fix) -> Option<(Range<usize>, String)> {
        let mut edits = Vec::new();
        for replacement in &fix.replacements {
            let range = self.range(source, &replacement.place)?;
            edits.push((range, replacement.precedence, &replacement.text));
        }
        edits.sort_by_key(|(range, precedence, _)| (range.start, range.end, *precedence));
        let whole = edits.first()?.0.start..edits.last()?.0.end;
        let text = &self.excerpt.text;
        if text.get(whole.clone())?.contains('\n') {
            return None;
        }
        let (mut fixed, mut done) = (String::new(), whole.start);
        for (range, _, replacement) in edits {
            fixed.push_str(text.get(done..range.start)?);
            fixed.push_str(replacement);
            done = range.end;
        }
        fixed.push_str(text.get(done..whole.end)?);
        Some((whole, fixed))
    }
}

/// With a small first letter, as our own messages, unless the word is a name.
fn lower(message: &str) -> String {
    let mut chars = message.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => message.to_owned(),
    }
}
