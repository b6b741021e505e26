//! Finds all forms of all secrets in one pass.
//!
//! Text is ordinary nearly everywhere, so the pass leaps: of the first bytes of every form, all
//! groups of four ("grams") are in a set, and a look at one gram in every `leap` positions tells
//! whether any form can begin near by. Only there one Aho-Corasick automaton goes over every byte,
//! until it is back at its root. It is of the standard kind, which reports a match at each end of
//! one; the leftmost kinds pass over a secret that begins inside another.

use std::collections::BTreeMap;

use aho_corasick::automaton::Automaton;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

const GRAM: usize = 4;
/// The set has `2^GRAM_BITS` bits: 32 KiB, which stays in the processor's nearest cache.
const GRAM_BITS: u32 = 18;

/// The forms of the secrets that are known at a moment.
pub(super) struct Matcher {
    automaton: NFA,
    /// The forms in order, as the automaton numbers them.
    forms: Vec<Vec<u8>>,
    /// For each form its secret.
    secrets: Vec<usize>,
    longest: usize,
    grams: Vec<u64>,
    leap: usize,
}

/// A stretch of text that belongs to overlapping forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The secret of the longest form at `start`.
    pub(super) secret: usize,
}

impl Matcher {
    /// Takes forms (six bytes or longer) with the secret of each.
    pub(super) fn new(known: &BTreeMap<Vec<u8>, usize>) -> Self {
        let forms: Vec<Vec<u8>> = known.keys().cloned().collect();
        let automaton = NFA::builder()
            .match_kind(MatchKind::Standard)
            .prefilter(false)
            .build(&forms)
            .expect("the forms of secrets of limited length fit 31 bits of states");
        let shortest = forms.iter().map(Vec::len).min().unwrap_or(GRAM);
        let leap = (shortest + 1).saturating_sub(GRAM).clamp(1, 8);
        let mut matcher = Self {
            automaton,
            secrets: known.values().copied().collect(),
            longest: forms.iter().map(Vec::len).max().unwrap_or(0),
            grams: vec![0; 1 << (GRAM_BITS - 6)],
            leap,
            forms: Vec::new(),
        };
        for form in &forms {
            for gram in form.windows(GRAM).take(leap) {
                let (word, bit) = place(gram);
                matcher.grams[word] |= bit;
            }
        }
        matcher.forms = forms;
        matcher
    }

    /// Finds what to hide in `text`, in order and apart from each other, and the position before
    /// which nothing that comes later can change this: what stands from there on is the beginning
    /// of a form.
    pub(super) fn find(&self, text: &[u8]) -> (Vec<Found>, usize) {
        let mut all: Vec<Found> = Vec::new();
        let root = self
            .automaton
            .start_state(Anchored::No)
            .expect("this automaton searches unanchored");
        let mut at = 0;
        loop {
            at = self.leap(text, at);
            let begin = at;
            let mut state = root;
            while let Some(&byte) = text.get(at) {
                state = self.automaton.next_state(Anchored::No, state, byte);
                at += 1;
                if state == root {
                    break;
                }
                if self.automaton.is_special(state) && self.automaton.is_match(state) {
                    let form = self.automaton.match_pattern(state, 0);
                    merge(
                        &mut all,
                        Found {
                            start: at - self.automaton.pattern_len(form),
                            end: at,
                            secret: self.secrets[form.as_usize()],
                        },
                    );
                }
            }
            if at >= text.len() {
                let from = if state == root { text.len() } else { begin };
                return (all, self.undecided(text, from));
            }
        }
    }

    /// Whether any form is in `text`.
    pub(super) fn finds(&self, text: &[u8]) -> bool {
        !self.find(text).0.is_empty()
    }

    /// Goes on from `at` to where a form may begin, or to where too little is left to tell.
    fn leap(&self, text: &[u8], mut at: usize) -> usize {
        while let Some(gram) = text.get(at + self.leap - 1..at + self.leap - 1 + GRAM) {
            let (word, bit) = place(gram);
            if self.grams[word] & bit != 0 {
                break;
            }
            at += self.leap;
        }
        at
    }

    /// The first position from `from` on whence the text to its end begins a form.
    fn undecided(&self, text: &[u8], from: usize) -> usize {
        let earliest = text.len().saturating_sub(self.longest.saturating_sub(1));
        (from.max(earliest)..text.len())
            .find(|start| self.begins(&text[*start..]))
            .unwrap_or(text.len())
    }

    /// Whether a form begins with `text` and goes on.
    fn begins(&self, text: &[u8]) -> bool {
        let next = self.forms.partition_point(|form| form.as_slice() <= text);
        self.forms
            .get(next)
            .is_some_and(|form| form.starts_with(text))
    }
}

/// Where a gram stands in the set.
fn place(gram: &[u8]) -> (usize, u64) {
    let mut four = [0; GRAM];
    four.copy_from_slice(gram);
    // Fibonacci hashing: the upper bits of the product depend on all bytes.
    let hash = u32::from_le_bytes(four).wrapping_mul(0x9e37_79b1) >> (32 - GRAM_BITS);
    ((hash >> 6) as usize, 1 << (hash & 63))
}

/// Adds a match whose end is not before those of the others.
fn merge(all: &mut Vec<Found>, mut found: Found) {
    while let Some(last) = all.last() {
        if last.end <= found.start {
            break;
        }
        if last.start < found.start {
            found.start = last.start;
            found.secret = last.secret;
        }
        all.pop();
    }
    all.push(found);
}
