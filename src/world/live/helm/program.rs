//! Helm's program, for what changes a release.

use std::ffi::OsString;
use std::time::Duration;

use semver::Version;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{read, record, values};
use crate::credentials::Environment;
use crate::value::Value;
use crate::world::live::arguments::{Arguments, wrong};
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

/// A run of the program, put together.
struct Command {
    name: String,
    namespace: Option<String>,
    context: Option<String>,
    argv: Vec<String>,
    /// What it reads: the values, which are in nobody's list of processes then.
    values: Option<Value>,
    ignore_missing: bool,
}

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
    let has = |part: &str| message.contains(part);
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
    } else if has("cannot unmarshal bool") || has("expected string, got") {
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
    } else if has("Kubernetes cluster unreachable") {
        (
            codes::UNREACHABLE,
            "see whether the cluster runs and whether this machine reaches it",
        )
    } else {
        ("HelmFailed", "")
    };
    CallError::new(code, message, help)
}

/// What a release, or a chart, may be called on a command line.
fn word(text: String, what: &str) -> Result<String, CallError> {
    if text.starts_with('-') {
        return Err(wrong(format!(
            "`{text}` can't be {what}: it begins with `-`"
        )));
    }
    Ok(text)
}

/// What all of them take.
fn begin(arguments: &mut Arguments, verb: &str) -> Result<Command, CallError> {
    let name = arguments.required("name")?;
    let name = word(name, "the name of a release")?;
    let within = arguments.length("within")?;
    let mut argv = vec![verb.to_owned(), name.clone()];
    if let Some(within) = within {
        argv.extend([
            "--timeout".to_owned(),
            format!("{}s", within.as_secs().max(1)),
        ]);
    }
    Ok(Command {
        name,
        namespace: arguments.text("namespace")?,
        context: arguments.text("context")?,
        argv,
        values: None,
        ignore_missing: false,
    })
}

