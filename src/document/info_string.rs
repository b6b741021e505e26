//! The words of an info string or a section comment, each with its place; what they mean is
//! decided in `attributes`.

use std::borrow::Cow;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Excerpt, Source, Span, Spanned};

pub(super) const UNFINISHED: Code = Code("RB0106");
const UNREADABLE_JSON: Code = Code("RB0113");

/// How attributes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Not at all.
    Absent,
    /// Pandoc's `{#id key=value}`, which holds Runme's `{ name=x }`.
    Words,
    /// Runme's `{"name":"x"}`.
    Json,
}

/// What a word of the braces is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// `#id`.
    Id,
    /// `.class`.
    Class,
    /// `key` or `key=value`.
    Pair,
}

/// One word as written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// What it is.
    pub sort: Sort,
    /// The id, the class or the key, without its sign.
    pub key: Spanned<String>,
    /// What stands after `=`.
    pub value: Option<Excerpt>,
    /// From the first byte of the key to the last of the value.
    pub span: Span,
}

/// An info string, taken apart.
#[derive(Debug)]
pub(super) struct Info<'a> {
    /// The first word, in lower case.
    pub language: Cow<'a, str>,
    /// How attributes are written.
    pub form: Form,
    /// The words of the braces.
    pub words: Vec<Written>,
    /// What is wrong with it, should the fence be a cell.
    pub problems: Vec<Diagnostic>,
}

impl<'a> Info<'a> {
    /// Takes apart the info string at `span` (`CommonMark` 4.5: the first word is the language).
    pub(super) fn read(source: &'a Source, span: Span) -> Self {
        let text = source.slice(span);
        let end = text
            .find(|c: char| c.is_whitespace() || c == '{')
            .unwrap_or(text.len());
        let mut info = Self {
            language: lower(&text[..end]),
            form: Form::Absent,
            words: Vec::new(),
            problems: Vec::new(),
        };
        let Some(brace) = opening_brace(text, end) else {
            return info;
        };
        let inside = Span::new(span.start + brace + 1, span.end);
        let first = source.slice(inside).trim_start();
        if first.starts_with('"') {
            info.form = Form::Json;
            info.read_json(source, Span::new(inside.start - 1, span.end));
        } else if first.starts_with(|c: char| c.is_ascii_digit()) {
            // `{1,3-5}`: lines to highlight, in many site generators.
        } else {
            info.form = Form::Words;
            let mut words = Words::new(source, inside, true);
            words.read();
            info.words = words.found;
            info.problems = words.problems;
        }
        if info.language.is_empty()
            && let Some(class) = info.words.iter().find(|word| word.sort == Sort::Class)
        {
            info.language = Cow::Owned(class.key.value.to_lowercase());
        }
        info
    }

    fn read_json(&mut self, source: &Source, span: Span) {
        let text = source.slice(span);
        let object = text.rfind('}').map_or(text, |end| &text[..=end]);
        let place = Span::new(span.start, span.start + object.len());
        let map = match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(object) {
            Ok(map) => map,
            Err(error) => {
                self.problems.push(
                    Diagnostic::error(
                        UNREADABLE_JSON,
                        place,
                        format!("these attributes are not JSON: {error}"),
                    )
                    .help("write `{\"name\":\"x\"}`, or `{#x}` without JSON"),
                );
                return;
            }
        };
        for (key, value) in map {
            let text = match value {
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            };
            let quoted = format!("\"{key}\"");
            let at = place.start + object.find(&quoted).map_or(0, |at| at + 1);
            let key_end = (at + key.len()).min(place.end);
            let rest = source.slice(Span::new(key_end, place.end));
            let (value_at, exact) = match rest.find(text.as_str()).filter(|_| !text.is_empty()) {
                Some(found) => (key_end + found, true),
                None => (at, false),
            };
            let mut excerpt = Excerpt::default();
            if exact {
                excerpt.push(&text, value_at);
            } else {
                stand_in(&mut excerpt, &text, value_at);
            }
            let end = if exact {
                value_at + text.len()
            } else {
                key_end
            };
            self.words.push(Written {
                sort: Sort::Pair,
                key: Spanned::new(key, Span::new(at, key_end)),
                value: Some(excerpt),
                span: Span::new(at, end),
            });
        }
    }
}

fn lower(word: &str) -> Cow<'_, str> {
    if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(word.to_lowercase())
    }
}

/// Fills an excerpt with a text that does not stand in the source as it is: every character of
/// it points at `origin`.
pub(super) fn stand_in(excerpt: &mut Excerpt, text: &str, origin: usize) {
    text.clone_into(&mut excerpt.text);
    excerpt.pieces = text.char_indices().map(|(at, _)| (at, origin)).collect();
    if excerpt.pieces.is_empty() {
        excerpt.pieces.push((0, origin));
    }
}

/// Appends a piece of a code block as the parser gave it, `span` being its place.
pub(super) fn push_code(excerpt: &mut Excerpt, text: &str, span: Span) {
    if text.len() == span.end - span.start {
        excerpt.push(text, span.start);
        return;
    }
    // The rest of a tab that a container took part of: blanks that all stand for that tab, which
    // is the byte before.
    let tab = span.start.saturating_sub(1);
    for (at, character) in text.char_indices() {
        excerpt.push(&text[at..at + character.len_utf8()], tab);
    }
}

