//! Where a shape may begin, found by leaps.
//!
//! The first five bytes of every shape, case aside, give two groups of four ("grams"); they are
//! in one set, so a look at one gram in every two positions tells whether a shape can begin near
//! by. Only there the shapes that begin with that byte are tried.

use std::sync::LazyLock;

use super::named;
use super::structured::{Decide, SCHEME, STRUCTURED, userinfo};
use super::table::{SHAPES, Shape};

const GRAM: usize = 4;
/// Positions from one look to the next.
const LEAP: usize = 2;
/// The set has `2^GRAM_BITS` bits: 32 KiB.
const GRAM_BITS: u32 = 18;
/// Clears the case of letters, in each byte of a gram.
const FOLD: u32 = 0x2020_2020;

/// What may begin with a byte.
#[derive(Clone, Copy)]
pub(super) enum Rule {
    Table(&'static Shape),
    Structured(Decide),
    Named,
}

/// All shapes, ready to be looked for.
pub(super) struct Prefilter {
    grams: Vec<u64>,
    /// For each byte the rules whose first it is, with the second byte that they want.
    rules: Vec<Vec<(Option<u8>, Rule)>>,
}

pub(super) static PREFILTER: LazyLock<Prefilter> = LazyLock::new(Prefilter::new);

impl Prefilter {
    fn new() -> Self {
        let mut made = Self {
            grams: vec![0; 1 << (GRAM_BITS - 6)],
            rules: vec![Vec::new(); 256],
        };
        for (text, decide) in STRUCTURED {
            made.add(
                &literal(text.as_bytes(), |_| true),
                Rule::Structured(*decide),
                text.as_bytes(),
            );
        }
        for shape in SHAPES {
            let text = shape.prefix.as_bytes();
            made.add(&literal(text, shape.body), Rule::Table(shape), text);
        }
        for word in named::words() {
            let text = word.as_bytes();
            // The short words have `=` behind them.
            made.add(
                &literal(text, |byte| b"='\"\\] :".contains(&byte)),
                Rule::Named,
                text,
            );
        }
        let mut address = vec![class(SCHEME)];
        address.extend(literal(b"://", |byte| byte > b' '));
        made.grams(&address);
        for byte in (0..=u8::MAX).filter(|byte| SCHEME(*byte)) {
            made.rule(byte, Some(b':'), Rule::Structured(userinfo));
        }
        made
    }

    fn add(&mut self, positions: &[Vec<u8>], rule: Rule, text: &[u8]) {
        self.grams(positions);
        let (first, second) = (text[0], text.get(1).copied());
        self.rule(first.to_ascii_lowercase(), second, rule);
        if first.is_ascii_alphabetic() {
            self.rule(first.to_ascii_uppercase(), second, rule);
        }
    }

    /// Adds a rule; the words are one rule.
    fn rule(&mut self, first: u8, second: Option<u8>, rule: Rule) {
        let rules = &mut self.rules[usize::from(first)];
        let second = second.map(|byte| byte | 0x20);
        let known = rules.iter().any(|(other, known)| {
            *other == second && matches!((known, rule), (Rule::Named, Rule::Named))
        });
        if !known {
            rules.push((second, rule));
        }
    }

    /// Adds the grams at each position that a look may meet.
    fn grams(&mut self, positions: &[Vec<u8>]) {
        for offset in 0..LEAP {
            self.spread(&positions[offset..offset + GRAM], 0, 0);
        }
    }

    /// Adds the grams that begin with `gram`, of `index` bytes, and go on with one of each set.
    fn spread(&mut self, sets: &[Vec<u8>], index: usize, gram: u32) {
        let Some((bytes, sets)) = sets.split_first() else {
            let (word, bit) = place(gram);
            self.grams[word] |= bit;
            return;
        };
        for byte in bytes {
            self.spread(sets, index + 1, gram | u32::from(*byte) << (8 * index));
        }
    }

    /// Goes on from `at` to where a shape may begin, or to where too little is left to tell.
    pub(super) fn leap(&self, text: &[u8], mut at: usize) -> usize {
        while let Some(gram) = text.get(at + LEAP - 1..at + LEAP - 1 + GRAM) {
            let mut four = [0; GRAM];
            four.copy_from_slice(gram);
            let (word, bit) = place(u32::from_le_bytes(four) | FOLD);
            if self.grams[word] & bit != 0 {
                break;
            }
            at += LEAP;
        }
        at
    }

    /// Whether enough of a text is left at `at` to tell that no shape begins there.
    pub(super) const fn can_tell(text: &[u8], at: usize) -> bool {
        at + LEAP - 1 + GRAM <= text.len()
    }

    /// What may begin at the first of two bytes.
    pub(super) fn rules(&self, first: u8, second: Option<u8>) -> impl Iterator<Item = Rule> {
        self.rules[usize::from(first)]
            .iter()
            .filter(move |(wanted, _)| match (wanted, second) {
                (Some(wanted), Some(second)) => *wanted == second | 0x20,
                _ => true,
            })
            .map(|(_, rule)| *rule)
    }
}

/// The sets of five bytes that a text begins with, where those after it are of a class.
fn literal(text: &[u8], after: fn(u8) -> bool) -> Vec<Vec<u8>> {
    (0..GRAM + LEAP - 1)
        .map(|index| match text.get(index) {
            Some(byte) => vec![byte | 0x20],
            None => class(after),
        })
        .collect()
}

fn class(holds: fn(u8) -> bool) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..=u8::MAX)
        .filter(|byte| holds(*byte))
        .map(|byte| byte | 0x20)
        .collect();
    bytes.sort_unstable();
    bytes.dedup();
    bytes
}

/// Where a gram stands in the set.
fn place(gram: u32) -> (usize, u64) {
    let hash = gram.wrapping_mul(0x9e37_79b1) >> (32 - GRAM_BITS);
    ((hash >> 6) as usize, 1 << (hash & 63))
}
