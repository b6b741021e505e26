//! The first page: all runbooks, whose they are, and whether they still hold.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::history::History;
use super::html::{self, escape};
use super::panel::badge;
use super::runs::link_to;
use super::standing::Standing;
use super::verdict::Verdict;
use crate::diagnostic::count;
use crate::value::show_duration;

/// A runbook as the list has it.
pub(super) struct Listed<'a> {
    /// The way to its page from the root.
    pub(super) path: String,
    pub(super) title: &'a str,
    pub(super) owner: Option<&'a str>,
    pub(super) steps: usize,
    /// Whether it has errors, so that it can't run.
    pub(super) broken: bool,
    /// Whether it changed after its last run.
    pub(super) changed: bool,
    pub(super) history: &'a History,
    pub(super) verdict: Verdict,
}

/// The list as one line of HTML.
pub(super) fn html(title: &str, listed: &[Listed<'_>], now: Timestamp) -> String {
    let mut out = format!("<h1 id=\"all\">{}</h1>", escape(title));
    tally(&mut out, listed);
    out.push_str("<div class=\"rb-table\"><table class=\"rb-index\"><thead><tr><th scope=\"col\">Runbook</th><th scope=\"col\">Stands</th><th scope=\"col\">Last run</th><th scope=\"col\">Passed</th><th scope=\"col\">p50</th><th scope=\"col\">Owner</th><th scope=\"col\">Steps</th></tr></thead><tbody>");
    // What needs somebody comes first.
    let mut order: Vec<&Listed<'_>> = listed.iter().collect();
    order.sort_by_key(|one| rank(one.verdict.standing));
    for one in order {
        row(&mut out, one);
    }
    out.push_str("</tbody></table></div>");
    let _ = write!(
        out,
        "<p class=\"rb-dim\">As of {}. A runbook holds if its last run for real passed, and each of its steps within 90 days.</p>",
        html::time(now)
    );
    out
}

/// The kinds that are counted, in the order of the rows: what needs somebody comes first.
const KINDS: [(&str, &str, &str); 8] = [
    ("failed", "✗", "failed"),
    ("unproven", "‼", "with an altered journal"),
    ("stale", "◔", "stale"),
    ("unfinished", "▸", "unfinished"),
    ("partly", "◐", "hold in part"),
    ("passed", "✓", "hold"),
    ("rehearsed", "◇", "only on a recording"),
    ("never", "○", "never run"),
];
/// Those whose number is told even where it is none.
const TOLD: [&str; 4] = ["passed", "failed", "stale", "never"];

/// The number of a runbook's kind.
fn rank(standing: Standing) -> usize {
    let word = match standing {
        Standing::Refused | Standing::Interrupted => Standing::Failed,
        Standing::Misplayed => Standing::Rehearsed,
        other => other,
    }
    .word();
    let kinds = KINDS.iter();
    let known = kinds.take_while(|(kind, _, _)| *kind != word).count();
    known.min(KINDS.len() - 1)
}

fn tally(out: &mut String, listed: &[Listed<'_>]) {
    let mut many = [0; KINDS.len()];
    for one in listed {
        many[rank(one.verdict.standing)] += 1;
    }
    let mut kinds: Vec<_> = KINDS.iter().zip(many).collect();
    kinds.sort_by_key(|((word, _, _), _)| *word != "passed");
    out.push_str("<ul class=\"rb-tally\">");
    for ((state, sign, word), number) in kinds {
        if number == 0 && !TOLD.contains(state) {
            continue;
        }
        let _ = write!(
            out,
            "<li data-state=\"{state}\"><b>{number}</b> <span aria-hidden=\"true\">{sign}</span> {word}</li>"
        );
    }
    out.push_str("</ul>");
}

fn row(out: &mut String, one: &Listed<'_>) {
    let standing = one.verdict.standing;
    let _ = write!(
        out,
        "<tr data-state=\"{}\"{}><th scope=\"row\"><a href=\"{}\">{}</a>",
        standing.word(),
        html::since(one.verdict.since),
        escape(&one.path),
        escape(one.title)
    );
    if one.broken {
        out.push_str(" <span class=\"rb-warned\">has errors</span>");
    }
    if one.changed {
        out.push_str(" <span class=\"rb-dim\">changed since its last run</span>");
    }
    let _ = write!(out, "</th><td>{}", badge(standing));
    if (1..one.steps).contains(&one.verdict.stale) {
        let steps = count(one.steps, "step");
        let _ = write!(
            out,
            " <span class=\"rb-dim\">{} of {steps}{}</span>",
            one.verdict.stale,
            if standing == Standing::Stale {
                ""
            } else {
                " stale"
            }
        );
    }
    out.push_str("</td><td>");
    let history = one.history;
    let last = history.last().or_else(|| history.rehearsed());
    match last.or_else(|| history.unproven()) {
        Some(past) => {
            let when = past.started().map_or_else(String::new, html::day);
            let _ = write!(out, "{when} {}", link_to(past, ""));
        }
        None => out.push_str("<span class=\"rb-dim\">never</span>"),
    }
    let runs = one.history.real().count();
    let rate = if runs == 0 {
        String::new()
    } else {
        format!("{} of {runs}", one.history.passed())
    };
    let half = one
        .history
        .percentile(50)
        .map_or_else(String::new, show_duration);
    let _ = write!(
        out,
        "</td><td>{rate}</td><td>{half}</td><td>{}</td><td>{}</td></tr>",
        escape(one.owner.unwrap_or_default()),
        one.steps
    );
}
