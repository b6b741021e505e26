//! `helm::…` against a real API server and real Helm, both versions that are in use.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::chart::{chart, helms};
use crate::cluster::{Cluster, cluster};
use crate::page::Page;

/// A page of one script with Helm and the chart beside it.
fn page(cluster: &Cluster, helm: &Path, script: &str, namespace: &str, hook: bool) -> Page {
    let page = chart(cluster.page(script, namespace), "chart", hook);
    page.program("helm", helm)
}

#[test]
fn a_release_is_installed_upgraded_read_rolled_back_and_removed() {
    let Some(cluster) = cluster() else { return };
    for ((name, helm), namespace) in helms().into_iter().zip(["helm-three", "helm-four"]) {
        cluster.namespace(namespace);
        let script = r#"
            assert helm::release("api").status == "not-found";
            assert helm::history("api") == [];
            let made = helm::upgrade("api", "./chart", #{install: true, timeout: "60s"});
            assert made.status == "deployed" && made.revision == 1;
            assert made.chart == "tracecat" && made.version == "0.3.1";
            assert made.app_version == "1.0.0-beta.17";
            let next = helm::upgrade("api", "./chart", #{
                values: #{db: #{password: "peach-blossom-78"}, colour: "red"},
                set: #{access: "true", replicas: 1000000, colour: "blue"},
            });
            assert next.revision == 2;
            let settings = k8s::get("cm", "api-settings");
            assert settings.data.colour == "blue";
            assert settings.data.kind == "string";
            assert settings.data.replicas == "1000000";
            assert settings.metadata.labels.access == "true";
            let values = helm::values("api");
            assert values.access == "true" && values.colour == "blue";
            assert helm::values("api", #{revision: 1}) == #{};
            assert helm::values("api", #{revision: 1, all: true}).colour == "green";
            print(values);
            assert helm::history("api").map(|r| r.status) == ["superseded", "deployed"];
            assert helm::wait("api", "10s").revision == 2;
            let back = helm::rollback("api", 1);
            assert back.revision == 3 && back.status == "deployed";
            assert k8s::get("cm", "api-settings").data.colour == "green";
            assert helm::list().map(|r| r.name) == ["api"];
            assert helm::list(#{namespace: "*", status: "deployed"}).some(|r| r.name == "api");
            assert helm::uninstall("api");
            assert !helm::uninstall("api", #{ignore_missing: true});
            assert helm::release("api").status == "not-found";
        "#;
        let script = script.replace("\"peach-blossom-78\"", "env(\"DB_PASSWORD\")");
        eprintln!("{name}");
        page(cluster, &helm, &script, namespace, false)
            .env("DB_PASSWORD", "peach-blossom-78")
            .run()
            .passes()
            .hides("peach-blossom-78");
    }
}

#[test]
fn an_upgrade_that_was_killed_is_pending_and_is_rolled_back() {
    let Some(cluster) = cluster() else { return };
    for ((_, helm), namespace) in helms().into_iter().zip(["pending-three", "pending-four"]) {
        cluster.namespace(namespace);
        let script = r#"helm::upgrade("api", "./chart", #{install: true})"#;
        page(cluster, &helm, script, namespace, true).run().passes();

        // The upgrade waits for its hook, which never ends, and is killed there.
        let stuck = page(cluster, &helm, "", namespace, true);
        let mut upgrade = Command::new(&helm)
            .args(["upgrade", "api", "./chart", "--timeout", "120s"])
            .current_dir(stuck.root())
            .env("KUBECONFIG", stuck.root().join(".kube/config"))
            .env("HOME", stuck.root())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("helm starts");
        let script = r#"k8s::wait("job", "api-migrate", "exists", "60s")"#;
        cluster.page(script, namespace).run().passes();
        upgrade.kill().expect("it runs");
        upgrade.wait().expect("it ends");

        let script = r#"
            let stuck = helm::release("api");
            assert stuck.status == "pending-upgrade" && stuck.revision == 2;
            assert helm::list(#{status: "pending-upgrade"}).len() == 1;
            let code = "";
            try { helm::upgrade("api", "./chart"); } catch (error) { code = error.code; }
            assert code == "OperationInProgress";
            let waited = "";
            try { helm::wait("api", "3s"); } catch (error) { waited = error.message; }
            assert waited.contains("revision 2 is pending-upgrade");
            let back = helm::rollback("api", 1, #{no_hooks: true});
            assert back.status == "deployed" && back.revision == 3;
            let states = helm::history("api").map(|r| r.status);
            assert states[1] == "pending-upgrade" && states[2] == "deployed";
        "#;
        page(cluster, &helm, script, namespace, true)
            .run()
            .passes()
            .says("waiting for the release api to be deployed: revision 2 is pending-upgrade");
    }
}

#[test]
fn a_step_that_is_ended_ends_helm_gently() {
    let Some(cluster) = cluster() else { return };
    let Some((_, helm)) = helms().into_iter().next() else {
        return;
    };
    let namespace = cluster.namespace("ended");
    let script = r#"helm::upgrade("api", "./chart", #{install: true})"#;
    page(cluster, &helm, script, namespace, true).run().passes();
    let text = "# Page\n\n```rhai {#it timeout=5s}\nhelm::upgrade(\"api\", \"./chart\")\n```\n";
    let began = Instant::now();
    page(cluster, &helm, "", namespace, true)
        .file("page.md", text)
        .run()
        .fails()
        .says("`helm::upgrade api` is at work since");
    assert!(began.elapsed() < Duration::from_secs(40));
    let script = r#"assert helm::release("api").status == "failed""#;
    cluster.page(script, namespace).run().passes();
}

#[test]
fn a_label_that_helm_makes_a_boolean_is_refused_with_a_next_action() {
    let Some(cluster) = cluster() else { return };
    let Some((_, helm)) = helms().into_iter().next() else {
        return;
    };
    let namespace = cluster.namespace("boolean");
    let script = r#"helm::upgrade("api", "./chart", #{install: true, set: #{access: true}})"#;
    page(cluster, &helm, script, namespace, false)
        .run()
        .fails()
        .says("cannot unmarshal bool");
}

#[test]
fn a_record_that_can_not_be_read_is_a_value() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("unreadable");
    let script = r#"
        k8s::apply(#{apiVersion: "v1", kind: "Secret", type: "helm.sh/release.v1",
            metadata: #{name: "sh.helm.release.v1.broken.v1", labels: #{owner: "helm", name: "broken", status: "deployed", version: "1"}},
            stringData: #{release: "garbage"}});
        assert helm::list().map(|one| one.name + " " + one.status) == ["broken unreadable"];
        assert helm::release("broken").status == "unreadable";
        try { helm::list(#{status: "deploied"}); }
        catch (error) { log(`${error.code}: ${error.message}; ${error.help}`); }
    "#;
    cluster
        .page(script, namespace)
        .run()
        .passes()
        .says("BadArgument: there is no status `deploied` of a release; did you mean `deployed`?");
}

#[test]
fn without_helm_releases_can_still_be_read() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("without");
    let script = r#"
        assert helm::release("api").status == "not-found";
        helm::upgrade("api", "./chart");
    "#;
    let page = cluster.page(script, namespace).env("PATH", "/nowhere");
    page.run()
        .fails()
        .says("`helm` is not installed (not found on PATH)")
        .says("install Helm 3.2 or later");
    let script = r#"helm::uninstall("api")"#;
    let old = cluster
        .page(script, namespace)
        .file("old", "#!/bin/sh\necho 'Client: v2.17.0+ga690bad'\n");
    let program = old.root().join("old");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).expect("it is ours");
    old.program("helm", &program)
        .run()
        .fails()
        .says("helm 2.17.0 is too old");
}
