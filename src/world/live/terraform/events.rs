//! The stream of events that `-json` prints, one object a line
//! (<https://developer.hashicorp.com/terraform/internals/machine-readable-ui>).

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;
use serde_json::json;

use super::{Changes, Outputs};
use crate::value::Value;
use crate::world::live::program::last_words;
use crate::world::{CallError, codes};

/// The longest detail that is repeated.
const SHOWN: usize = 400;

/// What a stream amounts to.
#[derive(Default)]
pub(super) struct Events {
    pub(super) changes: Changes,
    /// What is going to be done to each resource; no values.
    pub(super) resources: Vec<Value>,
    /// What was done.
    pub(super) applied: Vec<Value>,
    pub(super) drift: Vec<Value>,
    pub(super) outputs: Outputs,
    pub(super) errors: Vec<Diagnostic>,
    pub(super) warnings: Vec<Diagnostic>,
    /// Whether it began as all streams of events do.
    is_stream: bool,
}

/// What Terraform found wrong.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Diagnostic {
    #[serde(default)]
    severity: String,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    detail: String,
    range: Option<Range>,
}

#[derive(Clone, Debug, Deserialize)]
struct Range {
    filename: String,
    start: Start,
}

#[derive(Clone, Debug, Deserialize)]
struct Start {
    line: u64,
}

impl Diagnostic {
    /// It in one line.
    pub(super) fn line(&self) -> String {
        let detail: String = one_line(&self.detail).chars().take(SHOWN).collect();
        let place = self
            .range
            .as_ref()
            .map(|range| format!(" ({}:{})", range.filename, range.start.line))
            .unwrap_or_default();
        match (self.summary.as_str(), detail.as_str()) {
            ("", detail) => format!("{detail}{place}"),
            (summary, "") => format!("{summary}{place}"),
            (summary, detail) => format!("{summary}: {detail}{place}"),
        }
    }
}

impl Events {
    /// Takes a line; what a reader wants to see of it goes to `tell`.
    pub(super) fn take(&mut self, line: &[u8], tell: &mut dyn FnMut(String)) {
        let Ok(event) = serde_json::from_slice::<Value>(line) else {
            return;
        };
        let message = || event["@message"].as_str().unwrap_or_default().to_owned();
        match event["type"].as_str() {
            Some("version") => self.is_stream = true,
            Some("planned_change") => self.resources.push(resource(&event["change"])),
            Some("resource_drift") => self.drift.push(resource(&event["change"])),
            Some("change_summary") => {
                self.changes = serde_json::from_value(event["changes"].clone()).unwrap_or_default();
            }
            Some("outputs") => {
                if let Some(outputs) = event["outputs"].as_object() {
                    self.outputs = outputs
                        .iter()
                        .filter_map(|(name, output)| {
                            let action = output["action"].as_str()?;
                            (action != "noop").then(|| (name.clone(), Value::from(action)))
                        })
                        .collect();
                }
            }
            Some("apply_complete") => {
                self.applied.push(resource(&event["hook"]));
                tell(message());
            }
            Some("apply_errored") => tell(message()),
            Some("diagnostic") => {
                let diagnostic: Diagnostic =
                    serde_json::from_value(event["diagnostic"].clone()).unwrap_or_default();
                if diagnostic.severity == "error" {
                    self.errors.push(diagnostic);
                } else {
                    self.warnings.push(diagnostic);
                }
            }
            _ => {}
        }
    }

    /// The error that a program amounts to which does not tell what it does in events.
    pub(super) fn other_program(&self, program: &str, stderr: &str) -> Option<CallError> {
        // Others stop before they begin: no module, no plugins.
        let refuses = stderr.contains("flag provided but not defined");
        let silent = !self.is_stream && stderr.trim().is_empty();
        (refuses || silent).then(|| {
            CallError::new(
                codes::NO_PROGRAM,
                format!(
                    "`{program}` is too old, or no Terraform: it does not tell its events in JSON"
                ),
                "install Terraform 1.4 or later, or OpenTofu",
            )
        })
    }

    /// A variable that was given and is not declared.
    pub(super) fn undeclared(&self) -> Option<String> {
        self.warnings
            .iter()
            .find(|warning| warning.summary.starts_with("Value for undeclared variable"))
            .and_then(|warning| warning.detail.split('"').nth(1))
            .map(str::to_owned)
    }

