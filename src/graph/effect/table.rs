//! What well-known programs do.

use crate::document::Effect;

/// How the effect of a program is told.
pub(super) enum Program {
    /// By its name.
    Always(Effect),
    /// By its verb.
    Verbs(Verbs),
    /// By its arguments.
    Arguments(fn(&[&str]) -> Effect),
}

/// The verbs of a program; others change something.
#[derive(Default)]
pub(super) struct Verbs {
    /// Options that take the next word.
    pub(super) valued: &'static [&'static str],
    /// Verbs that only look.
    pub(super) read: &'static [&'static str],
    /// Verbs that remove something; these are looked for first.
    pub(super) destroy: &'static [&'static str],
}

/// Programs that only look, whatever they are told.
#[rustfmt::skip]
const READ: &[&str] = &[
    ":",
    "[",
    "[[",
    "awk",
    "base64",
    "basename",
    "break",
    "cat",
    "cd",
    "cmp",
    "column",
    "comm",
    "continue",
    "cut",
    "date",
    "df",
    "diff",
    "dig",
    "dirname",
    "dirs",
    "dmesg",
    "du",
    "echo",
    "egrep",
    "exit",
    "expr",
    "false",
    "fgrep",
    "file",
    "fold",
    "free",
    "getent",
    "grep",
    "groups",
    "gunzip -c",
    "head",
    "hexdump",
    "history",
    "host",
    "hostname",
    "id",
    "iostat",
    "jobs",
    "journalctl",
    "jq",
    "last",
    "less",
    "ls",
    "lsblk",
    "lscpu",
    "lsof",
    "md5sum",
    "more",
    "mpstat",
    "netstat",
    "nl",
    "nproc",
    "nslookup",
    "od",
    "paste",
    "pgrep",
    "pidof",
    "ping",
    "popd",
    "printenv",
    "printf",
    "ps",
    "pushd",
    "pwd",
    "read",
    "readlink",
    "realpath",
    "return",
    "rg",
    "seq",
    "set",
    "sha1sum",
    "sha256sum",
    "shellcheck",
    "shift",
    "shopt",
    "sleep",
    "sort",
    "ss",
    "stat",
    "string",
    "strings",
    "tac",
    "tail",
    "test",
    "top",
    "tr",
    "traceroute",
    "trap",
    "tree",
    "true",
    "tty",
    "type",
    "ulimit",
    "umask",
    "uname",
    "uniq",
    "unset",
    "uptime",
    "vmstat",
    "w",
    "wait",
    "wc",
    "whereis",
    "which",
    "who",
    "whoami",
    "xxd",
    "zcat",
    "zgrep",
    "math",
    "count",
    "status",
    "contains",
];

/// Programs that remove something, whatever they are told.
#[rustfmt::skip]
const DESTROY: &[&str] = &[
    "dropdb", "dropuser", "groupdel", "kill", "killall", "mkfs", "pkill", "rm", "rmdir", "shred",
    "unlink", "userdel", "wipefs",
];

/// The entry of a program, if there is one.
pub(super) fn program(name: &str) -> Option<Program> {
    if READ.contains(&name) {
        return Some(Program::Always(Effect::Read));
    }
    if DESTROY.contains(&name) || name.starts_with("mkfs.") {
        return Some(Program::Always(Effect::Destroy));
    }
    Some(match name {
        "kubectl" | "oc" | "k" => Program::Verbs(KUBECTL),
        "helm" => Program::Verbs(HELM),
        "terraform" | "tofu" | "terragrunt" => Program::Verbs(TERRAFORM),
        "aws" => Program::Verbs(AWS),
        "gcloud" => Program::Verbs(GCLOUD),
        "docker" | "podman" | "nerdctl" => Program::Verbs(DOCKER),
        "git" => Program::Verbs(GIT),
        "gh" => Program::Verbs(GH),
        "systemctl" => Program::Verbs(SYSTEMCTL),
        "ip" => Program::Verbs(IP),
        "openssl" => Program::Verbs(OPENSSL),
        "sysctl" => Program::Arguments(|words| unless(words, &["-w", "-p", "--write", "--load"])),
        "yq" => Program::Arguments(|words| unless(words, &["-i", "--inplace"])),
        "sed" | "perl" => Program::Arguments(sed),
        "find" => Program::Arguments(find),
        "curl" => Program::Arguments(curl),
        "mount" | "crontab" => Program::Arguments(|words| {
            if words.iter().all(|word| *word == "-l") {
                Effect::Read
            } else {
                Effect::Change
            }
        }),
        _ => return None,
    })
}

