//! The kinds that a cluster serves, custom ones included, under the names that kubectl takes.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIResourceList;
use kube::core::discovery::v2::APIGroupDiscoveryList;

use super::cluster::{Cluster, Request, encoded};
use crate::name::nearest;
use crate::value::Value;
use crate::world::CallError;

/// All groups with all their kinds in one answer
/// (<https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery>); a server
/// that does not know it answers with the groups alone.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// The code of an error about a word that names no kind.
const UNKNOWN_KIND: &str = "UnknownKind";

/// One kind of objects in one version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::world::live) struct Kind {
    /// Empty for the core.
    pub(super) group: String,
    pub(super) version: String,
    /// As in `Deployment`.
    pub(super) kind: String,
    /// As in `deployments`.
    pub(super) plural: String,
    singular: String,
    short: Vec<String>,
    pub(super) namespaced: bool,
    verbs: Vec<String>,
}

impl Kind {
    /// `apps/v1`, or `v1` for the core.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// The word for messages: `pod`, `externalsecret`.
    pub(super) fn word(&self) -> &str {
        if self.singular.is_empty() {
            &self.plural
        } else {
            &self.singular
        }
    }

    /// Where its objects are; of all namespaces where none is given.
    pub(in crate::world::live) fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => {
                format!("{root}/namespaces/{}/{}", encoded(namespace), self.plural)
            }
            None => format!("{root}/{}", self.plural),
        }
    }

    fn is_called(&self, word: &str) -> bool {
        self.plural == word || self.singular == word || self.kind.to_lowercase() == word
    }
}

/// All kinds, the more important groups and versions first.
#[derive(Debug, Default)]
pub(super) struct Kinds(Vec<Kind>);

impl Kinds {
    /// Asks a server what it serves.
    pub(super) async fn ask(cluster: &Cluster) -> Result<Self, CallError> {
        let mut kinds = Vec::new();
        for root in ["/api", "/apis"] {
            let answer = cluster
                .json(&Request::get(root).accepting(AGGREGATED))
                .await?;
            if answer["kind"] == "APIGroupDiscoveryList" {
                let groups = serde_json::from_value::<APIGroupDiscoveryList>(answer)
                    .map_err(|_| super::error::unreadable(cluster))?;
                kinds.extend(aggregated(groups));
                continue;
            }
            for version in versions(root, &answer) {
                // One that answers for a group may be down; the others still serve.
                if let Ok(list) = cluster.json(&Request::get(&version)).await {
                    kinds.extend(serde_json::from_value(list).map(listed).unwrap_or_default());
                }
            }
        }
        Ok(Self(kinds))
    }

    /// The kind that a word names: its kind, plural, singular or short name, alone or with its
    /// group (`deployments.apps`) or version and group (`deployments.v1.apps`).
    pub(super) fn find(&self, word: &str) -> Result<Kind, CallError> {
        let lower = word.trim().to_lowercase();
        let (name, rest) = lower.split_once('.').unwrap_or((&lower, ""));
        let fits = |kind: &&Kind| {
            rest.is_empty()
                || kind.group == rest
                || rest == kind.version
                || rest
                    .strip_prefix(&kind.version)
                    .is_some_and(|rest| rest.strip_prefix('.') == Some(&kind.group))
                // kubectl takes the beginning of a group too.
                || kind.group.starts_with(&format!("{rest}."))
        };
        let candidates = || self.0.iter().filter(fits);
        candidates()
            .find(|kind| kind.is_called(name))
            .or_else(|| candidates().find(|kind| kind.short.iter().any(|short| short == name)))
            .cloned()
            .ok_or_else(|| self.unknown(word, name))
    }

    /// The kind of a manifest.
    pub(super) fn find_exactly(&self, version: &str, kind: &str) -> Result<Kind, CallError> {
        let found = self
            .0
            .iter()
            .find(|known| known.kind == kind && known.api_version() == version);
        if let Some(found) = found {
            return Ok(found.clone());
        }
        let others: Vec<String> = self
            .0
            .iter()
            .filter(|known| known.kind == kind)
            .map(|known| format!("`{}`", known.api_version()))
            .collect();
        if others.is_empty() {
            return Err(self.unknown(kind, &kind.to_lowercase()));
        }
        Err(CallError::new(
            UNKNOWN_KIND,
            format!("the cluster has no kind `{kind}` of the version `{version}`"),
            format!("it has it of {}", others.join(" and ")),
        ))
    }

    fn unknown(&self, word: &str, name: &str) -> CallError {
        let names = self.0.iter().flat_map(|kind| {
            [kind.singular.as_str(), kind.plural.as_str()]
                .into_iter()
                .chain(
                    kind.short
                        .iter()
                        .map(String::as_str)
                        .filter(|short| short.len() > 2),
                )
        });
        CallError::new(
            UNKNOWN_KIND,
            format!("the cluster has no kind `{word}`"),
            match nearest(name, names.filter(|name| !name.is_empty())) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "a custom kind is there only when its CRD is installed; \
                         `kubectl api-resources` lists all"
                    .to_owned(),
            },
        )
    }
}

fn aggregated(groups: APIGroupDiscoveryList) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for group in groups.items {
        let name = group.metadata.and_then(|metadata| metadata.name);
        for version in group.versions {
            for resource in version.resources {
                let of = resource.response_kind.unwrap_or_default();
                let kind = Kind {
                    group: name.clone().unwrap_or_default(),
                    version: version.version.clone().unwrap_or_default(),
                    kind: of.kind.unwrap_or_default(),
                    plural: resource.resource.unwrap_or_default(),
                    singular: resource.singular_resource.unwrap_or_default(),
                    short: resource.short_names,
                    namespaced: resource.scope.as_deref() == Some("Namespaced"),
                    verbs: resource.verbs,
                };
                // Without these it is a question that is put as an object, as a TokenReview.
                if kind
                    .verbs
                    .iter()
                    .any(|verb| verb == "get" || verb == "list")
                {
                    kinds.push(kind);
                }
            }
        }
    }
    kinds
}

