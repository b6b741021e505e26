//! `runbook doctor`: what is on this machine, and what steps will not see of the environment.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use runbook::credentials::{self, Environment, Policy};
use runbook::quote::Dialect;
use runbook::world::World;

use super::failure::Failure;
use super::surroundings::{Surroundings, print};
use super::{rooms, runtime, tools};

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

/// Shows shells, tools with their versions, and credentials that would be removed, and why.
///
/// # Errors
/// Where standard output is gone.
pub(crate) fn doctor(surroundings: &Surroundings) -> Result<u8, Failure> {
    let runtime = runtime()?;
    let text = runtime.block_on(look(surroundings));
    runtime.shutdown_background();
    print(&text)?;
    Ok(0)
}

async fn look(surroundings: &Surroundings) -> String {
    let world = rooms::bare_world();
    let mut environment = surroundings.environment.clone();
    let removed = credentials::clean(&mut environment, &Policy::default(), world.now());
    let shells = Dialect::ALL.map(Dialect::word);
    // All at once: some take half a second to say their version.
    let asked: Vec<_> = shells
        .into_iter()
        .chain(TOOLS)
        .map(|program| {
            let (world, environment) = (Arc::clone(&world), environment.clone());
            let directory = surroundings.directory.clone();
            tokio::spawn(async move { line(program, &*world, &environment, &directory).await })
        })
        .collect();
    let mut text = String::from("shells\n");
    for (index, line) in asked.into_iter().enumerate() {
        if index == shells.len() {
            text.push_str("\ntools\n");
        }
        text.push_str(&line.await.expect("asking for a version panics nowhere"));
    }
    text.push_str("\ncredentials\n");
    for gone in &removed {
        let _ = writeln!(
            text,
            "  {} is taken out of every step: {}",
            gone.name, gone.reason
        );
    }
    if removed.is_empty() {
        text.push_str("  nothing stale in the environment\n");
    }
    text
}

/// A program, its version and its place.
async fn line(
    program: &str,
    world: &dyn World,
    environment: &Environment,
    directory: &Path,
) -> String {
    let Some(path) = tools::find(program, environment, directory) else {
        return format!("  {program:<10} not found\n");
    };
    let version = match program {
        // dash, the `sh` of Debian, has no version to tell.
        "sh" => None,
        program => tools::version(program, world, environment, directory).await,
    };
    let version = version.map_or_else(String::new, |version| version.to_string());
    format!("  {program:<10} {version:<9} {}\n", path.display())
}
