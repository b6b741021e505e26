//! The project that a runbook belongs to: its folder, its `runbook.toml`, where its runs live.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use runbook::credentials::Environment;
use runbook::journal::{Lock, Locked, Run, Store};
use runbook::name::nearest;
use runbook::source::Source;
use serde::Deserialize;

use super::failure::Failure;
use super::surroundings::Surroundings;

/// The file with a project's targets and defaults.
const SETTINGS: &str = "runbook.toml";

/// A project and what its settings say.
#[derive(Debug)]
pub(crate) struct Project {
    root: PathBuf,
    /// Where runs live: `…/.runbook/runs`, or `$RUNBOOK_HOME/runs`.
    runs: PathBuf,
    /// The folder to make, with its `.gitignore`, before the first run; none in `RUNBOOK_HOME`.
    fresh: Option<PathBuf>,
    settings: Settings,
}

/// What `runbook.toml` says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Settings {
    default_target: Option<String>,
    #[serde(default)]
    target: BTreeMap<String, Target>,
    #[serde(default)]
    test: Vec<Test>,
}

/// A named place to run against.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    recording: Option<PathBuf>,
    #[serde(default)]
    aws: Aws,
    #[serde(default)]
    kube: Kube,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Aws {
    profile: Option<String>,
    region: Option<String>,
    account: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kube {
    context: Option<String>,
}

/// A runbook that must go as a recording says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Test {
    /// The page, from the folder of `runbook.toml`.
    pub(crate) runbook: PathBuf,
    /// The target with the recording; none where the page or the project names one.
    pub(crate) target: Option<String>,
    /// Inputs that take the place of the recorded ones.
    #[serde(default)]
    pub(crate) inputs: BTreeMap<String, toml::Value>,
    /// How steps must end, where it is not as recorded.
    #[serde(default)]
    pub(crate) status: BTreeMap<String, String>,
}

/// A target, chosen.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    /// Its name.
    pub(crate) name: String,
    /// The file that answers in the place of the outside world.
    pub(crate) recording: Option<PathBuf>,
    /// Whether neither the command line nor the page names it.
    pub(crate) by_default: bool,
    target: Target,
}

impl Project {
    /// Finds the project of a folder: the nearest one upwards with a `runbook.toml` or a `.git`.
    ///
    /// Without one, runs live beside the runbook.
    ///
    /// # Errors
    /// Where `runbook.toml` can't be read or is wrong.
    pub(crate) fn find(folder: &Path, surroundings: &Surroundings) -> Result<Self, Failure> {
        // `.` and the like would show in every path that is told.
        let folder: PathBuf = surroundings.directory.join(folder).components().collect();
        let root = folder
            .ancestors()
            .find(|folder| folder.join(SETTINGS).exists() || folder.join(".git").exists())
            .unwrap_or(&folder);
        let settings = read(&root.join(SETTINGS), surroundings)?;
        let home = surroundings
            .environment
            .get("RUNBOOK_HOME")
            .filter(|home| !home.is_empty());
        let (base, fresh) = match home {
            Some(home) => (surroundings.directory.join(home), None),
            None => (root.join(".runbook"), Some(root.join(".runbook"))),
        };
        Ok(Self {
            root: root.to_owned(),
            runs: base.join("runs"),
            fresh,
            settings,
        })
    }

    /// Where its runs are.
    pub(crate) fn store(&self) -> Store {
        Store::new(&self.runs)
    }

    /// Makes the folder of a new run, and the folder that holds all of them if it is not there.
    ///
    /// # Errors
    /// Where one of them can't be made: then no journal can be kept.
    pub(crate) fn create(&self, id: &str) -> Result<Run, Failure> {
        let ignored = self.ignore().map_err(|error| error.to_string());
        ignored
            .and_then(|()| self.store().create(id).map_err(|error| error.to_string()))
            .map_err(|reason| {
                Failure::journal(format!(
                    "the journal can't be kept, so nothing ran: {reason}"
                ))
                .help("set RUNBOOK_HOME to a folder that you can write to")
            })
    }

    /// Takes a lock that runs of this project share.
    ///
    /// # Errors
    /// Where another run holds it, or it can't be had.
    pub(crate) fn lock(&self, name: &str, holder: &str) -> Result<Lock, Failure> {
        // What keeps the folder out of the repository comes first; the journal tells of trouble.
        let _told_later = self.ignore();
        let folder = folder_of(&self.runs).join("locks");
        Lock::take(&folder, name, holder).map_err(|error| match error {
            Locked::Held { .. } => Failure::refused(format!("{error}; nothing ran"))
                .help("wait until that run has ended, or leave out `--lock`"),
            Locked::Name { .. } => Failure::wrong(error.to_string()),
            Locked::Refused { .. } => Failure::refused(format!("{error}; nothing ran")),
        })
    }

