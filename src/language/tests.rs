//! What parses, which names code has, and what is said of mistakes.

use super::*;
use crate::source::{Excerpt, Source};

/// Definitions, uses, assignments and calls, each as `name@line:column`.
fn show(text: &str, form: Form) -> String {
    let source = Source::new("a.md", text);
    let code = Excerpt::whole(&source, Span::new(0, text.len()));
    let names = match analyze(&code, &source, form) {
        Ok(names) => names,
        Err(diagnostic) => return diagnostic.render(&source, false, 100),
    };
    let place = |name: &str, span: Span| {
        let at = source.position(span.start);
        assert_eq!(source.slice(span), name, "{text}");
        format!("{name}@{}:{}", at.line, at.column)
    };
    let mut shown = String::new();
    for defined in &names.defines {
        shown += &format!("let {} ", place(&defined.name, defined.span));
    }
    for used in &names.uses {
        shown += &format!("use {} ", place(&used.name, used.span));
    }
    for assigned in &names.assigns {
        shown += &format!("set {} ", place(&assigned.name, assigned.span));
    }
    for call in &names.calls {
        let dot = if call.method { "." } else { "" };
        shown += &format!("{dot}{}/{} ", place(&call.name, call.span), call.arguments);
    }
    for step in &names.steps {
        shown += &format!("step {}={} ", step.name, source.slice(step.span));
    }
    shown.trim_end().to_owned()
}

#[track_caller]
fn cell(text: &str, expected: &str) {
    assert_eq!(show(text, Form::Cell), expected, "{text}");
}

#[track_caller]
fn expression(text: &str, expected: &str) {
    assert_eq!(show(text, Form::Expression), expected, "{text}");
}

#[test]
fn a_condition_uses_the_root_of_each_chain() {
    expression("helm.ok", "use helm@1:1");
    expression(
        "!helm.ok && plan.json().x[i] > 1",
        "use helm@1:2 use plan@1:13 use i@1:27 .json@1:18/0",
    );
    expression("[1, a].contains(b)", "use a@1:5 use b@1:17 .contains@1:8/1");
    expression("#{a: b}.a", "use b@1:6");
    expression("`x ${y} ${z.w}`", "use y@1:6 use z@1:11");
    expression("x?.y ?? z", "use x@1:1 use z@1:9");
    expression(
        "aws::ecs::list(\"a\", b).len()",
        "use b@1:21 aws::ecs::list@1:1/2 .len@1:24/0",
    );
}

#[test]
fn a_cell_defines_its_top_level_names() {
    cell(
        "let a = 1;\nconst b = a;\nfn f(x, y) { x + y }\nf(a, c);",
        "let a@1:5 let b@2:7 let f@3:4 use c@4:6 f@4:1/2",
    );
    cell("if q { let inner = 1; inner } else { 2 }", "use q@1:4");
    cell("let x = x + 1;", "let x@1:5 use x@1:9");
    cell(
        "  fn  fn_ab(a) { a }\n// fn no(x) {\n/* fn */ fn b() { 1 }",
        "let fn_ab@1:7 let b@3:13",
    );
}

#[test]
fn locals_are_not_uses() {
    cell(
        "for (x, i) in list { print(x + i); }",
        "use list@1:15 print@1:22/1",
    );
    cell(
        "try { f(); } catch (error) { print(error); }",
        "f@1:7/0 print@1:30/1",
    );
    cell("let v = 1; { let v = 2; v } v", "let v@1:5");
    cell(
        "switch a { 1 if b => c, 2..5 => d, _ => e }",
        "use a@1:8 use b@1:17 use c@1:22 use d@1:33 use e@1:41",
    );
    cell(
        "while a { b; } do { c } while d;",
        "use a@1:7 use b@1:11 use c@1:21 use d@1:31",
    );
}

