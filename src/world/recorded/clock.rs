//! A recording's own time: it moves only when something recorded took time, or something waits.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::world::Heard;

/// How long whoever a deadline was for has to hear of it, and how often that is looked for. This
/// is the one wait that is real: it lets another thread go first, and no time is read. It ends as
/// soon as they have done what they do about it; the limit is for a bug of ours.
const HEARD: Duration = Duration::from_millis(1);
const PATIENCE: u32 = 60_000;

pub(super) struct Clock {
    began: Timestamp,
    time: watch::Sender<Duration>,
    deadlines: Arc<Mutex<Deadlines>>,
}

#[derive(Default)]
struct Deadlines {
    next: u64,
    at: BTreeMap<u64, Duration>,
}

impl Clock {
    pub(super) fn new(began: Timestamp) -> Self {
        Self {
            began,
            time: watch::Sender::new(Duration::ZERO),
            deadlines: Arc::default(),
        }
    }

    /// Time since the run began.
    pub(super) fn elapsed(&self) -> Duration {
        *self.time.borrow()
    }

    /// The time of day.
    pub(super) fn now(&self) -> Timestamp {
        let since = SignedDuration::try_from(self.elapsed()).unwrap_or(SignedDuration::MAX);
        self.began.checked_add(since).unwrap_or(Timestamp::MAX)
    }

    /// Lets time pass until a moment; deadlines on the way are told first, and whoever they end
    /// ends this too.
    pub(super) async fn pass_to(&self, until: Duration) {
        while self.elapsed() < until {
            let now = self.elapsed();
            let next = self
                .deadlines()
                .at
                .values()
                .filter(|at| **at > now && **at <= until)
                .min()
                .copied();
            match next {
                Some(at) => {
                    self.time.send_replace(at);
                    self.heard(at).await;
                }
                None => {
                    self.time.send_replace(until);
                }
            }
        }
    }

    /// Waits until those whose deadline a moment is have heard of it, and done what they do then.
    async fn heard(&self, moment: Duration) {
        for _ in 0..PATIENCE {
            tokio::time::sleep(HEARD).await;
            if self.deadlines().at.values().all(|at| *at > moment) {
                break;
            }
        }
    }

    /// Ends when so much time has passed since this was called, not since it is waited for.
    pub(super) fn deadline(&self, after: Duration) -> impl Future<Output = Heard> + Send + use<> {
        let at = self.elapsed().saturating_add(after);
        let mut time = self.time.subscribe();
        let number = {
            let mut deadlines = self.deadlines();
            deadlines.next += 1;
            let number = deadlines.next;
            deadlines.at.insert(number, at);
            number
        };
        let gone = Gone {
            deadlines: Arc::clone(&self.deadlines),
            number,
        };
        async move {
            // The clock lives as long as whoever waits for it.
            let _ = time.wait_for(|time| *time >= at).await;
            Heard::until(gone)
        }
    }

    fn deadlines(&self) -> MutexGuard<'_, Deadlines> {
        self.deadlines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a deadline away that nobody waits for any more.
struct Gone {
    deadlines: Arc<Mutex<Deadlines>>,
    number: u64,
}

impl Drop for Gone {
    fn drop(&mut self) {
        let deadlines = self.deadlines.lock();
        deadlines
            .unwrap_or_else(PoisonError::into_inner)
            .at
            .remove(&self.number);
    }
}
