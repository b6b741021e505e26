//! Helm's program, for what changes a release.

use std::ffi::OsString;
use std::time::Duration;

use semver::Version;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::command::{rollback, uninstall, upgrade};
use super::{read, record};
use crate::credentials::Environment;
use crate::value::Value;
use crate::world::live::arguments::Arguments;
use crate::world::live::kubernetes::Clusters;
use crate::world::live::program::ended;
use crate::world::live::shell;
use crate::world::{
    Call, CallError, Chunk, End, Origin, Process, Reply, SpawnError, Stdin, Stream, codes,
};

/// The oldest whose options are known.
const OLDEST: Version = Version::new(3, 2, 0);
/// How long `helm version` may take.
const ASKING: Duration = Duration::from_secs(15);
/// How much of its complaints is kept.
const COMPLAINT: usize = 64 * 1024;

/// Answers a call that changes a release.
pub(super) async fn run(
    clusters: &Clusters,
    mut call: Call,
    progress: &mpsc::Sender<String>,
    stop: &CancellationToken,
) -> Result<Reply, CallError> {
    let arguments = Arguments::of(&mut call);
    let version = version(&call, stop).await?;
    let command = match call.function.as_str() {
        "helm::upgrade" => upgrade(arguments, &version)?,
        "helm::rollback" => rollback(arguments)?,
        _ => uninstall(arguments)?,
    };
    let verb = call.function.trim_start_matches("helm::").to_owned();
    let (name, namespace) = (&command.name, command.namespace.as_deref());
    let mut argv = vec!["helm".to_owned()];
    argv.extend(command.argv.iter().cloned());
    for (option, value) in [
        ("--namespace", &command.namespace),
        ("--kube-context", &command.context),
    ] {
        if let Some(value) = value {
            argv.extend([option.to_owned(), value.clone()]);
        }
    }
    let stdin = match &command.values {
        Some(values) => Stdin::Bytes(values.to_string().into_bytes()),
        None => Stdin::Null,
    };
    let process = process(&call, argv, stdin, None);
    let (sender, output) = mpsc::channel(16);
    let (exit, said) = tokio::join!(
        shell::run(process, sender, stop.clone()),
        collect(output, Some(progress))
    );
    let end = exit.map_err(not_started)?.end;
    match end {
        End::Code(0) => {}
        // The call's time is up, or the step is being ended: who does it says which.
        End::Cancelled | End::TimedOut => return Err(ended()),
        End::Signal(signal) => {
            return Err(CallError::new(
                "Failed",
                format!("`helm {verb} {name}` was ended by signal {signal}"),
                "see `helm::release(name).status`: it may be stuck in `pending-upgrade`",
            ));
        }
        End::Code(code) => {
            let error = failed(&verb, name, code, &said.complaint);
            if command.ignore_missing && error.code == "NotFound" {
                return Ok(Value::from(false).into());
            }
            return Err(error);
        }
    }
    if verb == "uninstall" {
        return Ok(Value::from(true).into());
    }
    // It is done; that it can't be read afterwards is no failure.
    let known = read::newest(clusters, &call, name, namespace, command.context.as_deref()).await;
    Ok(known
        .unwrap_or_else(|_| {
            let mut release = record::absent(name, namespace.unwrap_or_default());
            release["status"] = json!("unknown");
            release
        })
        .into())
}

fn process(call: &Call, argv: Vec<String>, stdin: Stdin, timeout: Option<Duration>) -> Process {
    Process {
        origin: Origin::default(),
        argv: argv.into_iter().map(OsString::from).collect(),
        environment: plain(&call.environment),
        directory: call.directory.clone(),
        stdin,
        timeout,
        grace: call.grace,
        script: None,
    }
}

/// The environment without what makes it write values out.
fn plain(environment: &Environment) -> Environment {
    let mut environment = environment.clone();
    environment.remove("HELM_DEBUG");
    environment
}

/// The version of the program, if it is one that can be used.
async fn version(call: &Call, stop: &CancellationToken) -> Result<Version, CallError> {
    let argv = ["helm", "version", "--short"].map(str::to_owned);
    let process = process(call, argv.into(), Stdin::Null, Some(ASKING));
    let (sender, output) = mpsc::channel(16);
    let (exit, said) = tokio::join!(
        shell::run(process, sender, stop.clone()),
        collect(output, None)
    );
    let exit = exit.map_err(not_started)?;
    if exit.end == End::Cancelled {
        return Err(ended());
    }
    let text = String::from_utf8_lossy(&said.output).into_owned();
    // Helm 2: `Client: v2.17.0+ga690bad`.
    let word = text
        .split_whitespace()
        .find_map(|word| Version::parse(word.strip_prefix('v')?).ok());
    let help = "install Helm 3.2 or later, and put it before others on PATH";
    match word {
        Some(version) if version >= OLDEST => Ok(version),
        Some(version) => Err(CallError::new(
            codes::NO_PROGRAM,
            format!(
                "helm {}.{}.{} is too old",
                version.major, version.minor, version.patch
            ),
            help,
        )),
        None => Err(CallError::new(
            codes::NO_PROGRAM,
            "the program `helm` does not say which version it is",
            help,
        )),
    }
}

fn not_started(error: SpawnError) -> CallError {
    let help = match error {
        SpawnError::NotFound { .. } => "install Helm 3.2 or later, or put it on PATH",
        _ => "",
    };
    CallError::new(codes::NO_PROGRAM, error.to_string(), help)
}

