//! Waiting for what an object is to become, by a watch.

use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use kube::core::WatchEvent;
use tokio::time;

use super::cluster::Request;
use super::error::Refusal;
use super::read::One;
use super::ready::{self, condition, holds};
use super::{Asked, REMINDER, SILENCE, at, text};
use crate::value::{Value, show_duration};
use crate::world::live::arguments::Arguments;
use crate::world::{CallError, Reply, codes};

/// How long one watch lasts before the next one begins.
const WATCH: &str = "240";
/// Between two watches that the server ended at once.
const PAUSE: Duration = Duration::from_millis(500);

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// A condition has a status.
    Condition(String, String),
    /// It is there.
    There,
    /// It is not there.
    Gone,
    /// All replicas are of the newest kind and ready.
    RolledOut,
    /// A field has a value.
    Field(Vec<String>, String),
}

impl Until {
    /// Reads `Ready`, `Ready=False`, `exists`, `deleted`, `rollout`, or `.status.phase=Bound`;
    /// also with the prefixes that kubectl wants.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("condition=").unwrap_or(text);
        match text.to_ascii_lowercase().as_str() {
            "" => return None,
            "exists" | "exist" | "create" | "created" => return Some(Self::There),
            "delete" | "deleted" | "gone" | "absent" => return Some(Self::Gone),
            "rollout" | "rolled-out" => return Some(Self::RolledOut),
            _ => {}
        }
        let (name, value) = match text.strip_prefix("jsonpath=") {
            Some(path) => {
                let (path, value) = path.rsplit_once('=')?;
                let path = path.trim_matches('\'').trim_matches('"');
                (path.trim_start_matches('{').trim_end_matches('}'), value)
            }
            None => text.split_once('=').unwrap_or((text, "True")),
        };
        let Some(path) = name.strip_prefix('.') else {
            let plain = name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_/.".contains(c));
            return plain.then(|| Self::Condition(name.to_owned(), value.to_owned()));
        };
        let parts: Vec<String> = path
            .split(['.', '['])
            .map(|part| part.trim_end_matches(']').to_owned())
            .collect();
        let whole = parts.iter().all(|part| !part.is_empty());
        whole.then(|| Self::Field(parts, value.to_owned()))
    }

    /// Whether it holds of what is there.
    fn holds(&self, object: Option<&Value>) -> bool {
        let Some(object) = object else {
            return *self == Self::Gone;
        };
        match self {
            Self::There => true,
            Self::Gone => false,
            Self::Condition(name, status) => condition(object, name)
                .is_some_and(|found| text(found, &["status"]).eq_ignore_ascii_case(status)),
            Self::RolledOut => rolled_out(object),
            Self::Field(path, value) => field(object, path).is_some_and(|found| match found {
                Value::String(found) => found == value,
                found => found.to_string().as_str() == value,
            }),
        }
    }

    /// What it is to be, for messages.
    fn goal(&self) -> String {
        match self {
            Self::Condition(name, status) if status.eq_ignore_ascii_case("true") => {
                format!("to be {name}")
            }
            Self::Condition(name, status) => format!("to have {name}={status}"),
            Self::There => "to be there".to_owned(),
            Self::Gone => "to be gone".to_owned(),
            Self::RolledOut => "to be rolled out".to_owned(),
            Self::Field(path, value) => format!("to have {}={value}", path.join(".")),
        }
    }

    /// Where it stands, for messages.
    fn state(&self, object: Option<&Value>) -> String {
        let Some(object) = object else {
            return "it is not there".to_owned();
        };
        let told = |name: &str| match condition(object, name) {
            None => format!("it does not say whether it is {name}"),
            Some(found) => {
                let parts = [text(found, &["reason"]), text(found, &["message"])];
                let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
                let mut state = format!("{name} is {}", text(found, &["status"]));
                if !parts.is_empty() {
                    state.push_str(&format!(" ({})", parts.join(": ")));
                }
                state
            }
        };
        match self {
            Self::Condition(name, _) => {
                let one = ready::of(object);
                if one.total > 1 {
                    format!("{} of {} ready; {}", one.ready, one.total, told(name))
                } else {
                    told(name)
                }
            }
            Self::There => "it is there".to_owned(),
            Self::Gone => {
                let held = at(object, &["metadata", "finalizers"])
                    .and_then(Value::as_array)
                    .map(|held| held.iter().filter_map(Value::as_str).collect::<Vec<_>>())
                    .unwrap_or_default();
                if at(object, &["metadata", "deletionTimestamp"]).is_none() {
                    "nobody has deleted it".to_owned()
                } else if held.is_empty() {
                    "it is being deleted".to_owned()
                } else {
                    format!("it is held by the finalizers {}", held.join(", "))
                }
            }
            Self::RolledOut => {
                let one = ready::of(object);
                format!("{} of {} ready", one.ready, one.total)
            }
            Self::Field(path, _) => match field(object, path) {
                Some(Value::String(found)) => format!("it is {found}"),
                Some(found) => format!("it is {found}"),
                None => format!("it has no {}", path.join(".")),
            },
        }
    }

    /// Why it will never hold, where that is certain.
    fn hopeless(&self, object: Option<&Value>) -> Option<String> {
        let object = object?;
        match self {
            Self::Condition(name, status)
                if name.eq_ignore_ascii_case("Complete")
                    && status.eq_ignore_ascii_case("true")
                    && holds(object, "Failed") =>
            {
                Some(Self::Condition("Failed".to_owned(), String::new()).state(Some(object)))
            }
            Self::RolledOut => condition(object, "Progressing")
                .filter(|found| text(found, &["reason"]) == "ProgressDeadlineExceeded")
                .map(|found| text(found, &["message"]).to_owned()),
            _ => None,
        }
    }
}

