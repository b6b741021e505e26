//! The scanner for fish: two kinds of quotes, and commands in parentheses.

use super::builtins::{Rule, rule};
use super::words::{is_assignment, is_tilde, joined, unquoted};
use super::{Masked, Place, Scan};
use crate::quote::{Context, Dialect};

pub(super) fn scan(masked: &Masked<'_>) -> Scan {
    let mut scanner = Scanner {
        masked,
        at: 0,
        frames: vec![Frame::commands(0)],
        places: vec![Place::new(Context::Unclosed); masked.atoms.len()],
        dollar_end: None,
    };
    while scanner.step() {}
    Scan {
        places: scanner.places,
        documents: Vec::new(),
    }
}

struct Frame {
    start: usize,
    kind: Kind,
}

enum Kind {
    /// The whole text, `( … )` and `$( … )`.
    Commands(Commands),
    /// `"…"`.
    Double,
    /// `$name[ … ]` and `(…)[ … ]`.
    Index,
}

struct Commands {
    word: Option<usize>,
    plain: bool,
    expects: bool,
    /// Why no value can stand among the arguments of this command.
    refusal: Option<Context>,
    /// How many braces and brackets are open in the word.
    enclosed: usize,
    /// Whether there is nothing but blanks behind a line that goes on.
    continued: bool,
}

impl Frame {
    const fn commands(start: usize) -> Self {
        Self {
            start,
            kind: Kind::Commands(Commands {
                word: None,
                plain: true,
                expects: true,
                refusal: None,
                enclosed: 0,
                continued: false,
            }),
        }
    }
}

impl Commands {
    fn begin_word(&mut self, at: usize, plain: bool) {
        if self.word.is_none() {
            self.word = Some(at);
            self.plain = true;
        }
        self.plain &= plain;
        self.continued = false;
    }

    fn end_word(&mut self, text: &[u8], at: usize) {
        let Some(start) = self.word.take() else {
            return;
        };
        if !std::mem::replace(&mut self.expects, false) {
            return;
        }
        let whole = joined(text.get(start..at).unwrap_or_default());
        match &*unquoted(&whole) {
            b"and" | b"or" | b"not" | b"!" | b"if" | b"while" | b"else" | b"begin" | b"builtin"
            | b"command" | b"time" | b"exec" => self.expects = true,
            // An option of one of these.
            [b'-', ..] => self.expects = true,
            b"case" if self.plain => self.refusal = Some(Context::CasePattern),
            _ if is_assignment(&whole) => self.expects = true,
            _ if spells(&whole) => self.refusal = Some(Context::Evaluated),
            name => {
                if let Rule::Reads(reading) = rule(Dialect::Fish, name) {
                    self.refusal = Some(reading.refusal());
                }
            }
        }
    }

    fn next_command(&mut self) {
        self.expects = true;
        self.refusal = None;
    }
}

/// Whether an escape or braces spell a command's name.
fn spells(word: &[u8]) -> bool {
    let escapes = |pair: &[u8]| pair[0] == b'\\' && pair[1].is_ascii_alphanumeric();
    word.contains(&b'{') || word.windows(2).any(escapes)
}

/// Whether versions of fish differ on what begins here.
fn is_doubtful(commands: &Commands, masked: &Masked<'_>, at: usize) -> bool {
    let (byte, next) = (masked.byte(at), masked.byte(at + 1));
    match byte {
        // What separates commands is a part of a word in its braces and brackets.
        b'\n' | b';' | b'|' | b' ' | b'\t' | b'#' | b'<' | b'>' if commands.enclosed > 0 => true,
        b'&' if commands.enclosed > 0 => true,
        // `a&b` is one word, since fish 3.4 if it is told so, and always since 4.0.
        b'&' => {
            let ends = at + 1 >= masked.text.len() || b" \t\n;&>|)".contains(&next);
            commands.word.is_some() && !ends
        }
        b'#' => commands.word.is_none() && commands.continued,
        // What else is a blank to it.
        0x0b..=0x0d | 128.. => {
            let rest = masked.text.get(at..).unwrap_or_default();
            let rest = &rest[..rest.len().min(4)];
            let first = rest
                .utf8_chunks()
                .next()
                .and_then(|chunk| chunk.valid().chars().next());
            first.is_some_and(char::is_whitespace)
        }
        _ => false,
    }
}

