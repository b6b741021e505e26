//! Where the nodes of a graph stand: in layers, each below what it waits for.
//!
//! The layered method (Sugiyama, Tagawa and Toda, 1981): longest paths give the layers, an edge that
//! passes a layer gets a place in it, and a few sweeps by the mean of the neighbours take crossings
//! out. A layer that is wider than a page becomes several rows, and edges of one node that pass a row
//! share their place in it, so that a wide fan is a tree and no tangle.

use std::collections::HashMap;

/// The width and height of a node, and the space between nodes.
pub(super) const WIDTH: usize = 196;
pub(super) const HEIGHT: usize = 44;
const GAP: usize = 20;
const RISE: usize = 34;
/// How many nodes stand side by side at most: what a page has room for.
pub(super) const ABREAST: usize = 4;
/// The width of the place of an edge that passes a layer.
const LANE: usize = 8;
/// The space beside it.
const BESIDE: usize = 8;
/// A node, or `None` for a place that an edge passes.
type Place = Option<usize>;

/// A graph, laid out.
#[derive(Debug)]
pub(super) struct Layout {
    /// The middle of the upper side of each node.
    pub(super) nodes: Vec<(usize, usize)>,
    /// The points of each edge from the lower side of its first node to the upper side of its last.
    pub(super) edges: Vec<Vec<(usize, usize)>>,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// Lays out a graph whose edges `(from, to)` are drawn downwards, with so many nodes in a row at most.
pub(super) fn layout(count: usize, edges: &[(usize, usize)], abreast: usize) -> Layout {
    let layer = wrapped(&layers(count, edges), abreast.max(1));
    let depth = layer.iter().max().map_or(0, |last| last + 1);
    let mut rows: Vec<Vec<Place>> = vec![Vec::new(); depth];
    // Each place by its row and its number there; `lanes` are the places of each edge.
    let mut near: Vec<Vec<(Vec<usize>, Vec<usize>)>> = vec![Vec::new(); depth];
    let mut at = vec![0; count];
    for (node, row) in layer.iter().enumerate() {
        at[node] = rows[*row].len();
        rows[*row].push(Some(node));
        near[*row].push((Vec::new(), Vec::new()));
    }
    let (mut leaving, mut coming) = (vec![0; count], vec![0; count]);
    for (from, to) in edges {
        leaving[*from] += 1;
        coming[*to] += 1;
    }
    // The place in a row that the edges of a node share: those that leave it, or those that come.
    let mut shared: HashMap<(usize, bool, usize), usize> = HashMap::new();
    let mut lanes: Vec<Vec<(usize, usize)>> = Vec::with_capacity(edges.len());
    for (from, to) in edges {
        let mut path = vec![(layer[*from], at[*from])];
        let leaves = leaving[*from] >= coming[*to];
        let owner = if leaves { *from } else { *to };
        for row in layer[*from] + 1..layer[*to] {
            let place = *shared.entry((owner, leaves, row)).or_insert_with(|| {
                rows[row].push(None);
                near[row].push((Vec::new(), Vec::new()));
                rows[row].len() - 1
            });
            path.push((row, place));
        }
        path.push((layer[*to], at[*to]));
        for pair in path.windows(2) {
            let (above, below) = (pair[0], pair[1]);
            if !near[above.0][above.1].1.contains(&below.1) {
                near[above.0][above.1].1.push(below.1);
                near[below.0][below.1].0.push(above.1);
            }
        }
        lanes.push(path);
    }
    let order = untangle(&near);
    let span = |place: Place| if place.is_some() { WIDTH } else { LANE };
    let gap = |one: Place, other: Place| {
        if one.is_some() && other.is_some() {
            GAP
        } else {
            BESIDE
        }
    };
    let wide = |row: usize| -> usize {
        let places: Vec<Place> = order[row].iter().map(|at| rows[row][*at]).collect();
        let gaps = places.windows(2).map(|pair| gap(pair[0], pair[1]));
        gaps.sum::<usize>() + places.iter().map(|place| span(*place)).sum::<usize>()
    };
    let width = (0..depth).map(wide).max().unwrap_or(0);
    let mut middle: Vec<Vec<usize>> = rows.iter().map(|row| vec![0; row.len()]).collect();
    for row in 0..depth {
        let mut x = (width - wide(row)) / 2;
        let mut before: Option<Place> = None;
        for place in &order[row] {
            let kind = rows[row][*place];
            x += before.map_or(0, |before| gap(before, kind));
            before = Some(kind);
            middle[row][*place] = x + span(kind) / 2;
            x += span(kind);
        }
    }
    let top = |row: usize| row * (HEIGHT + RISE);
    let nodes = (0..count)
        .map(|node| (middle[layer[node]][at[node]], top(layer[node])))
        .collect();
    let edges = lanes
        .iter()
        .map(|path| {
            let last = path.len() - 1;
            let mut points = Vec::with_capacity(path.len() * 2);
            for (number, (row, place)) in path.iter().enumerate() {
                let x = middle[*row][*place];
                if number > 0 {
                    points.push((x, top(*row)));
                }
                if number < last {
                    points.push((x, top(*row) + HEIGHT));
                }
            }
            points
        })
        .collect();
    Layout {
        nodes,
        edges,
        width,
        height: (depth * (HEIGHT + RISE)).saturating_sub(RISE),
    }
}

/// The row of each node: a layer that is too wide becomes several rows, as even as can be.
fn wrapped(layer: &[usize], abreast: usize) -> Vec<usize> {
    let depth = layer.iter().max().map_or(0, |last| last + 1);
    let mut sizes = vec![0_usize; depth];
    for own in layer {
        sizes[*own] += 1;
    }
    let mut first = Vec::with_capacity(depth);
    let mut next = 0;
    for size in &sizes {
        first.push(next);
        next += size.div_ceil(abreast).max(1);
    }
    let mut seen = vec![0; depth];
    let row = |own: &usize| {
        let even = sizes[*own].div_ceil(sizes[*own].div_ceil(abreast));
        let number = seen[*own];
        seen[*own] += 1;
        first[*own] + number / even
    };
    layer.iter().map(row).collect()
}

/// The layer of each node: the longest way to it. Edges of a cycle are passed over.
fn layers(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut layer = vec![0; count];
    // In a graph without cycles as many rounds as layers settle it.
    for _ in 0..count {
        let mut settled = true;
        for (from, to) in edges {
            if layer[*to] <= layer[*from] && layer[*from] + 1 < count {
                layer[*to] = layer[*from] + 1;
                settled = false;
            }
        }
        if settled {
            break;
        }
    }
    layer
}

/// The order of the places of each row; `near` are the neighbours above and below.
fn untangle(near: &[Vec<(Vec<usize>, Vec<usize>)>]) -> Vec<Vec<usize>> {
    let mut order: Vec<Vec<usize>> = near.iter().map(|row| (0..row.len()).collect()).collect();
    let mut rank: Vec<Vec<usize>> = order.clone();
    for sweep in 0..6 {
        let down = sweep % 2 == 0;
        let rows: Vec<usize> = if down {
            (1..near.len()).collect()
        } else {
            (0..near.len().saturating_sub(1)).rev().collect()
        };
        for row in rows {
            let beside = if down { &rank[row - 1] } else { &rank[row + 1] };
            let weight = |place: &usize| {
                let (above, below) = &near[row][*place];
                let neighbours = if down { above } else { below };
                if neighbours.is_empty() {
                    return (rank[row][*place] * 1024, rank[row][*place]);
                }
                let sum: usize = neighbours.iter().map(|other| beside[*other]).sum();
                (sum * 1024 / neighbours.len(), rank[row][*place])
            };
            let mut places = order[row].clone();
            places.sort_by_key(weight);
            for (number, place) in places.iter().enumerate() {
                rank[row][*place] = number;
            }
            order[row] = places;
        }
    }
    order
}

/// The edges that no longer way implies, in their order; `keep` are kept in any case.
pub(super) fn reduce(count: usize, edges: &[(usize, usize, bool)]) -> Vec<(usize, usize, bool)> {
    let words = count.div_ceil(64);
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to, _) in edges {
        below[*from].push(*to);
    }
    // Steps mostly stand in their order, so going backwards every `to` is known already.
    let mut reach = vec![vec![0_u64; words]; count];
    for from in (0..count).rev() {
        let mut own = vec![0_u64; words];
        for to in &below[from] {
            own[to / 64] |= 1 << (to % 64);
            for (word, more) in own.iter_mut().zip(&reach[*to]) {
                *word |= more;
            }
        }
        reach[from] = own;
    }
    edges
        .iter()
        .filter(|(from, to, _)| {
            !below[*from]
                .iter()
                .any(|via| via != to && reach[*via][to / 64] & (1 << (to % 64)) != 0)
        })
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_chain_is_a_column_and_a_fork_stands_side_by_side() {
        let chain = layout(3, &[(0, 1), (1, 2)], ABREAST);
        assert_eq!(chain.width, WIDTH);
        assert!(chain.nodes.windows(2).all(|pair| pair[0].0 == pair[1].0));
        let fork = layout(3, &[(0, 1), (0, 2)], ABREAST);
        assert_eq!(fork.nodes[1].1, fork.nodes[2].1);
        assert_eq!(fork.width, 2 * WIDTH + GAP);
    }

