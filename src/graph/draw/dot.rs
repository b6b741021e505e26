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
        let style = if arrow.decides { ", style=dashed" } else { "" };
        let _ = writeln!(
            out,
            "  s{} -> s{} [label=\"{}\"{style}];",
            arrow.from,
            arrow.to,
            escape(&arrow.label)
        );
    }
    out.push_str("}\n");
    out
}

fn escape(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('"', "\\\"")
}
