//! How many steps are done, of how many.

use std::collections::BTreeMap;

/// Knows each step and whether it is done; the instances of an `each` step stand in its place.
#[derive(Default)]
pub(super) struct Tally(BTreeMap<String, bool>);

impl Tally {
    /// Counts a step; says whether it was unknown.
    pub(super) fn count(&mut self, step: &str, done: bool) -> bool {
        let whole = base(step);
        if whole != step {
            self.0.remove(whole);
        } else if self.has_instances(step) {
            return false;
        }
        let unknown = !self.0.contains_key(step);
        *self.0.entry(step.to_owned()).or_default() |= done;
        unknown
    }

    /// Whether a step has ended.
    pub(super) fn is_done(&self, step: &str) -> bool {
        self.0.get(step).copied().unwrap_or(false)
    }

    /// How many are done, of how many.
    pub(super) fn progress(&self) -> (usize, usize) {
        let done = self.0.values().filter(|done| **done).count();
        (done, self.0.len())
    }

    fn has_instances(&self, step: &str) -> bool {
        self.0
            .range(format!("{step}[")..)
            .next()
            .is_some_and(|(name, _)| name != step && base(name) == step)
    }
}

/// The step that an instance of `each` stands for: `a` for `a[2]`.
pub(super) fn base(step: &str) -> &str {
    match step
        .strip_suffix(']')
        .and_then(|open| open.rsplit_once('['))
    {
        Some((base, index)) if index.bytes().all(|byte| byte.is_ascii_digit()) => base,
        _ => step,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_stand_in_the_place_of_their_step() {
        let mut tally = Tally::default();
        assert!(tally.count("a", false));
        assert!(tally.count("b", false));
        assert!(tally.count("a[0]", false));
        assert!(tally.count("a[1]", true));
        assert!(!tally.count("a", true));
        assert_eq!(tally.progress(), (1, 3));
        assert_eq!(base("a[12]"), "a");
        assert_eq!(base("a[x]"), "a[x]");
        assert_eq!(base("a]"), "a]");
    }
}
