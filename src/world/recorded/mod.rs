//! A world that answers from a recording: nothing in it reaches the outside.
//!
//! It starts no process, opens no socket or file, and reads neither clock nor environment. Steps
//! that went side by side go one after the other, each as long as it took; what the recording
//! can't answer fails, and is remembered.

mod answers;
mod clock;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::credentials::{Environment, Identity, NoContext, NoIdentity, Profiles};
use crate::recording::{Attempt, Called, Exit as Then, How, Missing, Piece, Recording, Step, Why};
use crate::secret::{CleanValue, masks};
use crate::value::Value;

use self::answers::Answers;
pub use self::answers::Fit;
use self::clock::Clock;
use super::{
    Answer, Boxed, Call, CallError, Chunk, End, Exit, Heard, Leavings, Process, Question, Reply,
    SpawnError, Stream, World, codes,
};

/// The world as a recording has it.
pub struct Recorded {
    recording: Arc<Recording>,
    answers: Mutex<Answers>,
    clock: Clock,
}

impl Recorded {
    /// The world of a recording, at the moment when its run began.
    #[must_use]
    pub fn new(recording: Arc<Recording>, fit: Fit) -> Self {
        Self {
            clock: Clock::new(recording.began),
            answers: Mutex::new(Answers::new(fit)),
            recording,
        }
    }

    /// What was asked so far that the recording can't answer.
    #[must_use]
    pub fn missing(&self) -> Vec<Missing> {
        self.answers().missing.clone()
    }

    /// The recorded ids of the steps that have another one now.
    #[must_use]
    pub fn matched(&self) -> BTreeMap<String, String> {
        self.answers().matched.clone()
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets time pass until something that was recorded of a step.
    async fn pass_to(&self, step: &Step, at: Timestamp) {
        let recorded = self.recording.since(at);
        let later = self
            .answers()
            .later(&step.id, recorded, self.clock.elapsed());
        self.clock.pass_to(recorded.saturating_add(later)).await;
    }

    /// Runs a recorded process to its end.
    async fn play(
        &self,
        step: &Step,
        (began, exit): (Timestamp, Option<&Then>),
        chunks: Vec<(Timestamp, Chunk)>,
        limit: Option<Duration>,
        output: mpsc::Sender<Chunk>,
    ) -> (End, Duration) {
        self.pass_to(step, began).await;
        let start = self.clock.elapsed();
        let took = exit.map_or(Duration::ZERO, Then::elapsed);
        let late = limit.filter(|limit| *limit < took);
        for (at, chunk) in chunks {
            let after = self
                .recording
                .since(at)
                .saturating_sub(self.recording.since(began));
            if late.is_some_and(|late| after > late) {
                break;
            }
            let then = start.saturating_add(after.min(took));
            self.clock.pass_to(then).await;
            if output.send(chunk).await.is_err() {
                break;
            }
            // Whoever takes it stamps it with the time of now.
            tokio::task::yield_now().await;
        }
        self.clock
            .pass_to(start.saturating_add(late.unwrap_or(took)))
            .await;
        let end = match (late, exit) {
            (Some(_), _) => End::TimedOut,
            (None, Some(exit)) => ended(&exit.how),
            (None, None) => End::Cancelled,
        };
        (end, late.unwrap_or(took))
    }

    async fn answered(
        &self,
        process: Process,
        output: mpsc::Sender<Chunk>,
        cancel: CancellationToken,
    ) -> Result<Exit, SpawnError> {
        let origin = &process.origin;
        let unanswered = |reason| SpawnError::Unanswered { reason };
        let (step, began, chunks, exit, left) = if let Some(function) = origin.function {
            let found = self.answers().call(&self.recording, origin, function);
            let (step, call) = found.map_err(unanswered)?;
            let exit = exit_of(call);
            (step, call.at, of_call(call, exit.as_ref()), exit, None)
        } else {
            let found = self.answers().attempt(&self.recording, origin);
            let (step, attempt) = found.map_err(unanswered)?;
            let chunks = of_attempt(attempt, origin.mark.as_deref());
            let left = Some(leavings(step));
            (step, attempt.at, chunks, attempt.exit.clone(), left)
        };
        if let Some(Then {
            how: How::Unstarted(reason),
            ..
        }) = &exit
        {
            return Err(SpawnError::Recorded {
                message: reason.clone(),
            });
        }
        let start = self.clock.elapsed();
        if origin.service && (exit.is_none() || step.fell) {
            // What it wrote is told when it ends, lest it comes between what others say.
            self.pass_to(step, began).await;
            let ended = exit.as_ref().map(|exit| (ended(&exit.how), exit.elapsed()));
            // Its end does not move the time: others are at work meanwhile.
            let fell = async {
                match ended {
                    Some((_, took)) => self.clock.deadline(took).await,
                    None => std::future::pending().await,
                }
            };
            // Time stands still until its output is told, too.
            let (end, _heard) = tokio::select! {
                biased;
                () = cancel.cancelled() => (End::Cancelled, Heard::default()),
                heard = fell => (ended.map_or(End::Cancelled, |(end, _)| end), heard),
            };
            for (_, chunk) in chunks {
                if output.send(chunk).await.is_err() {
                    break;
                }
            }
            return Ok(Exit {
                end,
                elapsed: self.clock.elapsed().saturating_sub(start),
                left,
            });
        }
        if exit.is_none() {
            // The recording ends, or the step was ended, while it ran.
            let reason = format!("the recording does not say how this ended in `{}`", step.id);
            let ended_by_its_step = step.end.is_some();
            if !ended_by_its_step {
                self.answers()
                    .miss(&origin.step, origin.request.as_ref(), &reason);
                return Err(unanswered(reason));
            }
        }
        let played = self.play(
            step,
            (began, exit.as_ref()),
            chunks,
            process.timeout,
            output,
        );
        let (end, mut elapsed) = tokio::select! {
            biased;
            () = cancel.cancelled() => (End::Cancelled, Duration::ZERO),
            played = played => played,
        };
        if end == End::Cancelled {
            elapsed = self.clock.elapsed().saturating_sub(start);
        }
        if end == End::Cancelled && !cancel.is_cancelled() {
            // It was ended with its step: so it is now, when its step's time comes.
            if let Some(end) = &step.end {
                tokio::select! {
                    biased;
                    () = cancel.cancelled() => {}
                    () = self.pass_to(step, end.at) => {}
                }
            }
        }
        Ok(Exit { end, elapsed, left })
    }

    async fn replied(&self, call: Call, cancel: CancellationToken) -> Result<Reply, CallError> {
        let found = self
            .answers()
            .call(&self.recording, &call.origin, &call.function);
        let (step, recorded) = found.map_err(|reason| {
            CallError::new(
                codes::UNANSWERED,
                format!("the recording can't answer `{}`: {reason}", call.function),
                "record a new run, or take the call back",
            )
        })?;
        let cancelled = || CallError::new(codes::CANCELLED, "the step was ended", "");
        let at = recorded.ended.or(step.end.as_ref().map(|end| end.at));
        let passed = async {
            self.pass_to(step, recorded.at).await;
            self.pass_to(step, at.unwrap_or(recorded.at)).await;
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(cancelled()),
            () = passed => {}
        }
        match &recorded.outcome {
            Some(value) => reply(value),
            None => Err(cancelled()),
        }
    }
}

/// The end of a process as the world gives it.
const fn ended(how: &How) -> End {
    match how {
        How::Code(code) => End::Code(*code),
        How::Signal(signal) => End::Signal(*signal),
        How::Ended(Why::TimedOut) => End::TimedOut,
        How::Ended(Why::Cancelled) | How::Unstarted(_) => End::Cancelled,
    }
}

impl World for Recorded {
    fn run(
        &self,
        process: Process,
        output: mpsc::Sender<Chunk>,
        cancel: CancellationToken,
    ) -> Boxed<'_, Result<Exit, SpawnError>> {
        Box::pin(self.answered(process, output, cancel))
    }

