//! The graph as a tree of sections and steps, for people.

use std::collections::HashMap;

use super::one_line;
use crate::document::Document;
use crate::graph::{EdgeKind, Graph, Step, StepKind};

/// A line of the tree.
enum Node {
    Section(usize),
    Step(usize),
}

/// A drawn line: its tree and name, then its columns.
struct Row {
    name: String,
    kind: String,
    effect: String,
    notes: String,
}

/// Draws the graph.
pub(in crate::graph) fn text(graph: &Graph) -> String {
    let document = &graph.document;
    let mut children = tree(graph);
    let mut roots = children.remove(&None).unwrap_or_default();
    // The title of the page is not said twice.
    if let [Node::Section(only)] = roots[..]
        && document
            .sections
            .get(only)
            .is_some_and(|section| section.title == document.title())
        && document.sections[only].attributes.when.is_none()
    {
        roots = children.remove(&Some(only)).unwrap_or_default();
    }
    let mut rows = Vec::new();
    let above = above(graph);
    draw(graph, &above, &roots, &children, "", &mut rows);
    let width = |column: fn(&Row) -> &str| {
        rows.iter()
            .filter(|row| !row.kind.is_empty())
            .map(|row| console::measure_text_width(column(row)))
            .max()
            .unwrap_or(0)
    };
    let name = width(|row| &row.name);
    let kind = width(|row| &row.kind);
    let effect = width(|row| &row.effect);
    let mut out = one_line(document.title());
    out.push('\n');
    for row in &rows {
        let line = format!(
            "{}  {}  {}  {}",
            pad(&row.name, name),
            pad(&row.kind, kind),
            pad(&row.effect, effect),
            row.notes
        );
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(console::measure_text_width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// What stands directly in each section (`None`: in no section), in order; sections without
/// steps are left out.
fn tree(graph: &Graph) -> HashMap<Option<usize>, Vec<Node>> {
    let document = &graph.document;
    let mut children: HashMap<Option<usize>, Vec<Node>> = HashMap::new();
    let mut placed = vec![false; document.sections.len()];
    for (at, step) in graph.steps.iter().enumerate() {
        let section = document.cells.get(step.cell).and_then(|cell| cell.section);
        let mut path = Vec::new();
        let mut here = section;
        while let Some(open) = here.filter(|here| !placed.get(*here).copied().unwrap_or(true)) {
            placed[open] = true;
            path.push(open);
            here = parent(document, open);
        }
        for section in path.into_iter().rev() {
            children
                .entry(parent(document, section))
                .or_default()
                .push(Node::Section(section));
        }
        children.entry(section).or_default().push(Node::Step(at));
    }
    children
}

fn parent(document: &Document, section: usize) -> Option<usize> {
    document
        .sections
        .get(section)
        .and_then(|section| section.parent)
        .filter(|parent| *parent < section)
}

/// For each step the one above it that others wait for.
fn above(graph: &Graph) -> Vec<Option<usize>> {
    let mut last = None;
    graph
        .steps
        .iter()
        .enumerate()
        .map(|(at, step)| {
            let above = last;
            if step.kind != StepKind::Value {
                last = Some(at);
            }
            above
        })
        .collect()
}

fn draw(
    graph: &Graph,
    above: &[Option<usize>],
    nodes: &[Node],
    children: &HashMap<Option<usize>, Vec<Node>>,
    indent: &str,
    rows: &mut Vec<Row>,
) {
    for (at, node) in nodes.iter().enumerate() {
        let last = at + 1 == nodes.len();
        let (corner, rail) = if last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        match node {
            Node::Section(section) => {
                rows.push(section_row(graph, *section, &format!("{indent}{corner}")));
                if let Some(inner) = children.get(&Some(*section)) {
                    let indent = format!("{indent}{rail}");
                    draw(graph, above, inner, children, &indent, rows);
                }
            }
            Node::Step(step) => {
                rows.push(step_row(graph, above, *step, &format!("{indent}{corner}")));
            }
        }
    }
}

fn section_row(graph: &Graph, section: usize, tree: &str) -> Row {
    let mut name = tree.to_owned();
    if let Some(section) = graph.document.sections.get(section) {
        name += &one_line(&section.title);
        let attributes = &section.attributes;
        let when = attributes
            .when
            .as_ref()
            .map(|when| format!("when {}", one_line(&when.text)));
        let parallel = attributes.parallel.then(|| "side by side".to_owned());
        for note in [when, parallel].into_iter().flatten() {
            name += " · ";
            name += &note;
        }
    }
    Row {
        name,
        kind: String::new(),
        effect: String::new(),
        notes: String::new(),
    }
}

fn step_row(graph: &Graph, above: &[Option<usize>], at: usize, tree: &str) -> Row {
    let step = &graph.steps[at];
    Row {
        name: format!("{tree}{}", one_line(step.id.as_str())),
        kind: one_line(step.kind.word()),
        effect: graph.effect(at).word().to_owned(),
        notes: notes(graph, above, at, step).join(" · "),
    }
}

fn notes(graph: &Graph, above: &[Option<usize>], at: usize, step: &Step) -> Vec<String> {
    let mut notes = Vec::new();
    // Questions have their own note.
    let but_questions = |steps: &[usize]| -> Vec<usize> {
        let mut steps = steps.to_vec();
        steps.retain(|before| !step.branches.contains(before));
        steps
    };
    let before = but_questions(graph.predecessors(at));
    let usual = but_questions(above.get(at).map_or(&[], Option::as_slice));
    if before != usual {
        match &before[..] {
            // A value is simply there.
            [] if step.kind == StepKind::Value => {}
            [] => notes.push("waits for nothing".to_owned()),
            before => notes.push(format!("after {}", ids(graph, before))),
        }
    }
    // The section's conditions stand with the section.
    let own = graph
        .document
        .cells
        .get(step.cell)
        .and_then(|cell| cell.attributes.when.as_ref());
    notes.extend(own.map(|when| format!("when {}", one_line(&when.text))));
    if !step.branches.is_empty() {
        notes.push(format!("if yes to {}", ids(graph, &step.branches)));
    }
    let uses: Vec<&str> = graph
        .incoming(at)
        .filter_map(|edge| match &edge.why {
            EdgeKind::Name(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    if !uses.is_empty() {
        notes.push(format!("uses {}", uses.join(", ")));
    }
    if let Some(each) = &step.each {
        notes.push(format!("for each of {}", one_line(&each.text)));
    }
    for (set, note) in [
        (step.confirm.is_some(), "asks first"),
        (step.background, "in the background"),
        (step.always, "always"),
        (step.allow_failure, "may fail"),
        (step.idempotent, "may run again"),
        (step.tty, "takes the terminal"),
        (step.skip, "skipped"),
    ] {
        if set {
            notes.push(note.to_owned());
        }
    }
    notes
}

/// Some ids; of many the first ones and how many there are.
fn ids(graph: &Graph, steps: &[usize]) -> String {
    const SHOWN: usize = 4;
    let mut shown: Vec<String> = steps
        .iter()
        .take(SHOWN)
        .filter_map(|step| graph.steps.get(*step))
        .map(|step| one_line(step.id.as_str()))
        .collect();
    if steps.len() > SHOWN {
        shown.push(format!("{} more", steps.len() - SHOWN));
    }
    shown.join(", ")
}
