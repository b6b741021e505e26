//! Quoting holds for one shell: what `sh -c`, `ssh` or `trap` read again needs it once more.

use super::Shell;
use super::commands::commands;
use crate::diagnostic::{Code, Diagnostic};

const READ_TWICE: Code = Code("RB0609");

/// Warns of a value in a text that a second shell reads.
pub(super) fn lint(shell: &Shell<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for command in commands(&shell.text.text) {
        let words = command.program();
        let Some(first) = words.first() else {
            continue;
        };
        let program = first.text.rsplit('/').next().unwrap_or(&first.text);
        let script = match program {
            "sh" | "bash" | "zsh" | "dash" | "fish" | "su" => {
                let option = words.iter().position(|word| {
                    word.text.starts_with('-')
                        && !word.text.starts_with("--")
                        && word.text.ends_with('c')
                });
                option.and_then(|at| words.get(at + 1..at + 2))
            }
            // The host is the first word; what follows is joined and read there.
            "ssh" => words.get(2..),
            "trap" | "alias" | "watch" => words.get(1..2),
            _ => None,
        };
        for word in script.unwrap_or_default() {
            for (range, _) in &shell.values {
                if word.range.start <= range.start && range.end <= word.range.end {
                    let message = format!("`{program}` reads this value as shell text once more");
                    let help = match program {
                        "ssh" => {
                            "send the script on standard input, with the values as arguments of `bash -s`"
                        }
                        _ => "give it as an argument: `sh -c 'echo \"$1\"' sh ${{ … }}`",
                    };
                    found.push(
                        Diagnostic::warning(READ_TWICE, shell.text.span(range.clone()), message)
                            .help(help),
                    );
                }
            }
        }
    }
    found
}
