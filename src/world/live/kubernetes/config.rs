//! From an environment's kubeconfig to what the client needs.
//!
//! The crate's own readers ask the process's environment, for the files, for a proxy, and for the
//! cluster that a pod is in; here all of that comes from the call.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use kube::Config;
use kube::config::{AuthInfo, Cluster, Kubeconfig};

use super::plugin;
use crate::credentials::{Environment, kube_files};
use crate::diagnostic::list_and;
use crate::name::nearest;
use crate::secret::base64;
use crate::world::{Call, CallError, codes};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// How long a token counts that is in a file, and half a minute for its last use.
const TOKEN: Duration = Duration::from_secs(90);

/// Where a pod finds its credentials
/// (<https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/>).
const IN_CLUSTER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The texts of kubeconfig files and where they are from.
pub(super) struct Files(Vec<(PathBuf, String)>);

/// What a client is made of.
pub(super) struct Found {
    pub(super) config: Config,
    /// The context's name, or `in-cluster`.
    pub(super) context: String,
    /// When the credentials end, in seconds from now, if somebody said so.
    pub(super) expires: Option<Timestamp>,
}

impl Files {
    /// Reads the files that an environment names; one that is not there is passed over.
    pub(super) async fn read(call: &Call) -> Result<Self, CallError> {
        let paths: Vec<PathBuf> = kube_files(&call.environment)
            .into_iter()
            .map(|path| call.directory.join(path))
            .collect();
        let read = move || {
            let mut files = Vec::new();
            for path in paths {
                match std::fs::read_to_string(&path) {
                    Ok(text) => files.push((path, text)),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => {
                        return Err(unconfigured(
                            format!("`{}` can't be read: {error}", path.display()),
                            "see who may read it",
                        ));
                    }
                }
            }
            Ok(Self(files))
        };
        tokio::task::spawn_blocking(read)
            .await
            .unwrap_or_else(|_| Ok(Self(Vec::new())))
    }

    /// What tells one configuration from another: two calls with the same share a client.
    pub(super) fn key(&self, call: &Call, context: Option<&str>) -> String {
        let mut key = format!("{context:?}\n");
        let mut asks = false;
        for (path, text) in &self.0 {
            key.push_str(&format!("{}\n{text}\n", path.display()));
            asks |= text.contains("exec");
        }
        for (name, value) in call.environment.iter() {
            let name = name.to_string_lossy();
            // A plugin may read any of them, the SDK of a cloud most of all.
            if asks
                || name.starts_with("KUBERNETES_SERVICE_")
                || name.to_ascii_uppercase().ends_with("_PROXY")
            {
                key.push_str(&format!("{name}={}\n", value.to_string_lossy()));
            }
        }
        key
    }

    /// The client's configuration for a context, or for the current one.
    pub(super) async fn found(
        &self,
        call: &Call,
        context: Option<&str>,
    ) -> Result<Found, CallError> {
        if self.0.is_empty() {
            return match in_cluster(&call.environment) {
                Some(found) => Ok(found),
                None => Err(nothing(&call.environment)),
            };
        }
        let mut merged = Kubeconfig::default();
        for (path, text) in &self.0 {
            let wrong = || {
                let place = crate::credentials::current_context(text)
                    .err()
                    .unwrap_or_else(|| "it is no kubeconfig".to_owned());
                unconfigured(
                    format!("`{}` can't be used: {place}", path.display()),
                    "`kubectl config view` says what is wrong with it",
                )
            };
            // Reads the file again, for only this makes the paths in it absolute.
            let one = Kubeconfig::read_from(path).map_err(|_| wrong())?;
            merged = merged.merge(one).map_err(|_| wrong())?;
        }
        let context = context
            .map(str::to_owned)
            .or_else(|| merged.current_context.clone())
            .filter(|context| !context.is_empty())
            .ok_or_else(|| {
                unconfigured(
                    "no Kubernetes context is current".to_owned(),
                    "choose one with `kubectl config use-context`, or with the option `context`",
                )
            })?;
        let (cluster, user, namespace) = chosen(&merged, &context)?;
        let mut config = Config::new(address(&cluster, &context)?);
        config.default_namespace = namespace;
        config.root_cert = authority(&cluster)?;
        config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
        config.tls_server_name.clone_from(&cluster.tls_server_name);
        config.proxy_url = proxy(&cluster, &config.cluster_url, &call.environment, &context)?;
        let (mut user, mut expires) = plugin::signed_in(user, &cluster, &context, call).await?;
        if let Some(until) = trim_token(&mut user, &context)? {
            expires = Some(expires.map_or(until, |end| end.min(until)));
        }
        config.auth_info = user;
        Ok(Found {
            config: settled(config),
            context,
            expires,
        })
    }
}

