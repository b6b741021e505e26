//! Diagnostics as JSON, for editors and CI. Free to change, unlike the journal's vocabulary.

use serde::Serialize;

use crate::diagnostic;
use crate::source::{Source, Span};
use crate::visible;

/// A diagnostic with its place worked out; lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    /// As in `RB0203`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What is said at the place itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// The next action.
    pub help: Option<String>,
    /// A text that mends it.
    pub suggestion: Option<Suggestion>,
    /// Other places that explain it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related>,
}

/// A range of a file; the end is after the last character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file's path as the operator wrote it.
    pub file: String,
    /// The line of its first character.
    pub line: usize,
    /// The column of its first character.
    pub column: usize,
    /// The line of its end.
    pub end_line: usize,
    /// The column of its end.
    pub end_column: usize,
}

/// A text and the range that it replaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// The text.
    pub text: String,
    /// What it replaces.
    #[serde(flatten)]
    pub place: Place,
}

/// A place that explains a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Related {
    /// What is said of it.
    pub message: String,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
}

impl Diagnostic {
    /// Works out the places of a diagnostic in its source.
    #[must_use]
    pub fn new(source: &Source, diagnostic: &diagnostic::Diagnostic) -> Self {
        let (first, others) = match diagnostic.labels.split_first() {
            Some((first, others)) => (Some(first), others),
            None => (None, [].as_slice()),
        };
        let span = first.map_or_else(Span::default, |label| label.span);
        Self {
            severity: diagnostic.severity.word(),
            code: diagnostic.code().to_owned(),
            message: diagnostic.message.clone(),
            label: first
                .map(|label| label.text.clone())
                .filter(|text| !text.is_empty()),
            place: Place::new(source, span),
            help: diagnostic.help.clone(),
            suggestion: diagnostic
                .suggestion
                .as_ref()
                .map(|(span, text)| Suggestion {
                    text: text.clone(),
                    place: Place::new(source, *span),
                }),
            related: others
                .iter()
                .map(|label| Related {
                    message: label.text.clone(),
                    place: Place::new(source, label.span),
                })
                .collect(),
        }
    }

    /// The diagnostic as one line of JSON.
    ///
    /// # Panics
    /// Never: it holds texts and numbers only.
    #[must_use]
    pub fn line(&self) -> String {
        let line = serde_json::to_string(self).expect("texts and numbers are always JSON");
        visible::json(&line).into_owned()
    }
}

impl Place {
    fn new(source: &Source, span: Span) -> Self {
        let start = source.position(span.start);
        let end = source.position(span.end);
        Self {
            file: source.name().to_owned(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    #[test]
    fn a_diagnostic_is_one_flat_object() {
        let source = Source::new("a.md", "é ```bash {#a neds=b}\n");
        let at = source.text().find("neds").unwrap();
        let span = Span::new(at, at + 4);
        let diagnostic =
            diagnostic::Diagnostic::error(Code("RB0101"), span, "unknown attribute `neds`")
                .help("write `needs`")
                .suggest(span, "needs");
        assert_eq!(
            Diagnostic::new(&source, &diagnostic).line(),
            concat!(
                r#"{"severity":"error","code":"RB0101","message":"unknown attribute `neds`","#,
                r#""file":"a.md","line":1,"column":15,"end_line":1,"end_column":19,"#,
                r#""help":"write `needs`","suggestion":{"text":"needs","file":"a.md","#,
                r#""line":1,"column":15,"end_line":1,"end_column":19}}"#
            )
        );
    }
}
