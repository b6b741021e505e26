//! The arguments of one command, as far as its builtin reads them once more.

use super::builtins::{Reading, Rule, formats_number};
use super::names::Names;
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
    /// Whether the variables that it names may be arrays.
    elements: bool,
    /// How the variables are read that a `declare` names.
    attribute: Option<Reading>,
}

impl Arguments {
    pub(super) const fn new(rule: Rule) -> Self {
        let (rest, attribute) = match rule {
            Rule::Reads(reading) => (Some(reading), None),
            Rule::Maps => (Some(Reading::Text), None),
            Rule::Declares { numeric: true, .. } => (Some(Reading::Number), Some(Reading::Number)),
            _ => (None, None),
        };
        Self {
            rule,
            rest,
            next: None,
            options: true,
            belongs: false,
            after_value: false,
            elements: matches!(rule, Rule::Declares { local: true, .. }),
            attribute,
        }
    }

    pub(super) const fn elements(&self) -> bool {
        self.elements
    }

    pub(super) fn declares(&self) -> bool {
        matches!(self.rule, Rule::Declares { .. })
    }

    /// Whether the variables that the words name are set from a stream.
    pub(super) fn reads(&self) -> bool {
        matches!(self.rule, Rule::Prompts | Rule::Maps)
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
            Rule::Words | Rule::Reads(_) | Rule::Maps => None,
            Rule::Options(options) => glued(options),
            Rule::Tests(_) => self.after_value.then_some(Context::VariableName),
            Rule::Declares { .. } => assigned(word).is_none().then_some(Context::VariableName),
            Rule::Prompts if self.belongs => None,
            // `name?prompt`, of the first name only.
            Rule::Prompts if dialect == Dialect::Zsh && self.options => {
                let prompts = word.get(name_length(word)) == Some(&b'?');
                (!prompts).then_some(Context::VariableName)
            }
            Rule::Prompts => Some(Context::VariableName),
            Rule::Formats | Rule::Prints => option(b"-"),
            Rule::Sets => option(b"-+"),
        }
    }

    /// Takes the next word into account; gives where in it the name begins of a variable that is set.
    pub(super) fn end_word(
        &mut self,
        dialect: Dialect,
        (whole, long): (&[u8], bool),
        names: &mut Names,
    ) -> Option<usize> {
        let has_value = long || whole.contains(&0);
        let word = &*unquoted(whole);
        let named = self.next.take().is_some();
        let belongs = std::mem::take(&mut self.belongs);
        let letters = word.strip_prefix(b"-").filter(|rest| !rest.is_empty());
        let last = letters.and_then(<[u8]>::last).copied();
        match self.rule {
            Rule::Reads(Reading::Number) if dialect == Dialect::Zsh => names.calculate(word),
            Rule::Words | Rule::Reads(_) => {}
            Rule::Maps => return letters.is_none().then_some(0),
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
                let first = self.options;
                let plain = |letters: &[u8]| letters.iter().all(|letter| b"eqrs".contains(letter));
                self.options &= letters.is_some_and(plain);
                let takes = last.is_some_and(|last| b"dip".contains(&last));
                self.belongs = takes && first && dialect != Dialect::Zsh;
                // `-a name`, glued or not.
                return match letters {
                    Some(letters) => letters
                        .iter()
                        .position(|letter| matches!(letter, b'a' | b'A'))
                        .map(|at| at + 2),
                    None => Some(0),
                };
            }
            Rule::Formats if !self.options || named => {}
            Rule::Formats if belongs || !word.starts_with(b"-") || word == b"-" => {
                self.options = false;
                let unknown = has_value || whole.iter().any(|byte| b"$`".contains(byte));
                if dialect == Dialect::Zsh && (unknown || formats_number(word)) {
                    self.rest = Some(Reading::Number);
                }
            }
            Rule::Formats => {
                self.next = (word == b"-v").then_some(Reading::Name);
                // A format comes even where no option may.
                self.belongs = word == b"--";
                return (word.starts_with(b"-v") && word.len() > 2).then_some(2);
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
        named.then_some(0)
    }

    /// An option of `declare` and its like, or a variable.
    fn declare(&mut self, word: &[u8], names: &mut Names) {
        let Some(options) = word.strip_prefix(b"-") else {
            if let Some(reading) = self.attribute
                && !word.starts_with(b"+")
            {
                let name = name_length(word);
                let known = matches!(word.get(name), None | Some(b'=' | b'+' | b'['));
                names.declare(if known { &word[..name] } else { b"" }, reading);
            }
            return;
        };
        for option in options {
            let reading = match option {
                b'i' | b'E' | b'F' => Reading::Number,
                b'n' => Reading::Name,
                b'a' | b'A' => {
                    self.elements = true;
                    continue;
                }
                _ => continue,
            };
            self.attribute = Some(reading);
            self.rest = Some(reading);
        }
    }
}
