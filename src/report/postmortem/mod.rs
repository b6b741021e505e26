//! The page that a team starts from after a run: what happened, what held, what is left to do.
//!
//! It is a runbook itself: the assertions that held are its cells, so that running it tells which
//! of them still hold. What the journal can't know is left to fill in, and marked so.

mod account;
mod claims;
mod failed;
mod markdown;
mod timeline;
mod verified;

use std::fmt::Write as _;

use super::{State, Step, by_hand};
use crate::diagnostic::count;
use crate::event::Status;
use crate::language::Vocabulary;
use crate::secret::{Clean, CleanValue};
use crate::value::show_duration;
use claims::{ATTRIBUTES, Claims};
use markdown::{code, code_in_table, command, said, text};

pub use account::Account;

/// What only people know.
const FILL_IN: &str = "_To fill in._";

/// Writes the postmortem of runs that belong together; `vocabulary` is what scripts can call.
///
/// Whatever the journals hold, `check` has nothing to say about the page, and what its cells run
/// only reads.
#[must_use]
pub fn postmortem(mut accounts: Vec<Account>, vocabulary: &Vocabulary) -> String {
    accounts.sort_by_key(|account| account.began);
    let claims = Claims::of(&accounts, vocabulary);
    let Some(first) = accounts.first() else {
        return String::new();
    };
    let name = match first.head.title.as_str() {
        "" => first.head.document.as_str(),
        title => title,
    };
    let title = format!("Postmortem: {name}");
    let description = format!(
        "{} of {}",
        count(accounts.len(), "run"),
        first.began.strftime("%Y-%m-%d")
    );
    let mut page = claims.front_matter(&title, &description);
    let _ = write!(page, "\n# Postmortem: {}\n{ATTRIBUTES}\n", text(name));
    page.push_str(
        "\nA draft, made from the journal. What it could not know is marked _To fill in_.\n",
    );
    if !claims.is_empty() {
        page.push_str(
            "The page is a runbook: run it (`runbook run` and its name) to see which of its \
             claims still hold. It only reads.\n",
        );
    }
    summary(&accounts, &mut page);
    let _ = write!(
        page,
        "\n## Impact\n\n- **Who or what was affected**: {FILL_IN}\n\
         - **From when to when** (UTC): {FILL_IN}\n\
         - **How it was noticed**: {FILL_IN}\n- **How bad**: {FILL_IN}\n"
    );
    timeline::write(&accounts, &mut page);
    failed::write(&accounts, &mut page);
    verified::write(&accounts, &claims, &mut page);
    commands(&accounts, &mut page);
    remains(&accounts, &mut page);
    notes(&accounts, &mut page);
    learnings(&accounts, &mut page);
    page
}

/// How many inputs are told; of more, only those that are not the page's own.
const INPUTS: usize = 12;

/// A heading for a run's part of a section, where there are several runs.
fn part(accounts: &[Account], account: &Account, page: &mut String) {
    if accounts.len() > 1 {
        let _ = write!(
            page,
            "\n**Run {}**, {}:\n",
            code(account.short()),
            code(&account.head.document)
        );
    }
}

fn summary(accounts: &[Account], page: &mut String) {
    page.push_str("\n## Summary\n");
    for account in accounts {
        let _ = write!(page, "\n{}\n\n| | |\n|---|---|\n", sentence(account));
        for (name, text) in facts(account) {
            let _ = writeln!(page, "| {name} | {text} |");
        }
    }
}

/// What a run was and came to, for somebody who was not there.
fn sentence(account: &Account) -> String {
    let head = &account.head;
    let totals = account.report.totals();
    let mut told = format!(
        "On {} UTC **{}** ran {}",
        account.began.strftime("%Y-%m-%d at %H:%M"),
        text(&head.operator),
        code(&head.document)
    );
    if let Some(target) = &head.target {
        let _ = write!(told, " on {}", code(target));
    }
    let status = account.report.status.unwrap_or(Status::Interrupted);
    let how = if account.report.finished {
        status.word()
    } else {
        "cut short: its journal has no end"
    };
    let _ = write!(told, ". After {} it **{how}**", took(account));
    if !account.report.finished {
        told = told.replace(" it **cut short", " it was **cut short");
    } else if status == Status::Refused || status == Status::Interrupted {
        told = told.replace(" it **", " it was **");
    }
    let at: Vec<&Step> = unwell(account)
        .filter(|step| counts(account, step))
        .collect();
    match at.as_slice() {
        [] => {
            if let Some(reason) = &account.report.reason {
                let _ = write!(told, ": {}", said(reason.as_str()));
            }
            told.push('.');
        }
        [step, others @ ..] => {
            let _ = write!(told, " at {}{}", code(&step.id), line(step));
            if let Some(reason) = &step.reason {
                let _ = write!(told, ": {}", said(reason.as_str()));
            }
            told.push('.');
            if !others.is_empty() {
                let names: Vec<String> = others.iter().map(|step| code(&step.id)).collect();
                let _ = write!(told, " So did {}.", names.join(", "));
            }
        }
    }
    let _ = write!(
        told,
        " Of {}, {} passed",
        count(totals.steps, "step"),
        totals.passed
    );
    for (number, word) in [
        (totals.failed, "failed"),
        (totals.refused, "was refused"),
        (totals.interrupted, "was interrupted"),
    ] {
        if number > 0 {
            let _ = write!(told, ", {number} {word}");
        }
    }
    let idle = totals.skipped + totals.waiting;
    if idle > 0 {
        let _ = write!(told, ", {idle} did not run");
    }
    let _ = write!(told, "; {} held", count(totals.held, "assertion"));
    if totals.broken > 0 {
        let _ = write!(told, " and {} did not", totals.broken);
    }
    told.push('.');
    told
}

