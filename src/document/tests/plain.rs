//! Documents without an annotation: placeholders, manual steps, prose branches.

use super::{bodies, clean, complains, parse};
use crate::document::conditions::condition;
use crate::document::{CellKind, Document, Interpolated};

fn placeholders(body: &str) -> Vec<String> {
    let document = clean(&format!("```sh\n{body}\n```\n"));
    assert!(document.plain);
    let mut found = Vec::new();
    for cell in &document.cells {
        for one in &cell.interpolations {
            if let Interpolated::Placeholder(name) = &one.value {
                found.push(name.clone());
            }
        }
    }
    found
}

#[test]
fn a_placeholder_is_told_from_a_redirection() {
    #[track_caller]
    fn case(body: &str, expected: &[&str]) {
        assert_eq!(placeholders(body), expected, "{body}");
    }
    case("helm rollback x <prev-revision> -n y", &["prev_revision"]);
    case(
        "kubectl logs <pod-name> -n <NAMESPACE>",
        &["pod_name", "namespace"],
    );
    case(
        "A='<value of instance label from alert>'",
        &["value_of_instance_label_from_alert"],
    );
    case(
        "echo \"<insert-env-here>\" <a.b>",
        &["insert_env_here", "a_b"],
    );
    case("aws s3 ls s3://<bucket>/<path>", &["bucket", "path"]);
    case("ssh <user>@<host>:<port>", &["user", "host", "port"]);
    case(
        "cd <dir>/sub && kubectl get <pod>; ls $(<name>)",
        &["dir", "pod", "name"],
    );
    case("kubectl get <pod> > out.txt", &["pod"]);
    case("cp x<this and that>", &["this_and_that"]);
    case("curl https://<domäne>/x", &["domäne"]);
    for redirection in [
        "sort < in >out",
        "sort <in >out",
        "sort <in> out2>&1x <in>out",
        "psql -c \"select 1 where a<b and c>d or a<b OR c>(d)\"",
        "cat <<EOF >x\nfoo\nEOF",
        "diff <(ls) >(cat)",
        "cmd <in>/dev/null",
        "cmd <in>&2",
        "cmd <in>>out",
        "cat <<<word >x",
        "((a<b && c>d))",
        "# replace <name>\nls",
        "echo <a@b.c> <https://x.y>",
        "kubectl get svc\nEXTERNAL-IP\n<none>        80/TCP\n<pending>",
        "cat <<E\n<html><body>x</body></html>\nE",
        "x <-y> <1>",
    ] {
        let found = placeholders(redirection);
        let only_in = found
            .iter()
            .all(|name| name == "in" && redirection.contains("<in> "));
        assert!(only_in, "{redirection}: {found:?}");
    }
}

#[test]
fn a_placeholder_is_one_input_wherever_it_stands() {
    let document = clean("```sh\na <ns>\n```\n\n```console\n$ b <NS> <x>\nout <not-me>\n```\n");
    let inputs: Vec<_> = document
        .front_matter
        .inputs
        .iter()
        .map(|input| {
            assert!(input.placeholder);
            (
                input.name.value.as_str(),
                document.source.slice(input.name.span),
            )
        })
        .collect();
    assert_eq!(inputs, [("ns", "<ns>"), ("x", "<x>")]);
    let annotated = clean("```sh {#a}\na <ns>\n```\n");
    assert!(annotated.front_matter.inputs.is_empty());
}

/// The cells as `kind(branch): first line`.
fn shape(document: &Document) -> Vec<String> {
    document
        .cells
        .iter()
        .map(|cell| {
            let kind = match cell.kind {
                CellKind::Manual => "manual",
                CellKind::Branch => "branch",
                CellKind::Console(_) => "console",
                _ => "shell",
            };
            let branch = cell
                .branch
                .map(|branch| format!("({branch})"))
                .unwrap_or_default();
            format!(
                "{kind}{branch}: {}",
                cell.body.text.lines().next().unwrap_or_default()
            )
        })
        .collect()
}

