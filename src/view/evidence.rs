//! Why a step did not pass: the assertion that did not hold, the code at fault.

use super::columns::{self, cut, fit, wrap};
use super::paint::Paint;
use super::{Style, sanitize};
use crate::event::Event;

/// How many lines of a failure's detail are shown.
const DETAIL: usize = 30;
/// How wide the code of a part may be.
const CODE: usize = 40;

/// An assertion that did not hold; its texts are as they came.
#[derive(Clone, Debug)]
pub(super) struct Assertion {
    pub(super) line: usize,
    column: usize,
    expression: String,
    message: Option<String>,
    parts: Vec<(String, String)>,
}

/// What is to be said about a step that did not pass.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    pub(super) assertion: Option<Assertion>,
    /// What was said already, on the step's line.
    pub(super) reason: String,
    pub(super) detail: Option<String>,
    pub(super) document: String,
}

impl Assertion {
    /// Reads a [`Event::Checked`] that says so.
    pub(super) fn of(event: &Event) -> Option<Self> {
        let Event::Checked {
            line,
            column,
            expression,
            held: false,
            message,
            parts,
            ..
        } = event
        else {
            return None;
        };
        Some(Self {
            line: *line,
            column: *column,
            expression: expression.to_string(),
            message: message.as_ref().map(ToString::to_string),
            parts: parts
                .iter()
                .map(|part| (part.code.to_string(), part.value.to_string()))
                .collect(),
        })
    }

    fn write(&self, document: &str, reason: &str, style: Style, indent: &str, out: &mut String) {
        let paint = Paint { color: style.color };
        let room = style.width.saturating_sub(indent.len());
        let limit = |used: usize| {
            if style.width == 0 {
                0
            } else {
                room.saturating_sub(used).max(1)
            }
        };
        for (index, text) in sanitize::lines(&self.expression).enumerate() {
            let lead = if index == 0 { "assert " } else { "       " };
            let text = cut(&text, limit(7)).into_owned();
            push(out, indent, &format!("{lead}{}", paint.bold(&text)));
        }
        let message = self.message.as_deref().map(sanitize::line);
        if let Some(message) = message.filter(|message| !reason.contains(&**message)) {
            for text in wrap(&message, limit(7)) {
                push(out, indent, &format!("       {}", paint.red(&text)));
            }
        }
        let parts: Vec<(String, String)> = self
            .parts
            .iter()
            .map(|(code, value)| (one_line(code), one_line(value)))
            .collect();
        let widest = parts.iter().map(|(code, _)| columns::width(code)).max();
        let code_width =
            widest
                .unwrap_or(0)
                .min(CODE)
                .min(if style.width == 0 { CODE } else { room / 2 });
        for (code, value) in &parts {
            let code = fit(code, code_width);
            let value = cut(value, limit(11 + code_width));
            push(
                out,
                indent,
                &format!("         {}  {}", paint.dim(&code), paint.cyan(&value)),
            );
        }
        let place = format!("at {document}:{}:{}", self.line, self.column);
        push(
            out,
            indent,
            &paint.dim(&cut(&sanitize::line(&place), limit(0))),
        );
    }
}

impl Evidence {
    /// Writes it, each line behind `indent`.
    pub(super) fn write(&self, style: Style, indent: &str, out: &mut String) {
        if let Some(assertion) = &self.assertion {
            assertion.write(&self.document, &self.reason, style, indent, out);
        }
        let repeats = |detail: &&str| {
            self.assertion
                .as_ref()
                .is_some_and(|assertion| detail.contains(&assertion.expression))
        };
        if let Some(detail) = self.detail.as_deref().filter(|detail| !repeats(detail)) {
            let limit = if style.width == 0 {
                0
            } else {
                style.width.saturating_sub(indent.len()).max(1)
            };
            let lines: Vec<_> = sanitize::lines(detail.trim_end()).collect();
            // A picture of the code keeps its columns; what was thrown is prose.
            let picture = lines
                .iter()
                .any(|line| line.trim_start().starts_with("-->"));
            for text in lines.iter().take(DETAIL) {
                if picture {
                    push(out, indent, &cut(text, limit));
                    continue;
                }
                for (index, piece) in wrap(text, limit.saturating_sub(4)).iter().enumerate() {
                    let lead = if index == 0 { "" } else { "    " };
                    push(out, indent, &format!("{lead}{piece}"));
                }
            }
            if let Some(more) = lines.len().checked_sub(DETAIL + 1) {
                let more = crate::diagnostic::count(more + 1, "more line");
                push(out, indent, &format!("… {more}"));
            }
        }
    }

    /// Whether there is nothing to say.
    pub(super) fn is_empty(&self) -> bool {
        self.assertion.is_none() && self.detail.as_deref().is_none_or(str::is_empty)
    }
}

fn one_line(text: &str) -> String {
    let lines: Vec<_> = sanitize::lines(text)
        .map(|line| line.trim().to_owned())
        .collect();
    lines.join(" ")
}

fn push(out: &mut String, indent: &str, text: &str) {
    out.push_str(indent);
    out.push_str(text.trim_end());
    out.push('\n');
}
