//! Lints that are turned off where they stand, and names of lints that there are not.

use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Document, Section};
use crate::name::nearest;
use crate::source::{Span, Spanned};

const UNKNOWN_LINT: Code = Code("RB0615");

/// The lints that can be turned off, by name and code.
const LINTS: [(&str, &str); 14] = [
    ("placeholder", "RB0601"),
    ("prose-condition", "RB0602"),
    ("destructive", "RB0603"),
    ("history-expansion", "RB0604"),
    ("credential", "RB0605"),
    ("secret-argument", "RB0606"),
    ("inline-command", "RB0607"),
    ("piped-script", "RB0608"),
    ("read-twice", "RB0609"),
    ("unquoted-input", "RB0611"),
    ("traced-secret", "RB0612"),
    ("placeholder-redirection", "RB0613"),
    ("unguarded", "RB0614"),
    ("goes-on", "RB0617"),
];

/// Whether a fence or a section around it allows what was found.
pub(super) fn is_allowed(document: &Document, diagnostic: &Diagnostic) -> bool {
    let code = diagnostic.code();
    let names = |allow: &[Spanned<String>]| {
        allow.iter().any(|allowed| {
            let name = allowed.value.as_str();
            name == code || LINTS.contains(&(name, code)) || (name == "shellcheck" && is_tool(code))
        })
    };
    let at = diagnostic.span().start;
    let cell = document
        .cells
        .iter()
        .find(|cell| cell.span.start <= at && at < cell.span.end);
    let Some(cell) = cell else {
        return false;
    };
    names(&cell.attributes.allow)
        || sections(document, cell.section).any(|section| names(&section.attributes.allow))
}

/// A section and those around it, from the inside.
pub(super) fn sections(
    document: &Document,
    section: Option<usize>,
) -> impl Iterator<Item = &Section> {
    let at = |index: usize| document.sections.get(index);
    std::iter::successors(section.and_then(at), move |here| here.parent.and_then(at))
        // A parent stands before its sections; the count guards against a circle.
        .take(document.sections.len())
}

/// Warns of each name that is no lint's.
pub(super) fn lint(document: &Document) -> Vec<Diagnostic> {
    let cells = document.cells.iter().map(|cell| &cell.attributes);
    let sections = document.sections.iter().map(|section| &section.attributes);
    cells
        .chain(sections)
        .flat_map(|attributes| &attributes.allow)
        .filter(|allowed| !is_known(&allowed.value))
        .map(|allowed| unknown(&allowed.value, allowed.span))
        .collect()
}

fn is_known(name: &str) -> bool {
    name == "shellcheck"
        || is_tool(name)
        || LINTS
            .iter()
            .any(|(lint, code)| *lint == name || *code == name)
}

/// Whether a code is one of `ShellCheck`'s.
fn is_tool(code: &str) -> bool {
    code.strip_prefix("SC")
        .is_some_and(|number| number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()))
}

fn unknown(name: &str, span: Span) -> Diagnostic {
    let found = Diagnostic::warning(UNKNOWN_LINT, span, format!("there is no lint `{name}`"));
    match nearest(name, LINTS.iter().map(|(lint, _)| *lint)) {
        Some(near) => found
            .help(format!("did you mean `{near}`?"))
            .suggest(span, near),
        None => found.help(format!(
            "the lints are {}, and ShellCheck's codes",
            LINTS.map(|(lint, _)| lint).join(", ")
        )),
    }
}
