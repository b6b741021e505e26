//! Words, operators and the few commands that matter to quoting.

use std::borrow::Cow;
use std::ops::Range;

use super::arguments::Arguments;
use super::builtins::{Reading, Rule, rule};
use super::names::{Names, Target};
use super::words::{
    assigned, is_assignment, is_compound, is_spelled_otherwise, joined, name_in, unquoted,
};
use crate::quote::Dialect;

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
    /// Whether that word is what is read.
    pub(super) streams: bool,
    pub(super) verb: Verb,
    pub(super) arguments: Arguments,
    /// The variables that this loop, `read` or `printf -v` sets.
    pub(super) targets: Option<Target>,
    /// The variable to which the array's parentheses that are open are assigned.
    pub(super) array: Option<Target>,
    /// Whether the next word belongs to an option of `exec`.
    belongs: bool,
    /// Whether it holds something that ends nobody knows where.
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
    /// The words of zsh's `for name (…)`.
    Words,
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
    /// Whether its pattern begins with a parenthesis.
    pub(super) opened: bool,
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
    pub(super) numeric: bool,
    /// Whether the next word is a pattern of `=~`.
    pub(super) regex: bool,
    /// How the next word is read.
    pub(super) next: Option<Reading>,
    /// Values in the comparison that is open.
    operands: Vec<usize>,
}

/// How much of a word is looked at to tell what it is.
pub(super) const LONGEST: usize = 4096;

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
            streams: false,
            verb: Verb::None,
            arguments: Arguments::new(Rule::Words),
            targets: None,
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

    /// Whether words stand here that are neither commands nor arguments.
    pub(super) fn is_list(&self) -> bool {
        matches!(
            self.parentheses.last(),
            Some(Parenthesis::Array | Parenthesis::Words)
        )
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
                    && !self.is_list()
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

    /// Whether the words of this place declare variables.
    pub(super) fn declares(&self) -> bool {
        self.arguments.declares() && !self.is_list()
    }

    /// Array's parentheses behind the `name=` that is open.
    pub(super) fn open_array(&mut self, text: &[u8], names: &mut Names) {
        let start = self.word.take().map_or(0, |word| word.start);
        self.array = text.get(start..).and_then(assigned).map(|name| {
            let target = names.target(false);
            names.add(target, start + name.start..start + name.end);
            target
        });
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
        self.targets = None;
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
        let raw = text.get(word.start..at).unwrap_or_default();
        // A long word is looked at from its beginning only: those around a nested one are long too.
        let long = raw.len() > LONGEST;
        let whole = joined(&raw[..raw.len().min(LONGEST)]);
        let whole = &*whole;
        let plain: &[u8] = if word.plain { whole } else { b"" };
        if std::mem::take(&mut self.redirects) || self.is_list() {
            return Vec::new();
        }
        if self.test.is_some() {
            return self.end_test_word(dialect, plain, names);
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
                // bash 5.2 writes a `(esac)` in a `$(…)` as `esac)`, and reads that once more.
                (CasePart::Pattern, b"esac") => {
                    self.lost = true;
                    CasePart::Pattern
                }
                _ => CasePart::Pattern,
            };
            return Vec::new();
        }
        // zsh ends a group there, if one is open.
        if dialect == Dialect::Zsh && raw.len() > 1 && raw.ends_with(b"}") {
            self.lost |= !whole.contains(&b'{') || (self.expects && whole.starts_with(b"{"));
        }
        self.lost |=
            long && self.expects && assigned(whole).is_some_and(|name| whole[name.end] == b'[');
        if self.expects {
            if !std::mem::take(&mut self.belongs) {
                self.command_word(dialect, plain, whole);
            }
            return Vec::new();
        }
        match self.verb {
            Verb::For if matches!(plain, b"do" | b"{") => self.next_command(),
            Verb::For if plain != b"in" => self.set(word.start..at, names),
            Verb::Function | Verb::Named if is_compound(plain) => {
                self.expect();
                self.command_word(dialect, plain, whole);
            }
            Verb::Named => self.verb = Verb::Other,
            Verb::Repeat => {
                names.calculate(whole);
                self.next_command();
            }
            // zsh knows a `}` anywhere.
            _ if plain == b"}" && dialect == Dialect::Zsh => self.next_command(),
            _ => {
                if let Some(offset) = self.arguments.end_word(dialect, (whole, long), names) {
                    self.set(name_in(text, word.start + offset), names);
                }
            }
        }
        Vec::new()
    }

    /// A variable that this command sets.
    fn set(&mut self, name: Range<usize>, names: &mut Names) {
        let reads = self.arguments.reads();
        let target = *self.targets.get_or_insert_with(|| names.target(reads));
        names.add(target, name);
    }

    /// A word of `[[ … ]]`.
    fn end_test_word(&mut self, dialect: Dialect, plain: &[u8], names: &mut Names) -> Vec<usize> {
        if dialect == Dialect::Zsh && plain.contains(&b'=') {
            names.calculate(plain);
        }
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
    fn command_word(&mut self, dialect: Dialect, plain: &[u8], whole: &[u8]) {
        let before = std::mem::replace(&mut self.verb, Verb::Other);
        let zsh = dialect == Dialect::Zsh;
        self.expects = false;
        match plain {
            b"case" => {
                let (part, depth) = (CasePart::Subject, self.parentheses.len());
                let opened = false;
                self.cases.push(Case {
                    part,
                    depth,
                    opened,
                });
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
        if zsh && whole.len() > 1 && whole.starts_with(b"{") && !is_spelled_otherwise(whole) {
            let braces = whole.iter().take_while(|byte| **byte == b'{').count();
            let (plain, whole) = (plain.get(braces..), whole.get(braces..));
            let (plain, whole) = (plain.unwrap_or_default(), whole.unwrap_or_default());
            self.expect();
            if !whole.is_empty() {
                self.command_word(dialect, plain, whole);
            }
            return;
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
                self.expect();
            }
            name => {
                let rule = if is_spelled_otherwise(whole) {
                    Rule::Reads(Reading::Command)
                } else {
                    rule(dialect, name)
                };
                self.arguments = Arguments::new(rule);
                if before == Verb::Coproc && rule == Rule::Words {
                    self.verb = Verb::Named;
                }
            }
        }
    }
}
