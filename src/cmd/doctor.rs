//! `runbook doctor`: what is on this machine, and what steps will not see of the environment.

use std::fmt::Write as _;

use runbook::credentials::{self, Policy};
use runbook::quote::Dialect;

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
    let mut text = String::from("shells\n");
    let shells = Dialect::ALL.map(Dialect::word);
    for (heading, programs) in [("", &shells[..]), ("\ntools\n", &TOOLS[..])] {
        text.push_str(heading);
        for program in programs {
            let path = tools::find(program, &environment, &surroundings.directory);
            let found = match path {
                None => "not found".to_owned(),
                // dash, the `sh` of Debian, has no version to tell.
                Some(path) if *program == "sh" => path.display().to_string(),
                Some(path) => {
                    let version =
                        tools::version(program, &*world, &environment, &surroundings.directory);
                    match version.await {
                        Some(version) => format!("{version:<9} {}", path.display()),
                        None => format!("{:<9} {}", "?", path.display()),
                    }
                }
            };
            let _ = writeln!(text, "  {program:<10} {found}");
        }
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
