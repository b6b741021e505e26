//! A runbook's page for mdBook: its Markdown, with a head, and a panel in the place of each cell.

use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;

use super::graph::{self, Node};
use super::history::{History, Standing};
use super::html::{self, escape};
use super::markup;
use super::panel::Panel;
use super::paste::{self, Code};
use super::runs::link_to;
use super::slots::Filling;
use crate::diagnostic::{Diagnostics, Severity, count};
use crate::document::{Document, Input};
use crate::graph::{EdgeKind, Graph, StepKind};
use crate::language::Vocabulary;
use crate::source::Source;
use crate::value::{InputKind, Value, show_duration};

/// A page that was read.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) graph: Graph,
    pub(super) diagnostics: Diagnostics,
    /// The SHA-256 of its text, as the journals have it.
    pub(super) digest: String,
}

impl Page {
    /// Reads a page; `name` is its path from the root.
    pub(super) fn read(name: &str, text: &str, vocabulary: &Vocabulary) -> Self {
        let source = Arc::new(Source::new(name, text));
        let (document, mut diagnostics) = Document::parse(source);
        let (graph, found) = Graph::build(Arc::new(document), vocabulary);
        diagnostics.extend(found);
        Self {
            graph,
            diagnostics,
            digest: crate::journal::digest(text.as_bytes()),
        }
    }

    pub(super) fn document(&self) -> &Document {
        &self.graph.document
    }

    pub(super) fn title(&self) -> &str {
        self.document().title()
    }

    /// Whether it says that it is a runbook, or has something that runs.
    pub(super) fn is_runbook(&self) -> bool {
        let runs = |kind: &StepKind| {
            !matches!(kind, StepKind::Manual | StepKind::Branch | StepKind::Value)
        };
        self.graph.steps.iter().any(|step| runs(&step.kind))
            || (self.document().front_matter.span.end > 0 && !self.graph.steps.is_empty())
    }

    /// How many steps it has.
    pub(super) fn steps(&self) -> usize {
        let counts = |kind: &StepKind| !matches!(kind, StepKind::Value);
        self.graph
            .steps
            .iter()
            .filter(|step| counts(&step.kind))
            .count()
    }

    /// The page as Markdown that mdBook renders; `root` is the way to the root of the site.
    pub(super) fn markdown(
        &self,
        history: &History,
        now: Timestamp,
        root: &str,
        filling: &mut Filling,
    ) -> String {
        let document = self.document();
        let text = document.source.text();
        let codes: Vec<Code> = self
            .graph
            .steps
            .iter()
            .map(|step| {
                document
                    .cells
                    .get(step.cell)
                    .map(|cell| paste::code(step, cell))
                    .unwrap_or_default()
            })
            .collect();
        // What takes the place of each range of the text.
        let mut edits: Vec<(std::ops::Range<usize>, String)> = Vec::new();
        let mut linked = vec![false; self.graph.steps.len()];
        for (at, step) in self.graph.steps.iter().enumerate() {
            let Some(cell) = document.cells.get(step.cell) else {
                continue;
            };
            let start = cell.span.start;
            let Some((lead, prefix)) = around(text, start) else {
                continue;
            };
            if matches!(step.kind, StepKind::Manual | StepKind::Branch) {
                // Prose stays as it is; a place to lead to fits between two blocks only.
                let alone = prefix.is_empty() && lead.is_empty();
                let after_blank = start == 0 || text[..start].ends_with("\n\n");
                if alone && after_blank {
                    linked[at] = true;
                    let anchor = html::anchor(step.id.as_str());
                    edits.push((
                        start..start,
                        format!("<div class=\"rb-hand\" id=\"{anchor}\"></div>\n\n"),
                    ));
                }
                continue;
            }
            linked[at] = true;
            let panel = Panel {
                graph: &self.graph,
                at,
                code: &codes[at],
                history,
                now,
                root,
            };
            // HTML ends at a blank line, in the container that it stands in.
            let panel = filling.put(panel.html(), || {
                format!("<pre>{}</pre>", escape(&codes[at].text))
            });
            let html = format!("{panel}\n{prefix}\n");
            let end = cell.span.end.min(text.len());
            // The line end of the fence belongs to it.
            let end =
                end + usize::from(text[end..].starts_with('\n') && !text[..end].ends_with('\n'));
            edits.push((start..end, html));
        }
        let head = filling.put(self.head(history, now, root, &codes, &linked), || {
            let front = &document.front_matter;
            let told = [&front.description, &front.owner];
            let told: Vec<_> = told
                .into_iter()
                .flatten()
                .map(|text| escape(text))
                .collect();
            format!("<p>{}</p>", told.join(" "))
        });
        let front = document.front_matter.span;
        let (place, title) = self.place_of_head(front.end);
        let head = if title.is_empty() {
            format!("\n{head}\n\n")
        } else {
            format!("{title}\n{head}\n\n")
        };
        edits.push((place..place, head));
        if front.end > front.start {
            edits.push((front.range(), String::new()));
        }
        for place in markup::active(text) {
            edits.push((place..place + 1, "&lt;".to_owned()));
        }
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut out = String::with_capacity(text.len() * 4);
        let mut done = 0;
        for (range, put) in edits {
            // What overlaps what was put already is part of it.
            if range.start < done || range.end > text.len() {
                continue;
            }
            out.push_str(text.get(done..range.start).unwrap_or_default());
            out.push_str(&put);
            done = range.end;
        }
        out.push_str(text.get(done..).unwrap_or_default());
        out
    }

