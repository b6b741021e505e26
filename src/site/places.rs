//! Where pages would go in the site: out of it, or into the place of another.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use mdbook_driver::book::Book;
use mdbook_summary::{Summary, SummaryItem, parse_summary};

use super::Error;

/// Looks for chapters in a SUMMARY.md that are not below the folder of the pages.
///
/// # Errors
/// Where there is one: mdBook would write its page outside the site.
pub(super) fn check(path: &Path) -> Result<(), Error> {
    let Ok(text) = fs::read_to_string(path) else {
        return Ok(());
    };
    // What is wrong with it otherwise mdBook says.
    let Ok(summary) = parse_summary(&text) else {
        return Ok(());
    };
    for chapter in chapters(&summary) {
        let shown = chapter.to_string_lossy();
        let line = text
            .lines()
            .position(|line| line.contains(&*shown))
            .map_or(1, |at| at + 1);
        let reason = if leaves(chapter) {
            format!("the chapter `{shown}` is not below the folder of the pages")
        } else if chapter == Path::new("print.md") {
            "mdBook keeps the name `print.md` for itself".to_owned()
        } else {
            continue;
        };
        return Err(Error::Summary {
            path: path.display().to_string(),
            line,
            reason,
        });
    }
    Ok(())
}

fn chapters(summary: &Summary) -> Vec<&Path> {
    let mut found = Vec::new();
    let parts = [
        &summary.prefix_chapters,
        &summary.numbered_chapters,
        &summary.suffix_chapters,
    ];
    let mut open: Vec<&SummaryItem> = parts.into_iter().flatten().rev().collect();
    while let Some(item) = open.pop() {
        if let SummaryItem::Link(link) = item {
            found.extend(link.location.as_deref());
            open.extend(link.nested_items.iter().rev());
        }
    }
    found
}

/// Whether a path leads out of the folder that it is taken from.
fn leaves(path: &Path) -> bool {
    let mut depth = 0_usize;
    for part in path.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return true,
        }
    }
    false
}

/// Pages of a book that would take each other's place, or that of what mdBook makes, as lines for
/// people.
pub(super) fn shared(book: &Book) -> Vec<String> {
    let mut told = Vec::new();
    let mut taken: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    for chapter in book.chapters() {
        let (Some(source), Some(path)) = (&chapter.source_path, &chapter.path) else {
            continue;
        };
        let place = of(path);
        if place == Path::new("toc.html") {
            told.push(format!(
                "`{}` takes the place of mdBook's own `toc.html`: rename it",
                source.display()
            ));
        }
        match taken.get(&place) {
            Some(other) if *other != source.as_path() => told.push(format!(
                "`{}` and `{}` are both `{}` in the site, which has only one of them: rename one",
                other.display(),
                source.display(),
                place.display()
            )),
            _ => {
                taken.insert(place, source);
            }
        }
    }
    told
}

/// The place of a page in the site: a `README.md` is the page of its folder.
fn of(path: &Path) -> PathBuf {
    let readme = path
        .file_stem()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.eq_ignore_ascii_case("readme"));
    if readme {
        path.with_file_name("index.html")
    } else {
        path.with_extension("html")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leads_out_is_found() {
        for path in ["/etc/passwd", "../a.md", "a/../../b.md"] {
            assert!(leaves(Path::new(path)), "{path}");
        }
        for path in ["a.md", "a/../b.md", "./a.md", "a..b.md"] {
            assert!(!leaves(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn a_readme_is_the_page_of_its_folder() {
        assert_eq!(of(Path::new("a/ReadMe.md")), Path::new("a/index.html"));
        assert_eq!(
            of(Path::new("readme-first.md")),
            Path::new("readme-first.html")
        );
    }
}