/// The effect of a function of the world's modules by its name, as `aws::ecs::describe_services`.
pub(super) fn of_verb(verb: &str) -> Effect {
    let begins = |starts: &[&str]| {
        starts.iter().any(|start| {
            verb.strip_prefix(start)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        })
    };
    if begins(&[
        "get", "list", "describe", "head", "wait", "status", "history", "show", "logs", "plan",
        "version", "exists", "identity", "output", "find", "search", "query", "ready", "diff",
        "pods", "nodes",
    ]) || matches!(verb, "release" | "values" | "events")
    {
        Effect::Read
    } else if begins(&[
        "delete",
        "destroy",
        "remove",
        "terminate",
        "uninstall",
        "drain",
        "purge",
    ]) {
        Effect::Destroy
    } else {
        Effect::Change
    }
}

// https://kubernetes.io/docs/reference/kubectl/#operations
#[rustfmt::skip]
const KUBECTL: Verbs = Verbs {
    valued: &[
        "-n",
        "--namespace",
        "--context",
        "--kubeconfig",
        "--cluster",
        "--user",
        "-s",
        "--server",
        "--token",
        "--as",
        "-l",
        "--selector",
        "-o",
        "--output",
        "-f",
        "--filename",
        "-c",
    ],
    read: &[
        "get",
        "describe",
        "logs",
        "top",
        "explain",
        "api-resources",
        "api-versions",
        "version",
        "config view",
        "config get-*",
        "config current-context",
        "cluster-info",
        "diff",
        "events",
        "wait",
        "rollout status",
        "rollout history",
        "auth can-i",
        "auth whoami",
        "options",
        "completion",
    ],
    destroy: &["delete", "drain", "replace --force"],
};

// https://helm.sh/docs/helm/helm/
#[rustfmt::skip]
const HELM: Verbs = Verbs {
    valued: &[
        "-n",
        "--namespace",
        "--kube-context",
        "--kubeconfig",
        "-o",
        "--output",
        "-f",
        "--values",
        "--set",
        "--version",
    ],
    read: &[
        "list",
        "ls",
        "status",
        "history",
        "hist",
        "get",
        "version",
        "template",
        "lint",
        "show",
        "inspect",
        "search",
        "env",
        "diff",
        "repo list",
        "verify",
        "help",
    ],
    destroy: &["uninstall", "delete", "del", "un"],
};

// https://developer.hashicorp.com/terraform/cli/commands
#[rustfmt::skip]
const TERRAFORM: Verbs = Verbs {
    valued: &["-chdir", "-var", "-var-file", "-target", "-out", "-state"],
    read: &[
        "plan",
        "show",
        "output",
        "validate",
        "version",
        "state list",
        "state show",
        "state pull",
        "providers",
        "graph",
        "fmt -check",
        "workspace list",
        "workspace show",
        "test",
        "get",
        "metadata",
    ],
    destroy: &["destroy", "apply -destroy", "state rm", "workspace delete"],
};

// https://docs.aws.amazon.com/cli/latest/reference/
#[rustfmt::skip]
const AWS: Verbs = Verbs {
    valued: &[
        "--region",
        "--profile",
        "--output",
        "--query",
        "--endpoint-url",
        "--cli-input-json",
    ],
    read: &[
        "s3 ls",
        "s3 presign",
        "configure list",
        "configure get",
        "help",
        "* wait",
        "* tail",
        "* describe-*",
        "* get-*",
        "* list-*",
        "* head-*",
        "* batch-get-*",
        "* filter-*",
        "* lookup-*",
        "* search-*",
        "* scan",
        "* query",
        "* validate-*",
        "* simulate-*",
        "* check-*",
        "* estimate-*",
        "* preview-*",
    ],
    destroy: &[
        "s3 rm",
        "s3 rb",
        "s3 sync --delete",
        "* delete-*",
        "* terminate-*",
        "* remove-*",
        "* deregister-*",
        "* purge-*",
        "* batch-delete-*",
        "* release-*",
        "* schedule-key-deletion",
    ],
};

#[rustfmt::skip]
const GCLOUD: Verbs = Verbs {
    valued: &["--project", "--region", "--zone", "--format", "--filter"],
    read: &[
        "info",
        "version",
        "config list",
        "config get-value",
        "auth list",
        "* list",
        "* describe",
        "* * list",
        "* * describe",
        "* * * list",
        "* * * describe",
        "logging read",
    ],
    destroy: &["* delete", "* * delete", "* * * delete"],
};

// https://docs.docker.com/reference/cli/docker/
#[rustfmt::skip]
const DOCKER: Verbs = Verbs {
    valued: &[
        "-H",
        "--host",
        "--context",
        "-f",
        "--file",
        "--format",
        "--filter",
        "-p",
    ],
    read: &[
        "ps",
        "images",
        "inspect",
        "logs",
        "version",
        "info",
        "top",
        "stats",
        "port",
        "history",
        "events",
        "search",
        "diff",
        "image ls",
        "image inspect",
        "container ls",
        "container inspect",
        "volume ls",
        "volume inspect",
        "network ls",
        "network inspect",
        "system df",
        "system info",
        "compose ps",
        "compose logs",
        "compose config",
        "compose version",
        "context ls",
    ],
    destroy: &[
        "rm",
        "rmi",
        "kill",
        "system prune",
        "image prune",
        "image rm",
        "container prune",
        "container rm",
        "volume rm",
        "volume prune",
        "network rm",
        "network prune",
        "compose down",
        "compose rm",
        "builder prune",
    ],
};

