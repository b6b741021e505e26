//! The engine that is the AWS CLI: an argument list without values, the parameters in a private
//! file, JSON back.

use std::ffi::OsString;
use std::sync::LazyLock;

use regex::Regex;
use tokio_util::sync::CancellationToken;

use super::engine::{Engine, Request};
use super::names::{self, Lesson};
use super::refusals;
use crate::value::Value;
use crate::world::live::private::Private;
use crate::world::live::program::{Program, last_words};
use crate::world::{Boxed, CallError, codes};

/// How deep structures are at most that names are learnt for.
const ROUNDS: usize = 8;

/// How the CLI tells what AWS said.
static OCCURRED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?s)An error occurred \(([^)]*)\)(?: when calling the \S+ operation)?(?: \(reached max retries: \d+\))?: ?(.*)",
    )
    .expect("a pattern")
});

/// How the CLI tells that a word of the command line is none of its own.
static CHOICE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"argument (command|operation|subcommand): (?:Found invalid choice|Invalid choice)")
        .expect("a pattern")
});

/// The AWS CLI, version 1 or 2.
pub(super) struct Cli<'a> {
    pub(super) private: &'a Private,
}

impl Engine for Cli<'_> {
    fn send<'a>(
        &'a self,
        request: &'a Request,
        stop: &'a CancellationToken,
    ) -> Boxed<'a, Result<Value, CallError>> {
        Box::pin(self.ask(request, stop))
    }
}

impl Cli<'_> {
    async fn ask(&self, request: &Request, stop: &CancellationToken) -> Result<Value, CallError> {
        for _ in 0..ROUNDS {
            let parameters = names::spelt(request).to_string();
            let file = self.private.file(".json", parameters.as_bytes())?;
            let ended = program(request, file.path().as_os_str()).run(stop).await?;
            if ended.code == 0 {
                return answer(request, &ended.stdout);
            }
            match names::learn(request, &ended.stderr) {
                Lesson::Learnt => {}
                Lesson::Unknown(name, sentence) => {
                    return Err(CallError::new(
                        codes::BAD_ARGUMENT,
                        format!("{} has no parameter `{name}`", named(request)),
                        sentence,
                    ));
                }
                // The CLI's own patience is less than a script may have.
                Lesson::None if request.waits && ended.stderr.contains("Max attempts exceeded") => {
                }
                Lesson::None => return Err(refused(request, &ended.stderr)),
            }
        }
        Err(CallError::new(
            codes::BAD_ARGUMENT,
            format!("the parameters of {} can't be made out", named(request)),
            "write their names as the AWS CLI's JSON has them",
        ))
    }
}

fn program(request: &Request, parameters: &std::ffi::OsStr) -> Program {
    let mut file = OsString::from("file://");
    file.push(parameters);
    let mut argv: Vec<OsString> = vec!["aws".into(), request.service.clone().into()];
    if request.waits {
        argv.push("wait".into());
    }
    argv.push(request.operation.clone().into());
    argv.extend(["--cli-input-json".into(), file]);
    if !request.waits {
        argv.extend(["--output".into(), "json".into()]);
    }
    let mut environment = request.environment.clone();
    // Version 2 shows answers in a pager and asks for what is missing.
    environment.set("AWS_PAGER", "");
    environment.set("AWS_CLI_AUTO_PROMPT", "off");
    environment.set("NO_COLOR", "1");
    environment.set("PYTHONIOENCODING", "utf-8");
    // Version 1 knows only the older of the two names; where both are set the newer one counts, as
    // it does in this process.
    if let Some(region) = environment.text("AWS_REGION").map(str::to_owned) {
        environment.set("AWS_DEFAULT_REGION", region);
    }
    if environment.text("AWS_RETRY_MODE").is_none() {
        environment.set("AWS_RETRY_MODE", "standard");
    }
    Program {
        argv,
        environment,
        directory: request.directory.clone(),
        grace: request.grace,
    }
}

