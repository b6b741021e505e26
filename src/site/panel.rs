//! What a page says of one step: its terms, its code, how it stands.

use std::fmt::Write as _;
use std::sync::Arc;

use super::highlight::{self, Tongue};
use super::history::{History, Past, Verified};
use super::html::{self, escape};
use super::paste::Code;
use super::runs::link_to;
use super::standing::Standing;
use crate::document::{Cell, Effect};
use crate::graph::{EdgeKind, Graph, Step, StepKind};
use crate::value::show_duration;
use crate::visible::is_invisible_order;
use jiff::Timestamp;

/// A step and all that its panel tells.
pub(super) struct Panel<'a> {
    pub(super) graph: &'a Graph,
    pub(super) at: usize,
    pub(super) code: &'a Code,
    pub(super) history: &'a History,
    pub(super) now: Timestamp,
    /// The way from the page to the root of the site, as in `../`.
    pub(super) root: &'a str,
}

impl Panel<'_> {
    /// The panel as one line of HTML.
    pub(super) fn html(&self) -> String {
        let Some((step, cell)) = self.parts() else {
            return String::new();
        };
        let verified = self.history.step(step.id.as_str(), self.now);
        let mut out = String::with_capacity(1024 + self.code.text.len() * 2);
        let id = escape(step.id.as_str());
        let anchor = html::anchor(step.id.as_str());
        let effect = self.effect(step);
        let told = self.told(&verified);
        let _ = write!(
            out,
            "<div class=\"rb-step\" id=\"{anchor}\" role=\"group\" aria-label=\"Step {id}\" data-state=\"{}\"><div class=\"rb-bar\"><a class=\"rb-name\" href=\"#{anchor}\">{id}</a><span class=\"rb-kind\">{}</span>",
            told.word(),
            escape(step.kind.word())
        );
        if let Some(effect) = effect {
            let _ = write!(out, "{}", effect_mark(effect));
        }
        self.terms(&mut out, step);
        if told != Standing::Quiet {
            out.push_str(&badge(told));
        }
        out.push_str("</div>");
        self.text(&mut out, step, cell);
        self.evidence(&mut out, step, &verified, told);
        out.push_str("</div>");
        out
    }

    fn parts(&self) -> Option<(&Step, &Cell)> {
        let step = self.graph.steps.get(self.at)?;
        Some((step, self.graph.document.cells.get(step.cell)?))
    }

    fn effect(&self, step: &Step) -> Option<Effect> {
        match step.kind {
            StepKind::Value | StepKind::Manual | StepKind::Branch => None,
            _ => Some(self.graph.effect(self.at)),
        }
    }

    /// A page that nobody ever ran as a runbook, and that does not call itself one, is not told that
    /// it is stale.
    fn told(&self, verified: &Verified) -> Standing {
        let unrun = self.history.runs.is_empty() && self.graph.document.plain;
        let value = matches!(
            self.graph.steps.get(self.at).map(|step| &step.kind),
            Some(StepKind::Value)
        );
        if unrun || value {
            Standing::Quiet
        } else {
            verified.standing
        }
    }

    /// What it waits for and how it runs, each where it is not the usual.
    fn terms(&self, out: &mut String, step: &Step) {
        let waits: Vec<String> = self
            .graph
            .predecessors(self.at)
            .iter()
            .filter(|before| {
                // That a step follows the one above is what everybody expects.
                self.graph
                    .incoming(self.at)
                    .any(|edge| edge.from == **before && edge.why != EdgeKind::Order)
            })
            .filter_map(|before| self.graph.steps.get(*before))
            .map(|before| {
                format!(
                    "<a href=\"#{}\">{}</a>",
                    html::anchor(before.id.as_str()),
                    escape(before.id.as_str())
                )
            })
            .collect();
        let mut term = |name: &str, value: String| {
            let _ = write!(out, "<span class=\"rb-term\"><b>{name}</b> {value}</span>");
        };
        if !waits.is_empty() {
            term("after", waits.join(", "));
        }
        for condition in &step.conditions {
            term("when", format!("<code>{}</code>", escape(&condition.text)));
        }
        for branch in &step.branches {
            term("if", escape(self.graph.question(*branch)));
        }
        if let Some(each) = &step.each {
            term("each", format!("<code>{}</code>", escape(&each.text)));
        }
        if let Some(cwd) = &step.cwd {
            term("in", format!("<code>{}</code>", escape(&cwd.text)));
        }
        if let Some(question) = step.confirm.as_ref().filter(|_| !self.graph.document.plain) {
            let text = question.text.trim();
            term(
                "asks first",
                if text.is_empty() {
                    String::new()
                } else {
                    format!("“{}”", escape(text))
                },
            );
        }
        if let Some(timeout) = step.timeout {
            term("timeout", show_duration(timeout));
        }
        if step.retry > 0 {
            let again = if step.retry == 1 { "once" } else { "times" };
            let times = if step.retry == 1 {
                again.to_owned()
            } else {
                format!("{} {again}", step.retry)
            };
            term(
                "retries",
                format!("{times}, after {}", show_duration(step.delay)),
            );
        }
        for (set, name) in [
            (step.always, "always runs"),
            (step.allow_failure, "may fail"),
            (step.background, "in the background"),
            (step.tty, "needs a terminal"),
            (step.skip, "is skipped"),
            (
                !step.errexit && matches!(step.kind, StepKind::Shell(_)),
                "goes on after a failing command",
            ),
        ] {
            if set {
                term(name, String::new());
            }
        }
    }

    fn text(&self, out: &mut String, step: &Step, cell: &Cell) {
        let tongue = match step.kind {
            StepKind::Shell(_) => Tongue::Shell,
            StepKind::Script => Tongue::Rhai,
            _ => Tongue::Other,
        };
        let shown = if matches!(step.kind, StepKind::Console(_)) {
            // A transcript reads best as it was written; what is copied is its commands.
            cell.body.text.trim_end_matches('\n')
        } else {
            self.code.text.as_str()
        };
        let runner = self.code.runner.as_deref().unwrap_or_default();
        let _ = write!(
            out,
            "<pre class=\"rb-code\" tabindex=\"0\" aria-label=\"Code of {}\" data-run=\"{}\" data-direct=\"{}\"",
            escape(step.id.as_str()),
            html::data(runner),
            self.code.direct.join(" ")
        );
        let names: Vec<&str> = self
            .code
            .variables
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        if !names.is_empty() {
            let _ = write!(out, " data-vars=\"{}\"", escape(&names.join(" ")));
        }
        for (name, other) in [
            ("fish", &self.code.fish),
            ("powershell", &self.code.powershell),
        ] {
            if let Some(other) = other {
                let _ = write!(out, " data-{name}=\"{}\"", html::data(other));
            }
        }
        let copied = self.code.surrounded.as_ref().unwrap_or(&self.code.text);
        if shown != copied || shown.contains(is_invisible_order) {
            let _ = write!(out, " data-text=\"{}\"", html::data(copied));
        }
        let _ = write!(out, ">{}</pre>", highlight::code(shown, tongue));
        if self.code.refused {
            out.push_str("<p class=\"rb-note\">An interpolation stands where no value can be made safe, or the environment has a name that no shell can set, or that an input has: copy gives the code as it is written.</p>");
        }
    }

    /// When it last held, and each assertion of it that a run has checked.
    fn evidence(&self, out: &mut String, step: &Step, verified: &Verified, told: Standing) {
        if told == Standing::Quiet || told == Standing::Never {
            return;
        }
        out.push_str("<div class=\"rb-proof\"><p>");
        match &verified.passed {
            Some(past) => {
                let when = past.started().map_or_else(String::new, html::day);
                let _ = write!(out, "Last verified {when} in {}", link_to(past, self.root));
            }
            None => out.push_str("Never verified"),
        }
        if let (None, Some((standing, past))) = (&verified.last, &verified.rehearsed) {
            let when = past.started().map_or_else(String::new, html::day);
            let _ = write!(
                out,
                "; {} {when} in {}",
                standing.phrase(),
                link_to(past, self.root)
            );
        }
        if let Some((standing, past)) = &verified.last {
            let same = verified
                .passed
                .as_ref()
                .is_some_and(|passed| passed.run.id == past.run.id);
            if !same {
                let when = past.started().map_or_else(String::new, html::day);
                let _ = write!(
                    out,
                    "; {} {when} in {}",
                    standing.phrase(),
                    link_to(past, self.root)
                );
            }
        }
        let took = |(_, past): &(Standing, Arc<Past>)| past.report.step(step.id.as_str())?.elapsed;
        if let Some(elapsed) = verified.last.as_ref().and_then(took) {
            let _ = write!(out, "; took {}", show_duration(elapsed));
        }
        out.push_str("</p>");
        self.checks(out, step, verified);
        out.push_str("</div>");
    }

    fn checks(&self, out: &mut String, step: &Step, verified: &Verified) {
        let proofs = self.history.proofs(step.id.as_str(), verified, self.now);
        if proofs.is_empty() {
            return;
        }
        out.push_str("<ul class=\"rb-checks\">");
        for proof in &proofs {
            let standing = proof.standing;
            let _ = write!(
                out,
                "<li data-state=\"{}\"><span class=\"rb-sign\" aria-hidden=\"true\">{}</span> ",
                standing.word(),
                standing.sign()
            );
            if !proof.why.is_empty() {
                let _ = write!(out, "{} ", escape(&proof.why));
            }
            let _ = write!(
                out,
                "<code>{}</code>",
                escape(&html::short(&proof.expression, 160))
            );
            let word = match standing {
                Standing::Failed => "did not hold; last held",
                Standing::Stale => "stale: last held",
                Standing::Rehearsed => "held on a recording",
                Standing::Misplayed => "did not hold on a recording",
                _ => "held",
            };
            match proof.at {
                Some(at) => {
                    let _ = write!(
                        out,
                        " <span class=\"rb-dim\">{word} {}</span>",
                        html::day(at)
                    );
                }
                None => out.push_str(" <span class=\"rb-dim\">did not hold; never did</span>"),
            }
            out.push_str("</li>");
        }
        out.push_str("</ul>");
    }
}

/// What a step does to the world: a word in a shape of its own.
pub(super) fn effect_mark(effect: Effect) -> String {
    let (class, word) = match effect {
        Effect::Read => ("rb-reads", "reads"),
        Effect::Change => ("rb-changes", "changes"),
        Effect::Destroy => ("rb-destroys", "destroys"),
    };
    format!("<span class=\"rb-key {class}\">{word}</span>")
}

/// How something stands: a sign and a word.
pub(super) fn badge(standing: Standing) -> String {
    format!(
        "<span class=\"rb-badge\" data-state=\"{}\"><span aria-hidden=\"true\">{}</span> {}</span>",
        standing.word(),
        standing.sign(),
        standing.phrase()
    )
}
