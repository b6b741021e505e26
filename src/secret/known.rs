//! What is known to be secret at a moment, ready to be looked for.

use std::collections::BTreeMap;

use super::cells;
use super::dumps;
use super::joined::{self, Joined};
use super::matcher::{Found, Matcher};

/// The secrets that are known at a moment.
pub(super) struct Known {
    /// Every form as it stands.
    matcher: Matcher,
    /// Every form without its line ends; `None` where that is the same.
    joined: Option<Matcher>,
    /// The forms with blanks and marks, without these.
    bare: Option<Matcher>,
    /// The digits of each secret.
    digits: Matcher,
    markers: Vec<String>,
}

/// What to hide in a text, and from where on that is not certain yet.
pub(super) struct Search {
    /// In order of their starts; they may overlap.
    pub(super) found: Vec<Found>,
    /// What stands before it can be told: nothing that comes later changes it.
    pub(super) decided: usize,
    /// What stands from here on is still to be looked at with what comes later; not after
    /// `decided`.
    pub(super) kept: usize,
}

impl Known {
    /// Takes forms with the secret of each, and the markers of the secrets.
    pub(super) fn new(forms: &BTreeMap<Vec<u8>, usize>, markers: Vec<String>) -> Self {
        Self {
            matcher: Matcher::new(forms),
            joined: joined::forms(forms).map(|forms| Matcher::new(&forms)),
            bare: joined::bare(forms).map(|forms| Matcher::new(&forms)),
            digits: Matcher::new(&dumps::forms(forms)),
            markers,
        }
    }

    /// What stands in the place of a secret.
    pub(super) fn marker(&self, secret: usize) -> &str {
        &self.markers[secret]
    }

    /// Looks for all forms in a text: as it stands, across the ends of its lines and what a
    /// terminal does not show, and in dumps of bytes. `is_line` says whether a
    /// line begins where the text does.
    pub(super) fn find(&self, text: &[u8], is_line: bool) -> Search {
        let (found, decided) = self.matcher.find(text);
        let mut search = Search {
            found,
            decided,
            kept: decided,
        };
        let before = search.found.len();
        if let Some(joined) = Joined::of(text) {
            let matcher = self.joined.as_ref().unwrap_or(&self.matcher);
            search.across(&joined, matcher, true, |from| from, |end| end);
        } else if let Some(joined) = &self.joined {
            // A seam may come that is elsewhere than that of the form.
            let (_, open) = joined.find(text);
            search.kept = search.kept.min(open);
            search.decided = search.decided.min(open);
        }
        if let Some(bare) = &self.bare {
            search.across(&Joined::bare(text), bare, true, |from| from, |end| end);
        }
        cells::find(text, is_line, &self.matcher, &mut search);
        dumps::find(text, is_line, &self.digits, &mut search);
        // What is found but can't be told yet is to be found once more: from where it begins.
        for one in &search.found {
            if one.start >= search.decided {
                search.kept = search.kept.min(one.begin);
            }
        }
        if search.found.len() > before {
            search
                .found
                .sort_by_key(|one| (one.start, std::cmp::Reverse(one.end)));
        }
        search
    }

    /// Where the beginning of a form stands before an ellipsis: somebody cut it there.
    pub(super) fn cut(&self, text: &[u8]) -> Vec<Found> {
        self.matcher.cut(text)
    }
}

impl Search {
    /// Looks in a text without its seams, to which more may come where it is open.
    ///
    /// `kept` says from where on a beginning is kept that stands somewhere in the whole text, and
    /// `end` where what is hidden ends.
    pub(super) fn across(
        &mut self,
        text: &Joined,
        matcher: &Matcher,
        is_open: bool,
        kept: impl Fn(usize) -> usize,
        end: impl Fn(usize) -> usize,
    ) {
        let (found, open) = matcher.find(text.bytes());
        for one in found {
            if text.has_seam(one.start..one.end) {
                self.found.push(Found {
                    begin: kept(text.start(one.start)),
                    start: text.shown(one.start..one.end),
                    end: end(text.end(one.end)),
                    secret: one.secret,
                });
            }
        }
        let length = text.bytes().len();
        let open = text.near(open);
        if is_open && open < length {
            self.kept = self.kept.min(kept(text.start(open)));
            self.decided = self.decided.min(text.shown(open..length));
        }
    }
}
