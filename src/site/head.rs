//! The head of a runbook's page: whether it holds, whose it is, what it needs.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::history::{History, Past, Proof};
use super::html::{self, escape};
use super::page::Page;
use super::paste::{self, Code};
use super::runs::link_to;
use super::standing::Standing;
use super::verdict::Verdict;
use crate::diagnostic::{Severity, count};
use crate::document::Input;
use crate::event::Status;
use crate::graph::StepKind;
use crate::value::{InputKind, Value, show_duration};

/// How many steps a summary names.
const NAMED: usize = 8;
/// More inputs than this are folded away.
const INPUTS: usize = 8;

impl Page {
    /// Whether the runbook still holds, at a glance.
    pub(super) fn status(&self, out: &mut String, history: &History, now: Timestamp, root: &str) {
        let verdict = Verdict::of(&self.graph, history, now);
        let standing = verdict.standing;
        let _ = write!(
            out,
            "<div class=\"rb-status\" data-state=\"{}\"{}><p class=\"rb-verdict\"><span aria-hidden=\"true\">{}</span> {}</p><p>",
            standing.word(),
            html::since(verdict.since),
            standing.sign(),
            verdict.phrase()
        );
        match (history.last(), history.rehearsed()) {
            (None, None) if history.runs.is_empty() => {
                out.push_str("No run of it is on record here.");
            }
            (None, None) => out.push_str("No run of it is on record that counts."),
            (None, Some(past)) => {
                out.push_str("On a recording: ");
                self.told(out, past, root);
                out.push_str("</p><p class=\"rb-dim\">A recording answers in the place of the real systems, so this verifies none of them.");
            }
            (Some(past), rehearsed) => {
                out.push_str("Last run ");
                self.told(out, past, root);
                out.push_str("</p><p class=\"rb-dim\">");
                let runs = history.real().count();
                let _ = write!(out, "{} of {} passed", history.passed(), count(runs, "run"));
                if let (Some(half), Some(most)) = (history.percentile(50), history.percentile(95)) {
                    let _ = write!(
                        out,
                        " · p50 {} · p95 {}",
                        show_duration(half),
                        show_duration(most)
                    );
                }
                let newer = rehearsed.filter(|other| other.started() > past.started());
                if let Some(other) = newer {
                    let when = other.started().map_or_else(String::new, html::day);
                    let _ = write!(
                        out,
                        " · {} {when} in {}",
                        other.standing().phrase(),
                        link_to(other, root)
                    );
                }
            }
        }
        if let Some(past) = history.unproven() {
            let when = past.started().map_or_else(String::new, html::time);
            let _ = write!(
                out,
                "<br><span class=\"rb-why\">The journal of its newest run, {} {when}, does not verify, so that run is no evidence: {}</span>",
                link_to(past, root),
                html::phrase(past.flaw.as_deref().unwrap_or_default())
            );
        }
        out.push_str("</p>");
        self.tally(out, history, now);
        out.push_str("</div>");
    }

    /// One run in a sentence.
    fn told(&self, out: &mut String, past: &Past, root: &str) {
        let head = past.report.head.as_ref();
        let when = past.started().map_or_else(String::new, html::time);
        let _ = write!(
            out,
            "{} {when}: <b>{}</b>",
            link_to(past, root),
            past.status().map_or("unfinished", Status::word)
        );
        if let Some(elapsed) = past.report.elapsed {
            let _ = write!(out, " in {}", show_duration(elapsed));
        }
        if let Some(head) = head {
            let _ = write!(out, ", by {}", escape(&head.operator));
            if let Some(target) = &head.target {
                let _ = write!(out, ", against <b>{}</b>", escape(target));
            }
        }
        if head.is_some_and(|head| head.digest != self.digest) {
            out.push_str("; <b>the page has changed since</b>");
        }
        if let Some(reason) = &past.report.reason {
            let reason = html::short(reason.as_str(), 200);
            let _ = write!(
                out,
                "<br><span class=\"rb-why\">{}</span>",
                html::phrase(&reason)
            );
        }
    }

