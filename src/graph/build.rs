//! From a document to its graph.

use std::sync::Arc;

use super::index::{self, Index};
use super::link::{Edges, Linker};
use super::scope::Scope;
use super::{EdgeKind, Graph, Step, attributes, cycle, effect, names, order, places, steps};
use crate::diagnostic::Diagnostics;
use crate::document::Document;
use crate::language::Vocabulary;

/// Makes the graph of a document, and says what is wrong with it.
pub(super) fn build(document: Arc<Document>, vocabulary: &Vocabulary) -> (Graph, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let mut edges = Edges::default();
    let inherited = attributes::inherited(&document);
    let mut steps = steps::steps(&document, &inherited, &mut diagnostics);
    branches(&document, &mut steps, &mut edges);
    let ids = index::ids(&steps);
    order::order(
        &document,
        &steps,
        &ids,
        &inherited,
        &mut edges,
        &mut diagnostics,
    );
    let names = names::names(&document, &inherited, &mut diagnostics);
    let environment = names::environment(&document, &mut diagnostics);
    let scope = Scope::of(&document, &mut steps, &names, vocabulary, &mut diagnostics);
    let mut linker = Linker::new(&scope, &steps, &ids, &mut edges, &mut diagnostics);
    for (at, names) in names.iter().enumerate() {
        linker.link(at, names);
    }
    linker.environment(&environment);
    let inputs: Vec<Vec<String>> = names.iter().map(|names| scope.inputs(names)).collect();
    drop(scope);
    for ((step, names), inputs) in steps.iter_mut().zip(&names).zip(inputs) {
        step.inputs = inputs;
        step.defines = defined(names);
        step.requests = effect::requests(names);
        effect::of_calls(step, names);
    }
    drop(inherited);
    let Edges {
        edges,
        spans,
        asking,
        ..
    } = edges;
    places::check(&document, &steps, &mut diagnostics);
    let index = Index::new(ids, steps.len(), &edges, asking);
    let graph = Graph {
        document,
        steps,
        edges,
        index,
    };
    diagnostics.extend(cycle::cycles(&graph, &spans));
    diagnostics.sort();
    (graph, diagnostics)
}

/// The names that a step defines for others, each once.
fn defined(names: &names::StepNames) -> Vec<String> {
    let mut defined: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for definition in &names.defines {
        if seen.insert(definition.name.as_str()) {
            defined.push(definition.name.clone());
        }
    }
    defined
}

/// Lets each step below a question wait for it, and for the questions around that one.
fn branches(document: &Document, steps: &mut [Step], edges: &mut Edges) {
    // Cells and steps have the same numbers.
    for (at, step) in steps.iter_mut().enumerate() {
        let mut below = at;
        while let Some(question) = document
            .cells
            .get(below)
            .and_then(|cell| cell.branch)
            .filter(|question| *question < below)
        {
            step.branches.push(question);
            edges.add(question, at, EdgeKind::Branch, step.span);
            below = question;
        }
        step.branches.reverse();
    }
}
