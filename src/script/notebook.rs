//! The names that a step may see.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::{AST, Dynamic, Scope};

use super::place::Place;
use super::shape::{detached, same};

/// What the names of closures hold and other names can't.
pub(super) const ANONYMOUS: char = '$';

/// Names known to a notebook: variables, constants and functions; cheap to clone.
///
/// A value taken out is a copy: what one step does to it, no other step sees unless it gets the
/// notebook that the first one left. Two variables that one closure captured are no longer the
/// same variable in the next cell.
#[derive(Clone, Default)]
pub struct Notebook {
    variables: Arc<BTreeMap<String, Variable>>,
    functions: AST,
    /// The cells that the functions came from, for the places of their errors.
    places: Vec<Arc<Place>>,
}

#[derive(Clone)]
struct Variable {
    /// Behind a pointer, so that a copy of the notebook copies no value: a list of pods is large.
    value: Arc<Dynamic>,
    constant: bool,
}

impl Notebook {
    /// Defines a variable or a constant, in place of one of that name.
    pub fn define(&mut self, name: impl Into<String>, value: Dynamic, constant: bool) {
        self.keep(name.into(), &value, constant);
    }

    fn keep(&mut self, name: String, value: &Dynamic, constant: bool) {
        let value = Arc::new(detached(value));
        Arc::make_mut(&mut self.variables).insert(name, Variable { value, constant });
    }

    /// Takes over every name of a notebook that was left later.
    pub fn merge(&mut self, later: &Self) {
        if !later.variables.is_empty() {
            let variables = Arc::make_mut(&mut self.variables);
            for (name, variable) in later.variables.iter() {
                variables.insert(name.clone(), variable.clone());
            }
        }
        if later.functions.has_functions() {
            self.functions = self.functions.merge(&later.functions);
        }
        for place in &later.places {
            if !self.places.iter().any(|known| Arc::ptr_eq(known, place)) {
                self.places.push(Arc::clone(place));
            }
        }
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Dynamic> {
        self.variables
            .get(name)
            .map(|variable| variable.value.as_ref())
    }

    /// Whether a name is a constant; `None` where there is no such variable.
    #[must_use]
    pub fn is_constant(&self, name: &str) -> Option<bool> {
        self.variables.get(name).map(|variable| variable.constant)
    }

    /// The names of its variables and constants, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// The names of its functions, each with its number of parameters.
    pub fn functions(&self) -> impl Iterator<Item = (&str, usize)> {
        self.functions
            .iter_functions()
            .filter(|function| !function.name.contains(ANONYMOUS))
            .map(|function| (function.name, function.params.len()))
    }

    pub(super) fn places(&self) -> impl Iterator<Item = &Arc<Place>> {
        self.places.iter()
    }

    /// The code with every known function in reach.
    pub(super) fn linked(&self, code: &AST) -> AST {
        if self.functions.has_functions() {
            self.functions.merge(code)
        } else {
            code.clone()
        }
    }

    /// Takes over the functions of a cell.
    pub(super) fn learn_functions(&mut self, code: &AST, place: &Arc<Place>) {
        if code.has_functions() {
            self.functions = self.functions.merge(&code.clone_functions_only());
            self.places.push(Arc::clone(place));
        }
    }

    /// A scope with the variables whose names a text holds; no code can reach others, as there
    /// is no `eval`.
    pub(super) fn scope(&self, text: &str) -> Scope<'static> {
        let mut scope = Scope::new();
        let mut names: Vec<&str> = text
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter(|word| !word.is_empty())
            .collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            if let Some(variable) = self.variables.get(name) {
                let value = detached(&variable.value);
                if variable.constant {
                    scope.push_constant_dynamic(name, value);
                } else {
                    scope.push_dynamic(name, value);
                }
            }
        }
        scope
    }

    /// Takes over what a cell did to a scope: new names, and outer ones with another value.
    pub(super) fn harvest(&mut self, scope: &Scope, outer: usize, before: &Self) {
        // The engine lists the newest first.
        let mut entries: Vec<_> = scope.iter_raw().collect();
        entries.reverse();
        for (index, (name, constant, value)) in entries.into_iter().enumerate() {
            let changed = index >= outer
                || (!constant && before.get(name).is_none_or(|known| !same(known, value)));
            if changed {
                self.keep(name.to_owned(), value, constant);
            }
        }
    }
}

impl std::fmt::Debug for Notebook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.variables.keys()).finish()
    }
}
