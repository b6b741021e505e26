//! Text of which the end may not have come yet.

/// A decision needs bytes that have not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct More;

/// A set of bytes.
pub(super) type Class = fn(u8) -> bool;

/// The text at hand, what stood before it, and whether more will come.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub(super) before: &'a [u8],
    pub(super) text: &'a [u8],
    pub(super) last: bool,
}

impl<'a> View<'a> {
    /// The byte at a position; `None` behind the end of a text that has ended.
    pub(super) fn at(&self, position: usize) -> Result<Option<u8>, More> {
        match self.text.get(position) {
            None if !self.last => Err(More),
            byte => Ok(byte.copied()),
        }
    }

    /// The byte that stands `count` (from 1) before a position.
    pub(super) fn back(&self, position: usize, count: usize) -> Option<u8> {
        match position.checked_sub(count) {
            Some(at) => self.text.get(at).copied(),
            None => self
                .before
                .len()
                .checked_sub(count - position)
                .and_then(|at| self.before.get(at).copied()),
        }
    }

    /// Whether the byte before a position is in a class, so that what stands there goes on. A
    /// letter that ends an escape (`\n` in JSON, `ESC [ 1 m` in a terminal's colours) is not.
    pub(super) fn goes_on(&self, position: usize, class: Class) -> bool {
        self.back(position, 1).is_some_and(class) && self.escape_before(position).is_none()
    }

    /// How long the escape is that ends before a position, if one does.
    fn escape_before(&self, position: usize) -> Option<usize> {
        let last = self.back(position, 1)?;
        // RFC 8259 section 7, and what C, shells and YAML have beyond it.
        if self.back(position, 2) == Some(b'\\') && b"abefnrtv0".contains(&last) {
            return Some(2);
        }
        // `\u000a`, `\x1b`, `\033`, `%0A`.
        for (digits, mark) in [(4, b'u'), (2, b'x')] {
            let hex = (1..=digits).all(|count| {
                self.back(position, count)
                    .is_some_and(|byte| byte.is_ascii_hexdigit())
            });
            if hex
                && self.back(position, digits + 1) == Some(mark)
                && self.back(position, digits + 2) == Some(b'\\')
            {
                return Some(digits + 2);
            }
        }
        // ECMA-48 section 5.4: a control sequence.
        let parameters = (2..=20)
            .take_while(|count| {
                self.back(position, *count)
                    .is_some_and(|byte| matches!(byte, b'0'..=b'?'))
            })
            .count();
        let begins = self.back(position, parameters + 2) == Some(b'[')
            && self.back(position, parameters + 3) == Some(0x1B);
        (begins && last.is_ascii_alphabetic()).then_some(parameters + 3)
    }

    /// Whether somebody cut the text at a position.
    pub(super) fn is_cut(&self, position: usize) -> Result<bool, More> {
        self.stands(position, "…".as_bytes())
    }

    /// Whether the bytes before a position are in a class, from the nearest back to the first
    /// that is not; gives those bytes in the order of the text, at most 24.
    pub(super) fn word_before(&self, position: usize, class: Class) -> Vec<u8> {
        let mut word: Vec<u8> = (1..=24)
            .map_while(|count| {
                let byte = self.back(position, count)?;
                let from = position.checked_sub(count - 1);
                let escaped = from.is_some_and(|from| self.escape_before(from).is_some());
                (!escaped).then_some(byte)
            })
            .take_while(|byte| class(*byte))
            .collect();
        word.reverse();
        word
    }

    /// Where a run of bytes of a class ends that begins at `from`: at the first other byte, or
    /// after `most` bytes.
    pub(super) fn run(&self, from: usize, class: Class, most: usize) -> Result<usize, More> {
        let limit = from.saturating_add(most);
        let mut end = from;
        while end < limit {
            match self.text.get(end) {
                Some(byte) if class(*byte) => end += 1,
                Some(_) => return Ok(end),
                None if self.last => return Ok(end),
                None => return Err(More),
            }
        }
        Ok(end)
    }

    /// Whether a text stands at a position, as it is written.
    pub(super) fn stands(&self, position: usize, text: &[u8]) -> Result<bool, More> {
        self.compare(position, text, |one, other| one == other)
    }

    /// Whether a text stands at a position, in either case.
    pub(super) fn reads(&self, position: usize, text: &[u8]) -> Result<bool, More> {
        self.compare(position, text, |one, other| {
            one.eq_ignore_ascii_case(&other)
        })
    }

    fn compare(
        &self,
        position: usize,
        text: &[u8],
        same: impl Fn(u8, u8) -> bool,
    ) -> Result<bool, More> {
        for (offset, &wanted) in text.iter().enumerate() {
            match self.text.get(position + offset) {
                Some(byte) if same(*byte, wanted) => {}
                Some(_) => return Ok(false),
                None if self.last => return Ok(false),
                None => return Err(More),
            }
        }
        Ok(true)
    }

    /// The bytes of a range that is known to be there.
    pub(super) fn slice(&self, from: usize, to: usize) -> &'a [u8] {
        self.text.get(from..to).unwrap_or_default()
    }
}

pub(super) fn alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

pub(super) fn digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

pub(super) fn lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

pub(super) fn upper_or_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'A'..=b'Z')
}

/// What a name is made of.
pub(super) fn word(byte: u8) -> bool {
    alphanumeric(byte) || byte == b'_'
}

/// RFC 4648 section 5, without padding.
pub(super) fn url_safe(byte: u8) -> bool {
    alphanumeric(byte) || matches!(byte, b'_' | b'-')
}

/// RFC 4648 section 4, with padding.
pub(super) fn base64(byte: u8) -> bool {
    alphanumeric(byte) || matches!(byte, b'+' | b'/' | b'=')
}

/// The same after percent-encoding.
pub(super) fn base64_in_url(byte: u8) -> bool {
    base64(byte) || byte == b'%'
}

pub(super) fn dotted(byte: u8) -> bool {
    url_safe(byte) || byte == b'.'
}

/// RFC 6750 section 2.1, `b64token`.
pub(super) fn bearer(byte: u8) -> bool {
    dotted(byte) || matches!(byte, b'~' | b'+' | b'/' | b'=')
}

pub(super) fn blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
