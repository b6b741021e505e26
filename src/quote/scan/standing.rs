//! What stands before a value in a command, and what that means for it.

use super::commands::{CasePart, Commands, LONGEST, Parenthesis, Verb};
use super::names::{Names, Target};
use super::words::{
    assigned, before_quotes, is_spelled_otherwise, is_tilde, joined, name_in, name_length, unquoted,
};
use crate::quote::{Context, Dialect};

impl Commands {
    /// Why a value can't stand at this place of a command, if it can't.
    pub(super) fn refusal(&self, dialect: Dialect, text: &[u8], at: usize) -> Option<Context> {
        let part = self.cases.last().map(|case| case.part);
        if dialect == Dialect::Zsh
            && self.parentheses.last() == Some(&Parenthesis::Pattern)
            && part.is_none_or(|part| part == CasePart::Body)
            && (self.test.is_none() || self.so_far(text, at).windows(3).any(|part| part == b"(#q"))
        {
            return Some(Context::GlobQualifier);
        }
        if dialect == Dialect::Zsh
            && let Some(refusal) = self.expansion(text, at)
        {
            return Some(refusal);
        }
        if let Some(test) = &self.test {
            if test.numeric {
                return Some(Context::Arithmetic);
            }
            if test.regex && dialect == Dialect::Zsh {
                return Some(Context::Regex);
            }
            if let Some(reading) = test.next {
                return Some(reading.refusal());
            }
        } else if self.redirects {
            return self.duplicates.then_some(Context::Descriptor);
        } else if self.is_list() {
            if let Some(reading) = self.arguments.reading() {
                return Some(reading.refusal());
            }
        } else if self.expects {
            if is_spelled_otherwise(self.so_far(text, at)) {
                return Some(Context::Evaluated);
            }
        } else {
            let before = joined(self.so_far(text, at));
            let refusal = match self.verb {
                Verb::Repeat => Some(Context::Arithmetic),
                _ => self.arguments.refusal(dialect, &before),
            };
            if refusal.is_some() {
                return refusal;
            }
        }
        self.is_in_subscript(text, at).then_some(Context::Subscript)
    }

    /// The word that is open, up to here; of a long one its beginning, which tells what it is.
    fn so_far<'a>(&self, text: &'a [u8], at: usize) -> &'a [u8] {
        let start = self.word.as_ref().map_or(at, |word| word.start);
        text.get(start..at.min(start + LONGEST)).unwrap_or_default()
    }

    /// What zsh would make of a value behind `~`, `=` or `{`, quoted or not.
    fn expansion(&self, text: &[u8], at: usize) -> Option<Context> {
        let start = self.word.as_ref()?.start;
        let before = text.get(start..at)?;
        match before_quotes(before) {
            _ if is_tilde(before) => Some(Context::AfterTilde),
            [b'='] | [.., b'\'' | b'"' | b'{'] | [.., b'.', b'.'] => Some(Context::Doubtful),
            _ => None,
        }
    }

    /// Whether the word that is open has a subscript that is open.
    fn is_in_subscript(&self, text: &[u8], at: usize) -> bool {
        let word = self.word.as_ref();
        let before = word.and_then(|word| text.get(word.start..at));
        let before = before.unwrap_or_default();
        let name = name_length(before);
        // First what tells most words apart, so that only a subscript is read through.
        before.get(name) == Some(&b'[')
            && (name > 0 || self.is_list())
            && (before.len() > LONGEST
                || before.iter().fold(0_usize, |depth, byte| match byte {
                    b'[' => depth + 1,
                    b']' => depth.saturating_sub(1),
                    _ => depth,
                }) > 0)
    }

    /// Whether a blank here stands in the subscript of an assignment, where it ends no word.
    pub(super) fn is_blank_in_subscript(&self, text: &[u8], at: usize) -> bool {
        let assigns = self.expects || self.arguments.declares() || self.is_list();
        assigns && self.test.is_none() && self.is_in_subscript(text, at)
    }

    /// The variables to which a value here would be assigned.
    pub(super) fn assigns(&self, text: &[u8], names: &mut Names) -> Option<Target> {
        if self.test.is_some() || self.redirects {
            return None;
        }
        if self.targets.is_some() {
            return self.targets;
        }
        if self.parentheses.last() == Some(&Parenthesis::Array) {
            return self.array;
        }
        let word = self.word.as_ref();
        let word = word.filter(|_| self.expects || self.declares())?;
        let name = name_in(text, word.start);
        text.get(name.start..).and_then(assigned)?;
        let target = names.target(false);
        names.add(target, name);
        Some(target)
    }

    /// Whether a parenthesis here opens the words of an array.
    pub(super) fn assigns_array(&self, dialect: Dialect, text: &[u8]) -> bool {
        let start = self.word.as_ref().map_or(0, |word| word.start);
        let named = text.get(start..).and_then(assigned).is_some();
        // Where zsh takes no assignment, it reads a pattern.
        dialect != Dialect::Zsh || named && !self.redirects && (self.expects || self.declares())
    }

    /// Whether bash may take a value here for the words of an array.
    pub(super) fn declares_elements(&self, text: &[u8], at: usize) -> bool {
        self.declares()
            && self.arguments.elements()
            && unquoted(self.so_far(text, at)).ends_with(b"=")
    }
}
