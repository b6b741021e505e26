//! Names of parameters: scripts may write them as they like, a service has one spelling.
//!
//! The CLI says which names a structure has when it is given another one; what was learnt from
//! that is kept, so that each name costs one question at most.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;

use super::engine::Request;
use crate::name::nearest;
use crate::value::Value;

/// What botocore's validation says of a name that a structure does not have.
static UNKNOWN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"Unknown parameter in (\S+): "([^"]*)", must be one of: (.*)"#).expect("a pattern")
});

/// Where a name stands: service and operation, the path of its structure, the name as written.
type Place = (String, String, String);

static LEARNT: Mutex<BTreeMap<Place, String>> = Mutex::new(BTreeMap::new());

/// What the CLI's words about unknown names amount to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lesson {
    /// It did not speak of names.
    None,
    /// Names were learnt; asking again is worth it.
    Learnt,
    /// There is no such name, and nothing like it: the name, and a sentence on what there is.
    Unknown(String, String),
}

/// Parameters with the names that are known to be meant.
pub(super) fn spelt(request: &Request) -> Value {
    let learnt = LEARNT.lock().unwrap_or_else(PoisonError::into_inner);
    let operation = operation(request);
    let spell = |path: &str, key: &str| {
        let place = (operation.clone(), path.to_owned(), key.to_owned());
        learnt.get(&place).cloned()
    };
    walk(&request.parameters, "input", &spell)
}

fn walk(value: &Value, path: &str, spell: &dyn Fn(&str, &str) -> Option<String>) -> Value {
    match value {
        Value::Object(parts) => parts
            .iter()
            // `()` stands for what is not given.
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| {
                let name = spell(path, key).unwrap_or_else(|| key.clone());
                let inside = if path == "input" {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                (name, walk(value, &inside, spell))
            })
            .collect(),
        Value::Array(values) => values
            .iter()
            .map(|value| walk(value, &format!("{path}[]"), spell))
            .collect(),
        value => value.clone(),
    }
}

/// Learns from what the CLI said.
pub(super) fn learn(request: &Request, said: &str) -> Lesson {
    let mut lesson = Lesson::None;
    let mut learnt = LEARNT.lock().unwrap_or_else(PoisonError::into_inner);
    for found in UNKNOWN.captures_iter(said) {
        let (path, written) = (plain(&found[1]), found[2].to_owned());
        let names: Vec<&str> = found[3].split(", ").map(str::trim).collect();
        let meant = names.iter().find(|name| folded(name) == folded(&written));
        let Some(meant) = meant else {
            let near = nearest(&written, names.iter().copied());
            let sentence = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", crate::diagnostic::list_and(&names)),
            };
            return Lesson::Unknown(written, sentence);
        };
        let place = (operation(request), path, written);
        // What was learnt already and did not help is no lesson.
        if learnt.insert(place, (*meant).to_owned()).is_none() {
            lesson = Lesson::Learnt;
        }
    }
    lesson
}

fn operation(request: &Request) -> String {
    let kind = if request.waits { "wait " } else { "" };
    format!("{} {kind}{}", request.service, request.operation)
}

/// A path without the numbers of list elements.
fn plain(path: &str) -> String {
    static INDEX: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\[\d+\]").expect("a pattern"));
    INDEX.replace_all(path, "[]").into_owned()
}

/// A name without what differs between `group_ids`, `groupIds`, `group-ids` and `GroupIds`.
fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(operation: &str, parameters: Value) -> Request {
        Request {
            service: "ec2".to_owned(),
            operation: operation.to_owned(),
            waits: false,
            parameters,
            environment: crate::credentials::Environment::default(),
            directory: std::path::PathBuf::new(),
            grace: std::time::Duration::ZERO,
        }
    }

    #[test]
    fn names_are_learnt_level_by_level() {
        let request = request(
            "describe-security-groups",
            json!({"group_ids": ["sg-1"], "filters": [{"name": "a", "values": ["b"]}], "x": null}),
        );
        let said = "\nParameter validation failed:\n\
            Unknown parameter in input: \"group_ids\", must be one of: GroupIds, Filters\n\
            Unknown parameter in input: \"filters\", must be one of: GroupIds, Filters\n";
        assert_eq!(learn(&request, said), Lesson::Learnt);
        assert_eq!(
            spelt(&request),
            json!({"GroupIds": ["sg-1"], "Filters": [{"name": "a", "values": ["b"]}]})
        );
        let said = "Unknown parameter in Filters[0]: \"name\", must be one of: Name, Values\n\
            Unknown parameter in Filters[0]: \"values\", must be one of: Name, Values\n";
        assert_eq!(learn(&request, said), Lesson::Learnt);
        assert_eq!(
            spelt(&request),
            json!({"GroupIds": ["sg-1"], "Filters": [{"Name": "a", "Values": ["b"]}]})
        );
        assert_eq!(learn(&request, said), Lesson::None);
    }

    #[test]
    fn a_name_that_is_not_there_is_told_with_the_nearest() {
        let request = request("describe-cluster", json!({"nam": "a"}));
        let said = "Unknown parameter in input: \"nam\", must be one of: name";
        assert_eq!(
            learn(&request, said),
            Lesson::Unknown("nam".to_owned(), "did you mean `name`?".to_owned())
        );
        assert_eq!(learn(&request, "An error occurred"), Lesson::None);
    }
}
