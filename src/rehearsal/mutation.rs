//! Changes recorded outcomes one at a time, to see whether anything on the page notices.
//!
//! A page whose assertions hold whatever its commands print proves nothing. Each change here is
//! one that a real failure could make: another exit status, an empty list, another number, the
//! output of another step, another error text.

mod named;

use std::sync::Arc;

use serde_json::json;

use crate::event::Stream;
use crate::graph::Graph;
use crate::recording::{Called, How, Piece, Recording, Step, stream};
use crate::value::Value;
use crate::world::codes;
use crate::world::recorded::Fit;

use super::{Error, Rehearsed, Terms, rehearse};
use named::Named;

/// What a call fails with that did not.
const FAILURE: &str = "something else went wrong";
/// How many changes are made to one text or value.
const EACH: usize = 6;
/// Of values with more places than this, those are changed that the page reads.
const LARGE: usize = 6;
/// Longer texts are changed by their first lines only.
const LONGEST: usize = 64 * 1024;

/// One change to one recorded outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutation {
    /// The step whose outcome is changed.
    pub step: String,
    /// Its line in the document, from 1.
    pub line: Option<usize>,
    /// What is changed, for people.
    pub what: String,
    place: Place,
    change: Change,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    /// The last attempt.
    Attempt,
    Call(usize),
}

#[derive(Clone, Debug, PartialEq)]
enum Change {
    Code(i32),
    Text(Stream, Vec<u8>),
    Outcome(Value),
}

/// What came of the changes to one recording.
#[derive(Clone, Debug, Default)]
pub struct Strength {
    /// How many changes were made.
    pub made: usize,
    /// Those that nothing noticed.
    pub unnoticed: Vec<Mutation>,
}

impl Strength {
    /// The part of the changes that was noticed, in percent, rounded down.
    #[must_use]
    pub fn score(&self) -> usize {
        let noticed = self.made.saturating_sub(self.unnoticed.len());
        (noticed * 100).checked_div(self.made).unwrap_or(100)
    }
}

/// Makes every change, one at a time, and goes through the page with each.
///
/// A change is noticed where a step ends in another way, or an assertion holds or fails that did
/// not before.
///
/// # Errors
/// As [`rehearse`].
pub async fn strength(
    graph: &Arc<Graph>,
    recording: &Arc<Recording>,
    terms: &Terms,
) -> Result<Strength, Error> {
    let terms = Terms {
        fit: Fit::InTurn,
        ..terms.clone()
    };
    let base = rehearse(Arc::clone(graph), Arc::clone(recording), &terms).await?;
    let outcomes = outcomes(&base);
    let mut strength = Strength::default();
    for mutation in mutations(recording) {
        // What the page of now does not reach can't be noticed.
        let reached = base
            .recording
            .step(&mutation.step)
            .is_some_and(|step| step.end.is_some());
        if !reached {
            continue;
        }
        let changed = Arc::new(mutation.applied(recording));
        let rehearsed = rehearse(Arc::clone(graph), changed, &terms).await?;
        strength.made += 1;
        if self::outcomes(&rehearsed) == outcomes {
            strength.unnoticed.push(mutation);
        }
    }
    Ok(strength)
}

/// How each step ended, and which assertions held.
fn outcomes(rehearsed: &Rehearsed) -> Vec<(String, &'static str, Vec<bool>)> {
    let steps = rehearsed.recording.steps();
    steps
        .map(|step| {
            let checks = step.checks.iter().map(|check| check.held).collect();
            (step.id.clone(), step.word(), checks)
        })
        .collect()
}

/// Every change to a recording.
#[must_use]
pub fn mutations(recording: &Recording) -> Vec<Mutation> {
    let mut found = Vec::new();
    let steps: Vec<&Step> = recording.steps().collect();
    let page = Named::by_page(recording);
    for (index, step) in steps.iter().enumerate() {
        let named = [Named::by_step(step), page.clone()];
        let mut add = |place, what: String, change| {
            found.push(Mutation {
                step: step.id.clone(),
                line: recording.line(&step.id),
                what,
                place,
                change,
            });
        };
        if let Some(attempt) = step.attempts.last()
            && let Some(exit) = &attempt.exit
        {
            let of = (Place::Attempt, "");
            process(of, &exit.how, &attempt.output, &named, &mut add);
            let own = stream(&attempt.output, Stream::Stdout);
            let other = steps
                .get(index + 1..)
                .unwrap_or_default()
                .iter()
                .find_map(|other| {
                    let text = stream(&other.attempts.last()?.output, Stream::Stdout);
                    (!text.is_empty() && text != own).then_some((other, text))
                });
            if let Some((other, text)) = other.filter(|_| !own.is_empty()) {
                let what = format!("standard output: that of `{}`", other.id);
                add(Place::Attempt, what, Change::Text(Stream::Stdout, text));
            }
        }
        for (number, call) in step.calls.iter().enumerate() {
            called(Place::Call(number), call, &named, &mut add);
        }
    }
    found
}

