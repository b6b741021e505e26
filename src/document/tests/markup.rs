//! Fences in every container, places of their bytes, sections and their comments.

use super::{assert_sound, bodies, clean, complains, first, parse, said};
use crate::document::CellKind;
use crate::source::Position;

/// The body of the only shell cell of a page, and the place of its `X`.
#[track_caller]
fn place(page: &str) -> (String, (usize, usize)) {
    let (document, diagnostics) = parse(page);
    assert_sound(&document, &diagnostics);
    let cells: Vec<_> = document
        .cells
        .iter()
        .filter(|cell| matches!(cell.kind, CellKind::Shell(_)))
        .collect();
    assert_eq!(cells.len(), 1, "{page:?}: {:?}", document.cells);
    let body = &cells[0].body;
    let at = body.text.find('X').expect("an X");
    let Position { line, column } = document.source.position(body.origin(at));
    (body.text.clone(), (line, column))
}

#[test]
fn a_fence_is_found_in_every_container() {
    #[track_caller]
    fn case(page: &str, body: &str, at: (usize, usize)) {
        assert_eq!(place(page), (body.to_owned(), at), "{page:?}");
    }
    case("```sh\necho X\n```\n", "echo X\n", (2, 6));
    case("\u{feff}```sh\necho X\n```\n", "echo X\n", (2, 6));
    case(
        "\u{feff}# ß\r\n\r\n```sh\r\na\r\n\r\necho X\r\n```\r\n",
        "a\n\necho X\n",
        (6, 6),
    );
    case("~~~sh\nX\n~~~\n", "X\n", (2, 1));
    case("`````sh\n```\nX\n```\n`````\n", "```\nX\n```\n", (3, 1));
    case("   ```sh\n   a\n     X\n   ```\n", "a\n  X\n", (3, 6));
    case("- a\n\n  ```sh\n  X\n  ```\n", "X\n", (4, 3));
    case(
        "1. a\n   - b\n\n     ```sh\n     a\n      X\n     ```\n",
        "a\n X\n",
        (6, 7),
    );
    case("> ```sh\n> a\n>\n> X\n> ```\n", "a\n\nX\n", (4, 3));
    case("> 1. q\n>    ```sh\n>    X\n>    ```\n", "X\n", (3, 6));
    case("- item\n\n\t```sh\n\ta\n\t\tX\n\t```\n", "a\n\tX\n", (5, 3));
    case("-\t```sh\n\tX\n\t```\n", "X\n", (2, 2));
    case(">\t```sh\r\n>\tX\r\n>\t```\r\n", "X\n", (2, 3));
    case("> > - ```sh\n> >   X\n> >   ```\n", "X\n", (2, 7));
    case("<details>\n\n```sh\nX\n```\n\n</details>\n", "X\n", (4, 1));
    case("| a |\n|---|\n| b |\n\n```sh\nX\n```\n", "X\n", (6, 1));
    case("---\ntitle: a\n---\n```sh\nX\n```\n", "X\n", (5, 1));
    case("```sh\nX", "X", (2, 1));
}

#[test]
fn a_tab_that_a_container_takes_part_of_still_maps_back() {
    let (document, diagnostics) =
        parse(">\t\tkubectl get\n\n- a\n\n\t\thelm list\n- ```sh\n\tX\n  ```\n");
    assert_sound(&document, &diagnostics);
    assert_eq!(document.cells[0].body.text, "  kubectl get\n");
    assert_eq!(document.cells[0].body.origin(1), 2);
    assert_eq!(
        place("- ```sh\n\t\tX\n  ```\n"),
        ("  \tX\n".to_owned(), (2, 3))
    );
}

#[test]
fn fences_in_html_comments_and_fences_are_no_cells() {
    for page in [
        "<!--\n```sh\nX\n```\n-->\n",
        "<div>\n```sh\nX\n```\n</div>\n",
        "````md\n```sh\nX\n```\n````\n",
        "    ```sh\n    X\n    ```\n",
    ] {
        let document = clean(page);
        assert!(
            bodies(&document, |kind| matches!(kind, CellKind::Shell(_))).is_empty(),
            "{page:?}"
        );
    }
}

