//! Drawings of a graph. Each escapes what comes from the document for its format.

mod dot;
mod json;
mod mermaid;
mod text;

pub(super) use dot::dot;
pub(super) use json::json;
pub(super) use mermaid::mermaid;
pub(super) use text::text;

use super::{EdgeKind, Graph};
use crate::visible::is_plain;

/// One arrow for all edges between two steps.
struct Arrow {
    from: usize,
    to: usize,
    /// The names and words that make it; empty where it is only the order.
    label: String,
    /// Whether it decides if the later step runs.
    decides: bool,
}

/// The arrows of a graph, by the later step, then the earlier one.
fn arrows(graph: &Graph) -> Vec<Arrow> {
    let mut arrows = Vec::new();
    for to in 0..graph.steps.len() {
        for from in graph.predecessors(to) {
            let mut labels: Vec<&str> = Vec::new();
            let mut decides = false;
            for edge in graph.incoming(to).filter(|edge| edge.from == *from) {
                let label = match &edge.why {
                    EdgeKind::Order => continue,
                    EdgeKind::Needs => "needs",
                    EdgeKind::Branch => "if yes",
                    EdgeKind::Name(name) | EdgeKind::Condition(name) => name,
                };
                decides |= matches!(edge.why, EdgeKind::Condition(_) | EdgeKind::Branch);
                if !labels.contains(&label) {
                    labels.push(label);
                }
            }
            arrows.push(Arrow {
                from: *from,
                to,
                label: labels.join(", "),
                decides,
            });
        }
    }
    arrows
}

/// A text on one line, without characters that a terminal obeys.
fn one_line(text: &str) -> String {
    let visible: String = text
        .chars()
        .map(|c| if is_plain(c) { c } else { ' ' })
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}
