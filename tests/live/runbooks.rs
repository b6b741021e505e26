//! The runbooks of `runbooks/` against real components, and stand-ins where there are none.

use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::chart::{chart, helms};
use crate::cluster::{Cluster, cluster};
use crate::manifests::EXTERNAL_SECRETS;
use crate::page::Page;
use crate::seed;
use crate::stand_in::StandIn;

/// A runbook of the repository, with a step of its own before all others.
pub(crate) fn runbook(name: &str, before: &str) -> Page {
    let path = format!("{}/runbooks/{name}.md", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the runbook is there");
    let (head, body) = text.split_once("\n## ").expect("it has sections");
    Page::text(&format!(
        "{head}\n## The state it is for\n\n```rhai {{#given timeout=10m}}\n{before}\n```\n\n## {body}"
    ))
}

#[test]
fn a_release_that_is_really_stuck_is_freed() {
    let Some(cluster) = cluster() else { return };
    for ((_, helm), namespace) in helms().into_iter().zip(["stuck-three", "stuck-four"]) {
        cluster.namespace(namespace);
        let install = r#"helm::upgrade("api", "./chart", #{install: true})"#;
        let ready = |page: Page| chart(page, "chart", true).program("helm", &helm);
        ready(cluster.page(install, namespace)).run().passes();
        let stuck = ready(cluster.page("", namespace));
        let mut upgrade = Command::new(&helm)
            .args(["upgrade", "api", "./chart", "--timeout", "120s"])
            .current_dir(stuck.root())
            .env("KUBECONFIG", stuck.root().join(".kube/config"))
            .env("HOME", stuck.root())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("helm starts");
        let hook = r#"k8s::wait("job", "api-migrate", "exists", "60s")"#;
        cluster.page(hook, namespace).run().passes();
        upgrade.kill().expect("it runs");
        upgrade.wait().expect("it ends");
        for said in ["revision 2: pending-upgrade", "there is nothing to free"] {
            cluster
                .ready(runbook("helm-pending-upgrade", "1"), namespace)
                .program("helm", &helm)
                .env("RUNBOOK_INPUT_RELEASE_NAME", "api")
                .env("RUNBOOK_INPUT_NAMESPACE", namespace)
                .run()
                .passes()
                .says(said);
        }
    }
}

#[test]
fn the_chain_of_the_doom_loop_is_broken_and_stays_so() {
    let Some(cluster) = cluster() else { return };
    let Some((_, helm)) = helms().into_iter().next() else {
        return;
    };
    let namespace = cluster.namespace("doom");
    let given = format!(
        r#"
k8s::apply(`{EXTERNAL_SECRETS}`);
k8s::wait("crd", "externalsecrets.external-secrets.io", "Established", "20s");
let made = within("20s", "200ms", || k8s::apply(#{{
    apiVersion: "external-secrets.io/v1beta1", kind: "ExternalSecret",
    metadata: #{{name: "pg", annotations: #{{"meta.helm.sh/release-name": "api", "meta.helm.sh/release-namespace": "doom"}}}},
    spec: #{{target: #{{name: "pg", deletionPolicy: "Delete"}}}},
}}, #{{field_manager: "helm"}}));
k8s::apply(#{{
    apiVersion: "v1", kind: "Secret", stringData: #{{password: env("DB_PASSWORD")}},
    metadata: #{{name: "pg", ownerReferences: [#{{apiVersion: made.apiVersion, kind: made.kind, name: "pg", uid: made.metadata.uid, controller: true}}]}},
}});
"#
    );
    cluster
        .ready(runbook("externalsecret-doom-loop", &given), namespace)
        .program("helm", &helm)
        .env("DB_PASSWORD", "peach-blossom-79")
        .env("RUNBOOK_INPUT_NAME", "pg")
        .env("RUNBOOK_INPUT_NAMESPACE", namespace)
        .run()
        .passes()
        .says("1 Helm owns it: true")
        .says("2 it takes its Secret along: true")
        .says("3 garbage collection would: true")
        .hides("peach-blossom-79");
    // What Helm would do: the Secret must outlive it, the garbage collector at work.
    let proof = r#"
        k8s::delete("externalsecret", "pg", #{propagation: "foreground", wait: true});
        sleep("5s");
        assert k8s::exists("secret", "pg");
    "#;
    cluster.page(proof, namespace).run().passes();
}