    #[test]
    fn a_wide_fan_becomes_rows_that_a_page_has_room_for() {
        let out: Vec<_> = (1..14).map(|step| (0, step)).collect();
        let back = (1..14).map(|step| (step, 14));
        let edges: Vec<_> = out.into_iter().chain(back).collect();
        let fan = layout(15, &edges, ABREAST);
        let rows: std::collections::BTreeSet<_> = fan.nodes.iter().map(|node| node.1).collect();
        assert_eq!(rows.len(), 6);
        assert!(fan.width < 900, "{}", fan.width);
        let narrow = layout(15, &edges, 1);
        assert!(narrow.width < 300, "{}", narrow.width);
    }

    #[test]
    fn what_a_longer_way_implies_is_not_drawn() {
        let edges = [(0, 1, false), (1, 2, false), (0, 2, true)];
        assert_eq!(reduce(3, &edges), edges[..2]);
    }

    proptest! {
        #[test]
        fn nodes_never_overlap_and_edges_go_down(
            count in 1_usize..20,
            abreast in 1_usize..5,
            pairs in proptest::collection::vec((0_usize..20, 0_usize..20), 0..40),
        ) {
            let edges: Vec<_> = pairs
                .into_iter()
                .filter(|(from, to)| from < to && *to < count)
                .collect();
            let drawn = layout(count, &edges, abreast);
            for (one, a) in drawn.nodes.iter().enumerate() {
                prop_assert!(a.0 + WIDTH / 2 <= drawn.width && a.1 + HEIGHT <= drawn.height);
                for b in &drawn.nodes[one + 1..] {
                    prop_assert!(a.1 != b.1 || a.0.abs_diff(b.0) >= WIDTH);
                }
            }
            for (edge, points) in edges.iter().zip(&drawn.edges) {
                prop_assert!(drawn.nodes[edge.0].1 < drawn.nodes[edge.1].1);
                prop_assert!(points.windows(2).all(|pair| pair[0].1 <= pair[1].1));
            }
        }
    }
}
