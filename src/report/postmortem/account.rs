//! What a postmortem tells of one run: a fold of its entries, in bounded memory.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;

use super::super::Report;
use crate::event::{Event, RunStarted, Status};
use crate::journal::{Entry, short};
use crate::secret::CleanValue;

/// How many moments of a run are told.
const MOMENTS: usize = 2000;
/// How many notes of one step are told.
const NOTES: usize = 5;

/// What a postmortem tells of one run.
#[derive(Clone, Debug)]
pub struct Account {
    pub(super) head: RunStarted,
    pub(super) began: Timestamp,
    pub(super) report: Report,
    pub(super) moments: Vec<Moment>,
    /// How many notes each step has made.
    noted: HashMap<String, usize>,
    /// How many moments are not told.
    pub(super) left_out: usize,
    /// The steps that failed and count; where the run passed, or the journal does not tell, none.
    pub(super) counted: Vec<String>,
    pub(super) notes: Vec<Moment>,
    pub(super) entries: u64,
    /// The variables that steps exported, and which step did.
    pub(super) exported: BTreeMap<String, String>,
    /// The first step that went to another directory.
    pub(super) moved: Option<String>,
}

/// Something that happened at a time.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    /// The number of its entry.
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    pub(super) what: What,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Began,
    /// The run went on after it had stopped; who had it go on.
    Resumed(String),
    /// A step began; the report has how it ended.
    Step(String),
    /// Steps were passed over, all for one reason.
    Skipped(Vec<String>, String),
    Answered {
        step: String,
        question: String,
        answer: String,
        by: String,
    },
    /// Something was noted, by a person or by a step.
    Noted {
        by: String,
        person: bool,
        text: String,
    },
    Ended(Status, u8, Duration),
}

impl Account {
    /// Folds the entries of a run; `None` where they do not begin with its head.
    #[must_use]
    pub fn fold(entries: impl IntoIterator<Item = Entry>) -> Option<Self> {
        let mut entries = entries.into_iter();
        let first = entries.next()?;
        let Event::RunStarted(head) = &first.event else {
            return None;
        };
        let mut account = Self {
            head: (**head).clone(),
            began: first.at,
            report: Report::default(),
            moments: vec![Moment {
                seq: first.seq,
                at: first.at,
                what: What::Began,
            }],
            noted: HashMap::new(),
            left_out: 0,
            counted: Vec::new(),
            notes: Vec::new(),
            entries: first.seq,
            exported: BTreeMap::new(),
            moved: None,
        };
        account.report.apply(&first);
        let mut questions = HashMap::new();
        for entry in entries {
            account.report.apply(&entry);
            account.entries = entry.seq;
            account.take(entry, &mut questions);
        }
        account.report.close();
        Some(account)
    }

    /// The end of the run's id, by which people know it.
    pub(super) fn short(&self) -> &str {
        short(&self.head.run)
    }

    /// When the run itself ended, or its last entry was recorded.
    pub(super) fn ended(&self) -> Timestamp {
        let end = self
            .moments
            .iter()
            .rev()
            .find_map(|moment| matches!(moment.what, What::Ended(..)).then_some(moment.at));
        end.or(self.report.last).unwrap_or(self.began)
    }

    fn take(&mut self, entry: Entry, questions: &mut HashMap<String, String>) {
        let (seq, at) = (entry.seq, entry.at);
        let what = match entry.event {
            Event::StepStarted { step, attempt, .. } if attempt <= 1 => What::Step(step),
            Event::StepSkipped { step, reason } => {
                if let Some(Moment {
                    what: What::Skipped(steps, why),
                    ..
                }) = self.moments.last_mut()
                    && *why == reason.as_str()
                {
                    steps.push(step);
                    return;
                }
                What::Skipped(vec![step], reason.to_string())
            }
            Event::RunStarted(head) => What::Resumed(head.operator.clone()),
            Event::Asked { step, question, .. } => {
                questions.insert(step, question.to_string());
                return;
            }
            Event::Answered { step, answer, by } => What::Answered {
                question: questions.remove(&step).unwrap_or_default(),
                step,
                answer: answer.to_string(),
                by,
            },
            Event::Noted { step, text, by } => {
                let person = by.is_some();
                let mut text = text.to_string();
                if let (Some(step), None) = (&step, &by) {
                    let count = self.noted.entry(step.clone()).or_default();
                    *count += 1;
                    if *count > NOTES {
                        return;
                    }
                    if *count == NOTES {
                        text.push_str(" (what it noted after this is in the journal)");
                    }
                }
                let what = What::Noted {
                    by: by.or(step).unwrap_or_default(),
                    person,
                    text,
                };
                if person {
                    let what = what.clone();
                    self.notes.push(Moment { seq, at, what });
                }
                what
            }
            Event::Captured {
                step,
                call: None,
                name,
                value,
            } => {
                match (name.as_str(), value) {
                    ("environment", CleanValue::Map(variables)) => {
                        for (name, _) in variables {
                            self.exported.insert(name, step.clone());
                        }
                    }
                    ("directory", _) => {
                        self.moved.get_or_insert(step);
                    }
                    _ => {}
                }
                return;
            }
            Event::RunFinished {
                status,
                exit,
                failed,
                elapsed_ms,
                ..
            } => {
                self.counted = failed;
                What::Ended(status, exit, Duration::from_millis(elapsed_ms))
            }
            _ => return,
        };
        let last = matches!(what, What::Ended(..));
        if self.moments.len() < MOMENTS || last {
            self.moments.push(Moment { seq, at, what });
        } else {
            self.left_out += 1;
        }
    }
}
