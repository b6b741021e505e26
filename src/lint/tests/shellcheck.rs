//! What `ShellCheck` prints, in the places of the page; it need not be installed for this.

use std::sync::Arc;

use crate::document::Document;
use crate::lint::shellcheck::{arguments, read, scripts};
use crate::source::Source;

const PAGE: &str = "# A\n> ```bash {#a}\n> cd é\n> cat $1 ${{ x }}\n> ```\n\n```sh {#b errexit=off allow=SC2002}\ncat a | b $c\n```\n```zsh {#c}\necho $x\n```\n";

#[test]
fn cells_of_bash_and_sh_become_scripts_of_the_same_length() {
    let (document, _) = Document::parse(Arc::new(Source::new("page.md", PAGE)));
    let scripts = scripts(&document);
    let texts: Vec<_> = scripts
        .iter()
        .map(|script| (script.name.as_str(), script.text.as_str()))
        .collect();
    assert_eq!(
        texts,
        [
            ("0.bash", "#!/bin/bash -e\ncd é\ncat $1 xxxxxxxx\n"),
            ("1.sh", "#!/bin/sh\ncat a | b $c\n"),
        ]
    );
    assert_eq!(arguments(&scripts)[2..], ["0.bash", "1.sh"]);
}

#[test]
fn comments_of_shellcheck_stand_in_the_page() {
    let (document, _) = Document::parse(Arc::new(Source::new("page.md", PAGE)));
    let scripts = scripts(&document);
    let comment = |file: &str, (line, column, end): (u32, u32, u32), code: u32, fix: &str| {
        format!(
            r#"{{"file":"{file}","line":{line},"endLine":{line},"column":{column},"endColumn":{end},"level":"info","code":{code},"message":"Double quote it.","fix":{fix}}}"#
        )
    };
    let quote = |column: u32, place: &str| {
        format!(
            r#"{{"line":3,"endLine":3,"column":{column},"endColumn":{column},"insertionPoint":"{place}","precedence":7,"replacement":"\""}}"#
        )
    };
    let fix = format!(
        r#"{{"replacements":[{},{}]}}"#,
        quote(5, "afterEnd"),
        quote(7, "beforeStart")
    );
    let printed = format!(
        r#"{{"comments":[{},{},{},{},{}]}}"#,
        comment("0.bash", (3, 5, 7), 2086, &fix),
        // Of the stand-in for a value nothing constant can be said.
        comment("0.bash", (3, 8, 16), 2050, "null"),
        // Allowed there.
        comment("1.sh", (2, 5, 6), 2002, "null"),
        // What does not fit is left out.
        comment("0.bash", (1, 1, 2), 1, "null"),
        comment("9.sh", (1, 1, 2), 1, "null"),
    );
    let found = read(&document, &scripts, printed.as_bytes()).unwrap();
    let found: Vec<_> = found.iter().collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].code(), "SC2086");
    assert_eq!(found[0].message, "double quote it");
    assert_eq!(document.source.slice(found[0].span()), "$1");
    let (span, text) = found[0].suggestion.as_ref().unwrap();
    assert_eq!(
        (document.source.slice(*span), text.as_str()),
        ("$1", "\"$1\"")
    );
    assert!(read(&document, &scripts, b"shellcheck: no").is_err());
}
