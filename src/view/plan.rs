//! What would run, in which order, and why: a plan on paper.

use std::fmt::Write as _;
use std::time::Duration;

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
        let (word, effect) = effect(plan.graph.effect(*index), paint);
        let kind = fit(step.kind.word(), 8);
        let above = number.checked_sub(1).and_then(|above| order.get(above));
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
        for reason in reasons(plan, *index, step, above.copied()) {
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
                step.skip_reason()
            } else {
                "not selected"
            };
            let text = format!("↷ {}: {why}", step.id);
            let paint = self.paint;
            self.wrapped("  ", &text, |text| paint.dim(text));
        }
    }
}

/// Why a step waits, whether it runs, and how; a sentence each. That it waits for the one listed
/// `above` it goes without saying.
fn reasons(plan: &Plan, index: usize, step: &Step, above: Option<usize>) -> Vec<String> {
    let steps = &plan.graph.steps;
    let mut reasons = Vec::new();
    if let Some(Selected::For(other)) = plan.selected.get(index)
        && let Some(other) = steps.get(*other)
    {
        reasons.push(format!("not selected, but `{}` needs it", other.id));
    }
    let mut waits: Vec<(usize, Vec<String>)> = Vec::new();
    for edge in plan.graph.incoming(index) {
        let why = match &edge.why {
            EdgeKind::Order => "above".to_owned(),
            EdgeKind::Needs => "needs".to_owned(),
            EdgeKind::Name(name) => format!("uses `{name}`"),
            EdgeKind::Condition(name) => format!("asks about `{name}`"),
            EdgeKind::Branch => "decides whether it runs".to_owned(),
        };
        match waits.iter_mut().find(|(from, _)| *from == edge.from) {
            Some((_, whys)) => whys.push(why),
            None => waits.push((edge.from, vec![why])),
        }
    }
    let goes_without_saying =
        |from: usize, whys: &[String]| Some(from) == above && whys == ["above"];
    let waits: Vec<String> = waits
        .into_iter()
        .filter(|(from, whys)| !goes_without_saying(*from, whys))
        .filter_map(|(from, whys)| Some(format!("{} ({})", steps.get(from)?.id, whys.join(", "))))
        .collect();
    if !waits.is_empty() {
        reasons.push(format!("waits for {}", waits.join(", ")));
    }
    for condition in &step.conditions {
        reasons.push(format!("only when {}", condition.text));
    }
    for branch in &step.branches {
        reasons.push(format!(
            "only if the operator says yes to “{}”",
            plan.graph.question(*branch)
        ));
    }
    if let Some(each) = &step.each {
        reasons.push(format!("once for each of {}", each.text));
    }
    if !step.requests.is_empty() {
        reasons.push(format!("asks {}", step.requests.join(", ")));
    }
    match step.confirm.as_ref().map(|question| question.text.as_str()) {
        Some("") => reasons.push("asks before it runs".to_owned()),
        Some(question) => reasons.push(format!("asks “{question}”")),
        None => {}
    }
    let mut how = Vec::new();
    if let Some(timeout) = step.timeout {
        how.push(format!("at most {}", brief(timeout)));
    }
    if step.retry > 0 {
        let mut text = format!("up to {} attempts", step.retry.saturating_add(1));
        if !step.delay.is_zero() {
            let _ = write!(text, ", {} apart", brief(step.delay));
            if step.retry > 1 && step.backoff > 1.0 {
                let _ = write!(text, ", each wait {} times the last", step.backoff);
            }
        }
        how.push(text);
    }
    for (holds, text) in [
        (step.background, "goes on in the background"),
        (step.always, "runs even after a failure"),
        (step.allow_failure, "its failure stops nothing"),
        (step.idempotent, "may run again after an interruption"),
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

/// A length of time without what is nought: `20m`, `5s`.
fn brief(duration: Duration) -> String {
    let text = show_duration(duration);
    let text = text.trim_end_matches(" 00s").trim_end_matches(" 00m");
    text.replace(".00s", "s").replace(".0s", "s")
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
        Origin::Earlier => "(as before)",
        Origin::Argument => "(--input)",
        Origin::File => "(--input-file)",
        Origin::Environment => "(environment)",
        Origin::Prompt => "(asked)",
    }
}

#[cfg(test)]
#[expect(
    clippy::needless_raw_string_hashes,
    reason = "snapbox writes snapshots so"
)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use snapbox::{IntoData, assert_data_eq, str};

    use super::*;
    use crate::document::{Document, FrontMatter};
    use crate::graph::{Edge, Graph, StepKind};
    use crate::name::StepId;
    use crate::source::{Excerpt, Source, Span};

    fn step(id: &str, title: &str, effect: Effect) -> Step {
        Step {
            id: StepId::new(id),
            named: true,
            title: title.to_owned(),
            cell: 0,
            span: Span::default(),
            kind: StepKind::Script,
            conditions: Vec::new(),
            branches: Vec::new(),
            confirm: None,
            timeout: None,
            retry: 0,
            delay: Duration::ZERO,
            backoff: 1.0,
            always: false,
            allow_failure: false,
            background: false,
            ready: None,
            each: None,
            effect: Some(effect),
            idempotent: false,
            tty: false,
            errexit: true,
            cwd: None,
            skip: false,
            variable: Some(crate::name::variable(id)),
            defines: Vec::new(),
            requests: Vec::new(),
            inputs: Vec::new(),
        }
    }

    fn excerpt(text: &str) -> Excerpt {
        let mut excerpt = Excerpt::default();
        excerpt.push(text, 0);
        excerpt
    }

    #[test]
    fn a_plan_says_what_runs_in_which_order_and_why() {
        let document = Document {
            source: Arc::new(Source::new("runbooks/apply.md", "")),
            front_matter: FrontMatter {
                title: Some("Apply the target state".to_owned()),
                ..FrontMatter::default()
            },
            sections: Vec::new(),
            cells: Vec::new(),
            plain: false,
        };
        let helm = Step {
            allow_failure: true,
            timeout: Some(Duration::from_mins(20)),
            retry: 2,
            delay: Duration::from_secs(5),
            backoff: 1.5,
            ..step("helm", "Wait for Helm", Effect::Read)
        };
        let flip = Step {
            conditions: vec![excerpt("helm.ok")],
            confirm: Some(excerpt("Flip EKS auth to API?")),
            ..step("flip-auth", "If Helm succeeds", Effect::Change)
        };
        let drop = Step {
            confirm: Some(excerpt("")),
            each: Some(excerpt("old_nodes")),
            always: true,
            ..step("drop", "Remove old nodes \u{202e}", Effect::Destroy)
        };
        let demo = Step {
            skip: true,
            ..step("demo", "A demonstration", Effect::Read)
        };
        let edge = |from, to, why| Edge { from, to, why };
        let bind = |value: Value, secret, origin| Binding {
            value,
            secret,
            origin,
        };
        let bound = Plan {
            graph: Arc::new(Graph::assemble(
                Arc::new(document),
                vec![helm, flip, drop, demo, step("x", "X", Effect::Read)],
                vec![
                    edge(0, 1, EdgeKind::Order),
                    edge(0, 1, EdgeKind::Condition("helm".to_owned())),
                    edge(1, 2, EdgeKind::Needs),
                    edge(0, 2, EdgeKind::Name("release".to_owned())),
                ],
            )),
            inputs: BTreeMap::from([
                (
                    "db_pw".to_owned(),
                    bind("hunter2-secret".into(), true, Origin::Environment),
                ),
                ("prev".to_owned(), bind(34.into(), false, Origin::Argument)),
            ]),
            selected: vec![
                Selected::For(1),
                Selected::Yes,
                Selected::Yes,
                Selected::Yes,
                Selected::No,
            ],
            order: vec![0, 1, 2, 3, 4],
        };
        assert_data_eq!(
            plan(&bound, Style::plain(80)),
            str![[r#"
Apply the target state
runbooks/apply.md
  db_pw=«secret» (environment)
  prev=34 (--input)

1. helm       rhai      read     Wait for Helm
   not selected, but `flip-auth` needs it
   at most 20m; up to 3 attempts, 5s apart, each wait 1.5 times the last; its
   failure stops nothing
2. flip-auth  rhai      change   If Helm succeeds
   waits for helm (above, asks about `helm`)
   only when helm.ok
   asks “Flip EKS auth to API?”
3. drop       rhai      destroy  Remove old nodes \u{202e}
   waits for flip-auth (needs), helm (uses `release`)
   once for each of old_nodes
   asks before it runs
   runs even after a failure

2 steps left out
  ↷ demo: it says `skip`
  ↷ x: not selected

"#]]
            .raw()
        );
        for line in plan(&bound, Style::plain(40)).lines() {
            assert!(width(line) <= 40, "{line}");
        }
    }
}
