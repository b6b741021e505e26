//! What Helm's program is told.

use semver::Version;
use serde_json::json;

use super::values;
use crate::value::Value;
use crate::world::CallError;
use crate::world::live::arguments::{Arguments, wrong};

/// A run of the program, put together.
pub(super) struct Command {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) context: Option<String>,
    pub(super) argv: Vec<String>,
    /// What it reads: the values, which are in nobody's list of processes then.
    pub(super) values: Option<Value>,
    pub(super) ignore_missing: bool,
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
pub(super) fn upgrade(mut arguments: Arguments, version: &Version) -> Result<Command, CallError> {
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
pub(super) fn rollback(mut arguments: Arguments) -> Result<Command, CallError> {
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
pub(super) fn uninstall(mut arguments: Arguments) -> Result<Command, CallError> {
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
    use std::time::Duration;

    use super::*;
    use crate::credentials::Environment;
    use crate::world::{Call, Origin, codes};

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
}
