//! `curl … | bash` runs whatever the other side sends today, unread.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::Shell;
use crate::diagnostic::{Code, Diagnostic};

const PIPED_SCRIPT: Code = Code("RB0608");

static CURL: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("curl"));
static WGET: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("wget"));

/// Warns of a shell that reads from the network.
pub(super) fn lint(shell: &Shell<'_>) -> Vec<Diagnostic> {
    if !shell.may_say(&CURL) && !shell.may_say(&WGET) {
        return Vec::new();
    }
    let commands = shell.commands();
    let mut found = Vec::new();
    for (index, command) in commands.iter().enumerate() {
        let argv = command.argv();
        let fetches = matches!(argv.first(), Some(&"curl" | &"wget"));
        let next = commands.get(index + 1).map(|next| (next, next.argv()));
        let previous = index.checked_sub(1).and_then(|index| commands.get(index));
        if fetches
            && command.piped
            && let Some((next, argv)) = next
            && is_shell(argv.first())
        {
            found.push(command.range().start..next.range().end);
        } else if fetches
            && let Some(previous) = previous
            && !previous.piped
            && is_shell(previous.argv().first())
            && shell
                .text
                .text
                .get(previous.range().end..command.range().start)
                .is_some_and(|between| between.trim() == "<(")
        {
            found.push(previous.range().start..command.range().end);
        } else if is_shell(argv.first())
            && argv
                .iter()
                .any(|word| word.starts_with("$(curl") || word.starts_with("$(wget"))
        {
            found.push(command.range());
        }
    }
    found
        .into_iter()
        .map(|range| {
            Diagnostic::warning(
                PIPED_SCRIPT,
                shell.text.span(range),
                "a script from the network runs unread",
            )
            .help("download it, check it against a known checksum, then run it")
        })
        .collect()
}

fn is_shell(program: Option<&&str>) -> bool {
    program.is_some_and(|program| {
        let name = program.rsplit('/').next().unwrap_or(program);
        matches!(
            name,
            "sh" | "bash" | "zsh" | "fish" | "dash" | "ksh" | "python" | "python3"
        )
    })
}
