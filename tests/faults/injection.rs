//! Text from outside at each place where it could become something else: a shell's word, a path, a
//! drawing, a report, YAML, an entry of the journal, a program to start.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::limits::under;
use crate::support::Test;

/// What a careless place would run, expand or end at.
const VALUES: [&str; 14] = [
    "$(touch owned)",
    "`touch owned`",
    "; touch owned;",
    "' ; touch owned ; '",
    "\" ; touch owned ; \"",
    "\n touch owned\n",
    "| touch owned",
    "&& touch owned",
    "(touch owned)",
    "END\ntouch owned\n",
    "$HOME ${HOME} ~ * ?",
    "\\\"; touch owned; \\\"",
    "-n -- --help",
    "it's !x #y {a,b} [z] %s \\t",
];

fn is_there(program: &str) -> bool {
    let there = Command::new(program)
        .args(["-c", "true"])
        .output()
        .is_ok_and(|ran| ran.status.success());
    if !there {
        eprintln!("skipped: {program} is not installed");
    }
    there
}

/// Guard: `quote::render`, which quotes a value for its place.
#[test]
fn a_value_in_a_shells_text_stays_one_value() {
    for shell in ["bash", "sh", "zsh", "fish"] {
        if !is_there(shell) {
            continue;
        }
        let mut page = String::from("---\ninputs:\n");
        for number in 0..VALUES.len() {
            page += &format!("  v{number}: {{type: string}}\n");
        }
        page += &format!("---\n# T\n\n```{shell} {{#a}}\n");
        for number in 0..VALUES.len() {
            page += &format!(
                "printf '%s' ${{{{ v{number} }}}} > a{number}\n\
                 printf '%s' \"x${{{{ v{number} }}}}y\" > b{number}\n\
                 printf '%s' 'x${{{{ v{number} }}}}y' > c{number}\n"
            );
            if shell != "fish" {
                page += &format!("cat > d{number} <<END\n${{{{ v{number} }}}}\nEND\n");
            }
        }
        let mut test = Test::new().file("a.md", page + "```\n");
        for (number, value) in VALUES.iter().enumerate() {
            test = test.env(&format!("RUNBOOK_INPUT_V{number}"), value);
        }
        let ran = test.args(["run", "a.md"]).run().ends(0);
        assert!(!ran.exists("owned"), "{shell}");
        for (number, value) in VALUES.iter().enumerate() {
            assert_eq!(ran.read(&format!("a{number}")), *value, "{shell}");
            assert_eq!(
                ran.read(&format!("b{number}")),
                format!("x{value}y"),
                "{shell}"
            );
            assert_eq!(
                ran.read(&format!("c{number}")),
                format!("x{value}y"),
                "{shell}"
            );
            if shell != "fish" {
                assert_eq!(
                    ran.read(&format!("d{number}")),
                    format!("{value}\n"),
                    "{shell}"
                );
            }
        }
    }
}

/// Guards: `exec::fill`, which gives a secret as a variable; `Process::argv`, which is a list; and
/// `library::process`, which refuses a secret in it.
#[test]
fn a_secret_value_and_an_argument_list_reach_no_shell() {
    let page = "---\ninputs:\n  v: {type: string, secret: true}\n  w: {type: string}\n---\n# T\n\n```bash {#a}\n\
                printf '%s' \"${{ v }}\" > a\nprintf '%s' \"$RUNBOOK_VALUE_V\" > variable\n\
                cat /proc/$$/cmdline > arguments\n```\n\n```rhai {#b}\nrun([\"touch\", \"--\", input(\"w\")]);\n```\n\n```rhai {#c allow-failure}\nrun([\"touch\", input(\"v\")]);\n```\n";
    let value = "$(touch owned); `touch owned`";
    let ran = Test::new()
        .file("a.md", page)
        .env("RUNBOOK_INPUT_V", value)
        .env("RUNBOOK_INPUT_W", "$(touch owned); *")
        .args(["run", "a.md"])
        .run()
        .ends(0);
    assert!(!ran.exists("owned"));
    assert_eq!(ran.read("a"), value);
    assert_eq!(ran.read("variable"), value);
    assert!(!ran.read("arguments").contains("owned"));
    assert!(
        ran.exists("$(touch owned); *"),
        "the file has the name that was given"
    );
    assert!(!ran.exists(value) && ran.step("c").as_deref() == Some("failed"));
}

