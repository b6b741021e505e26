//! Edges of the order in which steps stand, and of `needs`.

use std::cell::OnceCell;

use super::attributes::Inherited;
use super::index::Ids;
use super::link::Edges;
use super::scope::Known;
use super::{EdgeKind, Step, StepKind};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::document::Document;
use crate::source::{Span, Spanned};

const UNKNOWN_NEED: Code = Code("RB0203");
const NEEDS_ITSELF: Code = Code("RB0204");

/// Lets each step wait for the one above it, and for what `needs` says instead.
///
/// Value cells do nothing that others could wait for: they stand outside the order. Steps of a
/// parallel section wait for the step before the section, and the step after it for all of them.
pub(super) fn order(
    document: &Document,
    steps: &[Step],
    ids: &Ids,
    inherited: &[Inherited<'_>],
    edges: &mut Edges,
    diagnostics: &mut Diagnostics,
) {
    let known = OnceCell::new();
    let mut before: Vec<usize> = Vec::new();
    let mut side_by_side: Vec<usize> = Vec::new();
    let mut parallel = None;
    for (at, step) in steps.iter().enumerate() {
        let Some(cell) = document.cells.get(step.cell) else {
            continue;
        };
        let around = cell.section.and_then(|section| inherited.get(section));
        let own = cell.attributes.needs.as_deref();
        let inherits = around
            .and_then(|around| around.section_needs)
            .filter(|_| own.is_none() && step.kind != StepKind::Value);
        if let Some(needs) = own.or(inherits.map(|(_, needs)| needs)) {
            for need in needs {
                match ids.get(need.value.as_str()) {
                    Some(from) if *from != at => {
                        edges.add(*from, at, EdgeKind::Needs, need.span);
                    }
                    Some(_) if own.is_some() => {
                        diagnostics.push(Diagnostic::error(
                            NEEDS_ITSELF,
                            need.span,
                            format!("step `{}` needs itself", step.id),
                        ));
                    }
                    Some(_) => {}
                    None => {
                        let ids = || Known::new(ids.keys().map(String::as_str));
                        diagnostics.push(unknown(need, known.get_or_init(ids)));
                    }
                }
            }
        }
        if step.kind == StepKind::Value {
            continue;
        }
        let group = around.and_then(|around| around.parallel);
        if group != parallel {
            if !side_by_side.is_empty() {
                before = std::mem::take(&mut side_by_side);
            }
            parallel = group;
        }
        if own.is_none() {
            for from in &before {
                // A section's `needs` stands in for what is above the section.
                let drops =
                    inherits.is_some_and(|(section, _)| !within(document, steps, *from, section));
                if !drops {
                    edges.add(*from, at, EdgeKind::Order, step.span);
                }
            }
        }
        if parallel.is_some() {
            side_by_side.push(at);
        } else {
            before.clear();
            before.push(at);
        }
    }
}

/// Whether a step stands in a section or below it.
fn within(document: &Document, steps: &[Step], step: usize, section: usize) -> bool {
    let mut at = steps
        .get(step)
        .and_then(|step| document.cells.get(step.cell))
        .and_then(|cell| cell.section);
    while let Some(here) = at {
        if here == section {
            return true;
        }
        at = document
            .sections
            .get(here)
            .and_then(|here| here.parent)
            .filter(|parent| *parent < here);
    }
    false
}

fn unknown(need: &Spanned<String>, known: &Known<'_>) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        UNKNOWN_NEED,
        need.span,
        format!("no step is called `{}`", need.value),
    );
    match known.nearest(&need.value) {
        Some(near) => suggest(diagnostic, need.span, Some(near)),
        None => diagnostic.help(format!("the steps are {}", known.listed())),
    }
}

/// Offers the nearest name, if there is one.
pub(super) fn suggest(diagnostic: Diagnostic, span: Span, near: Option<String>) -> Diagnostic {
    match near {
        Some(name) => diagnostic
            .help(format!("did you mean `{name}`?"))
            .suggest(span, name),
        None => diagnostic,
    }
}
