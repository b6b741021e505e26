//! Values where they can't stand, and value cells that can't be read: said before anything runs.

use crate::support::Test;

fn page(cell: &str) -> Test {
    let page = format!(
        "---\ninputs:\n  n: {{type: integer, default: 3}}\n---\n# T\n\n```bash {{#first}}\n\
         touch ran\n```\n\n{cell}\n"
    );
    Test::new().file("a.md", page)
}

#[track_caller]
fn refused(cell: &str, place: &str, reason: &str) {
    let ran = page(cell)
        .args(["run", "a.md"])
        .run()
        .ends(2)
        .says(place)
        .says(reason);
    assert!(!ran.exists("ran"), "a step ran");
    ran.then(["check", "a.md"]).run().ends(2).says(reason);
}

/// Guard: `quote::check`, when the page is read.
#[test]
fn an_unsafe_place_is_told_before_anything_runs() {
    let cases = [
        (
            "echo $((${{ n }}))",
            ":9",
            "a value in arithmetic is evaluated",
        ),
        (
            "echo `date ${{ n }}`",
            ":12",
            "a value inside backquotes can't be quoted",
        ),
        (
            "eval ${{ n }}",
            ":6",
            "`eval` reads its arguments once more",
        ),
        (
            "echo # ${{ n }}",
            ":8",
            "a value in a comment can end the comment",
        ),
        (
            "trap \"rm ${{ n }}\" EXIT",
            ":10",
            "the shell reads this once more as a command",
        ),
        (
            "read x ${{ n }}",
            ":8",
            "the name of a variable is evaluated",
        ),
        ("printf ${{ n }}", ":8", "a value may be an option here"),
        ("date >& ${{ n }}", ":9", "`>&` twice"),
        ("echo \"${{ n }}", ":7", "is never closed"),
        (
            "echo ${x:-${{ n }}}",
            ":11",
            "a value inside `${…}` can't be quoted",
        ),
    ];
    for (code, column, reason) in cases {
        let place = format!("a.md:12{column}");
        refused(&format!("```bash\n{code}\n```"), &place, reason);
    }
}

#[test]
fn a_transcript_is_looked_at_command_by_command() {
    refused(
        "```console\n$ echo \"it's ${{ n }}\"\nit's 3\n$ echo $((${{ n }}))\n3\n```",
        "a.md:14:11",
        "a value in arithmetic is evaluated",
    );
}

#[test]
fn the_code_of_an_interpreter_takes_no_value() {
    refused(
        "```python {#p}\nprint(${{ n }})\n```",
        "a.md:12:7",
        "a value can't be placed safely in the code of `python3`",
    );
}

#[test]
fn a_raw_value_is_the_authors_business() {
    let ran = page("```bash\necho $((${{ raw(n) }} + 1)) > sum\n```")
        .args(["run", "a.md"])
        .run()
        .ends(0);
    assert_eq!(ran.read("sum"), "4\n");
}

#[test]
fn a_placeholder_in_a_comment_is_no_input() {
    let page = "# T\n\n```bash\n# the <old> one\necho <new> > new # not <this>\n```\n";
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md", "--yes", "--input", "new=it's"])
        .run()
        .ends(0);
    assert_eq!(ran.read("new"), "it's\n");
}

#[test]
fn a_value_that_does_not_parse_is_told_with_its_place() {
    refused(
        "```json {#j}\n{\"a\":\n  nope}\n```",
        "a.md:13:4",
        "this value is not JSON",
    );
    refused(
        "```yaml {#y}\na: 1\n b: [\n```",
        "a.md:13:3",
        "this value is not YAML",
    );
    refused(
        "```toml {#t}\na = 1\nb = = 2\n```",
        "a.md:13:5",
        "this value is not TOML",
    );
    refused(
        "```json {#j}\n{\"a\": 1,\n```",
        "a.md:12:9",
        "EOF while parsing a value",
    );
}
