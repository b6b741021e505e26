//! What the copy button of a step gives.
//!
//! The code on the page has a variable where the runbook has an interpolation, quoted for its place
//! by [`quote::render`]. What is copied is the values, quoted for the reader's shell, and then either
//! the code itself or, where that shell would read it differently or a prompt would take a part of
//! it for keys, the code as one quoted word for the shell that it was written for.

use crate::document::{Cell, Interpolated, Interpolation};
use crate::graph::{Step, StepKind};
use crate::quote::{self, Dialect, Piece};

/// The code of a step for reading and copying.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Code {
    /// The code, with variables for interpolations.
    pub(super) text: String,
    /// The variables in it, in order: each name and the expression it stands for.
    pub(super) variables: Vec<(String, String)>,
    /// What runs it where it can't be pasted as it is: a program and its options.
    pub(super) runner: Option<String>,
    /// The shells at whose prompts it can be pasted as it is.
    pub(super) direct: Vec<&'static str>,
    /// The code in fish's and in PowerShell's words, where that is another text.
    pub(super) fish: Option<String>,
    pub(super) powershell: Option<String>,
    /// Whether it can be copied with values at all: some place can't be made safe.
    pub(super) refused: bool,
}

/// Names that some shell gives a meaning of its own: a value in them would do harm, or be lost.
const TAKEN: &[&str] = &[
    "_",
    "aliases",
    "args",
    "argv",
    "cdpath",
    "commands",
    "cpath",
    "env",
    "error",
    "event",
    "fignore",
    "fpath",
    "functions",
    "history",
    "histchars",
    "home",
    "host",
    "hostname",
    "ifs",
    "input",
    "lang",
    "mailpath",
    "manpath",
    "matches",
    "options",
    "parameters",
    "path",
    "pid",
    "pipestatus",
    "profile",
    "prompt",
    "ps1",
    "psvar",
    "pwd",
    "random",
    "seconds",
    "sender",
    "shell",
    "shlvl",
    "signals",
    "status",
    "term",
    "this",
    "uid",
    "umask",
    "user",
    "version",
    "watch",
];

/// The name of the variable that stands for an expression.
pub(super) fn variable(expression: &str) -> String {
    let mut name = String::new();
    for character in expression.chars().take(40) {
        if character.is_ascii_alphanumeric() {
            name.push(character);
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    let name = name.trim_end_matches('_');
    let name = match name.chars().next() {
        None => "value".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("value_{name}"),
        Some(_) => name.to_owned(),
    };
    if TAKEN.contains(&name.to_ascii_lowercase().as_str()) {
        name + "_"
    } else {
        name
    }
}

/// The code of a step that a person could paste.
pub(super) fn code(step: &Step, cell: &Cell) -> Code {
    let (text, interpolations) = match &cell.kind {
        crate::document::CellKind::Console(exchanges) => {
            let commands: Vec<&str> = exchanges
                .iter()
                .map(|exchange| exchange.command.text.trim_end_matches('\n'))
                .collect();
            (commands.join("\n"), &[][..])
        }
        _ => (
            cell.body.text.trim_end_matches('\n').to_owned(),
            cell.interpolations.as_slice(),
        ),
    };
    let Some(dialect) = (match step.kind {
        StepKind::Shell(dialect) | StepKind::Console(dialect) => Some(dialect),
        _ => None,
    }) else {
        return Code {
            text,
            ..Code::default()
        };
    };
    shell(dialect, step.errexit, text, interpolations)
}

fn shell(dialect: Dialect, errexit: bool, text: String, places: &[Interpolation]) -> Code {
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut pieces: Vec<(std::ops::Range<usize>, String, bool)> = Vec::new();
    for place in places.iter().filter(|place| place.range.end <= text.len()) {
        let expression = match &place.value {
            Interpolated::Expression(expression) => expression.text.as_str(),
            Interpolated::Placeholder(name) => name,
        };
        let raw = expression
            .strip_prefix("raw(")
            .and_then(|rest| rest.strip_suffix(')'));
        let shown = raw.unwrap_or(expression);
        let mut name = variable(shown);
        // Two expressions that read alike are not one variable.
        while variables
            .iter()
            .any(|(other, of)| *other == name && of != shown)
        {
            name.push('_');
        }
        if !variables.iter().any(|(other, _)| *other == name) {
            variables.push((name.clone(), shown.to_owned()));
        }
        pieces.push((place.range.clone(), name, raw.is_some()));
    }
    let rendered = |dialect: Dialect| -> Option<String> {
        let references: Vec<String> = pieces
            .iter()
            .map(|(_, name, _)| match dialect {
                Dialect::Fish => format!("${name}"),
                _ => format!("${{{name}}}"),
            })
            .collect();
        let put: Vec<_> = pieces
            .iter()
            .zip(&references)
            .map(|((range, name, raw), reference)| {
                let piece = if *raw {
                    Piece::Raw(reference.as_bytes())
                } else {
                    Piece::Variable(name)
                };
                (range.clone(), piece)
            })
            .collect();
        String::from_utf8(quote::render(dialect, &text, &put).ok()?).ok()
    };
    let Some(own) = rendered(dialect) else {
        return Code {
            text,
            refused: true,
            ..Code::default()
        };
    };
    // What stands around the variables, which are safe in every shell.
    let mut around = String::new();
    let mut done = 0;
    for (range, _, _) in &pieces {
        around.push_str(&text[done..range.start]);
        around.push('x');
        done = range.end;
    }
    around.push_str(&text[done..]);
    let portable = is_portable(&around);
    let mut direct = Vec::new();
    if is_pasteable(&around) {
        direct.push(dialect.word());
        if dialect == Dialect::Sh {
            direct.push("bash");
        }
        if matches!(dialect, Dialect::Sh | Dialect::Bash) && reads_alike_in_zsh(&around) {
            direct.push("zsh");
        }
    }
    let mut fish = None;
    let mut powershell = None;
    if portable && dialect != Dialect::Fish {
        direct.push("fish");
        fish = rendered(Dialect::Fish).filter(|text| *text != own);
    }
    if portable {
        direct.push("powershell");
        powershell = Some(in_powershell(&text, &pieces)).filter(|text| *text != own);
    }
    Code {
        text: own,
        variables,
        runner: Some(runner(dialect, errexit).to_owned()),
        direct,
        fish,
        powershell,
        refused: false,
    }
}

/// What runs a text as a step runs it: it stops at the first failing command.
const fn runner(dialect: Dialect, errexit: bool) -> &'static str {
    match (dialect, errexit) {
        (Dialect::Sh, true) => "sh -e -c",
        (Dialect::Sh, false) => "sh -c",
        (Dialect::Bash, true) => "bash -e -o pipefail -c",
        (Dialect::Bash, false) => "bash -c",
        (Dialect::Zsh, true) => "zsh -e -o pipefail -c",
        (Dialect::Zsh, false) => "zsh -c",
        (Dialect::Fish, _) => "fish -c",
    }
}

/// Whether a prompt reads it as a script would: one command, of printable characters, without the
/// history's `!`, and without a comment, which not every prompt knows.
fn is_pasteable(text: &str) -> bool {
    let one = text.replace("\\\n", " ");
    one.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && !one.contains(['!', '#', '^'])
}

/// Whether zsh reads it as bash does: nothing that it expands in its own way.
fn reads_alike_in_zsh(text: &str) -> bool {
    !text.contains(['$', '?', '*', '[', ']', '~', '`']) && !text.contains(" =")
}

/// Whether it is words and nothing else, which every shell reads alike.
fn is_portable(text: &str) -> bool {
    !text.trim().is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" _./:-=".contains(&byte))
        && !text.starts_with([' ', '-'])
        && text
            .split(' ')
            .next()
            .is_some_and(|first| !first.contains('='))
}

