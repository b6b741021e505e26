//! Words, operators and the few commands that matter to quoting.

use std::borrow::Cow;
use std::ops::Range;

use super::arguments::Arguments;
use super::builtins::{Reading, Rule, rule};
use super::names::{Attribute, Names};
use super::words::{assigned, is_assignment, is_compound, joined, name_in, name_length, unquoted};
use crate::quote::{Context, Dialect};

/// The state of a list of commands.
#[derive(Debug)]
pub(super) struct Commands {
    /// Whether `)` ends it.
    pub(super) substitution: bool,
    /// Whether it opened with a `((` that is no arithmetic.
    pub(super) ambiguous: bool,
    pub(super) parentheses: Vec<Parenthesis>,
    pub(super) cases: Vec<Case>,
    pub(super) word: Option<Word>,
    /// Whether the next word is a command.
    pub(super) expects: bool,
    /// Whether the next word is the target of a redirection.
    pub(super) redirects: bool,
    /// Whether that redirection makes a descriptor a copy of another.
    pub(super) duplicates: bool,
    pub(super) verb: Verb,
    arguments: Arguments,
    /// The variables that this loop, `read` or `printf -v` sets.
    targets: Vec<Range<usize>>,
    /// The variable to which the array's parentheses that are open are assigned.
    pub(super) array: Option<Range<usize>>,
    /// Whether the next word belongs to an option of `exec`.
    belongs: bool,
    /// Whether it holds a `case` that ends nobody knows where.
    pub(super) lost: bool,
    pub(super) test: Option<Test>,
    /// Here-documents whose lines come after this line.
    pub(super) pending: Vec<usize>,
    /// Where the first of them opens.
    pub(super) pending_from: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Word {
    pub(super) start: usize,
    /// Whether it has no quote, expansion, value or parenthesis.
    pub(super) plain: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parenthesis {
    Subshell,
    /// A subshell that opens with `((`.
    Ambiguous,
    Array,
    /// Part of a word: `@(a|b)`, `*(.)`.
    Pattern,
    /// In `[[ … ]]`.
    Group,
}

#[derive(Debug)]
pub(super) struct Case {
    pub(super) part: CasePart,
    /// Parentheses open around it.
    pub(super) depth: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CasePart {
    Subject,
    In,
    /// Before a pattern's first word.
    FirstPattern,
    Pattern,
    Body,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    None,
    Other,
    For,
    Function,
    /// `coproc`, before its command or its name.
    Coproc,
    /// `coproc name`, before its command.
    Named,
    Exec,
    /// zsh's `repeat`, before its number.
    Repeat,
}

/// `[[ … ]]`.
#[derive(Debug, Default)]
pub(super) struct Test {
    /// Whether the comparison that is open compares numbers.
    numeric: bool,
    /// Whether the next word is a pattern of `=~`.
    regex: bool,
    /// How the next word is read.
    next: Option<Reading>,
    /// Values in the comparison that is open.
    operands: Vec<usize>,
}

impl Commands {
    pub(super) const fn new(substitution: bool) -> Self {
        Self {
            substitution,
            ambiguous: false,
            parentheses: Vec::new(),
            cases: Vec::new(),
            word: None,
            expects: true,
            redirects: false,
            duplicates: false,
            verb: Verb::None,
            arguments: Arguments::new(Rule::Words),
            targets: Vec::new(),
            array: None,
            belongs: false,
            lost: false,
            test: None,
            pending: Vec::new(),
            pending_from: None,
        }
    }

    pub(super) fn begin_word(&mut self, at: usize) -> &mut Word {
        self.word.get_or_insert(Word {
            start: at,
            plain: true,
        })
    }

    /// Why a value can't stand at this place of a command, if it can't.
    pub(super) fn refusal(&self, dialect: Dialect, text: &[u8], at: usize) -> Option<Context> {
        let part = self.cases.last().map(|case| case.part);
        if dialect == Dialect::Zsh
            && self.parentheses.last() == Some(&Parenthesis::Pattern)
            && self.test.is_none()
            && part.is_none_or(|part| part == CasePart::Body)
        {
            return Some(Context::GlobQualifier);
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
        } else if self.parentheses.last() == Some(&Parenthesis::Array) {
            if let Some(reading) = self.arguments.reading() {
                return Some(reading.refusal());
            }
        } else if !self.expects {
            let word = self.word.as_ref();
            let before = word.and_then(|word| text.get(word.start..at));
            let before = joined(before.unwrap_or_default());
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

    /// Whether the word that is open has a subscript that is open.
    fn is_in_subscript(&self, text: &[u8], at: usize) -> bool {
        let word = self.word.as_ref();
        let before = word.and_then(|word| text.get(word.start..at));
        let before = before.unwrap_or_default();
        let name = name_length(before);
        // First what tells most words apart, so that only a subscript is read through.
        before.get(name) == Some(&b'[')
            && (name > 0 || self.parentheses.last() == Some(&Parenthesis::Array))
            && before.iter().fold(0_usize, |depth, byte| match byte {
                b'[' => depth + 1,
                b']' => depth.saturating_sub(1),
                _ => depth,
            }) > 0
    }

    /// Whether a blank here stands in the subscript of an assignment, where it ends no word.
    pub(super) fn is_blank_in_subscript(&self, text: &[u8], at: usize) -> bool {
        let assigns = self.expects
            || self.arguments.declares()
            || self.parentheses.last() == Some(&Parenthesis::Array);
        assigns && self.test.is_none() && self.is_in_subscript(text, at)
    }

    /// Whether a `(` here stands right behind a word that ends at it, as at a blank.
    pub(super) fn ends_at_parenthesis(&self, text: &[u8], at: usize) -> bool {
        let part = self.cases.last().map(|case| case.part);
        match self.plain_word(text, at).as_deref() {
            Some(
                b"if" | b"while" | b"until" | b"then" | b"do" | b"else" | b"elif" | b"{" | b"time"
                | b"coproc" | b"for" | b"select",
            ) => {
                self.expects
                    && self.test.is_none()
                    && self.parentheses.last() != Some(&Parenthesis::Array)
                    && part.is_none_or(|part| part == CasePart::Body)
            }
            Some(b"in") => part == Some(CasePart::In),
            _ => false,
        }
    }

    /// Whether shells differ on what a `(` here begins.
    pub(super) fn is_doubtful_parenthesis(
        &self,
        dialect: Dialect,
        text: &[u8],
        at: usize,
        next: u8,
    ) -> bool {
        let flags = dialect == Dialect::Zsh && next == b'#' && self.word.is_none();
        let negated = self.expects && self.plain_word(text, at).as_deref() == Some(b"!");
        let body = matches!(self.verb, Verb::Function | Verb::Named) && next == b'(';
        flags || negated || body
    }

    /// Whether the next word is what `=~` compares with.
    pub(super) fn expects_regex(&self) -> bool {
        self.test.as_ref().is_some_and(|test| test.regex)
    }

    /// The word that is open, up to here, where it may be a keyword.
    fn plain_word<'a>(&self, text: &'a [u8], at: usize) -> Option<Cow<'a, [u8]>> {
        let word = self.word.as_ref().filter(|word| word.plain)?;
        text.get(word.start..at).map(joined)
    }

    /// A parenthesis that is part of the word that is open, or begins one.
    pub(super) fn open_pattern(&mut self, at: usize) {
        self.begin_word(at).plain = false;
        self.parentheses.push(Parenthesis::Pattern);
    }

    /// The variables to which a value here would be assigned.
    pub(super) fn assigns(&self, text: &[u8]) -> Vec<Range<usize>> {
        if self.test.is_some() {
            return Vec::new();
        }
        if self.redirects || !self.targets.is_empty() {
            return self.targets.clone();
        }
        if self.parentheses.last() == Some(&Parenthesis::Array) {
            return self.array.clone().into_iter().collect();
        }
        let Some(word) = self
            .word
            .as_ref()
            .filter(|_| self.expects || self.declares())
        else {
            return Vec::new();
        };
        let name = name_in(text, word.start);
        let assigns = text.get(name.start..).and_then(assigned).is_some();
        assigns.then_some(name).into_iter().collect()
    }

    /// Whether the words of this place declare variables.
    pub(super) fn declares(&self) -> bool {
        self.arguments.declares() && self.parentheses.last() != Some(&Parenthesis::Array)
    }

    /// Array's parentheses behind the `name=` that is open.
    pub(super) fn open_array(&mut self, text: &[u8], names: &mut Names) {
        let word = self.word.take();
        let start = word.map_or(0, |word| word.start);
        let name = text.get(start..).and_then(assigned);
        self.array = name.map(|name| start + name.start..start + name.end);
        if let Some(name) = self.array.clone().and_then(|name| text.get(name)) {
            names.declare(name, Attribute::Array);
        }
        self.parentheses.push(Parenthesis::Array);
    }

    /// Whether the word that is open may be the name of a function.
    pub(super) fn names_function(&self) -> bool {
        self.expects || self.verb == Verb::Function
    }

    pub(super) fn note_operand(&mut self, atom: usize) {
        if let Some(test) = &mut self.test {
            test.operands.push(atom);
        }
    }

    /// Where the first here-document opens whose lines never came.
    pub(super) fn unread_document(&self) -> Option<usize> {
        self.pending_from.filter(|_| !self.pending.is_empty())
    }

    pub(super) fn next_command(&mut self) {
        self.redirects = false;
        self.belongs = false;
        if let Some(test) = &mut self.test {
            *test = Test::default();
        } else {
            self.expect();
        }
    }

    /// A command may begin here.
    fn expect(&mut self) {
        self.expects = true;
        self.verb = Verb::None;
        self.arguments = Arguments::new(Rule::Words);
        self.targets.clear();
    }

    /// Ends the word that is open; the values of a comparison of numbers are given back.
    pub(super) fn end_word(
        &mut self,
        dialect: Dialect,
        text: &[u8],
        at: usize,
        names: &mut Names,
    ) -> Vec<usize> {
        let Some(word) = self.word.take() else {
            return Vec::new();
        };
        let whole = joined(text.get(word.start..at).unwrap_or_default());
        let whole = &*whole;
        let plain: &[u8] = if word.plain { whole } else { b"" };
        if std::mem::take(&mut self.redirects)
            || self.parentheses.last() == Some(&Parenthesis::Array)
        {
            return Vec::new();
        }
        if self.test.is_some() {
            return self.end_test_word(dialect, plain);
        }
        if let Some(case) = self.cases.last_mut()
            && case.part != CasePart::Body
        {
            case.part = match (case.part, plain) {
                (CasePart::Subject, _) => CasePart::In,
                (CasePart::In, b"in") => CasePart::FirstPattern,
                (CasePart::In, b"{") => {
                    self.lost = true;
                    CasePart::In
                }
                (CasePart::In, _) => CasePart::In,
                (CasePart::FirstPattern, b"esac") => {
                    self.cases.pop();
                    self.expect();
                    return Vec::new();
                }
                _ => CasePart::Pattern,
            };
            return Vec::new();
        }
        if self.expects {
            if !std::mem::take(&mut self.belongs) {
                self.command_word(dialect, plain, whole, names);
            }
            return Vec::new();
        }
        match self.verb {
            Verb::For if matches!(plain, b"do" | b"{") => self.next_command(),
            Verb::For if plain != b"in" => self.targets.push(word.start..at),
            Verb::Function | Verb::Named if is_compound(plain) => {
                self.expect();
                self.command_word(dialect, plain, whole, names);
            }
            Verb::Named => self.verb = Verb::Other,
            Verb::Repeat => self.next_command(),
            // zsh knows a `}` anywhere.
            _ if plain == b"}" && dialect == Dialect::Zsh => self.next_command(),
            _ => {
                if self.arguments.end_word(dialect, whole, names) {
                    self.targets.push(name_in(text, word.start));
                }
            }
        }
        Vec::new()
    }

    /// A word of `[[ … ]]`.
    fn end_test_word(&mut self, dialect: Dialect, plain: &[u8]) -> Vec<usize> {
        let Some(test) = &mut self.test else {
            return Vec::new();
        };
        test.regex = plain == b"=~";
        test.next = match plain {
            b"-v" | b"-R" => Some(Reading::Name),
            b"-t" if dialect == Dialect::Zsh => Some(Reading::Number),
            _ => None,
        };
        match plain {
            // In zsh a command may follow: `if [[ … ]] command`.
            b"]]" => {
                self.test = None;
                self.expect();
            }
            b"-eq" | b"-ne" | b"-lt" | b"-le" | b"-gt" | b"-ge" => {
                test.numeric = true;
                return std::mem::take(&mut test.operands);
            }
            _ => {}
        }
        Vec::new()
    }

    /// A word where a command may begin.
    fn command_word(&mut self, dialect: Dialect, plain: &[u8], whole: &[u8], names: &mut Names) {
        let before = std::mem::replace(&mut self.verb, Verb::Other);
        let zsh = dialect == Dialect::Zsh;
        self.expects = false;
        match plain {
            b"case" => {
                let (part, depth) = (CasePart::Subject, self.parentheses.len());
                self.cases.push(Case { part, depth });
                return;
            }
            b"esac" => {
                self.cases.pop();
                return self.expect();
            }
            b"then" | b"do" | b"else" | b"elif" | b"if" | b"while" | b"until" | b"!" | b"{"
            | b"}" | b"time" | b"fi" | b"done" => return self.expect(),
            b"always" if zsh => return self.expect(),
            b"[[" => {
                self.test = Some(Test::default());
                return;
            }
            b"for" | b"select" | b"foreach" => {
                self.verb = Verb::For;
                return;
            }
            b"function" => {
                self.verb = Verb::Function;
                return;
            }
            b"repeat" if zsh => {
                self.verb = Verb::Repeat;
                return;
            }
            b"coproc" => {
                self.expect();
                self.verb = Verb::Coproc;
                return;
            }
            _ => {}
        }
        match &*unquoted(whole) {
            b"builtin" | b"command" | b"noglob" | b"nocorrect" => self.expect(),
            b"exec" => {
                self.expect();
                self.verb = Verb::Exec;
            }
            // An option of one of these, or of `time`: their command is yet to come.
            [b'-', options @ ..] => {
                self.expect();
                self.verb = before;
                self.belongs = before == Verb::Exec && options.last() == Some(&b'a');
            }
            _ if is_assignment(whole) => {
                let name = name_length(whole);
                if whole.get(name) == Some(&b'[') {
                    names.declare(&whole[..name], Attribute::Array);
                }
                self.expect();
            }
            name => {
                let rule = rule(dialect, name);
                self.arguments = Arguments::new(rule);
                if before == Verb::Coproc && rule == Rule::Words {
                    self.verb = Verb::Named;
                }
            }
        }
    }
}
