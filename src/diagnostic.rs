//! What is wrong with a text, as values: coded, placed, with a next action; all of them at once.
//!
//! A diagnostic is never an `Err`: reading goes on after it. It never holds a secret's value.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};

use crate::source::{Source, Span};
use crate::visible::{self, is_plain};

/// How bad it is: only an error stops a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Probably not what was meant.
    Warning,
    /// Nothing can run until it is mended.
    Error,
}

impl Severity {
    /// The word shown and written to JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A diagnostic's code: `RB` and four digits. The hundreds name the room: 01 document,
/// 02 graph, 03 scripts, 04 inputs and plan, 05 interpolation, 06 lints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub &'static str);

/// Labels within so many bytes of the first are shown in one piece with it.
const NEAR: usize = 4 * 1024;
/// Of lines with more bytes only those around the labels are shown.
const WIDE: usize = 2 * NEAR;
/// So many of them on each side: more than a terminal is wide.
const AROUND: usize = 256;

/// A place and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is said there; may be empty.
    pub text: String,
}

/// One thing that is wrong, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Its code.
    pub code: Code,
    /// The code of the tool that found it, where that was not us.
    pub tool_code: Option<String>,
    /// One sentence: lower case, names in backquotes, no full stop.
    pub message: String,
    /// The place at fault first, then places that explain it.
    pub labels: Vec<Label>,
    /// The next action.
    pub help: Option<String>,
    /// A text that mends it, with the span it replaces.
    pub suggestion: Option<(Span, String)>,
}

impl Diagnostic {
    /// Makes a diagnostic that points at `span`.
    #[must_use]
    pub fn new(severity: Severity, code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            tool_code: None,
            message: message.into(),
            labels: vec![Label {
                span,
                text: String::new(),
            }],
            help: None,
            suggestion: None,
        }
    }

    /// Makes an error that points at `span`.
    #[must_use]
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, span, message)
    }

    /// Makes a warning that points at `span`.
    #[must_use]
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, span, message)
    }

    /// Makes a note that points at `span`.
    #[must_use]
    pub fn note(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, span, message)
    }

    /// Writes a text at the place at fault.
    #[must_use]
    pub fn at(mut self, text: impl Into<String>) -> Self {
        self.labels[0].text = text.into();
        self
    }

    /// Adds a place that explains it.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Says the next action.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says the next action where there is one to say.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Offers a text to put in place of a span.
    #[must_use]
    pub fn suggest(mut self, span: Span, text: impl Into<String>) -> Self {
        self.suggestion = Some((span, text.into()));
        self
    }

    /// The code shown: ours, or that of the tool that found it.
    #[must_use]
    pub fn code(&self) -> &str {
        self.tool_code.as_deref().unwrap_or(self.code.0)
    }

    /// The place at fault.
    #[must_use]
    pub fn span(&self) -> Span {
        self.labels[0].span
    }

    /// The diagnostic as text with the line it points at, in rustc's manner.
    #[must_use]
    pub fn render<'a>(&'a self, source: &'a Source, color: bool, width: usize) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let length = source.text().len();
        let fit = |span: Span| {
            let mut start = span.start.min(length);
            let mut end = span.end.min(length);
            while !source.text().is_char_boundary(start) {
                start -= 1;
            }
            while !source.text().is_char_boundary(end) {
                end += 1;
            }
            start..end
        };
        // Only the lines around the labels are handed over, and labels far from the first in a
        // snippet of their own: rendering must not cost what the document weighs.
        let (near, far): (Vec<_>, Vec<_>) = self
            .labels
            .iter()
            .enumerate()
            .partition(|(_, label)| label.span.start.abs_diff(self.span().start) <= NEAR);
        // The renderer takes care of the text; a file's name it writes as it is.
        let name = visible::text(source.name());
        let window = |labels: &[(usize, &Label)]| {
            let first = labels.iter().map(|(_, l)| fit(l.span).start).min();
            let last = labels.iter().map(|(_, l)| fit(l.span).end).max();
            let (first, last) = (first.unwrap_or(0), last.unwrap_or(0));
            let first_line = source.line(first);
            let lines = Span::new(
                source.line_span(first_line).start,
                source.line_span(source.line(last)).end,
            );
            let span = if lines.end - lines.start > WIDE {
                let part = Span::new(
                    first.saturating_sub(AROUND).max(lines.start),
                    last.min(first + WIDE).saturating_add(AROUND).min(lines.end),
                );
                let part = fit(part);
                Span::new(part.start, part.end)
            } else {
                lines
            };
            // Where a line is shown from its middle on, the renderer can't count its column.
            let origin = (span.start > lines.start).then(|| {
                let place = source.position(first);
                Origin::path(name.to_string())
                    .line(place.line)
                    .char_column(place.column)
            });
            (span, first_line, origin)
        };
        let shift = |range: std::ops::Range<usize>, window: Span| {
            let start = range.start.clamp(window.start, window.end) - window.start;
            let end = range.end.clamp(window.start, window.end) - window.start;
            start..end.max(start)
        };
        let add = |group: Group<'a>, labels: &[(usize, &'a Label)]| {
            let (window, first_line, origin) = window(labels);
            let mut snippet = Snippet::source(source.slice(window))
                .line_start(first_line)
                .fold(true);
            if origin.is_none() {
                snippet = snippet.path(name.to_string());
            }
            for (index, label) in labels {
                let kind = if *index == 0 {
                    AnnotationKind::Primary
                } else {
                    AnnotationKind::Context
                };
                let mut annotation = kind.span(shift(fit(label.span), window));
                if !label.text.is_empty() {
                    annotation = annotation.label(label.text.as_str());
                }
                snippet = snippet.annotation(annotation);
            }
            match origin {
                Some(origin) => group.element(origin).element(snippet),
                None => group.element(snippet),
            }
        };
        let (window, first_line, _) = window(&near);
        let title = level.primary_title(self.message.as_str()).id(self.code());
        let mut shown = add(Group::with_title(title), &near);
        for label in far {
            shown = add(shown, &[label]);
        }
        let mut report = vec![shown];
        let patch = self
            .suggestion
            .as_ref()
            .filter(|(span, _)| span.start >= window.start && span.end <= window.end);
        match (&self.help, patch) {
            (help, Some((span, text))) => report.push(
                Level::HELP
                    .secondary_title(help.as_deref().unwrap_or("write"))
                    .element(
                        Snippet::source(source.slice(window))
                            .line_start(first_line)
                            .fold(true)
                            .patch(Patch::new(shift(fit(*span), window), text.as_str())),
                    ),
            ),
            (Some(help), None) => report.push(Group::with_title(
                Level::HELP.secondary_title(help.as_str()),
            )),
            (None, None) => {}
        }
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let shown = renderer.term_width(width).render(&report);
        // The renderer shows ESC and its like in place of writing them, and writes ESC only for
        // colours; the controls of the second column it lets through.
        if shown
            .chars()
            .all(|c| is_plain(c) || matches!(c, '\n' | '\x1b'))
        {
            return shown;
        }
        shown
            .split('\x1b')
            .map(visible::text)
            .collect::<Vec<_>>()
            .join("\x1b")
    }
}

