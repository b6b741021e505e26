//! What destroys acts in the account and the context that happen to be current, unless the
//! runbook says which they must be.

use super::Shell;
use super::destructive::{asks, destroys};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Cell, Document};

const UNGUARDED: Code = Code("RB0614");

/// Notes what destroys after a question, in a place that nothing verifies.
pub(super) fn lint(document: &Document, cell: &Cell, shell: &Shell<'_>) -> Vec<Diagnostic> {
    // Without a question, that is said first. A target brings its guards.
    if !asks(document, cell) || document.front_matter.target.is_some() {
        return Vec::new();
    }
    let requires = &document.front_matter.requires;
    let mut found = Vec::new();
    for command in shell.commands() {
        let argv = command.argv();
        let Some(what) = destroys(&argv) else {
            continue;
        };
        let names = |options: &[&str]| {
            argv.iter().any(|word| {
                let option = word.split_once('=').map_or(*word, |(option, _)| option);
                options.contains(&option)
            })
        };
        let program = argv.first().and_then(|word| word.rsplit('/').next());
        let (place, key) = match program {
            Some("kubectl" | "oc")
                if requires.kube_context.is_none() && !names(&["--context", "--kubeconfig"]) =>
            {
                ("context is current", "kube: {context: …}")
            }
            Some("helm")
                if requires.kube_context.is_none()
                    && !names(&["--kube-context", "--kubeconfig"]) =>
            {
                ("context is current", "kube: {context: …}")
            }
            Some("aws") if requires.aws_account.is_none() => {
                ("account the credentials are of", "aws: {account: …}")
            }
            Some("terraform" | "tofu" | "terragrunt")
                if requires.aws_account.is_none() && requires.kube_context.is_none() =>
            {
                ("account the credentials are of", "aws: {account: …}")
            }
            _ => continue,
        };
        found.push(
            Diagnostic::note(
                UNGUARDED,
                shell.text.span(command.range()),
                format!("`{what}` acts in whichever {place}"),
            )
            .help(format!(
                "say which it must be in the front matter: `requires: {{{key}}}`"
            )),
        );
    }
    found
}
