//! `terraform::…`: the program, its stream of events, its JSON.

mod events;
mod state;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::events::{Events, refused};
use super::calls::{read, unknown};
use super::private::Private;
use super::program::{Ended, Program};
use crate::name::nearest;
use crate::value::Value;
use crate::world::{Call, CallError, Reply, codes};

/// How long it may take at least to save its state and let go of its lock when it is ended.
pub(super) const GRACE: Duration = Duration::from_secs(30);

/// What every function takes.
#[derive(Deserialize)]
struct Place {
    #[serde(default)]
    dir: PathBuf,
    program: Option<String>,
}

#[derive(Deserialize)]
struct Plan {
    #[serde(default)]
    vars: Map<String, Value>,
    /// Values that are secret, or have one in them; they travel by the environment.
    #[serde(default)]
    secret_vars: Map<String, Value>,
    #[serde(default)]
    var_files: Vec<String>,
    #[serde(default)]
    targets: Vec<String>,
    #[serde(default)]
    replace: Vec<String>,
    #[serde(default)]
    refresh_only: bool,
    #[serde(default)]
    destroy: bool,
    lock_timeout: Option<String>,
}

/// What is needed to run the program.
struct Shell<'a> {
    program: String,
    directory: PathBuf,
    call: &'a Call,
    stop: &'a CancellationToken,
}

/// Answers a call of `terraform::…`.
pub(super) async fn answer(
    call: Call,
    progress: &mpsc::Sender<String>,
    stop: &CancellationToken,
    private: &Private,
) -> Result<Reply, CallError> {
    let place: Place = read(call.arguments.clone())?;
    let setting = call
        .environment
        .text("RUNBOOK_TERRAFORM")
        .map(str::to_owned);
    let shell = Shell {
        program: place
            .program
            .or(setting)
            .unwrap_or_else(|| "terraform".to_owned()),
        directory: call.directory.join(&place.dir),
        call: &call,
        stop,
    };
    match call.function.as_str() {
        "terraform::plan" => plan(&shell, private).await,
        "terraform::apply" => apply(&shell, progress).await,
        "terraform::output" => state::output(&shell).await,
        "terraform::state" => state::state(&shell).await,
        "terraform::unlock" => unlock(&shell).await,
        other => Err(unknown(other)),
    }
}

impl Shell<'_> {
    fn program(&self, arguments: Vec<OsString>) -> Program {
        let mut environment = self.call.environment.clone();
        for (name, value) in [
            ("TF_IN_AUTOMATION", "1"),
            ("TF_INPUT", "0"),
            ("CHECKPOINT_DISABLE", "1"),
        ] {
            environment.set(name, value);
        }
        let mut argv = vec![OsString::from(&self.program)];
        argv.extend(arguments);
        Program {
            argv,
            environment,
            directory: self.directory.clone(),
            grace: self.call.grace.max(GRACE),
        }
    }

    /// Runs a command that prints one JSON value.
    async fn json(&self, arguments: &[&str]) -> Result<Value, CallError> {
        let arguments = arguments.iter().map(OsString::from).collect();
        let ended = self.program(arguments).run(self.stop).await?;
        if ended.code != 0 {
            return Err(refused(&[], &ended.stderr, &self.directory));
        }
        serde_json::from_slice(&ended.stdout).map_err(|error| {
            CallError::new(
                codes::BAD_ANSWER,
                format!("what `{}` printed is not JSON: {error}", self.program),
                "",
            )
        })
    }
}

async fn plan(shell: &Shell<'_>, private: &Private) -> Result<Reply, CallError> {
    let asked: Plan = read(shell.call.arguments.clone())?;
    let file = private.place("plan.tfplan")?;
    let mut arguments: Vec<OsString> = [
        "plan",
        "-input=false",
        "-no-color",
        "-json",
        "-detailed-exitcode",
    ]
    .map(OsString::from)
    .into();
    arguments.push(option("-out=", file.as_os_str()));
    for path in &asked.var_files {
        arguments.push(option(
            "-var-file=",
            shell.call.directory.join(path).as_os_str(),
        ));
    }
    // In the environment a variable without a type is a text, whatever its value: only texts go
    // that way, and the rest in a file that nobody else can read.
    let (texts, others): (Map<String, Value>, Map<String, Value>) = asked
        .secret_vars
        .clone()
        .into_iter()
        .partition(|(_, value)| value.is_string());
    let mut vars = asked.vars.clone();
    vars.extend(others);
    let given = if vars.is_empty() {
        None
    } else {
        let text = Value::Object(vars).to_string();
        Some(private.file(".tfvars.json", text.as_bytes())?)
    };
    if let Some(given) = &given {
        arguments.push(option("-var-file=", given.path().as_os_str()));
    }
    for (name, values) in [("-target=", &asked.targets), ("-replace=", &asked.replace)] {
        arguments.extend(values.iter().map(|value| option(name, value.as_ref())));
    }
    if asked.refresh_only {
        arguments.push("-refresh-only".into());
    }
    if asked.destroy {
        arguments.push("-destroy".into());
    }
    if let Some(limit) = &asked.lock_timeout {
        arguments.push(option("-lock-timeout=", limit.as_ref()));
    }
    let mut program = shell.program(arguments);
    for (name, value) in &texts {
        program
            .environment
            .set(format!("TF_VAR_{name}"), value.as_str().unwrap_or_default());
    }
    let mut events = Events::default();
    let ended = program
        .stream(shell.stop, |line| events.take(line, &mut |_| {}))
        .await?;
    if let Some(error) = events.other_program(&shell.program, &ended.stderr) {
        return Err(error);
    }
    if !matches!(ended.code, 0 | 2) {
        return Err(match (events.undeclared(), events.wanted()) {
            // The one is most likely the other, misspelt.
            (Some(name), Some(wanted)) => {
                undeclared(&name, &json!({ "variables": { wanted: null } }))
            }
            _ => refused(&events.errors, &ended.stderr, &shell.directory),
        });
    }
    if let Some(name) = events.undeclared() {
        let path = file.to_string_lossy();
        let plan = shell.json(&["show", "-no-color", "-json", &path]).await;
        return Err(undeclared(&name, &plan.unwrap_or_default()));
    }
    if !texts.is_empty() {
        arrived(shell, &file, &texts).await?;
    }
    Ok(Reply::from(json!({
        "changed": ended.code == 2,
        "add": events.changes.add,
        "change": events.changes.change,
        "destroy": events.changes.remove,
        "import": events.changes.import,
        "resources": events.resources,
        "drift": events.drift,
        "outputs": events.outputs,
        "warnings": events.warnings.iter().map(events::Diagnostic::line).collect::<Vec<_>>(),
        "file": file,
        "dir": shell.directory,
        "program": shell.program,
    })))
}

