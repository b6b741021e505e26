//! The head of a run: what it is, on what, with what.

use std::fmt::Write as _;

use super::super::columns::cut;
use super::super::layout::line;
use super::super::sanitize;
use super::super::summary::Summary;
use super::super::tally::Tally;
use super::{Timeline, shown};
use crate::event::RunStarted;

impl Timeline {
    pub(super) fn begin(&mut self, head: &RunStarted, out: &mut String) {
        if self.open {
            // The run had stopped without a word before it was resumed.
            out.push_str(&self.end());
            out.push('\n');
        }
        self.open = true;
        self.running.clear();
        self.tally = Tally::default();
        for step in &head.steps {
            self.layout.admit(&step.id, step.title.as_str());
            self.tally.count(&step.id, false);
            self.heads.insert(step.id.clone(), step.clone());
        }
        self.summary = Summary::of(head);
        for step in super::super::resumed::ended(head) {
            self.count(step, true);
        }
        let width = self.layout.style.width;
        let title = sanitize::line(head.title.as_str());
        line(out, &self.layout.paint.bold(&cut(&title, width)));
        let mut place = format!("{} · run {}", head.document, super::super::short(&head.run));
        if let Some(target) = &head.target {
            let _ = write!(place, " · target {target}");
        }
        line(
            out,
            &self.layout.paint.dim(&cut(&sanitize::line(&place), width)),
        );
        if let Some(recording) = &head.recording {
            self.layout.indented(
                &sanitize::line(&format!(
                    "{recording} answers for everything outside; nothing real is touched"
                )),
                |text| self.layout.paint.yellow(text),
                out,
            );
        }
        let inputs = inputs(head);
        if !inputs.is_empty() {
            self.layout
                .indented(&inputs, |text| self.layout.paint.cyan(text), out);
        }
        if let Some(identity) = &head.identity {
            self.layout.indented(
                &sanitize::line(&super::super::identity::line(identity)),
                |text| self.layout.paint.cyan(text),
                out,
            );
        }
        for removed in &head.removed {
            let text = format!("removed {}: {}", removed.name, removed.reason);
            self.layout.indented(
                &sanitize::line(&text),
                |text| self.layout.paint.yellow(text),
                out,
            );
        }
        if let Some(resumes) = &head.resumes {
            for text in super::super::resumed::lines(resumes) {
                self.layout
                    .indented(&sanitize::line(&text), str::to_owned, out);
            }
        }
        out.push('\n');
    }
}

/// How many inputs are shown; of more, only those that are not the page's own.
const INPUTS: usize = 12;

fn inputs(head: &RunStarted) -> String {
    let all = head.inputs.len();
    let is_shown = |name: &String| all <= INPUTS || head.given.contains(name);
    let mut words: Vec<String> = head
        .inputs
        .iter()
        .filter(|(name, _)| is_shown(name))
        .map(|(name, value)| {
            let name = sanitize::line(name);
            format!("{name}={}", cut(&sanitize::line(&shown(value)), 48))
        })
        .collect();
    if let left @ 1.. = all - words.len() {
        let more = if words.is_empty() { "" } else { "more " };
        words.push(format!("{left} {more}inputs as the page has them"));
    }
    words.join(" ")
}
