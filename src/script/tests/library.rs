//! What scripts can call, one function after the other.

use super::*;

#[test]
fn the_operator_is_asked_and_told() {
    let host = Arc::new(Fake {
        answer: Some(Ok("blue".to_owned())),
        ..Fake::default()
    });
    let (value, _) = run_with(
        "log(\"a\"); log(#{b: [1, \"x\"]}); print(2); debug(\"q\"); ask(\"Colour?\") + ask(\"Which?\", 3)",
        &Notebook::default(),
        &host,
    )
    .unwrap();
    assert_eq!(to_text(&value), "blueblue");
    assert_eq!(
        *host.logged.lock().unwrap(),
        ["a", "#{b: [1, \"x\"]}", "2", "\"q\""]
    );
    assert_eq!(
        *host.questions.lock().unwrap(),
        [
            ("Colour?".to_owned(), None),
            ("Which?".to_owned(), Some("3".to_owned()))
        ]
    );
    let host = Arc::new(Fake {
        answer: Some(Err(Trouble::Refused("nobody answers".to_owned()))),
        ..Fake::default()
    });
    let failed = run_with("try { ask(\"x\") } catch { }", &Notebook::default(), &host).unwrap_err();
    assert_eq!(failed.0.kind, FailureKind::Refused);
    assert_eq!(failed.0.message, "nobody answers");
}

#[test]
fn the_environment_and_inputs_are_read() {
    let host = Arc::new(Fake {
        variables: BTreeMap::from([("HOME".to_owned(), "/root".to_owned())]),
        ..Fake::default()
    });
    let mut notebook = Notebook::default();
    notebook.define("release_name", "tracecat".into(), true);
    notebook.define("new", 1_i64.into(), true);
    let value = |code: &str| match run_with(code, &notebook, &host) {
        Ok((value, _)) => show(&value, 100),
        Err(failed) => failed.0.message,
    };
    assert_eq!(value("env(\"HOME\")"), "\"/root\"");
    assert_eq!(value("env(\"NOPE\")"), "()");
    assert_eq!(value("env(\"NOPE\", 4)"), "4");
    assert_eq!(value("input(\"release-name\")"), "\"tracecat\"");
    assert_eq!(value("input(\"new\")"), "1");
    assert_eq!(
        value("input(\"relese_name\")"),
        "there is no input `relese_name`; did you mean `release_name`?"
    );
}

#[test]
fn within_polls_until_it_holds() {
    let host = Arc::new(Fake::default());
    let (value, _) = run_with(
        "let n = 0; within(\"1m\", 5, || { n += 1; assert n > 2, \"enough\"; \"done\" })",
        &Notebook::default(),
        &host,
    )
    .unwrap();
    assert_eq!(to_text(&value), "done");
    assert_eq!(host.slept.lock().unwrap().len(), 2);
    // Attempts that were too early are nobody's failure.
    let checks = host.checks.lock().unwrap();
    assert_eq!(checks.len(), 1);
    assert!(checks[0].held);
}

#[test]
fn within_gives_up_with_the_last_failure() {
    let failed = |code: &str| {
        let host = Arc::new(Fake::default());
        let failed = run_with(code, &Notebook::default(), &host).unwrap_err().0;
        let slept = host.slept.lock().unwrap().iter().sum::<Duration>();
        (failed.kind, failed.message, slept.as_secs())
    };
    assert_eq!(
        failed("within(\"12s\", \"5s\", || { assert 1 > 2; })"),
        (
            FailureKind::Assertion,
            "not within 12.0s: `1 > 2` does not hold".to_owned(),
            12
        )
    );
    assert_eq!(
        failed("within(2, 1, || false)"),
        (
            FailureKind::Error,
            "not within 2.00s: it was still `false`".to_owned(),
            2
        )
    );
    assert_eq!(
        failed("within(2, 1, || { throw \"nope\" })"),
        (FailureKind::Error, "not within 2.00s: nope".to_owned(), 2)
    );
    assert_eq!(
        failed("within(2, 1, || nothing)"),
        (
            FailureKind::Error,
            "there is no variable `nothing`".to_owned(),
            0
        )
    );
    assert_eq!(failed("within(2, 0, || true)").2, 0);
    assert_eq!(failed("within(\"soon\", 1, || true)").2, 0);
}

#[test]
fn within_ends_at_once_when_cancelled() {
    let host = Arc::new(Fake {
        cancelled_after: Some(Duration::from_secs(2)),
        ..Fake::default()
    });
    let failed = run_with(
        "try { within(100, 1, || false); } catch { }",
        &Notebook::default(),
        &host,
    )
    .unwrap_err();
    assert_eq!(failed.0.kind, FailureKind::Cancelled);
    assert_eq!(host.slept.lock().unwrap().len(), 2);
}

