//! What must hold before the first step: tools, shells, region. Where it does not, nothing runs.

use std::collections::BTreeSet;
use std::path::Path;

use runbook::credentials::Environment;
use runbook::document::Requires;
use runbook::graph::StepKind;
use runbook::plan::{Plan, Selected};
use runbook::world::World;
use semver::VersionReq;

use super::failure::{Failure, Kind};
use super::project::Chosen;
use super::tools;

/// Checks the guards that need no process and no inputs: AWS and Kubernetes.
///
/// # Errors
/// Where one does not hold, or can't be verified: a guard that is not checked is no guard.
pub(crate) fn identity(
    requires: &Requires,
    target: Option<&Chosen>,
    environment: &Environment,
) -> Result<(), Failure> {
    let account = requires
        .aws_account
        .as_ref()
        .map(|account| account.value.as_str())
        .or_else(|| target.and_then(Chosen::account));
    let context = requires
        .kube_context
        .as_ref()
        .map(|context| context.value.as_str())
        .or_else(|| target.and_then(Chosen::context));
    for (what, wanted) in [("AWS account", account), ("Kubernetes context", context)] {
        if let Some(wanted) = wanted {
            return Err(Failure::refused(format!(
                "the runbook may run only in the {what} `{wanted}`, which this version can't verify; nothing ran"
            ))
            .help("take the guard out and check it in a step of the runbook"));
        }
    }
    let Some(region) = &requires.aws_region else {
        return Ok(());
    };
    let region = region.value.as_str();
    match environment
        .text("AWS_REGION")
        .or_else(|| environment.text("AWS_DEFAULT_REGION"))
    {
        Some(actual) if actual == region => Ok(()),
        Some(actual) => Err(Failure::refused(format!(
            "the runbook may run only in the AWS region `{region}`, and this is `{actual}`; nothing ran"
        ))
        .help(format!("set `AWS_REGION={region}` if that is where it should run"))),
        None => Err(Failure::refused(format!(
            "the runbook may run only in the AWS region `{region}`, and no region is set; nothing ran"
        ))
        .help(format!("set `AWS_REGION={region}`"))),
    }
}

/// Checks that the shells and interpreters of the plan's steps are there, and the tools that the
/// page requires, with their versions.
///
/// # Errors
/// Names everything that is missing or too old, one line each.
pub(crate) async fn programs(
    plan: &Plan,
    world: &dyn World,
    environment: &Environment,
    directory: &Path,
) -> Result<(), Failure> {
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
        } else if *wanted != VersionReq::STAR {
            match tools::version(name, world, environment, directory).await {
                Some(version) if wanted.matches(&version) => {}
                Some(version) => problems.push(format!(
                    "the runbook requires `{name}`{}, and {version} is installed",
                    show(wanted)
                )),
                None => problems.push(format!(
                    "the runbook requires `{name}`{}, and its version can't be read",
                    show(wanted)
                )),
            }
        }
    }
    if problems.is_empty() {
        return Ok(());
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