#[test]
fn a_closure_uses_what_it_captures_from_outside() {
    cell(
        "let own = 1; list.map(|x| x + own + other)",
        "let own@1:5 use list@1:14 use other@1:37 .map@1:19/1",
    );
    cell("let f = || || deep.x;", "let f@1:5 use deep@1:15");
    cell("within(1, 2, || sh(\"a\").ok)", "within@1:1/3 sh@1:17/1");
    cell(
        "fn twice(x) { x * 2 } [1].map(twice)",
        "let twice@1:4 .map@1:27/1",
    );
}

#[test]
fn assignments_are_told_from_uses() {
    cell("a = b;", "use b@1:5 set a@1:1");
    cell("a += 1;", "use a@1:1 set a@1:1");
    cell("a.b[c] = 1;", "use a@1:1 use c@1:5 set a@1:1");
    cell("let a = 1; a = 2;", "let a@1:5");
}

#[test]
fn an_assertion_uses_its_names() {
    cell(
        "assert r.status == \"x\", `why ${w}`; let y = z;",
        "let y@1:41 use r@1:8 use w@1:32 use z@1:45",
    );
}

#[test]
fn a_step_is_named_by_a_text_index_or_a_property() {
    expression("steps[\"new\"].ok", "use steps@1:1 step new=\"new\"");
    expression(
        "steps.helm.ok || steps[\"a-b\"][\"code\"] == 1",
        "use steps@1:1 use steps@1:18 step helm=helm step a-b=\"a-b\"",
    );
    expression("steps[x].ok", "use steps@1:1 use x@1:7");
}

#[test]
fn a_function_sees_only_its_parameters() {
    cell(
        "let n = 1;\nfn f(x) { x + n }",
        "error[RB0302]: function `f` can't see `n`
 --> a.md:2:15
  |
2 | fn f(x) { x + n }
  |    -          ^
  |    |
  |    sees only its parameters
  |
help: make `n` a parameter of the function",
    );
    cell(
        "fn f(x) { let y = x; for z in y { print(z) } }",
        "let f@1:4 print@1:35/1",
    );
    cell("const K = 1; fn f() { global::K }", "let K@1:7 let f@1:17");
    assert!(show("fn f(x) { x.map(|y| y + n) }", Form::Cell).contains("`f` can't see `n`"));
}

#[track_caller]
fn wrong(text: &str, form: Form, at: &str, message: &str, help: &str) {
    let source = Source::new("a.md", text);
    let code = Excerpt::whole(&source, Span::new(0, text.len()));
    let diagnostic = analyze(&code, &source, form).expect_err(text);
    assert_eq!(diagnostic.message, message, "{text}");
    assert_eq!(source.slice(diagnostic.span()), at, "{text}");
    let said = diagnostic.help.clone().unwrap_or_default();
    assert!(
        said.starts_with(help) && said.is_empty() == help.is_empty(),
        "{text}: {said}"
    );
}

#[test]
fn syntax_errors_say_where_and_what_to_do() {
    let cell = Form::Cell;
    wrong(
        "let x = 1\nlet y = 2;",
        cell,
        "let",
        "`;` is missing to terminate this statement",
        "statements end with `;`",
    );
    wrong(
        "let new = 1;",
        cell,
        "new",
        "`new` is a reserved word",
        "a step of this name is reached as `steps[\"new\"]`",
    );
    wrong(
        "let if = 1;",
        cell,
        "if",
        "`if` can't be a name",
        "`if` is a word of the language",
    );
    wrong(
        "x = 'abc';",
        cell,
        "'",
        "a text stands in double quotes; `'…'` is one character",
        "write `\"…\"`",
    );
    wrong(
        "x = \"abc;\n",
        cell,
        "\"",
        "the text has no closing quote",
        "texts in",
    );
    wrong(
        "if x {",
        cell,
        "{",
        "`}` is missing to terminate this block",
        "",
    );
    wrong(
        "a === b",
        cell,
        "=",
        "`===` is not expected here",
        "write `==`",
    );
    wrong(
        "let x = null;",
        cell,
        "null",
        "`null` is a reserved word",
        "nothing is written `()`",
    );
    wrong(
        "eval(\"1\")",
        cell,
        "eval",
        "runbooks don't have `eval`",
        "what a cell defines",
    );
    wrong(
        "a.ok = true",
        Form::Expression,
        "=",
        "`=` is not expected here",
        "to compare, write `==`",
    );
    wrong(
        "a.ok;",
        Form::Expression,
        ";",
        "one expression is expected here, not a statement",
        "remove the `;`",
    );
    wrong(
        "let x = 1",
        Form::Expression,
        "let",
        "`let` is not expected here",
        "only an expression",
    );
    wrong(
        "",
        Form::Expression,
        "",
        "an expression is missing here",
        "",
    );
    wrong(
        "x.",
        Form::Expression,
        ".",
        "the name of a property is missing after the dot",
        "",
    );
}

