//! A runbook's page for mdBook: its Markdown, with a head, and a panel in the place of each cell.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;

use super::graph::{self, Node, Picture};
use super::headings;
use super::history::History;
use super::html::{self, escape};
use super::markup::{self, Edit, Reading};
use super::mentions;
use super::panel::Panel;
use super::paste::{self, Code};
use super::slots::Filling;
use super::standing::Standing;
use crate::diagnostic::{Diagnostics, count};
use crate::document::Document;
use crate::graph::{EdgeKind, Graph, StepKind};
use crate::language::Vocabulary;
use crate::source::Source;

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
        reading: Reading,
        named: &[&str],
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
                    .map(|cell| paste::code(step, cell, &document.front_matter.env))
                    .unwrap_or_default()
            })
            .collect();
        // What takes the place of each range of the text.
        let mut edits: Vec<Edit> = Vec::new();
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
                // A search for a step by its name finds the runbook.
                format!(
                    "<p>{} {}</p><pre>{}</pre>",
                    escape(step.id.as_str()),
                    escape(&step.title),
                    escape(&codes[at].text)
                )
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
        edits.extend(mentions::links(text, named, root));
        let out = markup::edited(text, edits);
        let out = markup::tame(&out, reading);
        // Of headings and steps the one that the rest of the site leads to keeps its place.
        let anchors: BTreeSet<String> = self
            .graph
            .steps
            .iter()
            .map(|step| html::anchor(step.id.as_str()))
            .collect();
        let shared = text.contains("{#step-")
            || document
                .sections
                .iter()
                .any(|section| anchors.contains(&headings::place(&section.title)));
        if shared {
            markup::edited(&out, headings::apart(&out, reading, &anchors))
        } else {
            out.into_owned()
        }
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
            Some(title) => format!("<h1 id=\"title\">{}</h1>\n", escape(title)),
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
        self.environment(&mut out);
        self.inputs(&mut out, codes);
        self.errors(&mut out);
        let picture = self.picture(history, now, linked, quiet);
        if !picture.html.is_empty() {
            let open = if quiet || picture.tall { "" } else { " open" };
            let _ = write!(
                out,
                "<details class=\"rb-fold\"{open}><summary>{} as a graph</summary>{}{}</details>",
                count(self.steps(), "step"),
                picture.html,
                graph::LEGEND
            );
        }
        out.push_str("</div>");
        out
    }

    /// What is set for all steps.
    fn environment(&self, out: &mut String) {
        let env = &self.document().front_matter.env;
        if env.is_empty() {
            return;
        }
        out.push_str("<dl class=\"rb-facts rb-env\"><dt>Environment</dt><dd>");
        for (at, (name, value)) in env.iter().enumerate() {
            let _ = write!(
                out,
                "{}<code>{}={}</code>",
                if at == 0 { "" } else { ", " },
                escape(name),
                escape(&value.text)
            );
        }
        out.push_str("</dd></dl>");
    }

    fn picture(&self, history: &History, now: Timestamp, linked: &[bool], quiet: bool) -> Picture {
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
