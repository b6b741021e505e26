//! What is known of releases, read from their records.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use tokio::sync::mpsc;
use tokio::time;

use super::record;
use crate::diagnostic::list_and;
use crate::name::nearest;
use crate::value::{Value, show_duration};
use crate::world::live::arguments::{Arguments, wrong};
use crate::world::live::calls::unknown;
use crate::world::live::kubernetes::{Cluster, Clusters, REMINDER, Request, SILENCE, encoded};
use crate::world::{Call, CallError, Reply, codes};

/// What is said of a release that is waited for and is not there.
const ABSENT: &str = "it is not there";

/// The names and labels of records without what is in them.
const METADATA: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
/// How many records come in one answer.
const PAGE: &str = "500";
/// Between two watches that the server ended at once.
const PAUSE: Duration = Duration::from_millis(500);

/// A record by what its labels say.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Label {
    /// Of the Secret.
    secret: String,
    namespace: String,
    name: String,
    revision: u64,
    status: String,
}

/// Where releases are looked for.
struct Place {
    cluster: std::sync::Arc<Cluster>,
    /// `None` for all.
    namespace: Option<String>,
}

/// Answers a call to `helm::…` that only asks.
pub(super) async fn answer(
    clusters: &Clusters,
    mut call: Call,
    progress: &mpsc::Sender<String>,
) -> Result<Reply, CallError> {
    let mut arguments = Arguments::of(&mut call);
    let place = Place::of(clusters, &call, &mut arguments).await?;
    match call.function.as_str() {
        "helm::release" => place.release(arguments).await,
        "helm::list" => place.list(arguments).await,
        "helm::history" => place.history(arguments).await,
        "helm::values" => place.values(arguments).await,
        "helm::wait" => place.wait(arguments, progress).await,
        other => Err(unknown(other)),
    }
}

/// The newest revision of a release, as scripts see it.
pub(super) async fn newest(
    clusters: &Clusters,
    call: &Call,
    name: &str,
    namespace: Option<&str>,
    context: Option<&str>,
) -> Result<Value, CallError> {
    let cluster = clusters.of(call, context).await?;
    let namespace = namespace.map_or_else(|| cluster.namespace.clone(), str::to_owned);
    let place = Place {
        cluster,
        namespace: Some(namespace),
    };
    place.newest(name).await
}

impl Place {
    async fn of(
        clusters: &Clusters,
        call: &Call,
        arguments: &mut Arguments,
    ) -> Result<Self, CallError> {
        if let Some(driver) = call.environment.text("HELM_DRIVER")
            && !matches!(driver, "secret" | "secrets")
        {
            return Err(CallError::new(
                codes::UNCONFIGURED,
                format!("Helm keeps its records in `{driver}` (HELM_DRIVER), which can't be read"),
                "records in Secrets can be: unset HELM_DRIVER",
            ));
        }
        let context = arguments.text("context")?;
        let cluster = clusters.of(call, context.as_deref()).await?;
        let namespace = match arguments.text("namespace")? {
            None => Some(cluster.namespace.clone()),
            Some(all) if all == "*" => None,
            Some(one) => Some(one),
        };
        Ok(Self { cluster, namespace })
    }

    /// Its only namespace.
    fn only(&self) -> Result<&str, CallError> {
        self.namespace
            .as_deref()
            .ok_or_else(|| wrong("a release is in one namespace, so this can't be \"*\""))
    }

