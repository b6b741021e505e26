//! Which recorded answer belongs to what is asked.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use crate::recording::{Asked, Attempt, Called, Missing, Recording, Step};
use crate::secret::Clean;
use crate::world::{Origin, Question};

/// How strictly answers must fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// An answer belongs to the very command, call or question that was recorded.
    #[default]
    Exact,
    /// An answer belongs to the step and its turn, whatever is asked: for outcomes that are changed
    /// on purpose, and what they change in later commands.
    InTurn,
}

/// What was asked so far.
pub(super) struct Answers {
    fit: Fit,
    /// What has been given, by step, kind and place.
    taken: BTreeSet<(String, Kind, usize)>,
    /// Steps with another id than in the recording.
    pub(super) matched: BTreeMap<String, String>,
    pub(super) missing: Vec<Missing>,
    /// How much later than recorded each recorded step happens now.
    later: HashMap<String, Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Attempt,
    Call,
    Question,
    Clock,
}

impl Answers {
    pub(super) fn new(fit: Fit) -> Self {
        Self {
            fit,
            taken: BTreeSet::new(),
            matched: BTreeMap::new(),
            missing: Vec::new(),
            later: HashMap::new(),
        }
    }

    /// The recorded attempt at a step's own process.
    pub(super) fn attempt<'r>(
        &mut self,
        recording: &'r Recording,
        origin: &Origin,
    ) -> Result<(&'r Step, &'r Attempt), String> {
        let fits = |attempt: &Attempt| same(attempt.command.as_ref(), origin.request.as_ref());
        let found = self.find(
            recording,
            &origin.step,
            Kind::Attempt,
            |step| &step.attempts,
            fits,
        );
        found.ok_or_else(|| {
            let name = &origin.step;
            let own = self.own(recording, name);
            let reason = match own.map(|step| step.attempts.as_slice()) {
                None => format!("`{name}` is not in the recording"),
                Some([]) => format!("`{name}` did not run in the recording"),
                Some(attempts) if attempts.iter().any(fits) => format!(
                    "`{name}` was run {} in the recording, and not again",
                    times(attempts.len())
                ),
                Some(_) => format!("the command of `{name}` is not the recorded one"),
            };
            self.miss(name, origin.request.as_ref(), &reason);
            reason
        })
    }

    /// The recorded call.
    pub(super) fn call<'r>(
        &mut self,
        recording: &'r Recording,
        origin: &Origin,
        function: &str,
    ) -> Result<(&'r Step, &'r Called), String> {
        let in_turn = self.fit == Fit::InTurn;
        let fits = |call: &Called| {
            call.function == function
                && (in_turn || same(Some(&call.request), origin.request.as_ref()))
        };
        let found = self.find(
            recording,
            &origin.step,
            Kind::Call,
            |step| &step.calls,
            fits,
        );
        found.ok_or_else(|| {
            let name = &origin.step;
            let count = self.own(recording, name).map_or(0, |step| {
                step.calls.iter().filter(|call| fits(call)).count()
            });
            let reason = if count > 0 {
                format!(
                    "this was asked {} in the recording, and not again",
                    times(count)
                )
            } else {
                format!("this call of `{function}` is not in the recording")
            };
            self.miss(name, origin.request.as_ref(), &reason);
            reason
        })
    }

    /// The recorded question.
    pub(super) fn question<'r>(
        &mut self,
        recording: &'r Recording,
        question: &Question,
    ) -> Option<(&'r Step, &'r Asked)> {
        let in_turn = self.fit == Fit::InTurn;
        let fits = |asked: &Asked| in_turn || same(Some(&asked.question), Some(&question.text));
        let found = self.find(
            recording,
            &question.step,
            Kind::Question,
            |step| &step.questions,
            fits,
        );
        if found.is_none() {
            let reason = "this question was not asked in the recording";
            self.miss(&question.step, Some(&question.text), reason);
        }
        found
    }

    /// The next time of day that a step's script read.
    pub(super) fn clock(&mut self, recording: &Recording, step: &str) -> Option<jiff::Timestamp> {
        self.find(recording, step, Kind::Clock, |step| &step.clock, |_| true)
            .map(|(_, read)| *read)
    }

    /// How much later than recorded things of a step happen: known from its first one on.
    pub(super) fn later(&mut self, step: &str, recorded: Duration, now: Duration) -> Duration {
        *self
            .later
            .entry(step.to_owned())
            .or_insert_with(|| now.saturating_sub(recorded))
    }

    /// Remembers what the recording can't answer, once.
    pub(super) fn miss(&mut self, step: &str, request: Option<&Clean>, reason: &str) {
        let missing = Missing {
            step: step.to_owned(),
            request: request.map(ToString::to_string).unwrap_or_default(),
            reason: reason.to_owned(),
        };
        if !self.missing.contains(&missing) {
            self.missing.push(missing);
        }
    }

    /// The recorded step of an id of now.
    pub(super) fn own<'r>(&self, recording: &'r Recording, name: &str) -> Option<&'r Step> {
        let name = self.matched.get(name).map_or(name, String::as_str);
        recording.step(name)
    }

    /// The first answer that fits and was not given yet: in the step of that id, else in any, as
    /// steps change their ids when others come before them.
    fn find<'r, T>(
        &mut self,
        recording: &'r Recording,
        name: &str,
        kind: Kind,
        list: impl Fn(&'r Step) -> &'r Vec<T>,
        fits: impl Fn(&T) -> bool,
    ) -> Option<(&'r Step, &'r T)> {
        let in_turn = self.fit == Fit::InTurn;
        let take = |answers: &mut Self, step: &'r Step| {
            let (place, found) = list(step).iter().enumerate().find(|(place, candidate)| {
                let key = (step.id.clone(), kind, *place);
                !answers.taken.contains(&key)
                    && (fits(candidate) || (in_turn && kind == Kind::Attempt))
            })?;
            answers.taken.insert((step.id.clone(), kind, place));
            Some((step, found))
        };
        if let Some(own) = self.own(recording, name)
            && let Some(found) = take(self, own)
        {
            return Some(found);
        }
        if in_turn || kind == Kind::Clock {
            return None;
        }
        let found = recording.steps().find_map(|step| take(self, step))?;
        if kind == Kind::Attempt {
            self.matched.insert(name.to_owned(), found.0.id.clone());
        }
        Some(found)
    }
}

/// Blanks at the ends of lines don't make another command.
fn same(recorded: Option<&Clean>, now: Option<&Clean>) -> bool {
    match (recorded, now) {
        (Some(recorded), Some(now)) => {
            let lines = |text: &Clean| -> Vec<String> {
                let text = text.as_str().trim();
                text.lines()
                    .map(|line| line.trim_end().to_owned())
                    .collect()
            };
            recorded == now || lines(recorded) == lines(now)
        }
        (recorded, now) => recorded.is_none() && now.is_none(),
    }
}

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}
