//! What the copy button of a step gives.
//!
//! The code on the page has a variable where the runbook has an interpolation, quoted for its place
//! by [`quote::render`]. What is copied is the values, quoted for the reader's shell, and then either
//! the code itself or, where that shell would read it differently or a prompt would take a part of
//! it for keys, the code as one quoted word for the shell that it was written for.

use std::fmt::Write as _;

use super::prompt;
use crate::document::{Cell, Interpolated, Interpolation, interpolations};
use crate::graph::{Step, StepKind};
use crate::quote::{self, Dialect, Piece};
use crate::source::Excerpt;

/// The code of a step for reading and copying.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Code {
    /// The code, with variables for interpolations.
    pub(super) text: String,
    /// The same with the environment and the directory that the runbook gives it, where it does: for
    /// copying.
    pub(super) surrounded: Option<String>,
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

/// The code of a step that a person could paste; `env` is what the page sets for all its steps.
pub(super) fn code(step: &Step, cell: &Cell, env: &[(String, Excerpt)]) -> Code {
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
    let mut code = shell(dialect, step.errexit, text.clone(), interpolations);
    if !code.refused && (!env.is_empty() || step.cwd.is_some()) {
        match before(dialect, env, step.cwd.as_ref(), &mut code.variables) {
            Some(before) => {
                code.surrounded = Some(format!("{before}{}", code.text));
                // At a prompt it would stay in the operator's own shell.
                code.direct.clear();
                code.fish = None;
                code.powershell = None;
            }
            None => {
                return Code {
                    text,
                    refused: true,
                    ..Code::default()
                };
            }
        }
    }
    code
}

/// What sets the environment of a command and goes to its directory, in its own shell; nothing where
/// a variable of the environment would take the place of an input, or has a name that no shell can set.
fn before(
    dialect: Dialect,
    env: &[(String, Excerpt)],
    cwd: Option<&Excerpt>,
    variables: &mut Vec<(String, String)>,
) -> Option<String> {
    let mut out = String::new();
    for (name, value) in env {
        // Others programs may have, but a shell can't set them.
        let settable = !name.starts_with(|c: char| c.is_ascii_digit())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !settable {
            return None;
        }
        let word = template(dialect, value, variables)?;
        match dialect {
            Dialect::Fish => write!(out, "set -gx {name} {word}; ").ok()?,
            _ => write!(out, "export {name}={word}; ").ok()?,
        }
    }
    if let Some(cwd) = cwd {
        let word = template(dialect, cwd, variables)?;
        match dialect {
            Dialect::Fish => write!(out, "cd -- {word}; or exit; ").ok()?,
            // With CDPATH a relative directory might be another one.
            _ => write!(out, "CDPATH= cd -- {word} || exit; ").ok()?,
        }
    }
    let replaced = |(name, of): &(String, String)| {
        env.iter().any(|(set, value)| {
            let same = value.text.trim().strip_prefix("${{");
            let same = same.and_then(|rest| rest.strip_suffix("}}"));
            set == name && same.map(str::trim) != Some(of.as_str())
        })
    };
    (!variables.iter().any(replaced)).then_some(out)
}

/// A text with interpolations as one word.
fn template(
    dialect: Dialect,
    text: &Excerpt,
    variables: &mut Vec<(String, String)>,
) -> Option<String> {
    let (places, _) = interpolations(text);
    let quoted = |part: &str| String::from_utf8(quote::word(dialect, part.as_bytes()).ok()?).ok();
    let mut out = String::new();
    let mut done = 0;
    for place in &places {
        let part = text.text.get(done..place.range.start)?;
        if !part.is_empty() {
            out.push_str(&quoted(part)?);
        }
        let (name, _) = named(place, variables);
        match dialect {
            Dialect::Fish => write!(out, "\"${name}\"").ok()?,
            _ => write!(out, "\"${{{name}}}\"").ok()?,
        }
        done = place.range.end;
    }
    let rest = text.text.get(done..)?;
    if !rest.is_empty() || out.is_empty() {
        out.push_str(&quoted(rest)?);
    }
    Some(out)
}

/// The variable of an interpolation, new or known, and whether its value is put in raw.
fn named(place: &Interpolation, variables: &mut Vec<(String, String)>) -> (String, bool) {
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
    (name, raw.is_some())
}

