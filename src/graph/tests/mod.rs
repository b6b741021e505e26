//! Tests of the whole room.

mod drawings;
mod edges;
mod messages;
pub(crate) mod page;
mod steps;

use std::sync::Arc;

use super::Graph;
use crate::diagnostic::Diagnostics;
use crate::language::Vocabulary;
use page::document;

/// Functions and variables for these tests.
pub(crate) fn vocabulary() -> Vocabulary {
    const FUNCTIONS: [&str; 10] = [
        "sh",
        "run",
        "log",
        "ask",
        "len",
        "json",
        "lines",
        "map",
        "contains",
        "helm::wait",
    ];
    Vocabulary::new(
        || FUNCTIONS.map(ToOwned::to_owned).into(),
        ["env".to_owned()].into(),
    )
}

fn build(text: &str) -> (Graph, Diagnostics) {
    Graph::build(document(text), &vocabulary())
}

/// The graph of a page without errors.
#[track_caller]
pub(crate) fn graph(text: &str) -> Arc<Graph> {
    let (graph, diagnostics) = build(text);
    let shown: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| diagnostic.render(&graph.document.source, false, 100))
        .collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
    Arc::new(graph)
}