/// Guard: `name::is_valid` at each place where a page names a step (`Reading::id`, `Reading::runme`).
#[test]
fn an_id_is_no_path() {
    for id in [
        "../../up", "a/b", "/tmp/x", "..", ".hidden", "-rf", "a\u{0}b",
    ] {
        for fence in [
            format!("bash {{#{id}}}"),
            format!("bash {{\"name\":{}}}", Value::from(id)),
        ] {
            let page = format!("```{fence}\nhead -c 300000 /dev/zero\n```\n");
            let ran = Test::new()
                .file("in/a.md", page)
                .args(["run", "in/a.md"])
                .run();
            let mut files = Vec::new();
            below(ran.then([]).root(), &mut files);
            for file in files {
                assert!(
                    file.starts_with("home/runs/") || file == "in/a.md",
                    "{fence}: {file}"
                );
                let name = file.rsplit('/').next().unwrap_or_default();
                assert!(!name.starts_with(['.', '-']), "{fence}: {file}");
            }
        }
    }
}

/// Guard: `context::file_name`, which cuts a name that is too long for a file.
#[test]
fn an_id_of_300_characters_keeps_its_output() {
    for id in [
        "a".repeat(300),
        "\u{6f22}".repeat(120),
        format!("{}b", "a".repeat(299)),
    ] {
        let page = format!("```bash {{#{id}}}\nhead -c 400000 /dev/zero | tr '\\0' x\n```\n");
        let ran = Test::new()
            .file("a.md", page)
            .args(["run", "a.md"])
            .run()
            .ends(0);
        let mut files = Vec::new();
        below(ran.then([]).root(), &mut files);
        assert!(
            files.iter().any(|file| file.contains("/output/")),
            "the output is kept: {files:?}"
        );
    }
}

fn below(root: &std::path::Path, found: &mut Vec<String>) {
    fn walk(root: &std::path::Path, folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(root, &path, found);
            } else if let Ok(name) = path.strip_prefix(root) {
                found.push(name.to_string_lossy().into_owned());
            }
        }
    }
    walk(root, root, found);
}

const MARKUP: &str = "x\"]; a -->|b| c [\"d\"] <script>alert(1)</script> & ' ` # end\nsubgraph \\";

/// Guards: `mermaid::escape`, `dot::escape`, and `draw::one_line`, as a line is what a drawing is made of.
#[test]
fn a_drawing_has_no_part_that_the_page_did_not_draw() {
    // What a drawing shows, an interpreter, and what it does not: headings, conditions, questions.
    let page = format!(
        "# T {0}\n\n## S {0}\n\nIf {0}:\n\n```bash {{confirm=\"{1}\"}}\ntrue\n```\n\n- [ ] by hand {0}\n\n\
         ~~~bash {2}\ntrue\n~~~\n",
        MARKUP.replace('\n', " "),
        MARKUP.replace(['\n', '"', '\\', '`', '{', '}'], " "),
        json!({"name": "odd", "interpreter": MARKUP}),
    );
    let drawn = |format: &str| {
        Test::new()
            .file("a.md", &page)
            .args(["graph", "a.md", "--format", format])
            .run()
            .ends(0)
            .stdout
    };
    let mermaid = drawn("mermaid");
    assert!(mermaid.contains("script"), "it is drawn: {mermaid}");
    for line in mermaid.lines().skip(1) {
        // One node or arrow a line, and all text in one pair of quotes.
        assert!(line.starts_with("  s"), "{mermaid}");
        assert!(matches!(line.matches('"').count(), 0 | 2), "{mermaid}");
        let text = line
            .split('"')
            .nth(1)
            .unwrap_or_default()
            .replace("<br/>", "");
        assert!(!text.contains(['<', '>', '`', '|', '\\']), "{mermaid}");
        assert!(!text.contains('&'), "{mermaid}");
    }
    let dot = drawn("dot");
    assert!(dot.contains("script"), "it is drawn: {dot}");
    for line in dot.lines().skip(2).filter(|line| *line != "}") {
        assert!(line.starts_with("  s") && line.ends_with(';'), "{dot}");
        let bare = line
            .replace("\\\\", "")
            .replace("\\\"", "")
            .replace("\\n", "");
        assert!(matches!(bare.matches('"').count(), 0 | 2), "{dot}");
        assert!(!bare.contains('\\'), "{dot}");
    }
    let json: Value = serde_json::from_str(&drawn("json")).expect("it is JSON");
    assert!(
        json["steps"]
            .as_array()
            .is_some_and(|steps| !steps.is_empty())
    );
}

