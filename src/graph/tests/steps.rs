//! Names, titles and attributes of steps.

use super::{build, graph};
use crate::document::Effect;
use crate::graph::StepKind;
use crate::quote::Dialect;

fn ids(text: &str) -> Vec<String> {
    let (graph, _) = build(text);
    graph.steps.iter().map(|step| step.id.to_string()).collect()
}

#[test]
fn unnamed_steps_are_called_after_their_heading() {
    let text = "```bash\na\n```\n```bash\nb\n```\n# Wait for Helm\n```bash\nc\n```\n```bash\nd\n```\n\
                ## If it fails:\n```bash\ne\n```\n# 2. Wait for Helm\n```bash\nf\n```\n";
    assert_eq!(
        ids(text),
        [
            "step",
            "step-2",
            "wait-for-helm",
            "wait-for-helm-2",
            "if-it-fails",
            "wait-for-helm-3"
        ]
    );
}

#[test]
fn a_made_name_never_takes_a_written_one() {
    let text = "# Plan\n```bash\na\n```\n```bash\nb\n```\n```bash {#plan}\nc\n```\n```bash {#plan-3}\nd\n```\n";
    assert_eq!(ids(text), ["plan-2", "plan-4", "plan", "plan-3"]);
}

#[test]
fn ids_stay_unique_where_one_is_written_twice() {
    let text = "```bash {#a}\n1\n```\n```bash {#a}\n2\n```\n```bash {#a-2}\n3\n```\n";
    assert_eq!(ids(text), ["a", "a-3", "a-2"]);
}

#[test]
fn titles_are_headings() {
    let graph = graph("```bash {#first}\na\n```\n# Top\n## Inner one\n```bash\nb\n```\n");
    assert_eq!(graph.steps[0].title, "first");
    assert_eq!(graph.steps[1].title, "Inner one");
    assert_eq!(graph.line(1), 6);
    assert!(graph.steps[0].named && !graph.steps[1].named);
}

#[test]
fn a_section_hands_down_its_attributes() {
    let graph = graph(
        "```bash {#a}\n:\n```\n\
         # One\n<!-- runbook: when=\"a.ok\" timeout=5m retry=2 shell=zsh allow-failure -->\n\
         ## Two\n<!-- runbook: when=\"a.code == 0\" timeout=1m confirm=\"Sure?\" -->\n\
         ```shell {#b when=\"a.stdout != 1\" retry=3}\n:\n```\n\
         ## Three\n```fish {#c}\n:\n```\n",
    );
    let [_, b, c] = &graph.steps[..] else {
        panic!("three steps");
    };
    let conditions: Vec<&str> = b.conditions.iter().map(|when| when.text.as_str()).collect();
    assert_eq!(conditions, ["a.ok", "a.code == 0", "a.stdout != 1"]);
    assert_eq!((b.timeout.unwrap().as_secs(), b.retry), (60, 3));
    assert_eq!(b.kind, StepKind::Shell(Dialect::Zsh));
    assert_eq!(b.confirm.as_ref().unwrap().text, "Sure?");
    assert!(b.allow_failure && c.allow_failure);
    assert_eq!((c.timeout.unwrap().as_secs(), c.retry), (300, 2));
    assert_eq!(c.kind, StepKind::Shell(Dialect::Fish));
    assert_eq!(c.conditions.len(), 1);
    assert!(c.confirm.is_none());
}

#[test]
fn a_plain_page_asks_before_each_command() {
    let plain = graph("# A\n```bash\n:\n```\n```manual\nlook\n```\n```branch\nIf it fails:\n```\n");
    let asks: Vec<bool> = plain
        .steps
        .iter()
        .map(|step| step.confirm.is_some())
        .collect();
    assert_eq!(asks, [true, false, false]);
    let annotated = graph("# A\n```bash {#a}\n:\n```\n");
    assert!(annotated.steps[0].confirm.is_none());
}

#[test]
fn a_result_has_the_variable_of_its_step_unless_it_is_reserved_or_taken() {
    let graph = graph(
        "---\ninputs:\n  region: {}\n---\n```bash {#roll-back}\n:\n```\n```bash {#new}\n:\n```\n\
         # Region\n```bash\n:\n```\n# Release\n```rhai\nlet release = 1;\n```\n# Других\n```bash\n:\n```\n",
    );
    let variables: Vec<Option<&str>> = graph
        .steps
        .iter()
        .map(|step| step.variable.as_deref())
        .collect();
    assert_eq!(variables, [Some("roll_back"), None, None, None, None]);
    assert_eq!(graph.steps[3].defines, ["release"]);
}

#[test]
fn effects_are_read_from_the_code() {
    let graph = graph(
        "```bash {#a}\nkubectl get ${{ env.x }}\n```\n```bash {#b}\nrm x\n```\n\
         ```rhai {#c}\nlet r = run([\"kubectl\", \"get\", \"pods\"]).json(); log(r.x)\n```\n\
         ```rhai {#d}\nsh(`helm rollback ${env.x}`);\n```\n```rhai {#e}\nhelm::wait(\"x\");\n```\n\
         ```bash {#f effect=read}\nrm x\n```\n```python {#g}\nx\n```\n```json {#h}\n1\n```\n",
    );
    let effects: Vec<Effect> = (0..graph.steps.len()).map(|at| graph.effect(at)).collect();
    use Effect::{Change, Destroy, Read};
    assert_eq!(
        effects,
        [Read, Destroy, Read, Change, Read, Read, Change, Read]
    );
}
