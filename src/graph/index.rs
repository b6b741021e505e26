//! Who waits for whom, looked up quickly.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use foldhash::HashMap;

use super::{Edge, Step};

/// Lists of numbers, one list per step, in two vectors.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists {
    /// Where each step's list begins; one more than there are steps.
    starts: Vec<usize>,
    items: Vec<usize>,
}

impl Lists {
    /// Sorts `(step, item)` pairs into lists without repetition; each step is below `count`.
    fn new(count: usize, mut pairs: Vec<(usize, usize)>) -> Self {
        pairs.retain(|(step, _)| *step < count);
        pairs.sort_unstable();
        pairs.dedup();
        let mut starts = vec![0; count + 1];
        for (step, _) in &pairs {
            starts[step + 1] += 1;
        }
        for step in 0..count {
            starts[step + 1] += starts[step];
        }
        Self {
            starts,
            items: pairs.into_iter().map(|(_, item)| item).collect(),
        }
    }

    /// The list of a step; empty for a step that is not there.
    pub(super) fn of(&self, step: usize) -> &[usize] {
        match (self.starts.get(step), self.starts.get(step + 1)) {
            (Some(start), Some(end)) => &self.items[*start..*end],
            _ => &[],
        }
    }

    fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }
}

/// The step of each id.
pub(super) type Ids = HashMap<String, usize>;

/// The ids of the steps.
pub(super) fn ids(steps: &[Step]) -> Ids {
    steps
        .iter()
        .enumerate()
        .map(|(at, step)| (step.id.as_str().to_owned(), at))
        .collect()
}

/// Everything that is looked up by a step.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    ids: Ids,
    pub(super) predecessors: Lists,
    pub(super) successors: Lists,
    /// Indices of the edges that lead to a step.
    pub(super) incoming: Lists,
    /// Steps whose conditions ask about a step.
    pub(super) asked: Lists,
}

impl Index {
    /// Indexes the edges of `count` steps.
    pub(super) fn new(ids: Ids, count: usize, edges: &[Edge], asking: Vec<(usize, usize)>) -> Self {
        let inside = |edge: &&Edge| edge.from < count && edge.to < count;
        let pairs = |pair: fn(&Edge) -> (usize, usize)| {
            Lists::new(count, edges.iter().filter(inside).map(pair).collect())
        };
        Self {
            ids,
            predecessors: pairs(|edge| (edge.to, edge.from)),
            successors: pairs(|edge| (edge.from, edge.to)),
            incoming: Lists::new(
                count,
                edges
                    .iter()
                    .enumerate()
                    .filter(|(_, edge)| edge.from < count)
                    .map(|(at, edge)| (edge.to, at))
                    .collect(),
            ),
            asked: Lists::new(count, asking),
        }
    }

    pub(super) fn step(&self, id: &str) -> Option<usize> {
        self.ids.get(id).copied()
    }

    /// A topological order, ties by number; what a cycle holds back comes last.
    pub(super) fn order(&self) -> Vec<usize> {
        let count = self.predecessors.len();
        let mut waiting: Vec<usize> = (0..count)
            .map(|step| self.predecessors.of(step).len())
            .collect();
        let mut ready: BinaryHeap<Reverse<usize>> = (0..count)
            .filter(|step| waiting[*step] == 0)
            .map(Reverse)
            .collect();
        let mut order = Vec::with_capacity(count);
        while let Some(Reverse(step)) = ready.pop() {
            order.push(step);
            for next in self.successors.of(step) {
                waiting[*next] -= 1;
                if waiting[*next] == 0 {
                    ready.push(Reverse(*next));
                }
            }
        }
        if order.len() < count {
            order.extend((0..count).filter(|step| waiting[*step] > 0));
        }
        order
    }
}
