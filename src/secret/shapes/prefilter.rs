//! Where a shape may begin, found by leaps.
//!
//! The first five bytes of every shape, case aside, give two groups of four ("grams"); they are
//! in one set, so a look at one gram in every two positions tells whether a shape can begin near
//! by. Only there the shapes that begin with that byte are tried.

use std::iter::repeat_with;
use std::sync::LazyLock;

use super::named;
use super::structured::{Decide, SCHEME, STRUCTURED, userinfo};
use super::table::{SHAPES, Shape};
use super::view::url_safe;

const GRAM: usize = 4;
/// Positions from one look to the next.
const LEAP: usize = 2;
/// How many bytes two looks see.
const LOOKED_AT: usize = GRAM + LEAP - 1;
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
        // Only the header of a token is shorter than what is looked at, and it goes on so.
        let token = class(url_safe);
        for (text, decide) in STRUCTURED {
            let text = text.as_bytes();
            made.add(&literal(text, &token), Rule::Structured(*decide), text);
        }
        for shape in SHAPES {
            let text = shape.prefix.as_bytes();
            let body = if text.len() < LOOKED_AT {
                class(shape.body)
            } else {
                Vec::new()
            };
            made.add(&literal(text, &body), Rule::Table(shape), text);
        }
        // The short words have `=` behind them.
        let assigned = class(|byte| b"='\"\\] :".contains(&byte));
        for word in named::words() {
            let text = word.as_bytes();
            made.add(&literal(text, &assigned), Rule::Named, text);
        }
        let mut address = vec![class(SCHEME)];
        address.extend(literal(b"://", &class(|byte| byte > b' ')));
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

/// The sets of bytes that a text begins with, where those after it are `after`.
fn literal(text: &[u8], after: &[u8]) -> Vec<Vec<u8>> {
    let own = text.iter().map(|byte| vec![byte | 0x20]);
    own.chain(repeat_with(|| after.to_vec()))
        .take(LOOKED_AT)
        .collect()
}

/// The bytes of a class, with the bit set that tells cases apart.
fn class(holds: fn(u8) -> bool) -> Vec<u8> {
    (0..=u8::MAX)
        .filter(|byte| byte & 0x20 != 0 && (holds(*byte) || holds(byte & !0x20)))
        .collect()
}

/// Where a gram stands in the set.
fn place(gram: u32) -> (usize, u64) {
    let hash = gram.wrapping_mul(0x9e37_79b1) >> (32 - GRAM_BITS);
    ((hash >> 6) as usize, 1 << (hash & 63))
}
