//! A command that only stands in running text is read and typed, and no run knows of it.

use std::ops::Range;

use aho_corasick::AhoCorasick;

use super::Shell;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{CellKind, Document};

const INLINE_COMMAND: Code = Code("RB0607");

/// Programs that real runbooks call and that begin no English phrase.
const PROGRAMS: &[&str] = &[
    "ansible",
    "ansible-playbook",
    "apt",
    "apt-get",
    "argocd",
    "aws",
    "az",
    "curl",
    "docker",
    "docker-compose",
    "dig",
    "eksctl",
    "etcdctl",
    "flux",
    "gcloud",
    "gh",
    "git",
    "gsutil",
    "helm",
    "istioctl",
    "journalctl",
    "jq",
    "kubeadm",
    "kubectl",
    "kustomize",
    "npm",
    "nslookup",
    "oc",
    "openssl",
    "pg_dump",
    "pip",
    "psql",
    "redis-cli",
    "rm",
    "rsync",
    "scp",
    "ssh",
    "sudo",
    "systemctl",
    "terraform",
    "tofu",
    "vault",
    "velero",
    "wget",
    "yum",
];

/// So many codes are looked for one by one: to make a search for all of them costs more.
const FEW: usize = 32;

/// Notes each command in the prose of a plain document that no cell holds.
pub(super) fn lint<'s, 'd: 's>(
    document: &Document,
    shells: impl Iterator<Item = &'s Shell<'d>>,
) -> Vec<Diagnostic> {
    if !document.plain {
        return Vec::new();
    }
    let mut candidates = Vec::new();
    for cell in &document.cells {
        if !matches!(cell.kind, CellKind::Manual | CellKind::Branch) {
            continue;
        }
        for range in code_spans(&cell.body.text) {
            let code = cell.body.text[range.clone()].trim();
            // Most are one word, a name; a command has an argument.
            if !code.contains(char::is_whitespace) {
                continue;
            }
            let mut squeezed = String::new();
            squeeze(code, &mut squeezed);
            let code = squeezed;
            if is_command(&code) {
                candidates.push((cell.body.span(range), code));
            }
        }
    }
    candidates.sort();
    candidates.dedup();
    let held = held(shells, candidates.iter().map(|(_, code)| code.as_str()));
    candidates
        .iter()
        .zip(held)
        .filter(|(_, held)| !held)
        .map(|((span, code), _)| {
            Diagnostic::note(
                INLINE_COMMAND,
                *span,
                format!("`{code}` stands in running text and is not a step"),
            )
            .help("put it in a fence of its own to make it one")
        })
        .collect()
}

/// Which of the codes stand in a cell.
fn held<'a, 's, 'd: 's>(
    shells: impl Iterator<Item = &'s Shell<'d>>,
    codes: impl Iterator<Item = &'a str>,
) -> Vec<bool> {
    let codes: Vec<&str> = codes.collect();
    let mut held = vec![false; codes.len()];
    if codes.is_empty() {
        return held;
    }
    // No code has a line end in it, so that none is found across two cells.
    let mut cells = String::new();
    for shell in shells {
        squeeze(&shell.text.text, &mut cells);
        cells.push('\n');
    }
    if codes.len() <= FEW {
        for (code, held) in codes.iter().zip(&mut held) {
            *held = memchr::memmem::find(cells.as_bytes(), code.as_bytes()).is_some();
        }
        return held;
    }
    // A set of codes too large for the search is a page that nobody reads: all are noted.
    let Ok(search) = AhoCorasick::new(&codes) else {
        return held;
    };
    for found in search.find_overlapping_iter(&cells) {
        held[found.pattern().as_usize()] = true;
    }
    held
}

/// Appends a text with one blank for each run of blanks and line ends.
fn squeeze(text: &str, into: &mut String) {
    into.reserve(text.len());
    for (index, word) in text.split_whitespace().enumerate() {
        if index > 0 {
            into.push(' ');
        }
        into.push_str(word);
    }
}

/// Whether a code span is a command with at least one argument.
fn is_command(code: &str) -> bool {
    let mut words = code
        .split(' ')
        .filter(|word| !super::commands::is_assignment(word));
    let mut first = words.next().unwrap_or_default();
    if first == "env" {
        // `env -u NAME … program`
        return words.any(|word| PROGRAMS.contains(&word));
    }
    if first == "$" {
        first = words.next().unwrap_or_default();
    }
    PROGRAMS.contains(&first) && words.next().is_some()
}

/// The insides of code spans: runs of backquotes of one length (`CommonMark` 6.1). Runs of three
/// and more are fences: what stands in those is no running text.
fn code_spans(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let run = |at: usize| bytes[at..].iter().take_while(|byte| **byte == b'`').count();
    let mut spans = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    let mut at = 0;
    while let Some(next) = memchr::memchr(b'`', &bytes[at..]) {
        at += next;
        let length = run(at);
        match open {
            Some((start, opening)) if opening == length => {
                if length < 3 {
                    spans.push(start..at);
                }
                open = None;
            }
            Some(_) => {}
            None => open = Some((at + length, length)),
        }
        at += length;
    }
    spans
}
