//! `runbook test`: runbooks against their recordings.

mod cases;
mod judge;
mod mutate;

use runbook::diagnostic::count;
use runbook::report::{Case, suite};
use runbook::side_by_side;
use runbook::view::sanitize;

use super::args;
use super::failure::Failure;
use super::run;
use super::surroundings::{Surroundings, print};
use cases::Tested;

/// Goes through every runbook with its recordings; the status is 1 where one diverges.
///
/// # Errors
/// Where there is nothing to test, or a page or recording can't be read.
pub(crate) fn test(args: &args::Test, surroundings: &Surroundings) -> Result<u8, Failure> {
    let tested = cases::find(&args.paths, surroundings)?;
    let cores = side_by_side::cores();
    if args.mutate {
        let found = side_by_side::all(&tested, cores, |tested| {
            mutate::mutate(tested, surroundings)
        });
        let mut text = String::new();
        for strength in found {
            text.push_str(&strength?);
        }
        print(&text)?;
        return Ok(0);
    }
    let judged = side_by_side::all(&tested, cores, |tested| judge::judge(tested, surroundings));
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

/// What a runbook's line of the report begins with.
fn title(tested: &Tested) -> String {
    let title = format!("{} on {}", tested.shown, tested.target.name);
    sanitize::line(&title).into_owned()
}