    fn call(
        &self,
        call: Call,
        progress: mpsc::Sender<String>,
        cancel: CancellationToken,
    ) -> Boxed<'_, Result<Reply, CallError>> {
        // What it was at stands in the recording as notes.
        drop(progress);
        Box::pin(self.replied(call, cancel))
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Boxed<'_, ()> {
        let until = self.clock.elapsed().saturating_add(duration);
        Box::pin(self.clock.pass_to(until))
    }

    fn deadline(&self, after: Duration) -> Boxed<'_, Heard> {
        Box::pin(self.clock.deadline(after))
    }

    fn clock(&self, step: &str) -> Timestamp {
        let read = self.answers().clock(&self.recording, step);
        read.unwrap_or_else(|| self.clock.now())
    }

    fn variable(&self, step: &str, environment: &Environment, name: &str) -> Option<OsString> {
        if let Some(value) = environment.get(name) {
            return Some(value.to_owned());
        }
        let mut answers = self.answers();
        let own = answers.own(&self.recording, step);
        let read = own.and_then(|own| own.reads.iter().find(|(read, _)| read == name));
        match (read, self.recording.environment.get(name)) {
            (Some((_, value)), _) | (None, Some(value)) => {
                value.as_ref().map(|value| OsString::from(value.as_str()))
            }
            (None, None) => {
                let reason = format!("the variable `{name}` was not read in the recording");
                answers.miss(step, None, &reason);
                None
            }
        }
    }

    fn ask(&self, question: Question) -> Boxed<'_, Option<Answer>> {
        Box::pin(async move {
            let (step, asked) = {
                let mut answers = self.answers();
                answers.question(&self.recording, &question)?
            };
            self.pass_to(step, asked.at).await;
            let (text, by, at) = asked.answer.as_ref()?;
            self.pass_to(step, *at).await;
            Some(Answer {
                text: text.to_string(),
                by: by.clone(),
            })
        })
    }

    fn identity(&self, environment: Environment) -> Boxed<'_, Result<Identity, NoIdentity>> {
        drop(environment);
        let known = self.recording.head.identity.as_ref();
        let identity = known.map(|identity| Identity {
            account: identity.account.to_string(),
            arn: identity.arn.to_string(),
            // No journal keeps it.
            user_id: String::new(),
            source: identity.source.to_string(),
            key: identity.key.clone(),
            expires: identity.expires,
        });
        Box::pin(async { identity.ok_or(NoIdentity::Unknown) })
    }

    fn kube_context(
        &self,
        environment: Environment,
        directory: PathBuf,
    ) -> Boxed<'_, Result<String, NoContext>> {
        drop((environment, directory));
        let context = self
            .recording
            .head
            .context
            .as_ref()
            .map(ToString::to_string);
        Box::pin(async { context.ok_or(NoContext::Unknown) })
    }

    fn profiles(&self, environment: Environment, directory: PathBuf) -> Boxed<'_, Profiles> {
        drop((environment, directory));
        Box::pin(async { Profiles::default() })
    }
}

