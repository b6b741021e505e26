//! Inputs bound, steps selected, and why.

use std::sync::Arc;

use super::{Given, Origin, Plan, Selected, Selection, Unready, missing};
use crate::graph::Graph;
use crate::graph::tests::graph;
use crate::value::Value;

const INPUTS: &str = "---
inputs:
  release_name: {default: tracecat}
  prev: {type: integer}
  colour: {type: choice, default: blue}
  db_pw: {secret: true, default: x}
  name-space: {pattern: \"[a-z]+\", default: a}
---
```bash {#a}
:
```
";

fn given(name: &str, text: &str, origin: Origin) -> Given {
    Given {
        name: name.to_owned(),
        text: text.to_owned(),
        origin,
    }
}

fn wrong(given: &[Given]) -> Vec<String> {
    match Plan::new(graph(INPUTS), given, &Selection::default()) {
        Err(Unready::Wrong(lines)) => lines,
        other => panic!("{other:?}"),
    }
}

#[test]
fn inputs_are_bound_by_the_strongest_origin() {
    let plan = Plan::new(
        graph(INPUTS),
        &[
            given("prev", "1", Origin::File),
            given("prev", "34", Origin::Argument),
            given("PREV", "2", Origin::Environment),
            given("name_space", "ab", Origin::Argument),
            given("DB_PW", "secret", Origin::Environment),
            given("OTHER_RUNBOOK", "x", Origin::Environment),
        ],
        &Selection::default(),
    )
    .expect("all is given");
    assert_eq!(plan.inputs["prev"].value, Value::from(34));
    assert_eq!(plan.inputs["prev"].origin, Origin::Argument);
    assert_eq!(plan.inputs["name-space"].value, Value::from("ab"));
    assert_eq!(plan.inputs["release_name"].origin, Origin::Default);
    assert_eq!(plan.inputs["db_pw"].value, Value::from("secret"));
    assert!(plan.inputs["db_pw"].secret);
    assert!(!format!("{plan:?}").contains("\"secret\""));
}

#[test]
fn everything_wrong_with_inputs_is_said_at_once() {
    let wrong = wrong(&[
        given("perv", "1", Origin::Argument),
        given("prev", "x", Origin::Environment),
        given("colour", "gren", Origin::Argument),
        given("db_pw", "hunter2", Origin::Argument),
        given("name-space", "ab1", Origin::File),
    ]);
    assert_eq!(
        wrong,
        [
            "no input is called `perv`; did you mean `prev`?",
            "input `db_pw` is secret: secret inputs come from RUNBOOK_INPUT_DB_PW, --input-file or a prompt, never from the command line",
            "input `prev` (from RUNBOOK_INPUT_PREV): expected a whole number, as in `34`",
            "input `colour`: expected one of `blue` and `green`; did you mean `green`?",
            "input `name-space` (from --input-file): expected a text that matches `[a-z]+` as a whole",
        ]
    );
}

#[test]
fn inputs_without_a_value_are_named() {
    let graph = graph(INPUTS);
    match Plan::new(Arc::clone(&graph), &[], &Selection::default()) {
        Err(Unready::Missing(inputs)) => {
            let names: Vec<&str> = inputs.iter().map(|i| i.name.value.as_str()).collect();
            assert_eq!(names, ["prev"]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(missing(&graph.document, &[]).len(), 1);
    let prompt = [given("prev", "1", Origin::Prompt)];
    assert!(missing(&graph.document, &prompt).is_empty());
}

fn steps() -> Arc<Graph> {
    graph(
        "```rhai {#setup}\nlet x = 1;\n```\n```json {#config}\n1\n```\n```bash {#build}\n:\n```\n\
         ```bash {#test needs=build}\necho ${{ x }}\n```\n```bash {#ship when=\"test.ok\"}\necho ${{ config }}\n```\n\
         ```bash {#tidy}\n:\n```\n",
    )
}

#[track_caller]
fn selected(steps_named: &[&str], from: Option<&str>, until: Option<&str>, expected: &str) {
    let graph = steps();
    let selection = Selection {
        steps: steps_named.iter().map(ToString::to_string).collect(),
        from: from.map(str::to_owned),
        until: until.map(str::to_owned),
    };
    let shown = match Plan::new(Arc::clone(&graph), &[], &selection) {
        Ok(plan) => plan
            .selected
            .iter()
            .enumerate()
            .filter_map(|(at, selected)| match selected {
                Selected::Yes => Some(graph.steps[at].id.to_string()),
                Selected::For(root) => {
                    Some(format!("{}←{}", graph.steps[at].id, graph.steps[*root].id))
                }
                Selected::No => None,
            })
            .collect::<Vec<_>>()
            .join(" "),
        Err(Unready::Wrong(lines)) => lines.join("\n"),
        Err(Unready::Missing(_)) => panic!("there are no inputs"),
    };
    assert_eq!(shown, expected);
}

#[test]
fn a_selection_brings_what_it_needs() {
    selected(&[], None, None, "setup config build test ship tidy");
    selected(&["tidy"], None, None, "tidy");
    selected(
        &["ship"],
        None,
        None,
        "setup←ship config←ship build←ship test←ship ship",
    );
    selected(
        &["test", "tidy"],
        None,
        None,
        "setup←test build←test test tidy",
    );
}

#[test]
fn a_range_brings_what_it_uses() {
    selected(
        &[],
        Some("ship"),
        None,
        "setup←ship config←ship test←ship ship tidy",
    );
    selected(&[], None, Some("build"), "setup config build");
    selected(&[], Some("build"), Some("test"), "setup←test build test");
    selected(&[], Some("tidy"), Some("tidy"), "tidy");
}

#[test]
fn unknown_steps_are_said_at_once() {
    selected(
        &["shipp", "nothing-like-it"],
        Some("tydi"),
        None,
        "--step: no step is called `shipp`; did you mean `ship`?\n\
         --step: no step is called `nothing-like-it`; `runbook graph` shows the steps\n\
         --from: no step is called `tydi`; did you mean `tidy`?",
    );
    selected(
        &[],
        Some("tidy"),
        Some("build"),
        "`--from tidy` stands below `--until build`: nothing is between them",
    );
}

#[test]
fn a_plan_says_what_would_run_and_why() {
    let graph = graph(
        "```bash {#a skip}\n:\n```\n```bash {#b when=\"false\"}\n:\n```\n```bash {#c when=\"a.ok\" confirm}\nrm x\n```\n",
    );
    let selection = Selection {
        from: Some("b".to_owned()),
        ..Selection::default()
    };
    let plan = Plan::new(graph, &[], &selection).expect("nothing is missing");
    let shown: Vec<String> = plan
        .explain()
        .iter()
        .map(|step| {
            let waits: Vec<String> = step
                .waits_for
                .iter()
                .map(|wait| {
                    let why: Vec<&str> =
                        wait.why.iter().map(crate::graph::EdgeKind::word).collect();
                    format!("{}:{}", wait.id, why.join("+"))
                })
                .collect();
            format!(
                "{} {} line {} {} asks={} [{}] {:?} {:?}",
                step.id,
                step.kind,
                step.line,
                step.effect.word(),
                step.asks,
                waits.join(" "),
                step.conditions,
                step.skipped
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "a bash line 1 read asks=false [] [] Some(\"it says `skip`\")",
            "b bash line 4 read asks=false [a:order] [\"false\"] Some(\"its `when` is `false`\")",
            "c bash line 7 destroy asks=true [a:condition b:order] [\"a.ok\"] None",
        ]
    );
}
