//! 1,000 secrets go through every path into the program; none may come out anywhere.
//!
//! What is searched is every byte that a run leaves: what it prints in each format, its home with
//! the journal and the outputs, its temporary folder, what is in `/dev/shm`. Only the folder that
//! the steps themselves write to is left out.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the test starts the program as its operator would, and ends where it can't"
)]

mod encoders;
mod planted;
mod searched;
mod told;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use planted::{Random, Secret, secrets};
use searched::Search;
use tempfile::TempDir;

/// How many secrets are planted in all.
const SECRETS: usize = 1000;

/// A folder with a page, what its steps read, and places for what the program leaves.
struct Ground {
    root: TempDir,
}

impl Ground {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["home", "tmp", "work", "given"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        Self { root }
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.root.path().join(path)
    }

    fn file(&self, path: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(path), text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
        command
            .args(arguments)
            .current_dir(self.path("work"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("RUNBOOK_HOME", self.path("home/runbook"))
            .env("GIVEN", self.path("given"))
            .env("LC_ALL", "C.UTF-8")
            .env("USER", "tester")
            .stdin(Stdio::null());
        command
    }

    /// Everything that is left, with where it was found.
    fn left(&self, printed: &[(&str, Output)]) -> Vec<(String, Vec<u8>)> {
        let mut all = Vec::new();
        for (name, output) in printed {
            all.push((format!("standard output of {name}"), output.stdout.clone()));
            all.push((format!("standard error of {name}"), output.stderr.clone()));
        }
        for folder in ["home", "tmp"] {
            read(&self.path(folder), &mut all);
        }
        for entry in fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with("runbook-") {
                read(&entry.path(), &mut all);
            }
        }
        all
    }
}

/// Reads all files below a folder, and their names.
fn read(path: &Path, all: &mut Vec<(String, Vec<u8>)>) {
    all.push((
        "a file's name".to_owned(),
        path.as_os_str().as_encoded_bytes().to_vec(),
    ));
    if path.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            read(&entry.path(), all);
        }
    } else if let Ok(bytes) = fs::read(path) {
        all.push((path.display().to_string(), bytes));
    }
}

