//! The inputs of a recorded run, for a page that may have others.

use crate::document::Document;
use crate::plan::{Given, Origin};
use crate::recording::Recording;
use crate::secret::CleanValue;

/// The recorded values of a page's inputs, and those given now, which win.
#[must_use]
pub fn given(document: &Document, recording: &Recording, more: &[Given]) -> Vec<Given> {
    let inputs = &document.front_matter.inputs;
    let has = |name: &str| inputs.iter().any(|input| input.name.value == name);
    let recorded = recording.head.inputs.iter();
    recorded
        .filter(|(name, _)| has(name))
        .filter_map(|(name, value)| {
            Some(Given {
                name: name.clone(),
                text: text(value)?,
                origin: if recording.head.given.contains(name) {
                    Origin::Argument
                } else {
                    Origin::Default
                },
            })
        })
        .chain(more.iter().cloned())
        .collect()
}

fn text(value: &CleanValue) -> Option<String> {
    match value {
        CleanValue::Text(text) => Some(text.to_string()),
        CleanValue::Boolean(boolean) => Some(boolean.to_string()),
        CleanValue::Number(number) => Some(number.to_string()),
        CleanValue::Null | CleanValue::List(_) | CleanValue::Map(_) => None,
    }
}
