//! The forms that the same fault takes.

use super::*;

#[test]
fn a_variable_that_holds_a_secret_is_one_too() {
    let found = |written: &str| {
        format!(
            "RB0606 {written}: `{written}` holds the secret `pw`, and arguments can be seen by every user"
        )
    };
    for written in ["$DB_PW", "${DB_PW}"] {
        Page::new(false)
            .secret("pw")
            .shell("export DB_PW=${{ pw }}")
            .shell(&format!("mysql -p\"{written}\""))
            .finds(&[&found(written)]);
    }
    Page::new(false)
        .secret("pw")
        .shell(
            "export DB_PW=${{ pw }}\n[ -n \"$DB_PW\" ] && test -n \"$DB_PW\"\necho \"$DB_PW\" | x --stdin\n\
             PGPASSWORD=\"$DB_PW\" psql\nx <<< \"$DB_PW\"\nsh -c 'x \"$DB_PW\"'\nx '$DB_PW' \"$DB_PWX\"\n",
        )
        .finds(&[]);
    Page::new(false)
        .secret("pw")
        .shell("export DB_PW=${{ pw }}\nset -x\npsql \"postgres://u:$DB_PW@h/db\"")
        .finds(&[
            "RB0612 set -x: this traces `pw`, which is secret",
            &found("$DB_PW"),
        ]);
}

#[test]
fn a_credential_is_known_by_its_shape_too() {
    #[track_caller]
    fn case(command: &str, expected: &str) {
        let document = Page::new(false).shell(command).document();
        let found = lint(&document);
        let written: Vec<&str> = found
            .iter()
            .filter(|diagnostic| diagnostic.code.0 == "RB0605")
            .map(|diagnostic| document.source.slice(diagnostic.span()))
            .collect();
        let expected: Vec<&str> = expected
            .split(' ')
            .filter(|word| !word.is_empty())
            .collect();
        assert_eq!(written, expected, "{command}");
    }
    let github = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    case(
        &format!("git clone https://{github}@github.com/x/y"),
        github,
    );
    case(
        &format!("a {github} b {github}"),
        &format!("{github} {github}"),
    );
    case("psql postgres://app:Zk39dkQpw0Lm@db/x", "Zk39dkQpw0Lm");
    case("some\npassword\n\n  :\n\n  hunter2222\nx", "hunter2222");
    case(
        "PASSWORD=hunter2222\necho\necho\necho\nPGPASS=hunter3333",
        "hunter2222 hunter3333",
    );
    case("pa\u{17f}\u{17f}word=hunter2222", "hunter2222");
    let slack = "xoxb-123456789012-abcdefghijklmnopqrstuvwx";
    case(&format!("echo \"{slack}\""), slack);
    for fine in [
        "psql postgres://app:$PW@db/x",
        "psql postgres://app:${{ pw }}@db/x",
        "psql postgres://app:password@db/x",
        "git checkout 16c7e42f292c6912e7710c838347ae178b4a0000",
        "kubectl get secret web -o yaml",
        "curl -H \"Authorization: Bearer $TOKEN\" x",
    ] {
        case(fine, "");
    }
}

#[test]
fn a_shell_behind_another_program_reads_once_more() {
    for (command, shell) in [
        ("kubectl exec pod -- sh -c \"ls ${{ v }}\"", "sh"),
        ("docker exec c bash -lc \"ls ${{ v }}\"", "bash"),
        ("xargs -I{} sh -c \"ls ${{ v }}\"", "sh"),
        ("find . -exec /bin/sh -c \"ls ${{ v }}\" \\;", "sh"),
        ("timeout 5 sh -c \"ls ${{ v }}\"", "sh"),
    ] {
        Page::new(false).shell(command).finds(&[&format!(
            "RB0609 ${{{{ v }}}}: `{shell}` reads this value as shell text once more"
        )]);
    }
    Page::new(false)
        .shell("kubectl exec pod -- sh -c 'ls \"$1\"' sh ${{ v }}\nkubectl exec sh -c web -- ls ${{ v }}\necho sh -c \"${{ v }}\"\ngrep -c ${{ v }} sh")
        .finds(&[]);
}
