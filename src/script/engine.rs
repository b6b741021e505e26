//! The engine that runs cells and expressions of one run.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use rhai::packages::{
    BasicArrayPackage, BasicBlobPackage, BasicMapPackage, BasicMathPackage, BitFieldPackage,
    CorePackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{AST, Dynamic, EvalAltResult, Module, Position, Shared};
use tokio_util::sync::CancellationToken;

use super::place::Place;
use super::session::Session;
use super::{Failure, Host, Notebook, assertion, failure, library};
use crate::language::Vocabulary;
use crate::language::assert::register_assert;
use crate::language::engine::new_engine;
use crate::source::{Excerpt, Source};

/// Functions that the language itself has, which no metadata lists.
const BUILT_IN: [&str; 9] = [
    "Fn",
    "call",
    "curry",
    "debug",
    "is_def_fn",
    "is_def_var",
    "is_shared",
    "print",
    "type_of",
];

/// Runs cells and expressions; one serves a whole run, from any number of threads.
///
/// Deep recursion needs stack: callers give their threads 16 MiB or more.
pub struct Engine {
    /// What scripts can call; later ones go before earlier ones.
    modules: Vec<Shared<Module>>,
    /// The same under a name, as in `aws::identity()`.
    systems: Vec<(&'static str, Shared<Module>)>,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// Makes an engine with everything that scripts can call.
    #[must_use]
    pub fn new() -> Self {
        // Seeds the hashes before the first function is hashed.
        drop(new_engine());
        Self {
            // Rhai's standard library without its clock.
            modules: vec![
                CorePackage::new().as_shared_module(),
                BitFieldPackage::new().as_shared_module(),
                LogicPackage::new().as_shared_module(),
                BasicMathPackage::new().as_shared_module(),
                BasicArrayPackage::new().as_shared_module(),
                BasicBlobPackage::new().as_shared_module(),
                BasicMapPackage::new().as_shared_module(),
                MoreStringPackage::new().as_shared_module(),
                library::module(),
            ],
            systems: library::systems(),
        }
    }

    /// Runs a cell's statements in a copy of the notebook.
    ///
    /// Gives the value of its last expression and what it left: the names that it defined at its
    /// top level, functions, and outer variables that now have another value.
    ///
    /// # Errors
    /// What ended the cell early, and what it had left until then.
    pub fn run(
        &self,
        code: &Excerpt,
        source: &Source,
        notebook: &Notebook,
        host: &Arc<dyn Host>,
        cancel: &CancellationToken,
    ) -> Result<(Dynamic, Notebook), Box<(Failure, Notebook)>> {
        let place = Arc::new(Place::new(code, source));
        let session = session(host, cancel, notebook, &place);
        let engine = self.ready(&session);
        let mut left = Notebook::default();
        let ast = match engine.compile(place.code()) {
            Ok(ast) => ast,
            Err(error) => {
                let error = EvalAltResult::ErrorParsing(*error.0, error.1);
                return Err(Box::new((failure::failure(error, &session), left)));
            }
        };
        left.learn_functions(&ast, &place);
        let mut scope = notebook.scope(place.text());
        let outer = scope.len();
        let result = evaluate(&engine, &mut scope, &notebook.linked(&ast), &session);
        left.harvest(&scope, outer, notebook);
        match result {
            Ok(value) => Ok((value, left)),
            Err(failure) => Err(Box::new((*failure, left))),
        }
    }

    /// Evaluates one expression: a condition or an interpolation.
    ///
    /// # Errors
    /// What ended it early.
    pub fn evaluate(
        &self,
        code: &Excerpt,
        source: &Source,
        notebook: &Notebook,
        host: &Arc<dyn Host>,
        cancel: &CancellationToken,
    ) -> Result<Dynamic, Box<Failure>> {
        let place = Arc::new(Place::new(code, source));
        let session = session(host, cancel, notebook, &place);
        let engine = self.ready(&session);
        let ast = engine.compile_expression(place.code()).map_err(|error| {
            let error = EvalAltResult::ErrorParsing(*error.0, error.1);
            failure::failure(error, &session)
        })?;
        let mut scope = notebook.scope(place.text());
        evaluate(&engine, &mut scope, &notebook.linked(&ast), &session)
    }

    /// An engine for one piece of code: a light thing, as it shares the modules.
    fn ready(&self, session: &Arc<Session>) -> rhai::Engine {
        let mut engine = new_engine();
        for module in &self.modules {
            engine.register_global_module(Shared::clone(module));
        }
        for (name, module) in &self.systems {
            engine.register_static_module(*name, Shared::clone(module));
        }
        register_assert(&mut engine, assertion::check);
        engine.set_default_tag(Dynamic::from(Arc::clone(session)));
        let stopping = Arc::clone(session);
        engine
            .on_progress(move |operations| stopping.must_stop(operations).then_some(Dynamic::UNIT));
        let printing = Arc::clone(session);
        engine.on_print(move |text| printing.host.log(text));
        let debugging = Arc::clone(session);
        engine.on_debug(move |text, _, _| debugging.host.log(text));
        engine
    }
}

fn session(
    host: &Arc<dyn Host>,
    cancel: &CancellationToken,
    notebook: &Notebook,
    place: &Arc<Place>,
) -> Arc<Session> {
    Arc::new(Session::new(
        Arc::clone(host),
        cancel.clone(),
        notebook.clone(),
        Arc::clone(place),
    ))
}

fn evaluate(
    engine: &rhai::Engine,
    scope: &mut rhai::Scope,
    code: &AST,
    session: &Session,
) -> Result<Dynamic, Box<Failure>> {
    session.own().functions = code
        .iter_functions()
        .map(|function| (function.name.to_owned(), function.params.len()))
        .collect();
    if session.cancel.is_cancelled() {
        let error = EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE);
        return Err(Box::new(failure::failure(error, session)));
    }
    match engine.eval_ast_with_scope::<Dynamic>(scope, code) {
        // Standard functions wrap the errors of closures in ones that can be caught.
        Ok(value) => match session.take_end() {
            Some(failure) => Err(Box::new(failure)),
            None => Ok(value.flatten()),
        },
        Err(error) => {
            let names = scope.iter_raw().map(|(name, ..)| name.to_owned());
            session.own().variables = names.collect();
            Err(Box::new(failure::failure(*error, session)))
        }
    }
}

/// Everything that scripts can call.
#[must_use]
pub fn vocabulary() -> &'static Vocabulary {
    static VOCABULARY: LazyLock<Vocabulary> =
        LazyLock::new(|| Vocabulary::new(functions, BTreeSet::from(["steps".to_owned()])));
    &VOCABULARY
}

/// The functions, read from the engine itself.
fn functions() -> BTreeSet<String> {
    let mut engine = new_engine();
    let all = Engine::new();
    for module in &all.modules {
        engine.register_global_module(Shared::clone(module));
    }
    for (name, module) in &all.systems {
        engine.register_static_module(*name, Shared::clone(module));
    }
    let names = engine.collect_fn_metadata(
        None,
        |function| {
            let name = function.metadata.name.as_str();
            let space = function.namespace.as_str();
            rhai::is_valid_identifier(name).then(|| {
                if space.is_empty() {
                    name.to_owned()
                } else {
                    format!("{space}::{name}")
                }
            })
        },
        true,
    );
    names
        .into_iter()
        .chain(BUILT_IN.iter().map(|name| (*name).to_owned()))
        .collect()
}
