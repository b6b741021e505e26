//! Real documents: nothing panics, and every byte of a cell is the one it says it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{assert_sound, bodies, said};
use crate::document::{CellKind, Document, Interpolated};
use crate::source::Source;

/// The folder of real documents, if this machine has it.
fn shared() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["../shared", "../../shared"]
        .iter()
        .map(|folder| root.join(folder))
        .find(|folder| folder.join("corpus").is_dir())
}

fn markdown(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            markdown(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

#[test]
fn real_documents_are_read_to_the_byte() {
    let Some(shared) = shared() else {
        eprintln!("skipped: the corpus is not on this machine");
        return;
    };
    let mut paths = Vec::new();
    markdown(&shared.join("corpus"), &mut paths);
    markdown(&shared.join("seed"), &mut paths);
    assert!(paths.len() > 80, "{} documents", paths.len());
    for path in paths {
        let bytes = std::fs::read(&path).expect("a document of the corpus");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for text in [text.replace('\n', "\r\n"), format!("\u{feff}{text}"), text] {
            let (document, diagnostics) =
                Document::parse(Arc::new(Source::new(path.display().to_string(), text)));
            assert_sound(&document, &diagnostics);
            assert!(!document.cells.is_empty(), "{} is silent", path.display());
        }
    }
}

#[test]
fn the_seed_is_a_plain_document_that_asks() {
    let Some(shared) = shared() else {
        eprintln!("skipped: the seed is not on this machine");
        return;
    };
    let text = std::fs::read_to_string(shared.join("seed/apply-status.md")).expect("the seed");
    let (document, diagnostics) = Document::parse(Arc::new(Source::new("apply-status.md", text)));
    assert!(document.plain);
    assert_eq!(said(&document, &diagnostics), [""; 0]);
    let shell: Vec<_> = document
        .cells
        .iter()
        .filter(|cell| matches!(cell.kind, CellKind::Shell(_)))
        .collect();
    let lines: Vec<_> = shell
        .iter()
        .map(|cell| document.source.line(cell.span.start))
        .collect();
    assert_eq!(lines, [53, 112]);
    let inputs: Vec<_> = document
        .front_matter
        .inputs
        .iter()
        .map(|input| input.name.value.as_str())
        .collect();
    assert_eq!(inputs, ["prev_revision"]);
    assert_eq!(
        shell[1].interpolations[0].value,
        Interpolated::Placeholder("prev_revision".to_owned())
    );
    assert_eq!(
        bodies(&document, |kind| *kind == CellKind::Branch),
        [
            "If Helm succeeds",
            "If Helm fails",
            "When Terraform is killed mid-Helm-upgrade"
        ]
    );
    let decides = |cell: &crate::document::Cell| {
        cell.branch
            .map(|branch| document.cells[branch].body.text.clone())
    };
    assert_eq!(decides(shell[0]).as_deref(), Some("If Helm succeeds"));
    assert!(decides(shell[1]).is_some_and(|text| text.starts_with("When Terraform")));
    let manual = bodies(&document, |kind| *kind == CellKind::Manual);
    for step in [
        "**Verify zero drift**: `terraform plan",
        "- Check `helm list",
    ] {
        assert!(manual.iter().any(|text| text.starts_with(step)), "{step}");
    }
}
