//! Calls that only ask.

use serde_json::json;

use super::cluster::{Cluster, Request, encoded};
use super::error::Refusal;
use super::kind::Kind;
use super::ready::{Readiness, of};
use super::{Asked, at, text};
use crate::value::Value;
use crate::world::live::arguments::{Arguments, wrong};
use crate::world::{CallError, Reply};

/// How many objects come in one answer.
const PAGE: &str = "500";
/// How much of a pod's log is read where the call does not say how many lines.
const LOG_BYTES: &str = "1048576";

/// Which objects of a kind are meant.
pub(super) struct Which {
    pub(super) kind: Kind,
    pub(super) namespace: Option<String>,
    pub(super) selector: Option<String>,
    pub(super) fields: Option<String>,
}

impl Which {
    /// Objects of a kind in the call's namespace, or in all with `"*"`.
    pub(super) async fn of(
        cluster: &Cluster,
        kind: &str,
        arguments: &mut Arguments,
    ) -> Result<Self, CallError> {
        let namespace = namespace(cluster, arguments)?;
        Ok(Self {
            kind: cluster.kind(kind).await?,
            namespace,
            selector: selector(arguments)?,
            fields: arguments.text("fields")?,
        })
    }

    /// The request for all of them.
    pub(super) fn request(&self) -> Request {
        Request::get(self.kind.path(self.namespace.as_deref()))
            .with_some("labelSelector", self.selector.as_deref())
            .with_some("fieldSelector", self.fields.as_deref())
    }
}

/// The namespace of a call; `None` for all.
fn namespace(cluster: &Cluster, arguments: &mut Arguments) -> Result<Option<String>, CallError> {
    let namespace = arguments.text("namespace")?;
    Ok(match namespace.as_deref() {
        None | Some("") => Some(cluster.namespace.clone()),
        Some("*") => None,
        Some(_) => namespace,
    })
}

/// A selector of labels: a text as kubectl takes it, or a map of labels and their values.
fn selector(arguments: &mut Arguments) -> Result<Option<String>, CallError> {
    match arguments.value("selector") {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(Value::Object(labels)) => {
            let parts: Vec<String> = labels
                .iter()
                .map(|(name, value)| match value.as_str() {
                    Some(value) => format!("{name}={value}"),
                    None => format!("{name}={value}"),
                })
                .collect();
            Ok(Some(parts.join(",")))
        }
        Some(_) => Err(wrong(
            "`selector` must be a text, as in \"app=api\", or a map",
        )),
    }
}

/// One object: its kind, where it is, and its name.
pub(super) struct One {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) namespace: Option<String>,
}

impl One {
    pub(super) async fn of(
        cluster: &Cluster,
        arguments: &mut Arguments,
    ) -> Result<Self, CallError> {
        let word = arguments.required("kind")?;
        let name = arguments.required("name")?;
        if name.contains('/') {
            return Err(wrong(format!("`{name}` can't be a name: it holds a `/`")));
        }
        let namespace = namespace(cluster, arguments)?;
        let kind = cluster.kind(&word).await?;
        if namespace.is_none() && kind.namespaced {
            return Err(wrong(
                "one object is in one namespace, so this can't be \"*\"",
            ));
        }
        Ok(Self {
            kind,
            name,
            namespace,
        })
    }

    /// The path of the object itself.
    pub(super) fn path(&self) -> String {
        format!(
            "{}/{}",
            self.kind.path(self.namespace.as_deref()),
            encoded(&self.name)
        )
    }

    /// What messages call it.
    pub(super) fn label(&self) -> String {
        format!("{}/{}", self.kind.word(), self.name)
    }

    /// An error that it is not there, with where it was looked for.
    pub(super) fn absent(&self, refusal: Refusal) -> CallError {
        let mut error = CallError::from(refusal);
        if error.code == "NotFound" && error.help.is_empty() && self.kind.namespaced {
            let namespace = self.namespace.as_deref().unwrap_or_default();
            error.help =
                format!("looked in the namespace `{namespace}`; `namespace` names another");
        }
        error
    }
}

/// All objects of a request, page by page, as they come.
pub(super) async fn pages(
    cluster: &Cluster,
    kind: &Kind,
    request: impl Fn() -> Request,
    mut each: impl FnMut(Value),
) -> Result<(), Refusal> {
    let (name, version) = (kind.kind.clone(), kind.api_version());
    let mut next: Option<String> = None;
    loop {
        let request = request()
            .with("limit", PAGE)
            .with_some("continue", next.as_deref());
        let mut page = cluster.json(&request).await?;
        next = at(&page, &["metadata", "continue"])
            .and_then(Value::as_str)
            .filter(|token| !token.is_empty())
            .map(str::to_owned);
        let Some(items) = page.get_mut("items").and_then(Value::as_array_mut) else {
            return Err(super::error::unreadable(cluster).into());
        };
        for item in items {
            let mut item = item.take();
            if let Some(fields) = item.as_object_mut() {
                // In a list the server leaves these out.
                fields.insert("apiVersion".to_owned(), version.clone().into());
                fields.insert("kind".to_owned(), name.clone().into());
            }
            each(item);
        }
        if next.is_none() {
            return Ok(());
        }
    }
}

