//! Turns a cell into the arguments of a process.
//!
//! A shell gets the cell's text behind as many lines as stand above it in the Markdown, so that
//! its own messages name the document and the right line. In front of the first line of the
//! body is a prelude: it makes the shell stop at the first failing command, and leave its exports
//! and directory in a file when it exits.
//!
//! What the epilogue misses, because the shell offers no way:
//! - a cell that ends in `exec PROGRAM`, is killed, or closes with a fatal `set -u` error in zsh
//!   leaves nothing;
//! - a cell that sets an EXIT trap of its own in bash or `sh` and then fails midway leaves
//!   nothing (its trap runs; at the normal end it leaves all);
//! - `set -v` in bash and `set -x` in zsh show the first command of the epilogue;
//! - fish has no `set -e`: the status of a fish cell is that of its last command;
//! - fish 3 mangles what is not ASCII where the locale is not UTF-8, for its children too;
//! - bash before 5.1 counts the lines of `-c` from 0, so its messages are one line off.

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

pub use super::left::Left;
use crate::credentials::Environment;
use crate::quote::Dialect;
use crate::world::Script;

/// The longest text given as an argument; Linux allows 128 KiB for one (execve(2)).
const LONGEST_ARGUMENT: usize = 96 * 1024;

/// No Markdown file has more lines that anyone would pad for.
const MOST_LINES: usize = 10_000_000;

/// Variables that would have a shell read files, or start with options, that the cell does not
/// show (bash manual, Bash Startup Files; POSIX, XCU sh).
const STARTUP: [&str; 4] = ["BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS"];

/// A cell for a shell to run.
#[derive(Clone, Copy, Debug)]
pub struct ShellCell<'a> {
    /// The shell.
    pub dialect: Dialect,
    /// The text, rendered.
    pub text: &'a [u8],
    /// The line of its first line in the Markdown, from 1.
    pub line: usize,
    /// The document's name as messages show it, and the cell's `$0`.
    pub document: &'a str,
    /// Whether the shell stops at the first failing command, or pipeline where it can.
    pub errexit: bool,
    /// The file in a private folder where the shell leaves its exports and directory.
    pub left: Option<&'a Path>,
    /// Variables whose values the shell leaves too, in the file of [`secrets_path`]: secrets that
    /// its output may hold.
    pub secrets: &'a [String],
    /// A private folder for what is too long for an argument.
    pub scratch: &'a Path,
}

/// The arguments that run a cell.
///
/// The text is an argument unless it is too long for one or holds NUL; arguments can be seen by
/// every user of the machine, see [`private_argv`].
///
/// # Errors
/// Where a file can't be written to `scratch`, or an old `left` can't be removed.
pub fn argv(cell: &ShellCell<'_>) -> io::Result<Vec<OsString>> {
    let script = begin(cell)?;
    // fish says lines of files only.
    if script.len() > LONGEST_ARGUMENT || script.contains(&0) || cell.dialect == Dialect::Fish {
        return from_file(cell, &script);
    }
    let mut argv = start(cell.dialect);
    argv.push("-c".into());
    argv.push(OsString::from_vec(script));
    argv.push(cell.document.replace('\0', "").into());
    Ok(argv)
}

/// The arguments that run a cell whose text holds secrets: it is given in a file that only this
/// user can read, never as an argument.
///
/// # Errors
/// As [`argv`].
pub fn private_argv(cell: &ShellCell<'_>) -> io::Result<Vec<OsString>> {
    let script = begin(cell)?;
    from_file(cell, &script)
}

