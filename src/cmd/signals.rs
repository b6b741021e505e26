//! INT, TERM and HUP: the first stops a run, the second kills it.

use std::io;
use std::sync::atomic::Ordering;

use runbook::exec::Interrupt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::failure::Failure;

/// What has come so far; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Signals {
    first: watch::Receiver<Option<u8>>,
}

impl Signals {
    /// Listens from now on: no signal ends the process any more by itself.
    ///
    /// # Errors
    /// Where the system does not let us.
    pub(crate) fn listen(interrupt: Interrupt) -> Result<Self, Failure> {
        let deaf =
            |error: io::Error| Failure::refused("signals can't be listened to").because(&error);
        let mut int = signal(SignalKind::interrupt()).map_err(deaf)?;
        let mut term = signal(SignalKind::terminate()).map_err(deaf)?;
        // Under `nohup` a run outlives its terminal.
        let mut hup = if ignores_hangup() {
            None
        } else {
            Some(signal(SignalKind::hangup()).map_err(deaf)?)
        };
        let (sender, first) = watch::channel(None);
        tokio::spawn(async move {
            loop {
                let number = tokio::select! {
                    _ = int.recv() => 2,
                    _ = term.recv() => 15,
                    () = next(hup.as_mut()) => 1,
                };
                if sender.borrow().is_none() {
                    interrupt.signal.store(number, Ordering::Relaxed);
                    interrupt.stop.cancel();
                    sender.send_replace(Some(number));
                } else {
                    interrupt.kill.cancel();
                }
            }
        });
        Ok(Self { first })
    }

    /// The number of the first signal, if one came.
    pub(crate) fn first(&self) -> Option<u8> {
        *self.first.borrow()
    }

    /// Waits for the first signal.
    pub(crate) async fn came(&self) -> u8 {
        let mut first = self.first.clone();
        loop {
            if let Some(number) = *first.borrow_and_update() {
                return number;
            }
            if first.changed().await.is_err() {
                // The listener ends with the program only.
                std::future::pending::<()>().await;
            }
        }
    }
}

/// Waits for a signal; for ever where it is not listened to.
async fn next(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Whether the process was started with HUP ignored, where the system tells: the line `SigIgn` of
/// `/proc/self/status` is a mask with the lowest bit for signal 1 (proc(5)).
fn ignores_hangup() -> bool {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let mask = status
                .lines()
                .find_map(|line| line.strip_prefix("SigIgn:"))?;
            u64::from_str_radix(mask.trim(), 16).ok()
        })
        .is_some_and(|mask| mask & 1 != 0)
}
