//! The YAML block at the head of the page.

use std::time::Duration;

use super::{clean, complains, parse, said};
use crate::quote::Dialect;
use crate::value::{InputKind, Value};

#[test]
fn everything_of_the_design_is_read() {
    let document = clean(
        r#"---
title: Apply
description: "What it does"
owner: [sre, "platform"]
target: demo
shell: zsh
timeout: 1h30m
env: {REGION: us-west-2, N: 007, T: "${{ x }}"}
inputs:
  release_name: {type: string, default: tracecat, description: "Helm release"}
  prev: {type: integer}
  on-call: boolean
  color: {choices: [blue, green], default: green}
  wait: {type: duration, default: 90s}
  file: {type: path}
  version: {default: 1.10, pattern: '\d+\.\d+'}
  db_pw: {type: string, secret: true}
requires:
  tools: {helm: ">=3.14", terraform: ">=1.9 <2", jq: }
  aws:   {account: "012345678901", region: us-west-2}
  kube:  {context: prod}
credentials:
  unset: [AWS_SESSION_TOKEN, AWS_SECURITY_TOKEN]
---
# Other
"#,
    );
    let head = &document.front_matter;
    assert_eq!(document.title(), "Apply");
    assert_eq!(head.description.as_deref(), Some("What it does"));
    assert_eq!(head.owner.as_deref(), Some("sre, platform"));
    assert_eq!(head.shell, Some(Dialect::Zsh));
    assert_eq!(head.timeout, Some(Duration::from_mins(90)));
    let target = head.target.as_ref().expect("a target");
    assert_eq!(document.source.slice(target.span), "demo");
    let env: Vec<_> = head
        .env
        .iter()
        .map(|(name, text)| (name.as_str(), text.text.as_str()))
        .collect();
    assert_eq!(
        env,
        [("REGION", "us-west-2"), ("N", "007"), ("T", "${{ x }}")]
    );
    let t = &head.env[2].1;
    assert_eq!(document.source.slice(t.span(0..t.text.len())), "${{ x }}");
    let inputs: Vec<_> = head
        .inputs
        .iter()
        .map(|input| {
            (
                input.name.value.as_str(),
                input.kind.word(),
                input.default.clone(),
            )
        })
        .collect();
    assert_eq!(
        inputs,
        [
            ("release_name", "string", Some(Value::from("tracecat"))),
            ("prev", "integer", None),
            ("on-call", "boolean", None),
            ("color", "choice", Some(Value::from("green"))),
            ("wait", "duration", Some(Value::from("90s"))),
            ("file", "path", None),
            ("version", "string", Some(Value::from("1.10"))),
            ("db_pw", "string", None),
        ]
    );
    assert_eq!(
        head.inputs[3].kind,
        InputKind::Choice(vec!["blue".into(), "green".into()])
    );
    assert!(head.inputs[7].secret);
    assert_eq!(document.source.slice(head.inputs[1].name.span), "prev");
    assert_eq!(head.requires.tools.len(), 3);
    assert!(
        head.requires.tools[1]
            .versions
            .matches(&semver::Version::new(1, 10, 0))
    );
    let account = head.requires.aws_account.as_ref().expect("an account");
    assert_eq!(account.value, "012345678901");
    assert_eq!(head.unset, ["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"]);
    assert!(!document.plain);
}

