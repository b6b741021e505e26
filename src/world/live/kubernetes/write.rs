//! Calls that change something.

use http::Method;
use serde_json::json;

use super::cluster::{Request, encoded};
use super::read::One;
use super::wait::Until;
use super::{Asked, hidden, text};
use crate::value::Value;
use crate::world::live::arguments::{Arguments, wrong};
use crate::world::{CallError, Reply, codes};

/// Who owns the fields that are applied, where the call does not say.
const MANAGER: &str = "runbook";

impl Asked<'_> {
    /// `k8s::apply(manifest, #{namespace, field_manager, force, dry_run})` → the object, or a list
    /// of them where several were given.
    pub(super) async fn apply(&self, mut arguments: Arguments) -> Result<Reply, CallError> {
        let manifest = arguments.value("manifest");
        let namespace = arguments.text("namespace")?;
        let owner = arguments.text("field_manager")?;
        let owner = owner.as_deref().unwrap_or(MANAGER);
        let force = arguments.flag("force")?;
        let dry_run = arguments.flag("dry_run")?;
        let (manifests, many) = manifests(manifest)?;
        arguments.finish()?;
        // All are looked up before the first is sent: nothing is half applied by a typing error.
        let mut requests = Vec::new();
        for mut manifest in manifests {
            let path = self.place(&mut manifest, namespace.as_deref()).await?;
            if hidden::is_secret(&manifest) {
                let name = text(&manifest, &["metadata", "name"]).to_owned();
                self.revealed.conceal(&name, &mut manifest)?;
            }
            let mut request = Request::new(Method::PATCH, path)
                .with("fieldManager", owner)
                .with("fieldValidation", "Strict");
            if force {
                request = request.with("force", "true");
            }
            if dry_run {
                request = request.with("dryRun", "All");
            }
            requests.push(request.body("application/apply-patch+yaml", &manifest));
        }
        if requests.len() > 1 && !dry_run {
            self.rehearse(&requests).await?;
        }
        let (mut objects, mut secrets) = (Vec::new(), Vec::new());
        for request in requests {
            let mut object = match self.cluster.json(&request).await {
                Ok(object) => object,
                Err(refusal) => return Err(after(refusal.into(), &objects)),
            };
            self.revealed.prepare(&mut object, &mut secrets);
            objects.push(object);
        }
        let value = match objects.pop() {
            Some(one) if !many => one,
            last => {
                objects.extend(last);
                Value::Array(objects)
            }
        };
        Ok(Reply { value, secrets })
    }

    /// Has the server look at several objects before the first is sent in earnest. What one of them
    /// needs may be among them, and is not there yet: that is no refusal.
    async fn rehearse(&self, requests: &[Request]) -> Result<(), CallError> {
        for request in requests {
            let request = request.clone().with("dryRun", "All");
            match self.cluster.json(&request).await {
                Err(refusal) if !refusal.is_absent() => return Err(refusal.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Where a manifest's object belongs.
    async fn place(
        &self,
        manifest: &mut Value,
        namespace: Option<&str>,
    ) -> Result<String, CallError> {
        let unfit = |message: String| {
            CallError::new(
                codes::BAD_ARGUMENT,
                message,
                "a manifest has `apiVersion`, `kind` and `metadata.name`",
            )
        };
        let (version, word) = (text(manifest, &["apiVersion"]), text(manifest, &["kind"]));
        if version.is_empty() || word.is_empty() {
            return Err(unfit("the manifest does not say what it is of".to_owned()));
        }
        let name = text(manifest, &["metadata", "name"]).to_owned();
        if name.is_empty() {
            return Err(unfit(format!("the manifest of the {word} has no name")));
        }
        let kind = self.cluster.kind_of(version, word).await?;
        let own = text(manifest, &["metadata", "namespace"]).to_owned();
        let namespace = match namespace {
            Some(wanted) if !own.is_empty() && own != wanted && kind.namespaced => {
                return Err(CallError::new(
                    codes::BAD_ARGUMENT,
                    format!("the manifest of `{name}` is of the namespace `{own}`, not `{wanted}`"),
                    "leave `namespace` out, or change the manifest",
                ));
            }
            Some(wanted) => wanted.to_owned(),
            None if own.is_empty() => self.cluster.namespace.clone(),
            None => own,
        };
        if kind.namespaced {
            manifest["metadata"]["namespace"] = Value::from(namespace.clone());
        }
        let path = kind.path(Some(&namespace));
        Ok(format!("{path}/{}", encoded(&name)))
    }

    /// `k8s::patch(kind, name, patch, #{namespace, type, subresource, field_manager})` → the
    /// object.
    pub(super) async fn patch(&self, mut arguments: Arguments) -> Result<Reply, CallError> {
        let one = One::of(self.cluster, &mut arguments).await?;
        let patch = match arguments.value("patch") {
            Some(Value::String(text)) => yaml(&text)?.pop(),
            other => other,
        };
        let mut patch = patch.ok_or_else(|| wrong("`k8s::patch` needs a patch"))?;
        if one.kind.kind == "Secret" && one.kind.api_version() == "v1" {
            self.revealed.conceal(&one.name, &mut patch)?;
        }
        let form = arguments.text("type")?;
        let subresource = arguments.text("subresource")?;
        let owner = arguments.text("field_manager")?;
        let dry_run = arguments.flag("dry_run")?;
        // https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
        let form = match (form.as_deref(), &patch) {
            (Some("json"), _) | (None, Value::Array(_)) => "application/json-patch+json",
            (Some("merge") | None, _) => "application/merge-patch+json",
            (Some("strategic"), _) => "application/strategic-merge-patch+json",
            (Some(other), _) => {
                return Err(CallError::new(
                    codes::BAD_ARGUMENT,
                    format!("there is no type of patch `{other}`"),
                    "known are `merge`, `strategic` and `json`",
                ));
            }
        };
        arguments.finish()?;
        let mut path = one.path();
        if let Some(subresource) = subresource {
            path = format!("{path}/{}", encoded(&subresource));
        }
        let mut request = Request::new(Method::PATCH, path)
            .with("fieldManager", owner.as_deref().unwrap_or(MANAGER))
            .with("fieldValidation", "Strict");
        if dry_run {
            request = request.with("dryRun", "All");
        }
        let object = self.cluster.json(&request.body(form, &patch)).await;
        Ok(self
            .revealed
            .reply(object.map_err(|refusal| one.absent(refusal))?))
    }

    /// `k8s::delete(kind, name, #{namespace, propagation, ignore_missing, wait, grace})` → whether
    /// it was there.
    pub(super) async fn delete(&self, mut arguments: Arguments) -> Result<Reply, CallError> {
        let one = One::of(self.cluster, &mut arguments).await?;
        let propagation = arguments.text("propagation")?;
        let ignore_missing = arguments.flag("ignore_missing")?;
        let wait = arguments.flag("wait")?;
        let grace = arguments.length("grace")?;
        let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
        if let Some(propagation) = propagation {
            let known = ["Background", "Foreground", "Orphan"];
            let policy = known
                .into_iter()
                .find(|known| known.eq_ignore_ascii_case(&propagation))
                .ok_or_else(|| {
                    CallError::new(
                        codes::BAD_ARGUMENT,
                        format!("there is no propagation `{propagation}`"),
                        "known are `background`, `foreground` and `orphan`",
                    )
                })?;
            options["propagationPolicy"] = Value::from(policy);
        }
        if let Some(grace) = grace {
            options["gracePeriodSeconds"] = Value::from(grace.as_secs());
        }
        arguments.finish()?;
        let request = Request::new(Method::DELETE, one.path()).body("application/json", &options);
        match self.cluster.json(&request).await {
            Ok(_) => {}
            Err(refusal) if refusal.is_absent() && ignore_missing => {
                return Ok(Value::from(false).into());
            }
            Err(refusal) => return Err(one.absent(refusal)),
        }
        if wait {
            self.until(&one, &Until::Gone).await?;
        }
        Ok(Value::from(true).into())
    }
}

/// The error of an object, with those that were applied before it.
fn after(mut error: CallError, applied: &[Value]) -> CallError {
    if !applied.is_empty() {
        let names: Vec<String> = applied
            .iter()
            .map(|object| {
                let (kind, name) = (text(object, &["kind"]), text(object, &["metadata", "name"]));
                format!("{} `{name}`", kind.to_lowercase())
            })
            .collect();
        error.message = format!("{}; applied before it: {}", error.message, names.join(", "));
    }
    error
}

/// The manifests of an argument, and whether it may be several.
fn manifests(given: Option<Value>) -> Result<(Vec<Value>, bool), CallError> {
    let (manifests, many) = match given {
        Some(Value::String(text)) => {
            let manifests = yaml(&text)?;
            let many = manifests.len() > 1;
            (manifests, many)
        }
        Some(Value::Array(manifests)) => (manifests, true),
        Some(manifest @ Value::Object(_)) => (vec![manifest], false),
        _ => return Err(wrong("`k8s::apply` needs a manifest: a map, or YAML")),
    };
    let mut flat = Vec::new();
    let mut listed = false;
    for mut manifest in manifests {
        if text(&manifest, &["kind"]) == "List"
            && let Some(items) = manifest.get_mut("items").and_then(Value::as_array_mut)
        {
            listed = true;
            flat.append(items);
        } else {
            flat.push(manifest);
        }
    }
    if flat.is_empty() {
        return Err(wrong("`k8s::apply` was given no manifest"));
    }
    Ok((flat, many || listed))
}

/// The documents of a YAML text that hold something, read as kubectl reads them: of the booleans
/// `true` and `false` only, and `0400` as the mode of a file.
fn yaml(text: &str) -> Result<Vec<Value>, CallError> {
    let options = serde_saphyr::options! { strict_booleans: true, legacy_octal_numbers: true };
    let documents = serde_saphyr::from_multiple_with_options::<Value>(text, options);
    let documents = documents.map_err(|error| {
        let place = match error.location() {
            Some(place) => format!(" (line {}, column {})", place.line(), place.column()),
            None => String::new(),
        };
        CallError::new(
            codes::BAD_ARGUMENT,
            format!("the manifest is not YAML{place}"),
            "mend it; `parse_yaml` says more",
        )
    })?;
    Ok(documents
        .into_iter()
        .filter(|document| !document.is_null())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_as_kubectl_reads_it() {
        let read = yaml("mode: 0400\nport: 80\nanswer: yes\nis: true\nid: \"0400\"").unwrap();
        let wanted = json!({"mode": 256, "port": 80, "answer": "yes", "is": true, "id": "0400"});
        assert_eq!(read, [wanted]);
    }
}
