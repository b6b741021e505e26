//! Who waits for whom.

use super::{build, graph};
use crate::graph::{EdgeKind, Graph};

/// `later: earlier(why) …`, one line per step that waits.
fn shown(graph: &Graph) -> String {
    let mut out = String::new();
    for (at, step) in graph.steps.iter().enumerate() {
        let before: Vec<String> = graph
            .incoming(at)
            .map(|edge| {
                let why = match &edge.why {
                    EdgeKind::Order => "above".to_owned(),
                    EdgeKind::Needs => "needs".to_owned(),
                    EdgeKind::Branch => "branch".to_owned(),
                    EdgeKind::Name(name) => format!("uses {name}"),
                    EdgeKind::Condition(name) => format!("if {name}"),
                };
                format!("{}({why})", graph.steps[edge.from].id)
            })
            .collect();
        if !before.is_empty() {
            out += &format!("{}: {}\n", step.id, before.join(" "));
        }
    }
    out
}

#[track_caller]
fn case(text: &str, expected: &str) {
    assert_eq!(shown(&graph(text)), expected);
}

/// A page of cells given as `language {attributes}|body`.
fn cells(cells: &[&str]) -> String {
    cells
        .iter()
        .map(|cell| match cell.split_once('|') {
            Some((info, body)) => format!("```{info}\n{body}\n```\n"),
            None => format!("{cell}\n"),
        })
        .collect()
}

#[test]
fn a_step_waits_for_the_one_above() {
    case(
        &cells(&[
            "bash {#a}|:",
            "bash {#b}|:",
            "bash {#c needs=a}|:",
            "bash {#d}|:",
            "bash {#e needs=none}|:",
        ]),
        "b: a(above)\nc: a(needs)\nd: c(above)\n",
    );
}

#[test]
fn values_stand_outside_the_order() {
    case(
        &cells(&[
            "bash {#a}|:",
            "json {#v}|1",
            "bash {#b}|echo ${{ v }} ${{ w }}",
            "json {#w}|2",
        ]),
        "b: a(above) v(uses v) w(uses w)\n",
    );
}

#[test]
fn steps_of_a_parallel_section_do_not_wait_for_each_other() {
    case(
        &cells(&[
            "bash {#a}|:",
            "# P",
            "<!-- runbook: parallel -->",
            "bash {#b}|:",
            "bash {#c}|:",
            "## Inner",
            "bash {#d}|:",
            "bash {#e needs=b}|:",
            "# Q",
            "bash {#f}|:",
            "bash {#g}|:",
        ]),
        "b: a(above)\nc: a(above)\nd: a(above)\ne: b(needs)\n\
         f: b(above) c(above) d(above) e(above)\ng: f(above)\n",
    );
    case(
        &cells(&[
            "# P",
            "<!-- runbook: parallel -->",
            "bash {#a}|:",
            "bash {#b}|:",
            "# Q",
            "<!-- runbook: parallel -->",
            "bash {#c}|:",
            "bash {#d}|:",
        ]),
        "c: a(above) b(above)\nd: a(above) b(above)\n",
    );
}

#[test]
fn needs_of_a_section_stand_in_for_what_is_above_it() {
    case(
        &cells(&[
            "bash {#a}|:",
            "bash {#b}|:",
            "# S",
            "<!-- runbook: needs=a -->",
            "bash {#c}|:",
            "bash {#d}|:",
            "bash {#e needs=none}|:",
            "# T",
            "bash {#f}|:",
        ]),
        "b: a(above)\nc: a(needs)\nd: a(needs) c(above)\nf: e(above)\n",
    );
}

#[test]
fn names_make_edges() {
    case(
        &cells(&[
            "rhai {#a}|let x = 1; fn f(n) { n }",
            "rhai {#b needs=none}|f(2) + x",
            "bash {#c needs=none}|echo ${{ x }}",
            "bash {#d needs=none confirm=\"Do ${{ b.code }}?\"}|:",
            "rhai {#e needs=none}|x = 3;",
            "rhai {#f needs=none}|[1].map(|i| i + x)",
            "rhai {#g needs=none}|fn f(n, m) { n }",
        ]),
        "b: a(uses x) a(uses f)\nc: a(uses x)\nd: b(uses b)\ne: a(uses x)\nf: a(uses x)\n",
    );
}

