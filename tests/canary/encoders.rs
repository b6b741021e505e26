//! What real programs make of a secret is found.

use std::io::Write as _;
use std::process::{Command, Stdio};

use runbook::secret::Redactor;

/// Secrets with what encoders change: signs, blanks, quotes, letters beyond ASCII, lines.
const SECRETS: [&str; 6] = [
    "it's $9 \"a/b\"+é!",
    "rds!db-4f5d~{x}#&?%=@:;,<>|^`[]()*\\end",
    "tab\tand new\nline, and one more line here",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY+that+is+long+enough/to/be/wrapped+at+76/columns",
    "Ünïcödé-пароль-漢字",
    "plain-hunter2",
];

/// Programs that read a value from standard input, with the name of what each writes.
const ENCODERS: [(&str, &[&str]); 33] = [
    ("base64", &["base64"]),
    ("base64 in one line", &["base64", "-w0"]),
    ("base64 at 64", &["base64", "-w", "64"]),
    ("basenc, safe in URLs", &["basenc", "--base64url"]),
    ("openssl", &["openssl", "base64"]),
    (
        "base64 behind one byte",
        &["bash", "-c", "{ printf x; cat; } | base64 -w0"],
    ),
    (
        "base64 behind two bytes",
        &["bash", "-c", "{ printf xy; cat; echo z; } | base64 -w0"],
    ),
    ("xxd", &["xxd", "-p"]),
    ("xxd in one line", &["xxd", "-p", "-c", "0"]),
    ("xxd in capitals", &["xxd", "-p", "-u"]),
    ("od", &["bash", "-c", "od -An -v -tx1 | tr -d ' \\n'"]),
    ("jq", &["jq", "-Rs", "."]),
    ("jq in ASCII", &["jq", "-aRs", "."]),
    ("jq for URLs", &["jq", "-Rsr", "@uri"]),
    ("jq for shells", &["jq", "-Rsr", "@sh"]),
    ("jq for CSV", &["jq", "-Rsr", "[.] | @csv"]),
    ("cat -v", &["cat", "-v"]),
    ("sed -n l", &["sed", "-n", "l 0"]),
    (
        "perl quotemeta",
        &["perl", "-CS", "-0777", "-ne", "print quotemeta"],
    ),
    (
        "python's ascii",
        &[
            "python3",
            "-c",
            "import sys; print(ascii(sys.stdin.read()))",
        ],
    ),
    (
        "python's bytes",
        &[
            "python3",
            "-c",
            "import sys; print(sys.stdin.buffer.read())",
        ],
    ),
    ("od in hex", &["od", "-t", "x1z"]),
    ("od in octal", &["od"]),
    ("od -c", &["od", "-c"]),
    ("hexdump", &["hexdump"]),
    (
        "lines of one character",
        &["bash", "-c", "grep -o . | head -c -1"],
    ),
    ("jq for HTML", &["jq", "-Rsr", "@html"]),
    (
        "urllib quote",
        &[
            "python3",
            "-c",
            "import sys,urllib.parse as u; print(u.quote(sys.stdin.buffer.read()))",
        ],
    ),
    (
        "urllib quote_plus",
        &[
            "python3",
            "-c",
            "import sys,urllib.parse as u; print(u.quote_plus(sys.stdin.buffer.read()))",
        ],
    ),
    (
        "json.dumps",
        &[
            "python3",
            "-c",
            "import sys,json; print(json.dumps(json.dumps(sys.stdin.read())))",
        ],
    ),
    (
        "shlex.quote",
        &[
            "python3",
            "-c",
            "import sys,shlex; print(shlex.quote(sys.stdin.read()))",
        ],
    ),
    ("printf %q", &["bash", "-c", "printf '%q\\n' \"$(cat)\""]),
    (
        "set -x",
        &["bash", "-c", "v=$(cat); exec 2>&1; set -x; : \"$v\""],
    ),
];

#[test]
fn what_encoders_write_is_found() {
    let mut wrong = Vec::new();
    for (name, argv) in ENCODERS {
        let spawned = Command::new(argv[0])
            .args(&argv[1..])
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        if spawned
            .map(|mut child| child.kill().and_then(|()| child.wait()))
            .is_err()
        {
            eprintln!("skipped: {} is not installed", argv[0]);
            continue;
        }
        for secret in SECRETS {
            let redactor = Redactor::default();
            redactor.learn("pw", secret.as_bytes()).unwrap();
            let mut child = Command::new(argv[0])
                .args(&argv[1..])
                .env("LC_ALL", "C.UTF-8")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            child
                .stdin
                .take()
                .unwrap()
                .write_all(secret.as_bytes())
                .unwrap();
            let output = child.wait_with_output().unwrap();
            if !output.status.success() {
                eprintln!("skipped: `{}` can't do this", argv.join(" "));
                continue;
            }
            let text = String::from_utf8(output.stdout).unwrap();
            let clean = redactor.clean(&text);
            // Of a text that is wrapped, the last line may be too short to be told from others.
            // Offsets of dumps are no part of it.
            let left: String = clean.as_str().split("«secret:pw»").collect();
            let is_offset =
                |word: &&str| word.len() == 7 && word.bytes().all(|b| b.is_ascii_hexdigit());
            let left: String = left
                .split_whitespace()
                .filter(|word| !is_offset(word))
                .collect();
            let left = left.trim_matches(|c: char| c.is_whitespace() || "'\"$=+:\\".contains(c));
            if !clean.as_str().contains("«secret:pw»") || left.len() >= 20 {
                wrong.push(format!("{name}: {left} is left of {text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