struct Scanner<'a> {
    masked: &'a Masked<'a>,
    at: usize,
    frames: Vec<Frame>,
    places: Vec<Place>,
    /// The end of the last `$` that names nothing.
    dollar_end: Option<usize>,
}

impl Scanner<'_> {
    fn step(&mut self) -> bool {
        let (at, masked) = (self.at, self.masked);
        if at >= masked.text.len() {
            let open = self.frames.get(1).map(|frame| frame.start);
            return open.is_some_and(|start| self.lose(start));
        }
        if let Some(atom) = masked.atom(at) {
            self.meet(atom);
            return true;
        }
        let Some(frame) = self.frames.last_mut() else {
            return false;
        };
        let byte = masked.byte(at);
        if let Kind::Commands(commands) = &mut frame.kind {
            if is_doubtful(commands, masked, at) {
                return self.doubt(at);
            }
            if commands.word.is_some() {
                match byte {
                    b'{' | b'[' => commands.enclosed += 1,
                    b'}' | b']' => commands.enclosed = commands.enclosed.saturating_sub(1),
                    _ => {}
                }
            } else if byte == b'{' {
                commands.enclosed = 1;
            }
        }
        match (&mut frame.kind, byte) {
            (Kind::Commands(commands), b'&') if masked.byte(at + 1) == b'>' => {
                commands.end_word(&masked.text, at);
                self.at += 1;
            }
            (Kind::Commands(commands), b' ' | b'\t') => {
                commands.end_word(&masked.text, at);
                self.at += 1;
            }
            (Kind::Commands(commands), b'\n' | b';' | b'&' | b'|') => {
                commands.end_word(&masked.text, at);
                commands.next_command();
                self.at += 1;
            }
            (Kind::Commands(commands), b'<' | b'>') => {
                commands.end_word(&masked.text, at);
                self.at += 1;
                // `>&2` and `>|` are no end of a command.
                while matches!(masked.byte(self.at), b'>' | b'&' | b'?') {
                    self.at += 1;
                }
                // `2>|` is a pipe, `>|` is none.
                if masked.byte(self.at) == b'|' {
                    return self.doubt(self.at);
                }
            }
            (Kind::Commands(commands), b'#') if commands.word.is_none() => {
                let end = masked.find(at..masked.text.len(), b"\n");
                self.put_all(at..end, &Context::Comment);
                self.at = end;
            }
            (Kind::Commands(_), b')') => {
                if self.frames.len() > 1 {
                    self.frames.pop();
                    self.at += 1;
                    self.index();
                } else {
                    self.at += 1;
                }
            }
            (Kind::Commands(commands), b'\'') => {
                commands.begin_word(at, false);
                return self.single();
            }
            (Kind::Index, b'\'') => return self.single(),
            (Kind::Index, b']') => {
                self.frames.pop();
                self.at += 1;
                self.index();
            }
            (Kind::Double, b'"') => {
                self.frames.pop();
                self.at += 1;
            }
            (_, b'\\') => {
                let joined = masked.byte(at + 1) == b'\n';
                if let Kind::Commands(commands) = &mut frame.kind {
                    if joined {
                        commands.continued = commands.word.is_none();
                    } else {
                        commands.begin_word(at, false);
                    }
                }
                if let Some(atom) = masked.atom(at + 1) {
                    self.put(atom, Context::AfterBackslash);
                    self.at = masked.atoms[atom].end;
                } else {
                    self.at += 2;
                }
            }
            (kind, b'$') => {
                if let Kind::Commands(commands) = kind {
                    commands.begin_word(at, false);
                }
                self.dollar();
            }
            (Kind::Double, _) => self.at += 1,
            (kind, b'"') => {
                if let Kind::Commands(commands) = kind {
                    commands.begin_word(at, false);
                }
                self.frames.push(Frame {
                    start: at,
                    kind: Kind::Double,
                });
                self.at += 1;
            }
            (kind, b'(') => {
                if let Kind::Commands(commands) = kind {
                    commands.begin_word(at, false);
                }
                self.frames.push(Frame::commands(at));
                self.at += 1;
            }
            (Kind::Commands(commands), _) => {
                commands.begin_word(at, true);
                self.at += 1;
            }
            (Kind::Index, _) => self.at += 1,
        }
        true
    }

    /// `$name`, `$$name`, `$(`, and the index after it.
    fn dollar(&mut self) {
        let masked = self.masked;
        let start = self.at;
        while masked.byte(self.at) == b'$' {
            self.at += 1;
        }
        let name = self.at;
        if masked.byte(name) == b'(' {
            self.frames.push(Frame::commands(start));
            self.at += 1;
            return;
        }
        self.at = masked.name_end(name);
        if self.at == name {
            self.dollar_end = Some(name);
        } else {
            self.index();
        }
    }

    fn index(&mut self) {
        if self.masked.byte(self.at) == b'[' {
            self.frames.push(Frame {
                start: self.at,
                kind: Kind::Index,
            });
            self.at += 1;
        }
    }

    /// `'…'`, in which a backslash escapes a quote and itself.
    fn single(&mut self) -> bool {
        let masked = self.masked;
        let start = self.at;
        let context = match self.frames.last().map(|frame| &frame.kind) {
            Some(Kind::Commands(commands)) => {
                self.refusal(commands, start).unwrap_or(Context::Single)
            }
            _ => Context::Subscript,
        };
        let mut at = start + 1;
        let mut escaped = None;
        loop {
            let next = masked.find(at..masked.text.len(), b"'\\");
            self.put_all(at..next, &context);
            if let Some(atom) = escaped.take() {
                self.put(atom, Context::AfterBackslash);
            }
            match masked.byte(next) {
                b'\\' => {
                    escaped = masked.atom(next + 1);
                    at = if escaped.is_some() {
                        next + 1
                    } else {
                        next + 2
                    };
                }
                b'\'' => {
                    self.at = next + 1;
                    return true;
                }
                _ => return self.lose(start),
            }
        }
    }

    /// Why a value can't stand at this place of a command, if it can't.
    fn refusal(&self, commands: &Commands, at: usize) -> Option<Context> {
        let word = commands.word.unwrap_or(at);
        let before = self.masked.text.get(word..at).unwrap_or_default();
        let tilde = is_tilde(before).then_some(Context::AfterTilde);
        // Braces would make several words of it, the first of which is the command.
        let braced = commands.expects && commands.enclosed > 0;
        let braced = braced.then_some(Context::Evaluated);
        commands.refusal.clone().or(tilde).or(braced)
    }

    fn meet(&mut self, atom: usize) {
        let at = self.at;
        let after_dollar = self.dollar_end == Some(at);
        let below = self.frames.iter().rev().nth(1).map(|frame| &frame.kind);
        let context = match (self.frames.last().map(|frame| &frame.kind), below) {
            _ if after_dollar => Context::AfterDollar,
            (Some(Kind::Commands(commands)), _) => {
                self.refusal(commands, at).unwrap_or(Context::Bare)
            }
            (Some(Kind::Double), Some(Kind::Commands(commands))) => {
                self.refusal(commands, at).unwrap_or(Context::Double)
            }
            _ => Context::Subscript,
        };
        self.put(atom, context);
        if let Some(Kind::Commands(commands)) = self.frames.last_mut().map(|f| &mut f.kind) {
            commands.begin_word(at, false);
        }
        self.at = self.masked.atoms[atom].end;
    }

    fn put(&mut self, atom: usize, context: Context) {
        if let Some(place) = self.places.get_mut(atom) {
            *place = Place::new(context);
        }
    }

    fn put_all(&mut self, range: std::ops::Range<usize>, context: &Context) {
        for atom in self.masked.atoms_in(range) {
            self.put(atom, context.clone());
        }
    }

    /// Gives up where versions of fish may read on in another way.
    fn doubt(&mut self, start: usize) -> bool {
        self.put_all(start..usize::MAX, &Context::Doubtful);
        self.frames.clear();
        false
    }

    /// Gives up: nothing from `start` on has a known place.
    fn lose(&mut self, start: usize) -> bool {
        self.put_all(start..usize::MAX, &Context::Unclosed);
        self.frames.clear();
        false
    }
}
