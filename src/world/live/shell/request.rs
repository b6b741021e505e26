//! What a waiting fork is asked to do: the variables that it lacks, its directory, its text.
//!
//! A warm shell has only variables that are part of the environment of every step it serves, so
//! that nothing of one step can be seen in another. The rest is sent, each time.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

use crate::credentials::Environment;
use crate::world::{Process, Script};

/// Variables that mean something to bash when it starts, or when they are set: they are given to
/// it at its start, as to any other, or not at all.
const OWN: [&str; 40] = [
    "_",
    "CHILD_MAX",
    "COLUMNS",
    "COPROC",
    "DIRSTACK",
    "EUID",
    "EXECIGNORE",
    "FCEDIT",
    "FIGNORE",
    "FUNCNAME",
    "GLOBIGNORE",
    "GROUPS",
    "HOSTFILE",
    "HOSTNAME",
    "HOSTTYPE",
    "IFS",
    "IGNOREEOF",
    "INPUTRC",
    "LANG",
    "LANGUAGE",
    "LINENO",
    "LINES",
    "MACHTYPE",
    "MAPFILE",
    "OPTARG",
    "OPTERR",
    "OPTIND",
    "OSTYPE",
    "PIPESTATUS",
    "PPID",
    "RANDOM",
    "REPLY",
    "SECONDS",
    "SHELL",
    "SHLVL",
    "SRANDOM",
    "TERM",
    "TIMEFORMAT",
    "TMOUT",
    "TZ",
];
const OWN_PREFIXES: [&str; 11] = [
    "LC_",
    "HIST",
    "PROMPT_",
    "COMP",
    "EPOCH",
    "READLINE_",
    "MAIL",
    "TEXTDOMAIN",
    "TERM",
    "PS",
    "UID",
];

/// Variables that change how bash reads a text, or that a fork can't have as a new bash has them.
const NEVER: [&str; 2] = ["POSIXLY_CORRECT", "FUNCNEST"];

/// How many lines a block has, and how many blocks a warm shell can begin behind. Each costs a
/// fork some bytes, and each line that is left of a block some time.
pub(super) const BLOCK: usize = 256;
pub(super) const BLOCKS: usize = 24;

/// A line that is joined to the next one: what stands in front of a script for the lines above it.
const JOINED: &[u8] = b"\\\n";

/// How many whole blocks stand in front of a script.
pub(super) fn blocks(script: &Script) -> usize {
    let front = script.text.get(..script.body.start).unwrap_or_default();
    let lines = front
        .chunks(JOINED.len())
        .take_while(|pair| *pair == JOINED);
    (lines.count() / BLOCK).min(BLOCKS)
}

/// Whether a fork can get an environment and a directory as a new bash gets them.
pub(super) fn suits(process: &Process) -> bool {
    let environment = &process.environment;
    let plain = |value: &OsStr| value.to_str().is_some();
    // How bytes are read where characters of other encodings hold quotes is not looked into.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| environment.text(name))
        .unwrap_or("C")
        .to_ascii_lowercase();
    let known = matches!(locale.as_str(), "c" | "posix") || locale.contains("utf");
    known
        && is_normal(&process.directory)
        && environment.get("PWD") == Some(process.directory.as_os_str())
        && environment.iter().all(|(name, value)| {
            name.to_str().is_some_and(is_name)
                && plain(value)
                && !name.as_bytes().starts_with(b"BASH")
                && !name.as_bytes().starts_with(b"__runbook")
                && !NEVER.iter().any(|never| name == *never)
        })
}

/// Whether a path is as `cd` would write it.
fn is_normal(path: &Path) -> bool {
    let whole: std::path::PathBuf = path.components().collect();
    path.is_absolute()
        && path.to_str().is_some()
        && whole.as_os_str() == path.as_os_str()
        && !path.components().any(|part| part == Component::ParentDir)
}

