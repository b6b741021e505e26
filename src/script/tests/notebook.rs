//! What cells define for the cells after them.

use super::*;

/// Runs cells one after the other, each with what the earlier ones left.
#[track_caller]
fn cells(codes: &[&str], expected: &str) -> Notebook {
    let mut notebook = Notebook::default();
    let mut last = Dynamic::UNIT;
    for code in codes {
        let (value, left) = match run_with(code, &notebook, &Arc::default()) {
            Ok(ran) => ran,
            Err(failed) => panic!("{code}: {:?}", failed.0),
        };
        notebook.merge(&left);
        last = value;
    }
    assert_eq!(show(&last, 1000), expected, "{codes:?}");
    notebook
}

#[test]
fn names_of_earlier_cells_are_seen() {
    cells(&["let x = 1;", "x + 1"], "2");
    cells(&["const X = 1;", "X + 1"], "2");
    cells(&["fn f(x) { g(x) * 2 } fn g(x) { x + 1 }", "f(2)"], "6");
    cells(&["fn f() { 1 }", "fn f() { 2 }", "f()"], "2");
    cells(&["fn f() { 1 }", "fn g() { f() + 1 }", "g()"], "2");
    cells(&["let x = 1;", "let x = x + 1;", "x"], "2");
    cells(&["let x = 1;", "x += 5;", "x"], "6");
    cells(&["let xs = [1];", "xs.push(2);", "xs"], "[1, 2]");
}

#[test]
fn closures_keep_what_they_captured() {
    cells(&["let n = 2; let f = |x| x * n;", "f.call(4)"], "8");
    cells(
        &[
            "let n = 0; let f = || { n += 1; n }; f.call();",
            "f.call(); f.call()",
        ],
        "3",
    );
    cells(&["let f = |x| x + 1;", "[1, 2].map(f)"], "[2, 3]");
}

#[test]
fn a_cell_tells_only_what_it_left() {
    let mut notebook = Notebook::default();
    for (name, number) in [("a", 1_i64), ("b", 2), ("c", 3)] {
        notebook.define(name, number.into(), false);
    }
    let (_, left) = run_with(
        "b = 5; let d = a; { let hidden = 1; } c = 3;",
        &notebook,
        &Arc::default(),
    )
    .unwrap();
    assert_eq!(left.names().collect::<Vec<_>>(), ["b", "d"]);
    assert_eq!(notebook.get("b").unwrap().as_int(), Ok(2));
}

#[test]
fn an_error_keeps_what_was_defined_before_it() {
    let failed =
        run("let a = 1; fn f() { 2 } { let hidden = 1; throw \"no\"; } let b = 1;").unwrap_err();
    assert_eq!(failed.0.message, "no");
    assert_eq!(failed.1.names().collect::<Vec<_>>(), ["a"]);
    assert_eq!(failed.1.functions().collect::<Vec<_>>(), [("f", 0)]);
}

#[test]
fn a_constant_can_not_be_changed() {
    let mut notebook = Notebook::default();
    notebook.define("a", 1_i64.into(), true);
    let message = |code: &str| {
        run_with(code, &notebook, &Arc::default())
            .unwrap_err()
            .0
            .message
    };
    assert_eq!(message("a = 2;"), "`a` is a constant and can't be changed");
    let (_, left) = run_with("let a = 2;", &notebook, &Arc::default()).unwrap();
    notebook.merge(&left);
    assert_eq!(notebook.is_constant("a"), Some(false));
}

#[test]
fn a_function_sees_only_its_parameters_and_says_so() {
    let mut notebook = Notebook::default();
    notebook.define("release", "x".into(), true);
    let failed = run_with(
        "let r = release; fn f() { release } f()",
        &notebook,
        &Arc::default(),
    );
    assert_eq!(
        failed.unwrap_err().0.message,
        "there is no variable `release` in this function: a function sees only its parameters, so \
         pass it on"
    );
}

#[test]
fn runs_say_the_same_every_time() {
    let code = "let f = |x| x; print(f); f";
    assert_eq!(value(code), value(code));
}

#[test]
fn results_of_steps_are_values() {
    let mut notebook = Notebook::default();
    let result = StepResult {
        id: "helm".to_owned(),
        status: "failed".to_owned(),
        reason: "exit status 1".to_owned(),
        code: Some(1),
        stdout: b"{\"a\": [1, 2]}\n".to_vec(),
        stderr: b"x\n".to_vec(),
        elapsed: Duration::from_millis(1500),
        items: vec![StepResult::default()],
        ..StepResult::default()
    };
    let mut steps = rhai::Map::new();
    steps.insert("any-id".into(), Dynamic::from(result.clone()));
    notebook.define("helm", result.into(), true);
    notebook.define("steps", steps.into(), true);
    let value = |code: &str| match run_with(code, &notebook, &Arc::default()) {
        Ok((value, _)) => show(&value, 1000),
        Err(failed) => failed.0.message,
    };
    assert_eq!(
        value(
            "[helm.ok, helm.failed, helm.skipped, helm.code, helm.stdout, helm.stderr, helm.duration]"
        ),
        r#"[false, true, false, 1, "{\"a\": [1, 2]}", "x", 1.5]"#
    );
    assert_eq!(value("helm.json().a[1]"), "2");
    assert_eq!(value("steps[\"any-id\"].lines().len()"), "1");
    assert_eq!(value("steps[\"other\"]"), "()");
    assert_eq!(value("helm[0].ok"), "true");
    assert_eq!(value("helm.items[0].ok"), "true");
    assert_eq!(
        value("helm[3]"),
        "array index 3 out of bounds: only 1 element in array"
    );
    assert_eq!(
        value("helm.okk"),
        "a result has no `okk`; did you mean `ok`?"
    );
    assert_eq!(value("`${helm}`"), "\"helm: failed (exit status 1)\"");
    assert_eq!(value("parse_json(helm.to_json()).code"), "1");
}

#[test]
fn a_cell_can_end_early() {
    cells(&["let a = 1; if a == 1 { return 5; } let b = 2;"], "5");
    cells(&["let a = 1; exit(6); let b = 2;"], "6");
    cells(&["fn f() { exit(7) } f(); 8"], "7");
}

#[test]
fn values_nested_without_end_are_cut_off() {
    let mut value = Dynamic::from(1_i64);
    for _ in 0..200 {
        value = rhai::Array::from([value]).into();
    }
    let mut notebook = Notebook::default();
    notebook.define("deep", value.clone(), false);
    assert!(show(&value, 1000).contains('…'));
    assert!(to_value(&value).is_array());
}

#[test]
fn engines_and_notebooks_go_between_threads() {
    fn goes<T: Send + Sync>() {}
    goes::<Engine>();
    goes::<Notebook>();
}
