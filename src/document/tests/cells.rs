//! Languages, attributes in all their forms, transcripts, interpolations.

use std::time::Duration;

use super::{bodies, clean, complains, errors, first, parse, said};
use crate::document::{CellKind, Document, Effect, Format, Interpolated};
use crate::quote::Dialect;

fn shell(dialect: Option<Dialect>) -> CellKind {
    CellKind::Shell(dialect)
}

fn interpreter(language: &str, program: &str) -> CellKind {
    CellKind::Interpreter {
        language: language.to_owned(),
        program: program.to_owned(),
    }
}

#[test]
fn a_language_decides_what_a_fence_is() {
    #[track_caller]
    fn case(info: &str, expected: Option<CellKind>) {
        let (document, _) = parse(&format!("```{info}\nx\n```\n"));
        let kind = document
            .cells
            .into_iter()
            .map(|cell| cell.kind)
            .find(|kind| *kind != CellKind::Manual);
        assert_eq!(kind, expected, "{info}");
    }
    case("sh", Some(shell(Some(Dialect::Sh))));
    case("Bash", Some(shell(Some(Dialect::Bash))));
    case("zsh title=x", Some(shell(Some(Dialect::Zsh))));
    case("fish{#a}", Some(shell(Some(Dialect::Fish))));
    case("shell", Some(shell(None)));
    case("{.bash #a}", Some(shell(Some(Dialect::Bash))));
    case("rhai", Some(CellKind::Script));
    case("python {#a}", Some(interpreter("python", "python3")));
    case("js {timeout=5s}", Some(interpreter("js", "node")));
    case(
        "sql {interpreter=\"psql -f\"}",
        Some(interpreter("sql", "psql -f")),
    );
    case(
        "sh {\"interpreter\":\"zsh\"}",
        Some(shell(Some(Dialect::Zsh))),
    );
    case("json {#a}", Some(CellKind::Value(Format::Json)));
    case("yml {#a}", Some(CellKind::Value(Format::Yaml)));
    case("toml {#a .x}", Some(CellKind::Value(Format::Toml)));
    case("txt {#a}", Some(CellKind::Value(Format::Text)));
    for prose in [
        "",
        "python",
        "python {1,3}",
        "js {title=x}",
        "js {\"id\":\"01HF7BT3HEQBTBM9SSTMRZ5DDW\"}",
        "json",
        "json {effect=read}",
        "sql {#a}",
        "diff",
        "azurecli",
        "shellscript",
        "{bash}",
        "console",
        "   ",
    ] {
        case(prose, None);
    }
}

#[test]
fn every_attribute_is_read() {
    let page = "```bash {#flip needs=a,b when=\"helm.ok && \\\"x\\\\y\\\" == z\" timeout=10m \
        retry=3 delay=5s backoff=1.5 confirm='Flip to \"API\"?' always allow-failure each=\"xs\" \
        effect=destroy errexit=off cwd=/tmp shell=zsh skip .note}\nx\n```\n";
    let document = clean(page);
    let attributes = &first(&document).attributes;
    let id = attributes.id.as_ref().expect("an id");
    assert_eq!(id.value, "flip");
    assert_eq!(document.source.slice(id.span), "flip");
    let needs: Vec<_> = attributes.needs.iter().flatten().collect();
    assert_eq!(needs[1].value, "b");
    assert_eq!(document.source.slice(needs[1].span), "b");
    let when = attributes.when.as_ref().expect("a condition");
    assert_eq!(when.text, "helm.ok && \"x\\y\" == z");
    let z = when.text.len() - 1;
    assert_eq!(document.source.slice(when.span(z..z + 1)), "z");
    assert_eq!(attributes.timeout, Some(Duration::from_mins(10)));
    assert_eq!(attributes.retry, Some(3));
    assert_eq!(attributes.delay, Some(Duration::from_secs(5)));
    assert_eq!(attributes.backoff, Some(1.5));
    let confirm = attributes.confirm.as_ref().expect("a question");
    assert_eq!(confirm.text, "Flip to \"API\"?");
    assert!(attributes.always && attributes.allow_failure && attributes.skip);
    assert_eq!(attributes.effect, Some(Effect::Destroy));
    assert_eq!(attributes.errexit, Some(false));
    assert_eq!(attributes.shell, Some(Dialect::Zsh));
    assert!(!document.plain);
}