/// Guard: `report::junit`, which writes all text by `quick_junit`.
#[test]
fn a_report_has_no_element_that_a_step_printed() {
    let page = "# T <a> & \"b\"\n\n```bash {#a}\nprintf ']]></system-out><testcase name=\"forged\"/>\\0\\001\\ufffe\\n'\n\
                printf '</failure>' >&2\nfalse\n```\n\n```rhai {#b always}\nassert \"]]><x>\" == \"&\", \"<y>\";\n```\n";
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md", "--junit", "r.xml"])
        .run()
        .ends(1);
    let xml = ran.read("r.xml");
    assert_eq!(xml.matches("<testcase ").count(), 2, "{xml}");
    for forged in ["<x>", "<y>", "<a>", "<testcase name=\"forged\""] {
        assert!(!xml.contains(forged), "{xml}");
    }
    assert!(xml.chars().all(|c| !c.is_control() || c == '\n'), "{xml:?}");
}

/// Guards: `visible::is_no_character`, in `visible::text` for `JUnit` and in `is_hidden` for a postmortem.
#[test]
fn what_neither_xml_nor_yaml_can_hold_stands_in_neither() {
    let page = "---\ntitle: \"T\\U0000FFFEy\\uFFFF\"\n---\n\n```bash {#a}\n\
                printf 'x\\357\\277\\276y\\357\\277\\277\\n'; exit 1\n```\n";
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md", "--junit", "r.xml"])
        .run()
        .ends(1);
    assert!(ran.journals().concat().contains("x\u{fffe}y"), "it is kept");
    let xml = ran.read("r.xml");
    assert!(
        xml.contains("x\u{fffd}y") && !xml.contains(['\u{fffe}', '\u{ffff}']),
        "{xml:?}"
    );
    ran.then(["postmortem", "last", "-o", "pm.md"])
        .run()
        .ends(0)
        .then(["check", "pm.md"])
        .run()
        .ends(0);
}

/// Guard: `Entry::write_line`, which writes by `serde_json`, so that an entry is one line.
#[test]
fn an_output_forges_no_entry() {
    let page = "```bash {#a}\nprintf '{\"v\":\"1.0\",\"seq\":99,\"event\":\"run-finished\",\"exit\":0}\\n\\r\\n\\0\\n'\nfalse\n```\n";
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(1);
    let entries = ran.entries();
    assert!(entries.iter().all(|entry| entry["seq"] != 99));
    for (number, entry) in entries.iter().enumerate() {
        assert_eq!(entry["seq"], number + 1);
    }
    ran.then(["verify", "last"]).run().ends(0);
}

/// Runs a command with no more memory and time than a careful reader needs.
fn sparingly(test: Test) -> i32 {
    let ran = under("ulimit -v 3000000; ulimit -t 15", &test);
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(!said.contains("panicked"), "{said}");
    ran.status.code().unwrap_or(-1)
}

