//! What a failed assertion shows.

use proptest::prelude::*;

use super::*;

/// Each part of a failing assertion as `code = value`.
#[track_caller]
fn parts(code: &str, expected: &[&str]) {
    let failure = failure(code);
    assert_eq!(failure.kind, FailureKind::Assertion, "{code}: {failure:?}");
    let parts: Vec<String> = failure
        .check
        .unwrap()
        .parts
        .into_iter()
        .map(|(code, value)| format!("{code} = {value}"))
        .collect();
    assert_eq!(parts, expected, "{code}");
}

#[test]
fn every_part_that_is_no_literal_is_shown() {
    parts("let x = 1; assert x == 2;", &["x = 1"]);
    parts(
        "let release = #{status: \"failed\"}; let nodes = [1, 2];\n\
         assert release.status == \"deployed\" && nodes.len() >= 3;",
        &["release.status = \"failed\"", "nodes.len() = not evaluated"],
    );
    parts(
        "let nodes = [1, 2]; assert nodes.len() >= 3 || nodes[0] > 1;",
        &["nodes.len() = 2", "nodes = [1, 2]", "nodes[0] = 1"],
    );
    parts(
        "let a = 2; let b = 3; assert (a + b) * 2 == 11;",
        &["(a + b) * 2 = 10", "a + b = 5", "a = 2", "b = 3"],
    );
    parts(
        "let a = 2; assert 10 / (a + 3) == 3;",
        &["10 / (a + 3) = 2", "a + 3 = 5", "a = 2"],
    );
    parts("let a = 2; assert !(a in [1, a, 3]);", &["a = 2"]);
    parts("let a = 5; assert a in 1..3;", &["a = 5"]);
    parts("let a = 5; assert a !in [5];", &["a = 5"]);
    parts(
        "let a = 5; assert a.to_string().len() == 2;",
        &["a.to_string().len() = 1", "a.to_string() = \"5\"", "a = 5"],
    );
    parts(
        "let m = #{a: #{b: [1, 2]}}; let i = 1; assert m.a.b[i] == 1;",
        &["m.a.b[i] = 2", "i = 1"],
    );
    parts(
        "let m = #{a: [#{n: 1}]}; let i = 0; assert m[\"a\"][i + 0].n == 2;",
        &["m[\"a\"][i + 0].n = 1", "i + 0 = 0", "i = 0"],
    );
    parts(
        "let t = \"a)b\"; assert t.contains(\"(\") && t == `x${t}`;",
        &[
            "t.contains(\"(\") = false",
            "t = \"a)b\"",
            "t = not evaluated",
            "`x${t}` = not evaluated",
        ],
    );
    parts("let ok = false; assert ok;", &["ok = false"]);
    parts("let x; assert x ?? false;", &["x = ()"]);
    parts(
        "fn f(x) { x > 3 } let n = 2; assert f(n + 1);",
        &["f(n + 1) = false", "n + 1 = 3", "n = 2"],
    );
    parts("assert 1 == 2;", &[]);
    parts(
        "let xs = [1, 5]; assert xs.all(|x| x < 5);",
        &["xs.all(|x| x < 5) = false", "xs = [1, 5]"],
    );
    parts(
        "let x = -1; assert x > -1 && -x > 2;",
        &["x = -1", "-x = not evaluated"],
    );
    parts(
        "let x = #{a: 1};\nassert x.a // the left\n   /* and */ == 2;",
        &["x.a = 1"],
    );
}

#[test]
fn what_a_method_is_called_on_is_shown() {
    parts(
        "let m = #{s: \"all ready\"}; assert m.s.contains(\"zz\");",
        &["m.s.contains(\"zz\") = false", "m.s = \"all ready\""],
    );
    parts(
        "let l = [1, 3]; let top = 2; assert l.all(|v| v <= top);",
        &["l.all(|v| v <= top) = false", "l = [1, 3]", "top = 2"],
    );
    parts(
        "let l = [\"a \", \"b \"]; let i = 1; assert l[i].to_upper().split(\" \").len() == 5;",
        &[
            "l[i].to_upper().split(\" \").len() = 2",
            "l[i].to_upper().split(\" \") = [\"B\", \"\"]",
            "l[i].to_upper() = \"B \"",
            "l[i] = \"b \"",
            "i = 1",
        ],
    );
    parts(
        "let l = [1, 2]; assert (l + [3]).len() == 2;",
        &["(l + [3]).len() = 3", "l + [3] = [1, 2, 3]", "l = [1, 2]"],
    );
    parts(
        "fn f() { #{n: [7]} } assert f().n[0].to_string() == \"8\";",
        &[
            "f().n[0].to_string() = \"7\"",
            "f().n[0] = 7",
            "f() = #{n: [7]}",
        ],
    );
    parts(
        "let m = #{a: [1]}; assert m?.a?.len() == 4;",
        &["m?.a?.len() = 1", "m?.a = [1]"],
    );
    parts(
        "let m = #{a: ()}; assert m.a?.len().abs() == 4;",
        &["m.a?.len().abs() = ()", "m.a = ()"],
    );
    parts(
        "fn small() { assert this.len() < 2; } let l = [1, 2]; l.small();",
        &["this.len() = 2", "this = [1, 2]"],
    );
    // What a method changes is told as it was.
    parts(
        "let m = #{l: [1, 2]}; assert m.l.pop() == 1;",
        &["m.l.pop() = 2", "m.l = [1, 2]"],
    );
}

