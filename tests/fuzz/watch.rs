//! A limit for each case: one that takes longer is printed, and ends the tests.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// No case of bounded size takes so long, on a busy machine either.
const LIMIT: Duration = Duration::from_secs(20);

/// Does something with a case; says how long it took.
pub(crate) fn watched<T>(case: &str, act: impl FnOnce() -> T) -> (T, Duration) {
    let (done, ended) = channel::<()>();
    let kept = case.to_owned();
    let watch = thread::spawn(move || {
        if ended.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            eprintln!("this case takes longer than {LIMIT:?}: {kept:?}");
            std::process::abort();
        }
    });
    let began = Instant::now();
    let made = act();
    let took = began.elapsed();
    drop(done);
    watch.join().expect("the watch ends");
    (made, took)
}