/// Guards: `ALIASED` for what stands in a page (`Yaml::parse`, `cell_value`), and elsewhere
/// `serde_saphyr`'s own limits (250,000 nodes, a million events out of aliases), which each reader
/// leaves as they are; without them these are 10^9.
#[test]
fn aliases_do_not_multiply() {
    let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x,x]\n");
    for (level, above) in "bcdefghi".chars().zip("abcdefgh".chars()) {
        let aliases = vec![format!("*{above}"); 10].join(",");
        bomb += &format!("{level}: &{level} [{aliases}]\n");
    }
    let front = format!("---\n{bomb}---\n# T\n\n```bash\ntrue\n```\n");
    let cell = format!("# T\n\n```yaml {{#v}}\n{bomb}```\n");
    // What is no front matter is only warned of.
    for (page, status) in [(front, 0), (cell, 2)] {
        let test = Test::new().file("a.md", page).args(["check", "a.md"]);
        assert_eq!(sparingly(test), status);
    }
    let test = Test::new()
        .file("a.md", "```bash\ntrue\n```\n")
        .file("in.yaml", &bomb)
        .args(["run", "a.md", "--input-file", "in.yaml"]);
    assert_eq!(sparingly(test), 2);
    let script = "```bash {#a}\ncat b.yaml\n```\n\n```rhai {#b timeout=20s}\na.yaml();\n```\n";
    let test = Test::new()
        .file("a.md", script)
        .file("b.yaml", &bomb)
        .args(["run", "a.md"]);
    assert_eq!(sparingly(test), 1);
}

/// Guard: `markdown::yaml`: texts of a run that a postmortem puts into its front matter.
#[test]
fn a_text_in_front_matter_that_we_write_stays_one_value() {
    let harm = "x\"\nrequires:\n  tools: {owned: \"*\"}\n---\n# owned\n";
    let page = format!(
        "---\ntitle: {}\ninputs:\n  v: {{type: string}}\n---\n\n```bash {{#a}}\necho 1\n```\n\n\
         ```rhai {{#b}}\nassert a.trim() == input(\"v\"), \"they differ\";\n```\n",
        Value::from(harm)
    );
    let ran = Test::new()
        .file("a.md", page)
        .env("RUNBOOK_INPUT_V", harm)
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .then(["postmortem", "last", "-o", "pm.md"])
        .run()
        .ends(0)
        .then(["check", "pm.md"])
        .run()
        .ends(0);
    let written = ran.read("pm.md");
    let front = written.split("\n---\n").next().expect("it has one");
    assert!(
        front.contains("title:") && front.contains("owned"),
        "{written}"
    );
    let keys = front.lines().skip(1).filter(|line| !line.starts_with(' '));
    for key in keys {
        assert!(
            !key.starts_with("requires") && !key.starts_with('#'),
            "{written}"
        );
    }
}

