//! Texts of bash that are one call of a program, and so leave nothing.
//!
//! Such a bash needs no trap to say what it left, and without one it becomes the program instead of
//! waiting for it: one process less for each step. It must never take a text for one that could
//! change its shell.

use crate::credentials::Environment;

/// What bash 5.2 has of its own (`compgen -bk`).
const OWN: &[&str] = &[
    "alias",
    "bg",
    "bind",
    "break",
    "builtin",
    "caller",
    "case",
    "cd",
    "command",
    "compgen",
    "complete",
    "compopt",
    "continue",
    "coproc",
    "declare",
    "dirs",
    "disown",
    "do",
    "done",
    "echo",
    "elif",
    "else",
    "enable",
    "esac",
    "eval",
    "exec",
    "exit",
    "export",
    "false",
    "fc",
    "fg",
    "fi",
    "for",
    "function",
    "getopts",
    "hash",
    "help",
    "history",
    "if",
    "in",
    "jobs",
    "kill",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "printf",
    "pushd",
    "pwd",
    "read",
    "readarray",
    "readonly",
    "return",
    "select",
    "set",
    "shift",
    "shopt",
    "source",
    "suspend",
    "test",
    "then",
    "time",
    "times",
    "trap",
    "true",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "until",
    "wait",
    "while",
];

/// Whether a text is one call of a program with words that bash takes as they are, or variables.
pub(super) fn is_lone(text: &[u8], environment: &Environment) -> bool {
    let is_function = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b"BASH_FUNC_");
    is_call(text.trim_ascii()) && !environment.iter().any(|(name, _)| is_function(name))
}

fn is_call(text: &[u8]) -> bool {
    let end = text.iter().position(|byte| matches!(byte, b' ' | b'\t'));
    let (program, mut rest) = text.split_at(end.unwrap_or(text.len()));
    let Ok(program) = std::str::from_utf8(program) else {
        return false;
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./-".contains(&byte);
    let begins = program.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        || program.starts_with("./")
        || program.starts_with("../");
    if !begins || !program.bytes().all(plain) || OWN.contains(&program) {
        return false;
    }
    while let Some((byte, behind)) = rest.split_first() {
        rest = match byte {
            b'\'' => match quoted(behind, b"'\n") {
                Some(behind) => behind,
                None => return false,
            },
            b'"' => match quoted(behind, b"\"\n\\`$") {
                Some(behind) => behind,
                None => return false,
            },
            _ if byte.is_ascii_alphanumeric() || b" \t_./:=,+@%^-".contains(byte) => behind,
            _ => return false,
        };
    }
    true
}

/// What stands behind a quotation, whose end is the first byte that it can't have.
fn quoted<'a>(text: &'a [u8], never: &[u8]) -> Option<&'a [u8]> {
    let end = text.iter().position(|byte| never.contains(byte))?;
    (text.get(end) == never.first()).then(|| text.get(end + 1..))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_of_a_program_is_one() {
        for text in [
            "sleep 0.1",
            "\n  kubectl get pods -n prod -o json\n",
            "/usr/bin/env A=1 x",
            "./deploy.sh --tag='it is' \"a b\"'c'",
            "curl -fsS 'https://x.example/a?b=c&d'",
            "../x",
        ] {
            assert!(is_lone(text.as_bytes(), &Environment::default()), "{text}");
        }
    }

    #[test]
    fn what_could_change_the_shell_or_run_more_is_none() {
        for text in [
            "",
            "cd x",
            "A=1 x",
            "A=1",
            "x; y",
            "x\ny",
            "x | y",
            "x && y",
            "x &",
            "x > y",
            "x $(y)",
            "x `y`",
            "x \"$(y)\"",
            "x $y",
            "x \"$y\"",
            "x {a,b}",
            "x *",
            "x ~",
            "x # y",
            "x 'y",
            "x \"y",
            "x \\\ny",
            "$x",
            "'cd' y",
            "\\cd y",
            "%1",
            ". x",
            "..",
            "! x",
            "[ x ]",
            "(x)",
            "-x",
            "x 'a\nb'",
            "x!",
            "\u{e9}",
        ] {
            assert!(!is_lone(text.as_bytes(), &Environment::default()), "{text}");
        }
        for own in OWN {
            assert!(!is_lone(own.as_bytes(), &Environment::default()), "{own}");
        }
        let mut environment = Environment::default();
        environment.set("BASH_FUNC_x%%", "() { :; }");
        assert!(!is_lone(b"x", &environment));
    }
}