fn took(account: &Account) -> String {
    show_duration(account.report.elapsed.unwrap_or_default())
}

fn line(step: &Step) -> String {
    match step.line {
        0 => String::new(),
        line => format!(" (line {line})"),
    }
}

fn facts(account: &Account) -> Vec<(&'static str, String)> {
    let head = &account.head;
    let mut facts = Vec::new();
    let digest = head.digest.get(..12).unwrap_or_default();
    let what = format!(
        "{}, {}",
        text(head.title.as_str()),
        code_in_table(&head.document)
    );
    facts.push((
        "what",
        format!("{what} (SHA-256 {}…)", code_in_table(digest)),
    ));
    facts.push((
        "when",
        format!(
            "{} to {} UTC, {}",
            account.began.strftime("%Y-%m-%d %H:%M:%S"),
            account.ended().strftime("%H:%M:%S"),
            took(account)
        ),
    ));
    let attended = if head.attended {
        "at a terminal"
    } else {
        "unattended"
    };
    facts.push(("who", format!("{}, {attended}", text(&head.operator))));
    facts.push(("changed", failed::changed(account, None)));
    if let Some(recording) = &head.recording {
        let answered = format!("no: {} answered", text(recording.as_str()));
        facts.push(("real", answered));
    }
    let mut place = match &head.target {
        Some(target) => format!("target {}, ", code_in_table(target)),
        None => String::new(),
    };
    let _ = write!(
        place,
        "runbook {} on {}",
        text(&head.program),
        text(&head.platform)
    );
    if let Some(identity) = &head.identity {
        let _ = write!(
            place,
            ", AWS account {} as {}",
            code_in_table(identity.account.as_str()),
            code_in_table(identity.arn.as_str())
        );
    }
    facts.push(("where", place));
    let is_told = |name: &String| head.inputs.len() <= INPUTS || head.given.contains(name);
    let told = head.inputs.iter().filter(|(name, _)| is_told(name));
    let mut inputs: Vec<String> = told
        .map(|(name, value)| code_in_table(&format!("{name}={}", shown(value))))
        .collect();
    if let left @ 1.. = head.inputs.len() - inputs.len() {
        inputs.push(format!("and {left} as the page has them"));
    }
    if !inputs.is_empty() {
        facts.push(("inputs", inputs.join(" ")));
    }
    for removed in &head.removed {
        let why = format!(
            "{}: {}",
            code_in_table(&removed.name),
            text(&removed.reason)
        );
        facts.push(("removed", why));
    }
    let result = match (account.report.status, account.report.exit) {
        (Some(status), Some(exit)) => format!("**{}**, exit status {exit}", status.word()),
        _ => "**no end recorded**: the program or the machine went down".to_owned(),
    };
    facts.push(("result", result));
    facts.push((
        "record",
        format!(
            "run {}, {}; {} tells whether it is whole",
            code_in_table(&head.run),
            if account.entries == 1 {
                "1 entry".to_owned()
            } else {
                format!("{} entries", account.entries)
            },
            code_in_table(&format!("runbook verify {}", account.short()))
        ),
    ));
    facts
}

