//! A text without its seams: what stands between the characters of a secret and is not seen as
//! part of it.
//!
//! Programs break long lines (`fold`, `base64`, YAML), and put colours into them (`grep --color`).
//! A terminal shows the parts of a secret beside each other or below each other; a search for the
//! whole would find none of them.

use std::collections::BTreeMap;
use std::ops::Range;

use super::forms::SHORTEST;

/// Of a secret whose first line has fewer bytes, these are shown: nearly every line ends as some
/// secret begins, and lines should not wait for the next one.
const TELLING: usize = 3;
/// So much of each seam costs nothing: colours, and the indentation of a line.
const SHORT: usize = 256;
/// What the longer seams inside of a part may have more, together: a link's address, a title. It
/// bounds what is held of a stream.
const LONGEST: usize = 64 * 1024;
/// A text without seams, and where its bytes come from.
#[derive(Default)]
pub(super) struct Joined {
    text: Vec<u8>,
    joints: Vec<Joint>,
    /// Whether it is without blanks and marks, too, wherever they stand.
    bare: bool,
}

/// Where a seam was.
struct Joint {
    /// The place in the joined text of what comes after it.
    at: usize,
    /// The same in the whole text.
    from: usize,
    /// Whether a line ends there.
    line: bool,
    /// What this seam and all before it have more than is short.
    excess: usize,
}

/// What part of a seam does to what stands before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Nothing.
    Unseen,
    /// It ends a line.
    Line,
}

/// All forms without their seams, if any has one.
pub(super) fn forms(forms: &BTreeMap<Vec<u8>, usize>) -> Option<BTreeMap<Vec<u8>, usize>> {
    let mut joined = BTreeMap::new();
    let mut differ = false;
    for (form, secret) in forms {
        let text = Joined::of(form).map(|form| form.text);
        differ |= text.is_some();
        let text = text.unwrap_or_else(|| form.clone());
        if text.len() >= SHORTEST {
            joined.entry(text).or_insert(*secret);
        }
    }
    differ.then_some(joined)
}

/// The forms that have blanks and marks, at which lines may be broken, without these.
pub(super) fn bare(forms: &BTreeMap<Vec<u8>, usize>) -> Option<BTreeMap<Vec<u8>, usize>> {
    let bare: BTreeMap<Vec<u8>, usize> = forms
        .iter()
        .filter(|(form, _)| form.iter().any(|byte| is_mark(*byte)))
        .filter(|(form, _)| !has_escapes(form))
        .filter_map(|(form, secret)| {
            let bare = Joined::bare(form).text;
            (bare.len() >= SHORTEST && !forms.contains_key(&bare)).then_some((bare, *secret))
        })
        .collect();
    (!bare.is_empty()).then_some(bare)
}

/// Whether a form has characters that are written otherwise: what these begin with is no mark.
fn has_escapes(form: &[u8]) -> bool {
    form.windows(4).any(|four| match four {
        [b'\\', b'x' | b'u' | b'U' | b'0'..=b'7', rest @ ..] => {
            rest.iter().all(u8::is_ascii_hexdigit)
        }
        [b'&', b'#', ..] | b"'\\''" => true,
        _ => false,
    })
}

/// Whether it may stand at the end of a line that goes on, or before what it goes on with.
const fn is_mark(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\\' | b'>' | b'|' | b'#')
}

