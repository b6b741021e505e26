//! Every call into a room that is more than a line, in one place.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use runbook::graph::Graph;
use runbook::plan::{Given, Plan, Selection, Unready};
use runbook::quote::Dialect;
use runbook::sink::Sink;
use runbook::world::{Answer, Boxed, Question, World};

use super::args::{self, GraphFormat};
use super::failure::Failure;
use super::page::Page;
use super::surroundings::Surroundings;

pub(crate) trait Operator: Send + Sync {
    fn ask(&self, question: Question) -> Boxed<'_, Option<Answer>>;
}

#[derive(Debug)]
pub(crate) struct Pause;
impl Pause {
    pub(crate) fn start(&self) {}
}

pub(crate) fn screen(_args: &args::Run, _surroundings: &Surroundings) -> (Box<dyn Sink>, Pause) {
    unimplemented!()
}

pub(crate) fn world(_operator: Arc<dyn Operator>) -> Arc<dyn World> {
    unimplemented!()
}
pub(crate) fn bare_world() -> Arc<dyn World> {
    unimplemented!()
}
pub(crate) fn id(_now: Timestamp) -> String {
    uuid::Uuid::now_v7().to_string()
}
pub(crate) fn junit(_journal: &Path) -> Result<String, Failure> {
    unimplemented!()
}
pub(crate) fn draw(_page: &Page, _format: GraphFormat, _surroundings: &Surroundings) -> String {
    unimplemented!()
}
pub(crate) fn plan(
    graph: Arc<Graph>,
    given: &[Given],
    selection: &Selection,
    _json: bool,
    _surroundings: &Surroundings,
) -> Result<String, Failure> {
    match Plan::new(graph, given, selection) {
        Ok(_) | Err(Unready::Missing(_)) => unimplemented!(),
        Err(Unready::Wrong(lines)) => Err(super::run::wrong(lines)),
    }
}
pub(crate) fn lint(_page: &mut Page) {}
pub(crate) fn quote(_dialect: Dialect, _bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    unimplemented!()
}
