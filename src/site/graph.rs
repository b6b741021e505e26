//! The graph of a runbook as a picture: inline SVG, each node a link to its step.
//!
//! What a step does is told by its shape and how it stands by a sign and a word, never by colour
//! alone. Pictures have no style of their own: the pages' policy allows none.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::html;
use super::layout::{ABREAST, HEIGHT, Layout, WIDTH, layout, reduce};
use super::standing::Standing;
use crate::document::Effect;

/// Beyond this a picture shows nothing that the list of steps does not.
const MOST: usize = 300;
/// What a phone has room for; of a wider picture there is a second one, in one column.
const NARROW: usize = 330;

/// A higher picture scrolls in a frame of its own.
const TALL: usize = 1200;

/// A graph as it is put into a page.
#[derive(Debug, Default)]
pub(super) struct Picture {
    /// Nothing where there is nothing to draw.
    pub(super) html: String,
    /// Whether it is higher than anybody wants to scroll past.
    pub(super) tall: bool,
}

/// A step as the picture has it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) title: String,
    /// What runs it: a shell's name, `rhai`, `manual` …
    pub(super) kind: String,
    pub(super) effect: Option<Effect>,
    pub(super) standing: Standing,
    /// Where it leads, as in `#step-plan`; none where the page has no such place.
    pub(super) link: Option<String>,
}

/// Draws a graph; edges are `(from, to, decides)`.
pub(super) fn draw(nodes: &[Node], edges: &[(usize, usize, bool)], name: &str) -> Picture {
    if nodes.len() < 2 {
        return Picture::default();
    }
    if nodes.len() > MOST {
        let html = format!(
            "<p class=\"rb-note\">A graph of {} steps is not drawn; <code>runbook graph --format dot</code> gives it to Graphviz.</p>",
            nodes.len()
        );
        return Picture { html, tall: false };
    }
    // Against the order of the page an edge can only be part of a cycle.
    let downwards: Vec<_> = edges
        .iter()
        .filter(|(from, to, _)| from < to && *to < nodes.len())
        .copied()
        .collect();
    let drawn = reduce(nodes.len(), &downwards);
    let plain: Vec<_> = drawn.iter().map(|(from, to, _)| (*from, *to)).collect();
    let place = layout(nodes.len(), &plain, ABREAST);
    let mut out = String::with_capacity(nodes.len() * 512);
    let tall = place.height > TALL;
    if place.width <= NARROW {
        picture(&mut out, nodes, &drawn, &place, name, "");
        return Picture { html: out, tall };
    }
    // The style shows the one that there is room for.
    picture(&mut out, nodes, &drawn, &place, name, " rb-broad");
    let place = layout(nodes.len(), &plain, 1);
    picture(&mut out, nodes, &drawn, &place, name, " rb-narrow");
    Picture { html: out, tall }
}

fn picture(
    out: &mut String,
    nodes: &[Node],
    edges: &[(usize, usize, bool)],
    place: &Layout,
    name: &str,
    kind: &str,
) {
    const MARGIN: usize = 6;
    let (width, height) = (place.width + 2 * MARGIN, place.height + 2 * MARGIN);
    let _ = write!(
        out,
        "<div class=\"rb-graph{kind}{}><svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"group\" aria-label=\"Steps of {}\">",
        if height > TALL {
            " rb-tall\" tabindex=\"0\" role=\"group\" aria-label=\"The graph\""
        } else {
            "\""
        },
        html::escape(name)
    );
    let names = names(nodes);
    for (edge, points) in edges.iter().zip(&place.edges) {
        let class = if edge.2 { "rb-edge rb-if" } else { "rb-edge" };
        let _ = write!(out, "<path class=\"{class}\" d=\"");
        for (number, (x, y)) in points.iter().enumerate() {
            let (x, y) = (x + MARGIN, y + MARGIN);
            match (
                number,
                number.checked_sub(1).and_then(|last| points.get(last)),
            ) {
                (0, _) | (_, None) => {
                    let _ = write!(out, "M{x} {y}");
                }
                // Through a layer straight, between layers in a curve.
                (_, Some((before, above))) => {
                    let middle = (y + above + MARGIN) / 2;
                    let before = before + MARGIN;
                    let _ = if before == x {
                        write!(out, "L{x} {y}")
                    } else {
                        write!(out, "C{before} {middle} {x} {middle} {x} {y}")
                    };
                }
            }
        }
        out.push_str("\"></path>");
        if let Some((x, y)) = points.last() {
            let (x, y) = (x + MARGIN, y + MARGIN);
            let _ = write!(
                out,
                "<path class=\"rb-tip\" d=\"M{} {}L{x} {y}L{} {}Z\"></path>",
                x.saturating_sub(4),
                y - 6,
                x + 4,
                y - 6
            );
        }
    }
    for ((node, name), (x, y)) in nodes.iter().zip(&names).zip(&place.nodes) {
        let (left, top) = (x + MARGIN - WIDTH / 2, y + MARGIN);
        one(out, node, name, left, top);
    }
    out.push_str("</svg></div>");
}

