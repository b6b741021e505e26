//! The same for many things, on all cores, with the results in their order.
//!
//! For work of which each part stands alone. It never decides how much may run at once outside of
//! this process: that is `exec`'s.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// What a thread may use, in bytes: pages and scripts may be nested deeply. Only what is touched
/// is taken.
const STACK: usize = 64 * 1024 * 1024;

/// How many things can be done at once; 1 where the system doesn't tell.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Does something with each, on so many threads, and gives all results.
///
/// ```
/// let squares = runbook::side_by_side::all(&[3, 1, 2], 2, |number| number * number);
/// assert_eq!(squares, [9, 1, 4]);
/// ```
pub fn all<T: Sync, R: Send>(things: &[T], threads: usize, act: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let mut results = Vec::with_capacity(things.len());
    let Ok(()) = each(things, threads, act, |result| {
        results.push(result);
        Ok::<_, Infallible>(())
    });
    results
}

/// Does something with each, on so many threads, and hands the results over one by one, as soon as
/// all before them were.
///
/// # Errors
/// The first of `take`; what is not begun by then is left.
pub fn each<T: Sync, R: Send, E>(
    things: &[T],
    threads: usize,
    act: impl Fn(&T) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let threads = threads.min(things.len());
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (sender, results) = mpsc::channel();
        let mut started = 0;
        for _ in 0..if threads > 1 { threads } else { 0 } {
            let (next, act, sender) = (&next, &act, sender.clone());
            let work = move || {
                while let place = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(thing) = things.get(place)
                    && sender.send((place, act(thing))).is_ok()
                {}
            };
            let builder = thread::Builder::new().stack_size(STACK);
            started += usize::from(builder.spawn_scoped(scope, work).is_ok());
        }
        drop(sender);
        if started == 0 {
            return things.iter().try_for_each(|thing| take(act(thing)));
        }
        let mut early = BTreeMap::new();
        let mut due = 0;
        // Whoever sends to nobody stops, so an error ends the others too.
        for (place, result) in results {
            early.insert(place, result);
            while let Some(result) = early.remove(&due) {
                take(result)?;
                due += 1;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_whatever_ends_first() {
        let things: Vec<u64> = (0..200).collect();
        for threads in [0, 1, 2, 7, 500] {
            let results = all(&things, threads, |thing| {
                if thing % 7 == 0 {
                    thread::yield_now();
                }
                thing * 2
            });
            assert!(results.iter().copied().eq((0..200).map(|thing| thing * 2)));
        }
        assert_eq!(all(&[], 2, |(): &()| 1), [0; 0]);
    }

    #[test]
    fn the_first_error_ends_it() {
        let things: Vec<usize> = (0..100_000).collect();
        let mut taken = Vec::new();
        let take = |result| {
            taken.push(result);
            if result == 3 { Err(result) } else { Ok(()) }
        };
        let ended = each(&things, 2, |thing| *thing, take);
        assert_eq!(ended, Err(3));
        assert_eq!(taken, [0, 1, 2, 3]);
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_is_not_lost() {
        all(&[1, 2], 2, |thing| assert_eq!(*thing, 1));
    }
}
