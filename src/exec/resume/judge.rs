//! Which steps stay as they ended, and which run again.

use std::collections::BTreeSet;

use crate::event::{Again, Done, Resumes, Status};
use crate::exec::{Settings, fingerprint};
use crate::graph::{EdgeKind, Graph, StepKind};
use crate::plan::{Plan, Selected};
use crate::secret::Redactor;

use super::history::{History, Past, Phase, base};
use super::reasons;
use super::{Choices, Earlier};

/// What becomes of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It has no part in the run.
    Out,
    /// It stays as it ended.
    Kept,
    /// It was skipped for a reason that holds still; it is asked again, and nothing counts on it.
    Passed,
    /// It has not begun.
    Runs,
    /// It begins again.
    Again {
        reason: String,
        /// Whether what depends on it begins again as well.
        spreads: bool,
    },
}

impl Fate {
    /// Whether it will run.
    pub(super) const fn runs(&self) -> bool {
        matches!(self, Self::Runs | Self::Again { .. })
    }

    /// Whether what depends on it can't stay.
    const fn spreads(&self) -> bool {
        matches!(self, Self::Runs | Self::Again { spreads: true, .. })
    }

    fn again(reason: impl Into<String>) -> Self {
        Self::Again {
            reason: reason.into(),
            spreads: true,
        }
    }

    fn restoring(reason: impl Into<String>) -> Self {
        Self::Again {
            reason: reason.into(),
            spreads: false,
        }
    }
}

/// What is being judged.
pub(super) struct Judge<'a> {
    pub(super) plan: &'a Plan,
    pub(super) history: &'a History,
    pub(super) fingerprints: Vec<String>,
    pub(super) place_changed: bool,
    pub(super) changed_inputs: BTreeSet<String>,
    choices: &'a Choices,
    fates: Vec<Fate>,
    instances: BTreeSet<String>,
    needed: Vec<bool>,
}

impl Earlier {
    /// Judges what was done by the page as it is now; `torn` is how long a line was that is cut
    /// off. What was interrupted and is in none of the choices runs again.
    #[must_use]
    pub fn new(
        plan: &Plan,
        history: History,
        redactor: &Redactor,
        settings: &Settings,
        choices: &Choices,
        torn: Option<usize>,
    ) -> Self {
        let count = plan.graph.steps.len();
        let fingerprints = fingerprint::all(plan, settings);
        let mut judge = Judge {
            place_changed: reasons::place_changed(&history, settings, redactor),
            changed_inputs: reasons::changed_inputs(&history, plan, redactor),
            plan,
            history: &history,
            fingerprints,
            choices,
            fates: vec![Fate::Out; count],
            instances: BTreeSet::new(),
            needed: vec![false; count],
        };
        for index in &plan.order {
            judge.fates[*index] = judge.first(*index);
        }
        // Each pass can only make more steps run, so this ends.
        while judge.pass() {}
        let resumes = judge.resumes(redactor, torn);
        let Judge {
            fates,
            instances,
            needed,
            ..
        } = judge;
        Self {
            resumes,
            history,
            fates,
            needed,
            instances,
        }
    }
}