// https://git-scm.com/docs
#[rustfmt::skip]
const GIT: Verbs = Verbs {
    valued: &["-C", "-c", "--git-dir", "--work-tree"],
    read: &[
        "status",
        "log",
        "diff",
        "show",
        "blame",
        "rev-parse",
        "rev-list",
        "ls-files",
        "ls-tree",
        "ls-remote",
        "describe",
        "cat-file",
        "grep",
        "shortlog",
        "reflog",
        "version",
        "help",
        "config --get",
        "config --list",
        "config -l",
        "remote -v",
        "branch --list",
        "branch --show-current",
        "tag --list",
        "tag -l",
        "stash list",
        "worktree list",
    ],
    destroy: &[
        "rm",
        "clean",
        "reset --hard",
        "branch -D",
        "branch -d",
        "tag -d",
        "stash drop",
        "stash clear",
        "push --delete",
        "push --force",
        "push -f",
        "worktree remove",
    ],
};

#[rustfmt::skip]
const GH: Verbs = Verbs {
    valued: &["-R", "--repo"],
    read: &[
        "* list",
        "* view",
        "* status",
        "pr diff",
        "pr checks",
        "run watch",
        "status",
        "search",
    ],
    destroy: &["* delete"],
};

// https://www.freedesktop.org/software/systemd/man/systemctl.html
#[rustfmt::skip]
const SYSTEMCTL: Verbs = Verbs {
    valued: &["-H", "-M", "-t", "-p", "-n", "-o"],
    read: &[
        "status",
        "show",
        "cat",
        "is-active",
        "is-enabled",
        "is-failed",
        "is-system-running",
        "list-*",
        "get-default",
        "help",
    ],
    destroy: &["kill"],
};

#[rustfmt::skip]
const IP: Verbs = Verbs {
    valued: &[],
    read: &["* show", "* list", "* ls", "route get"],
    destroy: &["* del", "* delete", "* flush"],
};

#[rustfmt::skip]
const OPENSSL: Verbs = Verbs {
    valued: &[],
    read: &[
        "s_client",
        "x509",
        "verify",
        "version",
        "dgst",
        "rand",
        "ciphers",
        "list",
        "asn1parse",
    ],
    destroy: &[],
};

fn unless(words: &[&str], options: &[&str]) -> Effect {
    if words.iter().any(|word| options.contains(word)) {
        Effect::Change
    } else {
        Effect::Read
    }
}

/// `-i`, `-i.bak` and `-pi` edit files in place.
fn sed(words: &[&str]) -> Effect {
    let in_place = |word: &&str| {
        word.starts_with("--in-place")
            || (word.starts_with('-') && !word.starts_with("--") && word.contains('i'))
    };
    if words.iter().any(in_place) {
        Effect::Change
    } else {
        Effect::Read
    }
}

fn find(words: &[&str]) -> Effect {
    if words.contains(&"-delete") {
        return Effect::Destroy;
    }
    let action = words
        .iter()
        .position(|word| matches!(*word, "-exec" | "-execdir" | "-ok" | "-okdir"));
    match action.and_then(|at| words.get(at + 1..)) {
        Some(words) => {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            super::program::effect(&words)
        }
        None => Effect::Read,
    }
}

/// A request without a body, by GET or HEAD, whose answer is not kept.
fn curl(words: &[&str]) -> Effect {
    let mut effect = Effect::Read;
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let method = match *word {
            "-X" | "--request" => words.peek().copied().copied(),
            _ => word
                .strip_prefix("--request=")
                .or_else(|| word.strip_prefix("-X").filter(|rest| !rest.is_empty())),
        };
        let here = match method {
            Some("GET" | "HEAD" | "OPTIONS") => Effect::Read,
            Some("DELETE") => Effect::Destroy,
            Some(_) => Effect::Change,
            None if matches!(
                *word,
                "-d" | "-F"
                    | "-T"
                    | "-o"
                    | "-O"
                    | "--form"
                    | "--upload-file"
                    | "--output"
                    | "--json"
            ) =>
            {
                let kept = words.peek().is_none_or(|next| **next != "/dev/null");
                if kept || !matches!(*word, "-o" | "--output") {
                    Effect::Change
                } else {
                    Effect::Read
                }
            }
            None if word.starts_with("--data") => Effect::Change,
            None => Effect::Read,
        };
        effect = effect.max(here);
    }
    effect
}
