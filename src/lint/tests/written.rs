//! Lints of annotated pages as they are written.

use std::sync::Arc;

use crate::document::Document;
use crate::lint::lint;
use crate::source::Source;

/// What is found in a page, one line each: code, place, message, and the text that mends it.
#[track_caller]
pub(super) fn finds(page: &str, expected: &[&str]) {
    let (document, diagnostics) = Document::parse(Arc::new(Source::new("page.md", page)));
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let found: Vec<String> = lint(&document)
        .iter()
        .map(|diagnostic| {
            let place = document.source.slice(diagnostic.span());
            let mut line = format!("{} {place}: {}", diagnostic.code(), diagnostic.message);
            if let Some((span, text)) = &diagnostic.suggestion {
                line += &format!(" [{} -> {text}]", document.source.slice(*span));
            }
            line
        })
        .collect();
    assert_eq!(found, expected);
}

/// A page with one secret input, one that is none, and a variable of it.
fn page(cell: &str) -> String {
    format!(
        "---\ninputs:\n  release: {{type: string}}\n  db_pw: {{type: string, secret: true}}\nenv:\n  RELEASE: ${{{{ release }}}}\n  FIXED: a\n---\n# A\n```bash {{#a}}\n{cell}\n```\n"
    )
}

#[test]
fn a_value_in_a_variable_without_quotes_is_found() {
    let found = |written: &str| {
        format!(
            "RB0611 {written}: `{written}` becomes several words where its value has blanks [{written} -> \"{written}\"]"
        )
    };
    finds(
        &page(
            "helm get $RELEASE\nhelm get x-${RELEASE} > \"$RELEASE\"\nv=${{ release }}; if ls $v; then :; fi\nx=$(ls $RELEASE)",
        ),
        &[
            &found("$RELEASE"),
            &found("${RELEASE}"),
            &found("$v"),
            &found("$RELEASE"),
        ],
    );
    finds(
        &page(
            "helm get \"$RELEASE\" '$RELEASE' $FIXED $RELEASES \\$RELEASE ${RELEASE:-x}\nx=$RELEASE; export Y=$RELEASE\n[[ $RELEASE == a ]] && case $RELEASE in a) ;; esac\nfor r in $RELEASE; do :; done\ncat <<< $RELEASE # $RELEASE\ncat <<EOF\n$RELEASE\nEOF",
        ),
        &[],
    );
    let zsh = page("echo $RELEASE").replace("```bash", "```zsh");
    finds(&zsh, &[]);
}

#[test]
fn a_secret_that_a_trace_writes_is_found() {
    finds(
        &page("set -ex\ncurl x\nexport PW=${{ db_pw }}\nPASSWORD=$(cat y)"),
        &["RB0612 set -ex: this traces `db_pw`, which is secret"],
    );
    finds(
        &page("s\\et -ex\nexport PW=${{ db_pw }}"),
        &["RB0612 s\\et -ex: this traces `db_pw`, which is secret"],
    );
    finds(
        &page("set -o xtrace\nexport API_TOKEN=$(cat token)"),
        &["RB0612 set -o xtrace: this traces `API_TOKEN`, which is secret"],
    );
    finds(
        &page("set -x\nls\n{ set +x; } 2>/dev/null\nexport PW=${{ db_pw }}\nset -x\nls"),
        &[],
    );
    finds(&page("set -eu\nset -- -x\nexport PW=${{ db_pw }}"), &[]);
    finds(&page("set -x\necho ${{ release }}"), &[]);
}

#[test]
fn a_placeholder_that_is_a_redirection_is_found() {
    finds(
        &page("helm rollback web <prev-revision>\nssh root@<host> uptime"),
        &[
            "RB0613 <prev-revision>: `<prev-revision>` is a redirection here, not a placeholder [<prev-revision> -> ${{ prev_revision }}]",
            "RB0613 <host>: `<host>` is a redirection here, not a placeholder [<host> -> ${{ host }}]",
        ],
    );
    finds(
        &page("echo '<host>' \"<host>\" # <host>\nsort <in >out\ncat <<EOF\n<host>\nEOF"),
        &[],
    );
}

#[test]
fn what_destroys_should_say_where() {
    let confirmed = |front: &str, cell: &str| {
        format!("---\nrequires: {{{front}}}\n---\n# A\n```bash {{#a confirm}}\n{cell}\n```\n")
    };
    finds(
        &confirmed(
            "tools: {kubectl: \"*\"}",
            "kubectl delete pod x\nhelm uninstall x\naws s3 rb s3://x\nterraform destroy",
        ),
        &[
            "RB0614 kubectl delete pod x: `kubectl delete` acts in whichever context is current",
            "RB0614 helm uninstall x: `helm uninstall` acts in whichever context is current",
            "RB0614 aws s3 rb s3://x: `aws … rb` acts in whichever account the credentials are of",
            "RB0614 terraform destroy: `terraform destroy` acts in whichever account the credentials are of",
        ],
    );
    finds(
        &confirmed(
            "kube: {context: prod}",
            "kubectl delete pod x\nhelm uninstall x\nterraform destroy",
        ),
        &[],
    );
    finds(
        &confirmed(
            "aws: {account: \"123456789012\"}",
            "kubectl --context=prod delete pod x\naws s3 rb s3://x\nterraform destroy\nrm -rf x",
        ),
        &[],
    );
}

#[test]
fn a_string_that_history_expands_can_be_put_in_single_quotes() {
    finds(
        &page("echo \"a b\" \"rds!db\" \"$x!y\" it\"'s!x\" a!b"),
        &[
            "RB0604 !db: pasted at a prompt, `!db` becomes a command of the history [\"rds!db\" -> 'rds!db']",
            "RB0604 !y: pasted at a prompt, `!y` becomes a command of the history",
            "RB0604 !x: pasted at a prompt, `!x` becomes a command of the history",
            "RB0604 !b: pasted at a prompt, `!b` becomes a command of the history [! -> \\!]",
        ],
    );
}

#[test]
fn a_fish_command_whose_failure_nothing_notices_is_found() {
    let page = |cell: &str| format!("# A\n```fish {{#a}}\n{cell}\n```\n");
    finds(
        &page("set -l x 1\nhelm list\nhelm status web"),
        &["RB0617 helm list: fish goes on when `helm list` fails"],
    );
    for cell in [
        "helm list",
        "helm list; or exit\nhelm status web",
        "helm list || exit 1\nhelm status web",
        "if helm status web\n  echo there\nend",
        "helm list | grep web",
    ] {
        finds(&page(cell), &[]);
    }
    finds("# A\n```fish {#a errexit=off}\nhelm list\nls\n```\n", &[]);
    finds("# A\n```bash {#a}\nhelm list\nls\n```\n", &[]);
}
