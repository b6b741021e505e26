//! YAML whose every node knows where it stands.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use crate::source::{Source, Span};

/// How much of a page's YAML may come out of aliases; few lines of them can stand for a million.
pub(super) const ALIASED: usize = 20_000;

/// A node and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// What it is.
    pub content: Content,
    location: Location,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number; its text is what counts, so that `1.10` stays what it is.
    Number(String),
    /// Any other scalar.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in order.
    Map(Vec<(Node, Node)>),
}

impl Content {
    /// The kind, as in "found a list".
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

/// What is wrong with a block of YAML, and where.
#[derive(Debug)]
pub(super) struct Unreadable {
    /// One sentence of the parser.
    pub message: String,
    /// The place.
    pub span: Span,
}

/// A block of YAML in a source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Yaml<'a> {
    source: &'a Source,
    block: Span,
}

impl<'a> Yaml<'a> {
    /// The block at `block`.
    pub(super) const fn new(source: &'a Source, block: Span) -> Self {
        Self { source, block }
    }

    /// Parses it.
    pub(super) fn parse(self) -> Result<Node, Unreadable> {
        // `yes` and `on` are text: YAML 1.2 has two booleans (chapter 10.3.2).
        let options = serde_saphyr::options! {
            strict_booleans: true,
            alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: ALIASED },
        };
        serde_saphyr::from_str_with_options(self.source.slice(self.block), options).map_err(
            |error| {
                let error = error.without_snippet();
                let message = error.to_string();
                let message = message.split(" at line ").next().unwrap_or(&message);
                let first = message.lines().next().unwrap_or_default();
                let span = error
                    .location()
                    .map_or(self.block, |location| self.place(location));
                Unreadable {
                    message: first.to_owned(),
                    span,
                }
            },
        )
    }

    /// Where a node stands: scalars as a whole, lists and maps by where they begin.
    pub(super) fn span(self, node: &Node) -> Span {
        self.place(node.location)
    }

    /// A scalar as written, quotes included.
    pub(super) fn written(self, node: &Node) -> &'a str {
        self.source.slice(self.span(node))
    }

    fn place(self, location: Location) -> Span {
        let text = self.source.slice(self.block);
        let span = location.span();
        let start = span.byte_offset().and_then(|at| usize::try_from(at).ok());
        let start = start
            .filter(|at| text.is_char_boundary(*at))
            .unwrap_or_else(|| {
                // The scanner's errors know lines and characters only.
                let line = usize::try_from(location.line()).unwrap_or(1).max(1);
                let before: usize = text
                    .split_inclusive('\n')
                    .take(line - 1)
                    .map(str::len)
                    .sum();
                let column = usize::try_from(location.column()).unwrap_or(1);
                text.get(before..).map_or(text.len(), |rest| {
                    rest.char_indices()
                        .take_while(|(_, c)| *c != '\n')
                        .nth(column.saturating_sub(1))
                        .map_or_else(
                            || before + rest.find('\n').unwrap_or(rest.len()),
                            |(at, _)| before + at,
                        )
                })
            });
        let length = span.byte_len().and_then(|len| usize::try_from(len).ok());
        let end = start.saturating_add(length.unwrap_or(0));
        let end = if text.is_char_boundary(end) {
            end
        } else {
            start
        };
        let written = &text[start..end];
        let end = start + written.trim_end().len();
        Span::new(self.block.start + start, self.block.start + end)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned: Spanned<Content> = Deserialize::deserialize(deserializer)?;
        Ok(Self {
            content: spanned.value,
            location: spanned.referenced,
        })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML node")
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }

    fn visit_none<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        Content::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Content, E> {
        Ok(Content::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Content, E> {
        Ok(Content::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Content, E> {
        Ok(Content::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Content, E> {
        Ok(Content::Text(value.to_owned()))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Content, E> {
        Ok(Content::Text(String::from_utf8_lossy(value).into_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Content, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = access.next_element()? {
            list.push(node);
        }
        Ok(Content::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Content, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = access.next_entry()? {
            map.push(entry);
        }
        Ok(Content::Map(map))
    }
}
