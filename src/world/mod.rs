//! The boundary to everything outside: processes, the clock, the operator.
//!
//! A run reaches the outside only through [`World`], so that it can be answered by the live one
//! or from a recording. Nothing here knows of steps, graphs or journals.

mod call;
pub mod live;
mod probe;
pub mod recorded;

use std::any::Any;
use std::ffi::OsString;
use std::future::Future;
use std::ops::Range;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::credentials::{Environment, Identity, NoContext, NoIdentity, Profiles};
pub use crate::event::Stream;
pub use call::{Call, CallError, Reply, codes};
pub use probe::probe;

/// A future in a box, so that [`World`] can be a trait object.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// That the end of a time was heard of, for as long as this is kept.
#[derive(Default)]
#[must_use = "time goes on once it is dropped"]
pub struct Heard {
    _waiting: Option<Box<dyn Send>>,
}

impl Heard {
    /// Drops what waits for it with itself.
    pub(crate) fn until(waiting: impl Send + 'static) -> Self {
        Self {
            _waiting: Some(Box::new(waiting)),
        }
    }
}

/// What answers a run's calls.
pub trait World: Send + Sync {
    /// Runs a process to its end, or to its deadline or cancellation, and then its whole group.
    ///
    /// Output goes to `output` as it comes, in pieces of at most 64 KiB; a full channel slows the
    /// process down. The channel is closed when the process has ended and its pipes are drained.
    ///
    /// # Errors
    /// Where it can't be started. A failing process is an [`Exit`].
    fn run(
        &self,
        process: Process,
        output: mpsc::Sender<Chunk>,
        cancel: CancellationToken,
    ) -> Boxed<'_, Result<Exit, SpawnError>>;

    /// Asks one of the operator's systems something, or has it do something.
    ///
    /// What it is at goes to `progress`, a line at a time; a full channel loses lines. A call that
    /// is cancelled, or whose time is up, ends with the codes for that.
    ///
    /// # Errors
    /// What the far side said, or why it could not be asked; a world that can't ask says so.
    fn call(
        &self,
        call: Call,
        progress: mpsc::Sender<String>,
        cancel: CancellationToken,
    ) -> Boxed<'_, Result<Reply, CallError>> {
        drop((progress, cancel));
        Box::pin(async move {
            Err(CallError::new(
                codes::UNANSWERED,
                format!("nothing here can answer `{}`", call.function),
                "",
            ))
        })
    }

    /// The time of day, UTC.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment; never goes back.
    fn elapsed(&self) -> Duration;

    /// Waits; a recording does not.
    fn sleep(&self, duration: Duration) -> Boxed<'_, ()>;

    /// Ends when the time for something is up, while that goes on; a recording's own time tells
    /// when, and stands still until what is given here is dropped: until all is done that the end
    /// of the time asks for.
    fn deadline(&self, after: Duration) -> Boxed<'_, Heard> {
        Box::pin(async move {
            self.sleep(after).await;
            Heard::default()
        })
    }

    /// The time of day, as a step's script reads it.
    fn clock(&self, step: &str) -> Timestamp {
        let _ = step;
        self.now()
    }

    /// A variable of a step's environment, as its script reads it.
    fn variable(&self, step: &str, environment: &Environment, name: &str) -> Option<OsString> {
        let _ = step;
        environment.get(name).map(OsString::from)
    }

    /// Puts a question to the operator; `None` where nobody can answer.
    fn ask(&self, question: Question) -> Boxed<'_, Option<Answer>>;

    /// Asks AWS who the credentials of an environment are
    /// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>).
    ///
    /// # Errors
    /// Where there are none, or AWS refuses them or can't be reached; a world that can't tell
    /// says so.
    fn identity(&self, environment: Environment) -> Boxed<'_, Result<Identity, NoIdentity>> {
        drop(environment);
        Box::pin(async { Err(NoIdentity::Unknown) })
    }

    /// The Kubernetes context that is current in an environment, for a process in `directory`.
    ///
    /// # Errors
    /// Where none is, or a kubeconfig can't be read; a world that can't tell says so.
    fn kube_context(
        &self,
        environment: Environment,
        directory: PathBuf,
    ) -> Boxed<'_, Result<String, NoContext>> {
        drop((environment, directory));
        Box::pin(async { Err(NoContext::Unknown) })
    }

    /// The profiles of an environment's shared AWS files, for a process in `directory`; a file
    /// that can't be read has none.
    fn profiles(&self, environment: Environment, directory: PathBuf) -> Boxed<'_, Profiles> {
        drop((environment, directory));
        Box::pin(async { Profiles::default() })
    }
}

/// The person that answers a live run's questions, or what stands in for one.
pub trait Operator: Send + Sync {
    /// Puts a question; `None` where nobody can answer.
    fn ask(&self, question: Question) -> Boxed<'_, Option<Answer>>;

    /// Gives the terminal to a process until the returned value is dropped.
    fn lend(&self) -> Boxed<'_, Box<dyn Any + Send>> {
        Box::pin(async { Box::new(()) as Box<dyn Any + Send> })
    }
}

