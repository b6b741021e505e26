//! The first page: all runbooks, whose they are, and whether they still hold.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::history::History;
use super::html::{self, escape};
use super::panel::badge;
use super::runs::link_to;
use super::standing::Standing;
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
}

/// The list as one line of HTML.
pub(super) fn html(title: &str, listed: &[Listed<'_>], now: Timestamp) -> String {
    let mut out = format!("<h1>{}</h1>", escape(title));
    tally(&mut out, listed, now);
    out.push_str("<div class=\"rb-table\"><table class=\"rb-index\"><thead><tr><th scope=\"col\">Runbook</th><th scope=\"col\">Stands</th><th scope=\"col\">Last run</th><th scope=\"col\">Passed</th><th scope=\"col\">p50</th><th scope=\"col\">Owner</th><th scope=\"col\">Steps</th></tr></thead><tbody>");
    // What needs somebody comes first.
    let mut order: Vec<&Listed<'_>> = listed.iter().collect();
    order.sort_by_key(|one| rank(one.history.standing(now)));
    for one in order {
        row(&mut out, one, now);
    }
    out.push_str("</tbody></table></div>");
    let _ = write!(
        out,
        "<p class=\"rb-dim\">As of {}. A runbook holds if its last run for real passed within 90 days.</p>",
        html::time(now)
    );
    out
}

const fn rank(standing: Standing) -> u8 {
    match standing {
        Standing::Failed | Standing::Refused | Standing::Interrupted => 0,
        Standing::Stale => 1,
        Standing::Passed => 2,
        Standing::Rehearsed | Standing::Misplayed => 3,
        _ => 4,
    }
}

fn tally(out: &mut String, listed: &[Listed<'_>], now: Timestamp) {
    let many = |of: u8| {
        listed
            .iter()
            .filter(|one| rank(one.history.standing(now)) == of)
            .count()
    };
    out.push_str("<ul class=\"rb-tally\">");
    for (number, state, sign, word) in [
        (many(2), "passed", "✓", "hold"),
        (many(0), "failed", "✗", "failed"),
        (many(1), "stale", "◔", "stale"),
        (many(3), "rehearsed", "◇", "only on a recording"),
        (many(4), "never", "○", "never run"),
    ] {
        if number == 0 && state == "rehearsed" {
            continue;
        }
        let _ = write!(
            out,
            "<li data-state=\"{state}\"><b>{number}</b> <span aria-hidden=\"true\">{sign}</span> {word}</li>"
        );
    }
    out.push_str("</ul>");
}

fn row(out: &mut String, one: &Listed<'_>, now: Timestamp) {
    let standing = one.history.standing(now);
    let _ = write!(
        out,
        "<tr data-state=\"{}\"><th scope=\"row\"><a href=\"{}\">{}</a>",
        standing.word(),
        escape(&one.path),
        escape(one.title)
    );
    if one.broken {
        out.push_str(" <span class=\"rb-warned\">has errors</span>");
    }
    if one.changed {
        out.push_str(" <span class=\"rb-dim\">changed since its last run</span>");
    }
    let _ = write!(out, "</th><td>{}</td><td>", badge(standing));
    match one.history.last().or_else(|| one.history.rehearsed()) {
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
