//! Pages to begin with: the corpus of odd ones, the project's own, and those of others that lie
//! beside the project on some machines.

use std::fs;
use std::path::{Path, PathBuf};

use crate::soundness;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn read(folders: &[PathBuf]) -> Vec<(PathBuf, String)> {
    let mut paths = Vec::new();
    for folder in folders {
        walk(folder, &mut paths);
    }
    paths.sort();
    paths
        .into_iter()
        .filter(|path| {
            path.extension()
                .is_some_and(|end| end == "md" || end == "yaml")
        })
        .map(|path| {
            let bytes = fs::read(&path).expect("a file of the corpus can be read");
            (path, String::from_utf8_lossy(&bytes).into_owned())
        })
        .collect()
}

/// The pages of the repository, odd ones among them.
pub(crate) fn pages() -> Vec<(PathBuf, String)> {
    let folders = ["tests/fuzz/corpus", "runbooks", "docs"].map(|folder| root().join(folder));
    let mut pages = read(&folders);
    pages.push((
        "README.md".into(),
        fs::read_to_string(root().join("README.md")).expect("there is one"),
    ));
    assert!(pages.len() > 10, "{} pages", pages.len());
    pages
}

#[test]
fn odd_pages_are_read() {
    for (path, text) in pages() {
        eprintln!("{}", path.display());
        soundness::page(&text);
        for text in [
            text.replace('\n', "\r\n"),
            format!("\u{feff}{text}"),
            text.replace('\n', "\r"),
        ] {
            soundness::page(&text);
        }
    }
}

/// `tests/house` draws them by the program; here they are planned too, and cut anywhere.
#[test]
fn pages_of_others_are_read_drawn_and_planned() {
    let shared = ["../shared", "../../shared"]
        .map(|folder| root().join(folder).join("corpus"))
        .into_iter()
        .find(|folder| folder.is_dir());
    let Some(shared) = shared else {
        eprintln!("skipped: ../shared/corpus is not on this machine");
        return;
    };
    let pages = read(&[shared]);
    assert!(pages.len() > 80, "{} pages", pages.len());
    for (number, (path, text)) in pages.into_iter().enumerate() {
        eprintln!("{}", path.display());
        soundness::page(&text);
        let mut cut = text.len() * (number % 7 + 1) / 8;
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        soundness::page(&text[..cut]);
        soundness::page(&text[cut..]);
    }
}
