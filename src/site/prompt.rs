//! What can be pasted at a prompt as it is, and at which.

use std::ops::Range;

use crate::quote;

/// Where an interpolation stands in a text: its name, and whether its value is put in raw.
pub(super) type Piece = (Range<usize>, String, bool);

/// Stands for a value in a text that is looked at; no text that is pasted holds it.
pub(super) const VALUE: char = '\u{1}';

/// First words that are no simple command, or that would act on the operator's own shell: what
/// closes it, changes how it goes on, or reads what is pasted next.
const SHELLS_OWN: &[&str] = &[
    "!",
    "-",
    "[[",
    "{",
    "}",
    "break",
    "builtin",
    "bye",
    "case",
    "command",
    "continue",
    "coproc",
    "do",
    "done",
    "elif",
    "else",
    "esac",
    "eval",
    "exec",
    "exit",
    "fi",
    "for",
    "foreach",
    "function",
    "if",
    "in",
    "local",
    "logout",
    "mapfile",
    "nocorrect",
    "noglob",
    "read",
    "readarray",
    "readonly",
    "repeat",
    "return",
    "select",
    "set",
    "setopt",
    "shift",
    "shopt",
    "suspend",
    "then",
    "time",
    "trap",
    "unsetopt",
    "until",
    "while",
    "begin",
    "end",
    "and",
    "or",
    "not",
    "switch",
];

/// First words that mean something else in fish or PowerShell: builtins of bash, and names that
/// those shells have for something of their own.
const NOT_PORTABLE: &[&str] = &[
    ".", ":", "[", "abbr", "alias", "bg", "bind", "cat", "cd", "chdir", "clear", "cls", "compgen",
    "complete", "copy", "cp", "curl", "data", "declare", "del", "diff", "dir", "dirs", "disown",
    "echo", "enable", "env", "erase", "export", "false", "fc", "fg", "filter", "getopts", "hash",
    "help", "history", "jobs", "kill", "let", "ls", "man", "md", "mkdir", "mount", "move", "mv",
    "open", "param", "popd", "print", "printf", "process", "ps", "pushd", "pwd", "r", "rd", "ren",
    "rm", "rmdir", "set", "sleep", "sort", "source", "start", "string", "sudo", "tee", "test",
    "throw", "times", "trap", "true", "try", "type", "typeset", "ulimit", "umask", "unalias",
    "unset", "using", "var", "wait", "wget", "where", "write",
];

/// Whether a prompt reads it as a script would, and a run would stop nowhere in it: one simple
/// command, of printable characters, without the history's `!`, and without a comment, which not
/// every prompt knows.
pub(super) fn is_pasteable(text: &str) -> bool {
    let one = text.replace("\\\n", " ");
    let printable = one.chars().all(|c| c == VALUE || matches!(c, ' '..='~'));
    if !printable || one.contains(['!', '#', '^']) || joins(&one) {
        return false;
    }
    command(&one).is_some_and(|word| !SHELLS_OWN.contains(&word.as_str()))
}

/// Whether it is more than one command: something outside quotes joins, groups or backgrounds.
fn joins(text: &str) -> bool {
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some('"') | None, '\\') => {
                characters.next();
            }
            (Some(open), _) if open == c => quote = None,
            // A command within a command is not looked into.
            (Some('"'), '`') => return true,
            (None, '\'' | '"') => quote = Some(c),
            (None, ';' | '|' | '&' | '(' | ')' | '`') => return true,
            _ => {}
        }
    }
    quote.is_some() || text.contains("$(")
}

/// The word that names the command, without its quoting: the first that is no assignment.
fn command(text: &str) -> Option<String> {
    text.split(' ')
        .map(|word| word.replace(['\'', '"', '\\'], ""))
        .find(|word| {
            let assigns = word.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty()
                    && name
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"_+[]".contains(&byte))
            });
            !word.is_empty() && !assigns
        })
}

/// Whether it is an `echo` of a backslash, or of a value, which may hold one.
pub(super) fn echoes(text: &str) -> bool {
    command(text).is_some_and(|word| word == "echo") && text.contains(['\\', '$', VALUE])
}

/// Whether zsh reads it as bash does: nothing that it expands in its own way.
pub(super) fn reads_alike_in_zsh(text: &str) -> bool {
    !text.contains(['$', '?', '*', '[', ']', '~', '`', '{']) && !text.contains(" =")
}

/// Whether it is words and nothing else, which every shell reads alike, and the first is a program in
/// every shell.
pub(super) fn is_portable(text: &str) -> bool {
    let first = text.split(' ').next().unwrap_or_default();
    !text.trim().is_empty()
        && text
            .chars()
            .all(|c| c == VALUE || c.is_ascii_alphanumeric() || " _./:-=".contains(c))
        && !text.starts_with([' ', '-'])
        && !first.contains('=')
        && !NOT_PORTABLE.contains(&first)
}

/// Words as PowerShell reads them: with a variable in double quotes, else bare where that is safe; a
/// command that is a string is called. Nothing where a word can't be written.
pub(super) fn in_powershell(text: &str, pieces: &[Piece]) -> Option<String> {
    let mut marked = String::new();
    let mut done = 0;
    for (range, name, _) in pieces {
        marked.push_str(text.get(done..range.start)?);
        // Of the environment, as it is in the other shells: a secret is set there by hand.
        marked.push_str(&format!("${{env:{name}}}"));
        done = range.end;
    }
    marked.push_str(text.get(done..)?);
    let words: Option<Vec<String>> = marked
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(|word| {
            let bare = word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-/".contains(&byte))
                && !word.starts_with("--%");
            if word.contains("${") {
                Some(format!("\"{word}\""))
            } else if bare {
                Some(word.to_owned())
            } else {
                quote::powershell(word).ok()
            }
        })
        .collect();
    let words = words?.join(" ");
    Some(if words.starts_with(['"', '\'']) {
        format!("& {words}")
    } else {
        words
    })
}