fn option(name: &str, value: &std::ffi::OsStr) -> OsString {
    let mut option = OsString::from(name);
    option.push(value);
    option
}

/// Sees to it that secret variables reached the plan: the environment is where Terraform looks
/// last, so that a file of the folder may have been put in their place, and it says nothing of
/// names that are not declared.
async fn arrived(
    shell: &Shell<'_>,
    file: &Path,
    given: &Map<String, Value>,
) -> Result<(), CallError> {
    let file = file.to_string_lossy();
    let plan = shell.json(&["show", "-no-color", "-json", &file]).await?;
    let empty = Map::new();
    let known = plan["variables"].as_object().unwrap_or(&empty);
    for (name, value) in given {
        let Some(used) = known.get(name) else {
            return Err(undeclared(name, &plan));
        };
        let used = &used["value"];
        // A text that was declared as a number or a boolean is one.
        let same = used == value || value.as_str() == Some(used.to_string().as_str());
        if !same {
            return Err(CallError::new(
                codes::BAD_ARGUMENT,
                format!("the variable `{name}` has another value than the one given"),
                "a `terraform.tfvars` or `*.auto.tfvars` of the folder sets it too, and wins over \
                 the environment, by which secrets travel: take it out there",
            ));
        }
    }
    Ok(())
}

fn undeclared(name: &str, plan: &Value) -> CallError {
    let known = plan["variables"].as_object();
    CallError::new(
        codes::BAD_ARGUMENT,
        format!("the module declares no variable `{name}`"),
        nearest(
            name,
            known.into_iter().flatten().map(|(name, _)| name.as_str()),
        )
        .map(|near| format!("did you mean `{near}`?"))
        .unwrap_or_default(),
    )
}

#[derive(Deserialize)]
struct Saved {
    file: PathBuf,
}

async fn apply(shell: &Shell<'_>, progress: &mpsc::Sender<String>) -> Result<Reply, CallError> {
    let saved: Saved = read(shell.call.arguments.clone())?;
    if !saved.file.exists() {
        return Err(CallError::new(
            "StalePlan",
            "the plan's file is gone: it lives as long as the run that made it",
            "plan again, in this run, and apply that",
        ));
    }
    let mut arguments: Vec<OsString> = ["apply", "-input=false", "-no-color", "-json"]
        .map(OsString::from)
        .into();
    arguments.push(saved.file.into_os_string());
    let mut events = Events::default();
    // Many resources are ready at once: none of their lines may get lost.
    let (tell, mut lines) = mpsc::unbounded_channel();
    let program = shell.program(arguments);
    let work = async {
        let tell = tell;
        let taken = program.stream(shell.stop, |line| {
            events.take(line, &mut |line| {
                let _ = tell.send(line);
            });
        });
        taken.await
    };
    let forward = async {
        while let Some(line) = lines.recv().await {
            let _ = progress.send(line).await;
        }
    };
    let (ended, ()) = tokio::join!(work, forward);
    let ended: Ended = ended?;
    if ended.code != 0 {
        return Err(refused(&events.errors, &ended.stderr, &shell.directory));
    }
    Ok(Reply::from(json!({
        "add": events.changes.add,
        "change": events.changes.change,
        "destroy": events.changes.remove,
        "import": events.changes.import,
        "resources": events.applied,
        "warnings": events.warnings.iter().map(events::Diagnostic::line).collect::<Vec<_>>(),
    })))
}

#[derive(Deserialize)]
struct Lock {
    id: String,
}

async fn unlock(shell: &Shell<'_>) -> Result<Reply, CallError> {
    let Lock { id } = read(shell.call.arguments.clone())?;
    let arguments = ["force-unlock", "-force", "-no-color", &id]
        .map(OsString::from)
        .into();
    let ended = shell.program(arguments).run(shell.stop).await?;
    if ended.code != 0 {
        return Err(refused(&[], &ended.stderr, &shell.directory));
    }
    Ok(Reply::from(json!({ "id": id })))
}

/// Counts of what a plan or an apply did.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Changes {
    #[serde(default)]
    add: u64,
    #[serde(default)]
    change: u64,
    #[serde(default)]
    remove: u64,
    #[serde(default)]
    import: u64,
}

/// What outputs a plan changes, by name.
type Outputs = BTreeMap<String, Value>;
