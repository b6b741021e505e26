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

    /// Whether nothing of it runs any more: what is left has ended, and only waits for a parent
    /// (in a container often one that never asks) to take notice.
    #[cfg(target_os = "linux")]
    pub(super) fn has_ended(&self) -> bool {
        let leader = self.leader.as_raw_nonzero().to_string();
        let Ok(processes) = std::fs::read_dir("/proc") else {
            return false;
        };
        !processes.filter_map(Result::ok).any(|process| {
            let name = process.file_name();
            if !name.as_encoded_bytes().iter().all(u8::is_ascii_digit) {
                return false;
            }
            // proc_pid_stat(5): `pid (name) state parent group …`; the name may hold anything.
            let Ok(stat) = std::fs::read_to_string(process.path().join("stat")) else {
                return false;
            };
            let mut fields = stat
                .rsplit_once(')')
                .map_or("", |(_, fields)| fields)
                .split_whitespace();
            let state = fields.next();
            let group = fields.nth(1);
            group == Some(leader.as_str()) && !matches!(state, Some("Z" | "X"))
        })
    }

    /// Elsewhere only [`is_gone`](Self::is_gone) tells.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn has_ended(&self) -> bool {
        self.is_gone()
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
