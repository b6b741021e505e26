//! Processes: `sh`, `run`, and their forms that don't mind a failing one.

use std::time::Duration;

use rhai::{Array, Dynamic, ImmutableString, Map, Module, NativeCallContext};

use super::{Given, Held, Session, function, time, trouble, unfit};
use crate::name::nearest;
use crate::script::result::StepResult;
use crate::script::secret::Secret;
use crate::script::shape::{show, to_text};
use crate::script::{Command, Request};

/// How many lines of standard error a message repeats.
const ERROR_LINES: usize = 3;
/// How many characters of a command a message repeats.
const COMMAND_SHOWN: usize = 80;
const OPTIONS: [&str; 4] = ["cwd", "env", "stdin", "timeout"];

pub(super) fn add(module: &mut Module) {
    for (name, checked) in [("sh", true), ("sh_unchecked", false)] {
        function(
            module,
            name,
            move |context: NativeCallContext, text: Dynamic| {
                shell(&context, name, &text, &Map::new(), checked)
            },
        );
        function(
            module,
            name,
            move |context: NativeCallContext, text: Dynamic, options: Map| {
                shell(&context, name, &text, &options, checked)
            },
        );
    }
    for (name, checked) in [("run", true), ("run_unchecked", false)] {
        function(
            module,
            name,
            move |context: NativeCallContext, argv: Array| {
                program(&context, name, &argv, &Map::new(), checked)
            },
        );
        function(
            module,
            name,
            move |context: NativeCallContext, argv: Array, options: Map| {
                program(&context, name, &argv, &options, checked)
            },
        );
    }
}

fn shell(
    context: &NativeCallContext,
    function: &'static str,
    text: &Dynamic,
    options: &Map,
    checked: bool,
) -> Given<Dynamic> {
    let command = word(text, &format!("the command of `{function}`"))?;
    if !text.is_string() {
        return Err(unfit(
            &format!("the command of `{function}`"),
            "a text",
            text,
        ));
    }
    start(context, function, Command::Shell(command), options, checked)
}

fn program(
    context: &NativeCallContext,
    function: &'static str,
    argv: &Array,
    options: &Map,
    checked: bool,
) -> Given<Dynamic> {
    let argv = argv
        .iter()
        .enumerate()
        .map(|(index, value)| word(value, &format!("element {index} of `{function}`")))
        .collect::<Given<Vec<String>>>()?;
    if argv.first().is_none_or(String::is_empty) {
        return Err(format!(
            "`{function}` needs a program, as in `{function}([\"helm\", \"list\"])`"
        )
        .into());
    }
    start(context, function, Command::Argv(argv), options, checked)
}

/// A value as a part of a command line.
fn word(value: &Dynamic, what: &str) -> Given<String> {
    if value.read_lock::<Secret>().is_some() {
        return Err(
            "a secret can't stand on a command line; pass it by `#{env: …}` or `#{stdin: …}`"
                .into(),
        );
    }
    let is_plain = value.is_string()
        || value.is_int()
        || value.is_float()
        || value.is_bool()
        || value.is_char();
    if !is_plain {
        return Err(unfit(what, "a text or a number", value));
    }
    let text = to_text(value);
    if text.contains('\0') {
        return Err(format!("{what} holds a NUL byte, which no program can be given").into());
    }
    Ok(text)
}

fn start(
    context: &NativeCallContext,
    function: &'static str,
    command: Command,
    options: &Map,
    checked: bool,
) -> Given<Dynamic> {
    let session = Session::of(context)?;
    let mut request = Request {
        function,
        command,
        environment: Vec::new(),
        directory: None,
        stdin: None,
        timeout: None,
    };
    for (name, value) in options {
        option(&mut request, name, value)?;
    }
    let shown = shown(&request.command, &session);
    let finished = session
        .host
        .process(request)
        .map_err(|error| trouble(context, &session, error))?;
    if checked && finished.code != 0 {
        let errors = session
            .host
            .clean(&String::from_utf8_lossy(&finished.stderr));
        return Err(failed(&shown, finished.code, &errors).into());
    }
    Ok(StepResult::of_process(shown, finished).into())
}

fn option(request: &mut Request, name: &str, value: &Dynamic) -> Given<()> {
    match name {
        "cwd" => {
            request.directory = Some(word(value, "`cwd`")?);
        }
        "env" => {
            let Ok(variables) = value.as_map_ref() else {
                return Err(unfit(
                    "`env`",
                    "a map, as in `#{env: #{NAME: \"value\"}}`",
                    value,
                ));
            };
            for (name, value) in variables.iter() {
                if name.is_empty() || name.contains(['=', '\0']) {
                    return Err(format!("`{name}` can't be the name of a variable").into());
                }
                let value = match value.read_lock::<Secret>() {
                    Some(secret) => secret.reveal().to_owned(),
                    None => word(value, &format!("the variable `{name}`"))?,
                };
                if value.contains('\0') {
                    return Err(format!("the variable `{name}` holds a NUL byte").into());
                }
                request.environment.push((name.to_string(), value));
            }
        }
        "stdin" => {
            request.stdin = Some(if let Some(secret) = value.read_lock::<Secret>() {
                secret.reveal().as_bytes().to_vec()
            } else if let Ok(bytes) = value.as_blob_ref() {
                bytes.clone()
            } else if let Some(result) = value.read_lock::<Held>() {
                // Says so where it is not all there; else the bytes go as they are.
                result.output()?;
                result.stdout.clone()
            } else if let Ok(text) = value.as_immutable_string_ref() {
                text.as_bytes().to_vec()
            } else {
                return Err(unfit("`stdin`", "a text or a result", value));
            });
        }
        "timeout" => {
            request.timeout = Some(time::length(value)?).filter(|time| *time > Duration::ZERO);
        }
        unknown => {
            let hint = nearest(unknown, OPTIONS).map_or_else(
                || format!("known are {}", crate::diagnostic::list_and(&OPTIONS)),
                |near| format!("did you mean `{near}`?"),
            );
            return Err(format!("there is no option `{unknown}`; {hint}").into());
        }
    }
    Ok(())
}

/// A command on one short line.
fn shown(command: &Command, session: &Session) -> String {
    let text = match command {
        Command::Shell(text) => text.trim().to_owned(),
        Command::Argv(argv) => argv
            .iter()
            .map(|word| {
                let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
                if !word.is_empty() && word.chars().all(plain) {
                    word.clone()
                } else {
                    show(&ImmutableString::from(word).into(), COMMAND_SHOWN)
                }
            })
            .collect::<Vec<_>>()
            .join(" "),
    };
    let text = session.host.clean(&text);
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let mut line: String = first.chars().take(COMMAND_SHOWN).collect();
    if lines.next().is_some() || first.chars().count() > COMMAND_SHOWN {
        line.push('…');
    }
    line
}

fn failed(command: &str, code: i32, errors: &str) -> String {
    let lines: Vec<&str> = errors
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let last = lines[lines.len().saturating_sub(ERROR_LINES)..].join("; ");
    if last.is_empty() {
        format!("`{command}` ended with exit status {code}")
    } else {
        format!("`{command}` ended with exit status {code}: {last}")
    }
}