#[test]
fn places_go_through_the_prefix_of_a_list() {
    let source = Source::new("a.md", "> let q = 1;\n> \"å\"; let ä = 1;\n");
    let mut code = Excerpt::default();
    code.push("let q = 1;\n", 2);
    code.push("\"å\"; let ä = 1;\n", 15);
    let wrong = analyze(&code, &source, Form::Cell).expect_err("no name");
    assert_eq!(source.slice(wrong.span()), "ä");
    let source = Source::new(
        "a.md",
        "- ```rhai\n  \"ä\"; o.b;\n\tlet q = sh(z);\n  ```\n",
    );
    let mut code = Excerpt::default();
    code.push("\"ä\"; o.b;\n", 12);
    code.push("let q = sh(z);\n", 24);
    let names = analyze(&code, &source, Form::Cell).expect("parses");
    let at: Vec<&str> = names
        .uses
        .iter()
        .map(|used| source.slice(used.span))
        .collect();
    assert_eq!(at, ["o", "z"]);
    assert_eq!(source.slice(names.calls[0].span), "sh");
    assert_eq!(source.slice(names.defines[0].span), "q");
}

#[test]
fn names_below_the_last_line_that_the_parser_counts_are_found() {
    let text = format!("{}x + tail", "\n".repeat(70_000));
    let source = Source::new("a.md", text.clone());
    let code = Excerpt::whole(&source, Span::new(0, text.len()));
    let names = analyze(&code, &source, Form::Cell).expect("parses");
    assert_eq!(source.slice(names.uses[0].span), "x");
    assert_eq!(source.slice(names.uses[1].span), "tail");
}

#[test]
fn literal_arguments_are_kept() {
    let source = Source::new(
        "a.md",
        "sh(`get ${x} now`); run([\"a\", b, \"c\"]); sh(y); sh(\"a \" + z)",
    );
    let code = Excerpt::whole(&source, Span::new(0, source.text().len()));
    let names = analyze(&code, &source, Form::Cell).expect("parses");
    let literals: Vec<_> = names
        .calls
        .iter()
        .map(|call| call.literal.clone())
        .collect();
    assert_eq!(
        literals,
        [
            Some(Literal::Text(format!("get {HOLE} now"))),
            Some(Literal::Words(vec!["a".into(), HOLE.into(), "c".into()])),
            None,
            Some(Literal::Text(format!("a {HOLE}"))),
        ]
    );
}

#[test]
fn reserved_words_are_no_variables() {
    for (name, expected) in [
        ("helm", true),
        ("a_b", true),
        ("new", false),
        ("if", false),
        ("default", false),
        ("数", false),
        ("a-b", false),
        ("_", false),
        ("assert", false),
        ("type_of", false),
        ("is_shared", false),
        ("is_def_fn", false),
        ("is_def_var", false),
        ("is_def_it", true),
        ("", false),
    ] {
        assert_eq!(is_variable(name), expected, "{name}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in "[a-z\"'`${}();=.|\\[\\]\n ä:#,0-9+-]{0,60}") {
        let _ = show_any(&text, Form::Cell);
        let _ = show_any(&text, Form::Expression);
    }
}

fn show_any(text: &str, form: Form) -> bool {
    let source = Source::new("a.md", text);
    let code = Excerpt::whole(&source, Span::new(0, text.len()));
    match analyze(&code, &source, form) {
        Ok(_) => true,
        Err(diagnostic) => diagnostic.render(&source, false, 80).is_empty(),
    }
}
