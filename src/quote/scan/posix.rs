//! The scanner for sh, bash and zsh: quotes, expansions and what nests in them.

use std::collections::HashSet;
use std::ops::Range;

use super::commands::Commands;
use super::{HereDocument, Masked, Place, Scan};
use crate::quote::{Context, Dialect};

/// How many times `((` may turn out to be two subshells before the scan gives up.
const RETRIES: usize = 200;

pub(super) fn scan(dialect: Dialect, masked: &Masked<'_>) -> Scan {
    let mut scanner = Scanner {
        dialect,
        masked,
        at: 0,
        frames: vec![Frame::new(0, Kind::Commands(Commands::new(false)))],
        limits: Vec::new(),
        places: vec![Place::new(Context::Unclosed); masked.atoms.len()],
        documents: Vec::new(),
        unread: 0,
        ambiguous: 0,
        subshells: HashSet::new(),
        name_end: None,
        dollar_end: None,
    };
    while scanner.step() {}
    Scan {
        places: scanner.places,
        documents: scanner.documents,
    }
}

/// Something that is open.
pub(super) struct Frame {
    /// Where it opens.
    pub(super) start: usize,
    pub(super) kind: Kind,
}

impl Frame {
    pub(super) const fn new(start: usize, kind: Kind) -> Self {
        Self { start, kind }
    }
}

pub(super) enum Kind {
    /// Commands: the whole text, `$( … )`, `<( … )`.
    Commands(Commands),
    /// `"…"`.
    Double,
    /// `${ … }`; whether `'` quotes in it.
    Parameter { single: bool },
    /// `(( … ))`, `$(( … ))`: inner parentheses open, and whether it is a command.
    Arithmetic { depth: usize, command: bool },
    /// `$[ … ]`, and zsh's `$name[ … ]`: inner brackets open.
    Bracket { depth: usize, subscript: bool },
    /// The lines of a here-document, up to the limit; then on at `resume`.
    Document { index: usize, resume: usize },
}

pub(super) struct Scanner<'a> {
    pub(super) dialect: Dialect,
    pub(super) masked: &'a Masked<'a>,
    pub(super) at: usize,
    pub(super) frames: Vec<Frame>,
    /// The ends of the here-documents that are open and which they are, innermost last.
    pub(super) limits: Vec<(usize, usize)>,
    pub(super) places: Vec<Place>,
    pub(super) documents: Vec<HereDocument>,
    /// How many here-documents have opened whose lines are not reached.
    pub(super) unread: usize,
    /// How many of them are open.
    pub(super) ambiguous: usize,
    /// Where `((` has turned out to be no arithmetic.
    subshells: HashSet<usize>,
    /// The end of the last unbraced `$name`.
    name_end: Option<usize>,
    /// The end of the last `$` that names nothing.
    dollar_end: Option<usize>,
}

