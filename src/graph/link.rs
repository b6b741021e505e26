//! Edges from names: who uses what another step defines, and what nobody defines.

use std::cell::OnceCell;

use foldhash::HashSet;

use super::index::Ids;
use super::names::{Purpose, StepNames, Used};
use super::order::suggest;
use super::scope::{Known, Owner, Scope};
use super::{Edge, EdgeKind, Step};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::language::Call;
use crate::source::Span;

const UNKNOWN_NAME: Code = Code("RB0207");
const UNKNOWN_FUNCTION: Code = Code("RB0208");
const ASKS_ITSELF: Code = Code("RB0210");
const UNKNOWN_STEP: Code = Code("RB0211");
const USED_BEFORE: Code = Code("RB0212");
const LATE_NAME: Code = Code("RB0213");

/// Edges without repetition, each with the place that makes it.
#[derive(Default)]
pub(super) struct Edges {
    pub(super) edges: Vec<Edge>,
    pub(super) spans: Vec<Span>,
    /// `(asked, asking)`: conditions that ask about a step's outcome.
    pub(super) asking: Vec<(usize, usize)>,
    seen: HashSet<Edge>,
}

impl Edges {
    pub(super) fn add(&mut self, from: usize, to: usize, why: EdgeKind, span: Span) {
        let edge = Edge { from, to, why };
        // Each step is put in order once, so that edge can't come again.
        if edge.why == EdgeKind::Order || self.seen.insert(edge.clone()) {
            self.edges.push(edge);
            self.spans.push(span);
        }
    }
}

/// Turns names used into edges.
pub(super) struct Linker<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) steps: &'a [Step],
    pub(super) edges: &'a mut Edges,
    pub(super) diagnostics: &'a mut Diagnostics,
    /// Names reported, as a section's condition belongs to many steps.
    reported: HashSet<Span>,
    /// What is known, gathered for the first name that is not: most documents have none.
    variables: OnceCell<Known<'a>>,
    functions: OnceCell<Known<'a>>,
    ids: OnceCell<Known<'a>>,
    index: &'a Ids,
}

impl<'a> Linker<'a> {
    pub(super) fn new(
        scope: &'a Scope<'a>,
        steps: &'a [Step],
        index: &'a Ids,
        edges: &'a mut Edges,
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        Self {
            scope,
            steps,
            edges,
            diagnostics,
            reported: HashSet::default(),
            variables: OnceCell::new(),
            functions: OnceCell::new(),
            ids: OnceCell::new(),
            index,
        }
    }