fn answer(request: &Request, said: &[u8]) -> Result<Value, CallError> {
    if request.waits {
        return Ok(Value::Null);
    }
    // Operations without an answer print nothing.
    if said.trim_ascii().is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_slice(said).map_err(|error| {
        CallError::new(
            codes::BAD_ANSWER,
            format!(
                "what `aws` printed for {} is not JSON: {error}",
                named(request)
            ),
            "",
        )
    })
}

/// What the CLI's words mean.
fn refused(request: &Request, said: &str) -> CallError {
    if let Some(found) = OCCURRED.captures(said) {
        return refusals::refusal(&found[1], &found[2]);
    }
    let words = last_words(said);
    let error = |code: &str, help: &str| CallError::new(code, words.clone(), help);
    if said.contains("Parameter validation failed") {
        let problems: Vec<&str> = said
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.ends_with("validation failed:"))
            .collect();
        return CallError::new(
            codes::BAD_ARGUMENT,
            format!("{}: {}", named(request), lower(&problems.join("; "))),
            "",
        );
    }
    if let Some(choice) = CHOICE.captures(said) {
        return no_such(request, &choice[1], said);
    }
    if said.contains("Unknown options: ") || said.contains("the following arguments are required") {
        return CallError::new(
            codes::BAD_ARGUMENT,
            format!(
                "{} is a command of the AWS CLI, and no operation that takes and gives JSON",
                named(request)
            ),
            "call it in a shell step, or use the service's own operation",
        );
    }
    if let Some((_, reason)) = said.split_once("Waiter ") {
        let reason = reason
            .split_once(" failed: ")
            .map_or(reason, |(_, reason)| reason);
        return CallError::new(
            "WaiterFailed",
            format!(
                "{} will not come true: {}",
                named(request),
                lower(reason.trim())
            ),
            "see what state it is in with the service's `describe-` operation",
        );
    }
    let says = |parts: &[&str]| parts.iter().any(|part| said.contains(part));
    if says(&[
        "Unable to locate credentials",
        "Partial credentials",
        "Error when retrieving",
        "Error loading SSO",
        "Token has expired",
        "session associated with this profile",
    ]) {
        return error(
            codes::UNCONFIGURED,
            "`runbook doctor` shows where credentials come from",
        );
    }
    if says(&[
        "must specify a region",
        "config profile",
        "Unable to parse config file",
    ]) {
        return error(
            codes::UNCONFIGURED,
            "say which with `#{region: …}` or `#{profile: …}`, or set AWS_REGION or AWS_PROFILE",
        );
    }
    if says(&[
        "Could not connect",
        "timeout on endpoint",
        "Connection was closed",
        "SSL validation failed",
        "Failed to connect",
    ]) {
        return error(
            codes::UNREACHABLE,
            "see whether the network, the region and AWS_ENDPOINT_URL are right",
        );
    }
    if says(&["Unable to parse response"]) {
        return error(
            codes::BAD_ANSWER,
            "what answers under this address is not AWS",
        );
    }
    error("Failed", "")
}

/// A service, an operation or a waiter that the CLI does not have.
fn no_such(request: &Request, what: &str, said: &str) -> CallError {
    let meant = said
        .split_once("maybe you meant:")
        .and_then(|(_, list)| list.lines().find_map(|line| line.trim().strip_prefix("* ")));
    let (kind, name) = match (what, request.waits) {
        ("command", _) => ("AWS has no service", request.service.clone()),
        (_, true) => (
            "there is no waiter",
            format!("{} {}", request.service, request.operation),
        ),
        _ => (
            "there is no operation",
            format!("{} {}", request.service, request.operation),
        ),
    };
    CallError::new(
        codes::BAD_ARGUMENT,
        format!("{kind} `{name}`"),
        match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!(
                "`aws {} help` lists what there is",
                if what == "command" {
                    ""
                } else {
                    &request.service
                }
            )
            .replace("  ", " "),
        },
    )
}

fn named(request: &Request) -> String {
    format!("`{} {}`", request.service, request.operation)
}

fn lower(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect()
    })
}