#[test]
fn attributes_have_short_forms() {
    let document = clean("```sh {confirm needs=none}\nx\n```\n");
    let attributes = &first(&document).attributes;
    assert_eq!(
        attributes.confirm.as_ref().map(|c| c.text.as_str()),
        Some("")
    );
    assert_eq!(attributes.needs.as_deref(), Some(&[][..]));
    let document = clean("```sh {needs=\"a, b\" background ready=\"x\" tty=false}\nx\n```\n");
    let attributes = &first(&document).attributes;
    assert_eq!(attributes.needs.as_ref().map(Vec::len), Some(2));
    assert!(attributes.background && !attributes.tty);
    let document = clean("```sh {cwd=${{ dir }}}\nx\n```\n");
    assert_eq!(
        first(&document)
            .attributes
            .cwd
            .as_ref()
            .map(|c| c.text.as_str()),
        Some("${{ dir }}")
    );
}

#[test]
fn runme_is_read() {
    let document = clean(
        "```sh {\"name\":\"my step!\",\"cwd\":\"/tmp\",\"background\":\"true\",\"interactive\":true,\
         \"promptEnv\":\"no\",\"excludeFromRunAll\":true,\"someday\":[1]}\nx\n```\n",
    );
    let attributes = &first(&document).attributes;
    assert_eq!(
        attributes.id.as_ref().map(|id| id.value.as_str()),
        Some("my-step")
    );
    assert_eq!(
        attributes.cwd.as_ref().map(|c| c.text.as_str()),
        Some("/tmp")
    );
    assert!(attributes.background && attributes.skip && !attributes.tty);
    assert!(
        first(&clean("```sh {\"interactive\":true}\nx\n```\n"))
            .attributes
            .tty
    );
    let document = clean("```sh { name=x interactive=false }\nx\n```\n");
    let cell = first(&document);
    assert_eq!(
        cell.attributes.id.as_ref().map(|id| id.value.as_str()),
        Some("x")
    );
    assert!(!cell.attributes.tty && !document.plain);
    assert!(!clean("```sh {\"id\":\"01HF7BT3HEQBTBM9SSTMRZ5DDW\"}\nx\n```\n").plain);
}

#[test]
fn mistakes_in_attributes_are_placed() {
    #[track_caller]
    fn case(info: &str, expected: &str) {
        complains(&format!("```{info}\nx\n```\n"), expected);
    }
    case(
        "bash {#a tiemout=3}",
        "1:13 error RB0102 `tiemout`: unknown attribute `tiemout` | did you mean `timeout`?",
    );
    case(
        "bash {allow_failure}",
        "1:10 error RB0102 `allow_failure`: unknown attribute `allow_failure` | did you mean `allow-failure`?",
    );
    case(
        "bash {timeout=5x}",
        "1:18 error RB0103 `5x`: `timeout` can't be `5x` | expected a length of time, as in `90s`, `5m` or `1h30m`",
    );
    case(
        "bash {effect=destory}",
        "1:17 error RB0103 `destory`: `effect` can't be `destory` | did you mean `destroy`?",
    );
    case(
        "bash {retry=-1}",
        "1:16 error RB0103 `-1`: `retry` can't be `-1` | expected a whole number of attempts, as in `retry=3`",
    );
    case(
        "bash {retry=1 backoff=0.5}",
        "1:26 error RB0103 `0.5`: `backoff` can't be `0.5` | expected a factor of 1 or more, as in `backoff=2`",
    );
    case(
        "bash {when}",
        "1:10 error RB0104 `when`: `when` needs a value | write `when=\"build.ok\"`",
    );
    case(
        "bash {skip=maybe}",
        "1:15 error RB0103 `maybe`: `skip` can't be `maybe` | write `skip` without a value",
    );
    case(
        "bash {#a #b}",
        "1:13 error RB0105 `#b`: `#id` is written twice | remove one of them",
    );
    case(
        "bash {#1a}",
        "1:11 error RB0107 `1a`: `1a` is not a name | a name is a letter, then letters, digits, `-`, `_` or `.`",
    );
    case(
        "bash {needs=a,,b}",
        "1:18 error RB0107 `,`: `` is not a name | a name is a letter, then letters, digits, `-`, `_` or `.`",
    );
    case(
        "bash {#a",
        "1:9 error RB0106 `{`: this `{` is never closed | write `}` after the last attribute",
    );
    case(
        "bash {when=\"a}",
        "1:15 error RB0106 `\"`: this quote is never closed | write `\"` after the value",
    );
    case(
        "bash {#a =b}",
        "1:13 error RB0106 `=b`: expected an attribute, found `=b` | write `name` or `name=value`, with quotes around a value with blanks",
    );
    case(
        "bash {parallel}",
        "1:10 error RB0109 `parallel`: `parallel` is for a section, not for a cell | write `<!-- runbook: parallel -->` under the section's heading",
    );
    case(
        "bash {ready=\"x\"}",
        "1:10 warning RB0109 `ready=\"x\"`: `ready` does nothing without `background` | add `background`, or remove `ready`",
    );
    case(
        "rhai {tty}",
        "1:10 warning RB0109 `tty`: `tty` does nothing for a script | remove it",
    );
    case(
        "bash {timeout=0}",
        "1:18 error RB0103 `0`: `timeout` can't be `0` | nothing ends in no time: write how long, as in `5m`, or leave it out",
    );
    case(
        "bash {id=flip}",
        "1:10 error RB0102 `id=flip`: a step's name is written with `#` | write `#flip`",
    );
    case(
        "sh {\"name\":}",
        "1:7 error RB0113 `{\"name\":}`: these attributes are not JSON: expected value at line 1 column 9 | write `{\"name\":\"x\"}`, or `{#x}` without JSON",
    );
    case(
        "console {#a}",
        "1:4 error RB0114 `console {#a}`: this transcript has no line with a `$ ` prompt | write `$ ` before each command, or `bash` as the language",
    );
}

