//! Lints that are turned off where they stand.

use super::written::finds;

const FOUND: &str = "RB0604 !db: pasted at a prompt, `!db` becomes a command of the history [\"rds!db\" -> 'rds!db']";

#[test]
fn a_lint_is_turned_off_by_name_or_code_where_it_stands() {
    let cell = |attribute: &str| format!("# A\n```bash {{#a{attribute}}}\necho \"rds!db\"\n```\n");
    finds(&cell(""), &[FOUND]);
    finds(&cell(" allow=RB0604"), &[]);
    finds(&cell(" allow=history-expansion"), &[]);
    finds(&cell(" allow=\"read-twice, history-expansion\""), &[]);
    finds(&cell(" allow=read-twice,RB0605"), &[FOUND]);
    // Another cell is another place.
    let two = cell(" allow=RB0604") + "```bash {#b}\necho \"rds!db\"\n```\n";
    finds(&two, &[FOUND]);
}

#[test]
fn a_section_turns_a_lint_off_for_what_it_holds() {
    let page = "# A\n\n## B\n<!-- runbook: allow=history-expansion -->\n\n### C\n\n```bash {#a}\necho \"rds!db\"\n```\n\n## D\n\n```bash {#b}\necho \"rds!db\"\n```\n";
    finds(page, &[FOUND]);
}

#[test]
fn a_name_that_is_no_lints_is_found() {
    finds(
        "# A\n```bash {#a allow=history-expansio,SC2086,shellcheck,RB9999}\ntrue\n```\n",
        &[
            "RB0615 history-expansio: there is no lint `history-expansio` [history-expansio -> history-expansion]",
            "RB0615 RB9999: there is no lint `RB9999`",
        ],
    );
}