impl Joined {
    /// The text without its seams; `None` where it has none.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let mut joined = Self::default();
        joined.read(text);
        (!joined.joints.is_empty()).then_some(joined)
    }

    /// The same without its blanks and marks; for a secret that has some, as nobody can tell
    /// them from those of the lines.
    pub(super) fn bare(text: &[u8]) -> Self {
        let mut bare = Self {
            bare: true,
            ..Self::default()
        };
        bare.read(text);
        bare
    }

    fn read(&mut self, text: &[u8]) {
        let mut from = 0;
        let mut at = 0;
        while let Some(next) = begins(&text[at..]) {
            let start = at + next;
            let Some((end, line)) = self.seam(text, from, start) else {
                at = start + 1;
                continue;
            };
            self.pass(end, line);
            from = end;
            at = end;
        }
        // Blanks before the end of a line are no part of it; its end may still come.
        let blank = matches!(text.last(), Some(b' ' | b'\t' | b'\\'));
        if self.joints.is_empty() && !blank && !self.bare {
            return;
        }
        self.take(text, from..text.len());
        if blank {
            self.unblank();
            self.pass(text.len(), false);
        }
    }

    /// Reads a seam at `start`, and takes what stands between the last one and it; `None` where
    /// there is none.
    fn seam(&mut self, text: &[u8], from: usize, start: usize) -> Option<(usize, bool)> {
        let (mut end, mut part) = part(text, start)?;
        self.text.reserve(text.len() - self.text.len());
        self.take(text, from..start);
        let mut line = false;
        loop {
            if part == Part::Line {
                line = true;
                self.unblank();
                end = indented(text, end);
            }
            match self::part(text, end) {
                Some(next) => (end, part) = next,
                None => break,
            }
        }
        Some((end, line))
    }

    /// Takes what stands between two seams.
    fn take(&mut self, text: &[u8], part: Range<usize>) {
        let mut from = part.start;
        while self.bare
            && let Some(mark) = text[from..part.end].iter().position(|byte| is_mark(*byte))
        {
            self.text.extend_from_slice(&text[from..from + mark]);
            from += mark + 1;
            self.pass(from, false);
        }
        self.text.extend_from_slice(&text[from..part.end]);
    }

    /// Drops blanks at the end, and the backslash with which shells and YAML go on.
    fn unblank(&mut self) {
        let least = self.least();
        let ends = |byte: &u8| !matches!(byte, b' ' | b'\t' | b'\\');
        let last = self.text[least..].iter().rposition(ends);
        self.text
            .truncate(last.map_or(least, |last| least + last + 1));
    }

    /// What stands before the last seam stays.
    fn least(&self) -> usize {
        self.joints.last().map_or(0, |joint| joint.at)
    }

    /// Adds a byte that ends at `end` in the whole text.
    pub(super) fn push(&mut self, byte: u8, end: usize) {
        if self.text.is_empty() && self.joints.is_empty() {
            self.pass(end - 1, false);
        }
        self.text.push(byte);
    }

    /// Passes over what ends at `end` in the whole text, and may be the end of a line.
    pub(super) fn pass(&mut self, end: usize, mut line: bool) {
        let at = self.text.len();
        match self.joints.last() {
            Some(last) if last.at == at => {
                line |= last.line;
                self.joints.pop();
            }
            _ => {}
        }
        let before = self.joints.last().map_or(0, |joint| joint.excess);
        let length = end - self.end(at);
        self.joints.push(Joint {
            at,
            from: end,
            line,
            excess: before + length.saturating_sub(SHORT),
        });
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.text
    }

    /// Whether seams were inside of a part (blanks and marks alone are none), not too long ones.
    pub(super) fn has_seam(&self, part: Range<usize>) -> bool {
        let next = self.after(part.start);
        let inside = &self.joints[next..self.after(part.end - 1)];
        let is_near = |last: &Joint| last.excess - self.excess(next) <= LONGEST;
        inside.last().is_some_and(is_near) && (!self.bare || inside.iter().any(|joint| joint.line))
    }

    /// The first place from `at` on behind which no seams are too long.
    pub(super) fn near(&self, at: usize) -> usize {
        let next = self.after(at);
        let all = self.excess(self.joints.len());
        if all - self.excess(next) <= LONGEST {
            return at;
        }
        let too_long = |joint: &Joint| all - joint.excess > LONGEST;
        let near = next + self.joints[next..].partition_point(too_long);
        self.joints.get(near).map_or(at, |joint| joint.at)
    }

    /// What the first joints have more than is short.
    fn excess(&self, joints: usize) -> usize {
        let last = joints.checked_sub(1).map(|last| &self.joints[last]);
        last.map_or(0, |joint| joint.excess)
    }

    /// Where a byte stands in the whole text.
    pub(super) fn start(&self, at: usize) -> usize {
        match self.after(at).checked_sub(1) {
            None => at,
            Some(last) => self.joints[last].from + (at - self.joints[last].at),
        }
    }

    /// Where a part ends in the whole text, given where it ends in this.
    pub(super) fn end(&self, end: usize) -> usize {
        end.checked_sub(1).map_or(0, |last| self.start(last) + 1)
    }

    /// From where on a part is hidden: a first line of too few bytes is not.
    pub(super) fn shown(&self, part: Range<usize>) -> usize {
        self.joints[self.after(part.start)..]
            .iter()
            .take_while(|joint| joint.at <= part.end && joint.at - part.start < TELLING)
            .filter(|joint| joint.line)
            .last()
            .map_or_else(|| self.start(part.start), |joint| joint.from)
    }

    /// The first joint that stands after a byte.
    fn after(&self, at: usize) -> usize {
        self.joints.partition_point(|joint| joint.at <= at)
    }
}

/// Whether a part of a seam may begin with a byte.
const fn may_begin(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t')
        || matches!(byte, 0x7F | 0xC2 | 0xCD | 0xD8 | 0xE1 | 0xE2 | 0xEF | 0xF3)
}

/// Where the first seam may begin.
fn begins(text: &[u8]) -> Option<usize> {
    /// So many bytes are looked at by one instruction.
    const WIDTH: usize = 16;
    let is_none = |bytes: &&[u8]| {
        bytes
            .iter()
            .fold(0, |any, byte| any | u8::from(may_begin(*byte)))
            == 0
    };
    let without = text.chunks_exact(WIDTH).take_while(is_none).count() * WIDTH;
    let next = text[without..].iter().position(|byte| may_begin(*byte))?;
    Some(without + next)
}

