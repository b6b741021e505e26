//! The vocabulary as it is stored: each event's line, and back.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::secret::Redactor;
use crate::value::Value;

pub(crate) fn clean(text: &str) -> Clean {
    Redactor::default().clean(text)
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z\\[\\]0-9-]{0,8}", any::<String>()]
}

fn clean_text() -> impl Strategy<Value = Clean> {
    words().prop_map(|text| clean(&text))
}

fn value() -> impl Strategy<Value = CleanValue> {
    let leaf = prop_oneof![
        Just(CleanValue::Null),
        any::<bool>().prop_map(CleanValue::Boolean),
        any::<i64>().prop_map(|number| CleanValue::Number(number.into())),
        any::<u64>().prop_map(|number| CleanValue::Number(number.into())),
        any::<f64>().prop_filter_map("finite", |number| {
            serde_json::Number::from_f64(number).map(CleanValue::Number)
        }),
        clean_text().prop_map(CleanValue::Text),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(CleanValue::List),
            prop::collection::vec((words(), inner), 0..4)
                .prop_map(|entries| CleanValue::Map(entries.into_iter().collect())),
        ]
    })
}

fn status() -> impl Strategy<Value = Status> {
    prop::sample::select(vec![
        Status::Passed,
        Status::Failed,
        Status::Refused,
        Status::Interrupted,
    ])
}

fn head() -> impl Strategy<Value = StepHead> {
    let section = prop::option::of(clean_text());
    let needs = prop::collection::vec(words(), 0..3);
    (words(), clean_text(), section, words(), any::<u32>(), needs).prop_map(
        |(id, title, section, kind, line, needs)| StepHead {
            id,
            title,
            section,
            kind,
            line: line as usize,
            needs,
            goes_on: line % 3 == 0,
            effect: (line % 2 == 0).then(|| "read".to_owned()),
        },
    )
}

fn identity() -> impl Strategy<Value = Identity> {
    let expires = prop::option::of(0_i64..4_000_000_000);
    (clean_text(), clean_text(), words(), clean_text(), expires).prop_map(
        |(account, arn, key, source, expires)| Identity {
            account,
            arn,
            key,
            source,
            expires: expires.and_then(|second| Timestamp::from_second(second).ok()),
        },
    )
}

fn run_started() -> impl Strategy<Value = Event> {
    let removed = (words(), words()).prop_map(|(name, reason)| Removed { name, reason });
    (
        (words(), words(), clean_text(), words(), words()),
        (words(), words(), prop::option::of(words()), any::<bool>()),
        prop::collection::btree_map(words(), value(), 0..3),
        (
            prop::collection::vec(removed, 0..2),
            prop::option::of(identity()),
            prop::collection::vec(prop::option::of(clean_text()), 4),
        ),
        prop::collection::vec(head(), 0..3),
    )
        .prop_map(
            |(first, second, inputs, (removed, identity, mut more), steps)| {
                let (run, document, title, digest, program) = first;
                let (platform, operator, target, attended) = second;
                Event::RunStarted(Box::new(RunStarted {
                    run,
                    document,
                    title,
                    digest,
                    text: more.pop().flatten(),
                    recording: more.pop().flatten(),
                    context: more.pop().flatten(),
                    program,
                    platform,
                    operator,
                    target,
                    attended,
                    keep_going: !attended,
                    directory: more.pop().flatten(),
                    inputs,
                    removed,
                    identity,
                    steps,
                    ..RunStarted::default()
                }))
            },
        )
}

