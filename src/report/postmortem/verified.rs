//! What held, with its evidence, and the cells that check it again.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::{Check, Step};
use super::account::Account;
use super::claims::Claims;
use super::markdown::{code, code_in_table, said, text};
use super::part;
use crate::diagnostic::count;

/// How many assertions of a step are shown.
const CHECKS: usize = 30;

pub(super) fn write(accounts: &[Account], claims: &Claims, page: &mut String) {
    page.push_str("\n## What was verified\n");
    let mut any = false;
    for (run, account) in accounts.iter().enumerate() {
        let mut begun = false;
        for step in account.report.steps() {
            let checked_again = claims.has(run, &step.id);
            if step.held == 0 && !checked_again {
                continue;
            }
            if !begun {
                part(accounts, account, page);
                begun = true;
            }
            any = true;
            one(account, step, page);
            if checked_again {
                page.push('\n');
                page.push_str(claims.fences(run, &step.id).trim_end_matches('\n'));
                page.push('\n');
            } else {
                let why = claims.why_told(run, &step.id).unwrap_or("of what it needs");
                let _ = write!(
                    page,
                    "\nThis page does not check it again: {}.\n",
                    said(why)
                );
            }
        }
    }
    if !any {
        page.push_str("\nNo assertion held in what ran: nothing here is verified.\n");
    }
}

fn one(account: &Account, step: &Step, page: &mut String) {
    let title = match step.title.as_str() {
        title if title == step.id || title.is_empty() => String::new(),
        title => format!(": {}", text(title)),
    };
    let _ = write!(page, "\n### {}{title}\n", code(&step.id));
    let at = step
        .started
        .map(|at| at.strftime(" at %H:%M:%S UTC").to_string())
        .unwrap_or_default();
    if step.held == 0 {
        let _ = write!(
            page,
            "\nIt only looks; what is checked below needs it. It ran{at}.\n"
        );
        return;
    }
    let _ = write!(
        page,
        "\n{} held{at} ({}).\n\n| line | what | assertion | values |\n|---|---|---|---|\n",
        count(step.held, "assertion"),
        code(&account.head.document)
    );
    let mut lines: BTreeMap<(usize, usize), (&Check, usize)> = BTreeMap::new();
    for check in step.checks.iter().filter(|check| check.held) {
        let place = lines
            .entry((check.line, check.column))
            .or_insert((check, 0));
        *place = (check, place.1 + 1);
    }
    for (check, times) in lines.values().take(CHECKS) {
        let message = check.message.as_ref().map(|message| text(message.as_str()));
        let values: Vec<String> = check
            .parts
            .iter()
            .map(|part| {
                format!(
                    "{} = {}",
                    code_in_table(part.code.as_str()),
                    code_in_table(part.value.as_str())
                )
            })
            .collect();
        let times = if *times > 1 {
            format!(" ({times} times, the last shown)")
        } else {
            String::new()
        };
        let _ = writeln!(
            page,
            "| {} | {} | {}{times} | {} |",
            check.line,
            message.unwrap_or_default(),
            code_in_table(check.expression.as_str()),
            values.join(", ")
        );
    }
    if lines.len() > CHECKS {
        let _ = write!(
            page,
            "\nThe journal has {}.\n",
            count(lines.len() - CHECKS, "more assertion")
        );
    }
}