    /// How many steps hold, failed, are stale; those that need somebody by name.
    fn tally(&self, out: &mut String, history: &History, now: Timestamp) {
        // Of what no run that counts came to there is nothing to count.
        if history.last().is_none() && history.rehearsed().is_none() {
            return;
        }
        let mut kinds: [(Standing, Vec<&str>); 8] = [
            Standing::Failed,
            Standing::Unfinished,
            Standing::Misplayed,
            Standing::Stale,
            Standing::Passed,
            Standing::Rehearsed,
            Standing::Skipped,
            Standing::Never,
        ]
        .map(|kind| (kind, Vec::new()));
        let (mut held, mut old, mut checks) = (0, 0, 0);
        for step in &self.graph.steps {
            if matches!(step.kind, StepKind::Value) {
                continue;
            }
            let id = step.id.as_str();
            let verified = history.step(id, now);
            let standing = match verified.standing {
                Standing::Refused | Standing::Interrupted => Standing::Failed,
                Standing::Waiting => Standing::Never,
                standing => standing,
            };
            if let Some((_, ids)) = kinds.iter_mut().find(|(kind, _)| *kind == standing) {
                ids.push(id);
            }
            let proofs = history.proofs(id, &verified, now);
            checks += proofs.len();
            let failed = |kind| matches!(kind, Standing::Failed | Standing::Misplayed);
            held += proofs.iter().filter(|one| !failed(one.standing)).count();
            let stale = |one: &&Proof| one.standing == Standing::Stale;
            old += proofs.iter().filter(stale).count();
        }
        out.push_str("<ul class=\"rb-sum\">");
        for (kind, ids) in &kinds {
            if ids.is_empty() {
                continue;
            }
            let what = match kind {
                Standing::Failed => "did not pass",
                Standing::Passed => "hold",
                other => other.phrase(),
            };
            let _ = write!(
                out,
                "<li data-state=\"{}\"><span aria-hidden=\"true\">{}</span> <b>{} {what}</b>",
                kind.word(),
                kind.sign(),
                count(ids.len(), "step")
            );
            let by_name = matches!(
                kind,
                Standing::Failed | Standing::Unfinished | Standing::Misplayed | Standing::Stale
            );
            for (number, id) in ids.iter().filter(|_| by_name).enumerate().take(NAMED) {
                let _ = write!(
                    out,
                    "{} <a href=\"#{}\">{}</a>",
                    if number == 0 { ":" } else { "," },
                    html::anchor(id),
                    escape(id)
                );
            }
            if by_name && ids.len() > NAMED {
                out.push_str(" …");
            }
            out.push_str("</li>");
        }
        if checks > 0 {
            let _ = write!(
                out,
                "<li class=\"rb-held\">{held} of {} held{}</li>",
                count(checks, "assertion"),
                match old {
                    0 => String::new(),
                    // As a page says it that finds out by itself (runbook.js, `age`).
                    old => format!(", {old} of them more than 90 days ago"),
                }
            );
        }
        out.push_str("</ul>");
    }

    pub(super) fn facts(&self, out: &mut String) {
        let front = &self.document().front_matter;
        let requires = &front.requires;
        let mut facts: Vec<(&str, String)> = Vec::new();
        if let Some(owner) = &front.owner {
            facts.push(("Owner", escape(owner)));
        }
        if let Some(target) = &front.target {
            facts.push(("Target", escape(&target.value)));
        }
        let mut guards = Vec::new();
        for (name, guard) in [
            ("AWS account", &requires.aws_account),
            ("region", &requires.aws_region),
            ("Kubernetes context", &requires.kube_context),
        ] {
            if let Some(guard) = guard {
                guards.push(format!("{name} <code>{}</code>", escape(&guard.value)));
            }
        }
        if !guards.is_empty() {
            facts.push(("Only in", guards.join(", ")));
        }
        if !requires.tools.is_empty() {
            let tools: Vec<String> = requires
                .tools
                .iter()
                .map(|tool| {
                    let versions = tool.versions.to_string();
                    let name = escape(&tool.name.value);
                    if versions == "*" {
                        format!("<code>{name}</code>")
                    } else {
                        format!("<code>{name} {}</code>", escape(&versions))
                    }
                })
                .collect();
            facts.push(("Needs", tools.join(", ")));
        }
        if !front.unset.is_empty() {
            let names: Vec<String> = front
                .unset
                .iter()
                .map(|name| format!("<code>{}</code>", escape(name)))
                .collect();
            facts.push(("Unsets", names.join(", ")));
        }
        if facts.is_empty() {
            return;
        }
        out.push_str("<dl class=\"rb-facts\">");
        for (name, value) in facts {
            let _ = write!(out, "<div><dt>{name}</dt><dd>{value}</dd></div>");
        }
        out.push_str("</dl>");
    }

