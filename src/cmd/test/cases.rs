//! Which runbook is tested against which recording.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use runbook::plan::{Given, Origin};
use runbook::recording::Recording;

use super::super::failure::Failure;
use super::super::on_recording;
use super::super::project::{Chosen, Project, folder_of};
use super::super::surroundings::Surroundings;

/// A runbook and the recording that it must go along with.
pub(crate) struct Tested {
    /// The page.
    pub(crate) page: PathBuf,
    /// The page's path for people.
    pub(crate) shown: String,
    /// The target with the recording.
    pub(crate) target: Chosen,
    /// Inputs that take the place of the recorded ones.
    pub(crate) inputs: Vec<Given>,
    /// How steps must end, where it is not as recorded.
    pub(crate) status: BTreeMap<String, String>,
    /// The recording, or why it can't be read.
    pub(crate) recording: Result<Recording, String>,
}

/// Finds the cases: those of `[[test]]`, and every other recording with its own runbook.
///
/// # Errors
/// Where there is none, or `runbook.toml` is wrong.
pub(crate) fn find(paths: &[PathBuf], surroundings: &Surroundings) -> Result<Vec<Tested>, Failure> {
    let first = paths.first().map_or(Path::new("."), |path| {
        if surroundings.directory.join(path).is_dir() {
            path
        } else {
            folder_of(path)
        }
    });
    let project = Project::find(first, surroundings)?;
    let mut found = Vec::new();
    for test in project.tests() {
        let page = project.root().join(&test.runbook);
        let target = project.target(test.target.as_deref(), None)?;
        let Some(target) = target.filter(|target| target.recording.is_some()) else {
            let name = test.target.as_deref().unwrap_or("the default");
            return Err(Failure::wrong(format!(
                "the test of `{}` has no recording: the target `{name}` has none",
                test.runbook.display()
            ))
            .help("add `recording = \"FILE\"` to the target in `runbook.toml`"));
        };
        let inputs = test.inputs.iter().map(|(name, value)| Given {
            name: name.clone(),
            text: match value {
                toml::Value::String(text) => text.clone(),
                other => other.to_string(),
            },
            origin: Origin::File,
        });
        found.push(Tested {
            recording: read(&target, surroundings),
            shown: shown(&page, surroundings),
            inputs: inputs.collect(),
            status: test.status.clone(),
            page,
            target,
        });
    }
    for target in project.recordings() {
        if found.iter().any(|tested| tested.target.name == target.name) {
            continue;
        }
        let recording = read(&target, surroundings);
        let page = match &recording {
            Ok(recording) => on_recording::page_of(recording, project.root()),
            Err(_) => target.recording.clone().unwrap_or_default(),
        };
        found.push(Tested {
            shown: shown(&page, surroundings),
            page,
            target,
            inputs: Vec::new(),
            status: BTreeMap::new(),
            recording,
        });
    }
    let wanted: Vec<PathBuf> = paths
        .iter()
        .map(|path| surroundings.directory.join(path).components().collect())
        .collect();
    if !wanted.is_empty() {
        found.retain(|tested| wanted.iter().any(|path| tested.page.starts_with(path)));
    }
    if found.is_empty() {
        return Err(Failure::wrong("there is nothing to test: no runbook here has a recording")
            .help("write one with `runbook export RUN -o FILE`, and name it in `runbook.toml` as `recording` of a `[target.NAME]`"));
    }
    Ok(found)
}

fn read(target: &Chosen, surroundings: &Surroundings) -> Result<Recording, String> {
    on_recording::read(target, surroundings).map_err(|failure| failure.message())
}

fn shown(page: &Path, surroundings: &Surroundings) -> String {
    page.strip_prefix(&surroundings.directory)
        .unwrap_or(page)
        .display()
        .to_string()
}
