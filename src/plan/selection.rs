//! Which steps run.

use super::{Selected, Selection};
use crate::graph::{EdgeKind, Graph};
use crate::name::nearest;

/// Whether each step runs; what is wrong with the selection is added to `wrong`.
///
/// `--step` brings what its steps need, ask about and use; `--from` and `--until` bring what
/// the steps between them use and ask about, as steps above are taken to have been run.
pub(super) fn select(
    graph: &Graph,
    selection: &Selection,
    wrong: &mut Vec<String>,
) -> Vec<Selected> {
    let count = graph.steps.len();
    if selection.steps.is_empty() && selection.from.is_none() && selection.until.is_none() {
        return vec![Selected::Yes; count];
    }
    let mut find = |option: &str, id: &str| {
        let found = graph.step(id);
        if found.is_none() {
            wrong.push(unknown(graph, option, id));
        }
        found
    };
    let named: Vec<usize> = selection
        .steps
        .iter()
        .filter_map(|id| find("--step", id))
        .collect();
    let from = selection.from.as_deref().map(|id| find("--from", id));
    let until = selection.until.as_deref().map(|id| find("--until", id));
    if let (Some(Some(first)), Some(Some(last))) = (from, until)
        && first > last
    {
        wrong.push(format!(
            "`--from {}` stands below `--until {}`: nothing is between them",
            graph.steps[first].id, graph.steps[last].id
        ));
    }
    let mut selected = vec![Selected::No; count];
    if from.is_some() || until.is_some() {
        let first = from.flatten().unwrap_or(0);
        let last = until.flatten().unwrap_or(count.saturating_sub(1));
        for chosen in selected.iter_mut().take(last + 1).skip(first) {
            *chosen = Selected::Yes;
        }
        let roots = (0..count)
            .filter(|at| selected[*at] == Selected::Yes)
            .collect();
        bring(graph, roots, &mut selected, |why| {
            matches!(why, EdgeKind::Name(_) | EdgeKind::Condition(_))
        });
    }
    for step in &named {
        selected[*step] = Selected::Yes;
    }
    bring(graph, named, &mut selected, |why| *why != EdgeKind::Order);
    selected
}

/// Selects what the roots wait for by the edges that count.
fn bring(
    graph: &Graph,
    roots: Vec<usize>,
    selected: &mut [Selected],
    counts: fn(&EdgeKind) -> bool,
) {
    let mut open: Vec<(usize, usize)> = roots.into_iter().map(|root| (root, root)).collect();
    while let Some((step, root)) = open.pop() {
        for edge in graph.incoming(step) {
            if counts(&edge.why) && selected[edge.from] == Selected::No {
                selected[edge.from] = Selected::For(root);
                open.push((edge.from, root));
            }
        }
    }
}

fn unknown(graph: &Graph, option: &str, id: &str) -> String {
    let near = nearest(id, graph.steps.iter().map(|step| step.id.as_str()));
    let help = near.map_or_else(
        || "; `runbook graph` shows the steps".to_owned(),
        |near| format!("; did you mean `{near}`?"),
    );
    format!("{option}: no step is called `{id}`{help}")
}
