//! Quoting holds for one shell: what `sh -c` or `ssh` read again needs it once more.

use super::Shell;
use super::commands::Word;
use crate::diagnostic::{Code, Diagnostic};

const READ_TWICE: Code = Code("RB0609");

/// Warns of a value in a text that a second shell reads.
pub(super) fn lint(shell: &Shell<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if shell.values.is_empty() {
        return found;
    }
    for command in shell.commands() {
        let words = command.program();
        let Some(first) = words.first() else {
            continue;
        };
        let program = first.text.rsplit('/').next().unwrap_or(&first.text);
        let (program, script) = match program {
            "su" => (program, behind_c(words)),
            // The host is the first word; what follows is joined and read there.
            "ssh" => (program, words.get(2..)),
            "watch" => (program, words.get(1..2)),
            // They only write it.
            "echo" | "printf" => continue,
            // A shell, or what starts one: `kubectl exec`, `docker exec`, `find -exec`, `timeout`.
            _ => {
                let shell = words.iter().position(|word| is_shell(&word.text));
                let words = shell.and_then(|at| words.get(at..)).unwrap_or_default();
                let Some(shell) = words.first() else {
                    continue;
                };
                let shell = shell.text.rsplit('/').next().unwrap_or(&shell.text);
                (shell, behind_c(words))
            }
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

/// Whether a word names a shell.
fn is_shell(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    matches!(
        name,
        "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" | "fish"
    )
}

/// The word behind `-c`, which may have other letters with it, as in `-lc`; only options and
/// their values stand before it.
fn behind_c<'w, 'a>(words: &'w [Word<'a>]) -> Option<&'w [Word<'a>]> {
    let is_c = |word: &Word<'_>| {
        word.text.starts_with('-') && !word.text.starts_with("--") && word.text.ends_with('c')
    };
    let at = words.iter().position(is_c)?;
    words.get(at + 1..at + 2)
}