/// The script that bash is given as an argument, where a fork of a bash may run it as well.
///
/// Only one that leaves something: as that is done by a trap, a new bash too stays until the end,
/// where it would else put its last command in its own place. And only one that stops at the first
/// failing command: else a failed expansion has another status in a fork.
#[must_use]
pub fn script_of(cell: &ShellCell<'_>, argv: &[OsString]) -> Option<Script> {
    let [_, _, _, flag, text, name] = argv else {
        return None;
    };
    if cell.dialect != Dialect::Bash || cell.left.is_none() || !cell.errexit || flag != "-c" {
        return None;
    }
    let text = text.as_bytes().to_vec();
    let ours = usize::from(!text.ends_with(cell.text));
    let end = text.len().checked_sub(ours)?;
    let body = end.checked_sub(cell.text.len())?..end;
    (text.get(body.clone())? == cell.text).then(|| Script {
        text,
        body,
        name: name.clone(),
    })
}

/// The arguments that have a program run a text, which it gets as a file in `scratch`.
///
/// `program` may bring arguments of its own, as in `python3 -u`.
///
/// # Errors
/// Where the file can't be written.
///
/// # Examples
/// ```
/// let scratch = std::env::temp_dir();
/// let argv = runbook::exec::shell::interpreter_argv("python3", b"print(1)", &scratch)?;
/// assert_eq!(argv[0], "python3");
/// # std::fs::remove_dir_all(std::path::Path::new(&argv[1]).parent().unwrap())?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn interpreter_argv(program: &str, text: &[u8], scratch: &Path) -> io::Result<Vec<OsString>> {
    let mut argv: Vec<OsString> = program.split_whitespace().map(OsString::from).collect();
    let name = format!("cell{}", extension(program));
    argv.push(write(scratch, &name, text)?.into());
    Ok(argv)
}

/// Makes an environment fit for a cell that starts in `directory`: takes out what would make a
/// shell read start-up files, and sets `PWD`, so that a path through a symbolic link stays as it
/// was written.
pub fn prepare(environment: &mut Environment, directory: &Path) {
    for name in STARTUP {
        environment.remove(name);
    }
    environment.set("PWD", directory);
}

/// Whether a shell can be made to stop at the first failing command.
#[must_use]
pub const fn stops_at_failure(dialect: Dialect) -> bool {
    !matches!(dialect, Dialect::Fish)
}

/// Reads what a shell left; `None` if it left nothing.
///
/// # Errors
/// Where the file can't be read, or was cut short (`InvalidData`).
pub fn read_left(dialect: Dialect, path: &Path) -> io::Result<Option<Left>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    super::left::parse(dialect, &bytes)
        .map(Some)
        .ok_or_else(|| {
            let reason = "the list of exports that the shell left is not whole";
            io::Error::new(ErrorKind::InvalidData, reason)
        })
}

/// Where a shell leaves the values of [`ShellCell::secrets`].
#[must_use]
pub fn secrets_path(left: &Path) -> PathBuf {
    let mut path = left.as_os_str().to_owned();
    path.push(".secrets");
    path.into()
}

