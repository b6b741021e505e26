//! `runbook plan`: what would run, in which order, and why; runs nothing.

use std::sync::Arc;

use runbook::document::Input;
use runbook::plan::{Binding, Given, Origin, Plan, Selection, Unready};
use runbook::value::Value;
use runbook::view;

use super::args::{self, Shown};
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
    let plan = match Plan::new(Arc::clone(&page.graph), &given, &selection) {
        Ok(plan) => plan,
        Err(Unready::Wrong(lines)) => return Err(run::wrong(lines)),
        Err(Unready::Missing(missing)) => without(&page, &missing, &given, &selection)?,
    };
    print(&view::plan(
        &plan,
        rooms::style(surroundings.out, false, Shown::None),
    ))?;
    Ok(0)
}

/// The plan as it would be if the inputs without a value were none; they are shown as `unset`.
fn without(
    page: &Page,
    missing: &[Input],
    given: &[Given],
    selection: &Selection,
) -> Result<Plan, Failure> {
    let mut document = (*page.document).clone();
    document
        .front_matter
        .inputs
        .retain(|input| missing.iter().all(|gone| gone.name != input.name));
    let mut graph = (*page.graph).clone();
    graph.document = Arc::new(document);
    let mut plan =
        Plan::new(Arc::new(graph), given, selection).map_err(|unready| match unready {
            Unready::Wrong(lines) => run::wrong(lines),
            Unready::Missing(missing) => inputs::missing(&missing),
        })?;
    plan.graph = Arc::clone(&page.graph);
    for input in missing {
        let binding = Binding {
            value: Value::from("unset"),
            secret: false,
            origin: Origin::Prompt,
        };
        plan.inputs.insert(input.name.value.clone(), binding);
    }
    Ok(plan)
}