/// The names that there is room for; those that would look the same have their number before them.
fn names(nodes: &[Node]) -> Vec<String> {
    let short: Vec<String> = nodes
        .iter()
        .map(|node| html::middle(&node.id, 20))
        .collect();
    let mut many: HashMap<&str, usize> = HashMap::new();
    for name in &short {
        *many.entry(name).or_default() += 1;
    }
    let numbered = nodes
        .iter()
        .zip(&short)
        .enumerate()
        .map(|(at, (node, name))| {
            if many.get(name.as_str()).is_some_and(|many| *many > 1) {
                let number = format!("{}. ", at + 1);
                let room = 20_usize.saturating_sub(number.chars().count());
                format!("{number}{}", html::middle(&node.id, room))
            } else {
                name.clone()
            }
        });
    numbered.collect()
}

fn one(out: &mut String, node: &Node, name: &str, left: usize, top: usize) {
    let effect = node.effect.map_or("", Effect::word);
    let standing = node.standing;
    let does = does(node.effect);
    let told = |standing: &str| {
        let parts = [node.kind.as_str(), &does, standing];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(" · ")
    };
    let label = html::escape(&format!(
        "{}: {} ({})",
        node.id,
        node.title,
        told(standing.phrase())
    ));
    match &node.link {
        Some(link) => {
            let _ = write!(
                out,
                "<a href=\"{}\" class=\"rb-node\" data-step=\"{}\" data-state=\"{}\" data-effect=\"{effect}\" aria-label=\"{label}\">",
                html::escape(link),
                html::escape(&node.id),
                standing.word(),
            );
        }
        None => {
            let _ = write!(
                out,
                "<g class=\"rb-node\" data-step=\"{}\" data-state=\"{}\" data-effect=\"{effect}\" role=\"img\" aria-label=\"{label}\">",
                html::escape(&node.id),
                standing.word(),
            );
        }
    }
    let _ = write!(out, "<title>{label}</title>");
    let (right, bottom) = (left + WIDTH, top + HEIGHT);
    match node.effect {
        Some(Effect::Destroy) => {
            // An octagon, as a stop sign has it.
            let cut = 12;
            let _ = write!(
                out,
                "<path class=\"rb-shape\" d=\"M{} {top}H{}L{right} {}V{}L{} {bottom}H{}L{left} {}V{}Z\"></path>",
                left + cut,
                right - cut,
                top + cut,
                bottom - cut,
                right - cut,
                left + cut,
                bottom - cut,
                top + cut
            );
        }
        Some(Effect::Change) => {
            let _ = write!(
                out,
                "<rect class=\"rb-shape\" x=\"{left}\" y=\"{top}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"4\"></rect>"
            );
        }
        _ => {
            let round = HEIGHT / 2;
            let _ = write!(
                out,
                "<rect class=\"rb-shape\" x=\"{left}\" y=\"{top}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"{round}\"></rect>"
            );
        }
    }
    let _ = write!(
        out,
        "<text class=\"rb-sign\" x=\"{}\" y=\"{}\">{}</text><text class=\"rb-id\" x=\"{}\" y=\"{}\">{}</text><text class=\"rb-does\" x=\"{}\" y=\"{}\">{}</text>",
        left + 21,
        top + 28,
        standing.sign(),
        left + 38,
        top + 19,
        html::escape(name),
        left + 38,
        top + 34,
        html::escape(&html::short(&told(standing.brief()), 28)),
    );
    out.push_str(if node.link.is_some() { "</a>" } else { "</g>" });
}

fn does(effect: Option<Effect>) -> String {
    match effect {
        Some(Effect::Read) => "reads",
        Some(Effect::Change) => "changes",
        Some(Effect::Destroy) => "destroys",
        None => "",
    }
    .to_owned()
}

/// What the shapes and signs mean.
pub(super) const LEGEND: &str = "<p class=\"rb-legend\"><span class=\"rb-key rb-reads\">reads</span> <span class=\"rb-key rb-changes\">changes</span> <span class=\"rb-key rb-destroys\">destroys</span> <span>✓ passed</span> <span>✗ failed</span> <span>↷ skipped</span> <span>◔ stale</span> <span>○ never ran</span> <span>◇ only on a recording</span> <span>dashed: decides whether</span></p>";
