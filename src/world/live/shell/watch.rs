//! Noticing that a process ended, without a thread for each.

use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;
use std::process::ExitStatus;

use duct::Handle;
use rustix::process::Pid;
#[cfg(target_os = "linux")]
use rustix::process::{PidfdFlags, pidfd_open};
#[cfg(target_os = "linux")]
use tokio::io::{Interest, unix::AsyncFd};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What tells of a process's end.
pub(super) enum Watch {
    /// A descriptor of the process itself (`pidfd_open(2)`, Linux 5.3): one wakes one.
    #[cfg(target_os = "linux")]
    Descriptor(AsyncFd<OwnedFd>),
    /// SIGCHLD, which tells of any child.
    Children(Signal),
}

impl Watch {
    /// Watches a process that was not waited for yet.
    pub(super) fn new(process: Pid) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Ok(descriptor) = pidfd_open(process, PidfdFlags::empty()) {
            return watched(descriptor).map(Self::Descriptor);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = process;
        signal(SignalKind::child()).map(Self::Children)
    }

    /// Waits for the end.
    pub(super) async fn exited(&mut self, handle: &Handle) -> io::Result<ExitStatus> {
        loop {
            match self {
                #[cfg(target_os = "linux")]
                Self::Descriptor(descriptor) => {
                    let mut ready = descriptor.readable().await?;
                    if let Some(output) = handle.try_wait()? {
                        return Ok(output.status);
                    }
                    ready.clear_ready();
                }
                Self::Children(children) => {
                    // Asked before the first signal too: it may have come before the watch.
                    if let Some(output) = handle.try_wait()? {
                        return Ok(output.status);
                    }
                    children.recv().await;
                }
            }
        }
    }
}

/// Registers a process's descriptor with the reactor.
#[cfg(target_os = "linux")]
#[expect(
    deprecated,
    reason = "unsound for types whose descriptor may change; an `OwnedFd` keeps its own, and the \
              other constructor is unsafe to call"
)]
fn watched(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(descriptor, Interest::READABLE)
}
