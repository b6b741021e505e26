//! The scanner for sh, bash and zsh: quotes, expansions and what nests in them.

use std::collections::HashSet;
use std::ops::Range;

use super::commands::Commands;
use super::names::Names;
use super::{HereDocument, Masked, Place, Scan};
use crate::quote::{Context, Dialect};

/// How many times `((` may turn out to be two subshells before the scan gives up.
const RETRIES: usize = 200;

pub(super) fn scan(dialect: Dialect, masked: &Masked<'_>) -> Scan {
    let mut scanner = Scanner {
        dialect,
        masked,
        at: 0,
        frames: vec![Frame::new(
            0,
            Kind::Commands(Box::new(Commands::new(false))),
        )],
        limits: Vec::new(),
        places: vec![Place::new(Context::Unclosed); masked.atoms.len()],
        documents: Vec::new(),
        unread: 0,
        ambiguous: 0,
        subshells: HashSet::new(),
        name_end: None,
        dollar_end: None,
        names: Names::default(),
    };
    while scanner.step() {}
    let names = std::mem::take(&mut scanner.names);
    names.refuse(dialect, masked, &mut scanner.places);
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
    Commands(Box<Commands>),
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
    pub(super) name_end: Option<usize>,
    /// The end of the last `$` that names nothing.
    pub(super) dollar_end: Option<usize>,
    pub(super) names: Names,
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
                b'\\' | b'$' | b'`' => return self.quoted_byte(byte),
                _ => self.at = self.masked.find(at + 1..end, b"\"\\$`\0"),
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
                    b'\'' if self.dialect == Dialect::Bash => return self.pair(at),
                    b'$' => self.dollar(!single),
                    b'[' if self.dialect == Dialect::Zsh => {
                        let close = self.masked.find(at..end, b"]}");
                        let subscript = self.masked.text.get(at..close).unwrap_or_default();
                        if subscript.contains(&b'=') {
                            self.names.calculate(subscript);
                        }
                        self.at += 1;
                    }
                    _ => return self.quoted_byte(byte),
                }
            }
            Kind::Arithmetic { .. } | Kind::Bracket { .. } if matches!(byte, b'\'' | b'"') => {
                return self.quote_in_arithmetic(byte);
            }
            Kind::Arithmetic { .. } | Kind::Bracket { .. }
                if byte.is_ascii_alphabetic() && self.dialect == Dialect::Zsh =>
            {
                self.at = self.masked.name_end(at).min(end);
                let name = self.masked.text.get(at..self.at);
                self.names.calculate(name.unwrap_or_default());
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
                    return self.end_name();
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
        let mut declared = false;
        if matches!(context, Context::HereDocument { .. }) {
            self.names.stream(atom);
        }
        let start = self.masked.atoms[atom].start;
        let context = if self.ambiguous > 0 {
            Context::Ambiguous
        } else {
            context
        };
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
        ] = self.frames.as_slice()
        {
            declared = self.dialect != Dialect::Zsh
                && commands.declares_elements(&self.masked.text, start);
            if commands.redirects && commands.streams {
                self.names.stream(atom);
            }
            if let Some(target) = commands.assigns(&self.masked.text, &mut self.names) {
                self.names.assign(atom, target);
            }
        }
        if let Some(place) = self.places.get_mut(atom) {
            *place = Place {
                context,
                document: self.limits.last().map(|(_, index)| *index),
                after_name: self.name_end == Some(start),
                after_dollar: self.dollar_end == Some(start),
                declared,
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
            self.open(2, Kind::Commands(Box::new(commands)));
        }
        true
    }

    /// Whether `((` at this place has turned out to be no arithmetic.
    pub(super) fn is_subshell(&self, at: usize) -> bool {
        self.subshells.contains(&at)
    }

    /// The end of the text or of a here-document's lines: what is open then never closes.
    fn finish(&mut self) -> bool {
        if self.frames.len() == 1 {
            self.end_word();
        }
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
        let Some(start) = open.or_else(|| self.open_in_commands()) else {
            return false;
        };
        // What is never closed may have been read amiss from the beginning.
        self.doubt(0);
        self.lose(start)
    }

    /// Where the commands end that are open and have something open themselves.
    fn open_in_commands(&self) -> Option<usize> {
        self.frames.first().and_then(|frame| match &frame.kind {
            Kind::Commands(commands) => {
                let open = !commands.cases.is_empty() || !commands.parentheses.is_empty();
                open.then_some(self.masked.text.len())
            }
            _ => None,
        })
    }

    /// Gives up: nothing from `start` on has a known place.
    pub(super) fn lose(&mut self, start: usize) -> bool {
        self.give_up(start, &Context::Unclosed)
    }

    /// Gives up where shells may read on in another way.
    pub(super) fn doubt(&mut self, start: usize) -> bool {
        self.give_up(start, &Context::Doubtful)
    }

    fn give_up(&mut self, start: usize, context: &Context) -> bool {
        let rest: Range<usize> = self.masked.atoms_in(start..usize::MAX);
        if let Some(places) = self.places.get_mut(rest) {
            places.fill(Place::new(context.clone()));
        }
        self.frames.clear();
        false
    }

    /// A single quote in `"${…}"`: outside of its POSIX mode, bash pairs them there.
    fn pair(&mut self, at: usize) -> bool {
        let end = self.masked.find(at + 1..self.limit(), b"'}\"$`\\\n\0");
        if self.byte(end) != b'\'' {
            return self.doubt(at);
        }
        self.at = end + 1;
        true
    }

    /// A quote in arithmetic, in which shells differ on what it quotes.
    fn quote_in_arithmetic(&mut self, quote: u8) -> bool {
        let at = self.at;
        let end = self.masked.find(at + 1..self.limit(), &[quote, b'\n']);
        let quoted = self.masked.text.get(at + 1..end).unwrap_or_default();
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b" _$".contains(byte);
        if quote == b'"' && self.byte(end) == quote && quoted.iter().all(plain) {
            self.at = end + 1;
            return true;
        }
        self.doubt(at)
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
