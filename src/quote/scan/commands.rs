//! Words, operators and the few commands that matter to quoting.

use super::posix::{Frame, Kind, Scanner};
use crate::quote::{Context, Dialect};

/// The state of a list of commands.
#[derive(Debug)]
pub(super) struct Commands {
    /// Whether `)` ends it.
    substitution: bool,
    /// Whether it opened with a `((` that is no arithmetic.
    pub(super) ambiguous: bool,
    parentheses: Vec<Parenthesis>,
    cases: Vec<Case>,
    word: Option<Word>,
    /// Whether the next word is a command.
    expects: bool,
    /// Whether the next word is the target of a redirection.
    redirects: bool,
    verb: Verb,
    /// Whether the last word was `-v`.
    names_variable: bool,
    test: Option<Test>,
    /// Here-documents whose lines come after this line.
    pub(super) pending: Vec<usize>,
    /// Where the first of them opens.
    pending_from: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Word {
    start: usize,
    /// Whether it has no quote, expansion or value.
    pub(super) plain: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parenthesis {
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
struct Case {
    part: CasePart,
    /// Parentheses open around it.
    depth: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CasePart {
    Subject,
    In,
    /// Before a pattern's first word.
    FirstPattern,
    Pattern,
    Body,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
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
struct Test {
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
        let before = text.get(self.word.as_ref()?.start..at)?;
        let name = before
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'))?;
        let subscript = before.get(name) == Some(&b'[')
            && !before.contains(&b']')
            && (name > 0 || self.parentheses.last() == Some(&Parenthesis::Array));
        subscript.then_some(Context::Subscript)
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

    fn next_command(&mut self) {
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
    fn end_word(&mut self, text: &[u8], at: usize) -> Vec<usize> {
        let Some(word) = self.word.take() else {
            return Vec::new();
        };
        let whole = text.get(word.start..at).unwrap_or_default();
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
            _ if is_assignment(whole) => {
                self.expects = true;
                Verb::None
            }
            _ => Verb::Other,
        };
    }
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

impl Scanner<'_> {
    fn commands(&mut self) -> Option<&mut Commands> {
        match self.frames.last_mut() {
            Some(Frame {
                kind: Kind::Commands(commands),
                ..
            }) => Some(commands),
            _ => None,
        }
    }

    /// One byte, or one operator, of a list of commands; `false` when the scan is over.
    pub(super) fn command_byte(&mut self, byte: u8) -> bool {
        let at = self.at;
        let next = self.byte(at + 1);
        let Some(commands) = self.commands() else {
            return false;
        };
        let in_pattern = commands.parentheses.last() == Some(&Parenthesis::Pattern);
        match byte {
            b'\\' if next == b'\n' => self.at += 2,
            b'\\' => {
                self.spoil_word();
                self.backslash();
            }
            b'\'' => return self.word_literal(1, false, &Context::Single),
            b'"' => {
                self.spoil_word();
                self.open(1, Kind::Double);
            }
            b'`' => {
                self.spoil_word();
                return self.backquote();
            }
            b'$' if next == b'\'' => {
                return self.word_literal(2, true, &Context::Dollar);
            }
            b'$' => {
                self.spoil_word();
                self.dollar(false);
            }
            b')' => return self.close_parenthesis(),
            b'(' => self.open_parenthesis(),
            _ if in_pattern => self.at += 1,
            b' ' | b'\t' => {
                self.end_word();
                self.at += 1;
            }
            b'\n' => return self.newline(),
            b'#' if commands.word.is_none() => {
                let end = self.masked.find(at..self.limit(), b"\n");
                for atom in self.masked.atoms_in(at..end) {
                    self.put(atom, Context::Comment);
                }
                self.at = end;
            }
            b';' => self.semicolon(),
            b'&' | b'|' => self.join(byte),
            b'<' | b'>' => return self.redirection(byte),
            _ => {
                commands.begin_word(at);
                self.at += 1;
            }
        }
        true
    }

    /// Marks the word at this place as not plain, opening one if none is open.
    fn spoil_word(&mut self) {
        let at = self.at;
        if let Some(commands) = self.commands() {
            commands.begin_word(at).plain = false;
        }
    }

    /// `'…'` or `$'…'` as a part of a word.
    fn word_literal(&mut self, opening: usize, escapes: bool, context: &Context) -> bool {
        self.spoil_word();
        let start = self.at;
        let (dialect, text) = (self.dialect, &self.masked.text);
        let refusal = match self.frames.last() {
            Some(Frame {
                kind: Kind::Commands(commands),
                ..
            }) => commands.refusal(dialect, text, start),
            _ => None,
        };
        if !self.literal(opening, escapes, refusal.as_ref().unwrap_or(context)) {
            return false;
        }
        for atom in self.masked.atoms_in(start..self.at) {
            self.note_operand(atom);
        }
        true
    }

    fn end_word(&mut self) {
        let at = self.at;
        let text = &self.masked.text;
        let numbers = match self.frames.last_mut() {
            Some(Frame {
                kind: Kind::Commands(commands),
                ..
            }) => commands.end_word(text, at),
            _ => Vec::new(),
        };
        for atom in numbers {
            self.put(atom, Context::Arithmetic);
        }
    }

    fn newline(&mut self) -> bool {
        self.end_word();
        self.at += 1;
        let start = self.at;
        // Shells differ on where the lines of a here-document stand that opens before `$(`.
        let own = self.commands().map_or(0, |commands| commands.pending.len());
        if self.unread > own {
            return self.lose_unread();
        }
        let Some(commands) = self.commands() else {
            return false;
        };
        let array = commands.parentheses.last() == Some(&Parenthesis::Array);
        if !array && commands.test.is_none() {
            commands.next_command();
        }
        commands.pending_from = None;
        let pending = std::mem::take(&mut commands.pending);
        pending.is_empty() || self.read_documents(&pending, start)
    }

    fn lose_unread(&mut self) -> bool {
        let opened = self.frames.iter().find_map(|frame| match &frame.kind {
            Kind::Commands(commands) => commands.unread_document(),
            _ => None,
        });
        self.lose(opened.unwrap_or(0))
    }

    fn semicolon(&mut self) {
        self.end_word();
        let (next, after) = (self.byte(self.at + 1), self.byte(self.at + 2));
        let zsh = self.dialect == Dialect::Zsh;
        let length = match (next, after) {
            (b';', b'&') => 3,
            (b';' | b'&', _) => 2,
            (b'|', _) if zsh => 2,
            _ => 1,
        };
        self.at += length;
        if let Some(commands) = self.commands() {
            commands.next_command();
            let depth = commands.parentheses.len();
            if let Some(case) = commands.cases.last_mut()
                && length > 1
                && case.depth == depth
            {
                case.part = CasePart::FirstPattern;
            }
        }
    }

    fn join(&mut self, byte: u8) {
        self.end_word();
        let next = self.byte(self.at + 1);
        if byte == b'&' && next == b'>' {
            self.at += if self.byte(self.at + 2) == b'>' { 3 } else { 2 };
            if let Some(commands) = self.commands() {
                commands.redirects = true;
            }
            return;
        }
        self.at += if next == byte || (byte == b'|' && next == b'&') {
            2
        } else {
            1
        };
        if let Some(commands) = self.commands() {
            commands.next_command();
        }
    }

    fn redirection(&mut self, byte: u8) -> bool {
        let at = self.at;
        let masked = self.masked;
        let Some(commands) = self.commands() else {
            return false;
        };
        // Digits glued to the operator are a file descriptor and no word.
        if let Some(word) = &commands.word
            && word.plain
            && masked.text[word.start..at].iter().all(u8::is_ascii_digit)
        {
            commands.word = None;
        }
        let next = self.byte(at + 1);
        if next == b'(' {
            self.spoil_word();
            self.open(2, Kind::Commands(Commands::new(true)));
            return true;
        }
        self.end_word();
        if byte == b'<' && next == b'<' && self.byte(at + 2) != b'<' {
            return self.open_document();
        }
        self.at += 1;
        while matches!(self.byte(self.at), b'<' | b'>' | b'&' | b'|' | b'!') {
            self.at += 1;
        }
        if let Some(commands) = self.commands() {
            commands.redirects = true;
        }
        true
    }

    /// Takes a here-document up, to be read after this line.
    pub(super) fn await_document(&mut self, index: usize, start: usize) {
        if let Some(commands) = self.commands() {
            commands.pending.push(index);
            commands.pending_from.get_or_insert(start);
            self.unread += 1;
        }
    }

    fn open_parenthesis(&mut self) {
        let at = self.at;
        let zsh = self.dialect == Dialect::Zsh;
        let is_subshell = self.is_subshell(at);
        let (limit, masked) = (self.limit(), self.masked);
        let doubled = self.byte(at + 1) == b'(';
        let next = (at + 1..limit).find(|next| !matches!(masked.byte(*next), b' ' | b'\t'));
        let empty = next.filter(|next| masked.byte(*next) == b')');
        let Some(commands) = self.commands() else {
            return;
        };
        let whole = commands
            .word
            .as_ref()
            .and_then(|word| masked.text.get(word.start..at));
        let in_case = commands
            .cases
            .last_mut()
            .filter(|case| case.part != CasePart::Body);
        match whole {
            Some(b"=") if zsh => {
                self.spoil_word();
                self.open(1, Kind::Commands(Commands::new(true)));
            }
            Some([.., b'=']) if in_case.is_none() && commands.test.is_none() => {
                commands.word = None;
                commands.parentheses.push(Parenthesis::Array);
                self.at += 1;
            }
            Some(_) if commands.expects && empty.is_some() && in_case.is_none() => {
                commands.word = None;
                self.at = empty.map_or(at + 1, |close| close + 1);
            }
            Some(_) => {
                commands.parentheses.push(Parenthesis::Pattern);
                self.at += 1;
            }
            None if in_case.is_some() => {
                if let Some(case) = in_case.filter(|case| case.part == CasePart::FirstPattern) {
                    case.part = CasePart::Pattern;
                } else {
                    commands.begin_word(at);
                    commands.parentheses.push(Parenthesis::Pattern);
                }
                self.at += 1;
            }
            None if commands.test.is_some() => {
                commands.next_command();
                commands.parentheses.push(Parenthesis::Group);
                self.at += 1;
            }
            None if doubled && !is_subshell && (commands.expects || commands.verb == Verb::For) => {
                commands.next_command();
                self.open(
                    2,
                    Kind::Arithmetic {
                        depth: 0,
                        command: true,
                    },
                );
            }
            None if commands.expects => {
                commands.next_command();
                if is_subshell {
                    commands.parentheses.push(Parenthesis::Ambiguous);
                    self.ambiguous += 1;
                } else {
                    commands.parentheses.push(Parenthesis::Subshell);
                }
                self.at += 1;
            }
            None if empty.is_some() => {
                // `name () …`
                commands.next_command();
                self.at = empty.map_or(at + 1, |close| close + 1);
            }
            None if zsh && commands.verb != Verb::For => {
                commands.begin_word(at);
                commands.parentheses.push(Parenthesis::Pattern);
                self.at += 1;
            }
            None => {
                commands.next_command();
                commands.parentheses.push(Parenthesis::Subshell);
                self.at += 1;
            }
        }
    }

    fn close_parenthesis(&mut self) -> bool {
        if let Some(commands) = self.commands()
            && commands.parentheses.last() == Some(&Parenthesis::Pattern)
        {
            commands.parentheses.pop();
            self.at += 1;
            return true;
        }
        self.end_word();
        self.at += 1;
        let Some(commands) = self.commands() else {
            return false;
        };
        let depth = commands.parentheses.len();
        let in_pattern = commands.cases.last().is_some_and(|case| {
            case.depth == depth && matches!(case.part, CasePart::FirstPattern | CasePart::Pattern)
        });
        if in_pattern {
            if let Some(case) = commands.cases.last_mut() {
                case.part = CasePart::Body;
            }
            commands.next_command();
            return true;
        }
        match commands.parentheses.pop() {
            Some(Parenthesis::Array | Parenthesis::Pattern) => {}
            Some(Parenthesis::Subshell | Parenthesis::Group) => commands.next_command(),
            Some(Parenthesis::Ambiguous) => {
                commands.next_command();
                self.ambiguous = self.ambiguous.saturating_sub(1);
            }
            None if commands.substitution => {
                // Its lines would stand outside the parentheses, or nowhere.
                if let Some(start) = commands.unread_document() {
                    return self.lose(start);
                }
                if commands.ambiguous {
                    self.ambiguous = self.ambiguous.saturating_sub(1);
                }
                self.frames.pop();
            }
            None => {}
        }
        true
    }
}
