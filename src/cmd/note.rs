//! `runbook note`: a word of the operator's behind a journal.

use runbook::event::Event;
use runbook::journal::{self, Unappended};
use runbook::secret::Redactor;
use runbook::view;

use super::args;
use super::failure::Failure;
use super::surroundings::{Surroundings, print};
use super::{rooms, runs};

/// Adds a note to the journal of a run that is over.
///
/// # Errors
/// Where there is no such run, it goes on, or its journal does not verify or can't be written.
pub(crate) fn note(args: &args::Note, surroundings: &Surroundings) -> Result<u8, Failure> {
    let text = args.text.trim();
    if text.is_empty() {
        return Err(Failure::wrong("the note is empty").help("say what there is to note"));
    }
    let run = runs::find(&args.run.name, surroundings)?;
    let redactor = Redactor::default();
    for (name, value) in surroundings.environment.iter() {
        // Short and common values are left alone, as in a run.
        let _unfit = redactor.learn_variable(&name.to_string_lossy(), value.as_encoded_bytes());
    }
    let by = redactor.clean(&surroundings.operator()).to_string();
    let event = Event::Noted {
        step: None,
        text: redactor.clean(text),
        by: Some(by),
    };
    let appended =
        journal::append(run.journal(), rooms::bare_world().now(), event).map_err(|error| {
            match error {
                Unappended::Live => Failure::refused(format!("nothing was noted: {error}"))
                    .help("wait until the run has ended"),
                Unappended::Broken(broken) => {
                    Failure::journal("nothing was noted: the journal does not verify")
                        .because(&broken)
                }
                Unappended::Unwritable(error) => {
                    Failure::journal("nothing was noted").because(&error)
                }
            }
        })?;
    if let Some(bytes) = appended.mended {
        surroundings.warn(&format!(
            "a last line of {bytes} bytes, cut off by a crash, was taken away"
        ))?;
    }
    print(&format!(
        "noted as entry {} of run {}\n",
        appended.entry.seq,
        view::short(&run.id)
    ))?;
    Ok(0)
}
