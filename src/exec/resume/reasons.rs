//! Why a step begins again, in words.

use std::collections::BTreeSet;

use crate::exec::{Settings, fingerprint};
use crate::graph::{EdgeKind, Step};
use crate::plan::Plan;
use crate::secret::Redactor;

use super::history::{History, Past};
use super::judge::Judge;

impl Judge<'_> {
    /// Why a step that ended can't stay as it ended, if it can't.
    pub(super) fn changed(&self, index: usize, past: &Past) -> Option<String> {
        let now = &self.fingerprints[index];
        let Some(then) = &past.fingerprint else {
            return Some("its journal does not tell what it was".to_owned());
        };
        if then == now {
            return None;
        }
        let graph = &self.plan.graph;
        let inputs = self
            .changed_inputs
            .iter()
            .find(|input| fingerprint::uses_input(self.plan, index, input));
        if let Some(input) = inputs {
            return Some(format!("the input `{input}` changed"));
        }
        let used = graph
            .incoming(index)
            .filter(|edge| edge.why != EdgeKind::Order)
            .find(|edge| {
                let id = self.id(edge.from);
                let before = self
                    .history
                    .head
                    .as_ref()
                    .and_then(|head| head.fingerprints.get(&id));
                before.is_some_and(|before| *before != self.fingerprints[edge.from])
            });
        Some(match used {
            Some(edge) => format!("it uses `{}`, which changed", self.id(edge.from)),
            None if self.place_changed => "the run has another identity or target".to_owned(),
            None => "its text changed".to_owned(),
        })
    }
}

/// The inputs that have another value than before.
pub(super) fn changed_inputs(
    history: &History,
    plan: &Plan,
    redactor: &Redactor,
) -> BTreeSet<String> {
    let before = history.head.as_ref().map(|head| &head.inputs);
    plan.inputs
        .iter()
        .filter(|(name, binding)| {
            let now = redactor.clean_value(&binding.value);
            !binding.secret && before.is_none_or(|before| before.get(*name) != Some(&now))
        })
        .map(|(name, _)| name.clone())
        .collect()
}

/// Whether the run takes place elsewhere, or as somebody else, as far as its head tells.
pub(super) fn place_changed(history: &History, settings: &Settings, redactor: &Redactor) -> bool {
    let Some(head) = &history.head else {
        return false;
    };
    let account = settings
        .identity
        .as_ref()
        .map(|identity| redactor.clean(&identity.account));
    let before = head.identity.as_ref().map(|identity| &identity.account);
    head.target != settings.target || before != account.as_ref()
}

/// Why a step that was interrupted begins again without a word.
pub(super) fn interrupted(step: &Step) -> String {
    if step.idempotent {
        "it was interrupted, and is idempotent".to_owned()
    } else {
        "it was interrupted".to_owned()
    }
}

/// Why a step that failed begins again.
pub(super) fn failed(reason: &str) -> String {
    if reason.is_empty() {
        "it failed".to_owned()
    } else {
        format!("it failed: {reason}")
    }
}

/// Whether the reason for which a step was skipped is one that does not go away by itself.
pub(super) fn holds_still(reason: &str) -> bool {
    [
        "when \"",
        "the answer to `",
        "there is nothing in its",
        "it says `skip`",
        "it is ticked off",
    ]
    .iter()
    .any(|start| reason.starts_with(start))
}