/// The first `{` after the language that is not inside quotes, as in `sh title="{x}" {#id}`.
fn opening_brace(text: &str, from: usize) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate().skip(from) {
        match (quote, byte) {
            (None, b'{') => return Some(at),
            (None, b'"' | b'\'') if at > 0 && text.as_bytes()[at - 1] == b'=' => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// A scan over the words between braces, or of a comment.
pub(super) struct Words<'a> {
    source: &'a Source,
    at: usize,
    end: usize,
    opened: Option<usize>,
    /// The words found.
    pub found: Vec<Written>,
    /// What is wrong with them.
    pub problems: Vec<Diagnostic>,
}

impl<'a> Words<'a> {
    /// Starts at `span`; with `braces` a `}` ends it, and must.
    pub(super) fn new(source: &'a Source, span: Span, braces: bool) -> Self {
        Self {
            source,
            at: span.start,
            end: span.end,
            opened: braces.then(|| span.start.saturating_sub(1)),
            found: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Reads all words.
    pub(super) fn read(&mut self) {
        loop {
            self.skip_blanks();
            match self.peek() {
                None => {
                    if let Some(opened) = self.opened {
                        self.problems.push(
                            Diagnostic::error(
                                UNFINISHED,
                                Span::new(opened, opened + 1),
                                "this `{` is never closed",
                            )
                            .help("write `}` after the last attribute"),
                        );
                    }
                    return;
                }
                Some('}') if self.opened.is_some() => return,
                Some(sign @ ('#' | '.')) => {
                    let start = self.at;
                    self.at += 1;
                    let key = self.take_while(|c| c != '}');
                    let sort = if sign == '#' { Sort::Id } else { Sort::Class };
                    self.push(sort, key, None, start);
                }
                Some(_) => self.pair(),
            }
        }
    }

    fn pair(&mut self) {
        let start = self.at;
        let braces = self.opened.is_some();
        let key = self.take_while(|c| c != '=' && c != '"' && c != '\'' && !(braces && c == '}'));
        if key.value.is_empty() {
            self.take_while(|c| !(braces && c == '}'));
            self.problems.push(
                Diagnostic::error(
                    UNFINISHED,
                    Span::new(start, self.at),
                    format!(
                        "expected an attribute, found `{}`",
                        self.source.slice(Span::new(start, self.at))
                    ),
                )
                .help("write `name` or `name=value`, with quotes around a value with blanks"),
            );
            return;
        }
        let after = self.at;
        self.skip_blanks();
        if self.peek() == Some('=') {
            self.at += 1;
            self.skip_blanks();
            let value = self.value();
            self.push(Sort::Pair, key, Some(value), start);
        } else {
            self.at = after;
            self.push(Sort::Pair, key, None, start);
        }
    }

    fn value(&mut self) -> Excerpt {
        if let Some(quote @ ('"' | '\'')) = self.peek() {
            self.quoted(quote)
        } else {
            let start = self.at;
            let text = self.bare();
            let mut excerpt = Excerpt::default();
            excerpt.push(text, start);
            excerpt
        }
    }

    /// A value without quotes: up to a blank or the closing brace, but `${{ dir }}` is whole.
    fn bare(&mut self) -> &'a str {
        let rest = self.source.slice(Span::new(self.at, self.end));
        let mut depth = 0_usize;
        let end = rest
            .char_indices()
            .find(|(_, c)| {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => return self.opened.is_some(),
                    '}' => depth -= 1,
                    _ => {}
                }
                depth == 0 && c.is_whitespace()
            })
            .map_or(rest.len(), |(at, _)| at);
        self.at += end;
        &rest[..end]
    }

    fn quoted(&mut self, quote: char) -> Excerpt {
        let opened = self.at;
        self.at += 1;
        let mut value = Excerpt::default();
        let text = self.source.slice(Span::new(self.at, self.end));
        let base = self.at;
        let mut piece = 0;
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            if character == quote {
                value.push(&text[piece..at], base + piece);
                self.at = base + at + 1;
                return value;
            }
            if character == '\\'
                && quote == '"'
                && characters
                    .peek()
                    .is_some_and(|(_, next)| matches!(next, '"' | '\\'))
            {
                value.push(&text[piece..at], base + piece);
                piece = at + 1;
                characters.next();
            }
        }
        self.problems.push(
            Diagnostic::error(
                UNFINISHED,
                Span::new(opened, opened + 1),
                "this quote is never closed",
            )
            .help(format!("write `{quote}` after the value")),
        );
        // The brace that was meant to close the attributes is inside: don't ask for another.
        let rest = &text[piece..];
        let rest = match self.opened.take() {
            Some(_) => rest.trim_end().strip_suffix('}').unwrap_or(rest),
            None => rest,
        };
        value.push(rest, base + piece);
        self.at = self.end;
        value
    }

    fn push(&mut self, sort: Sort, key: Spanned<String>, value: Option<Excerpt>, start: usize) {
        self.found.push(Written {
            sort,
            key,
            value,
            span: Span::new(start, self.at),
        });
    }

    fn peek(&self) -> Option<char> {
        self.source
            .slice(Span::new(self.at, self.end))
            .chars()
            .next()
    }

    fn skip_blanks(&mut self) {
        let rest = self.source.slice(Span::new(self.at, self.end));
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes characters up to a blank or to the first one that is not wanted.
    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> Spanned<String> {
        let start = self.at;
        let rest = self.source.slice(Span::new(start, self.end));
        let length = rest
            .find(|c: char| c.is_whitespace() || !wanted(c))
            .unwrap_or(rest.len());
        self.at += length;
        Spanned::new(rest[..length].to_owned(), Span::new(start, self.at))
    }
}