#[track_caller]
fn shapes(page: &str, expected: &[&str]) {
    let (document, diagnostics) = parse(page);
    super::assert_sound(&document, &diagnostics);
    assert_eq!(shape(&document), expected, "{page}");
}

#[test]
fn sections_without_cells_are_manual_steps() {
    shapes(
        "# T\n\nintro\n\n## A\n\ndo a\nand b\n\n- c\n\n## B\n\n```sh\nls\n```\n\nafter\n",
        &["manual: do a", "shell: ls"],
    );
    shapes("# T\n\nonly text\n", &["manual: only text"]);
    shapes("no heading\n\nat all\n", &["manual: no heading"]);
    shapes("# T\n\nintro\n\n## Empty\n", &["manual: intro"]);
    shapes(
        "# T\n\n## A\n\nintro of a\n\n### B\n\n```sh\nls\n```\n",
        &["shell: ls"],
    );
    shapes("# T\n\n## A\n\n| a |\n|---|\n| b |\n", &[]);
    let document = clean("# T\n## A\n\n> one\r\n> two\n\nthree\n");
    assert_eq!(
        bodies(&document, |kind| *kind == CellKind::Manual),
        ["> one\n> two\n\nthree"]
    );
}

#[test]
fn items_to_do_are_manual_steps() {
    shapes(
        "# T\n\n1. open\n   the door\n2. close\n\n## B\n- [ ] x\n- [x] y\n- z\n",
        &["manual: open", "manual: close", "manual: x", "manual: y"],
    );
    let document = clean("1. open\n   the door\n\n   - slowly\n");
    assert_eq!(document.cells[0].body.text, "open\nthe door\n\n- slowly");
    assert_eq!(document.source.slice(document.cells[0].span).len(), 32);
    let document = clean("- [ ] a\n- [x] b\n");
    let skipped: Vec<_> = document
        .cells
        .iter()
        .map(|cell| cell.attributes.skip)
        .collect();
    assert_eq!(skipped, [false, true]);
    shapes(
        "1. run\n   ```sh\n   ls\n   ```\n2. look\n",
        &["shell: ls", "manual: look"],
    );
    shapes(
        "- [ ] run\n  ```sh\n  ls\n  ```\n  - [ ] deep\n",
        &["manual: run", "shell: ls", "manual: deep"],
    );
}

#[test]
fn indented_commands_are_manual_steps() {
    shapes(
        "# T\n\nRun:\n\n    kubectl get pods\n    kubectl get nodes\n\nand\n\n    not code\n",
        &["manual: kubectl get pods"],
    );
    let document = clean("- a\n\n      $ helm list\n      x\n");
    assert_eq!(document.cells[0].body.text, "$ helm list\nx\n");
}

#[test]
fn prose_conditions_are_questions() {
    shapes(
        "# T\n\n## If A fails:\n\n```sh\na\n```\n\n### Sub\n\n```sh\nb\n```\n\n## Else\n\ndo c\n\n## D\n\n```sh\nd\n```\n",
        &[
            "branch: If A fails",
            "shell(0): a",
            "shell(0): b",
            "branch: Else",
            "manual(3): do c",
            "shell: d",
        ],
    );
    shapes(
        "## X\n\nIf it is red:\n\n```sh\na\n```\n\n```sh\nb\n```\n\nThen:\n\n```sh\nc\n```\n",
        &[
            "branch: If it is red",
            "shell(0): a",
            "shell(0): b",
            "shell: c",
        ],
    );
    shapes(
        "## X\n\n**Wenn es rot ist:**\n\n- halt\n- warte\n\nSonst nichts.\n",
        &[
            "branch: Wenn es rot ist",
            "manual(0): - halt",
            "manual: Sonst nichts.",
        ],
    );
    shapes(
        "## X\n\n- ok\n- If bad:\n  1. one\n  2. If worse:\n\n     ```sh\n     a\n     ```\n",
        &[
            "branch: If bad",
            "manual(0): one",
            "branch(0): If worse",
            "shell(2): a",
        ],
    );
    shapes(
        "## X\n\n1. If bad:\n```sh\na\n```\n2. then\n```sh\nb\n```\n",
        &["branch: If bad", "shell(0): a", "manual: then", "shell: b"],
    );
    shapes(
        "## X\n\n如果失败：\n\n```sh\na\n```\n",
        &["branch: 如果失败", "shell(0): a"],
    );
    shapes(
        "## X\n\nIf you cannot, see the docs.\n\n```sh\na\n```\n",
        &["shell: a"],
    );
    shapes("## X\n\nIf so:\n\n```text\nout\n```\n", &["manual: If so:"]);
    shapes(
        "## X\n\n    - x\n\n> If so:\n>\n> ```sh\n> a\n> ```\n\n```sh\nb\n```\n",
        &["branch: If so", "shell(0): a", "shell: b"],
    );
}