    /// Keeps a fresh `.runbook` out of the repository that it stands in.
    fn ignore(&self) -> io::Result<()> {
        match self.fresh.as_ref().filter(|fresh| !fresh.exists()) {
            Some(fresh) => {
                fs::create_dir_all(fresh)?;
                fs::write(fresh.join(".gitignore"), "*\n")
            }
            None => Ok(()),
        }
    }

    /// The target to run against: the one asked for, else the page's, else the default.
    ///
    /// # Errors
    /// Where there is no target of that name, or one that this version can't use.
    pub(crate) fn target(
        &self,
        asked: Option<&str>,
        page: Option<&str>,
    ) -> Result<Option<Chosen>, Failure> {
        let Some(name) = asked.or(page).or(self.settings.default_target.as_deref()) else {
            return Ok(None);
        };
        let Some(target) = self.settings.target.get(name) else {
            let known = self.settings.target.keys().map(String::as_str);
            let help = match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("add a table `[target.{name}]` to `{SETTINGS}`"),
            };
            return Err(Failure::wrong(format!("there is no target `{name}`")).help(help));
        };
        Ok(Some(Chosen {
            by_default: asked.or(page).is_none(),
            ..self.chosen(name, target)
        }))
    }

    fn chosen(&self, name: &str, target: &Target) -> Chosen {
        Chosen {
            name: name.to_owned(),
            recording: target.recording.as_ref().map(|path| self.root.join(path)),
            by_default: false,
            target: target.clone(),
        }
    }

    /// The folder of `runbook.toml`, or what stands for it.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The tests of `runbook.toml`.
    pub(crate) fn tests(&self) -> &[Test] {
        &self.settings.test
    }

    /// The targets that are recordings.
    pub(crate) fn recordings(&self) -> Vec<Chosen> {
        let targets = self.settings.target.iter();
        targets
            .filter(|(_, target)| target.recording.is_some())
            .map(|(name, target)| self.chosen(name, target))
            .collect()
    }
}

impl Chosen {
    /// The AWS account that it must be.
    pub(crate) fn account(&self) -> Option<&str> {
        self.target.aws.account.as_deref()
    }

    /// The Kubernetes context that it must be.
    pub(crate) fn context(&self) -> Option<&str> {
        self.target.kube.context.as_deref()
    }

    /// The AWS profile to use.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.target.aws.profile.as_deref()
    }

    /// The AWS region to use.
    pub(crate) fn region(&self) -> Option<&str> {
        self.target.aws.region.as_deref()
    }

    /// Points the environment of steps at this target.
    pub(crate) fn apply(&self, environment: &mut Environment) {
        if let Some(profile) = self.profile() {
            environment.set("AWS_PROFILE", profile);
        }
        if let Some(region) = self.region() {
            environment.set("AWS_REGION", region);
            environment.set("AWS_DEFAULT_REGION", region);
        }
    }
}

/// Reads `runbook.toml`; none is an empty one.
fn read(path: &Path, surroundings: &Surroundings) -> Result<Settings, Failure> {
    let shown = path.strip_prefix(&surroundings.directory).unwrap_or(path);
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Settings::default());
        }
        Err(error) => {
            return Err(
                Failure::wrong(format!("`{}` can't be read", shown.display())).because(&error),
            );
        }
    };
    toml::from_str(&text).map_err(|error| {
        let place = error.span().map_or_else(String::new, |span| {
            let place = Source::new("", text.as_str()).position(span.start);
            format!(":{}:{}", place.line, place.column)
        });
        let message = error.message();
        // "unknown field `x`, expected one of `a`, `b`"
        let mut words = message.split('`').skip(1).step_by(2);
        let unknown = words
            .next()
            .filter(|_| message.starts_with("unknown field"));
        let (message, help) = match unknown {
            Some(unknown) => (
                format!("unknown key `{unknown}`"),
                nearest(unknown, words).map(|near| format!("did you mean `{near}`?")),
            ),
            None => (message.to_owned(), None),
        };
        Failure::wrong(format!("{}{place}: {message}", shown.display())).maybe_help(help)
    })
}

/// The folder that holds a file.
pub(crate) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != OsStr::new("") => folder,
        _ => Path::new("."),
    }
}