#[test]
fn a_fence_that_never_closes_is_said() {
    complains(
        "# a\n\n```sh {#a}\nX\n\n## b\n",
        "3:1 warning RB0101 ````sh {#a}`: this fence is never closed: all that follows it counts as commands | write ``` on a line of its own after it",
    );
    complains(
        "# a\n\n> ```sh {#a}\n> X\n\ntext\n",
        "3:3 warning RB0101 ````sh {#a}`: this fence is never closed: all that follows it in its list or quote counts as commands | write ``` on a line of its own after it",
    );
    let (document, diagnostics) = parse("````sh\nX\n```\n\ntext\n");
    let found = diagnostics.iter().next().expect("a warning");
    assert_eq!(document.source.slice(found.labels[1].span), "```");
    for page in [
        "- ```sh\n  X\n\ntext\n",
        "> ```sh\n> X\n\ntext\n",
        "```sh\nX\n``\n",
        "```sh\nX\n```sql\n",
        "```sh",
        "```sh\n",
    ] {
        let (document, diagnostics) = parse(page);
        let found = said(&document, &diagnostics);
        assert!(
            found.iter().any(|line| line.contains("RB0101")),
            "{page:?} {found:?}"
        );
    }
    for page in [
        "```sh\nX\n```",
        "```sh\n```\n",
        "> ```sh\n> X\n> ```\n",
        "~~~sh\nX\n~~~~~  \n",
        "- ```sh\r\n  X\r\n  ```\r\n",
    ] {
        clean(page);
    }
}

#[test]
fn sections_nest_by_level() {
    let document = clean("# A *b* `c`\n## B\n#### D\n## E ##\nF\n===\n```sh\nx\n```\n> # quoted\n");
    let seen: Vec<_> = document
        .sections
        .iter()
        .map(|section| (section.title.as_str(), section.level, section.parent))
        .collect();
    assert_eq!(
        seen,
        [
            ("A b c", 1, None),
            ("B", 2, Some(0)),
            ("D", 4, Some(1)),
            ("E", 2, Some(0)),
            ("F", 1, None)
        ]
    );
    assert_eq!(document.source.slice(document.sections[3].span), "## E ##");
    assert_eq!(document.title(), "A b c");
    let shell = document
        .cells
        .iter()
        .find(|cell| cell.kind != CellKind::Manual);
    assert_eq!(shell.and_then(|cell| cell.section), Some(4));
}

#[test]
fn a_comment_under_a_heading_speaks_for_its_section() {
    let document = clean(
        "# A\n<!-- markdownlint-disable -->\n<!-- runbook: when=\"helm.ok\"\n     parallel timeout=5m -->\n\n```sh\nx\n```\n",
    );
    let attributes = &document.sections[0].attributes;
    assert_eq!(
        attributes.when.as_ref().map(|when| when.text.as_str()),
        Some("helm.ok")
    );
    assert!(attributes.parallel && attributes.timeout.is_some());
    assert!(!document.plain);
}

#[test]
fn a_comment_elsewhere_is_said() {
    let elsewhere = "this comment says nothing here: it is not right under a heading | move it to the line below the heading of its section";
    complains(
        "# A\n\ntext\n\n<!-- runbook: parallel -->\n",
        &format!("5:1 warning RB0108 `<!-- runbook: parallel -->`: {elsewhere}"),
    );
    complains(
        "# A\ntext <!-- runbook: parallel --> more\n",
        &format!("2:6 warning RB0108 `<!-- runbook: parallel -->`: {elsewhere}"),
    );
    complains(
        "# A\n<!-- runbook: parallel -->\n<!-- runbook: skip -->\n",
        &format!("3:1 warning RB0108 `<!-- runbook: skip -->`: {elsewhere}"),
    );
}

#[test]
fn what_a_section_cannot_say_is_said() {
    #[track_caller]
    fn case(words: &str, expected: &str) {
        complains(&format!("# A\n<!-- runbook: {words} -->\n"), expected);
    }
    let help = "write it after the language of the fence that it is for";
    case(
        "#a",
        &format!("2:15 error RB0109 `#a`: `#a` is for a cell, not for a section | {help}"),
    );
    case(
        "each=\"x\"",
        &format!(
            "2:15 error RB0109 `each=\"x\"`: `each` is for a cell, not for a section | {help}"
        ),
    );
    case(
        "paralel",
        "2:15 error RB0102 `paralel`: unknown attribute `paralel` | did you mean `parallel`?",
    );
    let (document, diagnostics) = parse("# A\n<!-- runbook: parallel\n");
    let found = said(&document, &diagnostics);
    assert_eq!(
        found,
        [
            "2:1 error RB0106 `<!-- runbook:`: this comment is never closed | write `-->` after the last attribute"
        ]
    );
}

#[test]
fn a_fence_that_is_probably_meant_to_run_is_noted() {
    complains(
        "- a\n\n  ```\n  kubectl get pods\n  ```\n",
        "3:3 note RB0610 `````: a fence without a language is not run, and this one looks like commands | write its language after the fence, as in `bash`",
    );
    clean("```\nNAME READY\n```\n");
}

#[test]
fn a_cell_knows_its_fence_and_its_info() {
    let document = clean("# a\n\n- ```sh {#a}\n  x\n  ```\n\n~~~sh\ny\n~~~\n");
    let cell = first(&document);
    assert_eq!(document.source.slice(cell.span), "```sh {#a}\n  x\n  ```");
    assert_eq!(document.source.slice(cell.info), "sh {#a}");
    assert_eq!(cell.section, Some(0));
}
