//! Graphviz's language (<https://graphviz.org/doc/info/lang.html>).

use std::fmt::Write as _;

use super::{arrows, one_line};
use crate::graph::{Graph, StepKind};

/// Draws the graph for `dot`.
pub(in crate::graph) fn dot(graph: &Graph) -> String {
    let mut out = String::from("digraph runbook {\n  node [shape=box];\n");
    for (at, step) in graph.steps.iter().enumerate() {
        let shape = match step.kind {
            StepKind::Branch => ", shape=diamond",
            StepKind::Manual => ", shape=parallelogram",
            StepKind::Value => ", shape=note",
            _ => "",
        };
        let _ = writeln!(
            out,
            "  s{at} [label=\"{}\\n{}\"{shape}];",
            escape(step.id.as_str()),
            escape(step.kind.word())
        );
    }
    for arrow in arrows(graph) {
        let mut said: Vec<String> = Vec::new();
        if !arrow.label.is_empty() {
            said.push(format!("label=\"{}\"", escape(&arrow.label)));
        }
        if arrow.decides {
            said.push("style=dashed".to_owned());
        }
        let said = match said.join(", ") {
            said if said.is_empty() => said,
            said => format!(" [{said}]"),
        };
        let _ = writeln!(out, "  s{} -> s{}{said};", arrow.from, arrow.to);
    }
    out.push_str("}\n");
    out
}

fn escape(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('"', "\\\"")
}