/// What a process wrote.
#[derive(Default)]
struct Said {
    output: Vec<u8>,
    complaint: Vec<u8>,
}

/// Reads what a process writes, and passes on line by line what it complains of; its output holds
/// a chart's notes, which may tell passwords.
async fn collect(
    mut output: mpsc::Receiver<Chunk>,
    progress: Option<&mpsc::Sender<String>>,
) -> Said {
    let mut said = Said::default();
    let mut line = Vec::new();
    while let Some(chunk) = output.recv().await {
        if chunk.stream == Stream::Stdout {
            if said.output.len() < COMPLAINT {
                said.output.extend(chunk.bytes);
            }
            continue;
        }
        for byte in &chunk.bytes {
            if *byte != b'\n' {
                line.push(*byte);
                continue;
            }
            let text = String::from_utf8_lossy(&line).trim().to_owned();
            line.clear();
            // Its error is told with the call's.
            if let Some(progress) = progress
                && !text.is_empty()
                && !text.starts_with("Error:")
            {
                // A full channel loses lines.
                let _ = progress.try_send(format!("helm: {text}"));
            }
        }
        if said.complaint.len() < COMPLAINT {
            said.complaint.extend(chunk.bytes);
        }
    }
    said
}

/// What it means that the program failed.
fn failed(verb: &str, name: &str, code: i32, complaint: &[u8]) -> CallError {
    let complaint = String::from_utf8_lossy(complaint);
    let lines: Vec<&str> = complaint
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("WARNING"))
        .collect();
    let from = lines
        .iter()
        .rposition(|line| line.starts_with("Error:"))
        .unwrap_or_else(|| lines.len().saturating_sub(3));
    let message = lines[from..].join("; ");
    let message = message.trim_start_matches("Error:").trim();
    let message = if message.is_empty() {
        format!("`helm {verb} {name}` ended with exit status {code}")
    } else {
        message.to_owned()
    };
    let lower = message.to_ascii_lowercase();
    let has = |part: &str| lower.contains(part);
    let (code, help) = if has("another operation (install/upgrade/rollback) is in progress") {
        (
            "OperationInProgress",
            "wait with `helm::wait`; if nobody is at it any more, roll back with \
             `helm::rollback(name, revision, #{no_hooks: true})`",
        )
    } else if has("has no deployed releases") {
        (
            "NoDeployedRelease",
            "uninstall what is left of it first, or roll back to a revision",
        )
    } else if has("release: not found") || has("not found in namespace") {
        (
            "NotFound",
            "`helm::list(#{namespace: \"*\"})` lists all releases",
        )
    } else if has("context deadline exceeded") || has("timed out waiting") {
        (
            codes::TIMEOUT,
            "see what is not ready with `k8s::ready` and `k8s::events`; `timeout` gives more time",
        )
    } else if has("cannot unmarshal bool")
        || has("cannot unmarshal number")
        || has("expected string, got")
    {
        (
            "Invalid",
            "a label or annotation must be a text: give it as \"true\", and quote it in the chart",
        )
    } else if has("cannot be imported into the current release") {
        (
            "NotOwned",
            "it belongs to no release, or to another: label and annotate it for this one, or \
             delete it",
        )
    } else if has("kubernetes cluster unreachable") {
        (
            codes::UNREACHABLE,
            "see whether the cluster runs and whether this machine reaches it",
        )
    } else if has("is forbidden: user") {
        (
            "Forbidden",
            "ask for the right, or use a context that has it",
        )
    } else if has("chart not found")
        || has("failed to download")
        || (has("path \"") && has("\" not found"))
        || has("chart.yaml file is missing")
    {
        (
            "NotFound",
            "see the chart's path or name; `helm repo add` and `helm repo update` bring what a repository has",
        )
    } else if has("release has no ") && has("version") {
        (
            "NotFound",
            "`helm::history` lists the revisions that there are",
        )
    } else if has("namespaces \"") && has("\" not found") {
        ("NotFound", "`create_namespace: true` makes it")
    } else {
        ("Failed", "`helm::release` says how the release stands now")
    };
    CallError::new(code, message, help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_helm_says_has_a_code_and_a_next_action() {
        for (said, code) in [
            (
                "WARNING: x\nError: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress\n",
                "OperationInProgress",
            ),
            ("Error: release: not found\n", "NotFound"),
            (
                "Error: UPGRADE FAILED: context deadline exceeded",
                codes::TIMEOUT,
            ),
            (
                "Error: UPGRADE FAILED: \"a\" has no deployed releases",
                "NoDeployedRelease",
            ),
            ("", "Failed"),
            (
                "Error: kubernetes cluster unreachable: Get \"https://127.0.0.1:1/version\"",
                codes::UNREACHABLE,
            ),
            (
                "Error: query: failed to query with labels: secrets is forbidden: User \"x\" cannot list",
                "Forbidden",
            ),
            ("Error: path \"./nope\" not found", "NotFound"),
        ] {
            let error = failed("upgrade", "a", 1, said.as_bytes());
            assert_eq!(error.code, code, "{said}");
            assert!(!error.message.contains("WARNING"), "{}", error.message);
            assert!(!error.message.starts_with("Error"), "{}", error.message);
        }
    }
}