/// The paths of all versions of all groups, the preferred version of a group first.
fn versions(root: &str, answer: &Value) -> Vec<String> {
    if root == "/api" {
        let versions = answer["versions"].as_array().into_iter().flatten();
        return versions
            .filter_map(Value::as_str)
            .map(|version| format!("/api/{version}"))
            .collect();
    }
    let groups = answer["groups"].as_array().into_iter().flatten();
    groups
        .flat_map(|group| {
            let preferred = group["preferredVersion"]["groupVersion"].as_str();
            let others = group["versions"].as_array().into_iter().flatten();
            let others = others
                .filter_map(|version| version["groupVersion"].as_str())
                .filter(move |version| Some(*version) != preferred);
            preferred.into_iter().chain(others)
        })
        .map(|version| format!("/apis/{version}"))
        .collect()
}

/// The kinds of one version, in the older form; subresources are none.
fn listed(list: APIResourceList) -> Vec<Kind> {
    let (group, version) = match list.group_version.split_once('/') {
        Some((group, version)) => (group.to_owned(), version.to_owned()),
        None => (String::new(), list.group_version),
    };
    let resources = list.resources.into_iter();
    resources
        .filter(|resource| !resource.name.contains('/'))
        .map(|resource| Kind {
            group: group.clone(),
            version: version.clone(),
            kind: resource.kind,
            plural: resource.name,
            singular: resource.singular_name,
            short: resource.short_names.unwrap_or_default(),
            namespaced: resource.namespaced,
            verbs: resource.verbs,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kinds() -> Kinds {
        let core = json!({"groupVersion": "v1", "resources": [
            {"name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod",
             "shortNames": ["po"], "verbs": ["get", "list"]},
            {"name": "pods/log", "singularName": "", "namespaced": true, "kind": "Pod",
             "verbs": ["get"]},
            {"name": "events", "singularName": "event", "namespaced": true, "kind": "Event",
             "shortNames": ["ev"], "verbs": ["get", "list"]},
        ]});
        let apps = json!({"groupVersion": "apps/v1", "resources": [
            {"name": "deployments", "singularName": "deployment", "namespaced": true,
             "kind": "Deployment", "shortNames": ["deploy"], "verbs": ["get"]},
        ]});
        let events = json!({"groupVersion": "events.k8s.io/v1", "resources": [
            {"name": "events", "singularName": "event", "namespaced": true, "kind": "Event",
             "verbs": ["get"]},
        ]});
        let eso = json!({"groupVersion": "external-secrets.io/v1beta1", "resources": [
            {"name": "clustersecretstores", "singularName": "clustersecretstore",
             "namespaced": false, "kind": "ClusterSecretStore", "shortNames": ["css"],
             "verbs": ["get"]},
        ]});
        let lists = [core, apps, events, eso].into_iter();
        let read = |list| serde_json::from_value(list).map(listed).expect("a list");
        Kinds(lists.flat_map(read).collect())
    }

    #[track_caller]
    fn case(word: &str, expected: &str) {
        let kind = kinds().find(word).expect("it is there");
        assert_eq!(kind.path(Some("a")), expected, "{word}");
    }

    #[test]
    fn a_kind_goes_by_all_names_that_kubectl_takes() {
        for word in ["pod", "pods", "po", "Pod", "PODS", "pods.v1"] {
            case(word, "/api/v1/namespaces/a/pods");
        }
        for word in [
            "deploy",
            "Deployment",
            "deployments.apps",
            "deployment.v1.apps",
            "deploy.apps",
        ] {
            case(word, "/apis/apps/v1/namespaces/a/deployments");
        }
        // The core goes first, unless the group is given.
        case("events", "/api/v1/namespaces/a/events");
        case(
            "events.events.k8s.io",
            "/apis/events.k8s.io/v1/namespaces/a/events",
        );
        // What belongs to no namespace has none in its path.
        case(
            "css",
            "/apis/external-secrets.io/v1beta1/clustersecretstores",
        );
        case(
            "clustersecretstore.external-secrets",
            "/apis/external-secrets.io/v1beta1/clustersecretstores",
        );
    }

    #[test]
    fn an_unknown_kind_is_told_with_the_nearest() {
        let error = kinds().find("deploymnet").unwrap_err();
        assert_eq!(error.message, "the cluster has no kind `deploymnet`");
        assert_eq!(error.help, "did you mean `deployment`?");
        let error = kinds().find("securitygrouppolicy").unwrap_err();
        assert!(error.help.contains("CRD"), "{}", error.help);
    }

    #[test]
    fn a_manifest_of_another_version_is_told_which_there_are() {
        let error = kinds()
            .find_exactly("apps/v1beta1", "Deployment")
            .unwrap_err();
        assert_eq!(
            error.message,
            "the cluster has no kind `Deployment` of the version `apps/v1beta1`"
        );
        assert_eq!(error.help, "it has it of `apps/v1`");
        assert!(kinds().find_exactly("apps/v1", "Deployment").is_ok());
    }

    #[test]
    fn the_preferred_version_goes_first() {
        let answer = json!({"groups": [{
            "preferredVersion": {"groupVersion": "a/v2"},
            "versions": [{"groupVersion": "a/v1"}, {"groupVersion": "a/v2"}],
        }]});
        assert_eq!(versions("/apis", &answer), ["/apis/a/v2", "/apis/a/v1"]);
    }
}