    /// The inputs as a table, which a script turns into a form.
    pub(super) fn inputs(&self, out: &mut String, codes: &[Code]) {
        let inputs = &self.document().front_matter.inputs;
        // What steps hand to each other a reader who runs them by hand hands over himself.
        let mut others: Vec<&(String, String)> = Vec::new();
        for variable in codes.iter().flat_map(|code| &code.variables) {
            let declared = inputs
                .iter()
                .any(|input| paste::variable(&input.name.value) == variable.0);
            if !declared && !others.contains(&variable) && others.len() < 100 {
                others.push(variable);
            }
        }
        let copies = codes.iter().any(|code| code.runner.is_some());
        if !inputs.is_empty() || !others.is_empty() {
            let folded = inputs.len() > INPUTS;
            if folded {
                let open = inputs
                    .iter()
                    .filter(|input| input.default.is_none())
                    .count();
                let _ = write!(
                    out,
                    "<details class=\"rb-fold\"><summary>{}{}</summary>",
                    count(inputs.len(), "input"),
                    match open {
                        0 => ", all with defaults".to_owned(),
                        open => format!(", {open} required"),
                    }
                );
            }
            out.push_str("<div class=\"rb-table\"><table class=\"rb-inputs\"><caption>Inputs</caption><thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Type</th><th scope=\"col\">Default</th><th scope=\"col\">For</th></tr></thead><tbody>");
            for input in inputs {
                row(out, input);
            }
            for (name, expression) in others {
                let _ = write!(
                    out,
                    "<tr class=\"rb-derived\" data-var=\"{0}\" hidden><th scope=\"row\"><code>{0}</code></th><td>value</td><td></td><td>{1}</td></tr>",
                    escape(name),
                    match expression.trim() {
                        "item" | "index" => "of the list that a step goes through".to_owned(),
                        other => format!(
                            "what <code>{}</code> gave",
                            escape(&html::short(other, 120))
                        ),
                    }
                );
            }
            out.push_str("</tbody></table></div>");
            if folded {
                out.push_str("</details>");
            }
        }
        if copies {
            out.push_str("<div class=\"rb-shells\" hidden></div>");
        }
    }

    pub(super) fn errors(&self, out: &mut String) {
        if self.document().plain {
            return;
        }
        let errors = self.diagnostics.count(Severity::Error);
        if errors > 0 {
            let _ = write!(
                out,
                "<p class=\"rb-warn\" role=\"note\">This page has {} and does not run: <code>runbook check</code> shows where.</p>",
                count(errors, "error")
            );
        }
    }
}

fn row(out: &mut String, input: &Input) {
    let name = &input.name.value;
    let default = input.default.as_ref().filter(|_| !input.secret);
    let text = default.map(|default| match default {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    let kind = if input.secret {
        "secret"
    } else {
        input.kind.word()
    };
    let _ = write!(
        out,
        "<tr data-var=\"{}\" data-kind=\"{kind}\"",
        escape(&paste::variable(name))
    );
    if let Some(text) = &text {
        let _ = write!(out, " data-default=\"{}\"", html::data(text));
    }
    if let InputKind::Choice(choices) = &input.kind {
        let _ = write!(out, " data-choices=\"{}\"", html::data(&choices.join("\n")));
    }
    let _ = write!(
        out,
        "><th scope=\"row\"><code>{}</code></th><td>{kind}</td><td>",
        escape(name)
    );
    match &text {
        Some(text) if text.is_empty() => out.push_str("<span class=\"rb-dim\">empty</span>"),
        Some(text) => {
            let _ = write!(out, "<code>{}</code>", escape(text));
        }
        None => out.push_str("<b>required</b>"),
    }
    let about = input.description.as_deref().unwrap_or_default();
    let _ = write!(out, "</td><td>{}", escape(about));
    if let Some(pattern) = &input.pattern {
        let _ = write!(
            out,
            " <span class=\"rb-dim\">matches <code>{}</code></span>",
            escape(pattern)
        );
    }
    out.push_str("</td></tr>");
}
