//! The order of pages where no SUMMARY.md says it: folders and files by their names.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mdbook_summary::{Link, SectionNumber, Summary, SummaryItem};

use super::names;
use crate::document::Document;
use crate::source::Source;

/// Folders that hold what others wrote or what was generated; hidden ones besides.
pub(super) const SKIPPED: [&str; 2] = ["target", "node_modules"];
/// A larger page is no page that people write, and mdBook takes it into memory several times.
const LARGEST: u64 = 8 * 1024 * 1024;

/// The pages of a folder as a summary, and what was left out with the reason.
pub(super) fn of_folder(source: &Path, output: &Path) -> (Summary, Vec<String>) {
    let mut left_out = Vec::new();
    let mut summary = Summary::default();
    let mut number = 0;
    summary.numbered_chapters = items(source, source, output, &[], &mut number, &mut left_out);
    let mut titles = Vec::new();
    each(&mut summary.numbered_chapters, &mut |link| {
        titles.push(link.name.clone());
    });
    let repeated = names::repeated(titles.iter().map(String::as_str));
    each(&mut summary.numbered_chapters, &mut |link| {
        if let Some(place) = &link.location
            && repeated.contains(link.name.as_str())
        {
            link.name = names::told_apart(&link.name, place);
        }
    });
    (summary, left_out)
}

/// All pages of a summary.
fn each(items: &mut [SummaryItem], with: &mut impl FnMut(&mut Link)) {
    for item in items {
        if let SummaryItem::Link(link) = item {
            if link.location.is_some() {
                with(link);
            }
            each(&mut link.nested_items, with);
        }
    }
}

fn items(
    root: &Path,
    folder: &Path,
    output: &Path,
    above: &[u32],
    number: &mut u32,
    left_out: &mut Vec<String>,
) -> Vec<SummaryItem> {
    let mut names: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    // A folder's own page comes first.
    names.sort_by_key(|path| {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        (!is_head(path), name)
    });
    let mut found = Vec::new();
    for path in names {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.starts_with('.') || path == output {
            continue;
        }
        // Links to folders are not followed, so that a loop of them ends.
        if path.is_dir() && !path.is_symlink() {
            if SKIPPED.contains(&name.as_str()) {
                continue;
            }
            *number += 1;
            let own = [above, &[*number]].concat();
            let mut inner = 0;
            let nested = items(root, &path, output, &own, &mut inner, left_out);
            if nested.is_empty() {
                *number -= 1;
                continue;
            }
            found.push(section(&name, nested, &own));
        } else if path.is_file() && is_page(&path) {
            if name == "SUMMARY.md" {
                continue;
            }
            if let Some(reason) = no_place(root, &path) {
                let shown = path.strip_prefix(root).unwrap_or(&path);
                left_out.push(format!("`{}` is left out: {reason}", shown.display()));
                continue;
            }
            match title(&path) {
                Ok(title) => {
                    let Ok(location) = path.strip_prefix(root) else {
                        continue;
                    };
                    *number += 1;
                    let mut link = Link::new(title, location);
                    link.number = Some(SectionNumber::new([above, &[*number]].concat()));
                    found.push(SummaryItem::Link(link));
                }
                Err(reason) => {
                    let shown = path.strip_prefix(root).unwrap_or(&path);
                    left_out.push(format!("`{}` is left out: {reason}", shown.display()));
                }
            }
        }
    }
    found
}

/// Why a page has no place in the site, if it has none.
fn no_place(root: &Path, path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_str()?;
    if name.eq_ignore_ascii_case("readme.md") && path.with_file_name("index.md").is_file() {
        return Some("`index.md` beside it is the page of its folder");
    }
    (name == "print.md" && path.parent() == Some(root))
        .then_some("mdBook keeps that name for itself")
}

/// A folder: its own page with the others below it, or a name without a page.
fn section(name: &str, mut nested: Vec<SummaryItem>, own: &[u32]) -> SummaryItem {
    let head = match nested.first() {
        Some(SummaryItem::Link(link))
            if link.location.as_deref().is_some_and(is_head) && link.nested_items.is_empty() =>
        {
            Some(link.clone())
        }
        _ => None,
    };
    let mut link = if let Some(head) = head {
        nested.remove(0);
        head
    } else {
        let mut link = Link::new(name.replace(['-', '_'], " "), "");
        link.location = None;
        link
    };
    link.number = Some(SectionNumber::new(own.to_vec()));
    link.nested_items = nested;
    SummaryItem::Link(link)
}

fn is_head(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| {
            name.eq_ignore_ascii_case("readme.md") || name.eq_ignore_ascii_case("index.md")
        })
}

pub(super) fn is_page(path: &Path) -> bool {
    path.extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| ending.eq_ignore_ascii_case("md"))
}

/// The title of a page, or why it can't be one.
fn title(path: &Path) -> Result<String, String> {
    let facts = fs::metadata(path).map_err(|error| error.to_string())?;
    if facts.len() > LARGEST {
        return Err("it is larger than 8 MiB".to_owned());
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let name = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let source = Source::new(name, head(&text));
    let (document, _) = Document::parse(Arc::new(source));
    let title = document.title().trim();
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(super::html::short(&title, 80))
}

/// The beginning of a page, where its title is.
fn head(text: &str) -> &str {
    let end = text.floor_char_boundary(4096.min(text.len()));
    let cut = text[..end].rfind('\n').map_or(end, |at| at + 1);
    if end == text.len() {
        text
    } else {
        &text[..cut]
    }
}