#[test]
fn parsing_goes_on_after_a_mistake() {
    let (document, diagnostics) =
        parse("```sh {#a timeout=x retry=2 nope=1}\nx\n```\n```sh {#b}\ny\n```\n");
    assert_eq!(
        errors(&diagnostics),
        2,
        "{:?}",
        said(&document, &diagnostics)
    );
    assert_eq!(first(&document).attributes.retry, Some(2));
    assert_eq!(document.cells.len(), 2);
}

#[test]
fn what_other_tools_write_is_nothing_to_us() {
    for info in [
        "bash title=\"a {b}\" hl_lines=\"1 2\"",
        "bash {1,3-5}",
        "bash {linenos=table,hl_lines=[8,\"15-17\"]}",
        "sh file=x.sh",
    ] {
        let document = clean(&format!("```{info}\nx\n```\n"));
        assert!(document.plain, "{info}");
    }
}

fn exchanges(page: &str) -> Vec<(String, Option<String>)> {
    let document = clean(page);
    let CellKind::Console(exchanges) = &first(&document).kind else {
        panic!("a transcript, not {:?}", first(&document).kind);
    };
    exchanges
        .iter()
        .map(|exchange| {
            (
                exchange.command.text.clone(),
                exchange.expected.as_ref().map(|text| text.text.clone()),
            )
        })
        .collect()
}

#[test]
fn a_transcript_is_commands_and_their_output() {
    #[track_caller]
    fn case(lines: &str, expected: &[(&str, Option<&str>)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(command, text)| ((*command).to_owned(), text.map(str::to_owned)))
            .collect();
        assert_eq!(exchanges(&format!("```console\n{lines}```\n")), expected);
    }
    case("$ ls\n", &[("ls", None)]);
    case(
        "$ ls\na\n\nb\n\n$ pwd\n\n",
        &[("ls", Some("a\n\nb\n")), ("pwd", None)],
    );
    case(
        "header\n$ ls\n$ pwd\n/\n",
        &[("ls", None), ("pwd", Some("/\n"))],
    );
    case("$ a \\\n  b\nout\n", &[("a \\\n  b", Some("out\n"))]);
    case("$ a \\\\\nout\n", &[("a \\\\", Some("out\n"))]);
    case(
        "$ for i in 1 2; do\n> echo $i\n> done\n1\n2\n",
        &[("for i in 1 2; do\necho $i\ndone", Some("1\n2\n"))],
    );
    case(
        "$ cat <<EOF\n$ not a prompt\n> quoted\nEOF\nout\n> out\n",
        &[(
            "cat <<EOF\n$ not a prompt\n> quoted\nEOF",
            Some("out\n> out\n"),
        )],
    );
    case(
        "$ cat <<-'A B' <<X\n> one\n> X\nout\n",
        &[("cat <<-'A B' <<X\none\nX\nout", None)],
    );
    case(
        "$ cat <<'E' | sh\n> a\n> E\nout\n",
        &[("cat <<'E' | sh\na\nE", Some("out\n"))],
    );
    case(
        "$ cat <<< x\nout\n$ echo \"<<E\"\n",
        &[("cat <<< x", Some("out\n")), ("echo \"<<E\"", None)],
    );
    case("  $ ls\n  a\n", &[("ls", Some("  a\n"))]);
    case("% ls\n$ x\n", &[("ls", Some("$ x\n"))]);
    case("$ ls\n...\n[..] ok\n", &[("ls", Some("...\n[..] ok\n"))]);
}

