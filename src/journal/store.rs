//! Where runs live: `.runbook/runs/<id>/journal.jsonl`.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::recorder::Error;

/// The name of a journal in its run's folder.
pub(super) const JOURNAL: &str = "journal.jsonl";
/// How much of an id is shown. A `UUIDv7` begins with the time, so runs of one minute share their
/// first eight characters; the last ones are random.
const SHORT: usize = 6;

/// The folder that holds runs.
#[derive(Clone, Debug)]
pub struct Store {
    /// `…/.runbook/runs`.
    pub root: PathBuf,
}

/// A run on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its id, a `UUIDv7`; for a journal from elsewhere, the name of its file.
    pub id: String,
    /// Its folder.
    pub folder: PathBuf,
    journal: PathBuf,
}

/// A reference that names no run, or more than one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// No run has this id.
    #[error("there is no run `{reference}`")]
    Unknown {
        /// What was asked for.
        reference: String,
    },
    /// There are no runs yet.
    #[error("there are no runs yet in `{root}`")]
    Empty {
        /// The folder that was looked into.
        root: String,
    },
    /// Several runs have ids that begin or end with it.
    #[error("`{reference}` is the beginning or the end of several runs: {}", matches.join(", "))]
    Ambiguous {
        /// What was asked for.
        reference: String,
        /// Their ids, newest first.
        matches: Vec<String>,
    },
    /// The folder of runs can't be read.
    #[error(transparent)]
    Unreadable(#[from] Error),
}

/// The short form of an id that people see and type: its last six characters, of any other name
/// no more than so many bytes.
#[must_use]
pub fn short(id: &str) -> &str {
    let start = id.len().saturating_sub(SHORT);
    let start = (start..id.len()).find(|at| id.is_char_boundary(*at));
    start.map_or(id, |start| &id[start..])
}

/// Makes a folder and those above it, for their owner only, and brings their names to disk: a
/// journal that was synced is lost if the power fails before the name of a folder above it is there.
fn make(folder: &Path) -> io::Result<()> {
    let new: Vec<&Path> = folder
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .collect();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    for folder in new {
        let above = folder.parent().map(|above| {
            if above.as_os_str().is_empty() {
                Path::new(".")
            } else {
                above
            }
        });
        if let Some(above) = above {
            // Only the name is at stake where the system refuses this.
            let _ = File::open(above).and_then(|above| above.sync_all());
        }
    }
    Ok(())
}

impl Run {
    /// Its journal.
    #[must_use]
    pub fn journal(&self) -> &Path {
        &self.journal
    }
}

impl Store {
    /// Takes the folder that holds runs; it need not exist yet.
    #[must_use]
    pub fn new(root: impl AsRef<Path>) -> Self {
        Self {
            root: root.as_ref().to_owned(),
        }
    }

    /// Makes the folder of a new run, for its owner only.
    ///
    /// # Errors
    /// Where it can't be made, or is there already.
    pub fn create(&self, id: &str) -> Result<Run, Error> {
        let run = self.run(id);
        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        make(&self.root)
            .and_then(|()| builder.create(&run.folder))
            .map_err(|error| Error::write(&run.journal, &error))?;
        Ok(run)
    }

    /// All runs that have a journal, newest first.
    ///
    /// # Errors
    /// Where the folder is there and can't be read.
    pub fn list(&self) -> Result<Vec<Run>, Error> {
        let unreadable = |error: &io::Error| Error::Read {
            path: self.root.display().to_string(),
            reason: error.to_string(),
        };
        let folders = match fs::read_dir(&self.root) {
            Ok(folders) => folders,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(&error)),
        };
        let mut runs = Vec::new();
        for folder in folders {
            let name = folder.map_err(|error| unreadable(&error))?.file_name();
            if let Some(id) = name.to_str().filter(|name| Uuid::try_parse(name).is_ok()) {
                let run = self.run(id);
                if run.journal.is_file() {
                    runs.push(run);
                }
            }
        }
        runs.sort_by(|one, other| other.id.cmp(&one.id));
        Ok(runs)
    }

    /// Finds a run: by `last`, by the path of a journal or of a run's folder, by its id, or by a
    /// beginning or an end of its id that no other run has.
    ///
    /// # Errors
    /// Where there is none, or more than one.
    pub fn find(&self, reference: &str) -> Result<Run, NotFound> {
        if reference == "last" {
            return self
                .list()?
                .into_iter()
                .next()
                .ok_or_else(|| NotFound::Empty {
                    root: self.root.display().to_string(),
                });
        }
        if let Some(run) = at_path(Path::new(reference)) {
            return Ok(run);
        }
        let wanted = hex(reference);
        let mut matches = self.list()?;
        if wanted.is_empty() {
            matches.clear();
        }
        matches.retain(|run| {
            let id = hex(&run.id);
            id.starts_with(&wanted) || id.ends_with(&wanted)
        });
        match matches.len() {
            0 => Err(NotFound::Unknown {
                reference: reference.to_owned(),
            }),
            1 => Ok(matches.remove(0)),
            _ => Err(NotFound::Ambiguous {
                reference: reference.to_owned(),
                matches: matches.into_iter().map(|run| run.id).collect(),
            }),
        }
    }

    fn run(&self, id: &str) -> Run {
        let folder = self.root.join(id);
        Run {
            id: id.to_owned(),
            journal: folder.join(JOURNAL),
            folder,
        }
    }
}

/// The run whose journal or folder is at a path.
fn at_path(path: &Path) -> Option<Run> {
    let (folder, journal) = if path.is_file() {
        (path.parent()?.to_owned(), path.to_owned())
    } else if path.join(JOURNAL).is_file() {
        (path.to_owned(), path.join(JOURNAL))
    } else {
        return None;
    };
    let name = |path: &Path| path.file_name()?.to_str().map(str::to_owned);
    let id = name(&folder)
        .filter(|name| Uuid::try_parse(name).is_ok())
        .or_else(|| name(&journal))?;
    Some(Run {
        id,
        folder,
        journal,
    })
}

/// An id as it is compared: without hyphens, in lower case.
fn hex(id: &str) -> String {
    id.chars()
        .filter(|character| *character != '-')
        .map(|character| character.to_ascii_lowercase())
        .collect()
}