    /// Where the head goes: after the first heading, if that is the title and nothing is before it;
    /// else to the top, below a title of its own where the page has none.
    fn place_of_head(&self, front: usize) -> (usize, String) {
        let document = self.document();
        let text = document.source.text();
        let own = document.sections.first().filter(|section| {
            section.level == 1
                && section.span.start >= front
                && text
                    .get(front..section.span.start)
                    .is_some_and(|before| before.trim().is_empty())
        });
        if let Some(section) = own {
            let line_end = |from: usize| {
                text.get(from..)
                    .and_then(|rest| rest.find('\n'))
                    .map_or(text.len(), |at| from + at + 1)
            };
            let at = section.span.end.min(text.len());
            let mut end = if text[..at].ends_with('\n') {
                at
            } else {
                line_end(at)
            };
            // The line under a heading that is one by it (CommonMark, 4.3).
            let next = text.get(end..).unwrap_or_default();
            let under = next.lines().next().unwrap_or_default().trim();
            let atx = text[section.span.start..].trim_start().starts_with('#');
            if !atx && !under.is_empty() && under.chars().all(|c| c == '=') {
                end = line_end(end);
            }
            return (end, String::new());
        }
        let title = match &document.front_matter.title {
            Some(title) => format!("<h1>{}</h1>\n", escape(title)),
            None => String::new(),
        };
        (front.min(text.len()), title)
    }

    fn head(
        &self,
        history: &History,
        now: Timestamp,
        root: &str,
        codes: &[Code],
        linked: &[bool],
    ) -> String {
        let document = self.document();
        let front = &document.front_matter;
        let quiet = document.plain && history.runs.is_empty();
        let mut out = String::with_capacity(4096);
        out.push_str("<div class=\"rb-head\">");
        if !quiet {
            self.status(&mut out, history, now, root);
        }
        if let Some(description) = &front.description {
            let _ = write!(out, "<p class=\"rb-about\">{}</p>", escape(description));
        }
        self.facts(&mut out);
        self.inputs(&mut out, codes);
        self.errors(&mut out);
        let picture = self.picture(history, now, linked, quiet);
        if !picture.is_empty() {
            let open = if quiet { "" } else { " open" };
            let _ = write!(
                out,
                "<details class=\"rb-fold\"{open}><summary>{} as a graph</summary>{picture}{}</details>",
                count(self.steps(), "step"),
                graph::LEGEND
            );
        }
        out.push_str("</div>");
        out
    }

    /// Whether the runbook still holds, at a glance.
    fn status(&self, out: &mut String, history: &History, now: Timestamp, root: &str) {
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

    fn facts(&self, out: &mut String) {
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
    fn inputs(&self, out: &mut String, codes: &[Code]) {
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

    fn errors(&self, out: &mut String) {
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

    fn picture(&self, history: &History, now: Timestamp, linked: &[bool], quiet: bool) -> String {
        let graph = &self.graph;
        let nodes: Vec<Node> = graph
            .steps
            .iter()
            .enumerate()
            .map(|(at, step)| {
                let acts = !matches!(
                    step.kind,
                    StepKind::Manual | StepKind::Branch | StepKind::Value
                );
                let standing = if quiet || matches!(step.kind, StepKind::Value) {
                    Standing::Quiet
                } else {
                    history.step(step.id.as_str(), now).standing
                };
                Node {
                    id: step.id.as_str().to_owned(),
                    title: step.title.clone(),
                    kind: step.kind.word().to_owned(),
                    effect: acts.then(|| graph.effect(at)),
                    standing,
                    link: linked
                        .get(at)
                        .is_some_and(|linked| *linked)
                        .then(|| format!("#{}", html::anchor(step.id.as_str()))),
                }
            })
            .collect();
        let mut edges: Vec<(usize, usize, bool)> = Vec::new();
        for to in 0..graph.steps.len() {
            for from in graph.predecessors(to) {
                let decides = graph.incoming(to).any(|edge| {
                    edge.from == *from
                        && matches!(edge.why, EdgeKind::Condition(_) | EdgeKind::Branch)
                });
                edges.push((*from, to, decides));
            }
        }
        graph::draw(&nodes, &edges, self.title())
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

/// What stands before a cell on its line, and the same with its list markers as blanks, which is how
/// the lines below it begin; nothing where it does not begin there.
fn around(text: &str, start: usize) -> Option<(&str, String)> {
    let before = text.get(..start)?;
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let lead = &before[line..];
    if lead.trim().is_empty() {
        return Some((lead, lead.to_owned()));
    }
    let prefix = lead
        .chars()
        .map(|c| if c == '>' || c == '\t' { c } else { ' ' })
        .collect();
    Some((lead, prefix))
}
