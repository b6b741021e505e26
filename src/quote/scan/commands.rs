//! Words, operators and the few commands that matter to quoting.

use std::borrow::Cow;

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
    pub(super) verb: Verb,
    /// Whether the last word was `-v`.
    names_variable: bool,
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
    Evaluate,
    Arithmetic,
    Declare,
    For,
    Function,
    /// One whose option `-v` takes the name of a variable.
    Test,
}

/// `[[ … ]]`.
#[derive(Debug, Default)]
pub(super) struct Test {
    /// Whether the comparison that is open compares numbers.
    numeric: bool,
    /// Whether the next word is a pattern of `=~`.
    regex: bool,
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
            verb: Verb::None,
            names_variable: false,
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
        match self.verb {
            Verb::Evaluate => return Some(Context::Evaluated),
            Verb::Arithmetic => return Some(Context::Arithmetic),
            _ => {}
        }
        if self.names_variable {
            return Some(Context::VariableName);
        }
        if let Some(test) = &self.test {
            if test.numeric {
                return Some(Context::Arithmetic);
            }
            if test.regex && dialect == Dialect::Zsh {
                return Some(Context::Regex);
            }
        }
        self.is_in_subscript(text, at).then_some(Context::Subscript)
    }

    /// Whether the word that is open has a subscript that is open.
    fn is_in_subscript(&self, text: &[u8], at: usize) -> bool {
        let word = self.word.as_ref();
        let before = word.and_then(|word| text.get(word.start..at));
        let before = before.unwrap_or_default();
        let name = before
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
            .count();
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
            || self.verb == Verb::Declare
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
        let body = self.verb == Verb::Function && next == b'(';
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
        self.names_variable = false;
        if let Some(test) = &mut self.test {
            *test = Test::default();
        } else {
            self.expects = true;
            self.verb = Verb::None;
        }
    }

    /// Ends the word that is open; the values of a comparison of numbers are given back.
    pub(super) fn end_word(&mut self, text: &[u8], at: usize) -> Vec<usize> {
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
        if let Some(test) = &mut self.test {
            test.regex = plain == b"=~";
            self.names_variable = plain == b"-v";
            match plain {
                b"]]" => self.test = None,
                b"-eq" | b"-ne" | b"-lt" | b"-le" | b"-gt" | b"-ge" => {
                    test.numeric = true;
                    return std::mem::take(&mut test.operands);
                }
                _ => {}
            }
            return Vec::new();
        }
        let depth = self.parentheses.len();
        if let Some(case) = self.cases.last_mut()
            && case.part != CasePart::Body
        {
            case.part = match (case.part, plain) {
                (CasePart::Subject, _) => CasePart::In,
                (CasePart::In, b"in") => CasePart::FirstPattern,
                (CasePart::In, _) => CasePart::In,
                (CasePart::FirstPattern, b"esac") => {
                    self.cases.pop();
                    self.expects = true;
                    return Vec::new();
                }
                _ => CasePart::Pattern,
            };
            return Vec::new();
        }
        if self.expects {
            self.command_word(plain, whole, depth);
        } else {
            match (self.verb, plain) {
                (Verb::Declare, [b'-', options @ ..])
                    if options.iter().any(|option| b"iEF".contains(option)) =>
                {
                    self.verb = Verb::Arithmetic;
                }
                (Verb::For, b"do") | (Verb::Function, b"{") => self.next_command(),
                _ => {}
            }
            self.names_variable = plain == b"-v" && self.verb == Verb::Test;
        }
        Vec::new()
    }

    /// A word where a command may begin.
    fn command_word(&mut self, plain: &[u8], whole: &[u8], depth: usize) {
        self.expects = false;
        // `\eval` and `"eval"` are the same command, and no keyword would be one.
        let unquoted = |name: &[u8]| {
            let bytes = whole.iter().filter(|byte| !b"\\'\"".contains(byte));
            bytes.eq(name)
        };
        self.verb = match plain {
            b"case" => {
                let part = CasePart::Subject;
                self.cases.push(Case { part, depth });
                Verb::Other
            }
            b"esac" => {
                self.cases.pop();
                self.expects = true;
                Verb::None
            }
            b"then" | b"do" | b"else" | b"elif" | b"if" | b"while" | b"until" | b"!" | b"{"
            | b"}" | b"time" | b"coproc" | b"fi" | b"done" | b"builtin" | b"command" | b"exec"
            | b"noglob" | b"nocorrect" => {
                self.expects = true;
                Verb::None
            }
            b"[[" => {
                self.test = Some(Test::default());
                Verb::Other
            }
            b"eval" => Verb::Evaluate,
            b"let" | b"integer" | b"float" => Verb::Arithmetic,
            b"declare" | b"typeset" | b"local" | b"export" | b"readonly" => Verb::Declare,
            b"for" | b"select" | b"foreach" => Verb::For,
            b"function" => Verb::Function,
            b"test" | b"[" | b"printf" => Verb::Test,
            // An option of `command`, `builtin`, `exec` or `time`: their command is yet to come.
            [b'-', ..] => {
                self.expects = true;
                Verb::None
            }
            b"" if unquoted(b"eval") => Verb::Evaluate,
            b"" if unquoted(b"let") => Verb::Arithmetic,
            _ if is_assignment(whole) => {
                self.expects = true;
                Verb::None
            }
            _ => Verb::Other,
        };
    }
}

/// A word without the places where its line goes on (POSIX, XCU 2.2.1).
fn joined(word: &[u8]) -> Cow<'_, [u8]> {
    if !word.contains(&b'\n') {
        return Cow::Borrowed(word);
    }
    let mut joined = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((byte, behind)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(b"\\\n") {
            rest = after;
        } else {
            joined.push(*byte);
            rest = behind;
        }
    }
    Cow::Owned(joined)
}

/// Whether a word begins with `name=`, `name+=` or `name[…]=`.
fn is_assignment(word: &[u8]) -> bool {
    let name = word
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
        .count();
    let named = name > 0 && !word.first().is_some_and(u8::is_ascii_digit);
    let rest = word.get(name..).unwrap_or_default();
    named
        && match rest {
            [b'=', ..] | [b'+', b'=', ..] => true,
            [b'[', ..] => rest.windows(2).any(|pair| pair == b"]="),
            _ => false,
        }
}