/// Whether a name is one that a shell can assign to (POSIX, XBD 3.216).
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_own(name: &OsStr) -> bool {
    let name = name.to_str().unwrap_or_default();
    OWN.contains(&name) || OWN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a directory's name, which each request has.
fn is_directory(name: &OsStr) -> bool {
    name == "PWD" || name == "OLDPWD"
}

/// What a new warm shell is started with: the environment, without what is known to change.
///
/// It holds no directory: none shall be kept busy by a shell that waits.
pub(super) fn base(environment: &Environment, changing: &BTreeSet<OsString>) -> Environment {
    environment
        .iter()
        .filter(|(name, _)| !changing.contains(*name) && !name.as_bytes().starts_with(b"RUNBOOK_"))
        .map(|(name, value)| {
            let value = if is_directory(name) {
                OsStr::new("/")
            } else {
                value
            };
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

/// What keeps a warm shell with `base` from serving a step; empty where nothing does.
pub(super) fn between(base: &Environment, environment: &Environment) -> Vec<OsString> {
    let gone = base
        .iter()
        .filter(|(name, value)| !is_directory(name) && environment.get(name) != Some(value));
    let new = environment
        .iter()
        .filter(|(name, _)| is_own(name) && base.get(name).is_none());
    gone.chain(new).map(|(name, _)| name.to_owned()).collect()
}

/// Whether a variable that changes can be sent with each request.
pub(super) fn can_be_sent(name: &OsStr) -> bool {
    !is_own(name)
}

/// A request, as bash reads it with `.`; it returns another status than 0 where nothing of it may
/// run, because there is no such directory or the text is not well-formed: a new bash says so best.
///
/// A text is well-formed if it is so between braces and between parentheses: none can close both.
pub(super) fn text(process: &Process, script: &Script, base: &Environment) -> Vec<u8> {
    let mut request = Vec::with_capacity(script.text.len() + 1024);
    let mut line = |parts: &[&[u8]]| {
        for part in parts {
            request.extend_from_slice(part);
        }
    };
    for (name, value) in process.environment.iter() {
        if base.get(name).is_none() && !is_directory(name) {
            line(&[
                b"builtin export ",
                name.as_bytes(),
                b"=",
                &quoted(value.as_bytes()),
                b"\n",
            ]);
        }
    }
    let directory = quoted(process.directory.as_os_str().as_bytes());
    line(&[b"builtin cd -L -- ", &directory, b" || builtin return 1\n"]);
    // As bash itself has it at its start: exported, and without a value where it is no directory.
    let unset = &b"{ builtin unset -v OLDPWD; builtin export OLDPWD; }\n"[..];
    match process.environment.get("OLDPWD") {
        Some(old) => line(&[
            b"builtin export OLDPWD=",
            &quoted(old.as_bytes()),
            b"; builtin test -d \"$OLDPWD\" || ",
            unset,
        ]),
        None => line(&[unset]),
    }
    let part = |range: Range<usize>| script.text.get(range).unwrap_or_default();
    let before = part(blocks(script) * BLOCK * JOINED.len()..script.body.start);
    let body = part(script.body.clone());
    let after = part(script.body.end..script.text.len());
    line(&[
        b"__runbook=",
        &quoted(body),
        b"\nbuiltin eval \"__runbook() {\n$__runbook\n}\" && \
          builtin eval \"__runbook() (\n$__runbook\n)\" || builtin return 1\n\
          builtin unset -f __runbook\nBASH_EXECUTION_STRING=",
        &quoted(before),
        b"$__runbook",
        &quoted(after),
        // It is gone when the script begins.
        b"\n__runbook=\"builtin unset -v __runbook __runbook_at; $BASH_EXECUTION_STRING\"\n",
    ]);
    request
}

/// A text in single quotes.
fn quoted(text: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(text.len() + 8);
    quoted.push(b'\'');
    for byte in text {
        if *byte == b'\'' {
            quoted.extend_from_slice(b"'\\''");
        } else {
            quoted.push(*byte);
        }
    }
    quoted.push(b'\'');
    quoted
}
