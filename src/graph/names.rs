//! The names that each step defines and uses, and where.

use foldhash::HashMap;

use super::attributes::Inherited;
use super::expressions::expressions;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::document::{CellKind, Document, Interpolated};
use crate::language::{Call, Definition, Form, Names, Sort, analyze, is_variable};
use crate::source::{Excerpt, Span};

const WRONG_LITERAL: Code = Code("RB0214");

/// What a name is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To do the step: its body, its question, its directory.
    Act,
    /// To decide whether the step runs.
    When,
    /// To decide how often it runs.
    Each,
    /// To decide when it is ready.
    Ready,
}

/// A name used by a step.
#[derive(Clone, Debug)]
pub(super) struct Used {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) purpose: Purpose,
}

/// The names of one step.
#[derive(Clone, Debug, Default)]
pub(super) struct StepNames {
    pub(super) defines: Vec<Definition>,
    pub(super) variables: Vec<Used>,
    /// Ids read as `steps["id"]`.
    pub(super) steps: Vec<Used>,
    pub(super) calls: Vec<(Call, Purpose)>,
    /// Keys of its map literals.
    pub(super) keys: Vec<String>,
}

impl StepNames {
    fn take(&mut self, names: Names, purpose: Purpose) {
        let mut variables = names.uses;
        for assigned in names.assigns {
            if !variables.contains(&assigned) {
                variables.push(assigned);
            }
        }
        let used = |used: crate::language::Use| Used {
            name: used.name,
            span: used.span,
            purpose,
        };
        self.variables.extend(variables.into_iter().map(used));
        self.steps.extend(names.steps.into_iter().map(used));
        self.calls
            .extend(names.calls.into_iter().map(|call| (call, purpose)));
        self.keys.extend(names.keys);
    }
}

/// Reads the names of every step (each cell is one); code that does not parse has none.
pub(super) fn names(
    document: &Document,
    inherited: &[Inherited<'_>],
    diagnostics: &mut Diagnostics,
) -> Vec<StepNames> {
    let none = Inherited::default();
    let mut lone = Lone::default();
    // A section's condition is read once, however many steps it holds for.
    let sections: Vec<Option<Names>> = document
        .sections
        .iter()
        .map(|section| {
            let when = section.attributes.when.as_ref()?;
            let names = read(when, document, Form::Expression, diagnostics)?;
            fits(when, names.literal, Purpose::When, diagnostics);
            Some(names)
        })
        .collect();
    document
        .cells
        .iter()
        .map(|cell| {
            let mut names = StepNames::default();
            let around = cell.section.and_then(|section| inherited.get(section));
            let step = around.unwrap_or(&none).with(&cell.attributes);
            for section in &step.conditions {
                if let Some(Some(condition)) = sections.get(*section) {
                    names.take(condition.clone(), Purpose::When);
                }
            }
            let mut expression = |code: &Excerpt, purpose, names: &mut StepNames| {
                if let Some(read) = read(code, document, Form::Expression, diagnostics) {
                    fits(code, read.literal, purpose, diagnostics);
                    names.take(read, purpose);
                }
            };
            if let Some(when) = &cell.attributes.when {
                expression(when, Purpose::When, &mut names);
            }
            if let Some(each) = step.each {
                expression(each, Purpose::Each, &mut names);
            }
            if let Some(ready) = step.ready {
                expression(ready, Purpose::Ready, &mut names);
            }
            for text in [step.confirm, step.cwd].into_iter().flatten() {
                for code in expressions(text) {
                    expression(&code, Purpose::Act, &mut names);
                }
            }
            for interpolation in &cell.interpolations {
                if let Interpolated::Expression(code) = &interpolation.value {
                    if lone.is_variable(&code.text) {
                        names.variables.push(Used {
                            name: code.text.clone(),
                            span: code.span(0..code.text.len()),
                            purpose: Purpose::Act,
                        });
                    } else {
                        expression(code, Purpose::Act, &mut names);
                    }
                }
            }
            if cell.kind == CellKind::Script
                && let Some(mut read) = read(&cell.body, document, Form::Cell, diagnostics)
            {
                names.defines = std::mem::take(&mut read.defines);
                names.take(read, Purpose::Act);
            }
            names
        })
        .collect()
}

/// Reports a literal that can't be what its attribute wants; a section's is reported once.
fn fits(code: &Excerpt, literal: Option<Sort>, purpose: Purpose, diagnostics: &mut Diagnostics) {
    let Some(literal) = literal else {
        return;
    };
    let (name, wanted, help, right) = match purpose {
        Purpose::When => ("when", "true or false", "`when=\"plan.ok\"`", Sort::Boolean),
        Purpose::Ready => (
            "ready",
            "true or false",
            "`ready=\"file.ok\"`",
            Sort::Boolean,
        ),
        Purpose::Each => (
            "each",
            "a list, a map or a range",
            "`each=\"[1, 2]\"` or `each=\"0..5\"`",
            Sort::Collection,
        ),
        Purpose::Act => return,
    };
    let what = match literal {
        Sort::Boolean => "a boolean",
        Sort::Number => "a number",
        Sort::Text => "a text",
        Sort::Nothing => "nothing",
        Sort::Collection => "a list or a map",
    };
    let span = code.span(0..code.text.len());
    let known = |known: &Diagnostic| known.code == WRONG_LITERAL && known.span() == span;
    if literal != right && !diagnostics.iter().any(known) {
        diagnostics.push(
            Diagnostic::error(
                WRONG_LITERAL,
                span,
                format!("`{name}` wants {wanted}, and this is {what}"),
            )
            .help(format!("write an expression that gives one, as in {help}")),
        );
    }
}

/// Which expressions are nothing but a variable, told once for each: most interpolations are one
/// of a few inputs, and need no parser.
#[derive(Default)]
struct Lone<'a>(HashMap<&'a str, bool>);

impl<'a> Lone<'a> {
    fn is_variable(&mut self, code: &'a str) -> bool {
        *self.0.entry(code).or_insert_with(|| is_variable(code))
    }
}

/// Reads the names of the front matter's `env`.
pub(super) fn environment(document: &Document, diagnostics: &mut Diagnostics) -> StepNames {
    let mut names = StepNames::default();
    for (_, text) in &document.front_matter.env {
        for code in expressions(text) {
            if let Some(read) = read(&code, document, Form::Expression, diagnostics) {
                names.take(read, Purpose::Act);
            }
        }
    }
    names
}

fn read(
    code: &Excerpt,
    document: &Document,
    form: Form,
    diagnostics: &mut Diagnostics,
) -> Option<Names> {
    match analyze(code, &document.source, form) {
        Ok(names) => Some(names),
        Err(diagnostic) => {
            let diagnostic: Diagnostic = *diagnostic;
            diagnostics.push(match reserved(code, document) {
                Some(id) => diagnostic.help(format!(
                    "`{id}` is a word of the language: the step of that name is `steps[\"{id}\"]`"
                )),
                None => diagnostic,
            });
            None
        }
    }
}

/// A word of the language in the code that is also the id of a step.
fn reserved<'a>(code: &'a Excerpt, document: &Document) -> Option<&'a str> {
    let is_step = |word: &str| {
        let mut ids = document
            .cells
            .iter()
            .filter_map(|cell| cell.attributes.id.as_ref());
        ids.any(|id| id.value == word)
    };
    code.text
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .find(|word| !word.is_empty() && !is_variable(word) && is_step(word))
}
