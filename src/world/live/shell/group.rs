//! A process group and the signals it gets.

use std::future;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, test_kill_process_group,
    waitid,
};
use tokio::time;

/// How often a process is looked at for being stopped.
const LOOK: Duration = Duration::from_millis(500);

/// A process and, unless it shares the operator's terminal, the group that it leads.
///
/// Dropped before [`release`](Self::release), it is killed: a future that is given up leaves
/// nothing behind.
pub(super) struct Group {
    leader: Pid,
    /// Whether the leader has a group of its own; at the terminal the group is ours.
    own: bool,
    armed: bool,
}

impl Group {
    pub(super) const fn new(leader: Pid, own: bool) -> Self {
        Self {
            leader,
            own,
            armed: true,
        }
    }

    pub(super) const fn leader(&self) -> Pid {
        self.leader
    }

    /// Asks it to end. A stopped process would not hear of it, so it is woken too.
    pub(super) fn terminate(&self) {
        self.signal(Signal::TERM);
        self.signal(Signal::CONT);
    }

    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Whether no process of it is left; asked when the leader has been waited for.
    pub(super) fn is_gone(&self) -> bool {
        !self.own || test_kill_process_group(self.leader) == Err(Errno::SRCH)
    }

    /// Waits until the leader is stopped because it, or a child, reached for the terminal; says
    /// by which signal.
    ///
    /// A background group that reads the terminal gets SIGTTIN, all of it (POSIX, General
    /// Terminal Interface, 11.1.4), and would wait for ever.
    pub(super) async fn wants_terminal(&self) -> i32 {
        if !self.own {
            future::pending::<()>().await;
        }
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        loop {
            time::sleep(LOOK).await;
            if let Ok(Some(status)) = waitid(WaitId::Pid(self.leader), options)
                && let Some(signal) = status.stopping_signal()
                && [Signal::TTIN, Signal::TTOU]
                    .iter()
                    .any(|wanted| wanted.as_raw() == signal)
            {
                return signal;
            }
        }
    }

    /// The leader ended and was waited for: its id may be another's from now on.
    pub(super) fn release(mut self) {
        self.armed = false;
    }

    /// Sends a signal; a process that is already gone has nothing to say.
    fn signal(&self, signal: Signal) {
        let _ = if self.own {
            kill_process_group(self.leader, signal)
        } else {
            kill_process(self.leader, signal)
        };
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.armed {
            self.kill();
        }
    }
}