/// Takes the line end off the token in a file, as the client does not, and says until when the
/// token counts: it may be replaced at any time, and is to be read once a minute.
///
/// # Errors
/// Where a file that the user's entry names can't be read.
#[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
fn trim_token(user: &mut AuthInfo, context: &str) -> Result<Option<Timestamp>, CallError> {
    let named = |file: &str, error: &io::Error| {
        unconfigured(
            format!(
                "`{file}`, which the user of the context `{context}` has, can't be read: {error}"
            ),
            "sign in again, or mend the user's entry in the kubeconfig",
        )
    };
    for file in [&user.client_certificate, &user.client_key]
        .into_iter()
        .flatten()
    {
        std::fs::metadata(file).map_err(|error| named(file, &error))?;
    }
    let Some(file) = user.token_file.clone().filter(|_| user.token.is_none()) else {
        return Ok(None);
    };
    let token = std::fs::read_to_string(&file).map_err(|error| named(&file, &error))?;
    if token.trim() == token {
        return Ok(None);
    }
    user.token = Some(token.trim().to_owned().into());
    user.token_file = None;
    Ok(Some(Timestamp::now() + TOKEN))
}

fn settled(mut config: Config) -> Config {
    config.connect_timeout = Some(CONNECT);
    // Retries are ours, so that what changes something is sent twice only where it was refused.
    config.default_retry = false;
    config
}

fn unconfigured(message: String, help: impl Into<String>) -> CallError {
    CallError::new(codes::UNCONFIGURED, message, help)
}

fn nothing(environment: &Environment) -> CallError {
    let looked: Vec<String> = kube_files(environment)
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    unconfigured(
        match looked.as_slice() {
            [] => "there is no kubeconfig: neither KUBECONFIG nor HOME is set".to_owned(),
            looked => format!("there is no kubeconfig: looked for {}", list_and(looked)),
        },
        "set KUBECONFIG, or make one, as with `aws eks update-kubeconfig`",
    )
}

/// The cluster, user and namespace of a context.
fn chosen(merged: &Kubeconfig, context: &str) -> Result<(Cluster, AuthInfo, String), CallError> {
    let names = || merged.contexts.iter().map(|context| context.name.as_str());
    let entry = merged
        .contexts
        .iter()
        .find(|entry| entry.name == context)
        .and_then(|entry| entry.context.as_ref())
        .ok_or_else(|| {
            let known: Vec<&str> = names().collect();
            unconfigured(
                format!("there is no Kubernetes context `{context}`"),
                match nearest(context, names()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if known.is_empty() => "the kubeconfig has no context".to_owned(),
                    None => format!("there are {}", list_and(&known)),
                },
            )
        })?;
    let cluster = merged
        .clusters
        .iter()
        .find(|cluster| cluster.name == entry.cluster)
        .and_then(|cluster| cluster.cluster.clone())
        .ok_or_else(|| {
            unconfigured(
                format!(
                    "the context `{context}` names the cluster `{}`, which the kubeconfig does not have",
                    entry.cluster
                ),
                "add the cluster, or choose another context",
            )
        })?;
    let user = entry.user.as_ref().and_then(|name| {
        merged
            .auth_infos
            .iter()
            .find(|user| user.name == *name)
            .and_then(|user| user.auth_info.clone())
    });
    let namespace = entry
        .namespace
        .clone()
        .filter(|namespace| !namespace.is_empty())
        .unwrap_or_else(|| "default".to_owned());
    Ok((cluster, user.unwrap_or_default(), namespace))
}

fn address(cluster: &Cluster, context: &str) -> Result<http::Uri, CallError> {
    cluster
        .server
        .as_deref()
        .unwrap_or_default()
        .parse::<http::Uri>()
        .ok()
        .filter(|address| address.authority().is_some())
        .ok_or_else(|| {
            unconfigured(
                format!("the cluster of the context `{context}` has no usable address"),
                "set its `server` in the kubeconfig, as in `https://10.0.0.1:6443`",
            )
        })
}

/// The proxy that leads to a cluster: its own, or that of the environment, as kubectl finds it.
fn proxy(
    cluster: &Cluster,
    address: &http::Uri,
    environment: &Environment,
    context: &str,
) -> Result<Option<http::Uri>, CallError> {
    let either = |names: [&str; 2]| names.into_iter().find_map(|name| environment.text(name));
    let named = match &cluster.proxy_url {
        Some(own) => Some(own.as_str()),
        None if address.scheme_str() != Some("https") => None,
        None => {
            let around = either(["NO_PROXY", "no_proxy"]).unwrap_or_default();
            let host = address.host().unwrap_or_default();
            either(["HTTPS_PROXY", "https_proxy"]).filter(|_| !is_around(host, around))
        }
    };
    let Some(named) = named.filter(|named| !named.is_empty()) else {
        return Ok(None);
    };
    // Without a scheme it is one of HTTP.
    let whole = if named.contains("://") {
        named.to_owned()
    } else {
        format!("http://{named}")
    };
    let parsed = whole.parse::<http::Uri>().ok();
    let usable = parsed.filter(|proxy| {
        matches!(proxy.scheme_str(), Some("http" | "https")) && proxy.authority().is_some()
    });
    match usable {
        Some(proxy) => Ok(Some(proxy)),
        None => Err(unconfigured(
            format!("the proxy before the cluster of the context `{context}` can't be used"),
            "it must be one of HTTP, as in `http://proxy.example.org:3128`",
        )),
    }
}

