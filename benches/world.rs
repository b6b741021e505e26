//! What asking the operator's systems costs beside their own programs, against the components of
//! `tests/live`: a real API server, moto's server and a stand-in for AWS, Helm. What is not there is
//! named, and its figure left out.
//!
//! `cargo bench --bench world` prints the median of the ratios of pairs, the smallest and the
//! largest; nothing here fails.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a benchmark starts processes, reads the clock and prints"
)]
#![expect(dead_code, reason = "what it is run against is that of the tests")]

#[path = "../tests/live/chart.rs"]
mod chart;
#[path = "../tests/live/cluster.rs"]
mod cluster;
#[path = "../tests/live/components.rs"]
mod components;
#[path = "../tests/live/manifests.rs"]
mod manifests;
#[path = "../tests/live/page.rs"]
mod page;
#[path = "../tests/live/seed.rs"]
mod seed;
#[path = "../tests/live/stand_in.rs"]
mod stand_in;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cluster::Cluster;
use crate::page::Page;

const PAIRS: usize = 5;
/// How many calls of ours are timed at once, and how many of `kubectl`.
const CALLS: (u32, u32) = (400, 10);
/// How many pods are listed.
const PODS: usize = 5000;

fn main() {
    let Some(cluster) = cluster::cluster() else {
        return;
    };
    println!(
        "{:<52} {:>7} {:>7} {:>7}   aim",
        "", "median", "least", "most"
    );
    get(cluster);
    checks(cluster);
    pods(cluster);
}

/// Prints the ratios of pairs that were measured one after the other.
fn report(name: &str, aim: &str, mut pair: impl FnMut() -> (Duration, Duration)) {
    let pairs: Vec<_> = (0..PAIRS).map(|_| pair()).collect();
    let mut ratios: Vec<f64> = pairs
        .iter()
        .map(|(ours, theirs)| ours.as_secs_f64() / theirs.as_secs_f64())
        .collect();
    ratios.sort_by(f64::total_cmp);
    let (ours, theirs) = pairs[PAIRS - 1];
    println!(
        "{name:<52} {:>6.3}x {:>6.3}x {:>6.3}x   {aim}; {ours:.1?} and {theirs:.1?} at last",
        ratios[PAIRS / 2],
        ratios[0],
        ratios[PAIRS - 1]
    );
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// The same environment for a program that is not ours.
fn program(page: &Page, argv: &[&str]) -> Command {
    let mut command = Command::new(argv[0]);
    command
        .args(&argv[1..])
        .current_dir(page.root())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    for (name, value) in page.with(&[]).get_envs() {
        command.env(name, value.unwrap());
    }
    command.env("KUBECONFIG", page.root().join(".kube/config"));
    command
}

/// One object, each call after the first beside a start of `kubectl`.
fn get(cluster: &Cluster) {
    if components::program("kubectl").is_none() {
        return;
    }
    let (many, few) = CALLS;
    let namespace = cluster.namespace("measured");
    let made = format!("k8s::apply(`{}`)", manifests::DEPLOYMENT);
    cluster.page(&made, namespace).run().passes();
    let calls = |count: u32| {
        let script = format!("for turn in 0..{count} {{ k8s::get(\"deployment\", \"api\"); }}");
        cluster.page(&script, namespace)
    };
    let (one, all) = (calls(1), calls(many + 1));
    let ours = |page: &Page| {
        time(|| {
            page.runs(&["run", "page.md", "--yes"]).passes();
        })
    };
    report("k8s::get / kubectl get -o json", "0.1", || {
        let ours = ours(&all).saturating_sub(ours(&one)) / many;
        let theirs = time(|| {
            for _ in 0..few {
                let ask = [
                    "kubectl",
                    "get",
                    "deployment",
                    "api",
                    "-n",
                    namespace,
                    "-o",
                    "json",
                ];
                assert!(program(&one, &ask).status().unwrap().success());
            }
        }) / few;
        (ours, theirs)
    });
}

/// What is true now, of `runbooks/apply-status.md`, beside the same questions one after the other.
fn checks(cluster: &Cluster) {
    let Some(aws) = seed::aws() else { return };
    if components::program("kubectl").is_none() {
        return;
    }
    let namespace = cluster.namespace("checked");
    let eks = seed::eks("API_AND_CONFIG_MAP");
    let text = include_str!("../runbooks/apply-status.md");
    let (head, rest) = text.split_once("\n# ").unwrap();
    let (_, rest) = rest.split_once("### What is true now").unwrap();
    let (body, _) = rest.split_once("### Flip the access mode").unwrap();
    let page = Page::text(&format!("{head}\n# What is true now{body}"));
    let Some(page) = seed::beside(chart::chart(page, "chart", false), "m", aws, &eks) else {
        return;
    };
    let state = seed::script(namespace, namespace, "m")
        + "terraform::apply(terraform::plan(#{dir: \"m\", vars: #{revision: 2}}));";
    let page = cluster
        .ready(page, namespace)
        .file(
            "state.md",
            &format!("# Its state\n\n```rhai\n{state}\n```\n"),
        )
        .file("checks.sh", include_str!("compare/checks.sh"))
        .env("RUNBOOK_INPUT_SOURCE", "m")
        .env("RUNBOOK_INPUT_NAMESPACE", namespace)
        .env("RUNBOOK_INPUT_DNS_NAMESPACE", namespace);
    page.runs(&["run", "state.md", "--yes"]).passes();
    report("40 checks / a bash script that makes them", "0.5", || {
        let ours = time(|| {
            page.runs(&["run", "page.md", "--yes"]).passes();
        });
        let theirs = time(|| {
            let ran = program(&page, &["bash", "checks.sh", namespace])
                .env_remove("AWS_SESSION_TOKEN")
                .status();
            assert!(ran.unwrap().success());
        });
        (ours, theirs)
    });
}

/// The memory of a run that lists many pods, whole and in parts.
fn pods(cluster: &Cluster) {
    let namespace = cluster.namespace("many");
    let manifest = r#"#{apiVersion: "v1", kind: "Pod", metadata: #{name: `pod-${item}-${number}`,
        labels: #{app: "many", "app.kubernetes.io/component": "many"}, annotations: #{"example.test/checksum": "0123456789abcdef0123456789abcdef"}},
        spec: #{containers: [#{name: "main", image: "example.test/many:1.0.0"}]}}"#;
    let fill = format!(
        "# Fill\n\n```rhai {{#fill each=\"[0, 1, 2, 3]\" timeout=30m}}\n\
         for number in 0..{} {{ k8s::apply({manifest}); }}\n```\n",
        PODS / 4
    );
    cluster.ready(Page::text(&fill), namespace).run().passes();
    for (what, options) in [
        ("whole", ""),
        (
            "two fields of each",
            ", #{pick: [\"metadata.name\", \"status.phase\"]}",
        ),
    ] {
        let script = format!("assert k8s::list(\"pod\"{options}).len() == {PODS};");
        let page = cluster.page(&script, namespace);
        let (took, peak) = watched(page.with(&["run", "page.md", "--yes"]));
        println!(
            "{:<52} {} MiB, {took:.1?}   150 MiB",
            format!("{PODS} pods listed, {what}"),
            peak / 1024
        );
    }
}

/// How long a program ran, and its largest resident size in KiB where the system tells.
fn watched(mut command: Command) -> (Duration, u64) {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    loop {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let size = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
        peak = peak.max(size.unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return (start.elapsed(), peak);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