/// A script's lines that print a value, which `$value` holds, in many ways and in pieces.
const PRINTS: &str = r#"
turn=0
print_all() {
  local value=$1 at=0
  printf '%s\n' "$value"; printf '%s\n' "$value" >&2; printf '%q ' "$value"
  # Processes take their time, so only every eighth value goes through them.
  if (( turn++ % 8 == 0 )); then
    printf '%s' "$value" | base64
    printf 'x%s' "$value" | base64 -w0; printf 'xy%s' "$value" | base64 -w0 >&2
    printf '%s' "$value" | od -An -v -tx1 | tr -d ' \n'; echo
  fi
  while (( at < ${#value} )); do
    printf %s "${value:at:at % 4 + 1}"; (( at += at % 4 + 1 ))
  done
  echo " done"; echo "<$value>" "key=$value;" "https://x/?q=$value"
}
"#;

#[test]
fn no_secret_comes_out() {
    let mut random = Random::new(3);
    let all = secrets(SECRETS, &mut random);
    let (inputs, rest) = all.split_at(300);
    let (variables, rest) = rest.split_at(250);
    let (exports, rest) = rest.split_at(250);
    let (fields, shapes) = rest.split_at(50);
    let shapes: Vec<Secret> = planted::shapes(shapes.len(), &mut random);
    let search = Search::new(
        inputs
            .iter()
            .chain(variables)
            .chain(exports)
            .chain(fields)
            .chain(&shapes),
    );

    let ground = Ground::new();
    ground.file(
        "work/page.md",
        page(inputs, variables, exports.len(), fields),
    );
    ground.file("given/prints.sh", PRINTS);
    let mut exported = String::new();
    for (index, secret) in exports.iter().enumerate() {
        writeln!(
            exported,
            "export CANARY_{index}_TOKEN={}",
            planted::quoted(secret.text())
        )
        .unwrap();
    }
    ground.file("given/exports.sh", exported);
    ground.file(
        "given/shapes",
        shapes
            .iter()
            .map(|shape| format!("{}\n", shape.text()))
            .collect::<String>(),
    );
    let given: serde_json::Map<String, serde_json::Value> = inputs
        .iter()
        .enumerate()
        .filter(|(index, _)| index % 2 == 0)
        .map(|(index, secret)| (format!("in{index}"), secret.text().into()))
        .collect();
    ground.file("given/inputs.json", serde_json::to_string(&given).unwrap());

    let mut printed = Vec::new();
    let given = ground.path("given/inputs.json");
    let given = given.to_str().unwrap();
    for (name, arguments) in [
        ("human", &["--output", "full", "--keep-going"][..]),
        (
            "JSON",
            &[
                "--format",
                "json",
                "--keep-going",
                "--junit",
                "../home/junit.xml",
            ],
        ),
    ] {
        let mut command = ground.command(&["run", "page.md", "--input-file", given]);
        command.args(arguments);
        for (index, secret) in inputs
            .iter()
            .enumerate()
            .filter(|(index, _)| index % 2 == 1)
        {
            command.env(format!("RUNBOOK_INPUT_IN{index}"), secret.text());
        }
        for (index, secret) in variables.iter().enumerate() {
            command.env(format!("PLANTED_{index}_PASSWORD"), secret.text());
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        printed.push((name, output));
    }
    let output = ground
        .command(&["plan", "page.md", "--input-file", given])
        .output()
        .unwrap();
    printed.push(("plan", output));
    for format in ["human", "json", "junit"] {
        let output = ground
            .command(&["show", "--format", format])
            .output()
            .unwrap();
        printed.push(("show", output));
    }

    // It really ran, and the secrets really were there.
    let json = String::from_utf8_lossy(&printed[1].1.stdout).into_owned();
    for (step, status) in [
        ("print-inputs", "passed"),
        ("print-variables", "passed"),
        ("leave", "passed"),
        ("print-exports", "passed"),
        ("shapes", "passed"),
        ("big", "passed"),
        ("asserts", "failed"),
        ("throws", "failed"),
        ("calls", "passed"),
        ("transcript", "failed"),
        ("retried", "failed"),
        ("argv", "failed"),
        ("each", "passed"),
        ("behind", "passed"),
        ("fails", "failed"),
    ] {
        let ended = json
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .find(|entry| {
                // An instance of `each` bears its position.
                let named = entry["step"]
                    .as_str()
                    .is_some_and(|name| name.split('[').next() == Some(step));
                entry["event"] == "step-finished" && named
            })
            .unwrap_or_else(|| panic!("`{step}` did not end"));
        assert_eq!(ended["status"], status, "{ended}");
    }
    assert!(json.contains("«secret:in0»") && json.contains("«github-token»"));

    let found = search.find(&ground.left(&printed));
    assert!(
        found.is_empty(),
        "{} of {SECRETS} came out:\n{}",
        found.len(),
        found
            .iter()
            .take(20)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
    );
}

/// A page that brings each secret to each place where text comes from.
fn page(inputs: &[Secret], variables: &[Secret], exports: usize, fields: &[Secret]) -> String {
    let mut page = String::from("---\ninputs:\n");
    for index in 0..inputs.len() {
        writeln!(page, "  in{index}: {{type: string, secret: true}}").unwrap();
    }
    page.push_str("env:\n");
    for index in 0..20 {
        writeln!(page, "  FRONT_{index}_SECRET: \"${{{{ in{index} }}}}\"").unwrap();
    }
    page.push_str(
        "---\n# Canaries\n\n```bash {#print-inputs needs=none}\nsource \"$GIVEN/prints.sh\"\n",
    );
    for index in 0..inputs.len() {
        writeln!(page, "print_all ${{{{ in{index} }}}}").unwrap();
    }
    page.push_str("```\n\n```bash {#print-variables needs=none}\nsource \"$GIVEN/prints.sh\"\n");
    for index in 0..variables.len() {
        writeln!(page, "print_all \"$PLANTED_{index}_PASSWORD\"").unwrap();
    }
    page.push_str("```\n\n```bash {#leave needs=none}\nsource \"$GIVEN/exports.sh\"\n```\n\n```bash {#print-exports needs=leave}\nsource \"$GIVEN/prints.sh\"\n");
    for index in 0..exports {
        writeln!(page, "print_all \"$CANARY_{index}_TOKEN\"").unwrap();
    }
    page.push_str("env; export -p; set\n```\n\n```bash {#fields needs=none}\n");
    for (index, secret) in fields.iter().enumerate() {
        let json = serde_json::json!({ "name": index, "password": secret.text() }).to_string();
        writeln!(page, "printf '%s\\n' {}", planted::quoted(&json)).unwrap();
    }
    page.push_str(
        r#"```

```bash {#shapes needs=none}
cat "$GIVEN/shapes"
while IFS= read -r -n 7 piece; do printf '%s' "$piece"; [[ ${#piece} -lt 7 ]] && echo; done < "$GIVEN/shapes" >&2
```

```bash {#big needs=none}
for n in {1..4000}; do echo "$PLANTED_1_PASSWORD and $PLANTED_2_PASSWORD, which is a line of more than 65 bytes in all"; done; env
```

```rhai {#asserts needs=none}
assert env("PLANTED_3_PASSWORD") == env("PLANTED_4_PASSWORD"), `not ${env("PLANTED_5_PASSWORD")}`;
```

```rhai {#throws needs=none}
throw `it was ${env("PLANTED_6_PASSWORD")} that ${env("PLANTED_7_PASSWORD")} said`;
```

```rhai {#calls needs=none}
log(env("PLANTED_8_PASSWORD"));
let read = sh("printf '%s' \"$PLANTED_9_PASSWORD\"");
log(`${read}`);
sh_unchecked(`echo '${env("PLANTED_3_PASSWORD")}' >&2; exit 3`);
run(["cat"], #{stdin: env("PLANTED_10_PASSWORD"), env: #{A_TOKEN: env("PLANTED_11_PASSWORD")}});
let values = #{ password: env("PLANTED_12_PASSWORD"), list: [env("PLANTED_13_PASSWORD")] };
values
```

```rhai {#fails needs=none}
sh(`echo '${env("PLANTED_3_PASSWORD")}' >&2; cat "$GIVEN/shapes" >&2; exit 3`);
```

```rhai {#argv needs=none}
run(["echo", sh("printf '%s' \"$PLANTED_14_PASSWORD\"").stdout]);
```

```console {#transcript needs=none}
$ printf '%s\n' "$PLANTED_15_PASSWORD"
something else
```

```bash {#retried needs=none retry=2 delay=10ms}
echo "$PLANTED_16_PASSWORD"; echo "$PLANTED_17_PASSWORD" >&2
exit 4
```

```bash {#behind needs=none background}
echo "$PLANTED_18_PASSWORD"; echo ready; sleep 20
```

```bash {#each needs=none each="[env(\"PLANTED_19_PASSWORD\"), env(\"PLANTED_20_PASSWORD\")]"}
echo ${{ item }}
```
"#,
    );
    page
}
