//! Replaces shapes in a stream that comes in pieces.

use super::prefilter::{PREFILTER, Prefilter, Rule};
use super::view::{More, View};
use super::{Hit, Marker, Rest, named, table};

/// How much of what was decided is kept, to know what a word is the end of.
const BEFORE: usize = 32;
/// The longest end line of a PEM block.
const END: usize = 64;

/// The state of a stream between its pieces.
#[derive(Debug, Default)]
pub(in crate::secret) struct Stream {
    /// The last bytes that were decided, as they came.
    before: Vec<u8>,
    /// What is not decided.
    held: Vec<u8>,
    /// What is being hidden.
    rest: Option<Rest>,
    changed: bool,
    secret: bool,
}

impl Stream {
    /// Takes the next piece; gives what is decided. `last` says that nothing will come.
    pub(in crate::secret) fn pass(&mut self, bytes: Vec<u8>, last: bool) -> Vec<u8> {
        let text = if self.held.is_empty() {
            bytes
        } else {
            let mut joined = std::mem::take(&mut self.held);
            joined.extend_from_slice(&bytes);
            joined
        };
        let before = std::mem::take(&mut self.before);
        let view = View {
            before: &before,
            text: &text,
            last,
        };
        let mut out = None;
        let mut shown = 0;
        let mut at = 0;
        let decided = loop {
            if let Some(rest) = self.rest {
                let (end, over) = hidden(&view, at, rest);
                (at, shown) = (end, end);
                // Bytes are lost from now on, so the text can't be given as it is.
                out.get_or_insert_with(Vec::new);
                self.rest = over;
                if over.is_some() {
                    break at;
                }
            }
            match next(&view, at) {
                Next::Hit(hit) => {
                    let out = out.get_or_insert_with(|| Vec::with_capacity(text.len()));
                    out.extend_from_slice(&text[shown..hit.start]);
                    hit.marker.write(out);
                    self.changed = true;
                    self.secret |= !matches!(hit.marker, Marker::Key(_));
                    self.rest = hit.then;
                    (at, shown) = (hit.end, hit.end);
                }
                Next::Undecided(position) => break position,
                Next::End => break text.len(),
            }
        };
        self.remember(&view, decided);
        self.held = text[decided..].to_vec();
        let Some(mut out) = out else {
            let mut text = text;
            text.truncate(decided);
            return text;
        };
        out.extend_from_slice(&text[shown.min(decided)..decided]);
        out
    }

    /// Whether anything was replaced.
    pub(super) fn changed(&self) -> bool {
        self.changed
    }

    /// Whether anything but the id of a key was replaced.
    pub(super) fn hid_a_secret(&self) -> bool {
        self.secret
    }

    fn remember(&mut self, view: &View<'_>, decided: usize) {
        let from = decided.saturating_sub(BEFORE);
        let mut before = Vec::with_capacity(BEFORE);
        if from == 0 {
            let missing = BEFORE - decided.min(BEFORE);
            let start = view.before.len().saturating_sub(missing);
            before.extend_from_slice(&view.before[start..]);
        }
        before.extend_from_slice(&view.text[from..decided]);
        self.before = before;
    }
}

/// Whether a whole text holds a shape: asked first, as most texts hold none, and copies nothing.
pub(super) fn holds(text: &[u8]) -> bool {
    let view = View {
        before: &[],
        text,
        last: true,
    };
    !matches!(next(&view, 0), Next::End)
}

/// Whether a shape may begin somewhere in a text, or in a text that is part of it: a look at the
/// groups of bytes that shapes begin with, which reads on from none of them.
pub(in crate::secret) fn may_begin(text: &[u8]) -> bool {
    let prefilter = &*PREFILTER;
    let mut at = 0;
    loop {
        at = prefilter.leap(text, at);
        if !Prefilter::can_tell(text, at) {
            return false;
        }
        for at in at..at + 2 {
            let second = text.get(at + 1).copied();
            if prefilter.rules(text[at], second).next().is_some() {
                return true;
            }
        }
        at += 2;
    }
}

enum Next {
    Hit(Hit),
    /// What stands here may begin a shape.
    Undecided(usize),
    End,
}

/// The first shape from `at` on.
fn next(view: &View<'_>, mut at: usize) -> Next {
    let prefilter = &*PREFILTER;
    loop {
        at = prefilter.leap(view.text, at);
        // The look met a gram that begins here or behind, or the text is about to end.
        for _ in 0..2 {
            let Some(&first) = view.text.get(at) else {
                return Next::End;
            };
            for rule in prefilter.rules(first, view.text.get(at + 1).copied()) {
                let found = match rule {
                    Rule::Table(shape) => table::Shape::at(shape, view, at),
                    Rule::Structured(decide) => decide(view, at),
                    Rule::Named => named::named(view, at),
                };
                match found {
                    Ok(None) => {}
                    Ok(Some(hit)) => return Next::Hit(hit),
                    Err(More) => return Next::Undecided(at),
                }
            }
            at += 1;
        }
    }
}

/// Goes over what is hidden from `at` on: where that ends, or what is still being hidden there.
fn hidden(view: &View<'_>, at: usize, rest: Rest) -> (usize, Option<Rest>) {
    match rest {
        Rest::Run(class) => match view.run(at, class, usize::MAX) {
            Ok(end) => (end, None),
            Err(More) => (view.text.len(), Some(rest)),
        },
        Rest::Pem(most) => pem_end(view, at, most),
    }
}

fn pem_end(view: &View<'_>, at: usize, most: usize) -> (usize, Option<Rest>) {
    let line = b"-----END ";
    let limit = view.text.len().min(at.saturating_add(most));
    let begin = view.text[at..limit]
        .windows(line.len())
        .position(|window| window == line);
    let Some(begin) = begin.map(|offset| at + offset) else {
        if view.last || limit - at == most {
            return (limit, None);
        }
        // Its beginning may be there.
        let keep = limit.saturating_sub(line.len() - 1).max(at);
        return (keep, Some(Rest::Pem(most - (keep - at))));
    };
    let from = begin + line.len();
    let label = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ';
    let end = view.run(from, label, END).and_then(|end| {
        Ok(if view.stands(end, b"-----")? {
            end + 5
        } else {
            end
        })
    });
    match end {
        Ok(end) => (end, None),
        Err(More) => (
            begin,
            Some(Rest::Pem(most.saturating_sub(begin - at).max(line.len()))),
        ),
    }
}
