//! `runbook list`: the runbooks of a folder with their last run.

use std::collections::HashMap;
use std::path::PathBuf;

use runbook::diagnostic::Severity;
use runbook::graph::StepKind;
use runbook::view::{self, Listed, Past};

use super::args::{self, Shown};
use super::check::pages;
use super::failure::Failure;
use super::page::Page;
use super::project::Project;
use super::surroundings::{Surroundings, print};
use super::{rooms, runs};

/// Lists the pages below a folder that have a step; those that can't be read are left out.
///
/// # Errors
/// Where the folder can't be read.
pub(crate) fn list(args: &args::List, surroundings: &Surroundings) -> Result<u8, Failure> {
    let folder = surroundings.directory.join(&args.folder);
    let mut files = Vec::new();
    pages(&folder, &args.folder, &mut files).map_err(|error| {
        Failure::wrong(format!(
            "the folder `{}` can't be read",
            args.folder.display()
        ))
        .because(&error)
    })?;
    let project = Project::find(&args.folder, surroundings)?;
    // The journal has the path as it was written then, from wherever that was.
    let mut last: HashMap<PathBuf, Past> = HashMap::new();
    for past in runs::past(&project)? {
        // The newest comes first and stays.
        last.entry(PathBuf::from(&past.document)).or_insert(past);
    }
    let mut listed = Vec::new();
    for file in files {
        let Ok(page) = Page::read(&file, surroundings) else {
            continue;
        };
        let steps = page
            .graph
            .steps
            .iter()
            .filter(|step| !matches!(step.kind, StepKind::Value))
            .count();
        if steps == 0 {
            continue;
        }
        let path = file.to_string_lossy();
        let ran = last
            .iter()
            .filter(|(document, _)| document.ends_with(&file) || file.ends_with(document.as_path()))
            .map(|(_, past)| past)
            .max_by_key(|past| past.at);
        listed.push(Listed {
            path: path.into_owned(),
            title: page.document.title().to_owned(),
            steps,
            errors: page.diagnostics.count(Severity::Error),
            last: ran.cloned(),
        });
    }
    let style = rooms::style(surroundings.out, false, Shown::None);
    print(&view::list(&listed, style))?;
    Ok(0)
}
