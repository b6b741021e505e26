//! A step's command in a form to copy to a prompt.

use crate::quote::{Dialect, paste};

/// What begins the name of a variable that carries a secret.
const SECRET: &str = "RUNBOOK_VALUE_";

/// A command to copy, and what must be set before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByHand {
    /// One line for a prompt.
    pub command: String,
    /// Variables that carry secrets, and must be exported.
    pub secrets: Vec<String>,
}

/// A step's command as one line for a prompt; `None` where it ran in no shell, or its text held
/// a secret that is not kept.
///
/// The prompt is taken for one of the step's own shell; the forms of bash and zsh are the same.
#[must_use]
pub fn by_hand(kind: &str, text: &str, directory: Option<&str>) -> Option<ByHand> {
    let (dialect, text) = match kind {
        "console" => (Dialect::Bash, prompts_removed(text)),
        _ => (Dialect::named(kind)?, text.to_owned()),
    };
    let text = text.trim_matches('\n');
    let place = directory.unwrap_or_default();
    if text.trim().is_empty() || text.contains("«secret:") || place.contains("«secret:") {
        return None;
    }
    let word = |text: &str| String::from_utf8(paste(dialect, text.as_bytes()).ok()?).ok();
    let command = if is_simple(text) {
        text.trim().to_owned()
    } else {
        // Anything else would be read by the prompt line by line, with its history and its
        // keys, and would not stop at the first failure.
        let shell = match dialect {
            Dialect::Sh => "sh -e -c",
            Dialect::Bash => "bash -e -o pipefail -c",
            Dialect::Zsh => "zsh -e -o pipefail -c",
            Dialect::Fish => "fish -c",
        };
        format!("{shell} {}", word(text)?)
    };
    let command = match place {
        "" => command,
        place => format!("cd {} && {command}", word(place)?),
    };
    Some(ByHand {
        command,
        secrets: secrets(text),
    })
}

/// Whether a text is one command that a prompt reads as a script would.
fn is_simple(text: &str) -> bool {
    text.bytes()
        .all(|byte| (b' '..=b'~').contains(&byte) && !b";&|<>()#!^`".contains(&byte))
}

/// The commands of a transcript as the journal has it: `$ ` before each.
fn prompts_removed(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.strip_prefix("$ ").unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// The variables with secrets that a text names, each once.
fn secrets(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (at, _) in text.match_indices(SECRET) {
        let name: String = text[at..]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::by_hand;

    #[track_caller]
    fn case(kind: &str, text: &str, directory: &str, expected: &str) {
        let place = Some(directory).filter(|place| !place.is_empty());
        let found = by_hand(kind, text, place).map(|by_hand| by_hand.command);
        assert_eq!(found.as_deref().unwrap_or_default(), expected);
    }

    #[test]
    fn a_simple_command_stays_as_it_ran_and_another_becomes_one_word() {
        case("bash", "helm list -n 'a b'\n", "", "helm list -n 'a b'");
        case(
            "zsh",
            "helm list\n",
            "/srv/it's",
            r"cd '/srv/it'\''s' && helm list",
        );
        case("console", "$ helm list\n", "/srv", "cd /srv && helm list");
        case(
            "bash",
            "echo \"rds!db\"\n",
            "",
            "bash -e -o pipefail -c 'echo \"rds!db\"'",
        );
        case(
            "bash",
            "set -u\n\tcat x | sort\n",
            "/srv",
            "cd /srv && bash -e -o pipefail -c $'set -u\\n\\tcat x | sort'",
        );
        case("sh", "a && b", "", "sh -e -c 'a && b'");
        case("fish", "a; b\n", "", "fish -c 'a; b'");
        case("rhai", "assert 1 < 2", "", "");
        case("bash", "mysql -p«secret:pw»", "", "");
        case("bash", "\n", "", "");
    }

    #[test]
    fn the_variables_of_secrets_are_named_once() {
        let text = "mysql -u \"${RUNBOOK_VALUE_1}\" -p\"${RUNBOOK_VALUE_DB_PW}${RUNBOOK_VALUE_1}\"";
        let found = by_hand("bash", text, None).expect("it ran in a shell");
        assert_eq!(found.command, text);
        assert_eq!(found.secrets, ["RUNBOOK_VALUE_1", "RUNBOOK_VALUE_DB_PW"]);
    }
}
