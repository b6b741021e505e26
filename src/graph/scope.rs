//! What each name means in a document: an input, a definition, a step's result.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt};

use super::Step;
use super::names::StepNames;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::document::Document;
use crate::language::{Vocabulary, is_variable};
use crate::name::{nearest, variable};
use crate::source::Span;

const SAME_VARIABLE: Code = Code("RB0202");
const DEFINED_TWICE: Code = Code("RB0206");
const TAKEN: Code = Code("RB0209");

/// The map of all results.
pub(super) const STEPS: &str = "steps";
/// The names that a step with `each` has.
pub(super) const OF_EACH: [&str; 2] = ["item", "index"];
/// Functions that are part of Rhai's syntax (its book, "Keywords").
const BUILT_IN: [&str; 9] = [
    "print",
    "debug",
    "type_of",
    "call",
    "curry",
    "Fn",
    "is_def_var",
    "is_def_fn",
    "is_shared",
];

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// An input of the document.
    Input,
    /// What a script cell (a step) defines.
    Definition(usize),
    /// The result of a step, or the value of a cell.
    Result(usize),
}

/// A function that a script cell defines.
struct Function {
    step: usize,
    parameters: usize,
    span: Span,
}

/// The names of a document.
pub(super) struct Scope<'a> {
    owners: HashMap<String, (Owner, Span)>,
    functions: HashMap<String, Vec<Function>>,
    keys: BTreeSet<&'a str>,
    vocabulary: &'a Vocabulary,
}

impl<'a> Scope<'a> {
    /// Gathers the names, gives each step its variable, and reports names that mean two things.
    pub(super) fn of(
        document: &'a Document,
        steps: &mut [Step],
        names: &'a [StepNames],
        vocabulary: &'a Vocabulary,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut scope = Self {
            owners: HashMap::new(),
            functions: HashMap::new(),
            keys: names
                .iter()
                .flat_map(|names| names.keys.iter().map(String::as_str))
                .collect(),
            vocabulary,
        };
        for input in &document.front_matter.inputs {
            let name = variable(&input.name.value);
            scope.own(name, Owner::Input, input.name.span, diagnostics);
        }
        for (at, names) in names.iter().enumerate() {
            scope.define(at, names, diagnostics);
        }
        // Written names first: one that is made from a heading gives way.
        for written in [true, false] {
            for (at, step) in steps.iter_mut().enumerate() {
                if step.named != written {
                    continue;
                }
                let name = step.id.variable();
                if !is_variable(&name) {
                    continue;
                }
                if written {
                    scope.own(name.clone(), Owner::Result(at), step.span, diagnostics);
                } else if !scope.is_always_there(&name) {
                    let owner = (Owner::Result(at), step.span);
                    scope.owners.entry(name.clone()).or_insert(owner);
                }
                if scope.owner(&name) == Some(Owner::Result(at)) {
                    step.variable = Some(name);
                }
            }
        }
        scope
    }

    fn define(&mut self, at: usize, names: &StepNames, diagnostics: &mut Diagnostics) {
        let mut own: BTreeSet<&str> = BTreeSet::new();
        for defined in &names.defines {
            match defined.parameters {
                Some(parameters) => {
                    let others = self.functions.entry(defined.name.clone()).or_default();
                    let twice = others
                        .iter()
                        .find(|other| other.parameters == parameters && other.step != at);
                    if let Some(first) = twice {
                        diagnostics.push(twice_defined(
                            &format!("function `{}`", defined.name),
                            defined.span,
                            first.span,
                        ));
                    }
                    others.push(Function {
                        step: at,
                        parameters,
                        span: defined.span,
                    });
                }
                // A cell may define a name anew for itself.
                None if own.insert(&defined.name) => {
                    self.own(
                        defined.name.clone(),
                        Owner::Definition(at),
                        defined.span,
                        diagnostics,
                    );
                }
                None => {}
            }
        }
    }

    /// Gives a name its meaning, or reports that it has one.
    fn own(&mut self, name: String, owner: Owner, span: Span, diagnostics: &mut Diagnostics) {
        if self.is_always_there(&name) {
            diagnostics.push(
                Diagnostic::error(
                    TAKEN,
                    span,
                    format!("`{name}` means something in every runbook"),
                )
                .help("choose another name"),
            );
            return;
        }
        let Some((other, first)) = self.owners.get(&name).copied() else {
            self.owners.insert(name, (owner, span));
            return;
        };
        diagnostics.push(match (other, owner) {
            (Owner::Definition(_), Owner::Definition(_)) => {
                twice_defined(&format!("`{name}`"), span, first)
            }
            (Owner::Result(_), Owner::Result(_)) => Diagnostic::error(
                SAME_VARIABLE,
                span,
                format!("two steps have the variable `{name}`"),
            )
            .label(first, "this one has it already")
            .help("in scripts `-` and `.` of a name read as `_`: give one of them another name"),
            _ => Diagnostic::error(
                TAKEN,
                span,
                format!(
                    "`{name}` is {} and {}",
                    other.described(),
                    owner.described()
                ),
            )
            .at(owner.described())
            .label(first, other.described())
            .help("give one of them another name"),
        });
    }

    fn is_always_there(&self, name: &str) -> bool {
        name == STEPS || OF_EACH.contains(&name) || self.vocabulary.variables.contains(name)
    }

    pub(super) fn owner(&self, name: &str) -> Option<Owner> {
        self.owners.get(name).map(|(owner, _)| *owner)
    }

    /// The inputs that a step uses, each once.
    pub(super) fn inputs(&self, names: &StepNames) -> Vec<String> {
        let used: BTreeSet<&str> = names
            .variables
            .iter()
            .map(|used| used.name.as_str())
            .filter(|name| self.owner(name) == Some(Owner::Input))
            .collect();
        used.into_iter().map(str::to_owned).collect()
    }

    /// Where a name gets its meaning.
    pub(super) fn span(&self, name: &str) -> Option<Span> {
        self.owners.get(name).map(|(_, span)| *span)
    }

    /// Whether a name is there without being defined.
    pub(super) fn is_given(&self, name: &str, each: bool) -> bool {
        name == STEPS
            || (each && OF_EACH.contains(&name))
            || self.vocabulary.variables.contains(name)
    }

    /// The steps that define a function, those of the right number of parameters if there are.
    pub(super) fn functions(&self, name: &str, arguments: usize) -> Vec<usize> {
        let Some(all) = self.functions.get(name) else {
            return Vec::new();
        };
        let fitting: Vec<usize> = all
            .iter()
            .filter(|function| function.parameters == arguments)
            .map(|function| function.step)
            .collect();
        if fitting.is_empty() {
            all.iter().map(|function| function.step).collect()
        } else {
            fitting
        }
    }

    /// Whether something of this name can be called without being defined.
    pub(super) fn is_callable(&self, name: &str, method: bool) -> bool {
        self.vocabulary.functions().contains(name)
            || BUILT_IN.contains(&name)
            || (method && self.keys.contains(name))
    }

    /// The names of all variables.
    pub(super) fn variables(&self) -> Known<'_> {
        Known::new(
            self.owners
                .keys()
                .map(String::as_str)
                .chain(self.vocabulary.variables.iter().map(String::as_str))
                .chain([STEPS]),
        )
    }

    /// The names of all functions.
    pub(super) fn all_functions(&self) -> Known<'_> {
        Known::new(
            self.functions
                .keys()
                .map(String::as_str)
                .chain(self.vocabulary.functions().iter().map(String::as_str))
                .chain(BUILT_IN),
        )
    }
}

