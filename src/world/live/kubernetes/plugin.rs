//! Credentials that a kubeconfig leaves to a program
//! (<https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>).
//!
//! The crate would start it with the process's own environment; here it runs as any other
//! process, and what it answers is put in its place.

use std::ffi::OsString;
use std::time::Duration;

use jiff::Timestamp;
use kube::config::{AuthInfo, Cluster, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::super::shell;
use crate::secret::base64::{self, STANDARD};
use crate::world::{
    Call, CallError, Chunk, End, Origin, Process, SpawnError, Stdin, Stream, codes,
};

/// How long a plugin may take: one may sign in over the network.
const PLUGIN: Duration = Duration::from_secs(30);
/// More than any answer has.
const LONGEST: usize = 256 * 1024;

#[derive(Deserialize)]
struct Answer {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<Timestamp>,
}

/// A user with the credentials that its plugin gave, and when they end.
pub(super) async fn signed_in(
    mut user: AuthInfo,
    cluster: &Cluster,
    context: &str,
    call: &Call,
) -> Result<(AuthInfo, Option<Timestamp>), CallError> {
    if let Some(provider) = user.auth_provider.take() {
        // Removed from kubectl with 1.26; the crate would start programs for some.
        let token = provider.config.get("id-token").cloned();
        let Some(token) = token.filter(|_| provider.name == "oidc") else {
            return Err(CallError::new(
                codes::UNCONFIGURED,
                format!(
                    "the context `{context}` signs in by the `auth-provider` `{}`, which is no longer supported",
                    provider.name
                ),
                "use the plugin that took its place, by `exec` in the kubeconfig",
            ));
        };
        user.token = Some(token.into());
    }
    let Some(exec) = user.exec.take() else {
        return Ok((user, None));
    };
    if user.token.is_some() || user.token_file.is_some() {
        return Ok((user, None));
    }
    let status = ask(&exec, cluster, context, call).await?;
    user.token = status.token.map(Into::into);
    if let (Some(certificate), Some(key)) = (status.client_certificate_data, status.client_key_data)
    {
        user.client_certificate_data = Some(base64::encode(certificate.as_bytes(), STANDARD));
        user.client_key_data = Some(base64::encode(key.as_bytes(), STANDARD).into());
    }
    Ok((user, status.expiration_timestamp))
}

async fn ask(
    exec: &ExecConfig,
    cluster: &Cluster,
    context: &str,
    call: &Call,
) -> Result<Status, CallError> {
    let program = exec.command.as_deref().unwrap_or_default();
    let unusable = |reason: String, help: &str| {
        CallError::new(
            codes::UNCONFIGURED,
            format!("`{program}`, which signs in to the context `{context}`, {reason}"),
            help,
        )
    };
    if exec.interactive_mode == Some(ExecInteractiveMode::Always) {
        return Err(unusable(
            "needs a terminal".to_owned(),
            "sign in with it first, in a way that it remembers",
        ));
    }
    let mut environment = call.environment.clone();
    for variable in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            environment.set(name, value);
        }
    }
    let version = exec
        .api_version
        .as_deref()
        .unwrap_or("client.authentication.k8s.io/v1");
    let mut about = json!({
        "apiVersion": version,
        "kind": "ExecCredential",
        "spec": { "interactive": false },
    });
    if exec.provide_cluster_info {
        about["spec"]["cluster"] = json!({
            "server": cluster.server,
            "tls-server-name": cluster.tls_server_name,
            "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify.unwrap_or(false),
            "certificate-authority-data": cluster.certificate_authority_data,
        });
    }
    environment.set("KUBERNETES_EXEC_INFO", about.to_string());
    let mut argv = vec![OsString::from(program)];
    argv.extend(exec.args.iter().flatten().map(OsString::from));
    let process = Process {
        origin: Origin::default(),
        argv,
        environment,
        directory: call.directory.clone(),
        stdin: Stdin::Null,
        timeout: Some(PLUGIN),
        grace: Duration::from_secs(1),
        script: None,
    };
    let (sender, output) = mpsc::channel(16);
    let (exit, (said, complaint)) = tokio::join!(
        shell::run(process, sender, CancellationToken::new()),
        collect(output)
    );
    let exit = exit.map_err(|error| match error {
        SpawnError::NotFound { .. } => CallError::new(
            codes::NO_PROGRAM,
            format!("`{program}`, which signs in to the context `{context}`, is not installed"),
            exec.install_hint
                .as_deref()
                .and_then(|hint| hint.trim().lines().next())
                .unwrap_or("install it, or put it on PATH"),
        ),
        error => unusable(format!("can't be started: {error}"), ""),
    })?;
    match exit.end {
        End::Code(0) => {}
        End::Code(code) => {
            let complaint = complaint
                .lines()
                .rfind(|line| !line.trim().is_empty())
                .map(|line| format!(": {}", line.trim()))
                .unwrap_or_default();
            return Err(unusable(
                format!("ended with exit status {code}{complaint}"),
                "run it by hand; `runbook doctor` shows where credentials come from",
            ));
        }
        End::TimedOut => {
            return Err(unusable(
                format!("did not answer within {} seconds", PLUGIN.as_secs()),
                "run it by hand",
            ));
        }
        End::Signal(_) | End::Cancelled => return Err(unusable("was ended".to_owned(), "")),
    }
    serde_json::from_slice::<Answer>(&said)
        .ok()
        .and_then(|answer| answer.status)
        .filter(|status| status.token.is_some() || status.client_certificate_data.is_some())
        .ok_or_else(|| unusable("does not answer with an ExecCredential".to_owned(), ""))
}

/// What a process writes: standard output, and standard error as text.
async fn collect(mut output: mpsc::Receiver<Chunk>) -> (Vec<u8>, String) {
    let (mut said, mut complaint) = (Vec::new(), Vec::new());
    while let Some(chunk) = output.recv().await {
        let kept = match chunk.stream {
            Stream::Stdout => &mut said,
            Stream::Stderr => &mut complaint,
        };
        if kept.len() < LONGEST {
            kept.extend(chunk.bytes);
        }
    }
    (said, String::from_utf8_lossy(&complaint).into_owned())
}
