//! The effect of one command by its words.

use super::table::{self, Program};
use crate::document::Effect;

/// What running these words does; words that nobody knows change something.
pub(super) fn effect(words: &[String]) -> Effect {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some(words) = strip(&words) else {
        return Effect::Read;
    };
    let Some((name, arguments)) = words.split_first() else {
        return Effect::Read;
    };
    let name = name.rsplit('/').next().unwrap_or(name);
    match table::program(name) {
        Some(Program::Always(effect)) => effect,
        Some(Program::Verbs(verbs)) => by_verb(arguments, &verbs),
        Some(Program::Arguments(judge)) => judge(arguments),
        None => Effect::Change,
    }
}

/// The command itself, without words of the shell and programs that run another; `None` where
/// there is no command.
fn strip<'a, 'w>(words: &'a [&'w str]) -> Option<&'a [&'w str]> {
    let mut words = words;
    loop {
        let (first, rest) = words.split_first()?;
        words = match *first {
            "if" | "then" | "else" | "elif" | "while" | "until" | "do" | "!" | "{" | "}" | "fi"
            | "done" | "esac" | "begin" | "end" | "and" | "or" | "not" | "time" | "command"
            | "exec" | "nohup" | "builtin" | "stdbuf" | "setsid" => {
                if *first == "command" && matches!(rest.first(), Some(&("-v" | "-V"))) {
                    return None;
                }
                rest
            }
            "for" | "case" | "select" | "function" => return None,
            "sudo" | "doas" => options(rest, &["-u", "-g", "-h", "-p", "-C"]),
            "env" => {
                let rest = options(rest, &["-u", "--unset", "-C", "--chdir", "-S"]);
                if rest.iter().all(|word| is_assignment(word)) {
                    return None;
                }
                rest
            }
            "nice" => options(rest, &["-n"]),
            "timeout" => options(rest, &["-s", "--signal", "-k", "--kill-after"]).get(1..)?,
            "watch" => options(rest, &["-n", "--interval"]),
            "xargs" => options(rest, &["-n", "-I", "-L", "-P", "-d", "-a", "-s", "-E"]),
            "export" | "local" | "declare" | "readonly" | "typeset" => return None,
            assignment if is_assignment(assignment) => rest,
            _ => return Some(words),
        };
    }
}

/// The words after leading options; some options take the next word.
fn options<'a, 'w>(words: &'a [&'w str], valued: &[&str]) -> &'a [&'w str] {
    let mut words = words;
    while let Some((first, rest)) = words.split_first() {
        if !first.starts_with('-') {
            break;
        }
        words = if valued.contains(first) {
            rest.get(1..).unwrap_or_default()
        } else {
            rest
        };
        if *first == "--" {
            break;
        }
    }
    words
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
    })
}

/// The effect of a program that is told what to do by a verb, as `kubectl get`.
fn by_verb(arguments: &[&str], verbs: &table::Verbs) -> Effect {
    let mut plain: Vec<&str> = Vec::new();
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        if word.starts_with('-') {
            if verbs.valued.contains(word) {
                rest.next();
            }
        } else {
            plain.push(word);
        }
    }
    if arguments
        .iter()
        .any(|word| matches!(*word, "--help" | "--version"))
    {
        return Effect::Read;
    }
    for (effect, patterns) in [(Effect::Destroy, verbs.destroy), (Effect::Read, verbs.read)] {
        if patterns
            .iter()
            .any(|pattern| fits(pattern, &plain, arguments))
        {
            return effect;
        }
    }
    Effect::Change
}

/// Whether the words of a pattern begin the plain words: `*` is any word, `x-*` any word that
/// begins so, `--flag` an option anywhere.
fn fits(pattern: &str, plain: &[&str], arguments: &[&str]) -> bool {
    let mut plain = plain.iter();
    pattern.split(' ').all(|part| {
        if part.starts_with('-') {
            return arguments.contains(&part);
        }
        match plain.next() {
            None => false,
            Some(word) => match part.strip_suffix('*') {
                Some(start) => word.starts_with(start),
                None => *word == part,
            },
        }
    })
}