fn shown(value: &CleanValue) -> String {
    match value {
        CleanValue::Text(text) => text.to_string(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// The steps that ran and did not pass.
fn unwell(account: &Account) -> impl Iterator<Item = &Step> {
    account
        .report
        .steps()
        .filter(|step| matches!(step.state, State::Finished(status) if status != Status::Passed))
}

/// Whether a step's failure counts: nothing handled it, and it may not fail.
fn counts(account: &Account, step: &Step) -> bool {
    let whole = step.id.split('[').next().unwrap_or_default();
    step.state != State::Finished(Status::Failed)
        || (account.counted.is_empty() && account.report.status != Some(Status::Passed))
        || account
            .counted
            .iter()
            .any(|id| *id == step.id || id == whole)
}

/// What ran, to be pasted at a prompt.
fn commands(accounts: &[Account], page: &mut String) {
    page.push_str("\n## The commands by hand\n");
    let mut any = false;
    for account in accounts {
        let mut begun = false;
        for step in account.report.steps() {
            let directory = step.directory.as_ref().map(Clean::as_str);
            let Some(found) = step
                .command
                .as_ref()
                .and_then(|ran| by_hand(&step.kind, ran.as_str(), directory))
            else {
                continue;
            };
            if !begun {
                part(accounts, account, page);
                begun = true;
            }
            any = true;
            let _ = write!(page, "\n{}, which {}", code(&step.id), ended(step));
            for name in found.secrets {
                let _ = write!(
                    page,
                    "; a secret is read from {}, to be exported",
                    code(&name)
                );
            }
            let _ = write!(page, ":\n\n{}", command(&found.command));
        }
    }
    page.push_str(if any {
        "\nEach is safe to paste at a prompt of its shell.\n"
    } else {
        "\nNo step ran a command in a shell.\n"
    });
}

/// How a step ended, as a verb.
fn ended(step: &Step) -> &'static str {
    match step.state {
        State::Finished(Status::Passed) => "passed",
        State::Finished(Status::Failed) => "failed",
        State::Finished(Status::Refused) => "was refused",
        State::Finished(Status::Interrupted) => "was interrupted",
        State::Skipped => "was skipped",
        State::Waiting | State::Running => "did not run",
    }
}

/// Steps that should have run, and did not come to their end.
fn remains(accounts: &[Account], page: &mut String) {
    page.push_str("\n## What remains to do\n");
    let mut any = false;
    for account in accounts {
        let mut begun = false;
        for step in account.report.steps() {
            let why = match step.state {
                State::Finished(Status::Passed) | State::Running => continue,
                State::Finished(_) if !counts(account, step) => continue,
                State::Skipped if !stopped(step) => continue,
                State::Waiting => "the run did not come to it",
                _ => step.reason.as_ref().map_or("", Clean::as_str),
            };
            if !begun {
                part(accounts, account, page);
                page.push('\n');
                begun = true;
            }
            any = true;
            let title = match step.title.as_str() {
                title if title == step.id => String::new(),
                title => format!(", {}", text(title)),
            };
            let _ = write!(
                page,
                "- [ ] {}{}{title}: {}",
                code(&step.id),
                line(step),
                ended(step)
            );
            let _ = match why {
                "" => writeln!(page),
                why => writeln!(page, " ({})", said(why)),
            };
        }
        if begun {
            let _ = write!(
                page,
                "\n{} goes on where this run stopped.\n",
                code(&format!("runbook resume {}", account.short()))
            );
        }
    }
    if !any {
        page.push_str("\nEvery step that should have run came to its end.\n");
    }
    let _ = write!(
        page,
        "\n- [ ] {FILL_IN} What follows from this page, who does it, until when.\n"
    );
}

/// Whether a step was passed over because something else went wrong, and not by its own condition.
fn stopped(step: &Step) -> bool {
    let reason = step.reason.as_ref().map_or("", Clean::as_str);
    reason.starts_with("the run ")
        || reason.starts_with("it needs ")
        || reason.contains("` is not there: `")
}

fn notes(accounts: &[Account], page: &mut String) {
    let mut notes: Vec<_> = accounts.iter().flat_map(|account| &account.notes).collect();
    notes.sort_by_key(|note| note.at);
    if notes.is_empty() {
        return;
    }
    page.push_str("\n## Notes\n\n");
    for note in notes {
        if let account::What::Noted {
            by, text: noted, ..
        } = &note.what
        {
            let at = note.at.strftime("%Y-%m-%d %H:%M:%S");
            let _ = writeln!(page, "- {at} UTC, {}: {}", text(by), said(noted));
        }
    }
}

/// In the form of the document that this program grew out of.
fn learnings(accounts: &[Account], page: &mut String) {
    page.push_str("\n## Learnings\n");
    let mut number = 0;
    for account in accounts {
        for step in unwell(account) {
            number += 1;
            failed::learning(number, account, step, page);
        }
        for step in account.report.steps() {
            if step.attempts > 1 && step.state == State::Finished(Status::Passed) {
                number += 1;
                let _ = write!(
                    page,
                    "\n### {number}. {} needed {}\n\n**Problem**: {}{} passed only at attempt {}.\n\n\
                     **Root cause**: {FILL_IN}\n\n**Fix**: trying again was enough.\n\n\
                     **Prevention**: {FILL_IN}\n",
                    code(&step.id),
                    count(step.attempts as usize, "attempt"),
                    code(&step.id),
                    line(step),
                    step.attempts,
                );
            }
        }
    }
    if number == 0 {
        let _ = write!(
            page,
            "\n### 1. {FILL_IN}\n\n**Problem**: {FILL_IN}\n\n**Root cause**: {FILL_IN}\n\n\
             **Fix**: {FILL_IN}\n\n**Prevention**: {FILL_IN}\n"
        );
    }
}

/// A status as a verb in the past.
const fn was(status: Status) -> &'static str {
    match status {
        Status::Passed => "passed",
        Status::Failed => "failed",
        Status::Refused => "was refused",
        Status::Interrupted => "was interrupted",
    }
}