impl Judge<'_> {
    fn graph(&self) -> &Graph {
        &self.plan.graph
    }

    pub(super) fn id(&self, index: usize) -> String {
        self.graph().steps[index].id.to_string()
    }

    /// What is known of a step, or of an instance of it, and is not overruled by the operator.
    fn past(&self, index: usize) -> Option<&Past> {
        self.history.steps.get(&self.id(index))
    }

    fn pasts(&self, index: usize) -> impl Iterator<Item = &Past> {
        let id = self.id(index);
        let own = self.history.steps.get(&id);
        let instances: Vec<&Past> = self.history.instances(&id).map(|(_, past)| past).collect();
        own.into_iter().chain(instances)
    }

    /// What becomes of a step for its own sake.
    fn first(&mut self, index: usize) -> Fate {
        let step = &self.graph().steps[index];
        if step.kind == StepKind::Value || self.plan.selected[index] == Selected::No {
            return Fate::Out;
        }
        let id = self.id(index);
        if let Some(by) = self.choices.again.get(&id) {
            return Fate::again(self.because_asked(index, by));
        }
        if self.choices.done.contains_key(&id) {
            return Fate::Kept;
        }
        if step.each.is_some() && self.history.instances(&id).next().is_some() {
            return self.instances(index);
        }
        let Some(past) = self.past(index) else {
            return Fate::Runs;
        };
        if past.is_interrupted() {
            return Fate::again(reasons::interrupted(step));
        }
        match &past.phase {
            Phase::Waiting | Phase::Begun | Phase::Ended(Status::Interrupted) => Fate::Runs,
            Phase::Skipped(reason) if reasons::holds_still(reason) => Fate::Passed,
            Phase::Skipped(_) => Fate::Runs,
            Phase::Ended(Status::Refused) => Fate::again("it was refused"),
            Phase::Ended(Status::Failed) if !self.is_settled(index) => {
                Fate::again(reasons::failed(&past.reason))
            }
            Phase::Ended(Status::Passed | Status::Failed) => match self.changed(index, past) {
                Some(reason) => Fate::again(reason),
                None => Fate::Kept,
            },
        }
    }

    fn because_asked(&self, index: usize, by: &str) -> String {
        match self.past(index) {
            Some(past) if past.is_interrupted() => {
                format!("it was interrupted, and {by} says again")
            }
            _ => format!("{by} says again"),
        }
    }

    /// What becomes of a step with `each`: its instances may stay while others run.
    fn instances(&mut self, index: usize) -> Fate {
        let step = &self.graph().steps[index];
        let id = self.id(index);
        let mut kept = BTreeSet::new();
        let mut changed = None;
        for (name, past) in self.history.instances(&id) {
            if self.choices.again.contains_key(name) {
                continue;
            }
            let ended = match past.phase {
                Phase::Ended(Status::Passed) => true,
                Phase::Ended(Status::Failed) => step.allow_failure,
                _ => false,
            };
            if self.choices.done.contains_key(name) {
                kept.insert(name.clone());
            } else if ended {
                match self.changed(index, past) {
                    None => {
                        kept.insert(name.clone());
                    }
                    Some(reason) => changed = Some(reason),
                }
            }
        }
        if let Some(reason) = changed {
            return Fate::again(reason);
        }
        let all = self.past(index).and_then(|past| past.items);
        if all == Some(kept.len()) {
            self.instances.extend(kept);
            return Fate::Kept;
        }
        // While others of it run, an instance whose state is hidden can't give it to them.
        kept.retain(|name| {
            let past = self.history.steps.get(name);
            past.is_none_or(|past| !past.left_is_masked() && !calls_are_masked(past))
        });
        let left = all.map_or_else(
            || "some of its instances are left".to_owned(),
            |all| {
                let left = all.saturating_sub(kept.len());
                format!("{left} of its {all} instances are left")
            },
        );
        self.instances.extend(kept);
        Fate::again(left)
    }

    /// Whether a failure stays one: it may fail, or a step that asks about it ran or will.
    fn is_settled(&self, index: usize) -> bool {
        self.graph().steps[index].allow_failure
            || self.graph().asks_about(index).into_iter().any(|asker| {
                let mut known = self.pasts(asker).peekable();
                if known.peek().is_none() {
                    return !self.history.ended && self.plan.selected[asker] != Selected::No;
                }
                known.any(|past| past.begun || matches!(past.phase, Phase::Ended(_)))
            })
    }

    /// Takes one round of what follows from what runs; says whether anything changed.
    fn pass(&mut self) -> bool {
        let before = self.fates.clone();
        self.need();
        for index in self.plan.order.clone() {
            if self.fates[index].spreads() {
                self.spread(index);
            } else if self.fates[index] == Fate::Kept
                && let Some(reason) = self.unrestorable(index)
            {
                self.fates[index] = Fate::restoring(reason);
            }
        }
        self.fates != before
    }

    /// Finds the steps whose names are used by what runs, directly or by way of scripts.
    fn need(&mut self) {
        for index in self.plan.order.iter().rev() {
            let graph = &self.plan.graph;
            self.needed[*index] = graph.successors(*index).iter().any(|to| {
                let counts = self.fates[*to].runs()
                    || self.fates[*to] == Fate::Passed
                    || (self.fates[*to] == Fate::Kept
                        && self.needed[*to]
                        && graph.steps[*to].kind == StepKind::Script);
                counts
                    && graph
                        .incoming(*to)
                        .any(|edge| edge.from == *index && is_of_names(&edge.why))
            });
        }
    }

    /// Lets what depends on a step that runs run as well.
    fn spread(&mut self, index: usize) {
        let graph = &self.plan.graph;
        let id = self.id(index);
        for to in graph.successors(index) {
            let depends = graph
                .incoming(*to)
                .any(|edge| edge.from == index && edge.why != EdgeKind::Order);
            if depends {
                self.follow(*to, || format!("it depends on `{id}`"));
            }
        }
        let exports: BTreeSet<String> = self
            .pasts(index)
            .flat_map(|past| past.environment.keys().cloned())
            .collect();
        let moves = self.pasts(index).any(|past| past.directory.is_some());
        for to in self.below(index) {
            let step = &self.plan.graph.steps[to];
            if self.fates[to] != Fate::Kept {
                continue;
            }
            if step.always {
                self.fates[to] = Fate::restoring("it runs after what runs again or is left");
            } else if acts(&step.kind) {
                let text = &self.plan.graph.document.cells[step.cell].body.text;
                let used = exports
                    .iter()
                    .find(|name| fingerprint::mentions(text, name));
                if let Some(name) = used {
                    self.follow(to, || format!("it uses {name}, which `{id}` exports"));
                } else if moves {
                    self.follow(to, || format!("it runs where `{id}` goes"));
                }
            }
        }
    }

    fn follow(&mut self, index: usize, reason: impl FnOnce() -> String) {
        match &mut self.fates[index] {
            Fate::Kept => self.fates[index] = Fate::again(reason()),
            Fate::Passed => self.fates[index] = Fate::Runs,
            Fate::Again { spreads, .. } => *spreads = true,
            Fate::Out | Fate::Runs => {}
        }
    }

    /// Why what a kept step left can't be given to what runs, if something needs it.
    fn unrestorable(&self, index: usize) -> Option<String> {
        let step = &self.graph().steps[index];
        let runs_below = |wanted: &dyn Fn(&StepKind) -> bool| {
            self.below(index)
                .into_iter()
                .find(|to| self.fates[*to].runs() && wanted(&self.graph().steps[*to].kind))
                .map(|to| self.id(to))
        };
        if step.background {
            let below = runs_below(&|_| true)?;
            return Some(format!(
                "a service ends with its run, and `{below}` is to run"
            ));
        }
        if self.pasts(index).any(Past::left_is_masked)
            && let Some(below) = runs_below(&acts)
        {
            return Some(format!(
                "it left a secret, which no journal keeps, for `{below}`"
            ));
        }
        if !self.needed[index] {
            return None;
        }
        if let Some(below) = self.applies(index) {
            return Some(format!(
                "the plan that it made went with its run, and `{below}` applies it"
            ));
        }
        let hidden = if step.kind == StepKind::Script {
            self.pasts(index).any(calls_are_masked)
        } else {
            self.pasts(index).any(|past| past.written.is_masked())
        };
        hidden.then(|| {
            "what it got holds a secret or is too long, and what is to run needs it".to_owned()
        })
    }

    /// The step that runs and applies the plan of Terraform that a step made: its file lives as long
    /// as the run that made it.
    fn applies(&self, index: usize) -> Option<String> {
        let made = |past: &Past| {
            past.calls
                .iter()
                .any(|call| call.function == "terraform::plan")
        };
        if !self.pasts(index).any(made) {
            return None;
        }
        let graph = self.graph();
        let applies = |to: usize| {
            let cell = &graph.document.cells[graph.steps[to].cell];
            self.fates[to].runs() && cell.body.text.contains("terraform::apply")
        };
        let by_name = |to: usize| {
            let mut edges = graph.incoming(to);
            edges.any(|edge| edge.from == index && is_of_names(&edge.why))
        };
        let found = graph.successors(index).iter().copied();
        found
            .filter(|to| applies(*to) && by_name(*to))
            .map(|to| self.id(to))
            .next()
    }

    /// All steps that wait for a step, directly or not.
    fn below(&self, index: usize) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        let mut open = vec![index];
        while let Some(next) = open.pop() {
            for after in self.graph().successors(next) {
                if seen.insert(*after) {
                    open.push(*after);
                }
            }
        }
        seen.into_iter().collect()
    }

    fn resumes(&mut self, redactor: &Redactor, torn: Option<usize>) -> Resumes {
        let mut resumes = Resumes {
            after: self.history.last,
            torn: torn.map(|bytes| bytes as u64),
            ..Resumes::default()
        };
        let done = &self.choices.done;
        for (index, fate) in self.fates.iter().enumerate() {
            let id = self.id(index);
            match fate {
                Fate::Kept if !done.contains_key(&id) => resumes.kept.push(id),
                Fate::Kept | Fate::Out | Fate::Passed | Fate::Runs => {}
                Fate::Again { reason, .. } => {
                    let is_partial = self.instances.iter().any(|name| base(name) == id);
                    if is_partial {
                        let kept = self.instances.iter().filter(|name| base(name) == id);
                        resumes
                            .kept
                            .extend(kept.filter(|name| !done.contains_key(*name)).cloned());
                    }
                    let passed = self
                        .past(index)
                        .is_some_and(|past| past.phase == Phase::Ended(Status::Passed));
                    resumes.again.push(Again {
                        step: id,
                        reason: redactor.clean(reason),
                        passed: passed && !is_partial,
                    });
                }
            }
        }
        let failed = |id: &&String| {
            self.history
                .steps
                .get(*id)
                .is_some_and(|past| past.phase == Phase::Ended(Status::Failed))
        };
        resumes.failed = resumes.kept.iter().filter(failed).cloned().collect();
        resumes.done = done
            .iter()
            .map(|(step, by)| Done {
                step: step.clone(),
                by: by.clone(),
            })
            .collect();
        resumes.gone = self
            .history
            .steps
            .iter()
            .filter(|(id, past)| past.begun && self.graph().step(base(id)).is_none())
            .map(|(id, _)| id.clone())
            .collect();
        resumes
    }
}

/// Whether an edge is made by a name, so that what the earlier step got is asked for.
const fn is_of_names(why: &EdgeKind) -> bool {
    matches!(
        why,
        EdgeKind::Name(_) | EdgeKind::Condition(_) | EdgeKind::Branch
    )
}

/// Whether a step starts processes, which see what the steps before left.
const fn acts(kind: &StepKind) -> bool {
    !matches!(kind, StepKind::Value | StepKind::Manual | StepKind::Branch)
}

/// Whether a script can't be given again what it got.
fn calls_are_masked(past: &Past) -> bool {
    past.calls.iter().any(|call| {
        call.written.is_masked()
            || call.outcome.as_ref().is_some_and(super::history::is_masked)
            || super::history::hides(&call.request)
    }) || past.read.values().any(super::history::is_masked)
        || past
            .answers
            .iter()
            .any(|answer| super::history::hides(answer))
}
