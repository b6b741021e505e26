//! What did not pass: the assertion with its values and place, the last lines, the command.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::super::{Check, State, Step, Tail, by_hand};
use super::account::Account;
use super::markdown::{code, code_in_table, command, fence, output, said, text};
use super::{FILL_IN, counts, ended, line, part, stopped, unwell};
use crate::diagnostic::count;
use crate::event::Status;
use crate::secret::Clean;
use crate::value::show_duration;

/// How many of the last lines of an output are shown.
const LINES: usize = 12;
/// How many outputs are shown of steps that a failed one waited for.
const NEEDED: usize = 3;
/// How many steps are shown in full.
const STEPS: usize = 50;

pub(super) fn write(accounts: &[Account], page: &mut String) {
    page.push_str("\n## What failed\n");
    let mut any = false;
    for account in accounts {
        let total = unwell(account).count();
        if total == 0 {
            continue;
        }
        any = true;
        part(accounts, account, page);
        for step in unwell(account).take(STEPS) {
            one(account, step, page);
        }
        if total > STEPS {
            let more = count(total - STEPS, "more step");
            let _ = write!(page, "\nThe journal has {more} that did not pass.\n");
        }
    }
    if !any {
        page.push_str("\nNothing.\n");
    }
}

fn one(account: &Account, step: &Step, page: &mut String) {
    let _ = write!(page, "\n### {}{}\n", code(&step.id), titled(step));
    let place = match step.line {
        0 => code(&account.head.document),
        line => code(&format!("{}:{line}", account.head.document)),
    };
    let _ = write!(page, "\nAt {place} it {}", ended(step));
    if let Some(elapsed) = step.elapsed {
        let _ = write!(page, " after {}", show_duration(elapsed));
    }
    if step.attempts > 1 {
        let _ = write!(page, " and {}", count(step.attempts as usize, "attempt"));
    }
    match &step.reason {
        Some(reason) => {
            let _ = write!(page, ": **{}**", said(reason.as_str()));
        }
        None => page.push('.'),
    }
    page.push('\n');
    if !counts(account, step) {
        page.push_str("\nThe run took care of it, or allowed it, and went on.\n");
    }
    if let Some(check) = step.checks.iter().rev().find(|check| !check.held) {
        assertion(account, check, page);
    } else if let Some(detail) = &step.detail {
        let shown = output(detail.as_str().lines().take(2 * LINES));
        let _ = write!(page, "\n{}", fence("text", &shown));
    }
    for (name, tail) in [("error", &step.stderr), ("output", &step.stdout)] {
        last_lines(&format!("its {name}"), tail, page);
    }
    for (needed, tail) in built_on(account, step) {
        last_lines(
            &format!("what {} had printed", code(&needed.id)),
            tail,
            page,
        );
    }
    let changed = changed(account, step.started);
    let _ = write!(page, "\nChanged by then: {changed}.\n");
    let directory = step.directory.as_ref().map(Clean::as_str);
    let by_hand = step
        .command
        .as_ref()
        .and_then(|ran| by_hand(&step.kind, ran.as_str(), directory));
    if let Some(found) = by_hand {
        page.push_str("\nBy hand:\n\n");
        page.push_str(&command(&found.command));
    }
}

fn titled(step: &Step) -> String {
    match step.title.as_str() {
        title if title == step.id || title.is_empty() => String::new(),
        title => format!(": {}", text(title)),
    }
}

fn assertion(account: &Account, check: &Check, page: &mut String) {
    let place = format!("{}:{}:{}", account.head.document, check.line, check.column);
    let _ = write!(page, "\nThe assertion at {} did not hold", code(&place));
    if let Some(message) = &check.message {
        let _ = write!(page, " (“{}”)", text(message.as_str()));
    }
    let shown = format!("assert {}", check.expression.as_str());
    let _ = write!(page, ":\n\n{}", fence("text", &output(shown.lines())));
    if check.parts.is_empty() {
        return;
    }
    page.push_str("\n| part | value |\n|---|---|\n");
    for part in &check.parts {
        let _ = writeln!(
            page,
            "| {} | {} |",
            code_in_table(part.code.as_str()),
            code_in_table(part.value.as_str())
        );
    }
}

fn last_lines(name: &str, tail: &Tail, page: &mut String) {
    if tail.is_empty() {
        return;
    }
    let lines = tail.lines();
    let before = lines.len().saturating_sub(LINES) + tail.left_out();
    let what = if before > 0 {
        format!("The last lines of {name}")
    } else {
        let mut letters = name.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect()
    };
    let shown = output(lines.skip(tail.lines().len().saturating_sub(LINES)));
    let _ = write!(page, "\n{what}:\n\n{}", fence("text", &shown));
}