#[test]
fn the_entries_of_a_map_are_shown() {
    parts(
        "let top = 2; assert #{a: top, b: [1, top + 1]} == #{a: 3};",
        &["top = 2", "top + 1 = 3"],
    );
}

#[test]
fn what_a_choice_looked_at_is_shown() {
    parts(
        "let k = 2; assert (if k > 3 { 1 } else { k + 2 }) == 2;",
        &["if k > 3 { 1 } else { k + 2 } = 4", "k = 2", "k + 2 = 4"],
    );
    parts(
        "let k = 2; assert if k > 1 { false } else { true };",
        &["if k > 1 { false } else { true } = false", "k = 2"],
    );
    parts(
        "let k = 2; assert if k > 2 { true } else if #{k: 2} == #{k: k} { let n = 1; n > 1 } else { };",
        &[
            "if k > 2 { true } else if #{k: 2} == #{k: k} { let n = 1; n > 1 } else { } = false",
            "k = 2",
        ],
    );
    parts(
        "let k = 2; let l = []; assert switch (k + 1) { 1 => true, _ => l.len() > 5 } && k > 1;",
        &[
            "switch (k + 1) { 1 => true, _ => l.len() > 5 } = false",
            "k + 1 = 3",
            "k = 2",
            "k = not evaluated",
        ],
    );
    says(
        "let k = 2; assert if k > 1 { false } else { true };",
        "`if k > 1 { false } else { true }` does not hold",
    );
}

#[test]
fn what_is_called_on_is_evaluated_once() {
    let code = "let log = [];\n\
                let f = |x| { log.push(x); [x] };\n\
                fn next() { this.n += 1; #{l: [this.n]} }\n\
                let calls = #{deep: #{n: 0}};\n\
                assert f.call(1).len().abs() == 1;\n\
                assert calls.deep.next().l.len().abs() == 1;\n\
                assert (if f.call(2).len() > 0 { f.call(3).len() } else { f.call(4).len() }) == 1;\n\
                assert #{a: f.call(5)} == #{a: [5]};\n\
                [calls.deep.n, log]";
    assert_eq!(value(code), "[1, [1, 2, 3, 5]]");
}

#[test]
fn a_method_changes_what_it_is_called_on() {
    assert_eq!(
        value(
            "let m = #{l: [3, 2]}; let n = [[1]]; let i = 0;\n\
             assert m.l.pop().abs() == 2; assert n[i].pop() == 1;\n\
             let add = |x| { m.l.push(x); true }; assert add.call(5);\n\
             [m, n]"
        ),
        "[#{l: [3, 5]}, [[]]]"
    );
}

#[test]
fn each_part_is_evaluated_once() {
    let code = "let calls = #{n: 0};\n\
                fn count() { this.n += 1; this.n }\n\
                let log = [];\n\
                let f = |x| { log.push(x); x };\n\
                try { } catch { }\n\
                assert f.call(1) == 1 && calls.count() == 1 && (f.call(2) > 1 || f.call(3) > 1);\n\
                [calls.n, log]";
    assert_eq!(value(code), "[1, [1, 2]]");
}

#[test]
fn a_first_argument_can_still_be_changed_in_place() {
    assert_eq!(
        value("let xs = [1]; assert xs.pop() == 1; assert xs == []; xs.len()"),
        "0"
    );
}

