//! Whether a line of text looks like a command that an operator would type.

/// Programs that real runbooks call, in order; words that often begin an English sentence are
/// left out.
const PROGRAMS: [&str; 96] = [
    "ansible",
    "ansible-playbook",
    "apt",
    "apt-get",
    "argocd",
    "aws",
    "az",
    "bash",
    "brew",
    "bundle",
    "cargo",
    "cat",
    "cd",
    "chmod",
    "chown",
    "cilium",
    "cmctl",
    "consul",
    "cp",
    "crictl",
    "ctr",
    "curl",
    "dig",
    "dnf",
    "docker",
    "docker-compose",
    "doctl",
    "echo",
    "eksctl",
    "etcdctl",
    "export",
    "flux",
    "gcloud",
    "gh",
    "git",
    "go",
    "grep",
    "gsutil",
    "helm",
    "helmfile",
    "istioctl",
    "journalctl",
    "jq",
    "k3s",
    "k9s",
    "kind",
    "knife",
    "kubeadm",
    "kubectl",
    "kubectx",
    "kustomize",
    "ls",
    "make",
    "minikube",
    "mkdir",
    "mongosh",
    "mv",
    "mysql",
    "nc",
    "ncat",
    "nerdctl",
    "nomad",
    "npm",
    "npx",
    "nslookup",
    "oc",
    "openssl",
    "pg_dump",
    "pip",
    "pip3",
    "pnpm",
    "podman",
    "psql",
    "pulumi",
    "python",
    "python3",
    "rake",
    "redis-cli",
    "rm",
    "rsync",
    "runbook",
    "scp",
    "sed",
    "service",
    "ssh",
    "sudo",
    "systemctl",
    "tail",
    "tar",
    "terraform",
    "terragrunt",
    "tofu",
    "vault",
    "velero",
    "wget",
    "yarn",
];

/// Whether the first line that is neither blank nor a comment looks like a command.
pub(super) fn look_like_commands(text: &str) -> bool {
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .is_some_and(is_command)
}

fn is_command(line: &str) -> bool {
    if line.starts_with("$ ") {
        return true;
    }
    let mut words = line.split_whitespace();
    // `NAME=value command` sets a variable for one command.
    let program = words.find(|word| !is_assignment(word));
    let Some(program) = program else {
        return false;
    };
    if PROGRAMS.binary_search(&program).is_err() {
        return false;
    }
    // `cat:` or `service "x" {` is no command: an argument follows, or nothing.
    !matches!(words.next(), Some("=" | ":" | ":=" | "is" | "are"))
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_are_in_order() {
        assert!(PROGRAMS.is_sorted());
    }

    #[test]
    fn commands_are_told_from_text() {
        for text in [
            "kubectl get pods",
            "# see\n$ ls",
            "A=1 helm list",
            "  sudo reboot",
        ] {
            assert!(look_like_commands(text), "{text}");
        }
        for text in [
            "",
            "# x",
            "Name: x",
            "make = 3",
            "service is up",
            "NAME  READY",
        ] {
            assert!(!look_like_commands(text), "{text}");
        }
    }
}