/// Diagnostics in the order in which they were found.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds many.
    pub fn extend(&mut self, other: impl IntoIterator<Item = Diagnostic>) {
        self.0.extend(other);
    }

    /// Whether one of them stops a run.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// How many there are of one severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.0.iter().filter(|d| d.severity == severity).count()
    }

    /// Puts them in the order of the document, dropping exact repetitions.
    pub fn sort(&mut self) {
        self.0.sort_by_key(|d| (d.span(), d.code));
        self.0.dedup();
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// `1 step`, `2 steps`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// `` `a`, `b` and `c` ``.
#[must_use]
pub fn list_and<T: std::fmt::Display>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [rest @ .., last] => {
            let rest: Vec<String> = rest.iter().map(|item| format!("`{item}`")).collect();
            format!("{} and `{last}`", rest.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_line_what_is_around_the_place_is_shown() {
        let before = "é ".repeat(10_000);
        let text = format!("one\n{before}wrong{}\nthree\n", " z".repeat(10_000));
        let source = Source::new("a.md", text);
        let at = "one\n".len() + before.len();
        let span = Span::new(at, at + "wrong".len());
        let diagnostic = Diagnostic::error(Code("RB0000"), span, "it is wrong")
            .help("mend it")
            .suggest(span, "right");
        let shown = diagnostic.render(&source, false, 80);
        assert!(shown.contains("--> a.md:2:20001\n"), "{shown}");
        assert!(shown.contains("^^^^^"), "{shown}");
        assert!(shown.contains("right"), "{shown}");
        assert!(shown.len() < 8 * AROUND, "{} {shown}", shown.len());
    }
}
