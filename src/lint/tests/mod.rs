//! Each lint on a page, with its message as shown.

mod allowed;
mod forms;
mod shellcheck;
mod written;

use std::sync::Arc;

use super::lint;
use crate::document::{
    Attributes, Cell, CellKind, Document, FrontMatter, Input, Interpolated, Interpolation,
};
use crate::source::{Excerpt, Source, Span, Spanned};
use crate::value::InputKind;

/// A page made by hand, cell after cell.
struct Page {
    text: String,
    cells: Vec<(CellKind, Span, bool)>,
    secrets: Vec<&'static str>,
    plain: bool,
}

impl Page {
    fn new(plain: bool) -> Self {
        Self {
            text: String::new(),
            cells: Vec::new(),
            secrets: Vec::new(),
            plain,
        }
    }

    fn cell(mut self, kind: CellKind, body: &str, confirm: bool) -> Self {
        let start = self.text.len();
        self.text.push_str(body);
        self.text.push('\n');
        self.cells
            .push((kind, Span::new(start, self.text.len()), confirm));
        self
    }

    fn shell(self, body: &str) -> Self {
        self.cell(CellKind::Shell(None), body, false)
    }

    fn secret(mut self, name: &'static str) -> Self {
        self.secrets.push(name);
        self
    }

    fn document(self) -> Document {
        let source = Source::new("page.md", self.text);
        let cells = self.cells.into_iter().map(|(kind, span, confirm)| {
            let body = Excerpt::whole(&source, span);
            let interpolations = interpolations(&body);
            let attributes = Attributes {
                confirm: confirm.then(Excerpt::default),
                ..Attributes::default()
            };
            Cell {
                kind,
                span,
                info: span,
                body,
                section: None,
                attributes: attributes.shared(),
                interpolations,
                branch: None,
            }
        });
        let inputs = self.secrets.into_iter().map(|name| Input {
            name: Spanned::new(name.to_owned(), Span::default()),
            kind: InputKind::String,
            default: None,
            description: None,
            secret: true,
            pattern: None,
            placeholder: false,
        });
        let cells = cells.collect();
        let front_matter = FrontMatter {
            inputs: inputs.collect(),
            ..FrontMatter::default()
        };
        Document {
            source: Arc::new(source),
            front_matter,
            sections: Vec::new(),
            cells,
            plain: self.plain,
        }
    }

    /// What is found, one line each: code, place, message.
    #[track_caller]
    fn finds(self, expected: &[&str]) {
        let document = self.document();
        let found: Vec<String> = lint(&document)
            .iter()
            .map(|diagnostic| {
                format!(
                    "{} {}: {}",
                    diagnostic.code.0,
                    document.source.slice(diagnostic.span()),
                    diagnostic.message
                )
            })
            .collect();
        assert_eq!(found, expected);
    }
}

fn interpolations(body: &Excerpt) -> Vec<Interpolation> {
    let text = &body.text;
    let mut found: Vec<Interpolation> = text
        .match_indices("${{")
        .map(|(start, _)| {
            let end = start + text[start..].find("}}").expect("the tests close them") + 2;
            let code = text[start + 3..end - 2].trim().to_owned();
            let code = Excerpt {
                pieces: vec![(0, start)],
                text: code,
            };
            Interpolation {
                range: start..end,
                value: Interpolated::Expression(code),
            }
        })
        .collect();
    for (start, _) in text.match_indices(" <") {
        let Some(end) = text[start..].find('>') else {
            continue;
        };
        let range = start + 1..start + end + 1;
        let name = text[range.start + 1..range.end - 1].to_owned();
        found.push(Interpolation {
            range,
            value: Interpolated::Placeholder(name),
        });
    }
    found.sort_by_key(|interpolation| interpolation.range.start);
    found
}

