//! What each diagnostic says.

use snapbox::{assert_data_eq, str};

use super::build;

/// The diagnostics of a page as shown.
fn said(text: &str) -> String {
    let (graph, diagnostics) = build(text);
    let shown: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| diagnostic.render(&graph.document.source, false, 100))
        .collect();
    shown.join("\n")
}

#[test]
fn an_id_used_twice_shows_both_places() {
    assert_data_eq!(
        said("```bash {#a}\n1\n```\n```bash {#a}\n2\n```\n"),
        str![[r"
error[RB0201]: two steps are called `a`
 --> page.md:4:10
  |
1 | ```bash {#a}
  |          -- first here
...
4 | ```bash {#a}
  |          ^^ again here
  |
help: give one of them another name
"]]
    );
}

#[test]
fn ids_that_read_as_one_variable_collide() {
    assert_data_eq!(
        said("```bash {#a-b}\n1\n```\n```bash {#a_b}\n2\n```\n"),
        str![[r"
error[RB0202]: two steps have the variable `a_b`
 --> page.md:4:10
  |
1 | ```bash {#a-b}
  |          ---- this one has it already
...
4 | ```bash {#a_b}
  |          ^^^^
  |
help: in scripts `-` and `.` of a name read as `_`: give one of them another name
"]]
    );
}

#[test]
fn an_unknown_need_names_the_nearest_step() {
    assert_data_eq!(
        said("```bash {#build}\n1\n```\n```bash {#b needs=biuld}\n2\n```\n"),
        str![[r"
error[RB0203]: no step is called `biuld`
 --> page.md:4:19
  |
4 | ```bash {#b needs=biuld}
  |                   ^^^^^
  |
help: did you mean `build`?
  |
4 - ```bash {#b needs=biuld}
4 + ```bash {#b needs=build}
  |
"]]
    );
    assert_data_eq!(
        said("```bash {#a needs=a}\n1\n```\n"),
        str![[r"
error[RB0204]: step `a` needs itself
 --> page.md:1:19
  |
1 | ```bash {#a needs=a}
  |                   ^
"]]
    );
}

#[test]
fn a_cycle_shows_its_path_and_reasons() {
    assert_data_eq!(
        said("```bash {#a needs=b}\n1\n```\n```bash {#b needs=a}\n2\n```\n"),
        str![[r"
error[RB0205]: steps wait for each other: `a` → `b` → `a`
 --> page.md:1:19
  |
1 | ```bash {#a needs=b}
  |                   ^ `a` needs `b`
...
4 | ```bash {#b needs=a}
  |                   - `b` needs `a`
  |
help: take one of these away
"]]
    );
    assert_data_eq!(
        said(
            "```bash {#a}\necho ${{ x }}\n```\n```bash {#m}\n1\n```\n```rhai {#b}\nlet x = 1;\n```\n"
        ),
        str![[r"
error[RB0205]: steps wait for each other: `a` → `b` → `a`
 --> page.md:2:10
  |
2 | echo ${{ x }}
  |          ^ `a` uses `x`, which `b` defines
...
7 | ```rhai {#b}
  |          -- `b` stands below `a`
  |
help: move `b` above `a`, or let it say what it waits for with `needs=`
"]]
    );
    assert_data_eq!(
        said(
            "```bash {#a when=\"b.ok\"}\n1\n```\n```bash {#b}\necho ${{ c.stdout }}\n```\n```bash {#c needs=a}\n1\n```\n"
        ),
        str![[r#"
error[RB0205]: steps wait for each other: `a` → `b` → `a`
 --> page.md:1:19
  |
1 | ```bash {#a when="b.ok"}
  |                   ^ `a` asks about `b`
...
4 | ```bash {#b}
  |          -- `b` stands below `a`
  |
help: move `b` above `a`, or let it say what it waits for with `needs=`
error[RB0205]: steps wait for each other: `b` → `c` → `a` → `b`
 --> page.md:5:10
  |
1 | ```bash {#a when="b.ok"}
  |                   - `a` asks about `b`
...
5 | echo ${{ c.stdout }}
  |          ^ `b` uses the result of `c`
6 | ```
7 | ```bash {#c needs=a}
  |                   - `c` needs `a`
  |
help: take one of these away
"#]]
    );
}

#[test]
fn a_name_defined_twice_shows_both_places() {
    assert_data_eq!(
        said("```rhai {#a}\nlet x = 1;\nlet x = 2;\n```\n```rhai {#b}\nlet x = 3;\n```\n"),
        str![[r"
error[RB0206]: `x` is defined twice
 --> page.md:6:5
  |
2 | let x = 1;
  |     - first here
...
6 | let x = 3;
  |     ^ again here
  |
help: rename one of them, or assign without `let`
"]]
    );
    assert_data_eq!(
        said("```rhai {#a}\nfn f(x) { 1 }\n```\n```rhai {#b}\nfn f(y) { 2 }\n```\n"),
        str![[r"
error[RB0206]: function `f` is defined twice
 --> page.md:5:4
  |
2 | fn f(x) { 1 }
  |    - first here
...
5 | fn f(y) { 2 }
  |    ^ again here
  |
help: rename one of them, or assign without `let`
"]]
    );
}

#[test]
fn a_name_that_means_two_things_is_an_error() {
    assert_data_eq!(
        said(
            "---\ninputs:\n  region: {}\n---\n```bash {#region}\n1\n```\n```rhai {#b}\nlet b = 3; let steps = 1;\n```\n"
        ),
        str![[r"
error[RB0209]: `region` is an input and a step
 --> page.md:5:10
  |
3 |   region: {}
  |   ------ an input
4 | ---
5 | ```bash {#region}
  |          ^^^^^^^ a step
  |
help: give one of them another name
error[RB0209]: `b` is a name that a script defines and a step
 --> page.md:8:10
  |
8 | ```rhai {#b}
  |          ^^ a step
9 | let b = 3; let steps = 1;
  |     - a name that a script defines
  |
help: give one of them another name
error[RB0209]: `steps` means something in every runbook
 --> page.md:9:16
  |
9 | let b = 3; let steps = 1;
  |                ^^^^^
  |
help: choose another name
"]]
    );
}

#[test]
fn an_unknown_name_gets_the_nearest_of_all_names() {
    assert_data_eq!(
        said(
            "---\ninputs:\n  namespace: {}\n---\n```bash {#helm}\necho ${{ namespaec }}\n```\n```bash {#b when=\"hem.ok\"}\n1\n```\n"
        ),
        str![[r#"
error[RB0207]: nothing defines `namespaec`
 --> page.md:6:10
  |
6 | echo ${{ namespaec }}
  |          ^^^^^^^^^
  |
help: did you mean `namespace`?
  |
6 - echo ${{ namespaec }}
6 + echo ${{ namespace }}
  |
error[RB0207]: nothing defines `hem`
 --> page.md:8:19
  |
8 | ```bash {#b when="hem.ok"}
  |                   ^^^
  |
help: did you mean `helm`?
  |
8 | ```bash {#b when="helm.ok"}
  |                     +
"#]]
    );
    assert_data_eq!(
        said(
            "# S\n<!-- runbook: when=\"nope.ok\" -->\n```bash {#a}\n1\n```\n```bash {#b}\n1\n```\n"
        ),
        str![[r#"
error[RB0207]: nothing defines `nope`
 --> page.md:2:21
  |
2 | <!-- runbook: when="nope.ok" -->
  |                     ^^^^
  |
help: a name is an input, what a `rhai` cell defines, or the id of a step
"#]]
    );
    assert_data_eq!(
        said(
            "```bash {#new}\n1\n```\n```rhai {#数}\nitem + 1\n```\n```rhai {#b}\n steps[\"nwe\"].ok && steps[\"数\"].ok\n```\n"
        ),
        str![[r#"
error[RB0207]: nothing defines `item`
 --> page.md:5:1
  |
5 | item + 1
  | ^^^^
  |
help: a step has `item` where it says `each=`
error[RB0211]: no step is called `nwe`
 --> page.md:8:8
  |
8 |  steps["nwe"].ok && steps["数"].ok
  |        ^^^^^
  |
help: did you mean `new`?
"#]]
    );
}

#[test]
fn an_unknown_function_gets_the_nearest_one() {
    assert_data_eq!(
        said(
            "```rhai {#a}\nlet c = || 1; hlem::wait(1); helm::wiat(2); c(); \"x\".jsno(); #{k: c}.k(1);\n```\n"
        ),
        str![[r#"
error[RB0208]: there is no function `hlem::wait`
 --> page.md:2:15
  |
2 | let c = || 1; hlem::wait(1); helm::wiat(2); c(); "x".jsno(); #{k: c}.k(1);
  |               ^^^^^^^^^^
  |
help: did you mean `helm::wait`?
  |
2 - let c = || 1; hlem::wait(1); helm::wiat(2); c(); "x".jsno(); #{k: c}.k(1);
2 + let c = || 1; helm::wait(1); helm::wiat(2); c(); "x".jsno(); #{k: c}.k(1);
  |
error[RB0208]: there is no function `helm::wiat`
 --> page.md:2:30
  |
2 | let c = || 1; hlem::wait(1); helm::wiat(2); c(); "x".jsno(); #{k: c}.k(1);
  |                              ^^^^^^^^^^
  |
help: did you mean `helm::wait`?
  |
2 - let c = || 1; hlem::wait(1); helm::wiat(2); c(); "x".jsno(); #{k: c}.k(1);
2 + let c = || 1; hlem::wait(1); helm::wait(2); c(); "x".jsno(); #{k: c}.k(1);
  |
error[RB0208]: there is no function `c`
 --> page.md:2:45
  |
2 | let c = || 1; hlem::wait(1); helm::wiat(2); c(); "x".jsno(); #{k: c}.k(1);
  |                                             ^
  |
help: `c` is a variable; a closure in it is called as `c.call(…)`
error[RB0208]: there is no function `jsno`
 --> page.md:2:54
  |
2 | let c = || 1; hlem::wait(1); helm::wiat(2); c(); "x".jsno(); #{k: c}.k(1);
  |                                                      ^^^^
  |
help: did you mean `json`?
  |
2 - let c = || 1; hlem::wait(1); helm::wiat(2); c(); "x".jsno(); #{k: c}.k(1);
2 + let c = || 1; hlem::wait(1); helm::wiat(2); c(); "x".json(); #{k: c}.k(1);
  |
"#]]
    );
}

#[test]
fn a_step_can_not_ask_about_itself() {
    assert_data_eq!(
        said("```bash {#a when=\"a.ok\"}\necho ${{ a.code }}\n```\n"),
        str![[r#"
error[RB0210]: step `a` asks about itself in its `when`
 --> page.md:1:19
  |
1 | ```bash {#a when="a.ok"}
  |          --       ^
  |          |
  |          this step
  |
help: a step's result is there for the steps after it
error[RB0210]: step `a` uses its own result
 --> page.md:2:10
  |
1 | ```bash {#a when="a.ok"}
  |          -- this step
2 | echo ${{ a.code }}
  |          ^
  |
help: a step's result is there for the steps after it
"#]]
    );
    assert_data_eq!(
        said("# S\n<!-- runbook: when=\"b.ok\" -->\n```bash {#b}\n1\n```\n```bash {#c}\n1\n```\n"),
        str![[r#"
error[RB0210]: step `b` asks about itself in its `when`
 --> page.md:2:21
  |
2 | <!-- runbook: when="b.ok" -->
  |                     ^
3 | ```bash {#b}
  |          -- this step
  |
help: a step's result is there for the steps after it
"#]]
    );
    assert_data_eq!(
        said("```rhai {#a}\nlet y = z; let z = 1;\n```\n"),
        str![[r"
error[RB0212]: `z` is used before this cell defines it
 --> page.md:2:9
  |
2 | let y = z; let z = 1;
  |         ^      - defined here
"]]
    );
}

#[test]
fn the_environment_uses_inputs_only() {
    assert_data_eq!(
        said(
            "---\ninputs:\n  region: {}\nenv:\n  R: ${{ region }}-${{ a.stdout }}-${{ regoin }}\n---\n```bash {#a}\n1\n```\n"
        ),
        str![[r"
error[RB0213]: `env` can't use `a`
 --> page.md:5:24
  |
5 |   R: ${{ region }}-${{ a.stdout }}-${{ regoin }}
  |                        ^
  |
help: `env` is set before the first step and can use inputs only
error[RB0207]: nothing defines `regoin`
 --> page.md:5:40
  |
5 |   R: ${{ region }}-${{ a.stdout }}-${{ regoin }}
  |                                        ^^^^^^
  |
help: did you mean `region`?
  |
5 -   R: ${{ region }}-${{ a.stdout }}-${{ regoin }}
5 +   R: ${{ region }}-${{ a.stdout }}-${{ region }}
  |
"]]
    );
}

#[test]
fn code_that_does_not_parse_is_shown_once() {
    assert_data_eq!(
        said(
            "# S\n<!-- runbook: when=\"a.ok &&\" -->\n```bash {#a}\n1\n```\n```bash {#b}\necho ${{ 1 + }}\n```\n"
        ),
        str![[r#"
error[RB0301]: the code ends in the middle
 --> page.md:2:27
  |
2 | <!-- runbook: when="a.ok &&" -->
  |                           ^
  |
help: finish the expression, or close what is open: a bracket, a brace
error[RB0301]: the code ends in the middle
 --> page.md:7:12
  |
7 | echo ${{ 1 + }}
  |            ^
  |
help: finish the expression, or close what is open: a bracket, a brace
"#]]
    );
}

#[test]
fn a_step_named_by_a_word_of_the_language_is_reached_by_steps() {
    let said = said("# K\n```bash {#loop}\necho hi\n```\n```rhai {#a}\nassert loop.ok;\n```\n");
    assert!(
        said.ends_with(
            "help: `loop` is a word of the language: the step of that name is `steps[\"loop\"]`"
        ),
        "{said}"
    );
}

#[test]
fn a_literal_that_can_not_be_a_condition_is_told() {
    let page = "# S\n<!-- runbook: each=\"5\" -->\n```bash {when=\"1\"}\n1\n```\n```bash {ready=\"`x`\" background}\n1\n```\n\
                ## F\n<!-- runbook: when=\"()\" each=\"[1, 2]\" -->\n```bash {when=true}\n1\n```\n";
    let said = said(page);
    for told in [
        "`each` wants a list, a map or a range, and this is a number",
        "`when` wants true or false, and this is a number",
        "`ready` wants true or false, and this is a text",
        "`when` wants true or false, and this is nothing",
        "write an expression that gives one, as in `when=\"plan.ok\"`",
    ] {
        assert!(said.contains(told), "{told} in\n{said}");
    }
    assert_eq!(said.matches("RB0214").count(), 4, "{said}");
}
