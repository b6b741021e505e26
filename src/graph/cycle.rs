//! Steps that wait for each other.

use std::collections::{HashMap, HashSet, VecDeque};

use super::{EdgeKind, Graph};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

const CYCLE: Code = Code("RB0205");

/// How many steps a path names before it leaves out its middle.
const SHOWN: usize = 8;

/// How many cycles are reported: mending one often mends others.
const REPORTED: usize = 20;

/// Reports a cycle through each place that makes a step wait for a later one; `spans` are the
/// places of the graph's edges.
pub(super) fn cycles(graph: &Graph, spans: &[Span]) -> Vec<Diagnostic> {
    // Every cycle has an edge against the document's order. A section's condition makes one for
    // each of its steps: the first will do.
    if graph.edges.iter().all(|edge| edge.from <= edge.to) {
        return Vec::new();
    }
    let knots = knots(graph);
    let mut places = HashSet::new();
    let mut closing: Vec<usize> = (0..graph.edges.len())
        .filter(|at| {
            let edge = &graph.edges[*at];
            edge.from > edge.to
                && knots[edge.from] == knots[edge.to]
                && spans.get(*at).is_some_and(|span| places.insert(*span))
        })
        .collect();
    closing.truncate(REPORTED);
    closing
        .into_iter()
        .map(|edge| report(graph, spans, &path(graph, &knots, edge)))
        .collect()
}

/// The edges of a shortest cycle through an edge: each leads to the step that waits, the next
/// one to the step that it waits for.
fn path(graph: &Graph, knots: &[usize], closing: usize) -> Vec<usize> {
    let start = graph.edges[closing].from;
    let goal = graph.edges[closing].to;
    // Breadth first from the later step along what it waits for, to the earlier one.
    let mut reached: HashMap<usize, usize> = HashMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(step) = open.pop_front() {
        if step == goal {
            break;
        }
        for at in graph.index.incoming.of(step) {
            let from = graph.edges[*at].from;
            if from != start && knots[from] == knots[start] && !reached.contains_key(&from) {
                reached.insert(from, *at);
                open.push_back(from);
            }
        }
    }
    let mut edges = Vec::new();
    let mut step = goal;
    while step != start {
        let Some(at) = reached.get(&step) else {
            break;
        };
        edges.push(*at);
        step = graph.edges[*at].to;
    }
    edges.push(closing);
    edges.reverse();
    edges
}

fn report(graph: &Graph, spans: &[Span], path: &[usize]) -> Diagnostic {
    let id = |step: usize| graph.steps[step].id.as_str();
    // Steps in a row that only stand below each other are one hop.
    let mut hops: Vec<(usize, usize, usize)> = Vec::new();
    for at in path {
        let edge = &graph.edges[*at];
        match hops.last_mut() {
            Some((_, from, last))
                if edge.why == EdgeKind::Order && graph.edges[*last].why == EdgeKind::Order =>
            {
                *from = edge.from;
            }
            _ => hops.push((edge.to, edge.from, *at)),
        }
    }
    let mut names: Vec<String> = hops
        .iter()
        .map(|(to, _, _)| format!("`{}`", id(*to)))
        .collect();
    names.extend(names.first().cloned());
    if names.len() > SHOWN {
        let left_out = names.len() - SHOWN + 1;
        names.splice(
            SHOWN / 2..SHOWN / 2 + left_out,
            [format!("… {left_out} more …")],
        );
    }
    let mut diagnostic = Diagnostic::error(
        CYCLE,
        path.first()
            .and_then(|at| spans.get(*at))
            .copied()
            .unwrap_or_default(),
        format!("steps wait for each other: {}", names.join(" → ")),
    );
    for (hop, (to, from, at)) in hops.iter().enumerate() {
        let reason = match &graph.edges[*at].why {
            EdgeKind::Order => format!("`{}` stands below `{}`", id(*to), id(*from)),
            EdgeKind::Needs => format!("`{}` needs `{}`", id(*to), id(*from)),
            EdgeKind::Name(name) if name == id(*from) => {
                format!("`{}` uses the result of `{name}`", id(*to))
            }
            EdgeKind::Name(name) => {
                format!("`{}` uses `{name}`, which `{}` defines", id(*to), id(*from))
            }
            EdgeKind::Condition(name) => {
                format!("`{}` asks about `{name}`", id(*to))
            }
            EdgeKind::Branch => format!("`{}` depends on the answer to `{}`", id(*to), id(*from)),
        };
        if hop == 0 {
            diagnostic = diagnostic.at(reason);
        } else if hop < SHOWN {
            let span = spans.get(*at).copied().unwrap_or_default();
            diagnostic = diagnostic.label(span, reason);
        }
    }
    let first = path.first().map(|at| &graph.edges[*at]);
    let by_order = hops
        .iter()
        .any(|(_, _, at)| graph.edges[*at].why == EdgeKind::Order);
    diagnostic.maybe_help(first.map(|edge| {
        if by_order {
            format!(
                "move `{0}` above `{1}`, or let it say what it waits for with `needs=`",
                id(edge.from),
                id(edge.to)
            )
        } else {
            "take one of these away".to_owned()
        }
    }))
}

/// The number of the knot of each step: steps that wait for each other share one.
///
/// Tarjan's algorithm ("Depth-first search and linear graph algorithms", 1972), without
/// recursion, as documents may have more steps than a stack has room.
fn knots(graph: &Graph) -> Vec<usize> {
    const NONE: usize = usize::MAX;
    let count = graph.steps.len();
    let mut number = vec![NONE; count];
    let mut low = vec![NONE; count];
    let mut knot = vec![NONE; count];
    let mut stack = Vec::new();
    let mut next = 0;
    for root in 0..count {
        if number[root] != NONE {
            continue;
        }
        let mut open = vec![(root, 0)];
        while let Some((step, child)) = open.pop() {
            if child == 0 {
                number[step] = next;
                low[step] = next;
                next += 1;
                stack.push(step);
            }
            if let Some(after) = graph.successors(step).get(child).copied() {
                open.push((step, child + 1));
                if number[after] == NONE {
                    open.push((after, 0));
                } else if knot[after] == NONE {
                    low[step] = low[step].min(number[after]);
                }
                continue;
            }
            if low[step] == number[step] {
                while let Some(member) = stack.pop() {
                    knot[member] = step;
                    if member == step {
                        break;
                    }
                }
            }
            if let Some((parent, _)) = open.last() {
                low[*parent] = low[*parent].min(low[step]);
            }
        }
    }
    knot
}
