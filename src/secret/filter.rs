//! Redaction of a stream that comes in pieces.

use super::shapes::Stream;
use super::terraform::Opening;
use super::{CleanBytes, Redactor};

/// Cleans a stream that comes in pieces; a secret split between pieces is found.
///
/// However a stream is split, what comes out is the same. Held back are only bytes that a secret
/// may begin with, so that a line is out as soon as its end can't be the beginning of one; and
/// Terraform's state as JSON, which says only at its end what in it is sensitive.
///
/// First goes what is known, then what has the shape of a credential.
pub struct Filter {
    opening: Opening,
    shapes: Stream,
    redactor: Redactor,
    /// What a form of a secret may begin with.
    held: Vec<u8>,
    /// Whether the held bytes begin inside of a line.
    is_inside: bool,
    /// How many of the held bytes are told already: a secret may have begun in them, of which too
    /// little was there to hold them back.
    told: usize,
    /// How many of the held bytes are hidden already: they end a secret that was shown by name.
    hidden: usize,
}

impl Filter {
    pub(super) fn new(redactor: Redactor) -> Self {
        Self {
            opening: Opening::default(),
            shapes: Stream::default(),
            redactor,
            held: Vec::new(),
            is_inside: false,
            told: 0,
            hidden: 0,
        }
    }

    /// Takes the next piece; gives what can be shown already.
    #[must_use]
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.advance(bytes, false)
    }

    /// Gives what was held back.
    #[must_use]
    pub fn finish(&mut self) -> Vec<u8> {
        self.advance(&[], true)
    }

    /// As [`Self::push`], as bytes that an event can hold.
    #[must_use]
    pub fn clean(&mut self, bytes: &[u8]) -> CleanBytes {
        CleanBytes::redacted(self.push(bytes))
    }

    /// As [`Self::finish`], as bytes that an event can hold.
    #[must_use]
    pub fn rest(&mut self) -> CleanBytes {
        CleanBytes::redacted(self.finish())
    }

    fn advance(&mut self, bytes: &[u8], last: bool) -> Vec<u8> {
        let opened = self.opening.pass(bytes, last, &self.redactor);
        let known = self.known(opened.as_deref().unwrap_or(bytes), last);
        self.shapes.pass(known, last)
    }

    /// Hides what is known.
    fn known(&mut self, bytes: &[u8], last: bool) -> Vec<u8> {
        let Some(known) = self.redactor.known() else {
            let mut out = std::mem::take(&mut self.held).split_off(self.told);
            self.told = 0;
            out.extend_from_slice(bytes);
            return out;
        };
        let mut joined = std::mem::take(&mut self.held);
        let text = if joined.is_empty() {
            bytes
        } else {
            joined.extend_from_slice(bytes);
            &joined
        };
        let search = known.find(text, !self.is_inside);
        let (decided, kept) = if last {
            (text.len(), text.len())
        } else {
            (search.decided.max(self.told), search.kept)
        };

        let mut out = Vec::with_capacity(decided);
        let mut hidden = self.hidden.max(self.told);
        let mut shown = hidden.min(decided);
        for one in search.found {
            if one.start >= decided {
                break;
            }
            // What began in what is told already was hidden then.
            if one.start >= hidden {
                out.extend_from_slice(&text[shown..one.start]);
                out.extend_from_slice(known.marker(one.secret).as_bytes());
            }
            hidden = hidden.max(one.end);
            shown = hidden.min(decided);
        }
        out.extend_from_slice(&text[shown..decided]);
        self.hidden = hidden.saturating_sub(kept);
        self.told = decided - kept;
        if let Some(before) = kept.checked_sub(1) {
            self.is_inside = text[before] != b'\n';
        }
        self.held = text[kept..].to_vec();
        out
    }
}
