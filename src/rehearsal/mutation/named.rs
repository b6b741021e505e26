//! What of an answer a page reads: the fields that its scripts name.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::recording::{Recording, Step};

/// Names of fields that a text of scripts reads.
#[derive(Clone, Debug, Default)]
pub(super) struct Named(Arc<BTreeSet<String>>);

impl Named {
    /// Those of one step.
    pub(super) fn by_step(step: &Step) -> Self {
        let mut found = BTreeSet::new();
        for attempt in &step.attempts {
            if let Some(command) = &attempt.command {
                read(command.as_str(), &mut found);
            }
        }
        Self(Arc::new(found))
    }

    /// Those of all steps of a run.
    pub(super) fn by_page(recording: &Recording) -> Self {
        let mut found = BTreeSet::new();
        for step in recording.steps() {
            found.extend(Self::by_step(step).0.iter().cloned());
        }
        Self(Arc::new(found))
    }

    /// Whether a place (an RFC 6901 pointer) is one of them, or stands in a list that is.
    pub(super) fn has(&self, pointer: &str) -> bool {
        let mut parts = pointer.rsplit('/');
        let name = parts
            .find(|part| part.parse::<usize>().is_err())
            .unwrap_or_default();
        let name = name.replace("~1", "/").replace("~0", "~");
        !name.is_empty() && self.0.contains(&name)
    }
}

/// Collects what stands behind a dot, and texts between brackets.
fn read(script: &str, found: &mut BTreeSet<String>) {
    for part in script.split('.').skip(1) {
        let word = part.trim_start_matches('?');
        let end = word.find(|c: char| !c.is_alphanumeric() && c != '_');
        let name = word.get(..end.unwrap_or(word.len())).unwrap_or_default();
        if !name.is_empty() {
            found.insert(name.to_owned());
        }
    }
    for part in script.split("[\"").skip(1) {
        if let Some((name, _)) = part.split_once("\"]") {
            found.insert(name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(script: &str, pointer: &str, expected: bool) {
        let mut found = BTreeSet::new();
        read(script, &mut found);
        let named = Named(Arc::new(found));
        assert_eq!(named.has(pointer), expected, "{script} {pointer}");
    }

    #[test]
    fn a_field_is_known_by_its_name() {
        case("assert a.b.status == 1;", "/items/0/status", true);
        case("assert a.b?.status == 1;", "/status", true);
        case("labels[\"a/b\"] == 1", "/labels/a~1b", true);
        case("for x in a.items {}", "/items", true);
        case("a.hosts.len()", "/hosts/0", true);
        case("assert status == 1;", "/status", false);
        case("a.b", "", false);
        case("a.b", "/0", false);
    }
}