/// What starts a process or makes a call, for a world that answers from a recording.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The step, as in `drain` or `drain[2]`; empty for what belongs to none.
    pub step: String,
    /// What the journal says is run or asked.
    pub request: Option<crate::secret::Clean>,
    /// The function that the step's script called, as in `run`; `None` for the step's own process.
    pub function: Option<&'static str>,
    /// Of a transcript: what its shell prints behind each command.
    pub mark: Option<String>,
    /// Whether it goes on while later steps run, and ends with the run.
    pub service: bool,
}

/// A process to run.
#[derive(Clone, Debug)]
pub struct Process {
    /// What starts it.
    pub origin: Origin,
    /// The program and its arguments; a bare program name is found on the environment's `PATH`.
    pub argv: Vec<OsString>,
    /// All of its environment.
    pub environment: Environment,
    /// Where it runs.
    pub directory: PathBuf,
    /// What it reads.
    pub stdin: Stdin,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// Between TERM and KILL.
    pub grace: Duration,
    /// What `argv` has bash run, where it is no more than that.
    pub script: Option<Script>,
}

/// A script of bash, for a world that has a bash at hand: what `bash --norc --noprofile -c` with
/// this text and name does, and nothing else.
#[derive(Clone, Debug)]
pub struct Script {
    /// All of the text.
    pub text: Vec<u8>,
    /// Where in it stands what people wrote. What is around it is made to have the same meaning
    /// in a new bash and in a fork of one.
    pub body: Range<usize>,
    /// Its `$0`, which messages begin with.
    pub name: OsString,
}

/// What a process reads on its standard input.
#[derive(Clone, Debug, Default)]
pub enum Stdin {
    /// Nothing.
    #[default]
    Null,
    /// These bytes.
    Bytes(Vec<u8>),
    /// The operator's terminal, which standard output and standard error then are too.
    Terminal,
}

/// A piece of a process's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Which stream it came on.
    pub stream: Stream,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// How.
    pub end: End,
    /// After what time.
    pub elapsed: Duration,
    /// What it left, where the world knows; else a shell's own file says so.
    pub left: Option<Leavings>,
}

/// What a shell left for others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leavings {
    /// What it exported; `None` for what it took away.
    pub environment: Vec<(OsString, Option<OsString>)>,
    /// Where it ended, if not where it began.
    pub directory: Option<PathBuf>,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With this status.
    Code(i32),
    /// By this signal, which we did not send.
    Signal(i32),
    /// By us: its time was up.
    TimedOut,
    /// By us: it was cancelled.
    Cancelled,
}

/// A process could not be started.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SpawnError {
    /// The program is not there.
    #[error("`{program}` is not installed (not found on PATH)")]
    NotFound {
        /// Its name.
        program: String,
    },
    /// The directory is not there.
    #[error("the directory `{directory}` does not exist")]
    NoDirectory {
        /// Its path.
        directory: String,
    },
    /// The system refused.
    #[error("`{program}` could not be started: {reason}")]
    Refused {
        /// Its name.
        program: String,
        /// What the system said.
        reason: String,
    },
    /// It could not be started when it was recorded.
    #[error("{message}")]
    Recorded {
        /// What was said then.
        message: String,
    },
    /// The recording that answers has no answer.
    #[error("the recording can't answer: {reason}")]
    Unanswered {
        /// Why.
        reason: String,
    },
}

/// A question to the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The step that asks.
    pub step: String,
    /// What is asked; clean text.
    pub text: crate::secret::Clean,
    /// What is shown first: the commands that the answer would start; clean text.
    pub context: Option<crate::secret::Clean>,
    /// What kind of answer is wanted.
    pub kind: QuestionKind,
}

/// What kind of answer is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuestionKind {
    /// Yes or no, before a step; `--yes` says yes.
    Confirm,
    /// Yes or no to a prose condition; nothing but the operator can say.
    Branch,
    /// Whether something was done by hand; `--yes` says yes.
    Done,
    /// A text; the default is taken where nobody answers.
    Text {
        /// What an empty answer means.
        default: Option<String>,
    },
}

impl QuestionKind {
    /// What can be answered, as a prompt shows it; the answer in capitals is that of an empty line.
    #[must_use]
    pub fn answers(&self) -> Option<String> {
        match self {
            Self::Confirm | Self::Done => Some("[y/N]".to_owned()),
            Self::Branch => Some("[y/n]".to_owned()),
            Self::Text { default } => default.as_ref().map(|default| format!("[{default}]")),
        }
    }
}

/// The operator's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `yes`, `no`, or the text.
    pub text: String,
    /// Who answered: a user's name, or the flag that did.
    pub by: String,
}

/// What comes of each stream until its process has ended, for the tests of those who run some.
#[cfg(test)]
pub(crate) async fn streams(mut output: mpsc::Receiver<Chunk>) -> (Vec<u8>, Vec<u8>) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    while let Some(chunk) = output.recv().await {
        assert!(chunk.bytes.len() <= 64 * 1024, "a piece is too big");
        match chunk.stream {
            Stream::Stdout => stdout.extend(chunk.bytes),
            Stream::Stderr => stderr.extend(chunk.bytes),
        }
    }
    (stdout, stderr)
}
