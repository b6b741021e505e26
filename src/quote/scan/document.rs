//! Here-documents: where they open, which lines are theirs.

use std::ops::Range;

use super::HereDocument;
use super::posix::{Frame, Kind, Scanner};
use crate::quote::Context;
use crate::quote::here_document::ends_early;

impl Scanner<'_> {
    /// `<<` or `<<-` and the delimiter; `false` when the scan is over.
    pub(super) fn open_document(&mut self) -> bool {
        let start = self.at;
        let limit = self.limit();
        let strip_tabs = self.byte(start + 2) == b'-';
        let mut at = start + if strip_tabs { 3 } else { 2 };
        while matches!(self.byte(at), b' ' | b'\t') {
            at += 1;
        }
        let word = at;
        let mut delimiter = Vec::new();
        let mut quoted = false;
        while at < limit {
            if let Some(atom) = self.masked.atom(at) {
                self.lose(at);
                self.put(atom, Context::Delimiter);
                return false;
            }
            match self.byte(at) {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => break,
                // A line that goes on quotes nothing, and where it does so matters to some shells.
                b'\\' if self.byte(at + 1) == b'\n' => return self.lose(start),
                b'\\' => {
                    quoted = true;
                    delimiter.push(self.byte(at + 1));
                    at += 2;
                }
                quote @ (b'\'' | b'"') => {
                    quoted = true;
                    let end = self.masked.find(at + 1..limit, &[quote, b'\n', b'\\']);
                    if self.byte(end) != quote {
                        return self.lose(start);
                    }
                    delimiter.extend(&self.masked.text[at + 1..end]);
                    at = end + 1;
                }
                // Expansions are not expanded there, and shells differ on `$'…'`.
                b'$' | b'`' => return self.lose(start),
                byte => {
                    delimiter.push(byte);
                    at += 1;
                }
            }
        }
        if at == word || delimiter.contains(&0) {
            return self.lose(start);
        }
        self.at = at;
        self.await_document(self.documents.len(), start);
        let substituted = self
            .frames
            .iter()
            .any(|frame| matches!(&frame.kind, Kind::Commands(commands) if commands.substitution));
        self.documents.push(HereDocument {
            opening: word..at,
            delimiter,
            quoted,
            strip_tabs,
            substituted,
            body: 0..0,
            closing: 0..0,
        });
        true
    }

    /// Finds the lines of the here-documents of the line that ends before `start`.
    pub(super) fn read_documents(&mut self, pending: &[usize], start: usize) -> bool {
        self.unread = self.unread.saturating_sub(pending.len());
        let mut begin = start;
        let mut frames = Vec::new();
        for &index in pending {
            let Some((body, closing)) = self.lines(index, begin) else {
                let opened = self.documents.get(index).map_or(0, |d| d.opening.start);
                return self.lose(opened);
            };
            let next = (closing.end + 1).min(self.limit());
            frames.push((body.clone(), index, next));
            begin = next;
            if let Some(document) = self.documents.get_mut(index) {
                document.body = body;
                document.closing = closing;
            }
        }
        for (body, index, resume) in frames.into_iter().rev() {
            self.limits.push((body.end, index));
            self.frames
                .push(Frame::new(body.start, Kind::Document { index, resume }));
        }
        self.at = start;
        true
    }

    /// The lines of a here-document that begin at `begin`, and the delimiter that ends them.
    fn lines(&self, index: usize, begin: usize) -> Option<(Range<usize>, Range<usize>)> {
        let document = self.documents.get(index)?;
        let limit = self.limit();
        let mut line = begin;
        let mut joined = false;
        while line < limit {
            let end = self.masked.find(line..limit, b"\n");
            let mut first = line;
            while document.strip_tabs && first < end && self.masked.byte(first) == b'\t' {
                first += 1;
            }
            let whole = &self.masked.text[first..end];
            if whole == document.delimiter {
                // After a `\` at the end of a line it is no delimiter to most shells.
                return (!joined).then_some((begin..line, first..end));
            }
            // Where bash ends it there, the rest of the line is commands.
            let behind = whole.strip_prefix(document.delimiter.as_slice());
            if ends_early(document, self.dialect)
                && behind.is_some_and(|behind| behind.iter().any(|byte| matches!(byte, b')' | 0)))
            {
                return None;
            }
            let backslashes = whole
                .iter()
                .rev()
                .take_while(|byte| **byte == b'\\')
                .count();
            joined = !document.quoted && backslashes % 2 == 1;
            line = end + 1;
        }
        None
    }
}