#[test]
fn mistakes_have_their_place() {
    #[track_caller]
    fn case(yaml: &str, expected: &str) {
        complains(&format!("---\n{yaml}---\n"), expected);
    }
    case(
        "inputs:\n  a: {type: integr}\n",
        "3:13 error RB0111 `integr`: `type` can't be `integr` | did you mean `integer`?",
    );
    case(
        "inputs:\n  a: {type: int}\n",
        "3:13 error RB0111 `int`: `type` can't be `int` | did you mean `integer`?",
    );
    case(
        "inputs:\n  a: {type: integer, default: x}\n",
        "3:31 error RB0411 `x`: `a` can't default to `x` | expected a whole number, as in `34`",
    );
    case(
        "inputs:\n  a: {pattern: \"b+\", default: cc}\n",
        "3:31 error RB0411 `cc`: `a` can't default to `cc` | it must match `pattern` as a whole",
    );
    case(
        "inputs:\n  a: {secret: true, default: hunter2}\n",
        "3:21 warning RB0410 `default`: the secret `a` stands in the document | remove `default`, and give it as `RUNBOOK_INPUT_A` or when asked",
    );
    case(
        "inputs:\n  a: {requird: true}\n",
        "3:7 error RB0112 `requird`: unknown key `requird` | did you mean `required`?",
    );
    case(
        "inputs:\n  a: {required: false}\n",
        "3:7 error RB0411 `required`: `a` is not required and has no default | add `default`, which may be `\"\"`",
    );
    case(
        "inputs:\n  9a: string\n",
        "3:3 error RB0412 `9a`: `9a` is not a name | a name is a letter, then letters, digits, `-`, `_` or `.`",
    );
    case(
        "inputs:\n  a-b: string\n  a_b: string\n",
        "4:3 error RB0412 `a_b`: `a_b` is the same variable as another input | rename one of them: `-` and `.` read as `_`",
    );
    case(
        "title: x\ninputs: [a, b]\n",
        "3:9 error RB0111 `[`: `inputs` can't be a list | expected a map, as in `{namespace: {type: string, default: prod}}`",
    );
    case(
        "shell: basch\n",
        "2:8 error RB0111 `basch`: `shell` can't be `basch` | did you mean `bash`?",
    );
    case(
        "timeout: soon\n",
        "2:10 error RB0111 `soon`: `timeout` can't be `soon` | expected a length of time, as in `90s`, `5m` or `1h30m`",
    );
    case(
        "requires: {tolls: {}}\n",
        "2:12 error RB0112 `tolls`: unknown key `tolls` | did you mean `tools`?",
    );
    case(
        "target: demo\ninptus: {}\n",
        "3:1 warning RB0112 `inptus`: `inptus` says nothing to a run | did you mean `inputs`?",
    );
    case(
        "env:\n  A: x\n  A: y\n",
        "4:3 error RB0110 `A`: the front matter is not YAML: duplicate mapping key: A, set DuplicateKeyPolicy in Options if acceptable | mend it, or remove the block between the `---` lines",
    );
}

#[test]
fn a_default_of_a_secret_is_never_repeated() {
    let (document, diagnostics) =
        parse("---\ninputs:\n  a: {type: integer, secret: true, default: hunter2}\n---\n");
    for found in &diagnostics {
        assert!(!found.message.contains("hunter2"));
    }
    assert_eq!(said(&document, &diagnostics).len(), 2);
}

#[test]
fn the_places_are_true_after_a_bom_and_with_crlf() {
    complains(
        "\u{feff}---\r\ntitle: ß\r\ntimeout: soon\r\n---\r\n",
        "3:10 error RB0111 `soon`: `timeout` can't be `soon` | expected a length of time, as in `90s`, `5m` or `1h30m`",
    );
    let (document, diagnostics) = parse("---\r\ntitle: x\r\ninputs: a: b\r\n---\r\n");
    let found = said(&document, &diagnostics);
    assert!(found[0].starts_with("3:10 error RB0110"), "{found:?}");
}

#[test]
fn other_tools_front_matter_is_left_alone() {
    for head in [
        "title: x\ndate: 2024-01-01\ndraft: false\nweight: 3\ntags: [a]\nmenu: {main: x}",
        "title:\n  - odd\nowner_slack: \"#x\"\nlast_reviewed_on: 2024-05-01",
        "runme:\n  id: x\n  version: v3\ncwd: ..",
        "# only a comment",
        "- a\n- list",
    ] {
        let document = clean(&format!("---\n{head}\n---\n# A\n\n```sh\nls\n```\n"));
        assert!(document.plain, "{head}");
        assert_eq!(
            document.source.line(document.sections[0].span.start),
            head.lines().count() + 3
        );
    }
}

#[test]
fn yaml_that_does_not_parse_is_worse_in_a_page_of_ours() {
    let severity = |page: &str| {
        let (_, diagnostics) = parse(page);
        let found = diagnostics.iter().find(|found| found.code.0 == "RB0110");
        found.map(|found| found.severity.word())
    };
    assert_eq!(severity("---\ntitle: {{ x }\n---\n# a\n"), Some("warning"));
    assert_eq!(
        severity("---\ntarget: x\ntitle: {{ x }\n---\n# a\n"),
        Some("error")
    );
    assert_eq!(
        severity("---\ntitle: {{ x }\n---\n```rhai\n1\n```\n"),
        Some("error")
    );
}

#[test]
fn only_the_head_of_the_page_is_front_matter() {
    for page in [
        "---\n\ntext\n\n---\n\n```sh\nls\n```\n",
        "text\n\n---\ntimeout: x\n---\n\n```sh\nls\n```\n",
        "---\ntimeout: 5m\n\n```sh\nls\n```\n",
        " ---\ntimeout: 5m\n---\n```sh\nls\n```\n",
    ] {
        let document = clean(page);
        assert!(document.plain, "{page:?}");
        assert_eq!(document.front_matter.span.end, 0);
        assert!(document.cells.iter().any(|cell| cell.body.text == "ls\n"));
    }
    let document = clean("---\ntarget: x\n...\n# A\n");
    assert_eq!(
        document.source.slice(document.front_matter.span),
        "---\ntarget: x\n..."
    );
}