impl Owner {
    const fn described(self) -> &'static str {
        match self {
            Self::Input => "an input",
            Self::Definition(_) => "a name that a script defines",
            Self::Result(_) => "a step",
        }
    }
}

fn twice_defined(what: &str, span: Span, first: Span) -> Diagnostic {
    Diagnostic::error(DEFINED_TWICE, span, format!("{what} is defined twice"))
        .at("again here")
        .label(first, "first here")
        .help("rename one of them, or assign without `let`")
}

/// Known names, to find the one that was meant.
///
/// A text of many unknown names is no runbook: after some the search, which compares with every
/// known name, is given up.
pub(super) struct Known<'a> {
    /// Not in order until one is looked for: most documents have no unknown name.
    names: Vec<&'a str>,
    sorted: OnceCell<Vec<&'a str>>,
    left: Cell<usize>,
}

impl<'a> Known<'a> {
    pub(super) fn new(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            names: names.into_iter().collect(),
            sorted: OnceCell::new(),
            left: Cell::new(50),
        }
    }

    /// The names themselves, for people; the first few where there are many.
    pub(super) fn listed(&self) -> String {
        const FEW: usize = 8;
        let sorted = self.sorted();
        let few: Vec<&str> = sorted.iter().copied().take(FEW).collect();
        match sorted.len().saturating_sub(few.len()) {
            0 => crate::diagnostic::list_and(&few),
            more => format!("{} and {more} more", crate::diagnostic::list_and(&few)),
        }
    }

    pub(super) fn nearest(&self, unknown: &str) -> Option<String> {
        self.left.set(self.left.get().checked_sub(1)?);
        nearest(unknown, self.sorted().iter().copied()).map(str::to_owned)
    }

    fn sorted(&self) -> &[&'a str] {
        self.sorted.get_or_init(|| {
            let mut names = self.names.clone();
            names.sort_unstable();
            names.dedup();
            names
        })
    }
}
