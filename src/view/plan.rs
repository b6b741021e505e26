//! What would run, in which order, and why: a plan on paper.

use std::fmt::Write as _;

use super::columns::{cut, fit, width, wrap};
use super::paint::Paint;
use super::{Style, sanitize};
use crate::diagnostic::count;
use crate::document::Effect;
use crate::graph::{EdgeKind, Step};
use crate::plan::{Binding, Origin, Plan, Selected};
use crate::value::{Value, show_duration};

/// A plan as `runbook plan` prints it; secrets are named, never shown.
#[must_use]
pub fn plan(plan: &Plan, style: Style) -> String {
    let paint = Paint { color: style.color };
    let mut page = Page {
        out: String::new(),
        style,
        paint,
    };
    let document = &plan.graph.document;
    let title = sanitize::line(document.title());
    page.line(&paint.bold(&cut(&title, style.width)));
    page.line(&paint.dim(&cut(&sanitize::line(document.source.name()), style.width)));
    for (name, binding) in &plan.inputs {
        let text = format!("{name}={} {}", bound(binding), origin(binding.origin));
        page.wrapped("  ", &text, |text| paint.cyan(text));
    }
    let runs = |index: usize| {
        plan.selected.get(index).is_none_or(|s| *s != Selected::No)
            && plan.graph.steps.get(index).is_some_and(|step| !step.skip)
    };
    let order: Vec<usize> = plan.order.iter().copied().filter(|at| runs(*at)).collect();
    let name_width = order
        .iter()
        .filter_map(|at| plan.graph.steps.get(*at))
        .map(|step| width(step.id.as_str()))
        .max()
        .unwrap_or(0)
        .min(32);
    let digits = order.len().to_string().len();
    page.out.push('\n');
    for (number, index) in order.iter().enumerate() {
        let Some(step) = plan.graph.steps.get(*index) else {
            continue;
        };
        let id = paint.bold(&fit(&sanitize::line(step.id.as_str()), name_width));
        let title = sanitize::line(&step.title);
        let (word, effect) = effect(step.effect, paint);
        let kind = fit(step.kind.word(), 8);
        let number = format!("{:>digits$}.", number + 1);
        let used = digits + 1 + 1 + name_width + 2 + 8 + 2 + 7 + 2;
        let room = style.width.saturating_sub(used);
        let title = match style.width {
            0 => title.into_owned(),
            _ if room == 0 => String::new(),
            _ => cut(&title, room).into_owned(),
        };
        let space = " ".repeat(7_usize.saturating_sub(word.len()));
        page.line(&format!(
            "{} {id}  {}  {effect}{space}  {}",
            paint.dim(&number),
            paint.dim(&kind),
            paint.dim(&title),
        ));
        let indent = " ".repeat(digits + 2);
        for reason in reasons(plan, *index, step) {
            page.wrapped(&indent, &reason, |text| paint.dim(text));
        }
    }
    page.left_out(plan, runs);
    page.out
}

struct Page {
    out: String,
    style: Style,
    paint: Paint,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn wrapped(&mut self, indent: &str, text: &str, paint: impl Fn(&str) -> String) {
        let room = self.style.width.saturating_sub(indent.len());
        for piece in wrap(&sanitize::line(text), room) {
            self.line(&format!("{indent}{}", paint(&piece)));
        }
    }

    fn left_out(&mut self, plan: &Plan, runs: impl Fn(usize) -> bool) {
        let out: Vec<(usize, &Step)> = plan
            .graph
            .steps
            .iter()
            .enumerate()
            .filter(|(index, _)| !runs(*index))
            .collect();
        if out.is_empty() {
            return;
        }
        self.out.push('\n');
        let head = format!("{} left out", count(out.len(), "step"));
        self.line(&self.paint.bold(&head));
        for (_, step) in out {
            let why = if step.skip {
                "it says `skip`"
            } else {
                "not selected"
            };
            let text = format!("↷ {}: {why}", step.id);
            let paint = self.paint;
            self.wrapped("  ", &text, |text| paint.dim(text));
        }
    }
}

/// Why a step waits, whether it runs, and how; a sentence each.
fn reasons(plan: &Plan, index: usize, step: &Step) -> Vec<String> {
    let steps = &plan.graph.steps;
    let mut reasons = Vec::new();
    if let Some(Selected::For(other)) = plan.selected.get(index)
        && let Some(other) = steps.get(*other)
    {
        reasons.push(format!("not selected, but `{}` needs it", other.id));
    }
    let waits: Vec<String> = plan
        .graph
        .edges
        .iter()
        .filter(|edge| edge.to == index)
        .filter_map(|edge| {
            let from = &steps.get(edge.from)?.id;
            Some(match &edge.why {
                EdgeKind::Order => format!("{from} above"),
                EdgeKind::Needs => format!("{from} (needs)"),
                EdgeKind::Name(name) => format!("{from} (uses `{name}`)"),
                EdgeKind::Condition(name) => format!("{from} (asks about `{name}`)"),
                EdgeKind::Branch => format!("{from} (decides whether it runs)"),
            })
        })
        .collect();
    if !waits.is_empty() {
        reasons.push(format!("waits for {}", waits.join(", ")));
    }
    for condition in &step.conditions {
        reasons.push(format!("only when {}", condition.text));
    }
    for branch in step.branches.iter().filter_map(|at| steps.get(*at)) {
        reasons.push(format!(
            "only if the operator says yes to “{}”",
            branch.title
        ));
    }
    if let Some(each) = &step.each {
        reasons.push(format!("once for each of {}", each.text));
    }
    match step.confirm.as_ref().map(|question| question.text.as_str()) {
        Some("") => reasons.push("asks before it runs".to_owned()),
        Some(question) => reasons.push(format!("asks “{question}”")),
        None => {}
    }
    let mut how = Vec::new();
    if let Some(timeout) = step.timeout {
        how.push(format!("at most {}", show_duration(timeout)));
    }
    if step.retry > 0 {
        let mut text = format!("up to {} attempts", step.retry.saturating_add(1));
        if !step.delay.is_zero() {
            let _ = write!(text, ", {} apart", show_duration(step.delay));
        }
        how.push(text);
    }
    for (holds, text) in [
        (step.background, "goes on in the background"),
        (step.always, "runs even after a failure"),
        (step.allow_failure, "its failure stops nothing"),
        (step.tty, "takes the terminal"),
    ] {
        if holds {
            how.push(text.to_owned());
        }
    }
    if !how.is_empty() {
        reasons.push(how.join("; "));
    }
    reasons
}

fn effect(effect: Effect, paint: Paint) -> (&'static str, String) {
    let word = effect.word();
    let painted = match effect {
        Effect::Read => paint.dim(word),
        Effect::Change => paint.yellow(word),
        Effect::Destroy => paint.bold_red(word),
    };
    (word, painted)
}

fn bound(binding: &Binding) -> String {
    match &binding.value {
        _ if binding.secret => "«secret»".to_owned(),
        Value::String(text) if !text.is_empty() && !text.contains(char::is_whitespace) => {
            text.clone()
        }
        other => other.to_string(),
    }
}

const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Default => "(default)",
        Origin::Argument => "(--input)",
        Origin::File => "(--input-file)",
        Origin::Environment => "(environment)",
        Origin::Prompt => "(asked)",
    }
}
