//! What happened when, of all runs in one table.

use std::fmt::Write as _;

use super::super::{State, Step};
use super::account::{Account, Moment, What};
use super::markdown::{code_in_table, said, text};
use crate::diagnostic::count;
use crate::event::Status;
use crate::secret::Clean;
use crate::value::show_duration;

/// How many steps of those that were passed over are named.
const NAMED: usize = 8;

pub(super) fn write(accounts: &[Account], page: &mut String) {
    page.push_str("\n## Timeline\n\nTimes are UTC.\n\n");
    page.push_str("| time | entry | what happened | took |\n|---|---|---|---|\n");
    let mut moments: Vec<(&Account, &Moment)> = accounts
        .iter()
        .flat_map(|account| account.moments.iter().map(move |moment| (account, moment)))
        .collect();
    moments.sort_by_key(|(_, moment)| moment.at);
    let (first, last) = (moments.first(), moments.last());
    let span = first
        .zip(last)
        .map(|(first, last)| last.1.at.duration_since(first.1.at));
    // What happened within a minute or two needs more than seconds.
    let clock = match span {
        Some(span) if span.as_secs() < 120 => "%H:%M:%S.%3f",
        _ => "%H:%M:%S",
    };
    let mut day = None;
    for (account, moment) in moments {
        let date = moment.at.strftime("%Y-%m-%d").to_string();
        let time = moment.at.strftime(clock);
        let time = if day.as_ref() == Some(&date) {
            time.to_string()
        } else {
            format!("{date} {time}")
        };
        day = Some(date);
        // On the site this leads to the moment.
        let entry = code_in_table(&format!("{}#{}", account.short(), moment.seq));
        let (what, took) = told(account, &moment.what);
        let _ = writeln!(page, "| {time} | {entry} | {what} | {took} |");
    }
    let left_out: usize = accounts.iter().map(|account| account.left_out).sum();
    if left_out > 0 {
        let more = count(left_out, "more moment");
        let _ = write!(page, "\nThe journal has {more}.\n");
    }
}

fn told(account: &Account, what: &What) -> (String, String) {
    match what {
        What::Began => {
            let head = &account.head;
            let began = format!(
                "**{}** began {}",
                text(&head.operator),
                code_in_table(&head.document)
            );
            (began, String::new())
        }
        What::Resumed(by) => (format!("**{}** had the run go on", text(by)), String::new()),
        What::Step(id) => match account.report.step(id) {
            Some(step) => {
                let took = step.elapsed.map(show_duration).unwrap_or_default();
                (of_step(step), took)
            }
            None => (code_in_table(id), String::new()),
        },
        What::Skipped(ids, reason) => {
            let mut names: Vec<String> =
                ids.iter().take(NAMED).map(|id| code_in_table(id)).collect();
            if ids.len() > NAMED {
                names.push(format!("{} more", ids.len() - NAMED));
            }
            (
                format!("↷ skipped {}: {}", names.join(", "), said(reason)),
                String::new(),
            )
        }
        What::Answered {
            step,
            question,
            answer,
            by,
        } => {
            let question = match question.as_str() {
                "" => String::new(),
                question => format!(" “{}”", said(question)),
            };
            let by = if by.starts_with('-') {
                code_in_table(by)
            } else {
                format!("**{}**", text(by))
            };
            let told = format!(
                "{} asked{question} and {by} answered **{}**",
                code_in_table(step),
                text(answer)
            );
            (told, String::new())
        }
        What::Noted {
            by,
            person,
            text: noted,
        } => {
            let by = if *person {
                format!("**{}** noted", text(by))
            } else if by.is_empty() {
                "the run noted".to_owned()
            } else {
                format!("{} noted", code_in_table(by))
            };
            (format!("{by}: {}", said(noted)), String::new())
        }
        What::Ended(status, exit, elapsed) => (
            format!("the run **{}**, exit status {exit}", super::was(*status)),
            show_duration(*elapsed),
        ),
    }
}

fn of_step(step: &Step) -> String {
    let mark = match step.state {
        State::Finished(Status::Passed) => "✓",
        State::Finished(Status::Failed) => "✗",
        State::Finished(Status::Refused) => "■",
        State::Finished(Status::Interrupted) => "‖",
        _ => "…",
    };
    let mut told = format!("{mark} {}", code_in_table(&step.id));
    if step.title.as_str() != step.id && !step.title.as_str().is_empty() {
        let _ = write!(told, " ({})", text(step.title.as_str()));
    }
    if !matches!(step.state, State::Finished(Status::Passed)) {
        let _ = write!(told, " **{}**", super::ended(step));
        if let Some(reason) = step.reason.as_ref().map(Clean::as_str) {
            let _ = write!(told, ": {}", said(reason));
        }
    } else if step.held > 0 {
        let _ = write!(told, ": {} held", count(step.held, "assertion"));
    }
    if step.attempts > 1 {
        let _ = write!(told, ", {}", count(step.attempts as usize, "attempt"));
    }
    told
}
