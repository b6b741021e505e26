//! What must be there before the first step: tools and shells. Where it is not, nothing runs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use runbook::credentials::Environment;
use runbook::graph::StepKind;
use runbook::plan::{Plan, Selected};
use runbook::world::World;
use semver::VersionReq;

use super::failure::{Failure, Kind};
use super::tools;

/// Checks that the shells and interpreters of the plan's steps are there, and the tools that the
/// page requires, with their versions; gives the versions that those have.
///
/// # Errors
/// Names everything that is missing or too old, one line each.
pub(crate) async fn programs(
    plan: &Plan,
    world: &dyn World,
    environment: &Environment,
    directory: &Path,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut found = BTreeMap::new();
    let mut problems = Vec::new();
    let mut needed = BTreeSet::new();
    for (step, selected) in plan.graph.steps.iter().zip(&plan.selected) {
        if *selected == Selected::No || step.skip {
            continue;
        }
        match &step.kind {
            StepKind::Shell(dialect) | StepKind::Console(dialect) => {
                needed.insert((dialect.word(), step.id.as_str()));
            }
            StepKind::Interpreter(program) => {
                needed.insert((program.as_str(), step.id.as_str()));
            }
            StepKind::Script | StepKind::Value | StepKind::Manual | StepKind::Branch => {}
        }
    }
    let mut last = None;
    for (program, step) in needed {
        // One line for a program, naming the first step.
        if last.replace(program) != Some(program)
            && tools::find(program, environment, directory).is_none()
        {
            problems.push(format!(
                "the step `{step}` needs `{program}`, which is not installed (not found on PATH)"
            ));
        }
    }
    for tool in &plan.graph.document.front_matter.requires.tools {
        let name = tool.name.value.as_str();
        let wanted = &tool.versions;
        if tools::find(name, environment, directory).is_none() {
            let wanted = show(wanted);
            problems.push(format!(
                "the runbook requires `{name}`{wanted}, which is not installed (not found on PATH)"
            ));
        } else {
            let version = tools::version(name, world, environment, directory).await;
            if let Some(version) = &version {
                found.insert(name.to_owned(), version.to_string());
            }
            match version {
                _ if *wanted == VersionReq::STAR => {}
                Some(version) if wanted.matches(&version) => {}
                Some(version) => problems.push(format!(
                    "the runbook requires `{name}`{}, and {version} is installed",
                    show(wanted)
                )),
                None => problems.push(format!(
                    "the runbook requires `{name}`{}, and its version can't be read: {} told none",
                    show(wanted),
                    tools::asked(name)
                )),
            }
        }
    }
    if problems.is_empty() {
        return Ok(found);
    }
    Err(Failure::many(Kind::Refused, problems)
        .help("install what is missing; `runbook doctor` shows what is there; nothing ran"))
}

fn show(versions: &VersionReq) -> String {
    if *versions == VersionReq::STAR {
        String::new()
    } else {
        format!(" {versions}")
    }
}