fn field<'a>(object: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, part| match value {
        Value::Array(list) => list.get(part.parse::<usize>().ok()?),
        value => value.get(part),
    })
}

/// What `kubectl rollout status` waits for.
fn rolled_out(object: &Value) -> bool {
    let number = |path: &[&str]| at(object, path).and_then(Value::as_i64).unwrap_or(0);
    if number(&["status", "observedGeneration"]) < number(&["metadata", "generation"]) {
        return false;
    }
    let one = ready::of(object);
    let updated = match text(object, &["kind"]) {
        "DaemonSet" => number(&["status", "updatedNumberScheduled"]),
        _ => number(&["status", "updatedReplicas"]),
    };
    // Of a deployment also the old ones must be gone.
    let surplus = match text(object, &["kind"]) {
        "Deployment" => number(&["status", "replicas"]) > updated,
        _ => false,
    };
    updated >= one.total && one.ready >= one.total && !surplus
}

impl Asked<'_> {
    /// `k8s::wait(kind, name, condition, timeout, #{namespace})` → the object; `()` where it was
    /// waited for its end.
    pub(super) async fn wait(&self, mut arguments: Arguments) -> Result<Reply, CallError> {
        let one = One::of(self.cluster, &mut arguments).await?;
        let wanted = arguments.required("condition")?;
        let limit = arguments
            .length("within")?
            .unwrap_or(Duration::from_mins(1));
        arguments.finish()?;
        let until = Until::parse(&wanted).ok_or_else(|| {
            CallError::new(
                codes::BAD_ARGUMENT,
                format!("`{wanted}` is nothing that can be waited for"),
                "known are a condition (`Ready`, `Ready=False`), `exists`, `deleted`, `rollout`, \
                 and a field (`.status.phase=Bound`)",
            )
        })?;
        let mut seen = None;
        let waited = time::timeout(limit, self.watch(&one, &until, &mut seen)).await;
        match waited {
            Ok(Ok(())) => Ok(match seen {
                Some(object) => self.revealed.reply(object),
                None => Reply::default(),
            }),
            Ok(Err(error)) => Err(error),
            Err(_) => {
                let namespace = match &one.namespace {
                    Some(namespace) if one.kind.namespaced => format!(" in `{namespace}`"),
                    _ => String::new(),
                };
                Err(CallError::new(
                    codes::TIMEOUT,
                    format!(
                        "waited {} for {}{namespace} {}: {}",
                        show_duration(limit),
                        one.label(),
                        until.goal(),
                        until.state(seen.as_ref())
                    ),
                    format!(
                        "`k8s::events(\"{}\", \"{}\")` may say why",
                        one.kind.word(),
                        one.name
                    ),
                ))
            }
        }
    }

    /// Waits without a limit of its own.
    pub(super) async fn until(&self, one: &One, until: &Until) -> Result<(), CallError> {
        self.watch(one, until, &mut None).await
    }

    async fn watch(
        &self,
        one: &One,
        until: &Until,
        seen: &mut Option<Value>,
    ) -> Result<(), CallError> {
        let mut told = Told::new(one, until);
        loop {
            match self.watch_once(one, until, seen, &mut told).await {
                Ok(true) => return Ok(()),
                Ok(false) => time::sleep(PAUSE).await,
                // What was watched from is too old: begin anew.
                Err(refusal) if refusal.status == 410 => {}
                Err(refusal) => return Err(refusal.into()),
            }
        }
    }

    /// Lists and watches until it holds, or the server ends the watch.
    async fn watch_once(
        &self,
        one: &One,
        until: &Until,
        seen: &mut Option<Value>,
        told: &mut Told<'_>,
    ) -> Result<bool, Refusal> {
        let name = format!("metadata.name={}", one.name);
        let path = one.kind.path(one.namespace.as_deref());
        let request = || Request::get(&path).with("fieldSelector", &name);
        let mut list = self.cluster.json(&request()).await?;
        let version = text(&list, &["metadata", "resourceVersion"]).to_owned();
        *seen = list
            .get_mut("items")
            .and_then(Value::as_array_mut)
            .and_then(Vec::pop)
            .map(|object| named(object, one));
        if decided(one, until, seen.as_ref())? {
            return Ok(true);
        }
        let request = request()
            .with("watch", "true")
            .with("resourceVersion", &version)
            .with("timeoutSeconds", WATCH);
        let mut events = pin!(self.cluster.watch(&request).await?);
        loop {
            let event = tokio::select! {
                event = events.try_next() => event,
                () = told.silence() => {
                    // A full channel loses lines.
                    let _ = self.progress.try_send(told.line(seen.as_ref()));
                    continue;
                }
            };
            let event = match event {
                Ok(Some(event)) => event,
                Ok(None) => return Ok(false),
                Err(error) => return Err(super::error::refusal(error, self.cluster)),
            };
            match event {
                WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                    *seen = Some(named(object, one));
                }
                WatchEvent::Deleted(_) => *seen = None,
                WatchEvent::Bookmark(_) => continue,
                WatchEvent::Error(status) => {
                    let error = kube::Error::Api(status);
                    return Err(super::error::refusal(error, self.cluster));
                }
            }
            if decided(one, until, seen.as_ref())? {
                return Ok(true);
            }
        }
    }
}