#[test]
fn the_seed_document_reads_as_a_careful_reader_would() {
    let document = Page::new(true)
        .cell(CellKind::Branch, "### If Helm fails:", false)
        .cell(
            CellKind::Manual,
            "- Check `helm list -n tracecat -a`",
            false,
        )
        .shell("helm rollback tracecat <prev-revision> -n tracecat --no-hooks")
        .document();
    let shown: Vec<String> = lint(&document)
        .iter()
        .map(|diagnostic| diagnostic.render(&document.source, false, 100))
        .collect();
    snapbox::assert_data_eq!(
        shown.join("\n"),
        snapbox::str![[r#"
note[RB0602]: the operator will be asked: `If Helm fails`
 --> page.md:1:1
  |
1 | ### If Helm fails:
  | ^^^^^^^^^^^^^^^^^^
  |
help: let the run decide with `<!-- runbook: when="STEP.failed" -->` under a heading
note[RB0607]: `helm list -n tracecat -a` stands in running text and is not a step
 --> page.md:2:10
  |
2 | - Check `helm list -n tracecat -a`
  |          ^^^^^^^^^^^^^^^^^^^^^^^^
  |
help: put it in a fence of its own to make it one
note[RB0601]: `<prev-revision>` becomes an input
 --> page.md:3:24
  |
3 | helm rollback tracecat <prev-revision> -n tracecat --no-hooks
  |                        ^^^^^^^^^^^^^^^ the input `prev-revision`
  |
help: give its value with `--input prev-revision=…`
"#]]
    );
}

#[test]
fn a_placeholder_is_noted_once() {
    Page::new(true)
        .shell("ssh <host>\nssh <host> <user>")
        .finds(&[
            "RB0601 <host>: `<host>` becomes an input",
            "RB0601 <user>: `<user>` becomes an input",
        ]);
}

#[test]
fn what_destroys_should_ask() {
    let what = |command: &str, what: &str| {
        Page::new(false).shell(command).finds(&[&format!(
            "RB0603 {command}: `{what}` runs without a question"
        )]);
    };
    what(
        "terraform apply -auto-approve -var a=b",
        "terraform apply -auto-approve",
    );
    what("terraform -chdir=x destroy", "terraform destroy");
    what("kubectl -n x delete job a", "kubectl delete");
    what("helm uninstall tracecat", "helm uninstall");
    what("rm -r --force \"$x\"", "rm -rf");
    what(
        "aws ec2 terminate-instances --instance-ids i-1",
        "aws … terminate-instances",
    );
    what("aws s3 rm s3://bucket --recursive", "aws … rm");
    Page::new(false)
        .shell("env -u AWS_SESSION_TOKEN sudo -u root A=b rm -fr /x | cat")
        .shell("psql <<EOF\nDROP  DATABASE x;\nEOF")
        .shell("if true; then\n  kubectl delete ns x\nfi")
        .finds(&[
            "RB0603 rm -fr /x: `rm -rf` runs without a question",
            "RB0603 DROP  DATABASE: `drop database` runs without a question",
            "RB0603 kubectl delete ns x: `kubectl delete` runs without a question",
        ]);
    Page::new(false)
        .cell(CellKind::Shell(None), "rm -rf x", true)
        .shell("terraform apply\nkubectl get x # delete\necho 'rm -rf /'\nrm -r x\ngrep delete x")
        .finds(&[]);
    Page::new(true).shell("terraform destroy").finds(&[]);
}

#[test]
fn a_page_may_remove_what_it_made() {
    let made = "work=$(mktemp -d)\nlog=\"$(mktemp)\"\nother=/srv";
    Page::new(false)
        .shell(made)
        .shell("rm -rf \"${work:?}\" \"$log\"\nrm -rf $work/x")
        .finds(&[]);
    let found = |command: &str| format!("RB0603 {command}: `rm -rf` runs without a question");
    Page::new(false)
        .shell(made)
        .shell("rm -rf $other\nrm -rf $work /srv\nrm -rf $work/../x\nrm -rf ${work:-/}")
        .finds(&[
            &found("rm -rf $other"),
            &found("rm -rf $work /srv"),
            &found("rm -rf $work/../x"),
            &found("rm -rf ${work:-/}"),
        ]);
}

#[test]
fn an_exclamation_mark_that_a_paste_expands_is_noted() {
    let noted = |event: &str| {
        format!("RB0604 {event}: pasted at a prompt, `{event}` becomes a command of the history")
    };
    Page::new(false)
        .shell("aws get --secret-id \"rds!db-1234\" rds!db\necho \"P@ss!@#\" \"wow!, ok\"")
        .finds(&[
            &noted("!db-1234"),
            &noted("!db"),
            &noted("!@#"),
            &noted("!,"),
        ]);
    Page::new(false)
        .shell("echo 'rds!db' \"hi!\" \"a! b\" \"a!=b\" rds\\!db \"${!x}\" # \"a!b\"\n[ ! -f x ]; wait $!\ncat <<EOF\n\"a!b\"\nEOF")
        .cell(CellKind::Shell(Some(crate::quote::Dialect::Fish)), "echo \"a!b\"", false)
        .finds(&[]);
}

#[test]
fn a_credential_in_the_document_is_found_and_not_repeated() {
    Page::new(false)
        .shell("export AWS_ACCESS_KEY_ID=AKIAABCDEFGHIJKLMNOP\nexport AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI\nmysql --password hunter2\nDB_PASSWORD='hunter2' x")
        .finds(&[
            "RB0605 AKIAABCDEFGHIJKLMNOP: an AWS access key stands in the document",
            "RB0605 wJalrXUtnFEMI: a literal `AWS_SECRET_ACCESS_KEY` stands in the document",
            "RB0605 hunter2: a literal `password` stands in the document",
            "RB0605 hunter2: a literal `DB_PASSWORD` stands in the document",
        ]);
    Page::new(false)
        .shell("mysql --password \"$PW\" --password=${{ pw }}\nkubectl get secret web-tls\nexport DB_PASSWORD=$(cat x) TOKEN=\nx --password-stdin --token <token>")
        .shell("export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nPASSWORD=xxxxxxxx")
        .finds(&["RB0601 <token>: `<token>` becomes an input"]);
}

#[test]
fn a_secret_among_arguments_is_found() {
    let message = "`db_pw` is secret, and arguments can be seen by every user";
    let found = format!("RB0606 ${{{{ db_pw }}}}: {message}");
    Page::new(false)
        .secret("db_pw")
        .shell("mysql --password=${{ db_pw }}")
        .shell("env PGPASSWORD=${{ db_pw }} psql")
        .finds(&[&found, &found]);
    Page::new(false)
        .secret("db_pw")
        .shell("PGPASSWORD=${{ db_pw }} psql\nexport X=${{ db_pw }}\ncat <<EOF\n${{ db_pw }}\nEOF\nx <<< ${{ db_pw }}\nx ${{ other }}")
        .finds(&[]);
}

#[test]
fn a_command_in_running_text_is_noted_where_no_cell_holds_it() {
    Page::new(true)
        .cell(
            CellKind::Manual,
            "- Verify: `terraform plan -detailed-exitcode` exits 0, see `modules/eks` and `helm`\n- ``kubectl get x``",
            false,
        )
        .shell("cd x && kubectl  get x")
        .finds(&["RB0607 terraform plan -detailed-exitcode: `terraform plan -detailed-exitcode` stands in running text and is not a step"]);
}

#[test]
fn a_command_is_looked_for_in_the_cells_however_many_there_are() {
    for count in [2, 200] {
        let names: Vec<String> = (0..count).map(|at| format!("helm get web-{at}-")).collect();
        let prose: String = names.iter().map(|name| format!("`{name}`\n")).collect();
        let cells = names[1..].join("\n").replace("helm", "helm  ");
        Page::new(true)
            .cell(CellKind::Manual, &prose, false)
            .shell(&cells)
            .finds(&[
                "RB0607 helm get web-0-: `helm get web-0-` stands in running text and is not a step",
            ]);
    }
}

#[test]
fn a_fence_among_prose_is_no_running_text() {
    Page::new(true)
        .cell(
            CellKind::Manual,
            "```\n$ kubectl get pods\nNAME READY\n```\nsee `kubectl get x`",
            false,
        )
        .finds(&["RB0607 kubectl get x: `kubectl get x` stands in running text and is not a step"]);
}

#[test]
fn a_script_from_the_network_is_found() {
    let found = |command: &str| format!("RB0608 {command}: a script from the network runs unread");
    for command in [
        "curl -fsSL https://x.sh | sudo bash -s",
        "bash <(curl https://x.sh",
        "sh -c \"$(curl -fsSL https://x.sh)\"",
        "cu'r'l https://x.sh | bash",
        "w\\get -O- https://x.sh | bash",
    ] {
        let rest = if command.contains("<(") { ")" } else { "" };
        let command = command.replace("| sudo", "|");
        Page::new(true)
            .shell(&format!("{command}{rest}"))
            .finds(&[&found(&command)]);
    }
    Page::new(true)
        .shell("curl https://x.sh | jq .\ncurl x || bash y")
        .finds(&[]);
}

#[test]
fn a_value_that_is_read_twice_is_found() {
    let found = |program: &str| {
        format!("RB0609 ${{{{ v }}}}: `{program}` reads this value as shell text once more")
    };
    Page::new(false)
        .shell("sh -c \"echo ${{ v }}\"\nssh host rm ${{ v }}\nbash -c 'x' bash ${{ v }}\nssh ${{ v }}")
        .finds(&[&found("sh"), &found("ssh")]);
}

#[test]
fn odd_texts_are_read_to_their_end() {
    for text in [
        "'",
        "\"",
        "\"$(",
        "\\",
        "<<",
        "<<EOF\nx",
        "`",
        "\"\\",
        "é\\é\"é",
        "|",
        "#",
    ] {
        let _ = super::commands::commands(text);
        let _ = lint(
            &Page::new(true)
                .cell(CellKind::Manual, text, false)
                .document(),
        );
    }
}