impl Asked<'_> {
    /// `k8s::get(kind, name, #{namespace})` → the object.
    pub(super) async fn get(&self, mut arguments: Arguments) -> Result<Reply, CallError> {
        let one = One::of(self.cluster, &mut arguments).await?;
        arguments.finish()?;
        let object = self.cluster.json(&Request::get(one.path())).await;
        Ok(self
            .revealed
            .reply(object.map_err(|refusal| one.absent(refusal))?))
    }

    /// `k8s::exists(kind, name, #{namespace})` → whether it is there.
    pub(super) async fn exists(&self, mut arguments: Arguments) -> Result<Reply, CallError> {
        let one = One::of(self.cluster, &mut arguments).await?;
        arguments.finish()?;
        // Read as an object: a page for people, of what stands before the server, is none.
        match self.cluster.json(&Request::get(one.path())).await {
            Ok(_) => Ok(Value::from(true).into()),
            Err(refusal) if refusal.is_absent() => Ok(Value::from(false).into()),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// `k8s::list(kind, #{namespace, selector, fields, pick})` → the objects, or of each what is
    /// picked.
    pub(super) async fn list(&self, mut arguments: Arguments) -> Result<Reply, CallError> {
        let word = arguments.required("kind")?;
        let which = Which::of(self.cluster, &word, &mut arguments).await?;
        let picked = picked(&mut arguments)?;
        arguments.finish()?;
        let (mut objects, mut secrets) = (Vec::new(), Vec::new());
        pages(
            self.cluster,
            &which.kind,
            || which.request(),
            |mut object| {
                self.revealed.prepare(&mut object, &mut secrets);
                objects.push(match &picked {
                    Some(picked) => pick(&object, picked),
                    None => object,
                });
            },
        )
        .await?;
        Ok(Reply {
            value: Value::Array(objects),
            secrets,
        })
    }

    /// `k8s::ready(kind, #{namespace, selector, fields, name})` → `ready total unready`.
    pub(super) async fn ready(&self, mut arguments: Arguments) -> Result<Reply, CallError> {
        let word = arguments.required("kind")?;
        let mut which = Which::of(self.cluster, &word, &mut arguments).await?;
        if let Some(name) = arguments.text("name")? {
            let field = format!("metadata.name={name}");
            which.fields = Some(match which.fields.take() {
                Some(fields) => format!("{fields},{field}"),
                None => field,
            });
        }
        arguments.finish()?;
        let mut sum = Readiness::default();
        let mut unready = Vec::new();
        pages(
            self.cluster,
            &which.kind,
            || which.request(),
            |object| {
                let one = of(&object);
                if one.ready < one.total {
                    unready.push(Value::from(text(&object, &["metadata", "name"])));
                }
                sum.ready += one.ready;
                sum.total += one.total;
            },
        )
        .await?;
        Ok(Reply::from(json!({
            "ready": sum.ready,
            "total": sum.total,
            "unready": unready,
        })))
    }

    /// `k8s::logs(name, #{namespace, container, tail, since, previous})` → text; the name of a
    /// pod, or of what has pods, as in `deployment/api`.
    pub(super) async fn logs(&self, mut arguments: Arguments) -> Result<Reply, CallError> {
        let name = arguments.required("name")?;
        let namespace = namespace(self.cluster, &mut arguments)?
            .ok_or_else(|| wrong("logs are of one namespace, so this can't be \"*\""))?;
        let container = arguments.text("container")?;
        let tail = arguments.count("tail")?.map(|lines| lines.to_string());
        let since = arguments.length("since")?;
        let since = since.map(|since| since.as_secs().max(1).to_string());
        let previous = arguments.flag("previous")?;
        arguments.finish()?;
        let pods = self.pods(&name, &namespace).await?;
        let many = pods.len() > 1;
        let mut log = String::new();
        for pod in pods {
            let path = format!(
                "/api/v1/namespaces/{}/pods/{}/log",
                encoded(&namespace),
                encoded(&pod)
            );
            let mut request = Request::get(path)
                .with_some("container", container.as_deref())
                .with_some("tailLines", tail.as_deref())
                .with_some("sinceSeconds", since.as_deref());
            if previous {
                request = request.with("previous", "true");
            }
            if tail.is_none() {
                request = request.with("limitBytes", LOG_BYTES);
            }
            let text = self.cluster.text(&request).await?;
            if many {
                log.extend(text.lines().map(|line| format!("{pod}: {line}\n")));
            } else {
                log.push_str(&text);
            }
        }
        Ok(Value::from(log).into())
    }

    /// The pods that a name means: itself, or those of a workload.
    async fn pods(&self, name: &str, namespace: &str) -> Result<Vec<String>, CallError> {
        let Some((word, name)) = name.split_once('/') else {
            return Ok(vec![name.to_owned()]);
        };
        let kind = self.cluster.kind(word).await?;
        if kind.kind == "Pod" {
            return Ok(vec![name.to_owned()]);
        }
        let path = format!("{}/{}", kind.path(Some(namespace)), encoded(name));
        let object = self.cluster.json(&Request::get(path)).await?;
        let labels = at(&object, &["spec", "selector", "matchLabels"])
            .or_else(|| at(&object, &["spec", "selector"]).filter(|_| kind.kind == "Service"))
            .and_then(Value::as_object)
            .ok_or_else(|| {
                CallError::new(
                    crate::world::codes::BAD_ARGUMENT,
                    format!("a {} has no pods whose logs could be read", kind.word()),
                    "name a pod, a deployment, a stateful set, a daemon set, a job or a service",
                )
            })?;
        let selector: Vec<String> = labels
            .iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", value.as_str()?)))
            .collect();
        let selector = selector.join(",");
        let kind = self.cluster.kind("pods").await?;
        let mut names = Vec::new();
        let request = || Request::get(kind.path(Some(namespace))).with("labelSelector", &selector);
        pages(self.cluster, &kind, request, |pod| {
            names.push(text(&pod, &["metadata", "name"]).to_owned());
        })
        .await?;
        Ok(names)
    }

    /// `k8s::events(kind, name, #{namespace, type})`, or of a whole namespace → a list of
    /// `time type reason message count object`, oldest first.
    pub(super) async fn events(&self, mut arguments: Arguments) -> Result<Reply, CallError> {
        let mut fields = Vec::new();
        if let Some(word) = arguments.text("kind")? {
            let kind = self.cluster.kind(&word).await?;
            fields.push(format!("involvedObject.kind={}", kind.kind));
        }
        if let Some(name) = arguments.text("name")? {
            fields.push(format!("involvedObject.name={name}"));
        }
        if let Some(kind) = arguments.text("type")? {
            fields.push(format!("type={kind}"));
        }
        let which = Which {
            kind: self.cluster.kind("events").await?,
            namespace: namespace(self.cluster, &mut arguments)?,
            selector: None,
            fields: Some(fields.join(",")).filter(|fields| !fields.is_empty()),
        };
        arguments.finish()?;
        let mut events = Vec::new();
        pages(
            self.cluster,
            &which.kind,
            || which.request(),
            |event| {
                events.push(event_of(&event));
            },
        )
        .await?;
        events.sort_by(|one, other| text(one, &["time"]).cmp(text(other, &["time"])));
        Ok(Value::Array(events).into())
    }
}

/// The paths to pick, as in `metadata.name`.
fn picked(arguments: &mut Arguments) -> Result<Option<Vec<Vec<String>>>, CallError> {
    let paths = match arguments.value("pick") {
        None => return Ok(None),
        Some(Value::Array(paths)) => paths,
        Some(path) => vec![path],
    };
    let split = |path: &Value| -> Option<Vec<String>> {
        let path = path.as_str()?.trim_start_matches('.');
        (!path.is_empty()).then(|| path.split('.').map(str::to_owned).collect())
    };
    let paths: Option<Vec<_>> = paths.iter().map(split).collect();
    match paths {
        Some(paths) => Ok(Some(paths)),
        None => Err(wrong("`pick` must be paths, as in [\"metadata.name\"]")),
    }
}

/// An object with nothing but what is picked, and what it is.
fn pick(object: &Value, paths: &[Vec<String>]) -> Value {
    let mut out = json!({ "apiVersion": object["apiVersion"], "kind": object["kind"] });
    for path in paths {
        let found = path
            .iter()
            .try_fold(object, |value, name| value.get(name.as_str()));
        let Some(found) = found else { continue };
        let mut place = &mut out;
        for name in path {
            if !place.is_object() {
                *place = json!({});
            }
            place = &mut place[name.as_str()];
        }
        *place = found.clone();
    }
    out
}

fn event_of(event: &Value) -> Value {
    let first = |paths: &[&[&str]]| {
        let texts = paths.iter().map(|path| text(event, path));
        texts
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or_default()
            .to_owned()
    };
    let count = at(event, &["series", "count"])
        .or_else(|| at(event, &["count"]))
        .and_then(Value::as_u64)
        .unwrap_or(1);
    json!({
        "time": first(&[
            &["series", "lastObservedTime"],
            &["lastTimestamp"],
            &["eventTime"],
            &["metadata", "creationTimestamp"],
        ]),
        "type": text(event, &["type"]),
        "reason": text(event, &["reason"]),
        "message": text(event, &["message"]),
        "count": count,
        "object": format!(
            "{}/{}",
            text(event, &["involvedObject", "kind"]).to_lowercase(),
            text(event, &["involvedObject", "name"])
        ),
    })
}
