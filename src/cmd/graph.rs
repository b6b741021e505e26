//! `runbook graph`: the steps and what waits for what.

use super::args;
use super::failure::Failure;
use super::page::Page;
use super::rooms;
use super::surroundings::{Surroundings, print};

/// Draws a runbook's graph.
///
/// # Errors
/// Where the page can't be read or has errors.
pub(crate) fn graph(args: &args::Graph, surroundings: &Surroundings) -> Result<u8, Failure> {
    let page = Page::sound(&args.file, surroundings)?;
    print(&rooms::draw(&page, args.format))?;
    Ok(0)
}
