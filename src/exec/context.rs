//! What all steps of one run share.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use tokio_util::sync::CancellationToken;

use crate::credentials::Environment;
use crate::event::{Event, Stream};
use crate::graph::{EdgeKind, Graph, Step, StepKind};
use crate::journal::{self, Recorder};
use crate::plan::Plan;
use crate::script::{self, Dynamic, Notebook, StepResult};
use crate::secret::{Clean, Redactor};
use crate::source::{Source, Span};
use crate::world::{Answer, Question, QuestionKind, World};

use super::fallen::Fallen;
use super::scratch::Scratch;
use super::service::Service;
use super::shell::{self, ShellCell};
use super::state::State;
use super::{Interrupt, Settings};

/// The run's parts, shared by its steps.
pub(super) struct Context {
    pub(super) plan: Arc<Plan>,
    pub(super) world: Arc<dyn World>,
    pub(super) recorder: Recorder,
    pub(super) redactor: Redactor,
    pub(super) settings: Settings,
    /// Made for the first piece of code that runs: most steps are a shell's.
    pub(super) engine: LazyLock<script::Engine>,
    /// What every step's environment starts from, once front matter's `env` is known.
    environment: OnceLock<Environment>,
    pub(super) scratch: Scratch,
    /// Ends the steps that are not `always`.
    pub(super) stop: CancellationToken,
    /// Ends everything.
    pub(super) kill: CancellationToken,
    /// One question at a time.
    asking: tokio::sync::Mutex<()>,
    pub(super) services: Mutex<Vec<Service>>,
    pub(super) fallen: Fallen,
    /// Whether the run's own time was up.
    late: AtomicBool,
    /// The first failure of the journal, after which nothing starts.
    broken: Mutex<Option<journal::Error>>,
}

impl Context {
    pub(super) fn new(
        plan: Arc<Plan>,
        world: Arc<dyn World>,
        recorder: Recorder,
        redactor: Redactor,
        settings: Settings,
        interrupt: &Interrupt,
    ) -> io::Result<Self> {
        Ok(Self {
            engine: LazyLock::new(script::Engine::new),
            environment: OnceLock::new(),
            scratch: Scratch::new()?,
            stop: interrupt.kill.child_token(),
            kill: interrupt.kill.clone(),
            asking: tokio::sync::Mutex::new(()),
            services: Mutex::default(),
            fallen: Fallen::default(),
            late: AtomicBool::new(false),
            broken: Mutex::default(),
            plan,
            world,
            recorder,
            redactor,
            settings,
        })
    }

    /// What every step's environment starts from.
    pub(super) fn environment(&self) -> &Environment {
        self.environment.get().unwrap_or(&self.settings.environment)
    }

    /// Sets what every step's environment starts from; only the first time counts.
    pub(super) fn set_environment(&self, environment: Environment) {
        self.environment.get_or_init(|| environment);
    }

    pub(super) fn graph(&self) -> &Graph {
        &self.plan.graph
    }

    pub(super) fn source(&self) -> &Source {
        &self.plan.graph.document.source
    }

    pub(super) fn step(&self, index: usize) -> &Step {
        &self.plan.graph.steps[index]
    }

