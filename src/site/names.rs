//! What pages are called: the paths of their files in the site, their addresses, and their titles where
//! those repeat.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use mdbook_preprocessor::book::Book;

/// Characters that mean something else in an address. mdBook writes the paths of pages into its links
/// as they are, so the files of the site get others in their place.
const ACTING: [char; 7] = ['#', '?', '%', '"', '<', '>', '\\'];

/// Gives each page a path that its links can have, and has the pages' own links follow.
pub(super) fn settle(book: &mut Book) {
    let mut taken: BTreeSet<PathBuf> = book
        .chapters()
        .filter_map(|chapter| chapter.path.clone())
        .collect();
    let mut renamed: Vec<(String, String)> = Vec::new();
    book.for_each_chapter_mut(|chapter| {
        let Some(path) = chapter.path.as_mut() else {
            return;
        };
        let text = path.to_string_lossy();
        if !text.contains(ACTING) {
            return;
        }
        let mut new = settled(path);
        while taken.contains(&new) {
            let name = new.file_stem().unwrap_or_default().to_string_lossy();
            new = new.with_file_name(format!("{name}-.md"));
        }
        for (before, after) in path.iter().zip(&new) {
            let (before, after) = (before.to_string_lossy(), after.to_string_lossy());
            if before != after {
                renamed.push((encoded(&before), encoded(&after)));
                // A destination in angle brackets has the name as it is.
                renamed.push((format!("(<{before}"), format!("(<{after}")));
            }
        }
        taken.insert(new.clone());
        *path = new;
    });
    if renamed.is_empty() {
        return;
    }
    // The longest first, so that no name is changed as a part of another.
    renamed.sort_by_key(|(before, _)| std::cmp::Reverse(before.len()));
    renamed.dedup();
    book.for_each_chapter_mut(|chapter| {
        for (before, after) in &renamed {
            if chapter.content.contains(before.as_str()) {
                chapter.content = chapter.content.replace(before, after);
            }
        }
    });
}

/// The path that the page of a file has.
pub(super) fn settled(path: &Path) -> PathBuf {
    PathBuf::from(path.to_string_lossy().replace(ACTING, "-"))
}

/// The address of a page in the site.
pub(super) fn address(path: &Path) -> String {
    let parts: Vec<_> = path
        .with_extension("html")
        .iter()
        .map(|part| encoded(&part.to_string_lossy()))
        .collect();
    parts.join("/")
}

/// A name as a part of an address (RFC 3986, section 2).
fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The titles that are there more than once.
pub(super) fn repeated<'a>(titles: impl Iterator<Item = &'a str>) -> HashSet<&'a str> {
    let mut seen = HashSet::new();
    titles.filter(|title| !seen.insert(*title)).collect()
}

/// A title that others have too.
pub(super) fn told_apart(title: &str, path: &Path) -> String {
    format!("{title} ({})", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_nothing_that_acts_in_one() {
        assert_eq!(address(Path::new("ops/a b.md")), "ops/a%20b.html");
        assert_eq!(
            settled(Path::new("ops/a #1?.md")),
            Path::new("ops/a -1-.md")
        );
        assert_eq!(encoded("ü#"), "%C3%BC%23");
    }

    #[test]
    fn titles_that_repeat_are_found() {
        let found = repeated(["a", "b", "a"].into_iter());
        assert_eq!(found, HashSet::from(["a"]));
        assert_eq!(told_apart("A", Path::new("ops/a.md")), "A (ops/a.md)");
    }
}
