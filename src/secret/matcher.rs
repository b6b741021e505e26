//! Finds all forms of all secrets in one pass.
//!
//! Text is ordinary nearly everywhere, so the pass leaps: of the first bytes of every form, all
//! groups of four ("grams") are in a set, and a look at one gram in every `leap` positions tells
//! whether any form can begin near by. Only there the first six bytes, which every form has, are
//! looked up. The forms are in order, so those with the same six stand side by side, and the
//! longest that fits is the last. An Aho-Corasick automaton of all forms would do the same; with
//! a thousand secrets it has millions of states, and takes seconds to make.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use super::forms::SHORTEST;

/// More of what is cut is not looked at.
const LONGEST_CUT: usize = 512;
const GRAM: usize = 4;
/// The set has `2^bits` bits: from 32 KiB, which stays in the processor's nearest cache.
const LEAST_BITS: u32 = 18;
const MOST_BITS: u32 = 22;

/// The forms of the secrets that are known at a moment.
pub(super) struct Matcher {
    /// In order.
    forms: Vec<Vec<u8>>,
    /// For each form its secret.
    secrets: Vec<usize>,
    /// By their first six bytes.
    index: HashMap<u64, Range<u32>, BuildHasherDefault<Spread>>,
    grams: Vec<u64>,
    bits: u32,
    leap: usize,
}

/// A stretch of text that belongs to overlapping forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it begins; before `start` if its first letters are shown.
    pub(super) begin: usize,
    /// From where on it is hidden.
    pub(super) start: usize,
    pub(super) end: usize,
    /// The secret of the longest form at `start`.
    pub(super) secret: usize,
}

impl Matcher {
    /// Takes forms (six bytes or longer) with the secret of each.
    pub(super) fn new(known: &BTreeMap<Vec<u8>, usize>) -> Self {
        let forms: Vec<Vec<u8>> = known.keys().cloned().collect();
        let shortest = forms.iter().map(Vec::len).min().unwrap_or(GRAM);
        let leap = (shortest + 1).saturating_sub(GRAM).clamp(1, 8);
        // About 1 bit in 30, for many forms begin alike.
        let bits = (forms.len() * 8).next_power_of_two().ilog2();
        let bits = bits.clamp(LEAST_BITS, MOST_BITS);
        let mut matcher = Self {
            secrets: known.values().copied().collect(),
            index: HashMap::default(),
            grams: vec![0; 1 << (bits - 6)],
            bits,
            leap,
            forms: Vec::new(),
        };
        for (number, form) in (0_u32..).zip(&forms) {
            for gram in form.windows(GRAM).take(leap) {
                let (word, bit) = matcher.place(gram);
                matcher.grams[word] |= bit;
            }
            let end = number + 1;
            matcher
                .index
                .entry(key(form))
                .and_modify(|range| range.end = end)
                .or_insert(number..end);
        }
        matcher.forms = forms;
        matcher
    }

    /// Finds what to hide in `text`, in order and apart from each other, and the position before
    /// which nothing that comes later can change this: what stands from there on is the beginning
    /// of a form.
    pub(super) fn find(&self, text: &[u8]) -> (Vec<Found>, usize) {
        let mut all: Vec<Found> = Vec::new();
        let mut undecided = text.len();
        let mut at = 0;
        loop {
            at = self.leap(text, at);
            if at >= text.len() {
                return (all, undecided);
            }
            let end = (at + self.leap).min(text.len());
            for start in at..end {
                let rest = &text[start..];
                if rest.len() < SHORTEST {
                    if undecided > start && self.begins(rest) {
                        undecided = start;
                    }
                    continue;
                }
                let Some(range) = self.index.get(&key(rest)) else {
                    continue;
                };
                let mut longest = None;
                for form in range.clone().rev() {
                    let bytes = &self.forms[form as usize];
                    if bytes.len() > rest.len() {
                        if bytes.starts_with(rest) {
                            undecided = undecided.min(start);
                        }
                    } else if longest.is_none() && rest.starts_with(bytes) {
                        longest = Some((bytes.len(), self.secrets[form as usize]));
                    }
                }
                if let Some((length, secret)) = longest {
                    merge(
                        &mut all,
                        Found {
                            begin: start,
                            start,
                            end: start + length,
                            secret,
                        },
                    );
                }
            }
            at = end;
        }
    }

    /// Where the beginning of a form stands before an ellipsis: somebody cut it there.
    pub(super) fn cut(&self, text: &[u8]) -> Vec<Found> {
        let ellipsis = "…".as_bytes();
        text.windows(ellipsis.len())
            .enumerate()
            .filter(|(_, window)| *window == ellipsis)
            .filter_map(|(end, _)| {
                (end.saturating_sub(LONGEST_CUT)..(end + 1).saturating_sub(SHORTEST)).find_map(
                    |start| {
                        let begun = &text[start..end];
                        let form = self.forms.partition_point(|form| form.as_slice() < begun);
                        let whole = self.forms.get(form)?;
                        whole.starts_with(begun).then(|| Found {
                            begin: start,
                            start,
                            end,
                            secret: self.secrets[form],
                        })
                    },
                )
            })
            .collect()
    }

    /// Goes on from `at` to where a form may begin, or to where too little is left to tell.
    fn leap(&self, text: &[u8], mut at: usize) -> usize {
        while let Some(gram) = text.get(at + self.leap - 1..at + self.leap - 1 + GRAM) {
            let (word, bit) = self.place(gram);
            if self.grams[word] & bit != 0 {
                break;
            }
            at += self.leap;
        }
        at
    }

    /// Whether a form begins with `text` and goes on.
    fn begins(&self, text: &[u8]) -> bool {
        let next = self.forms.partition_point(|form| form.as_slice() <= text);
        self.forms
            .get(next)
            .is_some_and(|form| form.starts_with(text))
    }

    /// Where a gram stands in the set.
    fn place(&self, gram: &[u8]) -> (usize, u64) {
        let mut four = [0; GRAM];
        four.copy_from_slice(gram);
        // Fibonacci hashing: the upper bits of the product depend on all bytes.
        let hash = u32::from_le_bytes(four).wrapping_mul(0x9e37_79b1) >> (32 - self.bits);
        ((hash >> 6) as usize, 1 << (hash & 63))
    }
}

/// The first six bytes as a number.
fn key(text: &[u8]) -> u64 {
    let mut eight = [0; 8];
    for (to, from) in eight.iter_mut().zip(text.iter().take(SHORTEST)) {
        *to = *from;
    }
    u64::from_le_bytes(eight)
}

/// Spreads keys by one multiplication.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0.rotate_left(8) ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        let product = u128::from(number) * 0x9e37_79b9_7f4a_7c15;
        // The table takes its place from the lowest bits and its tag from the highest.
        let (low, high) = (product & u128::from(u64::MAX), product >> 64);
        self.0 = u64::try_from(low ^ high).expect("both halves have 64 bits");
    }
}

/// Adds a match whose start is not before those of the others.
fn merge(all: &mut Vec<Found>, found: Found) {
    match all.last_mut() {
        Some(last) if found.start < last.end => last.end = last.end.max(found.end),
        _ => all.push(found),
    }
}
