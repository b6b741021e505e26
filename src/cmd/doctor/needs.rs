//! What the runbooks of a folder need: tools and their versions.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use runbook::document::Document;
use runbook::source::Source;
use semver::{Version, VersionReq};

use super::super::check::pages;
use super::super::page::text_of;
use super::super::surroundings::Surroundings;

/// How many pages are read: `doctor` may be called in a folder that is no project.
const ENOUGH: usize = 2000;

/// A tool that some runbook requires.
#[derive(Debug, Default)]
pub(super) struct Need {
    /// The versions that will do, and the first page that says so.
    wanted: Vec<(VersionReq, String)>,
}

/// The tools that the runbooks of the working directory require.
pub(super) fn of(surroundings: &Surroundings) -> BTreeMap<String, Need> {
    let mut files = Vec::new();
    // A folder that can't be read has no runbooks.
    let _ = pages(&surroundings.directory, Path::new("."), &mut files);
    let mut needs: BTreeMap<String, Need> = BTreeMap::new();
    for file in files.into_iter().take(ENOUGH) {
        let Ok(text) = text_of(&surroundings.directory, &file) else {
            continue;
        };
        // Only front matter says it, and parsing the rest of every page takes time.
        if !text.starts_with("---") {
            continue;
        }
        let name = file.display().to_string();
        let (document, _) = Document::parse(Arc::new(Source::new(name.clone(), text)));
        for tool in document.front_matter.requires.tools {
            let need = needs.entry(tool.name.value).or_default();
            if need.wanted.iter().all(|(other, _)| *other != tool.versions) {
                need.wanted.push((tool.versions, name.clone()));
            }
        }
    }
    needs
}

impl Need {
    /// What a version that is there does not do; the tool may not be there at all.
    pub(super) fn unmet(&self, there: bool, version: Option<&Version>) -> Vec<String> {
        self.wanted
            .iter()
            .filter(|(wanted, _)| {
                let any = *wanted == VersionReq::STAR;
                !there || !(any || version.is_some_and(|version| wanted.matches(version)))
            })
            .map(|(wanted, page)| format!("{wanted} is required by {page}"))
            .collect()
    }
}
