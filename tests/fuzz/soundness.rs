//! What holds for every page, whatever its text.

use std::sync::Arc;

use runbook::diagnostic::Diagnostics;
use runbook::document::Document;
use runbook::graph::Graph;
use runbook::plan::{Given, Origin, Plan, Selection, Unready};
use runbook::source::{Source, Span};
use runbook::value::InputKind;
use runbook::view::{self, Style};

use crate::watch::watched;

/// Whether a terminal obeys it, or it reorders a line.
pub(crate) fn acts(character: char) -> bool {
    !runbook::visible::is_plain(character) && character != '\n'
}

/// Checks that a text for people holds nothing that acts.
#[track_caller]
pub(crate) fn tame(what: &str, text: &str) {
    assert!(!text.contains(acts), "{what} acts: {text:?}");
}

/// Reads a page, says all that can be said of it, draws it and plans it.
#[track_caller]
pub(crate) fn page(text: &str) {
    watched(text, || all(text));
}

#[track_caller]
fn all(text: &str) {
    let source = Arc::new(Source::new("a.md", text));
    let (document, found) = Document::parse(Arc::clone(&source));
    said(&source, &found);
    let document = Arc::new(document);
    for cell in &document.cells {
        fits(text, cell.span);
        fits(text, cell.info);
        for place in &cell.interpolations {
            assert!(cell.body.text.get(place.range.clone()).is_some());
        }
    }
    let vocabulary = runbook::script::vocabulary();
    let (graph, found) = Graph::build(Arc::clone(&document), vocabulary);
    said(&source, &found);
    // `check` makes no graph where it can tell that there is nothing to say of it.
    assert!(
        Graph::problems(&document, vocabulary).iter().eq(&found),
        "{text}"
    );
    let broken = found.has_errors();
    said(&source, &runbook::lint::lint(&document));
    for step in 0..graph.steps.len() {
        // An order of a graph with a cycle is none; all else is an order of all its steps.
        for earlier in graph.predecessors(step) {
            assert!(*earlier < graph.steps.len());
        }
    }
    let mut order = graph.order();
    order.sort_unstable();
    if !broken {
        assert!(order.iter().copied().eq(0..graph.steps.len()), "{order:?}");
    }
    tame("the drawing", &graph.text());
    tame("mermaid", &graph.mermaid());
    tame("dot", &graph.dot());
    let json = graph.json().to_string();
    assert!(!runbook::visible::json(&json).contains(acts), "{json:?}");
    plan(Arc::new(graph));
}

fn plan(graph: Arc<Graph>) {
    let given: Vec<Given> = graph
        .document
        .front_matter
        .inputs
        .iter()
        .map(|input| Given {
            name: input.name.value.clone(),
            text: match &input.kind {
                InputKind::Integer => "3".to_owned(),
                InputKind::Boolean => "true".to_owned(),
                InputKind::Duration => "5m".to_owned(),
                InputKind::Choice(choices) => choices.first().cloned().unwrap_or_default(),
                _ => "it's".to_owned(),
            },
            origin: Origin::Environment,
        })
        .collect();
    for given in [&[][..], &given] {
        match Plan::new(Arc::clone(&graph), given, &Selection::default()) {
            Ok(plan) => {
                assert_eq!(plan.explain().len(), plan.order.len());
                for width in [0, 20, 80] {
                    tame("the plan", &view::plan(&plan, Style::plain(width)));
                }
            }
            Err(Unready::Wrong(_) | Unready::Missing(_)) => {}
        }
    }
}

/// Checks that diagnostics point into the text and can be shown.
#[track_caller]
fn said(source: &Source, found: &Diagnostics) {
    for diagnostic in found {
        assert!(!diagnostic.message.is_empty());
        for label in &diagnostic.labels {
            fits(source.text(), label.span);
        }
        if let Some((span, _)) = &diagnostic.suggestion {
            fits(source.text(), *span);
        }
    }
    // Rendering is what costs most, and many of a kind are rendered alike.
    for diagnostic in found.iter().take(12) {
        tame("a diagnostic", &diagnostic.render(source, false, 100));
        let line = view::json::Diagnostic::new(source, diagnostic).line();
        tame("its JSON", &line);
        assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok());
    }
}

#[track_caller]
fn fits(text: &str, span: Span) {
    assert!(
        span.start <= span.end && text.get(span.start..span.end).is_some(),
        "{span:?} does not fit into {text:?}"
    );
}
