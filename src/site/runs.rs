//! The page of a run: what happened, step by step, and a player that shows any moment of it.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::ansi::ansi;
use super::graph::{self, Node};
use super::history::{Past, base};
use super::html::{self, escape};
use super::output::Output;
use super::panel::badge;
use super::standing::Standing;
use super::timeline::Timeline;
use crate::document::Effect;
use crate::event::Event;
use crate::journal::{Reader, short};
use crate::report::Step;
use crate::value::show_duration;

/// The path of a run's page from the root of the site, without its ending.
pub(super) fn path_of(id: &str) -> String {
    let safe: String = id
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        })
        .collect();
    format!("runs/{safe}")
}

/// The name of a run as a link, for a page whose way to the root is given.
pub(super) fn link_to(past: &Past, root: &str) -> String {
    format!(
        "<a class=\"rb-run\" href=\"{root}{}.html\">{}</a>",
        path_of(&past.run.id),
        escape(short(&past.run.id))
    )
}

/// The page of a run as one line of HTML; `page` is the way to its runbook and its title.
pub(super) fn html(
    past: &Past,
    page: Option<(&str, &str)>,
    effects: &HashMap<String, Effect>,
) -> String {
    let report = &past.report;
    let Some(head) = &report.head else {
        return String::new();
    };
    let mut out = String::with_capacity(16 * 1024);
    let standing = past.standing();
    let _ = write!(
        out,
        "<h1 id=\"run\">Run {} of {}</h1><div class=\"rb-head\"><div class=\"rb-status rb-of-run\" data-state=\"{}\"><p class=\"rb-verdict\"><span aria-hidden=\"true\">{}</span> {}</p><p>",
        escape(short(&past.run.id)),
        escape(head.title.as_str()),
        standing.word(),
        standing.sign(),
        capital(standing.phrase())
    );
    if let Some(at) = past.started() {
        let _ = write!(out, "{}", html::time(at));
    }
    if let Some(elapsed) = report.elapsed {
        let _ = write!(out, ", {}", show_duration(elapsed));
    }
    let _ = write!(out, ", by {}", escape(&head.operator));
    if let Some(target) = &head.target {
        let _ = write!(out, ", against <b>{}</b>", escape(target));
    }
    if let Some(reason) = &report.reason {
        let _ = write!(
            out,
            "<br><span class=\"rb-why\">{}</span>",
            html::phrase(reason.as_str())
        );
    }
    if let Some(recording) = past.recording() {
        let _ = write!(
            out,
            "<br>A recording answered in the place of the real systems, so this run verifies none of them: {}",
            html::phrase(recording)
        );
    }
    if let Some(flaw) = &past.flaw {
        let _ = write!(
            out,
            "<br><span class=\"rb-why\">Its journal does not verify, so it is no evidence: {}</span>",
            html::phrase(flaw)
        );
    }
    if !report.finished {
        out.push_str("<br><span class=\"rb-why\">The journal ends before the run does.</span>");
    }
    out.push_str("</p></div>");
    facts(&mut out, past, page);
    let nodes = nodes(past, effects);
    let edges = edges(past);
    let picture = graph::draw(&nodes, &edges, head.title.as_str());
    let told = told(past);
    let last = told.last;
    out.push_str("</div>");
    if last > 0 {
        let _ = write!(
            out,
            "<div class=\"rb-player\" data-last=\"{last}\" hidden role=\"group\" aria-label=\"Player\"></div>"
        );
    }
    if !picture.html.is_empty() {
        let _ = write!(
            out,
            "<details class=\"rb-fold rb-of-run\" open><summary>The run as a graph</summary>{}{}</details>",
            picture.html,
            graph::LEGEND
        );
    }
    out.push_str("<h2 id=\"steps\">Steps</h2>");
    for step in report.steps() {
        one(&mut out, step, &told);
    }
    if last > 0 {
        let (timeline, left_out) = told.timeline.finish();
        let _ = write!(
            out,
            "<h2 id=\"timeline\">Timeline</h2><details class=\"rb-fold\"><summary>{last} entries of the journal{}</summary><ol class=\"rb-time\">{timeline}</ol></details>",
            match left_out {
                0 => String::new(),
                left_out => format!(", {left_out} of them left out"),
            }
        );
    }
    out
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn facts(out: &mut String, past: &Past, page: Option<(&str, &str)>) {
    let Some(head) = &past.report.head else {
        return;
    };
    out.push_str("<dl class=\"rb-facts\"><div><dt>Runbook</dt><dd>");
    match page {
        Some((path, title)) => {
            let _ = write!(out, "<a href=\"../{}\">{}</a>", escape(path), escape(title));
        }
        None => out.push_str(&escape(&head.document)),
    }
    let _ = write!(
        out,
        "</dd></div><div><dt>Run</dt><dd><code>{}</code></dd></div><div><dt>Program</dt><dd>{} on {}</dd></div>",
        escape(&past.run.id),
        escape(&head.program),
        escape(&head.platform)
    );
    if let Some(identity) = &head.identity {
        let _ = write!(
            out,
            "<div><dt>AWS</dt><dd><code>{}</code> in {}</dd></div>",
            escape(identity.arn.as_str()),
            escape(identity.account.as_str())
        );
    }
    for (name, value) in &head.inputs {
        let value = serde_json::to_value(value).unwrap_or_default();
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let _ = write!(
            out,
            "<div><dt>{}</dt><dd><code>{}</code></dd></div>",
            escape(name),
            escape(&html::short(&value, 200))
        );
    }
    for removed in &head.removed {
        let _ = write!(
            out,
            "<div><dt>Without</dt><dd><code>{}</code>: {}</dd></div>",
            escape(&removed.name),
            escape(&removed.reason)
        );
    }
    out.push_str("</dl>");
}

fn nodes(past: &Past, effects: &HashMap<String, Effect>) -> Vec<Node> {
    past.report
        .steps()
        .map(|step| Node {
            id: step.id.clone(),
            title: step.title.as_str().to_owned(),
            kind: step.kind.clone(),
            effect: effects.get(base(&step.id)).copied(),
            standing: Standing::of_state(step.state),
            link: Some(format!("#{}", html::anchor(&step.id))),
        })
        .collect()
}

fn edges(past: &Past) -> Vec<(usize, usize, bool)> {
    let steps: Vec<&Step> = past.report.steps().collect();
    let mut edges = Vec::new();
    for (to, step) in steps.iter().enumerate() {
        for need in &step.needs {
            let instances = steps.iter().enumerate().filter(|(_, other)| {
                other.id == *need
                    || other
                        .id
                        .strip_prefix(need.as_str())
                        .is_some_and(|rest| rest.starts_with('['))
            });
            edges.extend(instances.map(|(from, _)| (from, to, false)));
        }
    }
    edges
}

/// What the entries of a run tell, beyond its report.
#[derive(Default)]
struct Told {
    timeline: Timeline,
    outputs: HashMap<String, Output>,
    /// The number of the last entry.
    last: u64,
    /// The numbers of the entries that say how each step ended, last.
    ends: HashMap<String, u64>,
    /// Those that say what it ran.
    begins: HashMap<String, u64>,
    /// Those of its assertions.
    checks: HashMap<String, Vec<u64>>,
}

fn told(past: &Past) -> Told {
    let mut told = Told::default();
    let entries = Reader::open(past.run.journal()).into_iter().flatten();
    let began = past.started();
    for entry in entries.map_while(Result::ok) {
        let seq = entry.seq;
        told.last = seq;
        told.timeline.add(&entry, began);
        match entry.event {
            Event::Output {
                step,
                stream,
                skipped,
                text,
                ..
            } => {
                let output = told.outputs.entry(step).or_default();
                output.push(seq, stream, skipped, text.lossy().into_owned());
            }
            Event::OutputKept { step, file, .. } => {
                told.outputs.entry(step).or_default().files.push(file);
            }
            Event::StepStarted { step, .. } => {
                told.begins.insert(step, seq);
            }
            Event::Checked { step, .. } => told.checks.entry(step).or_default().push(seq),
            Event::StepFinished { step, .. } | Event::StepSkipped { step, .. } => {
                told.ends.insert(step, seq);
            }
            _ => {}
        }
    }
    told
}

fn one(out: &mut String, step: &Step, told: &Told) {
    // What is known only from an entry on is not shown at a moment before it.
    let from =
        |seq: Option<&u64>| seq.map_or_else(String::new, |seq| format!(" data-seq=\"{seq}\""));
    let end = from(told.ends.get(&step.id));
    let standing = Standing::of_state(step.state);
    let id = escape(&step.id);
    let anchor = html::anchor(&step.id);
    let _ = write!(
        out,
        "<div class=\"rb-step\" id=\"{anchor}\" role=\"group\" aria-label=\"Step {id}\" data-step=\"{id}\" data-state=\"{}\"><div class=\"rb-bar\"><a class=\"rb-name\" href=\"#{anchor}\">{id}</a><span class=\"rb-kind\">{}</span><span class=\"rb-term\">{}</span>",
        standing.word(),
        escape(&step.kind),
        escape(step.title.as_str())
    );
    if let Some(elapsed) = step.elapsed {
        let _ = write!(
            out,
            "<span class=\"rb-term\"{end}><b>took</b> {}</span>",
            show_duration(elapsed)
        );
    }
    if step.attempts > 1 {
        let _ = write!(
            out,
            "<span class=\"rb-term\"{end}><b>attempts</b> {}</span>",
            step.attempts
        );
    }
    if let Some(code) = step.code.filter(|code| *code != 0) {
        let _ = write!(
            out,
            "<span class=\"rb-term\"{end}><b>exit</b> {code}</span>"
        );
    }
    let _ = write!(out, "{}</div>", badge(standing));
    if let Some(reason) = &step.reason {
        let _ = write!(
            out,
            "<p class=\"rb-why\"{end}>{}</p>",
            html::phrase(reason.as_str())
        );
    }
    if let Some(detail) = &step.detail {
        let _ = write!(
            out,
            "<pre class=\"rb-out\"{end} tabindex=\"0\" aria-label=\"Where {id} failed\">{}</pre>",
            ansi(detail.as_str())
        );
    }
    if !step.checks.is_empty() {
        let seqs = told.checks.get(&step.id).map_or(&[][..], Vec::as_slice);
        // The report keeps the last ones.
        let seqs = &seqs[seqs.len().saturating_sub(step.checks.len())..];
        let _ = write!(out, "<ul class=\"rb-checks\"{}>", from(seqs.first()));
        for (number, check) in step.checks.iter().enumerate() {
            let standing = if check.held {
                Standing::Passed
            } else {
                Standing::Failed
            };
            let _ = write!(
                out,
                "<li data-state=\"{}\"{}><span class=\"rb-sign\" aria-hidden=\"true\">{}</span> {} <code>{}</code>",
                standing.word(),
                from(seqs.get(number)),
                standing.sign(),
                escape(
                    check
                        .message
                        .as_ref()
                        .map_or("", |message| message.as_str())
                ),
                escape(&html::short(check.expression.as_str(), 200))
            );
            for part in &check.parts {
                let _ = write!(
                    out,
                    "<br><span class=\"rb-dim\"><code>{}</code> is <code>{}</code></span>",
                    escape(part.code.as_str()),
                    escape(part.value.as_str())
                );
            }
            out.push_str("</li>");
        }
        out.push_str("</ul>");
    }
    if let Some(command) = &step.command {
        let _ = write!(
            out,
            "<details class=\"rb-fold\"{}><summary>What ran</summary><pre class=\"rb-out\" tabindex=\"0\" aria-label=\"What {id} ran\">{}</pre></details>",
            from(told.begins.get(&step.id)),
            escape(command.as_str())
        );
    }
    let output = told.outputs.get(&step.id);
    if let Some(output) = output.filter(|output| output.length() > 0) {
        let failed = matches!(
            standing,
            Standing::Failed | Standing::Interrupted | Standing::Refused | Standing::Unfinished
        );
        output.write(out, &id, failed || output.length() < 2000);
    }
    out.push_str("</div>");
}

/// A table of runs, newest first: each with its runbook, if it has a page.
pub(super) fn table(runs: &[(&Past, Option<(&str, &str)>)]) -> String {
    let mut out = String::from(
        "<div class=\"rb-table\"><table><thead><tr><th scope=\"col\">Run</th><th scope=\"col\">Result</th><th scope=\"col\">Runbook</th><th scope=\"col\">Began</th><th scope=\"col\">Took</th><th scope=\"col\">By</th><th scope=\"col\">Target</th></tr></thead><tbody>",
    );
    for (past, page) in runs {
        let head = past.report.head.as_ref();
        let runbook = match page {
            Some((path, title)) => {
                format!("<a href=\"../{}\">{}</a>", escape(path), escape(title))
            }
            None => escape(head.map_or("", |head| head.document.as_str())),
        };
        let _ = write!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{runbook}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            link_to(past, "../"),
            badge(past.standing()),
            past.started().map_or_else(String::new, html::time),
            past.report.elapsed.map_or_else(String::new, show_duration),
            escape(head.map_or("", |head| head.operator.as_str())),
            escape(
                head.and_then(|head| head.target.as_deref())
                    .unwrap_or_default()
            ),
        );
    }
    out.push_str("</tbody></table></div>");
    out
}

/// The word of a run in a list of pages.
pub(super) fn name(past: &Past) -> String {
    let at = past
        .started()
        .map_or_else(String::new, |at| at.strftime("%Y-%m-%d %H:%M").to_string());
    let mark = past.standing().sign();
    format!("{mark} {} {at}", short(&past.run.id))
}