    /// A variable that must be given and was not.
    pub(super) fn wanted(&self) -> Option<&str> {
        self.errors.iter().find_map(wanted)
    }
}

/// The variable that a diagnostic says has no value.
fn wanted(error: &Diagnostic) -> Option<&str> {
    (error.summary == "No value for required variable")
        .then(|| error.detail.split('"').nth(1))
        .flatten()
}

fn resource(change: &Value) -> Value {
    let resource = &change["resource"];
    let mut part = json!({
        "address": resource["addr"],
        "type": resource["resource_type"],
        "name": resource["resource_name"],
        "action": change["action"],
    });
    if let Some(reason) = change["reason"].as_str() {
        part["reason"] = reason.into();
    }
    part
}

fn one_line(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The error that a failed command amounts to.
pub(super) fn refused(errors: &[Diagnostic], stderr: &str, directory: &Path) -> CallError {
    let plain = without_frame(stderr);
    let Some(first) = errors.first() else {
        if let Some(error) = known(&plain, &plain, directory) {
            return error;
        }
        let words = plain
            .split_once("Error: ")
            .map_or_else(|| last_words(&plain), |(_, error)| one_line(error));
        let words: String = words.chars().take(SHOWN).collect();
        return CallError::new("Failed", words, "");
    };
    for error in errors {
        if let Some(error) = known(&error.summary, &error.detail, directory) {
            return error;
        }
    }
    if let Some(name) = errors.iter().find_map(wanted) {
        return CallError::new(
            codes::BAD_ARGUMENT,
            format!("the variable `{name}` of the module needs a value"),
            format!("give it one: `#{{vars: #{{{name}: …}}}}`, or a file with it in `var_files`"),
        );
    }
    let more = match errors.len() {
        1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    let spread = first.detail.contains("calling the \"min\"")
        || ["while calling min(", "while calling max("]
            .iter()
            .any(|part| first.detail.contains(part));
    CallError::new(
        "Failed",
        format!("{}{more}", first.line()),
        if spread {
            "`min` and `max` take numbers, not a list: spread it, as in `min([…]...)`"
        } else {
            ""
        },
    )
}

/// The errors that have a next action of their own.
fn known(summary: &str, detail: &str, directory: &Path) -> Option<CallError> {
    let says = |parts: &[&str]| parts.iter().any(|part| summary.contains(part));
    if says(&["Error acquiring the state lock"]) {
        return Some(locked(detail));
    }
    if says(&["Saved plan is stale", "plan does not match"]) {
        return Some(CallError::new(
            "StalePlan",
            "the plan no longer fits: the state was changed after it was made",
            "plan again, look at what is different, and apply that plan",
        ));
    }
    if says(&[
        "Backend initialization required",
        "Module not installed",
        "Required plugins are not installed",
        "Inconsistent dependency lock file",
        "Missing required provider",
        "Could not load plugin",
        "Module source has changed",
        "Initialization required",
    ]) {
        return Some(CallError::new(
            "NotInitialised",
            one_line(summary).chars().take(SHOWN).collect::<String>(),
            format!("run `terraform init` in `{}`", directory.display()),
        ));
    }
    if says(&["No configuration files"]) {
        return Some(CallError::new(
            codes::BAD_ARGUMENT,
            format!(
                "there is no Terraform configuration in `{}`",
                directory.display()
            ),
            "say where it is with `#{dir: …}`",
        ));
    }
    None
}

/// Who holds a lock, of what Terraform prints of it.
fn locked(detail: &str) -> CallError {
    static FIELD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?m)^\s*(ID|Operation|Who|Created):\s+(\S.*?)\s*$").expect("a pattern")
    });
    let field = |name: &str| {
        FIELD
            .captures_iter(detail)
            .find(|found| &found[1] == name)
            .map(|found| found[2].to_owned())
    };
    let who = field("Who").unwrap_or_else(|| "somebody".to_owned());
    let since = field("Created").map_or_else(String::new, |created| {
        // To the second: `2026-11-23 08:42:41.812 +0000 UTC`.
        let end = created.find('.').unwrap_or(created.len());
        format!(" since {}", created.get(..end).unwrap_or(&created))
    });
    let operation = field("Operation").map_or_else(String::new, |operation| {
        format!(
            " ({})",
            operation.trim_start_matches("OperationType").to_lowercase()
        )
    });
    match field("ID") {
        Some(id) => CallError::new(
            "StateLocked",
            format!("the state is locked by {who}{since}{operation}, lock {id}"),
            format!(
                "wait for it (`lock_timeout`); where nobody is at work any more, \
                 `terraform::unlock(#{{dir: …, id: \"{id}\"}})`"
            ),
        ),
        None => CallError::new(
            "StateLocked",
            format!("the state is locked by {who}{since}{operation}"),
            "wait for it (`lock_timeout`)",
        ),
    }
}

