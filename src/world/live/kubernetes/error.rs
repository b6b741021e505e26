//! What it means that a request failed, in one line, and what to do next.

use kube::core::Status;

use super::cluster::Cluster;
use crate::world::{CallError, codes};

/// The reason that `kube` gives an answer which is no `Status`.
const UNPARSED: &str = "Failed to parse error data";

/// So much of a message is repeated.
const SHOWN: usize = 600;

/// What `http_body_util::Limited` says.
const TOO_LONG: &str = "length limit exceeded";

/// A cluster said no, or could not be asked.
#[derive(Debug)]
pub(in crate::world::live) struct Refusal {
    /// The status of the HTTP answer; 0 where there was none.
    pub(in crate::world::live) status: u16,
    pub(in crate::world::live) error: CallError,
}

impl Refusal {
    /// Whether what was asked for is not there.
    pub(in crate::world::live) fn is_absent(&self) -> bool {
        self.status == 404
    }
}

impl From<Refusal> for CallError {
    fn from(refusal: Refusal) -> Self {
        refusal.error
    }
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Self {
        Self { status: 0, error }
    }
}

/// An answer that is not what a server of Kubernetes says.
pub(super) fn unreadable(cluster: &Cluster) -> CallError {
    CallError::new(
        codes::BAD_ANSWER,
        format!("`{}` does not answer as Kubernetes does", cluster.address),
        "see whether the address in the kubeconfig is the API server's",
    )
}

/// What the client can't be made of.
pub(super) fn unusable(error: &kube::Error, context: &str, address: &str) -> CallError {
    CallError::new(
        codes::UNCONFIGURED,
        format!(
            "the credentials of the context `{context}` for `{address}` can't be used: {}",
            chain(error)
        ),
        "see the user's entry in the kubeconfig",
    )
}

/// What an error of the client means.
pub(super) fn refusal(error: kube::Error, cluster: &Cluster) -> Refusal {
    match error {
        kube::Error::Api(status) => Refusal {
            status: status.code,
            error: answered(&status, cluster),
        },
        kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => unreadable(cluster).into(),
        error => unreachable(&error, cluster).into(),
    }
}

/// What the server said.
fn answered(status: &Status, cluster: &Cluster) -> CallError {
    let message: String = one_line(&status.message).chars().take(SHOWN).collect();
    let context = &cluster.context;
    if let Some((message, help)) = conflict(status) {
        return CallError::new("Conflict", message, help);
    }
    let reason = match (status.reason.as_str(), status.code) {
        // What stands before the server may answer in its own words, or with a page for people.
        ("" | "Unknown" | UNPARSED, 401) => "Unauthorized",
        ("" | "Unknown" | UNPARSED, 403) => "Forbidden",
        ("" | "Unknown" | UNPARSED, 404) => "NotFound",
        ("" | "Unknown" | UNPARSED, 429) => "TooManyRequests",
        ("" | "Unknown" | UNPARSED, _) => "InternalError",
        (reason, _) => reason,
    };
    let (message, help) = match reason {
        "Unauthorized" => (
            format!("the cluster of the context `{context}` does not know who asks"),
            "the credentials in the kubeconfig are wrong or have expired: sign in again".to_owned(),
        ),
        "Forbidden" if message.contains("\"system:anonymous\"") => (
            format!("the cluster of the context `{context}` takes us for anybody: {message}"),
            "the user's entry in the kubeconfig has no credentials, or none that it accepts: sign \
             in again"
                .to_owned(),
        ),
        "Forbidden" => (
            message,
            format!("ask for the right, or use a context that has it (this is `{context}`)"),
        ),
        "NotFound" => (message, String::new()),
        "AlreadyExists" => (
            message,
            "delete it first, or choose another name".to_owned(),
        ),
        "Conflict" => (
            message,
            "somebody else changed it meanwhile; look at it again".to_owned(),
        ),
        _ if message.contains("expected string, got") => (
            message,
            "a label or annotation must be a text: give it as \"true\"".to_owned(),
        ),
        "BadRequest" if message.contains("container name must be specified") => {
            (message, "say which with the option `container`".to_owned())
        }
        "BadRequest" if message.contains("selector") || message.contains("requirement") => (
            message,
            "mend `selector` or `fields`, as in \"app=api,tier!=cache\"".to_owned(),
        ),
        "Invalid" | "BadRequest" => (message, "mend what was sent".to_owned()),
        "TooManyRequests" => (message, "the server is busy; try again later".to_owned()),
        _ => (message, String::new()),
    };
    let message = if message.is_empty() {
        format!("the server answered with status {}", status.code)
    } else {
        message
    };
    CallError::new(reason, message, help)
}