/// Every kind of event, with anything in it.
pub(crate) fn event() -> impl Strategy<Value = Event> {
    let text = prop_oneof![
        clean_text().prop_map(Text::Text),
        "[A-Za-z0-9+/]{0,8}".prop_map(Text::Bytes),
    ];
    let stream = prop::sample::select(vec![Stream::Stdout, Stream::Stderr]);
    let parts = (clean_text(), clean_text()).prop_map(|(code, value)| Part { code, value });
    let maybe = || prop::option::of(clean_text());
    prop_oneof![
        run_started(),
        (words(), any::<u32>(), maybe(), maybe()).prop_map(
            |(step, attempt, command, directory)| Event::StepStarted {
                step,
                attempt,
                command,
                directory,
            }
        ),
        (
            words(),
            stream,
            any::<u64>(),
            any::<bool>(),
            prop::option::of(any::<u32>()),
            text
        )
            .prop_map(|(step, stream, skipped, open, call, text)| {
                Event::Output {
                    step,
                    stream,
                    skipped,
                    open,
                    call,
                    text,
                }
            }),
        (
            words(),
            any::<Option<u32>>(),
            words(),
            any::<u64>(),
            words()
        )
            .prop_map(|(step, call, file, bytes, sha256)| Event::OutputKept {
                step,
                stream: Stream::Stderr,
                call,
                file,
                bytes,
                sha256,
            }),
        (words(), any::<u32>(), words(), clean_text()).prop_map(
            |(step, call, function, request)| Event::Called {
                step,
                call,
                function,
                request
            }
        ),
        (words(), any::<Option<u32>>(), words(), value()).prop_map(|(step, call, name, value)| {
            Event::Captured {
                step,
                call,
                name,
                value,
            }
        }),
        (
            (words(), any::<u32>(), any::<u32>(), clean_text()),
            (any::<bool>(), maybe(), prop::collection::vec(parts, 0..3)),
        )
            .prop_map(
                |((step, line, column, expression), (held, message, parts))| {
                    Event::Checked {
                        step,
                        line: line as usize,
                        column: column as usize,
                        expression,
                        held,
                        message,
                        parts,
                    }
                }
            ),
        (words(), clean_text(), maybe(), maybe()).prop_map(|(step, question, context, answers)| {
            Event::Asked {
                step,
                question,
                context,
                answers,
            }
        }),
        (words(), clean_text(), words()).prop_map(|(step, answer, by)| Event::Answered {
            step,
            answer,
            by
        }),
        (
            (words(), status(), maybe(), maybe()),
            (any::<Option<i32>>(), any::<u32>(), any::<u64>()),
        )
            .prop_map(
                |((step, status, reason, detail), (code, attempts, elapsed_ms))| {
                    Event::StepFinished {
                        step,
                        status,
                        reason,
                        detail,
                        code,
                        attempts,
                        elapsed_ms,
                    }
                }
            ),
        (words(), clean_text()).prop_map(|(step, reason)| Event::StepSkipped { step, reason }),
        (
            prop::option::of(words()),
            clean_text(),
            prop::option::of(words())
        )
            .prop_map(|(step, text, by)| Event::Noted { step, text, by }),
        (status(), any::<u8>(), maybe(), any::<u64>()).prop_map(
            |(status, exit, reason, elapsed_ms)| Event::RunFinished {
                status,
                exit,
                reason,
                failed: vec!["a".to_owned()],
                elapsed_ms
            }
        ),
    ]
}

#[test]
fn an_event_is_one_flat_object() {
    let output = Event::Output {
        step: "a".into(),
        stream: Stream::Stdout,
        skipped: 0,
        open: false,
        call: None,
        text: Text::Text(clean("x")),
    };
    assert_eq!(
        serde_json::to_string(&output).expect("it is JSON"),
        r#"{"event":"output","step":"a","stream":"stdout","text":"x"}"#
    );
    let note = Event::Noted {
        step: None,
        text: clean("x"),
        by: None,
    };
    assert_eq!(
        serde_json::to_string(&note).expect("it is JSON"),
        r#"{"event":"noted","text":"x"}"#
    );
}

#[test]
fn fields_of_a_later_version_are_passed_over() {
    let text =
        r#"{"more":[1],"event":"output","bytes":"/w==","stream":"stderr","step":"a","z":{}}"#;
    let event: Event = serde_json::from_str(text).expect("it is an event");
    assert_eq!(
        event,
        Event::Output {
            step: "a".into(),
            stream: Stream::Stderr,
            skipped: 0,
            open: false,
            call: None,
            text: Text::Bytes("/w==".into()),
        }
    );
}

#[test]
fn output_that_is_no_text_is_kept() {
    let mut filter = Redactor::default().filter();
    let text = Text::from(filter.clean(b"a\xff"));
    assert_eq!(text, Text::Bytes("Yf8=".into()));
    assert_eq!(&*text.bytes(), b"a\xff");
    assert_eq!(text.lossy(), "a\u{fffd}");
    assert_eq!(Text::from(filter.clean(b"ab\n")), Text::Text(clean("ab\n")));
}

proptest! {
    #[test]
    fn every_event_reads_as_it_was_written(event in event()) {
        let text = serde_json::to_string(&event).expect("it is JSON");
        let read: Event = serde_json::from_str(&text).expect("it is an event");
        prop_assert_eq!(&read, &event);

        let mut wider: Value = serde_json::from_str(&text).expect("it is JSON");
        wider["from-a-later-version"] = json!({"a": [1]});
        let read: Event = serde_json::from_value(wider).expect("it is an event");
        prop_assert_eq!(read, event);
    }
}