/// A message of Terraform without the frame and the colours that it is shown in.
fn without_frame(text: &str) -> String {
    static COLOUR: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("\u{1b}\\[[0-9;]*m").expect("a pattern"));
    COLOUR
        .replace_all(text, "")
        .lines()
        .map(|line| line.trim_start_matches(['│', '╷', '╵', ' ']).trim_end())
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(lines: &[&str]) -> (Events, Vec<String>) {
        let mut events = Events::default();
        let mut told = Vec::new();
        for line in lines {
            events.take(line.as_bytes(), &mut |line| told.push(line));
        }
        (events, told)
    }

    #[test]
    fn a_stream_is_counted_and_told() {
        let (events, told) = take(&[
            "not JSON",
            r#"{"type":"planned_change","change":{"resource":{"addr":"a.b","resource_type":"a","resource_name":"b"},"action":"delete","reason":"delete_because_no_resource_config"}}"#,
            r#"{"type":"resource_drift","change":{"resource":{"addr":"a.c","resource_type":"a","resource_name":"c"},"action":"update"}}"#,
            r#"{"type":"apply_complete","@message":"a.b: Destruction complete after 0s","hook":{"resource":{"addr":"a.b"},"action":"delete"}}"#,
            r#"{"type":"change_summary","changes":{"add":17,"change":9,"import":1,"remove":6}}"#,
            r#"{"type":"outputs","outputs":{"x":{"sensitive":true,"action":"create"},"y":{"action":"noop"}}}"#,
        ]);
        assert_eq!(events.changes.add, 17);
        assert_eq!(events.changes.remove, 6);
        assert_eq!(events.resources[0]["action"], "delete");
        assert_eq!(events.drift[0]["address"], "a.c");
        assert_eq!(events.outputs.keys().collect::<Vec<_>>(), ["x"]);
        assert_eq!(told, ["a.b: Destruction complete after 0s"]);
    }

    #[test]
    fn who_holds_a_lock_is_told() {
        let detail = "Error message: resource temporarily unavailable\nLock Info:\n  ID:        df81\n  \
                      Path:      terraform.tfstate\n  Operation: OperationTypeApply\n  Who:       root@vm\n  \
                      Version:   1.11.4\n  Created:   2026-11-23 08:42:41.812826194 +0000 UTC\n  Info:      \n\n\nTerraform";
        let error = locked(detail);
        assert_eq!(error.code, "StateLocked");
        assert_eq!(
            error.message,
            "the state is locked by root@vm since 2026-11-23 08:42:41 (apply), lock df81"
        );
    }

    #[test]
    fn a_list_given_to_min_is_told_how_to_spread_it() {
        let error = refused(
            &[Diagnostic {
                summary: "Invalid function argument".to_owned(),
                detail: "Invalid value for \"numbers\" parameter: number required, while calling min(numbers...)".to_owned(),
                ..Diagnostic::default()
            }],
            "",
            Path::new("."),
        );
        assert!(error.help.contains("min([…]...)"), "{error:?}");
    }

    #[test]
    fn a_framed_message_is_read() {
        let said = "\u{1b}[31m╷\u{1b}[0m\n│ Error: Backend initialization required, please run \"terraform init\"\n│ \n│ Reason: x\n╵\n";
        assert_eq!(refused(&[], said, Path::new("m")).code, "NotInitialised");
        assert_eq!(
            refused(&[], "╷\n│ Error: no luck\n│ at all\n╵\n", Path::new("m")).message,
            "no luck at all"
        );
    }
}
