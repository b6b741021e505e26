//! The arguments of one command, as far as its builtin reads them once more.

use super::builtins::{Reading, Rule, formats_number};
use super::names::{Attribute, Names};
use super::words::{assigned, name_length, unquoted};
use crate::quote::{Context, Dialect};

/// What is known of a command after some of its words.
#[derive(Debug)]
pub(super) struct Arguments {
    rule: Rule,
    /// How all words from here on are read.
    rest: Option<Reading>,
    /// How the next word is read.
    next: Option<Reading>,
    /// Whether the next word may be an option.
    options: bool,
    /// Whether the next word belongs to an option.
    belongs: bool,
    /// Whether the word before has a value.
    after_value: bool,
    /// What the variables get that a `declare` names.
    attribute: Option<Attribute>,
    count: usize,
}

impl Arguments {
    pub(super) const fn new(rule: Rule) -> Self {
        let (rest, attribute) = match rule {
            Rule::Reads(reading) => (Some(reading), None),
            Rule::Declares { numeric: true } => (Some(Reading::Number), Some(Attribute::Number)),
            _ => (None, None),
        };
        Self {
            rule,
            rest,
            next: None,
            options: true,
            belongs: false,
            after_value: false,
            attribute,
            count: 0,
        }
    }

    pub(super) fn declares(&self) -> bool {
        matches!(self.rule, Rule::Declares { .. })
    }

    /// Whether the words are read, whatever stands in them.
    pub(super) fn reading(&self) -> Option<Reading> {
        self.rest.or(self.next)
    }

    /// Why a value can't stand behind this beginning of a word, if it can't.
    pub(super) fn refusal(&self, dialect: Dialect, word: &[u8]) -> Option<Context> {
        if let Some(reading) = self.reading() {
            return Some(reading.refusal());
        }
        let word = &*unquoted(word);
        let glued = |options: &[(u8, Reading)]| {
            let letters = word.strip_prefix(b"-")?;
            let named = |(letter, _): &&(u8, Reading)| letters.contains(letter);
            Some(options.iter().find(named)?.1.refusal())
        };
        let option = |signs: &[u8]| {
            let begins = word.first().is_none_or(|first| signs.contains(first));
            (self.options && !self.belongs && begins).then_some(Context::Option)
        };
        match self.rule {
            Rule::Words | Rule::Reads(_) => None,
            Rule::Options(options) => glued(options),
            Rule::Tests(_) => self.after_value.then_some(Context::VariableName),
            Rule::Declares { .. } if assigned(word).is_none() => Some(Context::VariableName),
            Rule::Declares { .. } => {
                let elements = self.attribute == Some(Attribute::Array) && dialect != Dialect::Zsh;
                elements.then_some(Context::ReadAgain)
            }
            Rule::Prompts if self.belongs => None,
            Rule::Prompts if dialect == Dialect::Zsh && word.contains(&b'?') => None,
            Rule::Prompts => Some(Context::VariableName),
            Rule::Formats | Rule::Prints => option(b"-"),
            Rule::Sets => option(b"-+"),
        }
    }

    /// Takes the next word into account; tells whether it names a variable that is set.
    pub(super) fn end_word(&mut self, dialect: Dialect, whole: &[u8], names: &mut Names) -> bool {
        let has_value = whole.contains(&0);
        let word = &*unquoted(whole);
        let named = self.next.take().is_some();
        let belongs = std::mem::take(&mut self.belongs);
        let letters = word.strip_prefix(b"-").filter(|rest| !rest.is_empty());
        let last = letters.and_then(<[u8]>::last).copied();
        match self.rule {
            // It may be `mapfile`.
            Rule::Reads(Reading::Text) => names.declare(word, Attribute::Array),
            Rule::Words | Rule::Reads(_) => {}
            Rule::Options(options) => {
                let option = options.iter().find(|(letter, _)| last == Some(*letter));
                self.next = option.map(|(_, reading)| *reading);
            }
            Rule::Tests(options) => {
                let option = options
                    .iter()
                    .find(|(letter, _)| letters == Some(&[*letter]));
                self.next = option.map(|(_, reading)| *reading);
                self.after_value = has_value;
            }
            Rule::Declares { .. } => self.declare(word, names),
            Rule::Prompts => {
                if letters.is_some_and(|letters| letters.contains(&b'a')) {
                    self.attribute = Some(Attribute::Array);
                } else if let Some(attribute) = self.attribute {
                    names.declare(word, attribute);
                }
                let takes = last.is_some_and(|last| b"dip".contains(&last));
                self.belongs = takes && self.count == 0 && dialect != Dialect::Zsh;
            }
            Rule::Formats if !self.options || named => {}
            Rule::Formats if belongs || !word.starts_with(b"-") || word == b"-" => {
                self.options = false;
                if dialect == Dialect::Zsh && (has_value || formats_number(word)) {
                    self.rest = Some(Reading::Number);
                }
            }
            Rule::Formats => {
                self.next = (word == b"-v").then_some(Reading::Name);
                // A format comes even where no option may.
                self.belongs = word == b"--";
            }
            Rule::Prints | Rule::Sets if belongs || !self.options => {}
            Rule::Prints => {
                let letters = letters.unwrap_or_default();
                let reads = [
                    (b'v', Reading::Name),
                    (b'f', Reading::Number),
                    (b'P', Reading::Text),
                ];
                let read = reads.iter().find(|(letter, _)| letters.contains(letter));
                self.rest = self.rest.or(read.map(|(_, reading)| *reading));
                self.belongs = last.is_some_and(|last| b"CXux".contains(&last));
                self.options = !letters.is_empty() && word != b"--";
            }
            Rule::Sets => {
                let letters = word.strip_prefix(b"+").or(letters).unwrap_or_default();
                self.next = (letters.last() == Some(&b'A')).then_some(Reading::Name);
                self.belongs = letters.last() == Some(&b'o');
                self.options = !letters.is_empty() && word != b"--";
            }
        }
        self.count += 1;
        named || (self.rule == Rule::Prompts && letters.is_none())
    }

    /// An option of `declare` and its like, or a variable.
    fn declare(&mut self, word: &[u8], names: &mut Names) {
        let Some(options) = word.strip_prefix(b"-") else {
            if let Some(attribute) = self.attribute
                && !word.starts_with(b"+")
            {
                names.declare(&word[..name_length(word)], attribute);
            }
            return;
        };
        for option in options {
            let (attribute, rest) = match option {
                b'i' | b'E' | b'F' => (Attribute::Number, Some(Reading::Number)),
                b'n' => (Attribute::Reference, Some(Reading::Name)),
                b'a' | b'A' => (Attribute::Array, None),
                _ => continue,
            };
            if self.attribute.is_none() || rest.is_some() {
                self.attribute = Some(attribute);
                self.rest = rest;
            }
        }
    }
}
