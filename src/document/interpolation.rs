//! `${{ EXPR }}` in text: where each begins and ends.

use super::{Interpolated, Interpolation};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::Excerpt;

const UNCLOSED: Code = Code("RB0510");
const EMPTY: Code = Code("RB0511");

/// Finds every `${{ EXPR }}` of a text, in order.
///
/// A `}}` inside a string, a character or a map of the expression does not end it. One that is
/// never closed is a diagnostic, and so is an empty one.
///
/// ```
/// use runbook::document::interpolations;
/// use runbook::source::{Excerpt, Source, Span};
/// let source = Source::new("a.md", "helm rollback ${{ release }}");
/// let text = Excerpt::whole(&source, Span::new(0, source.text().len()));
/// let (found, diagnostics) = interpolations(&text);
/// assert_eq!(found[0].range, 14..28);
/// assert!(diagnostics.is_empty());
/// ```
#[must_use]
pub fn interpolations(text: &Excerpt) -> (Vec<Interpolation>, Diagnostics) {
    let mut found = Vec::new();
    let mut diagnostics = Diagnostics::default();
    let body = text.text.as_str();
    let mut from = 0;
    while let Some(start) = find_opening(body, from) {
        let inside = start + 3;
        let Some(end) = closing(body.as_bytes(), inside) else {
            diagnostics.push(
                Diagnostic::error(
                    UNCLOSED,
                    text.span(start..inside),
                    "this `${{` is never closed",
                )
                .help("write `}}` after the expression"),
            );
            // The text after it may hold others; each is found once, so the scan stays linear
            // only if an unclosed one ends it.
            break;
        };
        let expression = &body[inside..end];
        let trimmed = expression.trim();
        if trimmed.is_empty() {
            diagnostics.push(
                Diagnostic::error(
                    EMPTY,
                    text.span(start..end + 2),
                    "this interpolation holds no expression",
                )
                .help("write a name or an expression between `${{` and `}}`"),
            );
        } else {
            let lead = inside + (expression.len() - expression.trim_start().len());
            found.push(Interpolation {
                range: start..end + 2,
                value: Interpolated::Expression(text.part(lead..lead + trimmed.len())),
            });
        }
        from = end + 2;
    }
    (found, diagnostics)
}

fn find_opening(body: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += body.get(at..)?.find('$')?;
        if body.as_bytes()[at..].starts_with(b"${{") {
            return Some(at);
        }
        at += 1;
    }
}

/// The offset of the `}}` that ends an expression.
fn closing(bytes: &[u8], from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'`') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            // A character literal; an apostrophe that is none ends nothing.
            b'\'' => at += character_literal(&bytes[at..]),
            b'{' => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// How many bytes stand between the quote and the closing quote of `'x'`, closing one included.
fn character_literal(bytes: &[u8]) -> usize {
    let limit = bytes.len().min(14);
    let mut at = 1;
    while at < limit {
        match bytes[at] {
            b'\\' => at += 2,
            b'\'' => return at,
            b'\n' => return 0,
            _ => at += 1,
        }
    }
    0
}
