//! What `sh` and `run` ask of their host, and what they give back.

use super::*;

#[expect(clippy::unnecessary_wraps, reason = "a host answers so")]
fn finished(code: i32, stdout: &str, stderr: &str) -> Result<Finished, Trouble> {
    Ok(Finished {
        code,
        stdout: stdout.into(),
        stderr: stderr.into(),
        ..Finished::default()
    })
}

fn host(outcomes: Vec<Result<Finished, Trouble>>) -> Arc<Fake> {
    Arc::new(Fake {
        outcomes: Mutex::new(outcomes),
        ..Fake::default()
    })
}

/// A notebook that knows a secret.
fn secretive() -> Notebook {
    let mut notebook = Notebook::default();
    let secret = Secret::new("db_pw", "hunter2-long");
    notebook.define("db_pw", Dynamic::from(secret), true);
    notebook
}

#[track_caller]
fn case(code: &str, outcome: Result<Finished, Trouble>, expected: &str) {
    let ran = match run_with(code, &secretive(), &host(vec![outcome])) {
        Ok((value, _)) => show(&value, 1000),
        Err(failed) => format!("{:?}: {}", failed.0.kind, failed.0.message),
    };
    assert_eq!(ran, expected, "{code}");
}

#[test]
fn a_process_gives_a_result() {
    case("sh(\"x\").stdout", finished(0, "a\nb\n", ""), r#""a\nb""#);
    case(
        "sh(\"x\").lines()",
        finished(0, "a\nb\n", ""),
        r#"["a", "b"]"#,
    );
    case("sh(\"x\").trim()", finished(0, "  a \n\n", ""), r#""a""#);
    case(
        "run([\"x\"]).json().n + 1",
        finished(0, "{\"n\": 4}", ""),
        "5",
    );
    case(
        "run([\"x\"]).yaml().n",
        finished(0, "n: no\n", ""),
        r#""no""#,
    );
    case("sh_unchecked(\"x\").code", finished(3, "", ""), "3");
    case(
        "let r = run_unchecked([\"x\"]); [r.ok, r.failed, r.stderr]",
        finished(1, "", "no\n"),
        r#"[false, true, "no"]"#,
    );
}

#[test]
fn what_is_no_index_is_named_in_plain_words() {
    for (index, found) in [
        ("db_pw", "a secret"),
        ("raw(\"x\")", "a raw text"),
        ("sh(\"x\")", "a result"),
    ] {
        let said = format!("Error: expected an integer, found {found}");
        case(&format!("[1][{index}]"), finished(0, "", ""), &said);
    }
}

#[test]
fn a_failing_process_is_an_error_that_says_why() {
    case(
        "run([\"helm\", \"get\", \"a b\"])",
        finished(1, "", "one\ntwo\n\nthree\nfour\n"),
        "Error: `helm get \"a b\"` ended with exit status 1: two; three; four",
    );
    case(
        "sh(\"exit 3\\ntrue\")",
        finished(3, "", ""),
        "Error: `exit 3…` ended with exit status 3",
    );
    case(
        "try { sh(\"false\") } catch (e) { `caught ${e}` }",
        finished(1, "", ""),
        "()",
    );
    case(
        "let m = \"\"; try { sh(\"false\") } catch (e) { m = e; } m",
        finished(1, "", ""),
        "\"`false` ended with exit status 1\"",
    );
    case(
        "sh(\"x\").json()",
        finished(0, "nope", ""),
        "Error: the output of `x` is not JSON: expected ident at line 1 column 2",
    );
    case(
        "sh(\"x\").stdout",
        Ok(Finished {
            stdout: b"abc".to_vec(),
            truncated: true,
            ..Finished::default()
        }),
        "Error: `x` wrote more than a script can hold: only the first 3 bytes were kept",
    );
}

#[test]
fn a_host_that_gives_up_can_be_caught_or_not() {
    let code = "let m = 1; try { sh(\"x\"); } catch { m = 2; } m";
    case(code, Err(Trouble::Failed("no such".to_owned())), "2");
    case(
        code,
        Err(Trouble::Refused("denied".to_owned())),
        "Refused: denied",
    );
    case(
        code,
        Err(Trouble::Cancelled),
        "Cancelled: the step was ended",
    );
    let nested = "try { [1].for_each(|x| sh(\"x\")); } catch { } 7";
    case(
        nested,
        Err(Trouble::Refused("denied".to_owned())),
        "Refused: denied",
    );
}

#[test]
fn options_reach_the_host() {
    let host = host(Vec::new());
    let _ = run_with(
        "run([\"x\", 3, 1.5, true], #{cwd: \"/tmp\", env: #{A: 1, PW: db_pw}, stdin: \"in\", \
         timeout: \"30s\"}); sh(\"y\", #{stdin: db_pw + \"\\n\"});",
        &secretive(),
        &host,
    )
    .unwrap();
    let requests = host.requests.lock().unwrap();
    let [first, second] = requests.as_slice() else {
        panic!("{requests:?}")
    };
    assert!(matches!(&first.command, Command::Argv(argv) if argv == &["x", "3", "1.5", "true"]));
    assert_eq!(first.directory.as_deref(), Some("/tmp"));
    assert_eq!(first.stdin.as_deref(), Some(b"in".as_slice()));
    assert_eq!(first.timeout, Some(Duration::from_secs(30)));
    assert_eq!(
        first.environment,
        [
            ("A".to_owned(), "1".to_owned()),
            ("PW".to_owned(), "hunter2-long".to_owned()),
        ]
    );
    assert_eq!(second.stdin.as_deref(), Some(b"hunter2-long\n".as_slice()));
    assert!(matches!(&second.command, Command::Shell(text) if text == "y"));
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let ok = || finished(0, "", "");
    case(
        "run([])",
        ok(),
        "Error: `run` needs a program, as in `run([\"helm\", \"list\"])`",
    );
    case(
        "run([\"x\", ()])",
        ok(),
        "Error: element 1 of `run` must be a text or a number, not ()",
    );
    case(
        "run([\"x\", \"a\\x00\"])",
        ok(),
        "Error: element 1 of `run` holds a NUL byte, which no program can be given",
    );
    case(
        "sh(\"x\", #{cdw: 1})",
        ok(),
        "Error: there is no option `cdw`; did you mean `cwd`?",
    );
    case(
        "sh(\"x\", #{timeout: -1})",
        ok(),
        "Error: expected a length of time, as in \"5m\", or a number of seconds, found -1",
    );
    case(
        "sh(\"x\", #{env: 1})",
        ok(),
        "Error: `env` must be a map, as in `#{env: #{NAME: \"value\"}}`, not 1",
    );
}

#[test]
fn a_secret_is_passed_on_and_never_shown() {
    let ok = || finished(0, "", "");
    let stands =
        "Error: a secret can't stand on a command line; pass it by `#{env: …}` or `#{stdin: …}`";
    case("sh(\"curl -H \" + db_pw)", ok(), stands);
    case("run([\"x\", db_pw])", ok(), stands);
    case("sh(\"x\", #{cwd: db_pw})", ok(), stands);
    for code in [
        "`${db_pw}`",
        "db_pw.to_string()",
        "let t = \"\"; t += `${db_pw + \"x\"}`; t",
    ] {
        case(code, ok(), "\"«secret:db_pw»\"");
    }
    case("\"a\" + db_pw", ok(), "«secret:db_pw»");
    case(
        "[db_pw, #{a: db_pw}]",
        ok(),
        "[«secret:db_pw», #{a: «secret:db_pw»}]",
    );
    case("to_json([db_pw])", ok(), r#""[\"«secret:db_pw»\"]""#);
    case(
        "#{a: db_pw}.to_json()",
        ok(),
        r#""{\"a\":\"«secret:db_pw»\"}""#,
    );
    case(
        "db_pw == \"hunter2-long\" && db_pw != \"\" && \"x\" != db_pw && db_pw == db_pw",
        ok(),
        "true",
    );
    case("db_pw.is_empty()", ok(), "false");
    case(
        "raw(db_pw)",
        ok(),
        "Error: a secret can't be inserted unquoted; pass it by the environment",
    );
    case("throw db_pw", ok(), "Error: «secret:db_pw»");
    case(
        "assert db_pw == \"x\"",
        ok(),
        "Assertion: `db_pw == \"x\"` does not hold",
    );
    let host = host(Vec::new());
    let _ = run_with(
        "print(db_pw); debug([db_pw]); log(#{a: db_pw});",
        &secretive(),
        &host,
    )
    .unwrap();
    let logged = host.logged.lock().unwrap().join(" ");
    assert!(!logged.contains("hunter2"), "{logged}");
    assert_eq!(
        to_value(&Dynamic::from(Secret::new("a", "hunter2-long"))),
        "«secret:a»"
    );
}