/// What the steps printed that a step waited for: most failures show there first.
fn built_on<'a>(account: &'a Account, step: &Step) -> Vec<(&'a Step, &'a Tail)> {
    let needed = |other: &&Step| step.needs.contains(&other.id);
    let steps = account.report.steps().filter(needed);
    let printed = steps.flat_map(|needed| [(needed, &needed.stderr), (needed, &needed.stdout)]);
    printed
        .filter(|(_, tail)| !tail.is_empty())
        .take(NEEDED)
        .collect()
}

/// The steps that change something and ran, all of them or those that had begun by a time.
pub(super) fn changed(account: &Account, by: Option<Timestamp>) -> String {
    let changing = |step: &&Step| {
        let does = matches!(step.effect.as_deref(), Some("change" | "destroy"));
        does && step.started.is_some_and(|at| by.is_none_or(|by| at < by))
    };
    let names: Vec<String> = account
        .report
        .steps()
        .filter(changing)
        .map(|step| match step.state {
            State::Finished(Status::Passed) => code(&step.id),
            _ => format!("perhaps {}, which {}", code(&step.id), ended(step)),
        })
        .collect();
    if names.is_empty() {
        "nothing, as far as the journal knows what steps do".to_owned()
    } else {
        names.join(", ")
    }
}

/// What can be said of a failure before anybody has thought about it.
pub(super) fn learning(number: usize, account: &Account, step: &Step, page: &mut String) {
    let why = step.reason.as_ref().map_or("", Clean::as_str);
    let headline = match step.checks.iter().rev().find(|check| !check.held) {
        Some(Check {
            message: Some(message),
            ..
        }) => format!("Not so: {}", text(message.as_str())),
        _ => format!("{} {}", code(&step.id), ended(step)),
    };
    let _ = write!(
        page,
        "\n### {number}. {headline}\n\n**Problem**: {}{} {}",
        code(&step.id),
        line(step),
        ended(step)
    );
    if !why.is_empty() {
        let _ = write!(page, ": {}", said(why));
    }
    page.push('.');
    let idle = account
        .report
        .steps()
        .filter(|other| {
            other.state == State::Waiting || (other.state == State::Skipped && stopped(other))
        })
        .count();
    if idle > 0 && counts(account, step) {
        let _ = write!(
            page,
            " {} did not run because the run stopped.",
            count(idle, "step")
        );
    }
    let _ = write!(page, "\n\n**Root cause**: {FILL_IN}");
    let parts: Vec<String> = step
        .checks
        .iter()
        .rev()
        .find(|check| !check.held)
        .into_iter()
        .flat_map(|check| &check.parts)
        .map(|part| {
            format!(
                "{} was {}",
                code(part.code.as_str()),
                code(part.value.as_str())
            )
        })
        .collect();
    if !parts.is_empty() {
        let _ = write!(page, " What is known: {}.", parts.join(", "));
    } else if let Some(code) = step.code {
        let _ = write!(
            page,
            " What is known: its command ended with status {code}."
        );
    }
    page.push_str("\n\n**Fix**: ");
    page.push_str(&match fixed(account, step) {
        Some(fix) => fix,
        None => FILL_IN.to_owned(),
    });
    let _ = write!(page, "\n\n**Prevention**: {FILL_IN}");
    if step.broken == 0 && step.state == State::Finished(Status::Failed) {
        let earlier = account
            .report
            .steps()
            .filter(|other| other.started < step.started);
        page.push_str(&match earlier.map(|other| other.held).sum() {
            0 => " No assertion stood before it".to_owned(),
            held => format!(" The {} before it held", count(held, "assertion")),
        });
        page.push_str("; is there one to write that would have stopped the run earlier?");
    }
    page.push('\n');
}

/// What the run itself did about a failure.
fn fixed(account: &Account, step: &Step) -> Option<String> {
    if counts(account, step) {
        return None;
    }
    let after: Vec<String> = account
        .report
        .steps()
        .filter(|other| {
            other.started > step.started && other.state == State::Finished(Status::Passed)
        })
        .take(5)
        .map(|other| code(&other.id))
        .collect();
    Some(if after.is_empty() {
        "the run allowed it and went on.".to_owned()
    } else {
        format!("the run went on with {}.", after.join(", "))
    })
}
