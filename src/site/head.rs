//! The head of a runbook's page: whether it holds, whose it is, what it needs.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::history::{History, Standing};
use super::html::{self, escape};
use super::page::Page;
use super::paste::{self, Code};
use super::runs::link_to;
use crate::diagnostic::{Severity, count};
use crate::document::Input;
use crate::value::{InputKind, Value, show_duration};

impl Page {
    /// Whether the runbook still holds, at a glance.
    pub(super) fn status(&self, out: &mut String, history: &History, now: Timestamp, root: &str) {
        let standing = history.standing(now);
        let _ = write!(
            out,
            "<div class=\"rb-status\" data-state=\"{}\"><p class=\"rb-verdict\"><span aria-hidden=\"true\">{}</span> {}</p><p>",
            standing.word(),
            standing.sign(),
            verdict(standing)
        );
        match history.last() {
            None => out.push_str("No run of it is on record here."),
            Some(past) => {
                let head = past.report.head.as_ref();
                let when = past.started().map_or_else(String::new, html::time);
                let _ = write!(
                    out,
                    "Last run {} {when}: <b>{}</b>",
                    link_to(past, root),
                    past.status().word()
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
                if let Some(reason) = &past.report.reason {
                    let reason = html::short(reason.as_str(), 200);
                    let _ = write!(out, "<br><span class=\"rb-why\">{}</span>", escape(&reason));
                }
                out.push_str("</p><p class=\"rb-dim\">");
                let runs = history.runs.len();
                let _ = write!(out, "{} of {} passed", history.passed(), count(runs, "run"));
                if let (Some(half), Some(most)) = (history.percentile(50), history.percentile(95)) {
                    let _ = write!(
                        out,
                        " · p50 {} · p95 {}",
                        show_duration(half),
                        show_duration(most)
                    );
                }
                if head.is_some_and(|head| head.digest != self.digest) {
                    out.push_str(" · <b>the page has changed since</b>");
                }
            }
        }
        out.push_str("</p></div>");
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
            out.push_str("<div class=\"rb-table\"><table class=\"rb-inputs\"><caption>Inputs</caption><thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Type</th><th scope=\"col\">Default</th><th scope=\"col\">For</th></tr></thead><tbody>");
            for input in inputs {
                row(out, input);
            }
            for (name, expression) in others {
                let _ = write!(
                    out,
                    "<tr class=\"rb-derived\" data-var=\"{0}\" hidden><th scope=\"row\"><code>{0}</code></th><td>value</td><td></td><td>what <code>{1}</code> gave</td></tr>",
                    escape(name),
                    escape(&html::short(expression, 120))
                );
            }
            out.push_str("</tbody></table></div>");
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

/// What the standing of a runbook says to somebody who would rely on it.
pub(super) const fn verdict(standing: Standing) -> &'static str {
    match standing {
        Standing::Passed => "Holds",
        Standing::Stale => "Stale: it passed more than 90 days ago",
        Standing::Failed => "Failed the last time",
        Standing::Refused => "Was refused the last time",
        Standing::Interrupted => "Was interrupted the last time",
        _ => "Never run",
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
        let _ = write!(out, " data-default=\"{}\"", escape(text));
    }
    if let InputKind::Choice(choices) = &input.kind {
        let _ = write!(out, " data-choices=\"{}\"", escape(&choices.join("\n")));
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
