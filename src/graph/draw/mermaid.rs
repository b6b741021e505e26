//! Mermaid's flowcharts (<https://mermaid.js.org/syntax/flowchart.html>).

use std::fmt::Write as _;

use super::{arrows, one_line};
use crate::graph::{Graph, StepKind};

/// Draws the graph as a flowchart.
pub(in crate::graph) fn mermaid(graph: &Graph) -> String {
    let mut out = String::from("flowchart TD\n");
    for (at, step) in graph.steps.iter().enumerate() {
        let (open, close) = match step.kind {
            StepKind::Branch => ("{", "}"),
            StepKind::Manual => ("[/", "/]"),
            StepKind::Value => ("[(", ")]"),
            _ => ("[", "]"),
        };
        let _ = writeln!(
            out,
            "  s{at}{open}\"{}<br/>{}\"{close}",
            escape(step.id.as_str()),
            escape(step.kind.word())
        );
    }
    for arrow in arrows(graph) {
        let line = if arrow.decides { "-.->" } else { "-->" };
        let label = if arrow.label.is_empty() {
            String::new()
        } else {
            format!("|\"{}\"|", escape(&arrow.label))
        };
        let _ = writeln!(out, "  s{} {line}{label} s{}", arrow.from, arrow.to);
    }
    out
}

/// Mermaid's own entities, `#quot;`: it takes the `#…;` of an HTML entity for one of its own.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in one_line(text).chars() {
        match character {
            '"' => escaped.push_str("#quot;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '&' => escaped.push_str("#amp;"),
            '#' | '`' | '\\' | '|' => {
                let _ = write!(escaped, "#{};", u32::from(character));
            }
            other => escaped.push(other),
        }
    }
    escaped
}
