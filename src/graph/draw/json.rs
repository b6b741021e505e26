//! The graph as JSON.

use serde_json::{Map, json};

use crate::document::Input;
use crate::graph::{Graph, Step};
use crate::source::Excerpt;
use crate::value::{InputKind, Value};

/// The steps, what each waits for, and the inputs.
pub(in crate::graph) fn json(graph: &Graph) -> Value {
    let document = &graph.document;
    let steps: Vec<Value> = (0..graph.steps.len()).map(|at| step(graph, at)).collect();
    let inputs: Vec<Value> = document.front_matter.inputs.iter().map(input).collect();
    json!({
        "document": document.source.name(),
        "title": document.title(),
        "steps": steps,
        "inputs": inputs,
    })
}

fn step(graph: &Graph, at: usize) -> Value {
    let Some(step) = graph.steps.get(at) else {
        return Value::Null;
    };
    let id = |at: usize| graph.steps.get(at).map_or("", |step| step.id.as_str());
    let needs: Vec<Value> = graph
        .incoming(at)
        .map(|edge| {
            let mut need = json!({"step": id(edge.from), "why": edge.why.word()});
            if let (Some(name), Some(need)) = (edge.why.name(), need.as_object_mut()) {
                need.insert("name".to_owned(), name.into());
            }
            need
        })
        .collect();
    let branches: Vec<&str> = step.branches.iter().map(|branch| id(*branch)).collect();
    let mut value = json!({
        "id": step.id.as_str(),
        "title": step.title,
        "kind": step.kind.word(),
        "line": graph.line(at),
        "needs": needs,
        "when": texts(&step.conditions),
        "effect": graph.effect(at).word(),
    });
    if let Some(value) = value.as_object_mut() {
        if !branches.is_empty() {
            value.insert("if".to_owned(), branches.into());
        }
        rest(step, value);
    }
    value
}

/// What few steps say.
fn rest(step: &Step, value: &mut Map<String, Value>) {
    let mut put = |name: &str, entry: Option<Value>| {
        if let Some(entry) = entry {
            value.insert(name.to_owned(), entry);
        }
    };
    let text = |excerpt: &Option<Excerpt>| excerpt.as_ref().map(|e| Value::from(e.text.clone()));
    let flag = |set: bool| set.then_some(Value::from(true));
    put("confirm", text(&step.confirm));
    put("each", text(&step.each));
    put("ready", text(&step.ready));
    put("cwd", text(&step.cwd));
    put(
        "timeout_seconds",
        step.timeout.map(|timeout| timeout.as_secs_f64().into()),
    );
    put("retry", (step.retry > 0).then(|| step.retry.into()));
    put("always", flag(step.always));
    put("allow_failure", flag(step.allow_failure));
    put("background", flag(step.background));
    put("idempotent", flag(step.idempotent));
    put("tty", flag(step.tty));
    put("skip", flag(step.skip));
    put(
        "defines",
        (!step.defines.is_empty()).then(|| step.defines.clone().into()),
    );
}

fn texts(excerpts: &[Excerpt]) -> Vec<&str> {
    excerpts
        .iter()
        .map(|excerpt| excerpt.text.as_str())
        .collect()
}

fn input(input: &Input) -> Value {
    let mut value = json!({
        "name": input.name.value,
        "type": input.kind.word(),
        "secret": input.secret,
        "required": input.default.is_none(),
    });
    if let Some(value) = value.as_object_mut() {
        if let Some(default) = input.default.as_ref().filter(|_| !input.secret) {
            value.insert("default".to_owned(), default.clone());
        }
        if let Some(description) = &input.description {
            value.insert("description".to_owned(), description.clone().into());
        }
        if let InputKind::Choice(choices) = &input.kind {
            value.insert("choices".to_owned(), choices.clone().into());
        }
        if let Some(pattern) = &input.pattern {
            value.insert("pattern".to_owned(), pattern.clone().into());
        }
    }
    value
}