/// Guard: recursion limits of the readers; `language::engine`'s depth of expressions.
#[test]
fn what_is_nested_deeply_ends_in_a_message() {
    let deep = |open: &str, close: &str| open.repeat(20_000) + &close.repeat(20_000);
    for (name, text) in [
        ("in.json", format!("{{\"v\": {}}}", deep("[", "]"))),
        ("in.yaml", format!("v: {}\n", deep("[", "]"))),
        ("in.toml", format!("v = {}\n", deep("[", "]"))),
    ] {
        let ran = Test::new()
            .file("a.md", "```bash\ntrue\n```\n")
            .file(name, text)
            .args(["run", "a.md", "--input-file", name])
            .run()
            .ends(2);
        assert!(!ran.text.contains("bug"), "{}", ran.text);
    }
    for cell in [
        format!("```rhai\nlet x = {};\n```\n", deep("(", ")")),
        format!("```rhai\nlet x = {};\n```\n", deep("[", "]")),
        format!("```rhai\n{}\n```\n", deep("{", "}")),
        format!("```json {{#v}}\n{}\n```\n", deep("[", "]")),
        format!("```yaml {{#v}}\n{}\n```\n", deep("[", "]")),
        format!("```toml {{#v}}\nv = {}\n```\n", deep("[", "]")),
        format!("```bash {{when=\"{}\"}}\ntrue\n```\n", deep("(", ")")),
        format!("```bash\necho {}\n```\n", deep("$(", ")")),
        format!("```bash\necho {} ${{{{ 1 }}}}\n```\n", deep("$(", ")")),
        format!("```fish\necho {} ${{{{ 1 }}}}\n```\n", deep("(", ")")),
        format!("---\ninputs: {}\n---\n", deep("{a: ", "}")),
        format!("{}```bash\ntrue\n```\n", "> ".repeat(20_000)),
        format!("{}x\n", "- ".repeat(20_000)),
    ] {
        let ran = Test::new()
            .file("a.md", &cell)
            // It has a limit of its own, of a minute.
            .args(["check", "a.md", "--no-shellcheck"])
            .run();
        let start: String = cell.chars().take(60).collect();
        assert!(matches!(ran.status, 0 | 2), "{start}: {}", ran.status);
    }
}

/// Guards: `tools::version`, which gives no program an argument that it may take for a file, and
/// `doctor::line`, which starts no file of the folder.
#[test]
fn doctor_runs_nothing_of_a_clone() {
    let page = "---\nrequires:\n  tools: {dash: \">=1\", \"./evil\": \">=1\", evil: \">=1\"}\n---\n# T\n\n```bash\ntrue\n```\n";
    let script = "#!/bin/sh\ntouch owned\n";
    let test = Test::new()
        .file("a.md", page)
        .file("evil", script)
        .file("version", script)
        .file("--version", script)
        .args(["doctor"]);
    let evil = test.root().join("evil");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(evil, mode).expect("it is ours");
    let ran = test.run().ends(0);
    assert!(!ran.exists("owned"), "{}", ran.stdout);
    for command in ["check", "plan", "graph"] {
        let ran = Test::new()
            .file("a.md", page.replace("true\n", "touch owned\n"))
            .args([command, "a.md"])
            .run()
            .ends(0);
        assert!(!ran.exists("owned"), "{command} ran something");
    }
}

/// Guard: `inputs::hide`, which takes `RUNBOOK_INPUT_*` out of what steps see.
#[test]
fn an_input_is_no_variable_of_its_own_choosing() {
    let page = "---\ninputs:\n  path: {type: string}\n---\n# T\n\n```bash {#a}\ntest \"$PATH\" != evil\n\
                test -z \"${RUNBOOK_INPUT_PATH:-}\"\nprintf '%s' ${{ path }} > a\n```\n";
    let ran = Test::new()
        .file("a.md", page)
        .env("RUNBOOK_INPUT_PATH", "evil")
        .args(["run", "a.md"])
        .run()
        .ends(0);
    assert_eq!(ran.read("a"), "evil");
}

/// Guard: `Source`, the text that a page had when it was read; of the file nothing is read again.
#[test]
fn a_page_that_changes_under_way_does_not_change_the_run() {
    let page = "# T\n\n```bash {#a}\nprintf '# T\\n\\n```bash {#b}\\ntouch owned\\n```\\n' > a.md\n```\n\n\
                ```bash {#b}\ntouch planned\n```\n\n```rhai {#c}\nassert 1 == 1;\n```\n";
    let ran = Test::new().file("a.md", page).args(["run", "a.md"]).run();
    let ran = ran.ends(0);
    assert!(
        ran.exists("planned") && !ran.exists("owned"),
        "{}",
        ran.stdout
    );
    ran.then(["show", "last"]).run().ends(0).says("3 steps");
}
