//! Programs on the search path and their versions.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use runbook::credentials::Environment;
use runbook::world::{Chunk, End, Origin, Process, Stdin, World};
use semver::Version;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much of what it says is read.
const ENOUGH: usize = 64 * 1024;

/// Programs that know `version` and may not know `--version`.
const SUBCOMMAND: [&str; 16] = [
    "argocd",
    "consul",
    "crane",
    "eksctl",
    "flux",
    "istioctl",
    "k3d",
    "k9s",
    "kind",
    "kustomize",
    "minikube",
    "openssl",
    "skaffold",
    "terraform",
    "vault",
    "velero",
];

/// The file that a program's name means, as `execvp` finds it.
pub(crate) fn find(program: &str, environment: &Environment, directory: &Path) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(directory.join(program)).filter(|path| is_program(path));
    }
    std::env::split_paths(environment.get("PATH").unwrap_or(OsStr::new("")))
        .map(|folder| directory.join(folder).join(program))
        .find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// How programs are asked that know no `--version`.
const OTHERWISE: [(&str, &[&str]); 21] = [
    ("at", &["-V"]),
    // mawk; GNU's knows `--version`.
    ("awk", &["-W", "version"]),
    ("mawk", &["-W", "version"]),
    ("dig", &["-v"]),
    ("named", &["-v"]),
    ("haproxy", &["-v"]),
    ("httpd", &["-v"]),
    ("apache2", &["-v"]),
    ("ip", &["-V"]),
    ("java", &["-version"]),
    ("lsof", &["-v"]),
    ("lua", &["-v"]),
    ("memcached", &["-V"]),
    ("nginx", &["-v"]),
    ("ping", &["-V"]),
    ("socat", &["-V"]),
    ("sshd", &["-V"]),
    ("tmux", &["-V"]),
    ("traceroute", &["-V"]),
    ("unzip", &["-v"]),
    ("zip", &["-v"]),
];

/// The ways to ask a program for its version, in order; none of them may do anything else.
fn ways(program: &str) -> Vec<&'static [&'static str]> {
    match program.rsplit('/').next().unwrap_or(program) {
        // `kubectl version` alone asks the cluster.
        "kubectl" => vec![&["version", "--client"]],
        "go" | "helm" => vec![&["version"]],
        "ssh" => vec![&["-V"]],
        name if SUBCOMMAND.contains(&name) => vec![&["--version"], &["version"]],
        // Others may take `version` for the name of a file to run, as `dash version` does, and
        // `-v` for a wish to hear more of what they do.
        name => {
            let otherwise = OTHERWISE.iter().find(|(program, _)| *program == name);
            let mut ways: Vec<&[&str]> = vec![&["--version"]];
            ways.extend(otherwise.map(|(_, way)| *way));
            ways
        }
    }
}

/// How a program is asked for its version, in words: `tmux --version` or `tmux -V`.
pub(crate) fn asked(program: &str) -> String {
    let asked: Vec<String> = ways(program)
        .iter()
        .map(|way| format!("`{program} {}`", way.join(" ")))
        .collect();
    asked.join(" and ")
}

/// The version that a program says it has; `None` where it says none that can be read.
pub(crate) async fn version(
    program: &str,
    world: &dyn World,
    environment: &Environment,
    directory: &Path,
) -> Option<Version> {
    for arguments in ways(program) {
        let mut argv = vec![OsString::from(program)];
        argv.extend(arguments.iter().map(OsString::from));
        let process = Process {
            origin: Origin::default(),
            argv,
            environment: environment.clone(),
            directory: directory.to_owned(),
            stdin: Stdin::Null,
            timeout: Some(PATIENCE),
            grace: Duration::from_secs(1),
            script: None,
        };
        let (sender, mut output) = mpsc::channel::<Chunk>(16);
        let said = async {
            let mut said = Vec::new();
            while let Some(chunk) = output.recv().await {
                let room = ENOUGH.saturating_sub(said.len()).min(chunk.bytes.len());
                said.extend(chunk.bytes.into_iter().take(room));
            }
            said
        };
        let (exit, said) = tokio::join!(world.run(process, sender, CancellationToken::new()), said);
        if exit.is_ok_and(|exit| exit.end == End::Code(0))
            && let Some(version) = read(program, &String::from_utf8_lossy(&said))
        {
            return Some(version);
        }
    }
    None
}

/// The first `1.2` or `1.2.3` in a text, or the number behind the program's name that it begins
/// with, as in `less 590`.
fn read(program: &str, text: &str) -> Option<Version> {
    dotted(text).or_else(|| {
        let name = program.rsplit('/').next()?;
        let rest = text.strip_prefix(name)?.strip_prefix(' ')?;
        let number = rest.split_whitespace().next()?;
        Some(Version::new(number.parse().ok()?, 0, 0))
    })
}

fn dotted(text: &str) -> Option<Version> {
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let from = rest.get(start..)?;
        let end = from
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(from.len());
        let (number, after) = from.split_at(end);
        let mut parts = number.split('.').map(str::parse::<u64>);
        if let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) {
            let patch = parts.next().and_then(Result::ok).unwrap_or(0);
            return Some(Version::new(major, minor, patch));
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, expected: Option<(u64, u64, u64)>) {
        let expected = expected.map(|(major, minor, patch)| Version::new(major, minor, patch));
        assert_eq!(read("less", text), expected, "{text}");
    }

    #[test]
    fn versions_are_found_in_what_programs_say() {
        case("git version 2.39.5", Some((2, 39, 5)));
        case("GNU bash, version 5.2.15(1)-release", Some((5, 2, 15)));
        case("psql (PostgreSQL) 15.4 (Debian)", Some((15, 4, 0)));
        case("Terraform v1.9.8\non linux_amd64", Some((1, 9, 8)));
        case("aws-cli/2.15.0 Python/3.11.6", Some((2, 15, 0)));
        case("version.BuildInfo{Version:\"v3.14.0\"", Some((3, 14, 0)));
        case("jq-1.6", Some((1, 6, 0)));
        case("OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.15", Some((9, 2, 0)));
        case(
            "less 590 (GNU regular expressions)\nCopyright",
            Some((590, 0, 0)),
        );
        case("less than 3", None);
        case("more 590", None);
        case("7 dwarfs 1.", None);
        case("99999999999999999999.1", None);
        case("", None);
    }

    #[test]
    fn what_was_asked_is_told() {
        assert_eq!(asked("tmux"), "`tmux --version` and `tmux -V`");
        assert_eq!(asked("dash"), "`dash --version`");
        assert_eq!(asked("kubectl"), "`kubectl version --client`");
    }
}