/// Reads one part of a seam: where it ends and what it does. One that the text ends in counts.
fn part(text: &[u8], at: usize) -> Option<(usize, Part)> {
    let rest = text.get(at..)?;
    let (length, part) = match rest {
        [b'\n' | b'\r', ..] => (1, Part::Line),
        [0x1B, ..] => (escape(rest), Part::Unseen),
        // The introducers of C1, of a control sequence and of strings, then the other controls of
        // C1; a soft hyphen.
        [0xC2, 0x9B, parameters @ ..] => (2 + control(parameters), Part::Unseen),
        [0xC2, 0x90 | 0x98 | 0x9D..=0x9F, text @ ..] => (2 + string(text), Part::Unseen),
        [0xC2, 0x80..=0x9F | 0xAD, ..] => (2, Part::Unseen),
        // Line and paragraph separators, then what has no width or turns the direction.
        [0xE2, 0x80, 0xA8 | 0xA9, ..] => (3, Part::Line),
        [0xE2, 0x80, 0x8B..=0x8F | 0xAA..=0xAE, ..]
        | [0xE2, 0x81, 0xA0..=0xAF, ..]
        // Variation selectors, a byte order mark, marks of annotations; Mongolian vowel separators.
        | [0xEF, 0xB8, 0x80..=0x8F, ..]
        | [0xEF, 0xBB, 0xBF, ..]
        | [0xEF, 0xBF, 0xB9..=0xBB, ..]
        | [0xE1, 0xA0, 0x8B..=0x8F, ..] => (3, Part::Unseen),
        // A joiner of graphemes, the Arabic letter mark; tags and further variation selectors.
        [0xCD, 0x8F, ..] | [0xD8, 0x9C, ..] => (2, Part::Unseen),
        [0xF3, 0xA0, 0x80..=0x87, 0x80..=0xBF, ..] => (4, Part::Unseen),
        // The text ends inside of one.
        [0xC2 | 0xCD | 0xD8 | 0xE1 | 0xE2 | 0xEF | 0xF3]
        | [0xE2, 0x80 | 0x81]
        | [0xEF, 0xB8 | 0xBB | 0xBF]
        | [0xE1 | 0xF3, 0xA0]
        | [0xF3, 0xA0, 0x80..=0x87] => (rest.len(), Part::Unseen),
        [byte, ..] if byte.is_ascii() && may_begin(*byte) => (1, Part::Unseen),
        _ => return None,
    };
    Some((at + length, part))
}

/// The length of an escape sequence (ECMA-48 section 5.4, and the strings of section 8.3), as
/// `view::sanitize` drops it.
fn escape(text: &[u8]) -> usize {
    match text.get(1) {
        None => 1,
        Some(b'[') => 2 + control(&text[2..]),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => 2 + string(&text[2..]),
        Some(_) => {
            let rest = &text[1..text.len().min(LONGEST)];
            let between = rest.iter().take_while(|byte| matches!(byte, b' '..=b'/'));
            let between = between.count();
            let ends = matches!(rest.get(between), Some(b'0'..=b'~'));
            1 + between + usize::from(ends)
        }
    }
}

/// The length of a control string and its end. The end of a line ends it, too, as it does where
/// lines are shown one by one; another escape sequence begins behind it.
fn string(text: &[u8]) -> usize {
    let text = &text[..text.len().min(LONGEST)];
    let ends = |byte: &u8| matches!(byte, 0x07 | 0x18 | 0x1A | 0x1B | b'\n' | 0xC2);
    let mut at = 0;
    while let Some(next) = text[at..].iter().position(ends) {
        at += next;
        match &text[at..] {
            [0x07 | 0x18 | 0x1A, ..] | [0x1B] => return at + 1,
            [0x1B, b'\\', ..] | [0xC2, 0x9C, ..] => return at + 2,
            [0x1B | b'\n', ..] => return at,
            _ => at += 1,
        }
    }
    text.len()
}

/// The length of a control sequence's parameters and its final byte.
fn control(text: &[u8]) -> usize {
    let text = &text[..text.len().min(LONGEST)];
    let parameters = text.iter().take_while(|byte| matches!(byte, b' '..=b'?'));
    let parameters = parameters.count();
    parameters + usize::from(matches!(text.get(parameters), Some(b'@'..=b'~')))
}

/// Goes on over the indentation of a line, and the marks of a quotation or a block.
fn indented(text: &[u8], mut at: usize) -> usize {
    loop {
        match text.get(at..).unwrap_or_default() {
            [b' ' | b'\t' | b'>' | b'|' | b'#', ..] => at += 1,
            _ => return at,
        }
    }
}
