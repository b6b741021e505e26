//! The shells of a world: which script goes to a warm one, and when there is one.
//!
//! A warm shell is started once so many scripts have ended as its start costs, so that a run of
//! few steps, or of many at once, pays for none. It must never make a script wait for another.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::warm::Warm;
use super::{fit, request, start};
use crate::credentials::Environment;
use crate::world::{Chunk, Exit, Process, Script, SpawnError, Stdin};

/// How many warm shells wait at a time.
const MOST: usize = 4;

/// How many scripts must have ended for each shell that is started: a start, with its end, costs
/// what so many forks save.
pub(super) const COST: u32 = 8;

/// How many forks in a row may run nothing of what they are asked until no more are: then it is
/// not the texts, but they can't read our descriptors here.
const REFUSED: u32 = 4;

/// New shells, and warm ones that wait.
pub(in crate::world::live) struct Shells(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Whether every script gets a new shell.
    fresh: bool,
    waiting: Vec<Warm>,
    /// Variables that were not the same for two scripts: no warm shell shall have them.
    changing: BTreeSet<OsString>,
    /// How many scripts that a warm shell could run have ended since one was started.
    ended: u32,
    /// How many forks in a row ran nothing.
    refused: u32,
}

impl Default for Shells {
    fn default() -> Self {
        let shells = Self(Mutex::default());
        shells.known().fresh = !has_descriptors();
        shells
    }
}

impl Shells {
    /// Shells of which each is a new one.
    pub(in crate::world::live) fn fresh() -> Self {
        let shells = Self(Mutex::default());
        shells.known().fresh = true;
        shells
    }

    /// Runs a process as [`World::run`](crate::world::World::run) says, in a warm shell where
    /// that comes to the same.
    #[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
    pub(in crate::world::live) async fn run(
        &self,
        process: Process,
        output: mpsc::Sender<Chunk>,
        cancel: CancellationToken,
    ) -> Result<Exit, SpawnError> {
        let began = Instant::now();
        let Some(script) = self.wanted(&process) else {
            return super::run(process, output, cancel).await;
        };
        if !cancel.is_cancelled()
            && let Some(mut warm) = self.warm(&process, script).await
        {
            let exit = warm
                .run(&process, script, output.clone(), &cancel, began)
                .await;
            self.put_back(warm, exit.is_some());
            if let Some(exit) = exit {
                self.count();
                return Ok(exit);
            }
        }
        let exit = super::run(process, output, cancel).await;
        self.count();
        exit
    }

    /// The script of a process that a warm shell may run.
    fn wanted<'a>(&self, process: &'a Process) -> Option<&'a Script> {
        let script = process.script.as_ref()?;
        if self.known().fresh || !matches!(process.stdin, Stdin::Null) {
            return None;
        }
        let body = script.text.get(script.body.clone())?;
        (fit::needs_new(body).is_none() && request::suits(process)).then_some(script)
    }

    /// A shell that waits for such a script, or a new one where that is worth it.
    async fn warm(&self, process: &Process, script: &Script) -> Option<Warm> {
        let program = start::locate("bash".as_ref(), &process.environment, &process.directory)?;
        let base = match self.choose(&program, process, script) {
            Choice::Warm(warm) => return Some(*warm),
            Choice::New => return None,
            Choice::Start(base) => base,
        };
        let started = Warm::start(&program, script, base).await;
        if started.is_err() {
            // Another bash than the one that this was proven with: it stays what it is.
            self.known().fresh = true;
        }
        started.ok()
    }

    fn choose(&self, program: &Path, process: &Process, script: &Script) -> Choice {
        let mut known = self.known();
        let between = |warm: &Warm| request::between(warm.base(), &process.environment);
        let serves = |warm: &&Warm| warm.speaks(program, &script.name);
        let place = known
            .waiting
            .iter()
            .position(|warm| serves(&warm) && between(warm).is_empty());
        if let Some(place) = place {
            return Choice::Warm(Box::new(known.waiting.swap_remove(place)));
        }
        if known.ended < COST {
            return Choice::New;
        }
        known.ended -= COST;
        let changed: Vec<OsString> = known
            .waiting
            .iter()
            .filter(serves)
            .flat_map(between)
            .collect();
        let sent = changed
            .into_iter()
            .filter(|name| request::can_be_sent(name));
        known.changing.extend(sent);
        Choice::Start(request::base(&process.environment, &known.changing))
    }

    /// Has a shell wait for the next script, unless something about it is in doubt.
    fn put_back(&self, warm: Warm, served: bool) {
        let mut known = self.known();
        known.refused = if served { 0 } else { known.refused + 1 };
        known.fresh |= known.refused == REFUSED;
        if !known.fresh && warm.is_sound() {
            if known.waiting.len() == MOST {
                // The one that waits longest fits least.
                known.waiting.remove(0);
            }
            known.waiting.push(warm);
        }
    }

    fn count(&self) {
        let mut known = self.known();
        known.ended = known.ended.saturating_add(1);
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a script goes.
enum Choice {
    /// To a shell that waits.
    Warm(Box<Warm>),
    /// To a warm shell that is started for it with this environment.
    Start(Environment),
    /// To a new one.
    New,
}

/// Whether others find our descriptors in `/proc`: it is there, and it counts processes as we do.
fn has_descriptors() -> bool {
    std::fs::read_link("/proc/self")
        .is_ok_and(|own| own.as_os_str() == std::process::id().to_string().as_str())
}