fn shell(dialect: Dialect, errexit: bool, text: String, places: &[Interpolation]) -> Code {
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut pieces: Vec<prompt::Piece> = Vec::new();
    for place in places.iter().filter(|place| place.range.end <= text.len()) {
        let (name, raw) = named(place, &mut variables);
        pieces.push((place.range.clone(), name, raw));
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
        around.push(prompt::VALUE);
        done = range.end;
    }
    around.push_str(&text[done..]);
    // What is put in raw may be anything.
    let raw = pieces.iter().any(|(_, _, raw)| *raw);
    let mut direct = Vec::new();
    if !raw && prompt::is_pasteable(&around) {
        direct.push(dialect.word());
        // The shells differ in what `echo` makes of a backslash.
        let echoes = prompt::echoes(&around);
        if dialect == Dialect::Sh && !echoes {
            direct.push("bash");
        }
        if matches!(dialect, Dialect::Sh | Dialect::Bash)
            && !echoes
            && prompt::reads_alike_in_zsh(&around)
        {
            direct.push("zsh");
        }
    }
    let mut fish = None;
    let mut powershell = None;
    if !direct.is_empty() && prompt::is_portable(&around) {
        if dialect != Dialect::Fish {
            direct.push("fish");
            fish = rendered(Dialect::Fish).filter(|text| *text != own);
        }
        if let Some(text) = prompt::in_powershell(&text, &pieces) {
            direct.push("powershell");
            powershell = Some(text).filter(|text| *text != own);
        }
    }
    Code {
        text: own,
        surrounded: None,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Source, Span};

    fn excerpt(text: &str) -> Excerpt {
        Excerpt::whole(&Source::new("a.md", text), Span::new(0, text.len()))
    }

    #[track_caller]
    fn code(text: &str) -> Code {
        let excerpt = excerpt(text);
        let (found, _) = interpolations(&excerpt);
        shell(Dialect::Bash, true, text.to_owned(), &found)
    }

    #[test]
    fn a_value_is_a_variable_quoted_for_its_place() {
        let found = code("show \"id: ${{ id }}\" ${{ release }}");
        assert_eq!(found.text, "show \"id: ${id}\" \"${release}\"");
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
            Some("kubectl get pods -n \"${env:ns}\" -l 'app=web'")
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
    fn only_a_simple_command_is_pasted_as_it_is() {
        for text in [
            "cd /nowhere; echo here",
            "test -e x || exit 1",
            "a | b",
            "a && b",
            "a &",
            "(cd x)",
            "exit 1",
            "X=1 exit",
            "'exit' 1",
            "ex\\it",
            "exec ls",
            "set -e",
            "if true",
            "{ ls",
            "[[ -e x",
            "X=1",
            "builtin exit",
            "${{ raw(x) }}",
        ] {
            assert!(code(text).direct.is_empty(), "{text}");
        }
        for text in [
            "cd sub",
            "source ./env.sh",
            "awk '{print; exit}' x",
            "X=1 ls > y",
        ] {
            assert!(code(text).direct.starts_with(&["bash"]), "{text}");
        }
    }

    #[test]
    fn words_that_shells_have_for_themselves_stay_with_their_shell() {
        for text in [
            "source ./env.sh",
            "export A=b",
            "cd sub",
            "set -x",
            "alias x",
            "umask 022",
        ] {
            let direct = code(text).direct;
            assert!(!direct.contains(&"fish"), "{text}: {direct:?}");
            assert!(!direct.contains(&"powershell"), "{text}: {direct:?}");
        }
        assert!(!code("echo a b").direct.contains(&"powershell"));
        assert_eq!(code("echo 'a\\tb'").direct, ["bash"]);
        assert_eq!(code("echo ${{ v }}").direct, ["bash"]);
    }

    #[test]
    fn a_command_that_is_a_string_is_called_in_powershell() {
        assert_eq!(
            code("./deploy.sh").powershell.as_deref(),
            Some("& './deploy.sh'")
        );
        assert_eq!(
            code("${{ tool }} -l").powershell.as_deref(),
            Some("& \"${env:tool}\" -l")
        );
    }

    #[test]
    fn the_environment_and_the_directory_of_a_step_come_with_it() {
        let env = [("NS".to_owned(), excerpt("prod-${{ v }}"))];
        let mut variables = Vec::new();
        assert_eq!(
            before(Dialect::Bash, &env, Some(&excerpt("/it's")), &mut variables).as_deref(),
            Some("export NS=prod-\"${v}\"; CDPATH= cd -- '/it'\"'\"'s' || exit; ")
        );
        assert_eq!(variables, [("v".to_owned(), "v".to_owned())]);
        assert_eq!(
            before(Dialect::Fish, &env, None, &mut variables).as_deref(),
            Some("set -gx NS prod-\"$v\"; ")
        );
        let mut taken = vec![("NS".to_owned(), "NS".to_owned())];
        assert_eq!(before(Dialect::Bash, &env, None, &mut taken), None);
        let env = [("A; ls".to_owned(), excerpt("x"))];
        assert_eq!(before(Dialect::Bash, &env, None, &mut Vec::new()), None);
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
