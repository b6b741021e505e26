//! Credentials that nobody told of, known by their shape.
//!
//! No well-kept crate has such a table that can be used as a library (November 2026): what is on
//! crates.io are programs that search a working tree (`leaktor`, `repolens`, `secrets-le`), or
//! tables that are private to a product (`stakpak-shared`, which embeds the rules of gitleaks).
//! None of them works on a stream that comes in pieces. So the table is ours: [`table`] for what
//! a prefix tells, [`structured`] for what has parts, [`named`] for what stands behind a name such
//! as `password`. Each cites the issuer's page where the shape is documented; shapes that issuers
//! don't document were compared with the rules of
//! gitleaks (<https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml>).
//!
//! What is replaced is shown by its kind, as in `«jwt»`. A shape is looked for where the text
//! before was decided, and each decision rests on the bytes before and a bounded number of bytes
//! behind; so it comes out the same however a stream is split. What is longer than that bound is
//! hidden as it comes.
//!
//! Left as they are, because evidence is worth more: hashes, UUIDs, ARNs, account numbers,
//! base64 without a name, public keys and certificates.

mod looks;
mod named;
mod prefilter;
mod stream;
mod structured;
mod table;
#[cfg(test)]
mod tests;
mod view;

pub(super) use named::{assignments, hides};
use stream::holds;
pub(super) use stream::{Stream, may_begin};

/// Text with every shape in it replaced; `None` where there is none.
pub(super) fn replaced(text: &[u8]) -> Option<Vec<u8>> {
    if !holds(text) {
        return None;
    }
    let mut stream = Stream::default();
    let out = stream.pass(text.to_vec(), true);
    (stream.changed()).then_some(out)
}

/// Whether a text holds what may not be seen by others; the ids of keys may.
pub(super) fn finds(text: &[u8]) -> bool {
    if !holds(text) {
        return false;
    }
    let mut stream = Stream::default();
    let _out = stream.pass(text.to_vec(), true);
    stream.hid_a_secret()
}

/// What stands in the place of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// Its kind.
    Kind(&'static str),
    /// The id of an AWS key, of which the last four are kept.
    Key([u8; 4]),
}

impl Marker {
    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice("«".as_bytes());
        match self {
            Self::Kind(kind) => out.extend_from_slice(kind.as_bytes()),
            Self::Key(last) => {
                out.extend_from_slice("aws-key:…".as_bytes());
                out.extend_from_slice(&last);
            }
        }
        out.extend_from_slice("»".as_bytes());
    }
}

/// So much of a credential is hidden where somebody cut it, whatever its length should be.
const CUT: usize = 4;

/// What to hide.
#[derive(Clone, Copy, Debug)]
struct Hit {
    start: usize,
    end: usize,
    marker: Marker,
    /// What else to hide behind the end, as it comes.
    then: Option<Rest>,
}

/// The rest of what is being hidden.
#[derive(Clone, Copy, Debug)]
enum Rest {
    /// All bytes of a class.
    Run(view::Class),
    /// Up to the end of a PEM block, and at most so many bytes.
    Pem(usize),
}