#[test]
fn time_is_the_hosts() {
    assert_eq!(value("now()"), "\"1970-01-01T00:00:00Z\"");
    assert_eq!(value("duration(\"1h30m\")"), "5400.0");
    assert_eq!(value("duration(2)"), "2.0");
    let host = Arc::new(Fake::default());
    let _ = run_with(
        "sleep(2); sleep(0.5); sleep(\"1m\");",
        &Notebook::default(),
        &host,
    )
    .unwrap();
    assert_eq!(
        host.slept.lock().unwrap().iter().sum::<Duration>(),
        Duration::from_millis(62_500)
    );
}

#[test]
fn patterns_find_and_replace() {
    assert_eq!(value("\"rev 34\".matches(\"\\\\d+\")"), "true");
    assert_eq!(value("matches(\"rev\", \"^\\\\d\")"), "false");
    assert_eq!(value("\"rev 34\".find(\"\\\\d+\")"), "\"34\"");
    assert_eq!(
        value("\"a=1,b=2\".find(\"(\\\\w)=(\\\\d)\")"),
        "[\"a\", \"1\"]"
    );
    assert_eq!(value("\"x\".find(\"\\\\d\")"), "()");
    assert_eq!(value("\"a=1,b=2\".find_all(\"\\\\d\")"), "[\"1\", \"2\"]");
    assert_eq!(
        value("\"a1b2\".replace_regex(\"(\\\\d)\", \"<$1>\")"),
        "\"a<1>b<2>\""
    );
    says(
        "\"x\".matches(\"a[b-\")",
        "the pattern `a[b-` is wrong at `[`: unclosed character class",
    );
}

#[test]
fn a_text_is_trimmed_and_replaced_into_a_new_one() {
    assert_eq!(value("\" a \".trim()"), "\"a\"");
    assert_eq!(
        value("const A = \" a \"; A.trim() == \"a\" && A.len() == 3"),
        "true"
    );
    assert_eq!(
        value("let a = \"a-b\"; a.replace(\"-\", \"+\") + a"),
        "\"a+ba-b\""
    );
    assert_eq!(value("\"a-b\".replace('-', '+')"), "\"a+b\"");
    assert_eq!(
        value("\"a-b\".replace('-', \"\") + \"a-b\".replace(\"-\", '+')"),
        "\"aba+b\""
    );
    assert_eq!(value("#{a: \" x \"}.a.trim()"), "\"x\"");
}

#[test]
fn json_and_yaml_are_read_and_written() {
    assert_eq!(
        value("parse_json(`{\"a\": [1, 2.5, null, true, \"x\"], \"b\": {}}`)"),
        "#{a: [1, 2.5, (), true, \"x\"], b: #{}}"
    );
    assert_eq!(
        value("parse_yaml(\"a: yes\\nb: [1]\")"),
        "#{a: \"yes\", b: [1]}"
    );
    assert_eq!(
        value("to_json(#{a: [1, (), \"x\"]})"),
        r#""{\"a\":[1,null,\"x\"]}""#
    );
    assert_eq!(value("#{a: 1}.to_json()"), r#""{\"a\":1}""#);
    says("parse_json(\"\")", "the text is empty, not JSON");
    says(
        "parse_json(\"[1,\")",
        "the text is not JSON: EOF while parsing a value at line 1 column 3",
    );
    assert!(
        failure("parse_yaml(\"a: [\")")
            .message
            .starts_with("the text is not YAML: ")
    );
}

#[test]
fn values_go_there_and_back() {
    let plain: Value = serde_json::json!({
        "a": [1, 2.5, null, true, "x", {"b": []}], "big": 9_007_199_254_740_993_i64
    });
    assert_eq!(to_value(&to_dynamic(&plain)), plain);
    assert!(to_dynamic(&u64::MAX.into()).is_float());
}

#[test]
fn raw_text_is_marked() {
    let (value, _) = run("raw(\"a b\")").unwrap();
    assert_eq!(value.cast::<Raw>(), Raw("a b".to_owned()));
    assert_eq!(super::value("`${raw(1)}`"), "\"1\"");
}

#[test]
fn the_vocabulary_is_what_can_be_called() {
    let vocabulary = vocabulary();
    for name in [
        "sh",
        "run",
        "sh_unchecked",
        "run_unchecked",
        "log",
        "ask",
        "within",
        "env",
        "input",
        "raw",
        "matches",
        "parse_json",
        "to_json",
        "now",
        "duration",
        "json",
        "lines",
        "len",
        "push",
        "print",
        "abs",
        "split",
    ] {
        assert!(vocabulary.functions().contains(name), "{name}");
    }
    for name in ["timestamp", "eval", "+", "assert"] {
        assert!(!vocabulary.functions().contains(name), "{name}");
    }
}