/// What the shell of a step left.
fn leavings(step: &Step) -> Leavings {
    Leavings {
        environment: step
            .environment
            .iter()
            .map(|(name, value)| {
                let value = value.as_ref().map(|value| OsString::from(value.as_str()));
                (OsString::from(name), value)
            })
            .collect(),
        directory: step
            .directory
            .as_ref()
            .map(|directory| PathBuf::from(directory.as_str())),
    }
}

/// How the process of a call ended.
fn exit_of(call: &Called) -> Option<Then> {
    serde_json::from_value(serde_json::to_value(call.outcome.as_ref()?).ok()?).ok()
}

fn chunk(piece: &Piece) -> (Timestamp, Chunk) {
    let chunk = Chunk {
        stream: piece.stream,
        bytes: piece.bytes.clone(),
    };
    (piece.at, chunk)
}

/// What the process of a call wrote.
fn of_call(call: &Called, exit: Option<&Then>) -> Vec<(Timestamp, Chunk)> {
    let quiet = exit.into_iter().flat_map(|exit| {
        [
            (Stream::Stdout, &exit.stdout),
            (Stream::Stderr, &exit.stderr),
        ]
    });
    let quiet = quiet.filter_map(|(stream, text)| {
        let bytes = text.as_ref()?.clone().into_bytes();
        Some((call.ended.unwrap_or(call.at), Chunk { stream, bytes }))
    });
    call.output.iter().map(chunk).chain(quiet).collect()
}

/// What the process of an attempt wrote; of a transcript with its marks, which are not in the
/// record.
fn of_attempt(attempt: &Attempt, mark: Option<&str>) -> Vec<(Timestamp, Chunk)> {
    let chunks: Vec<_> = attempt.output.iter().map(chunk).collect();
    let Some(mark) = mark else {
        return chunks;
    };
    let mark = format!("\u{1e}{mark}\u{1e}").into_bytes();
    let mut marked = Vec::new();
    let mut text = Vec::new();
    for (at, chunk) in chunks {
        if chunk.stream == Stream::Stdout {
            text.extend(chunk.bytes);
        } else {
            marked.push((at, chunk));
        }
    }
    let mut bytes = Vec::new();
    let mut rest = text.as_slice();
    // The last part is what came behind the last mark.
    let commands = attempt.parts.len().saturating_sub(1);
    for length in attempt.parts.iter().take(commands) {
        let (part, after) = rest.split_at_checked(*length).unwrap_or((rest, &[]));
        bytes.extend_from_slice(part);
        bytes.extend_from_slice(&mark);
        rest = after;
    }
    bytes.extend_from_slice(rest);
    let at = attempt.output.last().map_or(attempt.at, |piece| piece.at);
    marked.push((
        at,
        Chunk {
            stream: Stream::Stdout,
            bytes,
        },
    ));
    marked
}

/// The recorded outcome of a call.
fn reply(value: &CleanValue) -> Result<Reply, CallError> {
    let value = serde_json::to_value(value).unwrap_or_default();
    if let Some(error) = value.get("error").and_then(Value::as_object)
        && let Some(code) = error.get("code").and_then(Value::as_str)
    {
        let part = |name| error.get(name).and_then(Value::as_str).unwrap_or_default();
        return Err(CallError::new(code, part("message"), part("help")));
    }
    let secrets = masks(&value.to_string())
        .into_iter()
        .filter_map(|mask| {
            let name = mask.strip_prefix("«secret:")?.strip_suffix('»')?.to_owned();
            Some((name, mask))
        })
        .collect();
    Ok(Reply { value, secrets })
}