    fn variables(&self) -> &Known<'a> {
        self.variables.get_or_init(|| self.scope.variables())
    }

    fn functions(&self) -> &Known<'a> {
        self.functions.get_or_init(|| self.scope.all_functions())
    }

    fn ids(&self) -> &Known<'a> {
        let ids = self.steps.iter().map(|step| step.id.as_str());
        self.ids.get_or_init(|| Known::new(ids))
    }

    /// Links one step.
    pub(super) fn link(&mut self, at: usize, names: &StepNames) {
        for used in &names.variables {
            self.variable(at, used);
        }
        for used in &names.steps {
            match self.index.get(used.name.as_str()).copied() {
                Some(from) => self.result(at, from, used),
                None => self.unknown_step(used),
            }
        }
        for (call, purpose) in &names.calls {
            self.call(at, call, *purpose);
        }
    }

    /// Checks the front matter's `env`, which is set before any step.
    pub(super) fn environment(&mut self, names: &StepNames) {
        for used in &names.variables {
            match self.scope.owner(&used.name) {
                Some(Owner::Input) => {}
                Some(Owner::Definition(_) | Owner::Result(_)) => self.diagnostics.push(
                    Diagnostic::error(
                        LATE_NAME,
                        used.span,
                        format!("`env` can't use `{}`", used.name),
                    )
                    .help("`env` is set before the first step and can use inputs only"),
                ),
                None if self.scope.is_given(&used.name, false) => {}
                None => self.unknown_variable(used, false),
            }
        }
        for (call, _) in &names.calls {
            if !self.scope.is_callable(&call.name, call.method) {
                self.unknown_function(call);
            }
        }
    }

    fn variable(&mut self, at: usize, used: &Used) {
        let each = self.steps[at].each.is_some() && used.purpose != Purpose::Each;
        match self.scope.owner(&used.name) {
            Some(Owner::Input) => {}
            Some(Owner::Definition(from)) if from == at => {
                if self.reported.insert(used.span) {
                    let defined = self.scope.span(&used.name).unwrap_or(used.span);
                    self.diagnostics.push(
                        Diagnostic::error(
                            USED_BEFORE,
                            used.span,
                            format!("`{}` is used before this cell defines it", used.name),
                        )
                        .label(defined, "defined here"),
                    );
                }
            }
            Some(Owner::Definition(from)) => self.edge(from, at, used),
            Some(Owner::Result(from)) => self.result(at, from, used),
            None if self.scope.is_given(&used.name, each) => {}
            None => self.unknown_variable(used, each),
        }
    }

    /// The use of a step's result.
    fn result(&mut self, at: usize, from: usize, used: &Used) {
        if from != at {
            if used.purpose == Purpose::When {
                self.edges.asking.push((from, at));
            }
            self.edge(from, at, used);
            return;
        }
        // A section's condition is also that of the step it asks about.
        let attribute = match used.purpose {
            Purpose::Act => "uses its own result",
            Purpose::When => "asks about itself in its `when`",
            Purpose::Each => "asks about itself in its `each`",
            Purpose::Ready => "asks about itself in its `ready`",
        };
        let step = &self.steps[at];
        self.diagnostics.push(
            Diagnostic::error(
                ASKS_ITSELF,
                used.span,
                format!("step `{}` {attribute}", step.id),
            )
            .label(step.span, "this step")
            .help("a step's result is there for the steps after it"),
        );
    }

    fn edge(&mut self, from: usize, to: usize, used: &Used) {
        let why = match used.purpose {
            Purpose::Act => EdgeKind::Name(used.name.clone()),
            Purpose::When | Purpose::Each | Purpose::Ready => {
                EdgeKind::Condition(used.name.clone())
            }
        };
        self.edges.add(from, to, why, used.span);
    }

    fn call(&mut self, at: usize, call: &Call, purpose: Purpose) {
        let parameters = call.arguments;
        let definers = self.scope.functions(&call.name, parameters);
        if definers.is_empty() {
            if !self.scope.is_callable(&call.name, call.method) {
                self.unknown_function(call);
            }
            return;
        }
        // A cell's own function comes first, as it does when the cell runs.
        if definers.contains(&at) {
            return;
        }
        for from in definers {
            let used = Used {
                name: call.name.clone(),
                span: call.span,
                purpose,
            };
            self.edge(from, at, &used);
        }
    }

    fn unknown_variable(&mut self, used: &Used, each: bool) {
        if !self.reported.insert(used.span) {
            return;
        }
        let diagnostic = Diagnostic::error(
            UNKNOWN_NAME,
            used.span,
            format!("nothing defines `{}`", used.name),
        );
        let near = self.variables().nearest(&used.name).or_else(|| {
            let of_each = super::scope::OF_EACH.into_iter().filter(|_| each);
            crate::name::nearest(&used.name, of_each).map(str::to_owned)
        });
        // A step may be there whose name is no variable.
        let reserved = self
            .index
            .get(used.name.as_str())
            .filter(|at| self.steps[**at].variable.is_none());
        self.diagnostics.push(match (near, reserved) {
            (_, Some(at)) => diagnostic.help(format!("write `steps[\"{}\"]`", self.steps[*at].id)),
            (None, None) if super::scope::OF_EACH.contains(&used.name.as_str()) => {
                diagnostic.help(format!("a step has `{}` where it says `each=`", used.name))
            }
            (None, None) => diagnostic
                .help("a name is an input, what a `rhai` cell defines, or the id of a step"),
            (near, None) => suggest(diagnostic, used.span, near),
        });
    }

    fn unknown_function(&mut self, call: &Call) {
        if !self.reported.insert(call.span) {
            return;
        }
        let diagnostic = Diagnostic::error(
            UNKNOWN_FUNCTION,
            call.span,
            format!("there is no function `{}`", call.name),
        );
        self.diagnostics
            .push(if !call.method && self.scope.owner(&call.name).is_some() {
                diagnostic.help(format!(
                    "`{0}` is a variable; a closure in it is called as `{0}.call(…)`",
                    call.name
                ))
            } else {
                match self.functions().nearest(&call.name) {
                    Some(near) => suggest(diagnostic, call.span, Some(near)),
                    None => diagnostic.help(
                        "define it with `fn` in a `rhai` cell; docs/language.md lists what there is",
                    ),
                }
            });
    }

    fn unknown_step(&mut self, used: &Used) {
        if !self.reported.insert(used.span) {
            return;
        }
        let near = self.ids().nearest(&used.name);
        let diagnostic = Diagnostic::error(
            UNKNOWN_STEP,
            used.span,
            format!("no step is called `{}`", used.name),
        );
        self.diagnostics.push(match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help(format!("the steps are {}", self.ids().listed())),
        });
    }
}
