//! `runbook test`: runbooks against their recordings.

mod cases;
mod judge;
mod mutate;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use runbook::diagnostic::count;
use runbook::report::{Case, suite};

use super::args;
use super::failure::Failure;
use super::surroundings::{Surroundings, print};
use super::{STACK, run};
use cases::Tested;

/// Goes through every runbook with its recordings; the status is 1 where one diverges.
///
/// # Errors
/// Where there is nothing to test, or a page or recording can't be read.
pub(crate) fn test(args: &args::Test, surroundings: &Surroundings) -> Result<u8, Failure> {
    let tested = cases::find(&args.paths, surroundings)?;
    if args.mutate {
        let found = side_by_side(&tested, |tested| mutate::mutate(tested, surroundings));
        let mut text = String::new();
        for strength in found {
            text.push_str(&strength?);
        }
        print(&text)?;
        return Ok(0);
    }
    let judged = side_by_side(&tested, |tested| judge::judge(tested, surroundings));
    let mut text = String::new();
    let mut failed = 0;
    for (tested, judged) in tested.iter().zip(&judged) {
        text.push_str(&judged.show(tested, surroundings.out.color));
        if judged.is_good() {
            continue;
        }
        if args.bless {
            text.push_str(&judge::bless(tested, judged, surroundings)?);
        }
        failed += usize::from(!(args.bless && judged.can_be_blessed()));
    }
    text.push_str(&format!(
        "\n{}, {}\n",
        count(tested.len(), "test"),
        match failed {
            0 => "all as recorded".to_owned(),
            failed => format!("{failed} diverged"),
        }
    ));
    print(&text)?;
    if let Some(path) = &args.junit {
        let cases: Vec<Case> = tested
            .iter()
            .zip(&judged)
            .map(|(tested, judged)| judged.case(tested))
            .collect();
        let report = suite("runbook test", &cases);
        run::replace(&surroundings.directory.join(path), report.as_bytes())?;
    }
    Ok(u8::from(failed > 0))
}

/// Does something with every case, on as many threads as there are cores; in order.
fn side_by_side<T: Send>(tested: &[Tested], act: impl Fn(&Tested) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    let work = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = tested.get(place) else {
                return;
            };
            let result = act(case);
            found
                .lock()
                .expect("no holder of this lock panics")
                .push((place, result));
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..threads.min(tested.len()) {
            let builder = thread::Builder::new().stack_size(STACK);
            if builder.spawn_scoped(scope, work).is_err() {
                work();
            }
        }
    });
    let mut found = found.into_inner().expect("no holder of this lock panics");
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, result)| result).collect()
}

/// What a runbook's line of the report begins with.
fn title(tested: &Tested) -> String {
    format!("{} on {}", tested.shown, tested.target.name)
}