    fn path(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("/api/v1/namespaces/{}/secrets", encoded(namespace)),
            None => "/api/v1/secrets".to_owned(),
        }
    }

    /// The labels of all records, or of those of a release, oldest first; and from where they can
    /// be watched.
    async fn labels(&self, name: Option<&str>) -> Result<(Vec<Label>, String), CallError> {
        let selector = match name {
            Some(name) => format!("owner=helm,name={name}"),
            None => "owner=helm".to_owned(),
        };
        let mut labels = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let request = Request::get(self.path())
                .with("labelSelector", &selector)
                .with("limit", PAGE)
                .with_some("continue", next.as_deref())
                .accepting(METADATA);
            let page = self.cluster.json(&request).await?;
            let items = page["items"].as_array().into_iter().flatten();
            labels.extend(items.filter_map(label));
            let text = |name: &str| page["metadata"][name].as_str().unwrap_or_default();
            if text("continue").is_empty() {
                labels.sort_by_key(|label| label.revision);
                return Ok((labels, text("resourceVersion").to_owned()));
            }
            next = Some(text("continue").to_owned());
        }
    }

    /// What is in a record.
    async fn record(&self, label: &Label) -> Result<Value, CallError> {
        let path = format!(
            "/api/v1/namespaces/{}/secrets/{}",
            encoded(&label.namespace),
            encoded(&label.secret)
        );
        let secret = self.cluster.json(&Request::get(path)).await?;
        record::unpack(&secret).ok_or_else(|| {
            CallError::new(
                codes::BAD_ANSWER,
                format!(
                    "the Secret `{}` in `{}` is no record of Helm's",
                    label.secret, label.namespace
                ),
                "Helm can't read it either: roll back to another revision, or delete it",
            )
        })
    }

    /// A revision as scripts see it; one whose record can't be read is one too.
    async fn described(&self, label: &Label) -> Result<Value, CallError> {
        match self.record(label).await {
            Ok(record) => Ok(record::release(&record)),
            Err(error) if error.code == codes::BAD_ANSWER => Ok(record::unreadable(
                &label.name,
                &label.namespace,
                label.revision,
                &error.message,
            )),
            Err(error) => Err(error),
        }
    }

    async fn newest(&self, name: &str) -> Result<Value, CallError> {
        let (labels, _) = self.labels(Some(name)).await?;
        match labels.last() {
            Some(label) => self.described(label).await,
            None => Ok(record::absent(
                name,
                self.namespace.as_deref().unwrap_or_default(),
            )),
        }
    }

    /// `helm::release(name, #{namespace})` → its newest revision; one whose `status` is
    /// `not-found` where there is none.
    async fn release(&self, mut arguments: Arguments) -> Result<Reply, CallError> {
        let name = arguments.required("name")?;
        self.only()?;
        arguments.finish()?;
        Ok(self.newest(&name).await?.into())
    }

    /// `helm::list(#{namespace, status})` → the newest revision of each release.
    async fn list(&self, mut arguments: Arguments) -> Result<Reply, CallError> {
        let status = arguments.text("status")?;
        arguments.finish()?;
        if let Some(status) = &status
            && !record::STATUSES.contains(&status.as_str())
        {
            let near = nearest(status, record::STATUSES);
            return Err(CallError::new(
                codes::BAD_ARGUMENT,
                format!("there is no status `{status}` of a release"),
                near.map_or_else(
                    || format!("known are {}", list_and(&record::STATUSES)),
                    |near| format!("did you mean `{near}`?"),
                ),
            ));
        }
        let (labels, _) = self.labels(None).await?;
        let mut newest = BTreeMap::new();
        for label in labels {
            newest.insert((label.namespace.clone(), label.name.clone()), label);
        }
        let mut releases = Vec::new();
        for label in newest.values() {
            if status.as_ref().is_none_or(|status| *status == label.status) {
                releases.push(self.described(label).await?);
            }
        }
        Ok(Value::Array(releases).into())
    }

    /// `helm::history(name, #{namespace})` → its revisions, oldest first; none where there is no
    /// release.
    async fn history(&self, mut arguments: Arguments) -> Result<Reply, CallError> {
        let name = arguments.required("name")?;
        self.only()?;
        arguments.finish()?;
        let (labels, _) = self.labels(Some(&name)).await?;
        let mut revisions = Vec::new();
        for label in &labels {
            revisions.push(self.described(label).await?);
        }
        Ok(Value::Array(revisions).into())
    }

    /// `helm::values(name, #{namespace, revision, all})` → the values that were given.
    async fn values(&self, mut arguments: Arguments) -> Result<Reply, CallError> {
        let name = arguments.required("name")?;
        let namespace = self.only()?;
        let revision = arguments.count("revision")?;
        let all = arguments.flag("all")?;
        arguments.finish()?;
        let (labels, _) = self.labels(Some(&name)).await?;
        let wanted = match revision {
            Some(revision) => labels.iter().find(|label| label.revision == revision),
            None => labels.last(),
        };
        let Some(wanted) = wanted else {
            let what = match revision {
                Some(revision) if !labels.is_empty() => {
                    format!("the release `{name}` has no revision {revision}")
                }
                _ => format!("there is no release `{name}` in the namespace `{namespace}`"),
            };
            return Err(CallError::new(
                "NotFound",
                what,
                "`helm::list(#{namespace: \"*\"})` lists all releases",
            ));
        };
        let value = record::values(&self.record(wanted).await?, all);
        let mut secrets = Vec::new();
        record::secrets(&value, "", &mut secrets);
        Ok(Reply { value, secrets })
    }

    /// `helm::wait(name, timeout, #{namespace})` → the release when it is deployed.
    async fn wait(
        &self,
        mut arguments: Arguments,
        progress: &mpsc::Sender<String>,
    ) -> Result<Reply, CallError> {
        let name = arguments.required("name")?;
        let limit = arguments
            .length("within")?
            .unwrap_or(Duration::from_mins(5));
        let namespace = self.only()?.to_owned();
        arguments.finish()?;
        let state = std::sync::Mutex::new(ABSENT.to_owned());
        let told_state = || {
            let state = state
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            format!("waiting for the release {name} to be deployed: {state}")
        };
        let settled = telling(self.settled(&name, &state), progress, told_state);
        if let Ok(release) = time::timeout(limit, settled).await {
            return Ok(release?.into());
        }
        let state = state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Err(CallError::new(
            codes::TIMEOUT,
            format!(
                "waited {} for the release `{name}` in `{namespace}` to be deployed: {state}",
                show_duration(limit)
            ),
            if *state == ABSENT {
                "`helm::list(#{namespace: \"*\"})` lists all releases"
            } else {
                "if nobody is at it any more, roll it back with \
                 `helm::rollback(name, revision, #{no_hooks: true})`"
            },
        ))
    }

    /// Watches until the newest revision is no longer pending.
    async fn settled(
        &self,
        name: &str,
        state: &std::sync::Mutex<String>,
    ) -> Result<Value, CallError> {
        let selector = format!("owner=helm,name={name}");
        loop {
            let (labels, version) = self.labels(Some(name)).await?;
            if let Some(label) = labels.last() {
                let told = format!("revision {} is {}", label.revision, label.status);
                *state
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner) = told;
                match label.status.as_str() {
                    "deployed" => return Ok(record::release(&self.record(label).await?)),
                    "failed" | "uninstalled" => {
                        let record = record::release(&self.record(label).await?);
                        let why = record["description"].as_str().unwrap_or_default();
                        return Err(CallError::new(
                            "Failed",
                            format!(
                                "revision {} of the release `{name}` is {}: {why}",
                                label.revision, label.status
                            ),
                            "see what it says, mend it, and upgrade again",
                        ));
                    }
                    _ => {}
                }
            }
            let request = Request::get(self.path())
                .with("labelSelector", &selector)
                .with("watch", "true")
                .with("resourceVersion", &version)
                .with("timeoutSeconds", "240");
            let mut events = pin!(self.cluster.watch(&request).await?);
            // Whatever happens to a record, all are looked at again; also when the watch ends.
            if !matches!(events.try_next().await, Ok(Some(_))) {
                time::sleep(PAUSE).await;
            }
        }
    }
}

/// Waits, and tells the operator what for where it takes long.
async fn telling<T>(
    work: impl Future<Output = T>,
    progress: &mpsc::Sender<String>,
    line: impl Fn() -> String,
) -> T {
    let mut work = pin!(work);
    let mut pause = SILENCE;
    loop {
        match time::timeout(pause, &mut work).await {
            Ok(done) => return done,
            // A full channel loses lines.
            Err(_) => drop(progress.try_send(line())),
        }
        pause = REMINDER;
    }
}

/// Reads the labels of a record.
fn label(item: &Value) -> Option<Label> {
    let text = |path: [&str; 2]| {
        let found = path
            .iter()
            .try_fold(&item["metadata"], |value, name| value.get(name));
        found.and_then(Value::as_str).map(str::to_owned)
    };
    let metadata = |name: &str| item["metadata"][name].as_str().map(str::to_owned);
    Some(Label {
        secret: metadata("name")?,
        namespace: metadata("namespace")?,
        name: text(["labels", "name"])?,
        revision: text(["labels", "version"])?.parse().ok()?,
        status: text(["labels", "status"])?,
    })
}