#[test]
fn what_held_is_told_as_well() {
    let host = Arc::new(Fake::default());
    run_with(
        "assert 1 < 2, \"one\"; assert true;\nassert 2 ==\n  1, `no ${1 + 1}`;",
        &Notebook::default(),
        &host,
    )
    .unwrap_err();
    let checks = host.checks.lock().unwrap();
    let told: Vec<_> = checks
        .iter()
        .map(|check| {
            (
                check.expression.as_str(),
                check.held,
                check.message.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("1 < 2", true, Some("one")),
            ("true", true, None),
            ("2 ==\n  1", false, Some("no 2")),
        ]
    );
}

#[test]
fn the_failure_says_expression_and_message() {
    says("assert 1 >\n 2;", "`1 > 2` does not hold");
    says(
        "assert 1 > 2, \"Helm finished\";",
        "Helm finished (`1 > 2` does not hold)",
    );
}

#[test]
fn an_assertion_needs_a_boolean() {
    let failure = failure("let n = 3; assert n;");
    assert_eq!(failure.kind, FailureKind::Error);
    assert_eq!(
        failure.message,
        "an assertion must be true or false, but `n` is 3"
    );
    says(
        "assert 1 && true;",
        "expected a boolean expression, not a number",
    );
    says(
        "let n = 1; assert n && true;",
        "expected a boolean, found an integer",
    );
}

#[test]
fn an_assertion_can_not_be_caught() {
    says(
        "try { [1].for_each(|x| { assert this > 1; }); } catch { } 5",
        "`this > 1` does not hold",
    );
    says("try { assert 1 > 2; } catch { } 5", "`1 > 2` does not hold");
}

#[test]
fn an_assertion_in_a_quoted_list_points_into_the_document() {
    let document = "1. text\n   > ```rhai\n   > let z = \"ß\"; /* ß */\n   > let y = [1]; /* ß */ assert y[0] ==\n   >   2;\n   > ```\n";
    let source = Source::new("a.md", document);
    let failure = run_in(
        document,
        &Notebook::default(),
        &Arc::default(),
        &CancellationToken::new(),
    )
    .unwrap_err()
    .0;
    let span = failure.span.unwrap();
    assert_eq!(source.position(span.start).line, 4);
    assert_eq!(source.slice(span), "y[0] ==\n   >   2");
    assert_eq!(
        failure.check.unwrap().parts,
        [("y[0]".to_owned(), "1".to_owned())]
    );
}

#[test]
fn long_values_are_shortened() {
    let failure = failure("let t = \"\"; t.pad(5000, 'x'); assert t == \"\";");
    let check = failure.check.unwrap();
    assert_eq!(check.parts[0].1.chars().count(), 200);
    assert!(check.parts[0].1.ends_with('…'));
}

/// Expressions over a few names, with brackets and blanks in odd places.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("a"),
        Just("b"),
        Just("7"),
        Just("-3"),
        Just("m.x"),
        Just("m[\"y\"]"),
        Just("xs[1]"),
        Just("xs.len()"),
        Just("\")(\".len()"),
        Just("`x${a})`.len()"),
        Just("twice(a)"),
        Just("xs[xs[0] - 1]"),
        Just("m . x /* ) */"),
        Just("'('.to_int()"),
        Just("twice( b ,2)"),
        Just("xs.map(|x| x + b) .len().abs()"),
        Just("#{k: [a]}.k.len()"),
        Just("(if a > 1 { xs } else { [] }).len()"),
        Just("m.x.to_string() /* .( */ .len().max(1)"),
        Just("xs[if b > 1 { 0 } else { 1 }].abs()"),
        Just("(switch a { 2 => xs, _ => [] })[1].abs()"),
    ]
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            (
                inner.clone(),
                prop_oneof![Just("+"), Just("*"), Just(" -\n ")],
                inner.clone()
            )
                .prop_map(|(one, sign, other)| format!("{one} {sign} {other}")),
            inner.clone().prop_map(|inside| format!("( {inside})")),
            inner.clone().prop_map(|inside| format!("twice({inside})")),
            inner.clone().prop_map(|inside| format!("-({inside})")),
            inner.prop_map(|inside| format!("({inside}).abs()")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_code_of_every_part_has_the_value_shown(code in expression()) {
        let defined = "fn twice(x) { x * 2 } fn twice(x, y) { x * y }\n\
                       let a = 2; let b = -5; let xs = [1, 2]; let m = #{x: 3, y: 4};";
        let (_, notebook) = run(defined).unwrap();
        let ran = run_with(&format!("assert {code} == \"\";"), &notebook, &Arc::default());
        let failure = ran.unwrap_err().0;
        // A product of products may not fit.
        prop_assume!(failure.kind == FailureKind::Assertion);
        let check = failure.check.unwrap();
        prop_assert!(!check.parts.is_empty() || !code.contains(char::is_alphabetic), "{code}");
        for (part, shown) in check.parts {
            let (value, _) = run_with(&part, &notebook, &Arc::default()).unwrap();
            prop_assert_eq!(show(&value, 200), shown, "{} in {}", part, code);
        }
    }

    #[test]
    fn no_text_is_too_odd(code in "[a-z0-9 (){}\\[\\]\"'`$#/*.,;|&=!<>+-ß\n]{0,40}") {
        let _ = run(&code);
        let _ = run(&format!("let a = 1; assert {code};"));
        let _ = run(&format!("let a = 1; assert a == 2 && ({code}) || a[{code}];"));
    }
}
