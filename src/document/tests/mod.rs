//! Tests of the room as a whole; each file is a theme.

mod cells;
mod corpus;
mod front_matter;
mod markup;
mod plain;
mod totality;

use std::sync::Arc;

use super::{Cell, CellKind, Document, Interpolated};
use crate::diagnostic::{Diagnostics, Severity};
use crate::source::{Excerpt, Source, Span};

/// Parses a page under the name `a.md`.
fn parse(page: &str) -> (Document, Diagnostics) {
    Document::parse(Arc::new(Source::new("a.md", page)))
}

/// Parses a page that nothing is wrong with.
#[track_caller]
fn clean(page: &str) -> Document {
    let (document, diagnostics) = parse(page);
    let found = said(&document, &diagnostics);
    assert!(found.is_empty(), "{found:?}");
    document
}

/// The diagnostics as `line:column severity code "text at the place": message | help`.
fn said(document: &Document, diagnostics: &Diagnostics) -> Vec<String> {
    diagnostics
        .iter()
        .map(|found| {
            let at = document.source.position(found.span().start);
            format!(
                "{}:{} {} {} `{}`: {} | {}",
                at.line,
                at.column,
                found.severity.word(),
                found.code.0,
                document.source.slice(found.span()),
                found.message,
                found.help.as_deref().unwrap_or_default(),
            )
        })
        .collect()
}

/// Expects exactly one diagnostic, written as [`said`] writes it.
#[track_caller]
fn complains(page: &str, expected: &str) -> Document {
    let (document, diagnostics) = parse(page);
    assert_eq!(said(&document, &diagnostics), [expected]);
    document
}

/// The text that a cell's body has in the source: line ends aside it is the same, byte by byte.
#[track_caller]
fn assert_maps_back(source: &Source, excerpt: &Excerpt) {
    let bytes = source.text().as_bytes();
    assert!(excerpt.text.is_empty() || !excerpt.pieces.is_empty());
    let mut piece = 0;
    for (offset, byte) in excerpt.text.bytes().enumerate() {
        // A walk instead of `origin`, which would make this quadratic for long bodies.
        while excerpt
            .pieces
            .get(piece + 1)
            .is_some_and(|next| next.0 <= offset)
        {
            piece += 1;
        }
        let (at, from) = excerpt.pieces[piece];
        let origin = from + (offset - at);
        let there = bytes.get(origin).copied();
        let same = there == Some(byte)
            // Part of a tab that a container took the rest of.
            || (byte == b' ' && there == Some(b'\t'))
            || (byte == b'\n' && there == Some(b'\r'));
        assert!(
            same,
            "byte {offset} {byte:?} of {:?} is {there:?} at {origin} in {}",
            excerpt.text,
            source.name()
        );
    }
}

/// Checks what holds for every document, whatever the page.
#[track_caller]
fn assert_sound(document: &Document, diagnostics: &Diagnostics) {
    let source = &document.source;
    let fits = |span: Span| {
        let text = source.text();
        assert!(
            span.start <= span.end
                && span.end <= text.len()
                && text.is_char_boundary(span.start)
                && text.is_char_boundary(span.end),
            "{span:?} does not fit in {}",
            source.name()
        );
    };
    for found in diagnostics {
        found.labels.iter().for_each(|label| fits(label.span));
        if let Some((span, _)) = &found.suggestion {
            fits(*span);
        }
    }
    for (index, section) in document.sections.iter().enumerate() {
        fits(section.span);
        assert!(section.parent.is_none_or(|parent| parent < index));
    }
    let mut last = 0;
    for (index, cell) in document.cells.iter().enumerate() {
        fits(cell.span);
        fits(cell.info);
        assert!(cell.span.start >= last, "cells are in order");
        last = cell.span.start;
        assert_maps_back(source, &cell.body);
        assert!(
            cell.section
                .is_none_or(|section| section < document.sections.len())
        );
        assert!(
            cell.branch.is_none_or(
                |branch| branch < index && document.cells[branch].kind == CellKind::Branch
            )
        );
        let mut end = 0;
        for found in &cell.interpolations {
            assert!(found.range.start >= end);
            end = found.range.end;
            assert!(cell.body.text.get(found.range.clone()).is_some());
            if let Interpolated::Expression(expression) = &found.value {
                assert_maps_back(source, expression);
            }
        }
        if let CellKind::Console(exchanges) = &cell.kind {
            for exchange in exchanges {
                assert_maps_back(source, &exchange.command);
                if let Some(expected) = &exchange.expected {
                    assert_maps_back(source, expected);
                }
            }
        }
    }
    fits(document.front_matter.span);
    for input in &document.front_matter.inputs {
        fits(input.name.span);
    }
}

/// The first cell of a page.
#[track_caller]
fn first(document: &Document) -> &Cell {
    document.cells.first().expect("the page has a cell")
}

/// The texts of all cells of one kind.
fn bodies(document: &Document, wanted: impl Fn(&CellKind) -> bool) -> Vec<&str> {
    document
        .cells
        .iter()
        .filter(|cell| wanted(&cell.kind))
        .map(|cell| cell.body.text.trim_end())
        .collect()
}

fn errors(diagnostics: &Diagnostics) -> usize {
    diagnostics.count(Severity::Error)
}