/// The values of `names` that a shell left; `None` where it left none.
///
/// # Errors
/// Where the file can't be read.
pub fn read_secrets(left: &Path, names: &[String]) -> io::Result<Option<Vec<Vec<u8>>>> {
    let bytes = match fs::read(secrets_path(left)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let values: Vec<Vec<u8>> = bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    // The last value ends in NUL too.
    Ok((values.len() == names.len() + 1).then(|| values[..names.len()].to_vec()))
}

/// Clears the ground and writes the script.
fn begin(cell: &ShellCell<'_>) -> io::Result<Vec<u8>> {
    if let Some(left) = cell.left {
        match fs::remove_file(left) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(script(cell))
}

/// The whole script: padding, prelude, body, and where a trap of the cell may take the place of
/// ours, the epilogue once more.
fn script(cell: &ShellCell<'_>) -> Vec<u8> {
    // Joined lines: an empty one costs bash a parse of its own, which shows on a long page.
    let mut script = b"\\\n".repeat(cell.line.min(MOST_LINES).saturating_sub(2));
    let traps = mentions(cell.text, b"trap");
    let mut parts = Vec::new();
    if let Some(left) = cell.left {
        parts.push(epilogue(cell, left, traps));
    }
    if cell.errexit {
        match cell.dialect {
            Dialect::Bash | Dialect::Zsh => parts.push(b"set -e -o pipefail".to_vec()),
            // A `set` that fails ends a POSIX shell, unless it is run by `command` (XCU 2.8.1).
            Dialect::Sh => {
                parts.push(b"set -e; command set -o pipefail 2>/dev/null || :".to_vec());
            }
            Dialect::Fish => {}
        }
    }
    script.extend_from_slice(&parts.join(&b"; "[..]));
    match (cell.line, parts.is_empty()) {
        (0 | 1, true) => {}
        (0 | 1, false) => script.extend_from_slice(b"; "),
        _ => script.push(b'\n'),
    }
    script.extend_from_slice(cell.text);
    // A body that ends in a backslash would take the next line for its own.
    if traps && cell.left.is_some() && cell.dialect != Dialect::Fish && !cell.text.ends_with(b"\\")
    {
        script.extend_from_slice(b"\n{ __runbook_left; } 2>/dev/null\n");
    } else if !cell.text.ends_with(b"\n") && !cell.text.ends_with(b"\\") {
        script.push(b'\n');
    }
    script
}

/// Has the shell write down its exports and directory when it exits, by builtins only.
fn epilogue(cell: &ShellCell<'_>, left: &Path, traps: bool) -> Vec<u8> {
    let dialect = cell.dialect;
    let path = left.as_os_str().as_bytes();
    let mut prelude = match dialect {
        Dialect::Fish => b"set -g __runbook ".to_vec(),
        Dialect::Sh | Dialect::Bash | Dialect::Zsh => b"__runbook=".to_vec(),
    };
    prelude.extend_from_slice(&match dialect {
        Dialect::Fish => shell_quote::Fish::quote_vec(path),
        Dialect::Sh | Dialect::Bash | Dialect::Zsh => shell_quote::Sh::quote_vec(path),
    });
    prelude.extend_from_slice(b"; ");
    let secrets = secrets(dialect, cell.secrets);
    let act = match dialect {
        Dialect::Bash => format!("{secrets}{BASH}"),
        Dialect::Sh => format!("{secrets}{SH}"),
        Dialect::Zsh => {
            prelude.extend_from_slice(
                ZSH.replace("emulate -L zsh;", &format!("emulate -L zsh; {secrets}"))
                    .as_bytes(),
            );
            return prelude;
        }
        Dialect::Fish => {
            prelude.extend_from_slice(
                FISH.replace("fish_exit;", &format!("fish_exit; {secrets}"))
                    .as_bytes(),
            );
            return prelude;
        }
    };
    // The redirection keeps the epilogue out of the trace of a cell that says `set -x`.
    let trap = if traps {
        format!(
            "__runbook_left() {{ __runbook_status=$?; {act}; return $__runbook_status; }}; \
             trap '{{ __runbook_left; }} 2>/dev/null' EXIT"
        )
    } else {
        format!("trap '{{ {act}; }} 2>/dev/null' EXIT")
    };
    prelude.extend_from_slice(trap.as_bytes());
    prelude
}

/// Has the shell write down the values of variables.
fn secrets(dialect: Dialect, names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let values = |open: &str, close: &str| -> String {
        names
            .iter()
            .map(|name| format!(" \"{open}{name}{close}\""))
            .collect()
    };
    match dialect {
        Dialect::Fish => format!(
            "builtin printf '%s\\0'{} >$__runbook.secrets 2>/dev/null; ",
            values("$", "")
        ),
        Dialect::Sh | Dialect::Bash | Dialect::Zsh => {
            let print = match dialect {
                Dialect::Sh => "command",
                _ => "builtin",
            };
            // In `trap '…'`, so no single quotes.
            format!(
                "{{ {print} printf \"%s\\0\"{}; }} 2>/dev/null >| \"$__runbook.secrets\"; ",
                values("${", "-}")
            )
        }
    }
}

/// `set +e…` first, lest anything here ends the shell with another status. `>|` overwrites under
/// `set -C` too. Functions are listed by name first: only so is it known where a text ends.
const BASH: &str = r#"set +eCuxv; { builtin declare -Fx >&3; __runbook_names=(); while IFS=" " builtin read -r _ _ __runbook_name; do __runbook_names+=("$__runbook_name"); done <&4; { builtin printf "\0"; builtin pwd -L; builtin printf "\0"; for __runbook_name in "${__runbook_names[@]}"; do builtin printf "%s\0" "$__runbook_name"; builtin declare -f "$__runbook_name"; builtin printf "\0"; done; builtin printf "\0"; builtin declare -px; builtin printf "\0"; } >&3; } 3>| "$__runbook" 4< "$__runbook""#;

const SH: &str = r#"set +eCuxv; { command pwd -L; command printf "\0"; command export -p; command printf "\0"; } >| "$__runbook""#;

/// zsh runs no EXIT trap when `set -e` ends it inside of a function, but a ZERR trap first.
const ZSH: &str = r#"__runbook_left() { emulate -L zsh; { zmodload zsh/parameter && builtin pwd -L && { builtin printf '\0'; for __runbook_name in ${(k)parameters[(R)*export*]}; do builtin printf '%s=%s\0' "$__runbook_name" "${(P)__runbook_name}"; done; builtin printf '\0' } } 2>/dev/null >| "$__runbook" }; trap 'set +exv; __runbook_left' EXIT; trap '[[ -o errexit && $ZSH_SUBSHELL == 0 ]] && __runbook_left' ZERR"#;

const FISH: &str = r#"function __runbook_left --on-event fish_exit; begin; builtin pwd -L; builtin printf '\0'; for __runbook_name in (builtin set -nx); builtin printf '%s=%s\0' $__runbook_name "$$__runbook_name"; end; builtin printf '\0'; end >$__runbook 2>/dev/null; end"#;

/// The program and the flags that keep it from its start-up files.
fn start(dialect: Dialect) -> Vec<OsString> {
    let words: &[&str] = match dialect {
        Dialect::Sh => &["sh"],
        Dialect::Bash => &["bash", "--norc", "--noprofile"],
        Dialect::Zsh => &["zsh", "-f"],
        Dialect::Fish => &["fish", "--no-config"],
    };
    words.iter().map(OsString::from).collect()
}

fn from_file(cell: &ShellCell<'_>, script: &[u8]) -> io::Result<Vec<OsString>> {
    let mut argv = start(cell.dialect);
    let name = Path::new(cell.document)
        .file_name()
        .and_then(|name| name.to_str())
        .filter(|name| !name.contains('\0') && name.len() < 200)
        .unwrap_or("cell");
    argv.push(write(cell.scratch, name, script)?.into());
    Ok(argv)
}

/// Writes a file that only this user can read, in a new folder in `scratch`; returns its path.
fn write(scratch: &Path, name: &str, text: &[u8]) -> io::Result<PathBuf> {
    let path = tempfile::Builder::new()
        .prefix("cell-")
        .tempdir_in(scratch)?
        .keep()
        .join(name);
    let mut file = fs::OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file.write(true)
        .create_new(true)
        .open(&path)?
        .write_all(text)?;
    Ok(path)
}

/// The ending that a program's files bear, with its dot.
fn extension(program: &str) -> &'static str {
    let name = program.split_whitespace().next().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    match name.trim_end_matches(|digit: char| digit.is_ascii_digit() || digit == '.') {
        "python" | "pypy" => ".py",
        "node" | "nodejs" => ".js",
        "deno" | "bun" | "ts-node" | "tsx" => ".ts",
        "ruby" => ".rb",
        "perl" => ".pl",
        "php" => ".php",
        "lua" | "luajit" => ".lua",
        "Rscript" => ".R",
        "pwsh" => ".ps1",
        "psql" | "mysql" | "sqlite" => ".sql",
        "jq" => ".jq",
        "awk" | "gawk" | "mawk" => ".awk",
        _ => "",
    }
}

fn mentions(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}
