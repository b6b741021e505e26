//! What native functions find behind the engine's tag while one piece of code runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext, Position};
use tokio_util::sync::CancellationToken;

use super::place::Place;
use super::{Check, Failure, FailureKind, Host, Notebook, Trouble};
use crate::source::Span;

/// One run of one piece of code.
pub(super) struct Session {
    pub(super) host: Arc<dyn Host>,
    pub(super) cancel: CancellationToken,
    pub(super) notebook: Notebook,
    /// The piece that runs, then those whose functions it can call.
    pub(super) places: Vec<Arc<Place>>,
    /// The names that the running piece defines.
    own: Mutex<Own>,
    /// What ended the code in a way that it can't catch.
    ended: Mutex<Option<Failure>>,
    /// Whether `ended` is set; read at every operation.
    is_ended: AtomicBool,
    /// Assertions held back, one list for each `within` that is polling.
    held_back: Mutex<Vec<Vec<Check>>>,
}

/// Names that a piece of code defines, for saying which one was meant.
#[derive(Clone, Default)]
pub(super) struct Own {
    pub(super) variables: Vec<String>,
    /// Each with its number of parameters.
    pub(super) functions: Vec<(String, usize)>,
}

impl Session {
    pub(super) fn new(
        host: Arc<dyn Host>,
        cancel: CancellationToken,
        notebook: Notebook,
        place: Arc<Place>,
    ) -> Self {
        let mut places = vec![place];
        places.extend(notebook.places().cloned());
        Self {
            host,
            cancel,
            notebook,
            places,
            own: Mutex::default(),
            ended: Mutex::default(),
            is_ended: AtomicBool::new(false),
            held_back: Mutex::default(),
        }
    }

    /// The session of a native function's call.
    ///
    /// # Errors
    /// Where the engine was not made by this room.
    pub(super) fn of(context: &NativeCallContext) -> Result<Arc<Self>, Box<EvalAltResult>> {
        context
            .tag()
            .and_then(Self::from_tag)
            .ok_or_else(|| "there is no run to act in".into())
    }

    pub(super) fn from_tag(tag: &Dynamic) -> Option<Arc<Self>> {
        tag.read_lock::<Arc<Self>>()
            .map(|session| Arc::clone(&session))
    }

    /// Whether the code must stop.
    pub(super) fn must_stop(&self, operations: u64) -> bool {
        self.is_ended.load(Ordering::Relaxed)
            || (operations.is_multiple_of(64) && self.cancel.is_cancelled())
    }

    /// Ends the code with a failure that no `catch` sees.
    pub(super) fn end(&self, failure: Failure) -> Box<EvalAltResult> {
        // The first failure is the one that counts.
        self.ended().get_or_insert(failure);
        self.is_ended.store(true, Ordering::Relaxed);
        EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE).into()
    }

    /// Takes the failure that ended the code, if one did.
    pub(super) fn take_end(&self) -> Option<Failure> {
        let failure = self.ended().take();
        self.is_ended.store(false, Ordering::Relaxed);
        failure
    }

    /// A host's trouble as an error of the script.
    pub(super) fn trouble(&self, trouble: Trouble, position: Position) -> Box<EvalAltResult> {
        let (kind, message) = match trouble {
            Trouble::Failed(message) => return message.into(),
            Trouble::Answered {
                code,
                message,
                help,
            } => {
                let parts = [("code", code), ("message", message), ("help", help)];
                let error: Map = parts
                    .into_iter()
                    .map(|(name, text)| (name.into(), Dynamic::from(text)))
                    .collect();
                return EvalAltResult::ErrorRuntime(error.into(), position).into();
            }
            Trouble::Refused(message) => (FailureKind::Refused, message),
            Trouble::Cancelled => (FailureKind::Cancelled, Trouble::Cancelled.to_string()),
        };
        self.end(Failure {
            kind,
            message,
            rest: None,
            span: self.word(position),
            check: None,
        })
    }

    /// The span of the word at a position.
    pub(super) fn word(&self, position: Position) -> Option<Span> {
        self.places.iter().find_map(|place| place.word(position))
    }

    /// The piece of code that a position is in.
    pub(super) fn place(&self, position: Position) -> Option<&Arc<Place>> {
        self.places
            .iter()
            .find(|place| place.offset(position).is_some())
    }

    /// Tells that an assertion was checked, or keeps it while a `within` is polling.
    pub(super) fn checked(&self, check: Check) {
        match self.held_back().last_mut() {
            Some(checks) => checks.push(check),
            None => self.host.checked(check),
        }
    }

    /// From now on assertions are held back.
    pub(super) fn hold_back(&self) {
        self.held_back().push(Vec::new());
    }

    /// Ends the last [`Self::hold_back`] and gives what it kept.
    pub(super) fn let_go(&self) -> Vec<Check> {
        self.held_back().pop().unwrap_or_default()
    }

    /// The names that the running piece defines.
    pub(super) fn own(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self) -> MutexGuard<'_, Option<Failure>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held_back(&self) -> MutexGuard<'_, Vec<Vec<Check>>> {
        self.held_back
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
