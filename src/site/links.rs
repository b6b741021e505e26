//! Where the links of pages lead: to the page that a README.md becomes, and to what is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use mdbook_driver::book::Book;
use pulldown_cmark::{Event, Tag};

use super::markup::{Edit, Reading};
use super::tags;

/// The chapters that stand in the site under another name than in the folder: from which to which.
pub(super) type Moved = BTreeMap<PathBuf, PathBuf>;

/// Those of a book: mdBook makes `index.md` of each `README.md`, but not of links to it.
pub(super) fn moved(book: &Book) -> Moved {
    book.chapters()
        .filter_map(|chapter| {
            let (from, to) = (chapter.source_path.clone()?, chapter.path.clone()?);
            (from != to && from.parent() == to.parent()).then_some((from, to))
        })
        .collect()
}

/// The edits that make links lead to where chapters have moved; `page` is the path of the page that
/// the text is of.
pub(super) fn follow(text: &str, reading: Reading, page: &Path, moved: &Moved) -> Vec<Edit> {
    let mut edits = Vec::new();
    let named = moved.keys().any(|from| {
        let name = from.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| text.contains(name))
    });
    if !named {
        return edits;
    }
    let mut add = |address: &str, start: usize, own: &str| {
        let target = path_of(address).and_then(|path| inside(page, &path));
        let to = target.as_ref().and_then(|target| moved.get(target));
        let name = |path: &Path| Some(path.file_name()?.to_str()?.to_owned());
        let (Some(from), Some(to)) = (target.as_deref().and_then(name), to.and_then(|to| name(to)))
        else {
            return;
        };
        if let Some(at) = own.rfind(&from) {
            edits.push((start + at..start + at + from.len(), to));
        }
    };
    let parser = reading.parser(text);
    for (_, definition) in parser.reference_definitions().iter() {
        let range = definition.span.clone();
        let own = text.get(range.clone()).unwrap_or_default();
        add(&definition.dest, range.start, own);
    }
    for (event, range) in parser.into_offset_iter() {
        if let Event::Start(Tag::Link { dest_url, .. }) = event {
            let own = text.get(range.clone()).unwrap_or_default();
            // Past the words of the link, which may name the file as well.
            let words = own.rfind("](").map_or(own.len(), |at| at + 2);
            add(&dest_url, range.start + words, &own[words..]);
        }
    }
    edits
}

/// Links and pictures of a book's pages that lead nowhere, each as a line for people; `source` is the
/// folder of the pages, `generated` are the names of what is made besides them.
pub(super) fn dead(book: &Book, source: &Path, reading: Reading) -> Vec<String> {
    let pages: BTreeSet<PathBuf> = book
        .chapters()
        .flat_map(|chapter| [chapter.source_path.clone(), chapter.path.clone()])
        .flatten()
        .collect();
    let mut told = Vec::new();
    for chapter in book.chapters() {
        let Some(page) = &chapter.source_path else {
            continue;
        };
        let text = chapter.content.as_str();
        if !text.contains("](") && !text.contains("]:") {
            continue;
        }
        for (event, range) in reading.parser(text).into_offset_iter() {
            let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event
            else {
                continue;
            };
            let Some(path) = path_of(&dest_url) else {
                continue;
            };
            if let Some(reason) = missing(page, &path, source, &pages) {
                let (line, column) = position(text, range.start);
                told.push(format!(
                    "`{}:{line}:{column}`: the link to `{dest_url}` leads nowhere: {reason}",
                    page.display()
                ));
            }
        }
    }
    told
}

/// Why there is nothing at a path, if there is nothing.
fn missing(
    page: &Path,
    path: &str,
    source: &Path,
    pages: &BTreeSet<PathBuf>,
) -> Option<&'static str> {
    let Some(target) = inside(page, path) else {
        return Some("it leads out of the site");
    };
    let ending = target
        .extension()
        .map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let real = source.join(&target);
    match ending.as_deref() {
        Some("md") if pages.contains(&target) => None,
        Some("md") if real.exists() => Some("it is no page of the site"),
        Some("html")
            if pages.contains(&target.with_extension("md"))
                || target.starts_with("runs")
                || target.parent() == Some(Path::new("")) && is_made(&target) =>
        {
            None
        }
        _ if real.exists() => None,
        _ => Some("there is no such file"),
    }
}

/// Whether a page at the top is made besides the chapters.
fn is_made(page: &Path) -> bool {
    ["index", "runbooks", "all-runbooks", "print", "toc", "404"]
        .iter()
        .any(|name| page.file_stem().is_some_and(|stem| stem == *name))
}

/// The path of an address in the site, without its fragment; nothing where it has none, or is another
/// host's.
fn path_of(address: &str) -> Option<String> {
    let end = address.find(['#', '?']).unwrap_or(address.len());
    let path = &address[..end];
    if path.is_empty() || path.starts_with('/') || !tags::is_own(address) {
        return None;
    }
    Some(decoded(path))
}

/// A path without `%20` and the like.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|code| std::str::from_utf8(code).ok())
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_owned())
}

/// Where a path leads from a page, as a path in the site; nothing where it leads out of it.
fn inside(page: &Path, path: &str) -> Option<PathBuf> {
    let mut out = page.parent().map(Path::to_owned).unwrap_or_default();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => out.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !out.pop() {
                    return None;
                }
            }
            _ => return None,
        }
    }
    Some(out)
}

/// The line and the column of a place, from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = 1 + memchr::memchr_iter(b'\n', before.as_bytes()).count();
    (line, 1 + before[start..].chars().count())
}

#[cfg(test)]
mod tests {
    use mdbook_driver::config::HtmlConfig;

    use super::super::markup::edited;
    use super::*;

    #[test]
    fn a_link_to_a_readme_leads_to_the_page_of_its_folder() {
        let moved = Moved::from([
            (
                PathBuf::from("sub/README.md"),
                PathBuf::from("sub/index.md"),
            ),
            (PathBuf::from("README.md"), PathBuf::from("index.md")),
        ]);
        let text = "[README.md](README.md#a) [x][r] [b](../README.md \"t\") [c](other/README.md)\n\n[r]: ./README.md\n";
        let reading = Reading::of(&HtmlConfig::default());
        assert_eq!(
            edited(text, follow(text, reading, Path::new("sub/a.md"), &moved)),
            "[README.md](index.md#a) [x][r] [b](../index.md \"t\") [c](other/README.md)\n\n[r]: ./index.md\n"
        );
    }

    #[test]
    fn a_path_stays_in_the_site() {
        let page = Path::new("a/b.md");
        assert_eq!(inside(page, "../c.md"), Some(PathBuf::from("c.md")));
        assert_eq!(inside(page, "../../c.md"), None);
        assert_eq!(path_of("a%20b.md?x#y").as_deref(), Some("a b.md"));
        assert_eq!(path_of("https://example.com/a.md"), None);
        assert_eq!(position("a\nbä[", 5), (2, 3));
    }
}