fn called(
    place: Place,
    call: &Called,
    named: &[Named],
    add: &mut impl FnMut(Place, String, Change),
) {
    let of = format!("{} `{}`: ", call.function, one_line(call.request.as_str()));
    let Some(outcome) = &call.outcome else {
        return;
    };
    let value = serde_json::to_value(outcome).unwrap_or_default();
    if matches!(
        call.function.as_str(),
        "run" | "sh" | "run_unchecked" | "sh_unchecked"
    ) {
        let exit: Option<crate::recording::Exit> = serde_json::from_value(value).ok();
        if let Some(exit) = exit {
            process((place, &of), &exit.how, &call.output, named, add);
        }
        return;
    }
    if value.get("error").is_none() {
        let failed = json!({"error": {"code": codes::BAD_ANSWER, "message": FAILURE, "help": ""}});
        add(place, format!("{of}it fails"), Change::Outcome(failed));
    }
    for (what, changed) in values(&value, named) {
        add(place, format!("{of}{what}"), Change::Outcome(changed));
    }
}

/// The changes to what a process did.
fn process(
    (place, of): (Place, &str),
    how: &How,
    output: &[Piece],
    named: &[Named],
    add: &mut impl FnMut(Place, String, Change),
) {
    let How::Code(code) = how else {
        return;
    };
    let flipped = i32::from(*code == 0);
    let what = format!("{of}exit status {code}: {flipped}");
    add(place, what, Change::Code(flipped));
    let text = stream(output, Stream::Stdout);
    for (what, changed) in texts(&text, named) {
        let what = format!("{of}standard output: {what}");
        add(place, what, Change::Text(Stream::Stdout, changed));
    }
    if *code != 0 && !stream(output, Stream::Stderr).is_empty() {
        let other = b"error: something else went wrong\n".to_vec();
        let what = format!("{of}standard error: another error text");
        add(place, what, Change::Text(Stream::Stderr, other));
    }
}

/// The changes to a text.
fn texts(text: &[u8], named: &[Named]) -> Vec<(String, Vec<u8>)> {
    let Some(text) = std::str::from_utf8(text)
        .ok()
        .filter(|text| !text.trim().is_empty() && text.len() <= LONGEST)
    else {
        return Vec::new();
    };
    let mut changed = vec![("nothing at all".to_owned(), Vec::new())];
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_object() || value.is_array() => {
            for (what, value) in values(&value, named) {
                changed.push((what, format!("{value}\n").into_bytes()));
            }
        }
        _ => {
            let numbers = numbers(text).into_iter().zip(["first", "second"]);
            for ((place, number), which) in numbers {
                let other = other_number(number);
                let mut text = text.to_owned();
                text.replace_range(place..place + number.len(), &other);
                changed.push((
                    format!("its {which} number is {other}, not {number}"),
                    text.into_bytes(),
                ));
            }
            let lines: Vec<&str> = text.lines().collect();
            if let [kept @ .., last] = lines.as_slice()
                && !kept.is_empty()
            {
                let text = format!("{}\n", kept.join("\n"));
                let what = format!("without the line `{}`", one_line(last));
                changed.push((what, text.into_bytes()));
            }
        }
    }
    changed
}

/// The numbers in a text, each with its place.
fn numbers(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut start = None;
    let ends = text.char_indices().chain([(text.len(), ' ')]);
    for (at, character) in ends {
        match (character.is_ascii_digit(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                found.extend(text.get(from..at).map(|number| (from, number)));
                start = None;
            }
            _ => {}
        }
    }
    found
}

/// Another number of the same length.
fn other_number(number: &str) -> String {
    let mut digits: Vec<char> = number.chars().collect();
    if let Some(last) = digits.last_mut() {
        *last = match *last {
            '9' => '8',
            digit => char::from(u8::try_from(digit).unwrap_or(b'0').saturating_add(1)),
        };
    }
    digits.into_iter().collect()
}