impl Scanner<'_> {
    /// Where the scan must stop for now.
    pub(super) fn limit(&self) -> usize {
        self.limits
            .last()
            .map_or(self.masked.text.len(), |(end, _)| *end)
    }

    pub(super) fn byte(&self, at: usize) -> u8 {
        if at < self.limit() {
            self.masked.byte(at)
        } else {
            0
        }
    }

    /// Reads on; `false` at the end.
    fn step(&mut self) -> bool {
        let (at, end) = (self.at, self.limit());
        let next = self.byte(at + 1);
        let Some(frame) = self.frames.last_mut() else {
            return false;
        };
        if at >= end {
            return match frame.kind {
                Kind::Document { resume, .. } => {
                    self.at = resume;
                    self.limits.pop();
                    self.frames.pop();
                    true
                }
                _ => self.finish(),
            };
        }
        if let Some(atom) = self.masked.atom(at) {
            self.meet(atom);
            return true;
        }
        let byte = self.masked.byte(at);
        match &mut frame.kind {
            Kind::Commands(_) => return self.command_byte(byte),
            Kind::Double => match byte {
                b'"' => {
                    self.frames.pop();
                    self.at += 1;
                }
                _ => return self.quoted_byte(byte),
            },
            Kind::Document { index, .. } => {
                let index = *index;
                if self.documents.get(index).is_some_and(|d| d.quoted) {
                    self.at = self.masked.find(at + 1..end, &[0]);
                } else {
                    return self.quoted_byte(byte);
                }
            }
            Kind::Parameter { single } => {
                let single = *single;
                match byte {
                    b'}' => {
                        self.frames.pop();
                        self.at += 1;
                    }
                    b'"' => self.open(1, Kind::Double),
                    b'\'' if single => {
                        return self.literal(1, false, &Context::ParameterExpansion);
                    }
                    b'$' => self.dollar(!single),
                    _ => return self.quoted_byte(byte),
                }
            }
            Kind::Arithmetic { depth, .. } => match byte {
                b'(' => {
                    *depth += 1;
                    self.at += 1;
                }
                b')' if *depth > 0 => {
                    *depth -= 1;
                    self.at += 1;
                }
                b')' if next == b')' => {
                    self.frames.pop();
                    self.at += 2;
                }
                b')' => return self.retry_as_subshell(),
                _ => return self.quoted_byte(byte),
            },
            Kind::Bracket { depth, .. } => match byte {
                b'[' => {
                    *depth += 1;
                    self.at += 1;
                }
                b']' if *depth > 0 => {
                    *depth -= 1;
                    self.at += 1;
                }
                b']' => {
                    self.frames.pop();
                    self.at += 1;
                    self.name_end = Some(self.at);
                }
                _ => return self.quoted_byte(byte),
            },
        }
        true
    }

    /// A byte where `\`, `$` and backquotes are all that is special.
    fn quoted_byte(&mut self, byte: u8) -> bool {
        match byte {
            b'\\' => self.backslash(),
            b'$' => self.dollar(true),
            b'`' => return self.backquote(),
            _ => self.at += 1,
        }
        true
    }

    /// Opens a frame whose opening is so many bytes long.
    pub(super) fn open(&mut self, length: usize, kind: Kind) {
        self.frames.push(Frame::new(self.at, kind));
        self.at += length;
    }

    /// A backslash and what it escapes.
    pub(super) fn backslash(&mut self) {
        if let Some(atom) = self.masked.atom(self.at + 1) {
            self.put(atom, Context::AfterBackslash);
            self.at = self.masked.atoms[atom].end;
        } else {
            self.at += 2;
        }
    }

    /// A `$` and its name, or the frame that it opens.
    pub(super) fn dollar(&mut self, in_quotes: bool) {
        let at = self.at;
        match self.byte(at + 1) {
            b'(' if self.byte(at + 2) == b'(' => {
                let command = false;
                self.open(3, Kind::Arithmetic { depth: 0, command });
            }
            b'(' => self.open(2, Kind::Commands(Commands::new(true))),
            b'{' => {
                // bash pairs single quotes there even inside double quotes.
                let single =
                    !in_quotes || self.dialect == Dialect::Bash || self.is_pattern_operator(at + 2);
                self.open(2, Kind::Parameter { single });
            }
            b'[' => {
                let subscript = false;
                self.open(
                    2,
                    Kind::Bracket {
                        depth: 0,
                        subscript,
                    },
                );
            }
            b'"' if !in_quotes => self.open(2, Kind::Double),
            first if first.is_ascii_alphanumeric() || first == b'_' => {
                self.at = if first.is_ascii_digit() && self.dialect != Dialect::Zsh {
                    at + 2
                } else {
                    self.masked.name_end(at + 1)
                };
                self.end_name();
            }
            b'=' | b'~' | b'^' | b'+' if self.dialect == Dialect::Zsh => {
                // `$=name` and its like; without a name they are plain.
                self.at = self.masked.name_end(at + 2);
                if self.at > at + 2 {
                    self.end_name();
                } else {
                    self.dollar_end = Some(self.at);
                }
            }
            b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!' => {
                self.at = at + 2;
                // zsh reads `$#name` as a length.
                if self.dialect == Dialect::Zsh && self.byte(at + 1) == b'#' {
                    self.dollar_end = Some(self.at);
                } else {
                    self.end_name();
                }
            }
            _ => {
                self.at += 1;
                self.dollar_end = Some(self.at);
            }
        }
    }

    fn end_name(&mut self) {
        self.name_end = Some(self.at);
        if self.dialect == Dialect::Zsh {
            if self.byte(self.at) == b'[' {
                let subscript = true;
                self.open(
                    1,
                    Kind::Bracket {
                        depth: 0,
                        subscript,
                    },
                );
            } else if self.byte(self.at) == b':' {
                // `$name:h` is a modifier, so that a value after the colon must be kept apart.
                self.name_end = Some(self.at + 1);
            }
        }
    }

    /// Whether what follows `${` is a name and an operator that takes a pattern, in which
    /// single quotes quote even inside double quotes (POSIX 2.6.2).
    fn is_pattern_operator(&self, at: usize) -> bool {
        let mut end = at + usize::from(self.byte(at) == b'!');
        end = match self.byte(end) {
            b'@' | b'*' => end + 1,
            _ => self.masked.name_end(end),
        };
        if self.byte(end) == b'[' {
            end = self.masked.find(end..self.limit(), b"]}'\"") + 1;
        }
        end > at && matches!(self.byte(end), b'#' | b'%' | b'/' | b'^' | b',')
    }

    /// A backquote and everything to the next that no backslash escapes.
    pub(super) fn backquote(&mut self) -> bool {
        let start = self.at;
        let limit = self.limit();
        let mut at = start + 1;
        loop {
            at = self.masked.find(at..limit, b"`\\");
            match self.byte(at) {
                _ if at >= limit => return self.lose(start),
                b'\\' => at += 2,
                _ => break,
            }
        }
        for atom in self.masked.atoms_in(start..at) {
            self.put(atom, Context::Backquote);
        }
        self.at = at + 1;
        true
    }

    /// `'…'` or `$'…'`, whose opening is so many bytes long.
    pub(super) fn literal(&mut self, opening: usize, escapes: bool, context: &Context) -> bool {
        let start = self.at;
        let limit = self.limit();
        let mut at = start + opening;
        let mut escaped = Vec::new();
        loop {
            at = self.masked.find(at..limit, b"'\\");
            match self.byte(at) {
                _ if at >= limit => return self.lose(start),
                // In `sh`, some read `$'a\'` as closed and others don't.
                b'\\' if escapes && self.dialect == Dialect::Sh => return self.lose(start),
                b'\\' if escapes => {
                    escaped.push(at + 1);
                    at = match self.masked.atom(at + 1) {
                        Some(atom) => self.masked.atoms[atom].end,
                        None => at + 2,
                    };
                }
                b'\\' => at += 1,
                _ => break,
            }
        }
        for atom in self.masked.atoms_in(start..at) {
            let after_backslash = escaped
                .binary_search(&self.masked.atoms[atom].start)
                .is_ok();
            if after_backslash {
                self.put(atom, Context::AfterBackslash);
            } else {
                self.put(atom, context.clone());
            }
        }
        self.at = at + 1;
        true
    }

    /// A value, in the frame that is open.
    fn meet(&mut self, atom: usize) {
        let frames = self.frames.as_slice();
        let context = match frames {
            [
                ..,
                below,
                Frame {
                    kind: Kind::Double, ..
                },
            ] => match &below.kind {
                Kind::Commands(commands) => commands
                    .refusal(self.dialect, &self.masked.text, self.at)
                    .unwrap_or(Context::Double),
                other => refused(other),
            },
            [
                ..,
                Frame {
                    kind: Kind::Commands(commands),
                    ..
                },
            ] => commands
                .refusal(self.dialect, &self.masked.text, self.at)
                .unwrap_or(Context::Bare),
            [
                ..,
                Frame {
                    kind: Kind::Document { index, .. },
                    ..
                },
            ] => self
                .documents
                .get(*index)
                .map_or(Context::Unclosed, |document| Context::HereDocument {
                    delimiter: String::from_utf8_lossy(&document.delimiter).into_owned(),
                    strip_tabs: document.strip_tabs,
                    quoted: document.quoted,
                }),
            [.., Frame { kind, .. }] => refused(kind),
            [] => Context::Unclosed,
        };
        let after_dollar = self.dollar_end == Some(self.at);
        let literal = matches!(&context, Context::HereDocument { quoted: true, .. });
        let context = match context {
            Context::Bare | Context::HereDocument { .. } if after_dollar && !literal => {
                Context::AfterDollar
            }
            context => context,
        };
        self.put(atom, context);
        if let Some(Frame {
            kind: Kind::Commands(commands),
            ..
        }) = self.frames.last_mut()
        {
            commands.begin_word(self.at).plain = false;
        }
        self.note_operand(atom);
        self.at = self.masked.atoms[atom].end;
    }

    /// Remembers a value as part of the test that is open around it, if one is.
    pub(super) fn note_operand(&mut self, atom: usize) {
        let frames = self.frames.as_mut_slice();
        if let [
            ..,
            Frame {
                kind: Kind::Commands(commands),
                ..
            },
        ]
        | [
            ..,
            Frame {
                kind: Kind::Commands(commands),
                ..
            },
            Frame {
                kind: Kind::Double, ..
            },
        ] = frames
        {
            commands.note_operand(atom);
        }
    }

    /// Puts a value's place down.
    pub(super) fn put(&mut self, atom: usize, context: Context) {
        let start = self.masked.atoms[atom].start;
        let context = if self.ambiguous > 0 {
            Context::Ambiguous
        } else {
            context
        };
        if let Some(place) = self.places.get_mut(atom) {
            *place = Place {
                context,
                document: self.limits.last().map(|(_, index)| *index),
                after_name: self.name_end == Some(start),
                after_dollar: self.dollar_end == Some(start),
            };
        }
    }

    /// Takes back an arithmetic that closes with a single `)`: it was `( (…) … )`.
    fn retry_as_subshell(&mut self) -> bool {
        let Some(Frame {
            start,
            kind: Kind::Arithmetic { command, .. },
        }) = self.frames.pop()
        else {
            return false;
        };
        if self.subshells.len() >= RETRIES {
            return self.lose(start);
        }
        self.subshells.insert(start);
        self.documents
            .retain(|document| document.opening.start < start);
        self.at = start;
        if !command {
            // All shells differ: dash takes it for arithmetic, bash alters some bytes in it.
            let mut commands = Commands::new(true);
            commands.ambiguous = true;
            self.ambiguous += 1;
            self.open(2, Kind::Commands(commands));
        }
        true
    }

    /// Whether `((` at this place has turned out to be no arithmetic.
    pub(super) fn is_subshell(&self, at: usize) -> bool {
        self.subshells.contains(&at)
    }

    /// The end of the text or of a here-document's lines: what is open then never closes.
    fn finish(&mut self) -> bool {
        let document = |frame: &Frame| matches!(frame.kind, Kind::Document { .. });
        let outermost = match self.frames.iter().rposition(document) {
            Some(index) => index + 1,
            None => 1,
        };
        let open = match (self.frames.get(outermost), self.frames.first()) {
            (Some(frame), _) => Some(frame.start),
            (
                None,
                Some(Frame {
                    kind: Kind::Commands(commands),
                    ..
                }),
            ) => commands.unread_document(),
            (None, _) => None,
        };
        open.is_some_and(|start| self.lose(start))
    }

    /// Gives up: nothing from `start` on has a known place.
    pub(super) fn lose(&mut self, start: usize) -> bool {
        let rest: Range<usize> = self.masked.atoms_in(start..usize::MAX);
        if let Some(places) = self.places.get_mut(rest) {
            places.fill(Place::new(Context::Unclosed));
        }
        self.frames.clear();
        false
    }
}

fn refused(kind: &Kind) -> Context {
    match kind {
        Kind::Parameter { .. } | Kind::Double => Context::ParameterExpansion,
        Kind::Bracket {
            subscript: true, ..
        } => Context::Subscript,
        Kind::Arithmetic { .. } | Kind::Bracket { .. } => Context::Arithmetic,
        Kind::Commands(_) | Kind::Document { .. } => Context::Unclosed,
    }
}
