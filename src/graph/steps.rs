//! Steps of the cells: their names, titles and attributes.

use std::time::Duration;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::attributes::Inherited;
use super::{Step, StepKind};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::document::{Cell, CellKind, Document};
use crate::name::{StepId, slug};
use crate::quote::Dialect;
use crate::source::{Excerpt, Span};

const DUPLICATE_ID: Code = Code("RB0201");

/// The name of a step that stands before any heading.
const UNNAMED: &str = "step";

/// Makes the steps, in the order of the document; `inherited` is what each section hands down.
pub(super) fn steps(
    document: &Document,
    inherited: &[Inherited<'_>],
    diagnostics: &mut Diagnostics,
) -> Vec<Step> {
    let none = Inherited::default();
    let mut names = Names::of(document, diagnostics);
    // Cells of one section share its name.
    let mut last: Option<(usize, String)> = None;
    document
        .cells
        .iter()
        .enumerate()
        .map(|(at, cell)| {
            let around = cell.section.and_then(|section| inherited.get(section));
            let inherited = around.unwrap_or(&none).with(&cell.attributes);
            let section = cell
                .section
                .and_then(|section| document.sections.get(section));
            let base = match (&cell.attributes.id, cell.section, section) {
                (Some(id), ..) => id.value.as_str(),
                (None, Some(at), Some(section)) => {
                    if last.as_ref().is_none_or(|(known, _)| *known != at) {
                        last = Some((at, slug(&section.title)));
                    }
                    last.as_ref().map_or(UNNAMED, |(_, name)| name)
                }
                (None, ..) => UNNAMED,
            };
            let id = names.next(cell, base);
            Step {
                named: cell
                    .attributes
                    .id
                    .as_ref()
                    .is_some_and(|written| written.value == id.as_str()),
                title: section.map_or_else(|| id.to_string(), |section| section.title.clone()),
                variable: None,
                cell: at,
                span: cell
                    .attributes
                    .id
                    .as_ref()
                    .map_or(cell.info, |written| written.span),
                kind: kind(document, cell, &inherited),
                conditions: conditions(document, cell, &inherited),
                branches: Vec::new(),
                confirm: confirm(document, cell, &inherited),
                timeout: inherited.timeout,
                retry: inherited.retry.unwrap_or(0),
                delay: inherited.delay.unwrap_or(Duration::ZERO),
                backoff: inherited.backoff.unwrap_or(1.0).max(1.0),
                always: inherited.always,
                allow_failure: inherited.allow_failure,
                background: inherited.background,
                ready: inherited.ready.cloned(),
                each: inherited.each.cloned(),
                requests: Vec::new(),
                effect: inherited.effect,
                idempotent: inherited.idempotent,
                tty: inherited.tty,
                errexit: inherited.errexit.unwrap_or(true),
                cwd: inherited.cwd.cloned(),
                skip: inherited.skip,
                defines: Vec::new(),
                inputs: Vec::new(),
                id,
            }
        })
        .collect()
}

fn kind(document: &Document, cell: &Cell, inherited: &Inherited<'_>) -> StepKind {
    let shell = || {
        inherited
            .shell
            .or(document.front_matter.shell)
            .unwrap_or(Dialect::Bash)
    };
    match &cell.kind {
        CellKind::Shell(own) => StepKind::Shell(own.unwrap_or_else(shell)),
        CellKind::Console(_) => StepKind::Console(shell()),
        CellKind::Script => StepKind::Script,
        CellKind::Interpreter { program, .. } => StepKind::Interpreter(program.clone()),
        CellKind::Value(_) => StepKind::Value,
        CellKind::Manual => StepKind::Manual,
        CellKind::Branch => StepKind::Branch,
    }
}

fn conditions(document: &Document, cell: &Cell, inherited: &Inherited<'_>) -> Vec<Excerpt> {
    inherited
        .conditions
        .iter()
        .filter_map(|section| document.sections.get(*section)?.attributes.when.as_ref())
        .chain(cell.attributes.when.as_ref())
        .cloned()
        .collect()
}

/// A plain document asks before each step; manual steps and questions ask anyway.
fn confirm(document: &Document, cell: &Cell, inherited: &Inherited<'_>) -> Option<Excerpt> {
    let asks = matches!(
        cell.kind,
        CellKind::Manual | CellKind::Branch | CellKind::Value(_)
    );
    let usual = (document.plain && !asks).then(Excerpt::default);
    inherited.confirm.cloned().or(usual)
}

/// Names given out so far.
struct Names {
    /// Ids written in the document.
    written: HashSet<String>,
    /// Ids in use: written ones once their cell has come by, and made ones.
    taken: HashSet<String>,
    /// The last number tried for each made name.
    numbers: HashMap<String, usize>,
}

impl Names {
    fn of(document: &Document, diagnostics: &mut Diagnostics) -> Self {
        let written = || {
            let cells = document.cells.iter();
            cells.filter_map(|cell| cell.attributes.id.as_ref())
        };
        let mut first: HashMap<&str, Span> = HashMap::with_capacity(written().count());
        for id in written() {
            match first.get(id.value.as_str()) {
                Some(before) => diagnostics.push(
                    Diagnostic::error(
                        DUPLICATE_ID,
                        id.span,
                        format!("two steps are called `{}`", id.value),
                    )
                    .at("again here")
                    .label(*before, "first here")
                    .help("give one of them another name"),
                ),
                None => {
                    first.insert(&id.value, id.span);
                }
            }
        }
        Self {
            written: first.into_keys().map(str::to_owned).collect(),
            taken: HashSet::with_capacity(document.cells.len()),
            numbers: HashMap::new(),
        }
    }

    /// The id of a cell: the written one where it is still free, else one made of `base`.
    fn next(&mut self, cell: &Cell, base: &str) -> StepId {
        if let Some(id) = &cell.attributes.id
            && self.taken.insert(id.value.clone())
        {
            return StepId::new(id.value.clone());
        }
        if !self.numbers.contains_key(base) {
            self.numbers.insert(base.to_owned(), 0);
        }
        let Some(number) = self.numbers.get_mut(base) else {
            return StepId::new(base);
        };
        loop {
            *number += 1;
            let name = if *number == 1 {
                base.to_owned()
            } else {
                format!("{base}-{number}")
            };
            if !self.written.contains(&name) && self.taken.insert(name.clone()) {
                return StepId::new(name);
            }
        }
    }
}
