//! A chart of our own, small enough to be read.

use std::path::PathBuf;

use crate::components::{or_skip, program};
use crate::page::Page;

/// The versions of Helm that are there, each with the name of its major version.
pub(crate) fn helms() -> Vec<(&'static str, PathBuf)> {
    ["helm3", "helm4"]
        .into_iter()
        .filter_map(|name| Some((name, or_skip(program(name))?)))
        .collect()
}

/// Writes the chart beside a page; with `hook`, an upgrade begins with a job that never ends.
pub(crate) fn chart(page: Page, folder: &str, hook: bool) -> Page {
    let page = page
        .file(
            &format!("{folder}/Chart.yaml"),
            "apiVersion: v2\nname: tracecat\nversion: 0.3.1\nappVersion: 1.0.0-beta.17\n",
        )
        .file(
            &format!("{folder}/values.yaml"),
            "colour: green\nreplicas: 1\naccess: \"false\"\n",
        )
        .file(
            &format!("{folder}/templates/settings.yaml"),
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-settings\n  \
             labels: {access: {{ .Values.access | toJson }}}\n\
             data:\n  colour: {{ .Values.colour | quote }}\n  \
             replicas: {{ .Values.replicas | quote }}\n  \
             kind: {{ kindOf .Values.access }}\n",
        );
    if !hook {
        return page;
    }
    page.file(
        &format!("{folder}/templates/hook.yaml"),
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {{ .Release.Name }}-migrate\n  \
         annotations: {helm.sh/hook: pre-upgrade}\n\
         spec:\n  template:\n    spec:\n      restartPolicy: Never\n      \
         containers: [{name: main, image: example.test/migrate}]\n",
    )
}
