//! `runbook doctor`: what is on this machine, who its credentials are, and what is wrong with
//! them.

mod credentials;
mod needs;

use std::path::Path;
use std::sync::Arc;

use runbook::credentials::Environment;
use runbook::quote::Dialect;
use runbook::visible;
use runbook::world::World;

use super::failure::Failure;
use super::surroundings::{Surroundings, print};
use super::{rooms, runtime, tools};
use needs::Need;

/// Programs that runbooks often call.
const TOOLS: [&str; 10] = [
    "git",
    "jq",
    "curl",
    "python3",
    "node",
    "docker",
    "terraform",
    "helm",
    "kubectl",
    "aws",
];

/// Shows shells, tools with their versions, what the runbooks here need, credentials with what
/// is stale and why, who they are, and which cluster is current.
///
/// # Errors
/// Where standard output is gone.
pub(crate) fn doctor(surroundings: &Surroundings) -> Result<u8, Failure> {
    let runtime = runtime()?;
    let text = runtime.block_on(look(surroundings));
    runtime.shutdown_background();
    // Names from pages, what AWS and the cluster answer.
    print(&visible::text(&text))?;
    Ok(0)
}

async fn look(surroundings: &Surroundings) -> String {
    let world = rooms::bare_world();
    let directory = &surroundings.directory;
    let found = credentials::look(&surroundings.environment, directory, &*world).await;
    let environment = found.cleaned;
    let mut needs = needs::of(surroundings);
    let shells = Dialect::ALL.map(Dialect::word);
    let others: Vec<String> = needs.keys().cloned().collect();
    let others = others
        .iter()
        .map(String::as_str)
        .filter(|name| !TOOLS.contains(name) && !shells.contains(name));
    // All at once: some take half a second to say their version.
    let asked: Vec<_> = shells
        .into_iter()
        .chain(TOOLS)
        .chain(others)
        .map(|program| {
            let (world, environment) = (Arc::clone(&world), environment.clone());
            let directory = directory.clone();
            let (program, need) = (program.to_owned(), needs.remove(program));
            tokio::spawn(async move {
                let need = need.unwrap_or_default();
                line(&program, &need, &*world, &environment, &directory).await
            })
        })
        .collect();
    let mut text = String::from("shells\n");
    for (index, line) in asked.into_iter().enumerate() {
        if index == shells.len() {
            text.push_str("\ntools\n");
        }
        text.push_str(&line.await.expect("asking for a version panics nowhere"));
    }
    text.push_str(&found.text);
    let context = world.kube_context(environment, directory.clone()).await;
    let context = context.unwrap_or_else(|error| error.to_string());
    text.push_str("\ncluster\n  ");
    text.push_str(&context);
    text.push('\n');
    text
}

/// A program, its version and its place, and what the runbooks here miss.
async fn line(
    program: &str,
    need: &Need,
    world: &dyn World,
    environment: &Environment,
    directory: &Path,
) -> String {
    let path = tools::find(program, environment, directory);
    let version = match program {
        // dash, the `sh` of Debian, has no version to tell.
        "sh" => None,
        // Pages name what they need, and those of a clone are not to be trusted: a file of theirs
        // is not started to be asked.
        program if program.contains('/') => None,
        program if path.is_some() => tools::version(program, world, environment, directory).await,
        _ => None,
    };
    let mut text = match &path {
        None => format!("  {program:<10} not found"),
        Some(path) => {
            let version = version
                .as_ref()
                .map_or_else(String::new, ToString::to_string);
            format!("  {program:<10} {version:<9} {}", path.display())
        }
    };
    for unmet in need.unmet(path.is_some(), version.as_ref()) {
        text.extend(["\n             but ", &unmet]);
    }
    text.push('\n');
    text
}