    /// Records events that must be on disk before what follows.
    pub(super) async fn commit(&self, events: Vec<Event>) -> Result<(), Broken> {
        match self.recorder.commit(events).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.broke(error)),
        }
    }

    /// Takes note that the journal can't be kept.
    pub(super) fn broke(&self, error: journal::Error) -> Broken {
        self.broken
            .lock()
            .expect("no holder of this lock panics")
            .get_or_insert(error);
        self.stop.cancel();
        Broken
    }

    /// Tells that the run's own time is up.
    pub(super) fn time_is_up(&self) {
        self.late.store(true, Ordering::Relaxed);
    }

    /// Whether the run's own time was up.
    pub(super) fn is_late(&self) -> bool {
        self.late.load(Ordering::Relaxed)
    }

    /// Why what runs is ended, and nothing new starts.
    pub(super) fn why_stopped(&self) -> Clean {
        Clean::constant(if self.is_late() {
            "the time of the run was up"
        } else {
            "the run was stopped"
        })
    }

    /// Why the journal can't be kept, if it can't.
    pub(super) fn broken(&self) -> Option<journal::Error> {
        self.broken
            .lock()
            .expect("no holder of this lock panics")
            .clone()
    }

    /// Notes a line for the reader of the run.
    pub(super) async fn note(&self, step: Option<&str>, text: Clean) {
        let step = step.map(str::to_owned);
        self.recorder
            .record(Event::Noted {
                step,
                text,
                by: None,
            })
            .await;
    }

    /// Learns the value of a variable whose name says that it is secret, and notes it once where
    /// it can't be hidden.
    pub(super) async fn learn(&self, step: Option<&str>, name: &OsStr, value: &OsStr) {
        let name = name.to_string_lossy();
        let learnt = self
            .redactor
            .learn_variable(&name, value.as_encoded_bytes());
        if let Err(refused) = learnt {
            let text = self
                .redactor
                .clean(&format!("{refused}; it is shown as it is"));
            self.note(step, text).await;
        }
    }

    /// Learns a secret, whatever its name is; what can't be hidden is noted.
    pub(super) async fn learn_secret(&self, step: &str, name: &str, value: &str) {
        if let Err(refused) = self.redactor.learn(name, value.as_bytes()) {
            let text = self
                .redactor
                .clean(&format!("{refused}; it is shown as it is"));
            self.note(Some(step), text).await;
        }
    }

    /// Asks the operator, one question at a time, and records both question and answer.
    pub(super) async fn ask(
        &self,
        step: &str,
        text: Clean,
        context: Option<Clean>,
        kind: QuestionKind,
        cancel: &CancellationToken,
    ) -> Result<Option<Answer>, Broken> {
        let _turn = self.asking.lock().await;
        if cancel.is_cancelled() {
            return Ok(None);
        }
        self.commit(vec![Event::Asked {
            step: step.to_owned(),
            question: text.clone(),
            context: context.clone(),
            answers: kind.answers().map(|answers| self.redactor.clean(&answers)),
        }])
        .await?;
        let question = Question {
            step: step.to_owned(),
            text,
            context,
            kind,
        };
        let answer = tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            answer = self.world.ask(question) => answer,
        };
        if let Some(answer) = &answer {
            self.commit(vec![Event::Answered {
                step: step.to_owned(),
                answer: self.redactor.clean(&answer.text),
                by: answer.by.clone(),
            }])
            .await?;
        }
        Ok(answer)
    }

    /// The names that a step's code sees.
    pub(super) fn notebook(
        &self,
        index: usize,
        state: &State,
        results: &BTreeMap<usize, StepResult>,
        item: Option<(usize, &Dynamic)>,
    ) -> Notebook {
        let mut notebook = state.notebook.clone();
        let mut steps = rhai::Map::new();
        for edge in self.graph().incoming(index) {
            if matches!(edge.why, EdgeKind::Order) {
                continue;
            }
            if let Some(result) = results.get(&edge.from) {
                let step = self.step(edge.from);
                let value = match &step.kind {
                    // Of a value cell the value itself is meant.
                    StepKind::Value => result.value.clone(),
                    _ => result.clone().into(),
                };
                steps.insert(step.id.as_str().into(), value.clone());
                if let Some(variable) = &step.variable {
                    notebook.define(variable, value, true);
                }
            }
        }
        notebook.define("steps", Dynamic::from_map(steps), true);
        if let Some((position, item)) = item {
            notebook.define("item", item.clone(), true);
            let position = i64::try_from(position).unwrap_or(i64::MAX);
            notebook.define("index", Dynamic::from_int(position), true);
        }
        notebook
    }

    /// The arguments that run a shell cell; a text that holds a secret is none of them.
    pub(super) fn shell_argv(&self, cell: &ShellCell<'_>) -> io::Result<Vec<OsString>> {
        if self.redactor.finds(cell.text) {
            shell::private_argv(cell)
        } else {
            shell::argv(cell)
        }
    }

    /// A place in the document, as in `runbooks/a.md:42:8`.
    pub(super) fn place(&self, span: Span) -> String {
        let position = self.source().position(span.start);
        format!(
            "{}:{}:{}",
            self.source().name(),
            position.line,
            position.column
        )
    }

    /// A new file for output that does not fit into the journal, and its name.
    pub(super) fn output_file(&self, step: &str, stream: Stream) -> io::Result<(File, String)> {
        let path = self.settings.folder.join("output");
        std::fs::create_dir_all(&path)?;
        // A step may have put a link in its place, which leads elsewhere.
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = rustix::fs::open(&path, flags, Mode::empty()).map_err(|error| {
            if path.is_symlink() {
                io::Error::other("a link is in the place of the run's folder `output`")
            } else {
                error.into()
            }
        })?;
        let stream = match stream {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        };
        let step = file_name(step);
        // A retried step or a second call has more than one output, and so have two steps whose
        // names are long and begin alike.
        for number in 1.. {
            let name = match number {
                1 => format!("{step}.{stream}"),
                _ => format!("{step}.{number}.{stream}"),
            };
            // For its owner only.
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            match rustix::fs::openat(&folder, &name, flags, Mode::RUSR | Mode::WUSR) {
                Err(Errno::EXIST) => {}
                other => return Ok((File::from(other?), name)),
            }
        }
        Err(io::Error::from(io::ErrorKind::AlreadyExists))
    }

    /// A path in the private folder for one attempt at a step.
    pub(super) fn scratch(&self, step: usize, instance: Option<usize>, attempt: u32) -> PathBuf {
        let instance = instance.map_or_else(String::new, |i| format!("-{i}"));
        self.scratch
            .path()
            .join(format!("{step}{instance}-{attempt}.left"))
    }
}

/// As much of a step's name as fits into a file's: systems take 255 bytes (`NAME_MAX`), and its
/// stream and number follow.
fn file_name(step: &str) -> &str {
    let end = step.len().min(200);
    let fits = (0..=end).rev().find(|at| step.is_char_boundary(*at));
    step.get(..fits.unwrap_or(0)).unwrap_or(step)
}

/// The journal can't be kept: the run is ending, and [`Context::broken`] says why.
#[derive(Debug)]
pub(super) struct Broken;