#[test]
fn an_annotated_document_has_no_guessed_steps() {
    shapes(
        "# T\n\n## If A\n\n- [ ] x\n\n```sh {#a}\na\n```\n",
        &["shell: a"],
    );
}

#[test]
fn conditions_are_known_in_many_languages() {
    #[track_caller]
    fn case(text: &str, expected: Option<&str>) {
        let found = condition(text).map(|found| &text[found.range]);
        assert_eq!(found, expected);
    }
    case("If Helm fails:", Some("If Helm fails"));
    case("Se houver um erro:", Some("Se houver um erro"));
    case("Se connecter au cluster", None);
    case("If I don’t know WSL, where can I read more?", None);
    case("## 2. If the pod is gone", Some("If the pod is gone"));
    case("✅ **If you see this**:", Some("If you see this"));
    case(
        "Se os valores vierem vazios:",
        Some("Se os valores vierem vazios"),
    );
    case("Если не работает:", Some("Если не работает"));
    case("もし失敗したら：", Some("もし失敗したら"));
    case("Nếu lỗi:", Some("Nếu lỗi"));
    case("إذا فشل:", Some("إذا فشل"));
    case("HA cluster:", None);
    case("When to escalate", None);
    case("Iframe:", None);
    case("Then run", None);
    case("if-else.sh:", None);
    case("", None);
    case("**", None);
}

#[test]
fn a_transcript_without_prompts_is_not_run_silently() {
    complains(
        "# a\n```console\nNAME  READY\nx     1/1\n```\n",
        "2:4 note RB0114 `console`: this transcript has no line with a `$ ` prompt: it is not run | write `$ ` before each command, or `bash` as the language",
    );
}

#[test]
fn output_that_a_text_introduces_is_not_run() {
    let shell = |kind: &CellKind| matches!(kind, CellKind::Shell(_) | CellKind::Console(_));
    let page = "# a\n```bash\nls -l\n```\n\nOutput:\n\n```bash\ntotal 12 <size>\n```\n\n\
                Prints:\n\n```bash\nls -a\n```\n\n```bash\nls\n```\n\n\
                1. Run:\n   ```sh\n   ls -1\n   ```\n   You should see:\n   ```sh\n   file\n   ```\n";
    let (document, diagnostics) = parse(page);
    assert!(document.plain);
    assert_eq!(
        bodies(&document, shell),
        ["ls -l", "ls -a", "ls", "ls -1"],
        "{diagnostics:?}"
    );
    assert!(document.front_matter.inputs.is_empty());
    complains(
        "# a\n```bash\nls -l\n```\nOutput:\n```bash\ntotal 12\n```\n",
        "6:4 note RB0117 `bash`: this is output of the commands above it, says the text between: it is not run | where it is commands, say so in the text, as in `Run:`",
    );
    // With an annotation the page says itself what it runs.
    let page = "# a\n```bash {#a}\nls -l\n```\nOutput:\n```bash\ntotal 12\n```\n";
    assert_eq!(bodies(&parse(page).0, shell), ["ls -l", "total 12"]);
}
