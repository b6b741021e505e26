//! What a step's outcome rests on, as one hash: where it holds, a passed step may stay passed.
//!
//! It covers what the step runs, the attributes that change what it does, the inputs that it uses,
//! where the run takes place, and the fingerprints of the steps whose names it uses. How long it
//! may take, how often it is tried and whether it asks first are no part of it. Secrets are not,
//! either: a hash of a short secret can be guessed from.

use serde_json::json;

use crate::graph::{EdgeKind, StepKind};
use crate::journal::digest;
use crate::plan::Plan;
use crate::secret::Redactor;
use crate::source::Excerpt;
use crate::value::Value;

use super::Settings;

/// The variables that say where tools act.
const PLACES: [&str; 4] = [
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "KUBECONFIG",
];

/// The fingerprint of each step of a plan.
pub(super) fn all(plan: &Plan, settings: &Settings) -> Vec<String> {
    let graph = &plan.graph;
    // One that knows nothing but the page: else what is learnt on the way would change the hash.
    let redactor = &Redactor::default();
    for step in &graph.steps {
        if matches!(step.kind, StepKind::Shell(_) | StepKind::Console(_)) {
            redactor.learn_assignments(&graph.document.cells[step.cell].body.text);
        }
    }
    let clean = |text: &str| redactor.clean(text).to_string();
    let excerpt = |code: &Option<Excerpt>| code.as_ref().map(|code| clean(&code.text));
    let place = place(settings, redactor);
    let environment: Vec<(&str, String)> = graph
        .document
        .front_matter
        .env
        .iter()
        .map(|(name, text)| (name.as_str(), clean(&text.text)))
        .collect();
    let in_environment: String = graph
        .document
        .front_matter
        .env
        .iter()
        .map(|(_, text)| text.text.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    let mut all = vec![String::new(); graph.steps.len()];
    for index in &plan.order {
        let index = *index;
        let step = &graph.steps[index];
        let cell = &graph.document.cells[step.cell];
        let acts = !matches!(
            step.kind,
            StepKind::Value | StepKind::Manual | StepKind::Branch
        );
        let inputs: Vec<(&str, Value)> = plan
            .inputs
            .iter()
            .filter(|(name, _)| {
                uses_input(plan, index, name) || (acts && mentions(&in_environment, name))
            })
            .map(|(name, binding)| {
                let value = if binding.secret {
                    Value::Null
                } else {
                    json!(redactor.clean_value(&binding.value))
                };
                (name.as_str(), value)
            })
            .collect();
        let mut used: Vec<(&str, &str, &str)> = graph
            .incoming(index)
            .filter(|edge| edge.why != EdgeKind::Order)
            .map(|edge| {
                (
                    edge.why.word(),
                    edge.why.name().unwrap_or_default(),
                    all[edge.from].as_str(),
                )
            })
            .collect();
        used.sort_unstable();
        let conditions: Vec<String> = step
            .conditions
            .iter()
            .map(|condition| clean(&condition.text))
            .collect();
        let whole = json!([
            "1",
            step.kind.word(),
            clean(&cell.body.text),
            conditions,
            excerpt(&step.each),
            excerpt(&step.ready),
            excerpt(&step.cwd),
            step.background,
            step.errexit,
            if acts {
                json!(environment)
            } else {
                Value::Null
            },
            inputs,
            if acts { place.clone() } else { Value::Null },
            used,
        ]);
        all[index] = digest(whole.to_string().as_bytes());
    }
    all
}

/// Whether a step uses an input; a script may ask for it by a name that is made at run time.
pub(super) fn uses_input(plan: &Plan, index: usize, input: &str) -> bool {
    let step = &plan.graph.steps[index];
    let cell = &plan.graph.document.cells[step.cell];
    let name = crate::name::variable(input);
    step.inputs.contains(&name)
        || cell.interpolations.iter().any(|interpolation| {
            matches!(
                &interpolation.value,
                crate::document::Interpolated::Placeholder(placeholder) if placeholder == input
            )
        })
        || (step.kind == StepKind::Script && mentions(&cell.body.text, "input"))
}

/// Whether a text has a name as a word of its own.
pub(super) fn mentions(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    !name.is_empty()
        && text.match_indices(name).any(|(at, _)| {
            !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part)
        })
}

/// Where the run takes place, and as whom.
pub(super) fn place(settings: &Settings, redactor: &Redactor) -> Value {
    let identity = settings
        .identity
        .as_ref()
        .map(|identity| (identity.account.as_str(), role(&identity.arn)));
    let variables: Vec<(&str, String)> = PLACES
        .into_iter()
        .filter_map(|name| {
            let value = settings.environment.text(name)?;
            Some((name, redactor.clean(value).to_string()))
        })
        .collect();
    json!([settings.target, identity, variables])
}

/// Who an ARN names, without the session: that of a role is another one after each renewal.
fn role(arn: &str) -> &str {
    match arn.split_once(":assumed-role/") {
        Some((_, rest)) => {
            let session = rest.rsplit_once('/').map_or(0, |(_, name)| name.len() + 1);
            &arn[..arn.len() - session]
        }
        None => arn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_no_part_of_who_somebody_is() {
        assert_eq!(
            role("arn:aws:sts::123456789012:assumed-role/Deploy/jane-1"),
            "arn:aws:sts::123456789012:assumed-role/Deploy"
        );
        assert_eq!(
            role("arn:aws:iam::123456789012:user/jane"),
            "arn:aws:iam::123456789012:user/jane"
        );
    }

    #[test]
    fn a_name_is_mentioned_as_a_word() {
        assert!(mentions("echo \"$TOKEN\"", "TOKEN"));
        assert!(!mentions("echo $TOKENS $MY_TOKEN", "TOKEN"));
        assert!(!mentions("echo", ""));
    }
}