/// Whether it holds; an error where it never will.
fn decided(one: &One, until: &Until, seen: Option<&Value>) -> Result<bool, CallError> {
    if until.holds(seen) {
        return Ok(true);
    }
    match until.hopeless(seen) {
        None => Ok(false),
        Some(why) => Err(CallError::new(
            "Failed",
            format!("{} will never be what is waited for: {why}", one.label()),
            format!("`k8s::logs(\"{}\")` may say why", one.label()),
        )),
    }
}

/// An object of a list, where the server leaves out what it is.
fn named(mut object: Value, one: &One) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.insert("apiVersion".to_owned(), one.kind.api_version().into());
        fields.insert("kind".to_owned(), one.kind.kind.clone().into());
    }
    object
}

/// What the operator hears while it lasts.
struct Told<'a> {
    one: &'a One,
    until: &'a Until,
    next: time::Instant,
}

impl<'a> Told<'a> {
    fn new(one: &'a One, until: &'a Until) -> Self {
        Self {
            one,
            until,
            next: time::Instant::now() + SILENCE,
        }
    }

    /// Until it is time for a line.
    async fn silence(&mut self) {
        time::sleep_until(self.next).await;
        self.next += REMINDER;
    }

    fn line(&self, seen: Option<&Value>) -> String {
        format!(
            "waiting for {} {}: {}",
            self.one.label(),
            self.until.goal(),
            self.until.state(seen)
        )
    }
}

#[cfg(test)]
mod tests;
