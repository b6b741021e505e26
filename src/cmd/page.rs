//! Reads a runbook from disk, and says in one message why one can't be read.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use runbook::diagnostic::{Diagnostics, Severity};
use runbook::document::Document;
use runbook::graph::Graph;
use runbook::name::nearest;
use runbook::source::Source;

use super::failure::{Failure, Kind};
use super::project::folder_of;
use super::rooms;
use super::surroundings::{Surroundings, complain};

/// No page that people write is larger; beyond it a wrong file was named.
const LARGEST: u64 = 32 * 1024 * 1024;

/// A runbook, read and checked.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its text.
    pub(crate) source: Arc<Source>,
    /// The page as written.
    pub(crate) document: Arc<Document>,
    /// Its steps.
    pub(crate) graph: Arc<Graph>,
    /// What is wrong with it.
    pub(crate) diagnostics: Diagnostics,
}

impl Page {
    /// Reads a runbook and everything that can be said of it without running it.
    ///
    /// # Errors
    /// Where the file can't be read as text.
    pub(crate) fn read(path: &Path, surroundings: &Surroundings) -> Result<Self, Failure> {
        let text = text_of(&surroundings.directory, path)?;
        Ok(Self::of(path.display().to_string(), text))
    }

    /// Checks a text.
    pub(crate) fn of(name: String, text: String) -> Self {
        let source = Arc::new(Source::new(name, text));
        let (document, mut diagnostics) = Document::parse(Arc::clone(&source));
        let document = Arc::new(document);
        let (graph, found) = Graph::build(Arc::clone(&document), rooms::vocabulary());
        diagnostics.extend(found);
        diagnostics.sort();
        Self {
            source,
            document,
            graph: Arc::new(graph),
            diagnostics,
        }
    }

    /// Reads a runbook that is to be run or shown: diagnostics go to standard error.
    ///
    /// # Errors
    /// Where the file can't be read, or the page has errors.
    pub(crate) fn sound(path: &Path, surroundings: &Surroundings) -> Result<Self, Failure> {
        let page = Self::read(path, surroundings)?;
        let mut text = String::new();
        for diagnostic in &page.diagnostics {
            if diagnostic.severity >= Severity::Warning {
                let look = surroundings.err;
                text.push_str(&diagnostic.render(&page.source, look.color, look.width));
                text.push_str("\n\n");
            }
        }
        if !text.is_empty() {
            complain(&text)?;
        }
        if page.diagnostics.has_errors() {
            let errors = page.diagnostics.count(Severity::Error);
            return Err(Failure::new(
                Kind::Wrong,
                format!(
                    "`{}` has {}; nothing ran",
                    path.display(),
                    runbook::diagnostic::count(errors, "error")
                ),
            ));
        }
        Ok(page)
    }
}

/// Reads a file as text.
///
/// # Errors
/// Where it is not there, a folder, not readable, too large or no text.
pub(crate) fn text_of(directory: &Path, path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let full = directory.join(path);
    let metadata = fs::metadata(&full).map_err(|error| unreadable(&full, path, &error))?;
    if metadata.is_dir() {
        return Err(Failure::wrong(format!("`{shown}` is a folder, not a file"))
            .help(format!("`runbook list {shown}` shows the runbooks in it")));
    }
    // A pipe that nobody writes to would be waited for without end; those of the shell,
    // as in `<(…)`, are written to.
    let is_shells = ["/dev/fd", "/dev/stdin", "/proc/self/fd"]
        .iter()
        .any(|place| full.starts_with(place));
    if !metadata.is_file() && !is_shells {
        return Err(Failure::wrong(format!("`{shown}` is no regular file"))
            .help("a runbook is a Markdown page; name the page"));
    }
    let too_large = || {
        Failure::wrong(format!("`{shown}` is larger than 32 MiB"))
            .help("a runbook is a Markdown page; name the page")
    };
    if metadata.len() > LARGEST {
        return Err(too_large());
    }
    // One byte more, so that the end is found without another page of memory.
    let expected = usize::try_from(metadata.len()).unwrap_or(0);
    let mut bytes = Vec::with_capacity(expected + 1);
    File::open(&full)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(&full, path, &error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(too_large());
    }
    text(bytes).map_err(|problem| {
        Failure::wrong(format!("`{shown}` is not a text: {problem}"))
            .help("a runbook is a Markdown page in UTF-8")
    })
}

/// Takes bytes as text; says what and where is none.
fn text(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err("it looks like UTF-16".to_owned());
    }
    let place = |bytes: &[u8], at: usize| {
        let line = memchr::memchr_iter(b'\n', &bytes[..at]).count() + 1;
        format!("byte {} on line {line}", at + 1)
    };
    let nul = memchr::memchr(0, &bytes);
    match String::from_utf8(bytes) {
        Ok(text) => match nul {
            Some(at) => Err(format!("{} is NUL", place(text.as_bytes(), at))),
            None => Ok(text),
        },
        Err(error) => {
            let invalid = error.utf8_error().valid_up_to();
            Err(match nul.filter(|at| *at < invalid) {
                Some(at) => format!("{} is NUL", place(error.as_bytes(), at)),
                None => format!("{} is not UTF-8", place(error.as_bytes(), invalid)),
            })
        }
    }
}

fn unreadable(full: &Path, path: &Path, error: &io::Error) -> Failure {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => {
            let help = similar(full, path).unwrap_or_else(|| {
                "`runbook list` shows the runbooks there are; `runbook new` writes one".to_owned()
            });
            Failure::wrong(format!("there is no file `{shown}`")).help(help)
        }
        io::ErrorKind::PermissionDenied => {
            Failure::wrong(format!("`{shown}` can't be read: permission denied"))
                .help(format!("see who may read it with `ls -l {shown}`"))
        }
        _ => Failure::wrong(format!("`{shown}` can't be read")).because(error),
    }
}

/// A file beside the missing one that was probably meant.
fn similar(full: &Path, path: &Path) -> Option<String> {
    let wanted = full.file_name()?.to_str()?;
    let names: Vec<String> = fs::read_dir(folder_of(full))
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let with_ending = format!("{wanted}.md");
    let near = names
        .iter()
        .find(|name| **name == with_ending)
        .map(String::as_str)
        .or_else(|| nearest(wanted, names.iter().map(String::as_str)))?;
    Some(format!(
        "did you mean `{}`?",
        path.with_file_name(near).display()
    ))
}