/// Fields that other managers own, told by their managers' names
/// (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts>).
fn conflict(status: &Status) -> Option<(String, String)> {
    let details = status.details.as_ref()?;
    let mut owners: Vec<(&str, Vec<&str>)> = Vec::new();
    for cause in &details.causes {
        if cause.reason != "FieldManagerConflict" {
            continue;
        }
        // As in: conflict with "helm" using apps/v1
        let owner = cause.message.split('"').nth(1).unwrap_or("another manager");
        match owners.iter_mut().find(|(known, _)| *known == owner) {
            Some((_, fields)) => fields.push(&cause.field),
            None => owners.push((owner, vec![&cause.field])),
        }
    }
    if owners.is_empty() {
        return None;
    }
    let parts: Vec<String> = owners
        .iter()
        .map(|(owner, fields)| {
            let fields: Vec<String> = fields
                .iter()
                .map(|field| format!("`{}`", field.trim_start_matches('.')))
                .collect();
            format!("`{owner}` owns {}", fields.join(", "))
        })
        .collect();
    let names: Vec<String> = owners
        .iter()
        .map(|(owner, _)| format!("`{owner}`"))
        .collect();
    let object = if details.name.is_empty() {
        String::new()
    } else {
        format!(" of {} `{}`", details.kind, details.name)
    };
    Some((
        format!("{}{object}", parts.join(", and ")),
        format!(
            "change it through {}, or take the fields over with `force: true`",
            names.join(" and ")
        ),
    ))
}

/// Why a server could not be asked.
fn unreachable(error: &kube::Error, cluster: &Cluster) -> CallError {
    let chain = chain(error);
    let (context, address) = (&cluster.context, &cluster.address);
    if chain.contains(TOO_LONG) {
        return CallError::new(
            codes::BAD_ANSWER,
            format!("what `{address}` answers is too long to be read (context `{context}`)"),
            "ask for less, as with `selector`, or see who answers there",
        );
    }
    let certificate = |message: &str, help: &str| {
        CallError::new(
            "CertificateInvalid",
            format!("{message} `{address}` (context `{context}`)"),
            help,
        )
    };
    // An alert is what the far side says of our certificate.
    if chain.contains("CertificateExpired") {
        return certificate(
            "our client certificate has expired, says",
            "sign in again, or renew the client certificate in the kubeconfig",
        );
    }
    if chain.contains("certificate expired") || chain.contains("not valid yet") {
        return certificate(
            "the certificate has expired or is not valid yet: that of",
            "renew the server's certificate, or see whether this machine's clock is right",
        );
    }
    if chain.contains("not valid for name") {
        return certificate(
            "the certificate is another host's than the one of",
            "see `server` of the cluster in the kubeconfig, or give its `tls-server-name`",
        );
    }
    if chain.contains("UnknownIssuer") || chain.contains("invalid peer certificate") {
        return certificate(
            "the kubeconfig's authority did not issue the certificate of",
            "see `certificate-authority` of the cluster in the kubeconfig",
        );
    }
    CallError::new(
        codes::UNREACHABLE,
        format!("the cluster of the context `{context}` can't be reached at `{address}`: {chain}"),
        "see whether the cluster runs and whether this machine reaches it (VPN, tunnel, firewall)",
    )
}

/// Whether another attempt would fail in the same way.
pub(super) fn is_hopeless(error: &kube::Error) -> bool {
    let chain = chain(error);
    [
        "refused",
        "certificate",
        "dns",
        "No route",
        "unreachable",
        TOO_LONG,
    ]
    .iter()
    .any(|word| chain.contains(word))
}

/// The innermost cause, which says most.
fn chain(error: &kube::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    one_line(&cause.to_string())
}

fn one_line(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests {
    use kube::core::response::{StatusCause, StatusDetails};

    use super::*;

    #[test]
    fn a_conflict_names_the_managers_and_their_fields() {
        let cause = |owner: &str, field: &str| StatusCause {
            reason: "FieldManagerConflict".to_owned(),
            message: format!("conflict with \"{owner}\" using apps/v1"),
            field: field.to_owned(),
        };
        let mut status = Status::failure("Apply failed with 3 conflicts", "Conflict");
        status.details = Some(StatusDetails {
            name: "api".to_owned(),
            group: "apps".to_owned(),
            kind: "deployments".to_owned(),
            uid: String::new(),
            causes: vec![
                cause("helm", ".spec.replicas"),
                cause("kubectl", ".metadata.labels.app"),
                cause("helm", ".spec.paused"),
            ],
            retry_after_seconds: 0,
        });
        let (message, help) = conflict(&status).expect("it is one");
        assert_eq!(
            message,
            "`helm` owns `spec.replicas`, `spec.paused`, and `kubectl` owns \
             `metadata.labels.app` of deployments `api`"
        );
        assert_eq!(
            help,
            "change it through `helm` and `kubectl`, or take the fields over with `force: true`"
        );
        assert_eq!(conflict(&Status::failure("no", "Conflict")), None);
    }
}
