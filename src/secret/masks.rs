//! Finds masks: what was put in the place of a secret.

/// No name of a secret is longer.
const LONGEST: usize = 128;
/// The kinds of one word; all others have a hyphen, which no quoted word is likely to have.
const KINDS: [&str; 3] = ["jwt", "password", "sensitive"];

/// The masks in a text, as in `«secret:db-pw»` and `«github-token»`.
///
/// ```
/// let found = runbook::secret::masks("--token «secret:pw» «jwt» «mot»");
/// assert_eq!(found, ["«secret:pw»", "«jwt»"]);
/// ```
#[must_use]
pub fn masks(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('«') {
        rest = &rest[start..];
        let inner = &rest['«'.len_utf8()..];
        let end = inner.find(['»', '\n', '«']);
        if let Some(end) = end
            && end <= LONGEST
            && inner[end..].starts_with('»')
            && is_mask(&inner[..end])
        {
            found.push(format!("«{}»", &inner[..end]));
        }
        rest = inner;
    }
    found
}

fn is_mask(inner: &str) -> bool {
    let is_kind = || {
        inner.contains('-')
            && inner
                .split('-')
                .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()))
    };
    inner
        .strip_prefix("secret:")
        .is_some_and(|name| !name.is_empty())
        || KINDS.contains(&inner)
        || is_kind()
}