#[test]
fn conditions_make_edges_and_ask() {
    let graph = graph(&cells(&[
        "bash {#a}|:",
        "bash {#new}|:",
        "bash {#b needs=none when=\"a.failed\"}|:",
        "bash {#c needs=none each=\"a.lines()\"}|echo ${{ item }} ${{ index }}",
        "bash {#d needs=none background ready=\"b.ok\"}|:",
        "# S",
        "<!-- runbook: when=\"a.ok && steps[`new`].ok\" -->",
        "bash {#e needs=none}|:",
        "bash {#f needs=none when=\"steps.b.failed\"}|:",
    ]));
    assert_eq!(
        shown(&graph),
        "new: a(above)\nb: a(if a)\nc: a(if a)\nd: b(if b)\ne: a(if a) new(if new)\nf: a(if a) new(if new) b(if b)\n"
    );
    assert_eq!(graph.asks_about(0), [2, 5, 6]);
    assert_eq!(graph.asks_about(2), [6]);
    assert_eq!(graph.asks_about(3), [0_usize; 0]);
    assert_eq!(graph.asks_about(1), [5, 6]);
}

#[test]
fn questions_hold_for_what_is_below_them() {
    let graph = graph(&cells(&[
        "branch {#q}|If it fails:",
        "bash {#a branch=0}|:",
        "branch {#r branch=0}|If so:",
        "bash {#b branch=2}|:",
    ]));
    assert_eq!(
        shown(&graph),
        "a: q(branch) q(above)\nr: q(branch) a(above)\nb: r(branch) q(branch) r(above)\n"
    );
    assert_eq!(graph.steps[3].branches, [0, 2]);
}

#[test]
fn ancestors_and_order_follow_the_edges() {
    let graph = graph(&cells(&[
        "bash {#a needs=c}|:",
        "bash {#b needs=a}|:",
        "bash {#c needs=none}|:",
        "bash {#d}|:",
    ]));
    assert_eq!(graph.order(), [2, 0, 1, 3]);
    assert_eq!(graph.ancestors(1), [0, 2]);
    assert_eq!(graph.predecessors(3), [2]);
    assert_eq!(graph.successors(2), [0, 3]);
    assert_eq!((graph.step("d"), graph.step("x")), (Some(3), None));
    assert_eq!(graph.predecessors(99), [0_usize; 0]);
}

#[test]
fn ten_thousand_steps_are_no_burden() {
    let mut text = String::from("# Top\n");
    for number in 0..10_000 {
        text += &format!(
            "```bash {{#s{number} when=\"s{}.ok\"}}\n:\n```\n",
            number / 2 + usize::from(number == 0)
        );
    }
    // The first one asks about a later one; all others about one above.
    let (graph, diagnostics) = build(&text);
    assert_eq!(graph.steps.len(), 10_000);
    assert_eq!(diagnostics.iter().count(), 1);
    assert_eq!(graph.edges.len(), 9_999 + 10_000);
    assert_eq!(graph.order().len(), 10_000);
}

#[test]
fn a_long_cycle_is_named_in_short() {
    let mut text = String::from("```bash {#first needs=last}\n:\n```\n");
    for number in 0..5_000 {
        text += &format!("```bash {{#s{number}}}\n:\n```\n");
    }
    text += "```bash {#last}\n:\n```\n";
    let (_, diagnostics) = build(&text);
    let messages: Vec<&str> = diagnostics
        .iter()
        .map(|found| found.message.as_str())
        .collect();
    assert_eq!(
        messages,
        ["steps wait for each other: `first` → `last` → `first`"]
    );
}

proptest::proptest! {
    #[test]
    fn the_order_keeps_to_the_edges_unless_a_cycle_is_reported(
        needs in proptest::collection::vec(proptest::collection::vec(0_usize..12, 0..3), 1..12)
    ) {
        let mut text = String::new();
        for (at, before) in needs.iter().enumerate() {
            let before: Vec<String> = before
                .iter()
                .filter(|other| **other < needs.len() && **other != at)
                .map(|other| format!("s{other}"))
                .collect();
            let said = if before.is_empty() { String::new() } else { format!(" needs={}", before.join(",")) };
            text += &format!("```bash {{#s{at}{said}}}\n:\n```\n");
        }
        let (graph, diagnostics) = build(&text);
        let mut places = vec![0; graph.steps.len()];
        for (place, step) in graph.order().iter().enumerate() {
            places[*step] = place;
        }
        let fits = graph.edges.iter().all(|edge| places[edge.from] < places[edge.to]);
        assert_eq!(fits, diagnostics.is_empty(), "{text}");
    }
}
