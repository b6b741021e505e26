//! The services that failed after they had been ready, until the schedule takes them in.

use std::sync::Mutex;

use tokio::sync::Notify;

use super::outcome::Ending;

/// A service that failed after it had been ready.
pub(super) struct Fell {
    /// The number of its step.
    pub(super) index: usize,
    /// The name of the step, or of its instance.
    pub(super) name: String,
    pub(super) ending: Ending,
}

/// The services that failed and that the schedule does not know of yet.
#[derive(Default)]
pub(super) struct Fallen {
    waiting: Mutex<Vec<Fell>>,
    more: Notify,
}

impl Fallen {
    /// Tells the schedule of one.
    pub(super) fn tell(&self, fell: Fell) {
        self.waiting
            .lock()
            .expect("no holder of this lock panics")
            .push(fell);
        self.more.notify_one();
    }

    /// Waits until there is one more.
    pub(super) async fn told(&self) {
        self.more.notified().await;
    }

    /// Takes those whose steps have settled; the others stay.
    pub(super) fn take(&self, has_settled: impl Fn(usize) -> bool) -> Vec<Fell> {
        let mut waiting = self.waiting.lock().expect("no holder of this lock panics");
        let all = std::mem::take(&mut *waiting);
        let (settled, rest) = all.into_iter().partition(|fell| has_settled(fell.index));
        *waiting = rest;
        settled
    }
}