#[test]
fn a_shell_fence_with_prompts_is_a_transcript_of_that_shell() {
    let document = clean("```zsh\n# list\n$ ls\n```\n");
    let cell = first(&document);
    assert!(matches!(cell.kind, CellKind::Console(_)));
    assert_eq!(cell.attributes.shell, Some(Dialect::Zsh));
    let document = clean("```bash\necho\n$ ls\n```\n");
    assert_eq!(first(&document).kind, shell(Some(Dialect::Bash)));
    let document = clean("```console\nkubectl get pods\n```\n");
    assert_eq!(first(&document).kind, shell(None));
}

#[test]
fn commands_of_a_transcript_map_back_through_their_container() {
    let document = clean("> - ```console\n>   $ cat <<E\n>   > a\n>   > E\n>   a\n>   ```\n");
    let CellKind::Console(exchanges) = &first(&document).kind else {
        panic!("a transcript");
    };
    let command = &exchanges[0].command;
    assert_eq!(command.text, "cat <<E\na\nE");
    assert_eq!(document.source.position(command.origin(8)).line, 3);
    assert_eq!(document.source.position(command.origin(8)).column, 7);
    assert_eq!(document.source.line(command.origin(10)), 4);
}

fn expressions(document: &Document) -> Vec<(&str, &str)> {
    let cell = first(document);
    cell.interpolations
        .iter()
        .map(|found| {
            let Interpolated::Expression(expression) = &found.value else {
                panic!("an expression");
            };
            let place = cell.body.span(found.range.clone());
            (expression.text.as_str(), document.source.slice(place))
        })
        .collect()
}

#[test]
fn interpolations_end_where_their_expression_does() {
    #[track_caller]
    fn case(body: &str, expected: &[&str]) {
        let document = clean(&format!("```sh\n{body}\n```\n"));
        assert!(!document.plain);
        let found: Vec<_> = expressions(&document).into_iter().map(|(e, _)| e).collect();
        assert_eq!(found, expected);
    }
    case("a ${{ x }} ${{y}}", &["x", "y"]);
    case("${{ \"}}\" + `}}` + '}' }}", &["\"}}\" + `}}` + '}'"]);
    case("${{ #{a: #{b: 1}}.a.b }}", &["#{a: #{b: 1}}.a.b"]);
    case("${{ \"\\\"}}\" }} $x ${y} $$ $", &["\"\\\"}}\""]);
    case("${{ a\n+ b }}", &["a\n+ b"]);
}

#[test]
fn interpolations_know_their_place_in_a_container() {
    let document = clean("> ```sh\n> echo ${{ a }}\n> ```\n");
    assert_eq!(expressions(&document), [("a", "${{ a }}")]);
    assert!(
        clean("```rhai\nlet a = \"${{ x }}\";\n```\n").cells[0]
            .interpolations
            .is_empty()
    );
    assert!(clean("```yaml\n${{ github.ref }}\n```\n```sh\nls\n```\n").plain);
}

#[test]
fn a_backquote_in_the_attributes_is_said() {
    complains(
        "a\n```sh {#srv when=\"x == `up`\"}\nls\n",
        "2:24 error RB0116 ```: this line opens no fence: no backquote can follow its own | open and close the fence with `~~~`, or write texts in `\"…\"`",
    );
    clean("say ``` ```sh {#a} ``` to begin, or\n```sh {#a}``` here\n");
    clean("~~~sh {#srv when=\"x == `up`\"}\nls\n~~~\n");
}

#[test]
fn broken_interpolations_are_said() {
    complains(
        "- x\n\n  ```sh\n  echo ${{ a\n  ```\n",
        "4:8 error RB0510 `${{`: this `${{` is never closed | write `}}` after the expression",
    );
    complains(
        "```sh\necho ${{ }}\n```\n",
        "2:6 error RB0511 `${{ }}`: this interpolation holds no expression | write a name or an expression between `${{` and `}}`",
    );
}

#[test]
fn an_empty_shell_fence_is_prose() {
    let document = clean("# x\n```sh\n\n```\n");
    assert!(bodies(&document, |kind| matches!(kind, CellKind::Shell(_))).is_empty());
}
