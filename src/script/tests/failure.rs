//! Each error of a script, at its place in the page.

use super::*;

/// The text of the document at the failure's place, and its message.
#[track_caller]
fn place(document: &str, text: &str, line: usize, message: &str) {
    let source = Source::new("a.md", document);
    let failure = run_in(
        document,
        &Notebook::default(),
        &Arc::default(),
        &CancellationToken::new(),
    )
    .unwrap_err()
    .0;
    assert_eq!(failure.message, message);
    let span = failure.span.expect("a place");
    assert_eq!(source.slice(span), text);
    assert_eq!(source.position(span.start).line, line);
}

#[test]
fn errors_point_into_the_document() {
    place(
        &cell("let x = 1;\nlet yy = xx + 1;"),
        "xx",
        5,
        "there is no variable `xx`",
    );
    place(
        &cell("let a = [1];\n  a[4]"),
        "4",
        5,
        "array index 4 out of bounds: only 1 element in array",
    );
    place(
        "- item\n  > ```rhai\n  > let b = \"ß\";\n  > /*ß*/ b + flor(1)\n  > ```\n",
        "flor",
        4,
        "there is no function `flor(an integer)`; did you mean `floor`?",
    );
    place(
        &cell("let x = 1\nlet y = 2"),
        "let",
        5,
        "expected `;` to terminate this statement",
    );
    place(
        &cell("fn f(x) {\n  x.len()\n}\nf(1)"),
        "len",
        5,
        "`len` does not take (an integer)",
    );
    place(&cell("throw \"it is over\";"), "throw", 4, "it is over");
}

#[test]
fn an_error_in_a_function_of_an_earlier_cell_points_there() {
    let first = "# a\n\n```rhai\nfn f(x) {\n  x + nothing\n}\n```\n";
    let source = Source::new(
        "a.md",
        format!("{first}\ntext\n\n```rhai\nlet y = f(1);\n```\n"),
    );
    let host: Arc<dyn Host> = Arc::new(Fake::default());
    let engine = Engine::new();
    let cancel = CancellationToken::new();
    let code = fence(&source);
    let (_, left) = engine
        .run(&code, &source, &Notebook::default(), &host, &cancel)
        .unwrap();
    let at = source.text().find("let y").unwrap();
    let second = Excerpt::whole(&source, Span::new(at, at + 13));
    let failure = engine
        .run(&second, &source, &left, &host, &cancel)
        .unwrap_err()
        .0;
    let span = failure.span.unwrap();
    assert_eq!(source.slice(span), "nothing");
    assert_eq!(source.position(span.start).line, 5);
}

#[test]
fn places_are_true_in_documents_longer_than_the_engine_counts() {
    let document = format!(
        "{}```rhai\nlet x = 1;\nx + nothing\n```\n",
        "\n".repeat(120_000)
    );
    place(
        &document,
        "nothing",
        120_003,
        "there is no variable `nothing`",
    );
}

#[test]
fn messages_are_plain() {
    says(
        "1 + \"a\" * 2",
        "`*` does not work on a text and an integer",
    );
    says(
        "lenn(\"a\")",
        "there is no function `lenn(a text)`; did you mean `len`?",
    );
    says("sh(1)", "the command of `sh` must be a text, not 1");
    says("fn f(a) { a } f(1, 2)", "`f` takes 1 argument, not 2");
    says(
        "let release_name = 1; relase_name",
        "there is no variable `relase_name`; did you mean `release_name`?",
    );
    says("let x = 5; x.foo", "an integer has no `foo`");
    says(
        "let m = #{}; m.a.b",
        "`b` is asked of `()`: what stands before it has no value",
    );
    says("1 / 0", "division by zero: 1 / 0");
    says("throw #{code: 3};", "#{code: 3}");
    says("if 1 { }", "expected a boolean expression, not a number");
    says(
        "let n = 1; if n { }",
        "expected a boolean, found an integer",
    );
    says("let x = ;", "unexpected `;`");
}

#[test]
fn limits_end_a_script() {
    let limit = |code: &str, message: &str| {
        let failure = failure(code);
        assert_eq!(failure.kind, FailureKind::Limit, "{failure:?}");
        assert!(failure.message.contains(message), "{failure:?}");
    };
    limit("fn f(n) { 1 + f(n + 1) } f(0)", "64 levels");
    limit(
        "fn f(n) { let x = [#{a: [f(n + 1)]}]; x } try { f(0) } catch { }",
        "64 levels",
    );
    limit("fn f(n) { [n].map(|x| f(x + 1)) } f(0)", "64 levels");
    limit(
        "fn f(n) { assert [1, f(n + 1)].len() == n || f(n) == f(n + 1); } f(0)",
        "64 levels",
    );
    limit("let s = \"x\"; loop { s += s; }", "too large");
    limit("let a = []; a.pad(1000000000000, 1);", "too large");
    limit("let n = 0; loop { n += 1; }", "50 million");
    limit(
        &format!("let x = {}1{};", "(".repeat(500), ")".repeat(500)),
        "levels",
    );
}

#[test]
fn an_endless_loop_ends_when_it_is_cancelled() {
    let cancel = CancellationToken::new();
    let canceller = cancel.clone();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        canceller.cancel();
    });
    let failed = run_in(
        &cell("loop { try { [1].for_each(|x| { loop { } }); } catch { } }"),
        &Notebook::default(),
        &Arc::default(),
        &cancel,
    )
    .unwrap_err();
    thread.join().unwrap();
    assert_eq!(failed.0.kind, FailureKind::Cancelled);
    let failed = run_in(&cell("1"), &Notebook::default(), &Arc::default(), &cancel).unwrap_err();
    assert_eq!(failed.0.kind, FailureKind::Cancelled);
}

#[test]
fn a_script_reaches_nothing_outside() {
    for code in [
        "eval(\"1\")",
        "import \"/etc/passwd\" as x;",
        "timestamp()",
        "open_file(\"x\")",
    ] {
        assert_eq!(failure(code).kind, FailureKind::Error, "{code}");
    }
}

#[test]
fn an_expression_is_one_expression() {
    let source = Source::new("a.md", "x when=\"[1, 2].all(|n| n > limit)\" y");
    let start = source.text().find('[').unwrap();
    let end = source.text().rfind('"').unwrap();
    let host: Arc<dyn Host> = Arc::new(Fake::default());
    let cancel = CancellationToken::new();
    let engine = Engine::new();
    let code = Excerpt::whole(&source, Span::new(start, end));
    let mut notebook = Notebook::default();
    notebook.define("limit", 0_i64.into(), true);
    let value = engine.evaluate(&code, &source, &notebook, &host, &cancel);
    assert_eq!(value.unwrap().as_bool(), Ok(true));
    let failure = engine
        .evaluate(&code, &source, &Notebook::default(), &host, &cancel)
        .unwrap_err();
    assert_eq!(source.slice(failure.span.unwrap()), "limit");
    let statement = Source::new("a.md", "let x = 1;");
    let code = Excerpt::whole(&statement, Span::new(0, 10));
    assert!(
        engine
            .evaluate(&code, &statement, &notebook, &host, &cancel)
            .is_err()
    );
}
