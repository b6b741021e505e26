//! `runbook plan`: what would run, in which order, and why; runs nothing.

use std::sync::Arc;

use super::args::{self, RunFormat};
use super::failure::Failure;
use super::page::Page;
use super::project::{Project, folder_of};
use super::surroundings::{Surroundings, print};
use super::{inputs, rooms, run};

/// Shows a runbook's plan; inputs may still be without a value.
///
/// # Errors
/// Where the page can't be read or has errors, or something given is wrong.
pub(crate) fn plan(args: &args::Plan, surroundings: &Surroundings) -> Result<u8, Failure> {
    let page = Page::sound(&args.file, surroundings)?;
    let project = Project::find(folder_of(&args.file), surroundings)?;
    let front = &page.document.front_matter;
    project.target(
        args.inputs.target.as_deref(),
        front.target.as_ref().map(|target| target.value.as_str()),
    )?;
    let given = inputs::given(&args.inputs, &page.document, surroundings)?;
    let selection = run::selection(&args.selection);
    let text = rooms::plan(
        Arc::clone(&page.graph),
        &given,
        &selection,
        args.format == RunFormat::Json,
        surroundings,
    )?;
    print(&text)?;
    Ok(0)
}
