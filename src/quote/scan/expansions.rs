//! The scanner at quotes, backslashes and expansions.

use super::commands::Commands;
use super::posix::{Kind, Scanner};
use crate::quote::{Context, Dialect};

impl Scanner<'_> {
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
            b'(' => self.open(2, Kind::Commands(Box::new(Commands::new(true)))),
            b'{' => {
                // bash pairs single quotes there even inside double quotes.
                let single = !in_quotes || self.is_pattern_operator(at + 2);
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
            b'=' | b'~' | b'^' | b'+' | b'#' if self.dialect == Dialect::Zsh => {
                // `$=name`, the length `$#name` and their like; without a name they are plain.
                self.at = self.masked.name_end(at + 2);
                if self.at > at + 2 {
                    self.end_name();
                } else {
                    self.dollar_end = Some(self.at);
                }
            }
            b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!' => {
                self.at = at + 2;
                self.end_name();
            }
            _ => {
                self.at += 1;
                self.dollar_end = Some(self.at);
            }
        }
    }

    /// The end of a `$name`, or of its subscript; `false` when the scan is over.
    pub(super) fn end_name(&mut self) -> bool {
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
                let modifies = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'&' | b'^');
                if modifies(self.byte(self.at + 1)) {
                    // `$name:h` is a modifier, and some take words.
                    return self.doubt(self.at);
                }
                // A value after the colon could be one, so it must be kept apart.
                self.name_end = Some(self.at + 1);
            }
        }
        true
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
}