/// The page of the seed with all that it is about.
fn apply_status(cluster: &Cluster, before: &str, hook: bool) -> Option<(Page, StandIn)> {
    let given = |seed: &str| runbook("apply-status", &format!("{seed}{before}"));
    let (page, eks) = surrounded(cluster, given, "m", hook)?;
    Some((page.env("RUNBOOK_INPUT_SOURCE", "m"), eks))
}

/// A page that is given the script for its state, with all that the seed is about, under the names
/// that the runbook has by default; `module` is Terraform's folder.
pub(crate) fn surrounded(
    cluster: &Cluster,
    page: impl FnOnce(&str) -> Page,
    module: &str,
    hook: bool,
) -> Option<(Page, StandIn)> {
    for namespace in ["tracecat", "external-dns"] {
        let script = format!(
            "if k8s::exists(\"namespace\", \"{namespace}\") {{ k8s::delete(\"namespace\", \"{namespace}\", #{{wait: true, timeout: \"2m\"}}); }}\
             k8s::apply(#{{apiVersion: \"v1\", kind: \"Namespace\", metadata: #{{name: \"{namespace}\"}}}})"
        );
        cluster.page(&script, "default").run().passes();
    }
    let eks = seed::eks("API_AND_CONFIG_MAP");
    let page = page(&seed::script("tracecat", "external-dns", module));
    let page = chart(cluster.ready(page, "tracecat"), "chart", hook);
    Some((seed::beside(page, module, seed::aws()?, &eks)?, eks))
}

/// All of these pages are about the same namespaces.
pub(crate) static TURN: Mutex<()> = Mutex::new(());

#[test]
fn every_row_of_the_seed_holds_and_every_step_is_taken() {
    let Some(cluster) = cluster() else { return };
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((page, _eks)) = apply_status(cluster, "", false) else {
        return;
    };
    page.run()
        .passes()
        .says("tracecat is at revision 1, 1.0.0-beta.17")
        .says("the cluster's mode is API")
        .hides(seed::STALE);
    let script = r#"
        assert k8s::list("job", #{namespace: "tracecat"}).map(|job| job.metadata.name)
            == ["tracecat-create-temporal-databases", "tracecat-temporal-schema-34"];
    "#;
    cluster.page(script, "tracecat").run().passes();
}

/// The upgrade waits for its hook, which never ends, and is killed there.
pub(crate) const KILLED: &str = r#"
let killed = run_unchecked(["timeout", "-s", "KILL", "8", "helm", "upgrade", "tracecat", "./chart", "-n", "tracecat"]);
assert helm::release("tracecat", #{namespace: "tracecat"}).status == "pending-upgrade";
"#;

#[test]
fn a_killed_upgrade_is_rolled_back_and_the_run_is_not_taken_for_done() {
    let Some(cluster) = cluster() else { return };
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((page, _eks)) = apply_status(cluster, KILLED, true) else {
        return;
    };
    let page = page.env("RUNBOOK_INPUT_HELM_TIME", "3s");
    page.runs(&["run", "page.md", "--yes"])
        .fails()
        .says("tracecat is pending-upgrade at revision 2")
        .says("tracecat is deployed at revision 3 now")
        .says("run this page again");
    // What was applied needs no new announcement.
    page.runs(&[
        "run", "page.md", "--yes", "--from", "there", "--until", "helm",
    ])
    .passes()
    .says("tracecat is at revision 3");
}
