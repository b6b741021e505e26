//! `${{ EXPR }}` in texts other than cells: questions, directories, variables.

use crate::source::Excerpt;

/// The expressions of a text, trimmed; what is empty or not closed is the document's to report.
pub(super) fn expressions(text: &Excerpt) -> Vec<Excerpt> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text.text[from..].find("${{") {
        let start = from + at + 3;
        let Some(end) = end(&text.text, start) else {
            break;
        };
        let inner = &text.text[start..end];
        let trimmed = inner.trim_start();
        let first = start + inner.len() - trimmed.len();
        if !trimmed.is_empty() {
            found.push(text.part(first..first + trimmed.trim_end().len()));
        }
        from = end + 2;
    }
    found
}

/// Where the `}}` stands that closes an expression: not in a text, not in a map.
fn end(text: &str, start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut escaped = false;
    for (at, character) in text[start..].char_indices() {
        match (quote, character) {
            _ if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '`') => quote = Some(character),
            (None, '{') => depth += 1,
            (None, '}') if depth > 0 => depth -= 1,
            (None, '}') if text[start + at..].starts_with("}}") => return Some(start + at),
            (None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Source, Span};

    #[test]
    fn expressions_end_at_their_own_braces() {
        #[track_caller]
        fn case(text: &str, expected: &[&str]) {
            let source = Source::new("a", text);
            let found = expressions(&Excerpt::whole(&source, Span::new(0, text.len())));
            let texts: Vec<&str> = found.iter().map(|part| part.text.as_str()).collect();
            assert_eq!(texts, expected);
            for part in found {
                assert_eq!(source.slice(part.span(0..part.text.len())), part.text);
            }
        }
        case("Roll back ${{ name }} to ${{prev}}?", &["name", "prev"]);
        case("${{ #{a: #{b: 1}}.a.b }}", &["#{a: #{b: 1}}.a.b"]);
        case("${{ \"}}\" + `}}` }} ${{ ä }}", &["\"}}\" + `}}`", "ä"]);
        case("${{ never", &[]);
        case("${{ }}", &[]);
    }
}
