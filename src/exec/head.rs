//! The head of a run: all that a reader needs to know before its first step.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::event::{self, Event, RunStarted, Status, StepHead};
use crate::graph::StepKind;
use crate::journal;
use crate::plan::{Origin, Selected};
use crate::secret::Clean;

use super::context::Context;
use super::fingerprint;
use super::resume::Earlier;

/// What the head says besides, and what the run goes on from.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The versions of the programs that the runbook requires.
    pub tools: BTreeMap<String, String>,
    /// Which steps the operator wants, if not all.
    pub selection: Option<event::Selection>,
    /// The lock that the run holds.
    pub lock: Option<String>,
    /// What was done before the run had stopped.
    pub earlier: Option<Arc<Earlier>>,
}

/// The head of the run.
pub(super) fn head(context: &Context) -> RunStarted {
    let settings = &context.settings;
    let redactor = &context.redactor;
    let graph = context.graph();
    let document = &graph.document;
    let steps = graph
        .steps
        .iter()
        .enumerate()
        .filter(|(index, step)| {
            step.kind != StepKind::Value && context.plan.selected[*index] != Selected::No
        })
        .map(|(index, step)| StepHead {
            id: step.id.to_string(),
            title: redactor.clean(&step.title),
            section: document.cells[step.cell]
                .section
                .map(|section| redactor.clean(&document.sections[section].title)),
            kind: step.kind.word().to_owned(),
            line: document.source.line(step.span.start),
            needs: graph
                .predecessors(index)
                .iter()
                .map(|from| graph.steps[*from].id.to_string())
                .collect(),
            goes_on: matches!(step.kind, StepKind::Shell(_)) && !step.errexit,
            effect: Some(graph.effect(index).word().to_owned()),
        })
        .collect();
    let inputs: BTreeMap<_, _> = context
        .plan
        .inputs
        .iter()
        .map(|(name, binding)| (name.clone(), redactor.clean_value(&binding.value)))
        .collect();
    let bound = context.plan.inputs.iter();
    let given = bound
        .filter(|(_, binding)| !matches!(binding.origin, Origin::Default | Origin::Earlier))
        .map(|(name, _)| name.clone())
        .collect();
    // What a cell sets by its name is a secret in the text too.
    for step in &graph.steps {
        if matches!(step.kind, StepKind::Shell(_) | StepKind::Console(_)) {
            redactor.learn_assignments(&document.cells[step.cell].body.text);
        }
    }
    let about = &settings.about;
    RunStarted {
        run: settings.run.clone(),
        document: redactor.clean(document.source.name()).to_string(),
        title: redactor.clean(document.title()),
        digest: journal::digest(document.source.text().as_bytes()),
        text: Some(redactor.clean(document.source.text())),
        recording: settings.recording.as_ref().map(|text| redactor.clean(text)),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        platform: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
        operator: redactor.clean(&settings.operator).to_string(),
        target: settings
            .target
            .as_ref()
            .map(|target| redactor.clean(target).to_string()),
        attended: settings.attended,
        keep_going: settings.keep_going,
        inputs,
        given,
        removed: settings.removed.clone(),
        identity: settings.identity.as_ref().map(|identity| event::Identity {
            account: redactor.clean(&identity.account),
            arn: redactor.clean(&identity.arn),
            key: identity.key.clone(),
            source: redactor.clean(&identity.source),
            expires: identity.expires,
        }),
        context: settings
            .context
            .as_ref()
            .map(|context| redactor.clean(context)),
        steps,
        resumes: about
            .earlier
            .as_ref()
            .map(|earlier| earlier.resumes.clone()),
        fingerprints: graph
            .steps
            .iter()
            .zip(fingerprint::all(&context.plan, settings))
            .enumerate()
            .filter(|(index, (step, _))| {
                step.kind != StepKind::Value && context.plan.selected[*index] != Selected::No
            })
            .map(|(_, (step, fingerprint))| (step.id.to_string(), fingerprint))
            .collect(),
        directory: Some(redactor.clean(&settings.directory.to_string_lossy())),
        selection: about.selection.clone(),
        lock: about.lock.clone(),
        tools: about.tools.clone(),
        variables: settings
            .environment
            .iter()
            .map(|(name, _)| redactor.clean(&name.to_string_lossy()))
            .collect(),
    }
}

/// What is recorded of the steps of which the operator says that they are done.
pub(super) fn done(context: &Context) -> Vec<Event> {
    let earlier = context.settings.about.earlier.as_deref();
    let mut events = Vec::new();
    for done in earlier.into_iter().flat_map(|it| &it.resumes.done) {
        let step = || done.step.clone();
        events.push(Event::Asked {
            step: step(),
            question: Clean::constant("it had begun and not ended: again or done?"),
            context: None,
            answers: None,
        });
        events.push(Event::Answered {
            step: step(),
            answer: Clean::constant("done"),
            by: done.by.clone(),
        });
        events.push(Event::StepFinished {
            step: step(),
            status: Status::Passed,
            reason: Some(Clean::constant("done, as the operator says")),
            detail: None,
            code: None,
            attempts: 1,
            elapsed_ms: 0,
        });
    }
    events
}