/// Whether a host is reached without a proxy: it, or a domain that it is in, is named.
fn is_around(host: &str, named: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    // Nobody has a proxy to this machine (as Go's `http.ProxyFromEnvironment` has it).
    if matches!(host, "localhost" | "::1") || host.starts_with("127.") {
        return true;
    }
    named
        .split(',')
        .map(|entry| {
            entry
                .trim()
                .trim_start_matches("*.")
                .trim_start_matches('.')
        })
        .filter(|entry| !entry.is_empty())
        .any(|entry| {
            entry == "*"
                || host.eq_ignore_ascii_case(entry)
                || host
                    .to_ascii_lowercase()
                    .strip_suffix(&entry.to_ascii_lowercase())
                    .is_some_and(|before| before.ends_with('.'))
        })
}

/// The certificates of a cluster's authority, as DER.
fn authority(cluster: &Cluster) -> Result<Option<Vec<Vec<u8>>>, CallError> {
    let text = if let Some(encoded) = &cluster.certificate_authority_data {
        base64::decode(&encoded.split_whitespace().collect::<String>())
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| {
                unconfigured(
                    "`certificate-authority-data` of the kubeconfig is not base64 of a PEM file"
                        .to_owned(),
                    "",
                )
            })?
    } else if let Some(path) = &cluster.certificate_authority {
        std::fs::read_to_string(path).map_err(|error| {
            unconfigured(
                format!("the cluster's certificate authority `{path}` can't be read: {error}"),
                "",
            )
        })?
    } else {
        return Ok(None);
    };
    Ok(Some(certificates(&text)))
}

/// The certificates of a PEM text (RFC 7468).
fn certificates(text: &str) -> Vec<Vec<u8>> {
    text.split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .filter_map(|rest| rest.split_once("-----END CERTIFICATE-----"))
        .filter_map(|(body, _)| base64::decode(&body.split_whitespace().collect::<String>()))
        .collect()
}

/// The cluster that this machine is a pod of, if it is one.
fn in_cluster(environment: &Environment) -> Option<Found> {
    let host = environment.text("KUBERNETES_SERVICE_HOST")?;
    let port = environment.text("KUBERNETES_SERVICE_PORT").unwrap_or("443");
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    let mut config = Config::new(format!("https://{host}:{port}").parse().ok()?);
    let folder = Path::new(IN_CLUSTER);
    let namespace = std::fs::read_to_string(folder.join("namespace")).ok();
    config.default_namespace = namespace
        .map(|namespace| namespace.trim().to_owned())
        .filter(|namespace| !namespace.is_empty())
        .unwrap_or_else(|| "default".to_owned());
    let authority = folder.join("ca.crt");
    config.root_cert = Some(certificates(&std::fs::read_to_string(&authority).ok()?));
    config.root_cert_file = Some(authority);
    config.auth_info.token_file = Some(folder.join("token").display().to_string());
    Some(Found {
        config: settled(config),
        context: "in-cluster".to_owned(),
        expires: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_is_named_is_reached_without_a_proxy() {
        for (host, named, expected) in [
            ("k8s.example.org", "example.org", true),
            ("k8s.example.org", ".example.org, other", true),
            ("k8s.example.org", "*.Example.org", true),
            ("k8s.example.org", "*", true),
            ("k8s.example.org", "s.example.org", false),
            ("k8s.example.org", "", false),
            ("127.0.0.1", "", true),
            ("10.0.0.1", "10.0.0.1", true),
        ] {
            assert_eq!(is_around(host, named), expected, "{host} {named}");
        }
    }

    #[test]
    fn a_proxy_is_that_of_the_cluster_or_of_the_environment() {
        let environment: Environment = [("HTTPS_PROXY".into(), "proxy:3128".into())]
            .into_iter()
            .collect();
        let address: http::Uri = "https://10.0.0.1:6443".parse().expect("an address");
        let found = |own: Option<&str>| {
            let cluster = Cluster {
                proxy_url: own.map(str::to_owned),
                ..Cluster::default()
            };
            proxy(&cluster, &address, &environment, "c").map(|found| found.map(|it| it.to_string()))
        };
        assert_eq!(found(None), Ok(Some("http://proxy:3128/".to_owned())));
        assert_eq!(
            found(Some("http://own:1")),
            Ok(Some("http://own:1/".to_owned()))
        );
        assert!(found(Some("socks5://own:1")).is_err());
    }

    #[test]
    fn certificates_are_read_out_of_a_text_with_others() {
        let text = "x\n-----BEGIN CERTIFICATE-----\naGVs\nbG8=\n-----END CERTIFICATE-----\n\
                    -----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(certificates(text), [b"hello".to_vec()]);
    }
}