/// Words as PowerShell reads them: with a variable in double quotes, else bare where that is safe.
fn in_powershell(text: &str, pieces: &[(std::ops::Range<usize>, String, bool)]) -> String {
    let mut marked = String::new();
    let mut done = 0;
    for (range, name, _) in pieces {
        marked.push_str(&text[done..range.start]);
        marked.push_str(&format!("${{{name}}}"));
        done = range.end;
    }
    marked.push_str(&text[done..]);
    let words: Vec<String> = marked
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(|word| {
            let bare = |word: &str| {
                word.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_-/".contains(&byte))
                    && !word.starts_with("--%")
            };
            if word.contains("${") {
                format!("\"{word}\"")
            } else if bare(word) {
                word.to_owned()
            } else {
                quote::powershell(word).unwrap_or_default()
            }
        })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::interpolations;
    use crate::source::{Excerpt, Source, Span};

    #[track_caller]
    fn code(text: &str) -> Code {
        let source = Source::new("a.md", text);
        let excerpt = Excerpt::whole(&source, Span::new(0, text.len()));
        let (found, _) = interpolations(&excerpt);
        shell(Dialect::Bash, true, text.to_owned(), &found)
    }

    #[test]
    fn a_value_is_a_variable_quoted_for_its_place() {
        let found = code("echo \"id: ${{ id }}\" ${{ release }}");
        assert_eq!(found.text, "echo \"id: ${id}\" \"${release}\"");
        assert_eq!(found.direct, ["bash", "zsh"]);
        assert_eq!(found.variables[1], ("release".into(), "release".into()));
    }

    #[test]
    fn plain_words_go_into_every_shell() {
        let found = code("kubectl get pods -n ${{ ns }} -l app=web");
        assert_eq!(found.direct, ["bash", "zsh", "fish", "powershell"]);
        assert_eq!(
            found.fish.as_deref(),
            Some("kubectl get pods -n \"$ns\" -l app=web")
        );
        assert_eq!(
            found.powershell.as_deref(),
            Some("kubectl get pods -n \"${ns}\" -l 'app=web'")
        );
    }

    #[test]
    fn what_a_prompt_reads_otherwise_is_wrapped() {
        for text in ["echo 'hi!'", "a\nb", "echo x # y", "echo\tx"] {
            assert!(code(text).direct.is_empty(), "{text}");
        }
        assert_eq!(code("ls *.log").direct, ["bash"]);
    }

    #[test]
    fn names_that_shells_use_are_left_alone() {
        assert_eq!(variable("path"), "path_");
        assert_eq!(variable("plan.stdout.trim()"), "plan_stdout_trim");
        assert_eq!(variable("2 + 2"), "value_2_2");
    }

    #[test]
    fn a_place_that_cannot_be_made_safe_is_refused() {
        assert!(code("echo $(( ${{ n }} + 1 ))").refused);
    }
}