/// The changes to a value: the first lists, numbers, texts and switches in it; of a large one, where
/// it has some that the step names, or else the page, only of those.
fn values(value: &Value, named: &[Named]) -> Vec<(String, Value)> {
    let mut places = Vec::new();
    walk(value, &mut String::new(), &mut places);
    let large = if places.len() > LARGE { named } else { &[] };
    for named in large {
        if places.iter().any(|(pointer, _)| named.has(pointer)) {
            places.retain(|(pointer, _)| named.has(pointer));
            break;
        }
    }
    let mut made = Vec::new();
    for wanted in ["list", "number", "switch", "text"] {
        let of_kind = places.iter().filter(|(_, kind)| *kind == wanted).take(2);
        for (pointer, _) in of_kind {
            let mut changed = value.clone();
            let Some(place) = changed.pointer_mut(pointer) else {
                continue;
            };
            let name = if pointer.is_empty() {
                "it"
            } else {
                pointer.as_str()
            };
            let (what, other) = match &*place {
                Value::Array(_) => (format!("{name} is empty"), json!([])),
                Value::Number(number) => {
                    let other = number
                        .as_i64()
                        .map_or_else(|| json!(-1.5), |number| json!(number.wrapping_add(1)));
                    (format!("{name} is {other}, not {number}"), other)
                }
                Value::Bool(switch) => (format!("{name} is {}", !switch), json!(!switch)),
                Value::String(text) => (
                    format!("{name} is another text, not `{}`", one_line(text)),
                    json!(format!("not-{text}")),
                ),
                Value::Null | Value::Object(_) => continue,
            };
            *place = other;
            made.push((what, changed));
        }
    }
    made.truncate(EACH);
    made
}

fn walk(value: &Value, pointer: &mut String, found: &mut Vec<(String, &'static str)>) {
    let length = pointer.len();
    match value {
        Value::Array(list) => {
            if !list.is_empty() {
                found.push((pointer.clone(), "list"));
            }
            for (index, value) in list.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                walk(value, pointer, found);
                pointer.truncate(length);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                pointer.push_str(&format!("/{key}"));
                walk(value, pointer, found);
                pointer.truncate(length);
            }
        }
        Value::Number(_) => found.push((pointer.clone(), "number")),
        Value::Bool(_) => found.push((pointer.clone(), "switch")),
        Value::String(text) if !text.is_empty() => found.push((pointer.clone(), "text")),
        Value::String(_) | Value::Null => {}
    }
}

fn one_line(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let mut short: String = line.chars().take(40).collect();
    if short.len() < text.trim().len() {
        short.push('…');
    }
    short
}

impl Mutation {
    /// The recording with the change.
    #[must_use]
    pub fn applied(&self, recording: &Recording) -> Recording {
        let mut recording = recording.clone();
        let step = recording.steps_mut().find(|step| step.id == self.step);
        match (self.place, step) {
            (_, None) => {}
            (Place::Attempt, Some(step)) => {
                if let Some(attempt) = step.attempts.last_mut() {
                    match &self.change {
                        Change::Code(code) => {
                            if let Some(exit) = &mut attempt.exit {
                                exit.how = How::Code(*code);
                            }
                        }
                        Change::Text(stream, text) => {
                            replace(&mut attempt.output, attempt.at, *stream, text);
                        }
                        Change::Outcome(_) => {}
                    }
                }
            }
            (Place::Call(number), Some(step)) => {
                if let Some(call) = step.calls.get_mut(number) {
                    let outcome = match &self.change {
                        Change::Text(stream, text) => {
                            replace(&mut call.output, call.at, *stream, text);
                            None
                        }
                        Change::Outcome(value) => Some(value.clone()),
                        Change::Code(code) => call.outcome.as_ref().and_then(|outcome| {
                            let mut outcome = serde_json::to_value(outcome).ok()?;
                            *outcome.get_mut("code")? = Value::from(*code);
                            Some(outcome)
                        }),
                    };
                    if let Some(outcome) =
                        outcome.and_then(|value| serde_json::from_value(value).ok())
                    {
                        call.outcome = Some(outcome);
                    }
                }
            }
        }
        recording
    }
}

/// Puts a text in the place of a stream.
fn replace(output: &mut Vec<Piece>, began: jiff::Timestamp, of: Stream, text: &[u8]) {
    let at = output
        .iter()
        .rfind(|piece| piece.stream == of)
        .map_or(began, |piece| piece.at);
    output.retain(|piece| piece.stream != of);
    output.push(Piece {
        at,
        stream: of,
        skipped: 0,
        bytes: text.to_vec(),
    });
}
