//! Which Kubernetes context is current, read from the kubeconfig files.

use std::io;
use std::path::PathBuf;

use crate::credentials::{Environment, NoContext, current_context, kube_files};

/// The context that the first kubeconfig with one says is current.
pub(super) async fn context(
    environment: Environment,
    directory: PathBuf,
) -> Result<String, NoContext> {
    let found = tokio::task::spawn_blocking(move || read(&environment, &directory)).await;
    found.unwrap_or(Err(NoContext::Unknown))
}

fn read(environment: &Environment, directory: &std::path::Path) -> Result<String, NoContext> {
    let files = kube_files(environment);
    for file in &files {
        let unreadable = |reason: String| NoContext::Unreadable {
            path: file.display().to_string(),
            reason,
        };
        let text = match std::fs::read_to_string(directory.join(file)) {
            Ok(text) => text,
            // kubectl passes over files that are not there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(unreadable(error.to_string())),
        };
        if let Some(context) = current_context(&text).map_err(unreadable)? {
            return Ok(context);
        }
    }
    let names: Vec<String> = files
        .iter()
        .map(|file| format!("`{}`", file.display()))
        .collect();
    Err(NoContext::Absent {
        looked: match names.as_slice() {
            [] => "there is no kubeconfig: neither KUBECONFIG nor HOME is set".to_owned(),
            names => format!("looked at {}", names.join(", ")),
        },
    })
}
