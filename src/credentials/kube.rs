//! Which cluster a kubeconfig points at.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Environment;

/// The kubeconfig files of an environment, the first one first
/// (<https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/>).
#[must_use]
pub fn files(environment: &Environment) -> Vec<PathBuf> {
    match environment.text("KUBECONFIG") {
        Some(list) => std::env::split_paths(list)
            .filter(|path| !path.as_os_str().is_empty())
            .collect(),
        None => environment
            .text("HOME")
            .map(|home| Path::new(home).join(".kube").join("config"))
            .into_iter()
            .collect(),
    }
}

/// The context that a kubeconfig says is current, if it says one. Of several files the first
/// that says one counts
/// (<https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files>).
///
/// ```
/// use runbook::credentials::current_context;
/// assert_eq!(current_context("current-context: prod\nclusters: []\n"), Ok(Some("prod".to_owned())));
/// assert_eq!(current_context("current-context: ''\n"), Ok(None));
/// ```
///
/// # Errors
/// Says where the text is no kubeconfig; never what stands there, for it may be a secret.
pub fn current_context(text: &str) -> Result<Option<String>, String> {
    #[derive(Default, Deserialize)]
    struct Config {
        #[serde(default, rename = "current-context")]
        current: Option<String>,
    }
    if text.trim().is_empty() {
        return Ok(None);
    }
    serde_saphyr::from_str::<Config>(text)
        .map(|config| config.current.filter(|context| !context.is_empty()))
        .map_err(|error| match error.location() {
            Some(place) => format!("it is no kubeconfig, see line {}", place.line()),
            None => "it is no kubeconfig".to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_the_variable_names_counts() {
        let environment: Environment = [("KUBECONFIG", "/a:/b::"), ("HOME", "/h")]
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        assert_eq!(files(&environment), [Path::new("/a"), Path::new("/b")]);
        let environment: Environment = [("HOME".into(), "/h".into())].into_iter().collect();
        assert_eq!(files(&environment), [Path::new("/h/.kube/config")]);
    }

    #[test]
    fn a_text_that_is_no_kubeconfig_is_not_told() {
        assert_eq!(current_context(""), Ok(None));
        assert_eq!(current_context("apiVersion: v1\n"), Ok(None));
        let wrong = current_context("a: b\ntoken: [hunter2\n").unwrap_err();
        assert!(!wrong.contains("hunter2"), "{wrong}");
    }
}