/// Adds the options that are set, each under its name for the program.
fn flags(
    arguments: &mut Arguments,
    argv: &mut Vec<String>,
    flags: &[(&'static str, &str)],
) -> Result<(), CallError> {
    for (name, option) in flags {
        if arguments.flag(name)? {
            argv.push((*option).to_owned());
        }
    }
    Ok(())
}

/// `helm::upgrade(name, chart, #{…})`.
fn upgrade(mut arguments: Arguments, version: &Version) -> Result<Command, CallError> {
    let mut command = begin(&mut arguments, "upgrade")?;
    let chart = arguments.required("chart")?;
    let chart = word(chart, "a chart")?;
    let argv = &mut command.argv;
    argv.insert(2, chart);
    let atomic = if version.major >= 4 {
        "--rollback-on-failure"
    } else {
        "--atomic"
    };
    flags(
        &mut arguments,
        argv,
        &[
            ("install", "--install"),
            ("create_namespace", "--create-namespace"),
            ("reuse_values", "--reuse-values"),
            ("reset_values", "--reset-values"),
            ("wait", "--wait"),
            ("wait_for_jobs", "--wait-for-jobs"),
            ("atomic", atomic),
            ("no_hooks", "--no-hooks"),
            ("skip_crds", "--skip-crds"),
            ("cleanup_on_fail", "--cleanup-on-fail"),
        ],
    )?;
    for (name, option) in [
        ("version", "--version"),
        ("repo", "--repo"),
        ("description", "--description"),
    ] {
        if let Some(text) = arguments.text(name)? {
            argv.push(format!("{option}={text}"));
        }
    }
    if let Some(most) = arguments.count("history_max")? {
        argv.push(format!("--history-max={most}"));
    }
    let files = match arguments.value("files") {
        None => Vec::new(),
        Some(Value::String(file)) => vec![file],
        Some(Value::Array(files)) => files
            .iter()
            .filter_map(|file| file.as_str().map(str::to_owned))
            .collect(),
        Some(_) => return Err(wrong("`files` must be a path or a list of paths")),
    };
    argv.extend(files.into_iter().map(|file| format!("--values={file}")));
    let mut given = match arguments.value("values") {
        None => None,
        Some(values @ Value::Object(_)) => Some(values),
        Some(_) => {
            return Err(wrong(
                "`values` must be a map; `files` names files of values",
            ));
        }
    };
    match arguments.value("set") {
        None => {}
        Some(Value::Object(single)) => {
            for (path, value) in single {
                if value.is_i64() || value.is_u64() {
                    // In a file of values older versions read it as a float, and write 1e+06.
                    argv.push(format!("--set={}={value}", path.replace(',', "\\,")));
                }
                let values = given.get_or_insert_with(|| json!({}));
                values::set(values, &path, value).map_err(wrong)?;
            }
        }
        Some(_) => {
            return Err(wrong(
                "`set` must be a map, as in `#{\"image.tag\": \"1.2\"}`",
            ));
        }
    }
    if given.is_some() {
        argv.push("--values=-".to_owned());
    }
    command.values = given;
    arguments.finish()?;
    Ok(command)
}

/// `helm::rollback(name, revision, #{…})`.
fn rollback(mut arguments: Arguments) -> Result<Command, CallError> {
    let mut command = begin(&mut arguments, "rollback")?;
    let revision = arguments
        .count("revision")?
        .filter(|revision| *revision > 0)
        .ok_or_else(|| wrong("`helm::rollback` needs the revision to go back to"))?;
    command.argv.insert(2, revision.to_string());
    flags(
        &mut arguments,
        &mut command.argv,
        &[
            ("no_hooks", "--no-hooks"),
            ("wait", "--wait"),
            ("wait_for_jobs", "--wait-for-jobs"),
            ("cleanup_on_fail", "--cleanup-on-fail"),
        ],
    )?;
    arguments.finish()?;
    Ok(command)
}

/// `helm::uninstall(name, #{…})`.
fn uninstall(mut arguments: Arguments) -> Result<Command, CallError> {
    let mut command = begin(&mut arguments, "uninstall")?;
    flags(
        &mut arguments,
        &mut command.argv,
        &[
            ("no_hooks", "--no-hooks"),
            ("keep_history", "--keep-history"),
            ("wait", "--wait"),
        ],
    )?;
    command.ignore_missing = arguments.flag("ignore_missing")?;
    arguments.finish()?;
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(function: &str, given: Value) -> Arguments {
        Arguments::of(&mut Call {
            origin: Origin::default(),
            function: function.to_owned(),
            arguments: given,
            environment: Environment::default(),
            directory: "/".into(),
            timeout: Duration::from_secs(1),
            grace: Duration::ZERO,
        })
    }

    #[test]
    fn values_go_by_standard_input_and_keep_their_types() {
        let given = json!({
            "name": "api", "chart": "./chart", "install": true, "within": 90,
            "values": {"db": {"password": "hunter2"}},
            "set": {"label": "true", "on": true, "replicas": 1_000_000, "db.host": "h"},
        });
        let command = upgrade(arguments("helm::upgrade", given), &Version::new(3, 17, 2))
            .expect("it can be put together");
        assert_eq!(
            command.argv,
            [
                "upgrade",
                "api",
                "./chart",
                "--timeout",
                "90s",
                "--install",
                "--set=replicas=1000000",
                "--values=-",
            ]
        );
        assert_eq!(
            command.values,
            Some(json!({
                "db": {"password": "hunter2", "host": "h"},
                "label": "true", "on": true, "replicas": 1_000_000,
            }))
        );
    }

    #[test]
    fn an_option_goes_by_its_name_of_the_version() {
        for (major, option) in [(3, "--atomic"), (4, "--rollback-on-failure")] {
            let given = json!({"name": "a", "chart": "c", "atomic": true});
            let command = upgrade(
                arguments("helm::upgrade", given),
                &Version::new(major, 16, 0),
            );
            let argv = command.expect("it can be put together").argv;
            assert_eq!(argv, ["upgrade", "a", "c", option]);
        }
    }

    #[test]
    fn a_name_is_no_option() {
        let given = json!({"name": "--kubeconfig=/x"});
        let error = uninstall(arguments("helm::uninstall", given)).err();
        assert_eq!(error.expect("it is refused").code, codes::BAD_ARGUMENT);
    }

    #[test]
    fn a_rollback_needs_a_revision() {
        let command = rollback(arguments(
            "helm::rollback",
            json!({"name": "a", "revision": 3, "no_hooks": true}),
        ));
        let argv = command.expect("it can be put together").argv;
        assert_eq!(argv, ["rollback", "a", "3", "--no-hooks"]);
        assert!(rollback(arguments("helm::rollback", json!({"name": "a"}))).is_err());
    }

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
            ("", "HelmFailed"),
        ] {
            let error = failed("upgrade", "a", 1, said.as_bytes());
            assert_eq!(error.code, code, "{said}");
            assert!(!error.message.contains("WARNING"), "{}", error.message);
            assert!(!error.message.starts_with("Error"), "{}", error.message);
        }
    }
}
