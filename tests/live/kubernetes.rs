//! `k8s::…` against a real API server.

use std::time::{Duration, Instant};

use crate::cluster::{VIEWER, cluster};
use crate::manifests::{DEPLOYMENT, EXTERNAL_SECRET, EXTERNAL_SECRETS};
use crate::page::Page;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn objects_are_applied_read_listed_patched_and_deleted() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("objects");
    let script = r#"
        let made = k8s::apply(#{
            apiVersion: "v1", kind: "ConfigMap",
            metadata: #{name: "settings", labels: #{app: "api"}}, data: #{colour: "green"},
        });
        assert made.metadata.namespace == "objects";
        assert k8s::get("cm", "settings").data.colour == "green";
        assert k8s::get("ConfigMap", "settings", #{namespace: "objects"}).kind == "ConfigMap";
        assert k8s::exists("configmaps", "settings");
        assert !k8s::exists("configmap", "absent");
        let all = k8s::list("configmap", #{selector: #{app: "api"}});
        assert all.len() == 1 && all[0].metadata.name == "settings" && all[0].kind == "ConfigMap";
        assert k8s::list("cm", #{selector: "app in (x)"}).len() == 0;
        assert k8s::list("cm", #{fields: "metadata.name=settings", namespace: "*"}).len() == 1;
        let patched = k8s::patch("cm", "settings", #{data: #{colour: "red", old: ()}});
        assert patched.data.colour == "red";
        let patch = [#{op: "replace", path: "/data/colour", value: "blue"}];
        assert k8s::patch("cm", "settings", patch).data.colour == "blue";
        let both = k8s::apply(`
apiVersion: v1
kind: ConfigMap
metadata: {name: one}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: two}
`);
        assert both.map(|o| o.metadata.name) == ["one", "two"];
        assert k8s::delete("cm", "settings");
        assert !k8s::delete("cm", "settings", #{ignore_missing: true});
        k8s::wait("cm", "settings", "deleted", "10s");
    "#;
    cluster.page(script, namespace).run().passes();
    let script = r#"k8s::delete("cm", "settings", #{propagation: "background"})"#;
    cluster
        .page(script, namespace)
        .run()
        .fails()
        .says("configmaps \"settings\" not found")
        .says("(NotFound); looked in the namespace `objects`");
}

#[test]
fn a_secret_is_decoded_and_never_shown() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("secrets");
    let encoded = "cGVhY2gtYmxvc3NvbS03Nw=="; // peach-blossom-77
    let manifest = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\ndata: {{password: {encoded}, user: YWRt}}\n"
    );
    let page = |script: &str| {
        let page = format!("k8s::apply(read(\"x\")); {script}");
        page.replace("read(\"x\")", &format!("`{manifest}`"))
    };
    cluster.page(&page("1"), namespace).run().passes();
    let script = r#"
        let secret = k8s::get("secret", "db");
        print(secret);
        print(secret.data.password);
        log("is it " + secret.data.password + "?");
        assert !secret.data.password.is_empty();
        let echoed = sh("printf %s \"$PASSWORD\"", #{env: #{PASSWORD: secret.data.password}});
        print(echoed.stdout);
        assert echoed.stdout.len() == 16;
        for one in k8s::list("secrets") { print(one.data); }
        let copy = k8s::apply(#{
            apiVersion: "v1", kind: "Secret", metadata: #{name: "copy"},
            stringData: #{password: secret.data.password},
        });
        assert copy.data.password == secret.data.password;
    "#;
    cluster
        .page(script, namespace)
        .run()
        .passes()
        .says("«secret:secrets/db/password»")
        .says("«secret:secrets/db/user»")
        .hides("peach-blossom-77")
        .hides(encoded)
        .hides("YWRt");
}

#[test]
fn a_secret_that_was_read_is_written_as_it_was() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("rewritten");
    // The password looks like base64 itself.
    let made = r#"k8s::apply(#{
        apiVersion: "v1", kind: "Secret", metadata: #{name: "keep"},
        stringData: #{password: "abcd" + "1234", url: "svc kestrel-" + "basalt"},
    });"#;
    let ran = cluster.page(made, namespace).run().passes();
    ran.hides("abcd1234").hides("kestrel-basalt");
    let script = r#"
        let kept = k8s::get("secret", "keep");
        kept.metadata.labels = #{team: "payments"};
        k8s::apply(kept, #{force: true});
        let now = k8s::get("secret", "keep");
        assert now.metadata.labels.team == "payments";
        assert now.data.password == "abcd" + "1234", "the password is as it was";
        k8s::patch("secret", "keep", #{data: #{other: kept.data.password}});
        assert k8s::get("secret", "keep").data.other == "abcd" + "1234";
        try { k8s::patch("secret", "keep", #{data: #{plain: "not base64!"}}); }
        catch (error) { log(`${error.code}: ${error.message}`); }
    "#;
    cluster
        .page(script, namespace)
        .run()
        .passes()
        .says("BadArgument: `data.plain` of the Secret `keep` is no base64");
}

#[test]
fn of_several_objects_none_is_applied_where_one_is_refused() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("several");
    let script = "
        try { k8s::apply(`
apiVersion: v1
kind: ConfigMap
metadata: {name: first}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: Second_One}
`); } catch (error) { log(error.message); }
        assert !k8s::exists(\"configmap\", \"first\");";
    cluster
        .page(script, namespace)
        .run()
        .passes()
        .says("Second_One");
}

#[test]
fn a_deletion_that_is_held_up_says_by_what() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("held");
    let script = r#"
        k8s::apply(#{apiVersion: "v1", kind: "ConfigMap", metadata: #{name: "held", finalizers: ["acme.example/hold"]}});
        try { k8s::delete("configmap", "held", #{wait: true, timeout: "4s"}); }
        catch (error) { log(`${error.code}: ${error.message}`); }
        k8s::patch("configmap", "held", #{metadata: #{finalizers: ()}});
    "#;
    cluster
        .page(script, namespace)
        .run()
        .passes()
        .says("acme.example/hold");
}

#[test]
fn a_manager_of_fields_is_told_by_its_name() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("managers");
    let script = format!(
        r#"
        k8s::apply(`{DEPLOYMENT}`, #{{field_manager: "helm"}});
        let mine = `{}`;
        "#,
        DEPLOYMENT.replace("replicas: 2", "replicas: 3")
    );
    let refused = format!("{script} k8s::apply(mine);");
    cluster
        .page(&refused, namespace)
        .run()
        .fails()
        .says("`helm` owns `spec.replicas`")
        .says("(Conflict)")
        .says("take the fields over with `force: true`");
    let caught = format!(
        "{script}
        try {{ k8s::apply(mine); }} catch (error) {{ assert error.code == \"Conflict\"; }}
        assert k8s::apply(mine, #{{force: true, field_manager: \"terraform\"}}).spec.replicas == 3;"
    );
    cluster.page(&caught, namespace).run().passes();
}

#[test]
fn a_custom_kind_is_known_as_soon_as_it_is_installed() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("custom");
    let script = format!(
        r#"
        let before = "";
        try {{ k8s::get("backup", "x"); }} catch (error) {{ before = error.code; }}
        assert before == "UnknownKind";
        k8s::apply(`{EXTERNAL_SECRETS}`);
        k8s::wait("crd", "externalsecrets.external-secrets.io", "Established", "20s");
        within("20s", "200ms", || k8s::apply(`{EXTERNAL_SECRET}`));
        assert k8s::get("externalsecret", "postgres").spec.target.deletionPolicy == "Retain";
        assert k8s::get("es", "postgres").kind == "ExternalSecret";
        assert k8s::get("externalsecrets.external-secrets.io", "postgres").kind == "ExternalSecret";
        let ready = #{{status: #{{conditions: [#{{type: "Ready", status: "True"}}]}}}};
        k8s::patch("es", "postgres", ready, #{{subresource: "status"}});
        let count = k8s::ready("externalsecret");
        assert count.ready == 1 && count.total == 1;
        k8s::wait("es", "postgres", "Ready", "5s");
        "#
    );
    cluster.page(&script, namespace).run().passes();
    let script =
        "k8s::patch(\"es\", \"postgres\", #{spec: #{target: #{deletionPolicy: \"Nope\"}}})";
    cluster
        .page(script, namespace)
        .run()
        .fails()
        .says("Unsupported value: \"Nope\"")
        .says("(Invalid)");
}

#[test]
fn an_unknown_kind_is_told_with_the_nearest() {
    let Some(cluster) = cluster() else { return };
    let script = r#"k8s::get("deploymnet", "api")"#;
    let ran = cluster.page(script, "default").run();
    ran.fails()
        .says("the cluster has no kind `deploymnet`")
        .says("did you mean `deployment`?")
        .says("page.md:4");
    let script = r#"k8s::get("pod", "api", #{namespce: "a"})"#;
    let ran = cluster.page(script, "default").run();
    ran.fails().says("did you mean `namespace`?");
}

#[test]
fn readiness_is_counted_and_waited_for() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("readiness");
    let script = format!(
        r#"
        k8s::apply(`{DEPLOYMENT}`);
        let seen = k8s::ready("deployment", #{{name: "api"}});
        assert seen.ready == 0 && seen.total == 2 && seen.unready == ["api"];
        within("20s", "200ms", || k8s::list("pod", #{{selector: "app=api"}}).len() == 2);
        let pods = k8s::ready("pods", #{{selector: #{{app: "api"}}}});
        assert pods.total == 2 && pods.ready == 0 && pods.unready.len() == 2;
        for pod in pods.unready {{
            k8s::patch("pod", pod, #{{status: #{{
                phase: "Running", conditions: [#{{type: "Ready", status: "True"}}],
            }}}}, #{{subresource: "status", type: "strategic"}});
        }}
        assert k8s::ready("pods", #{{selector: "app=api"}}).ready == 2;
        k8s::wait("deployment", "api", "Available", "20s");
        k8s::wait("deployment", "api", "rollout", "20s");
        k8s::wait("pod", pods.unready[0], ".status.phase=Running", 5);
        assert k8s::ready("deploy").ready == 2;
        "#
    );
    cluster.page(&script, namespace).run().passes();
}

#[test]
fn a_wait_ends_as_soon_as_it_holds_and_says_what_it_waits_for() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("waiting");
    let maker = cluster.page(
        "sleep(4); k8s::apply(#{apiVersion: \"v1\", kind: \"ConfigMap\", metadata: #{name: \"late\"}})",
        namespace,
    );
    let made = std::thread::spawn(move || maker.run());
    let page = cluster.page(
        "assert k8s::wait(\"cm\", \"late\", \"exists\", \"30s\").metadata.name == \"late\";",
        namespace,
    );
    let began = Instant::now();
    page.run()
        .passes()
        .says("waiting for configmap/late to be there: it is not there");
    assert!(began.elapsed() < Duration::from_secs(15));
    made.join().expect("it ran").passes();

    let script = format!(
        "k8s::apply(`{DEPLOYMENT}`);\nk8s::wait(\"deployment\", \"api\", \"Available\", \"1s\")"
    );
    cluster
        .page(&script, namespace)
        .run()
        .fails()
        .says("waited 1.00s for deployment/api in `waiting` to be Available: 0 of 2 ready")
        .says("(Timeout)");
    let script = "k8s::wait(\"cm\", \"late\", \"is it ready\", \"1s\")";
    cluster
        .page(script, namespace)
        .run()
        .fails()
        .says("`is it ready` is nothing that can be waited for");
}

#[test]
fn who_has_no_right_is_told_which() {
    let Some(cluster) = cluster() else { return };
    let kubeconfig = cluster.kubeconfig(VIEWER, "default");
    Page::script("k8s::list(\"secrets\")")
        .file(".kube/config", &kubeconfig)
        .run()
        .fails()
        .says("User \"viewer\" cannot list resource \"secrets\"")
        .says("(Forbidden)")
        .says("this is `test`");
}

#[test]
fn a_label_that_is_no_text_is_refused_as_the_server_says() {
    let Some(cluster) = cluster() else { return };
    let script = "k8s::apply(`{apiVersion: v1, kind: ConfigMap, \
                  metadata: {name: a, labels: {on: true}}}`)";
    cluster.page(script, "default").run().fails().says("labels");
    let script = "k8s::apply(`{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, dat: {}}`)";
    cluster.page(script, "default").run().fails().says("dat");
    let script = "k8s::apply(`{apiVersion: v1, kind: ConfigMap, metadata: {}}`)";
    let ran = cluster.page(script, "default").run();
    ran.fails()
        .says("the manifest of the ConfigMap has no name");
}

#[test]
fn events_are_told_oldest_first() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("events");
    let script = format!(
        r#"
        k8s::apply(`{DEPLOYMENT}`);
        let events = within("20s", "200ms", || {{
            let events = k8s::events("deployment", "api");
            if events.len() > 0 {{ events }}
        }});
        assert events[0].reason == "ScalingReplicaSet" && events[0].object == "deployment/api";
        assert k8s::events().len() >= events.len();
        "#
    );
    cluster.page(&script, namespace).run().passes();
    let script = "k8s::logs(\"deployment/api\", #{tail: 5})";
    // There is no node to ask: what the server says is told.
    let ran = cluster.page(script, namespace).run();
    assert!(!ran.text.contains("panicked"), "{}", ran.text);
}

#[test]
fn a_wait_ends_at_once_with_ctrl_c() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("interrupted");
    let script = r#"k8s::wait("pod", "never", "Ready", "10m")"#;
    let page = cluster.page(script, namespace);
    let child = page.command().stdout(std::process::Stdio::null()).spawn();
    let mut child = child.expect("the program starts");
    // Without a terminal a step's lines are shown when it has ended; the journal has them at once.
    let said = || {
        let runs = std::fs::read_dir(page.root().join("home/runs"));
        let journals = runs.into_iter().flatten().flatten();
        journals
            .filter_map(|run| std::fs::read_to_string(run.path().join("journal.jsonl")).ok())
            .collect::<String>()
    };
    let began = Instant::now();
    while !said().contains("waiting for pod/never") && began.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(50));
    }
    let id = i32::try_from(child.id()).expect("ids are small");
    let process = rustix::process::Pid::from_raw(id).expect("it has an id");
    rustix::process::kill_process(process, rustix::process::Signal::INT).expect("it runs");
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(130), "{}", said());
    assert!(began.elapsed() < PATIENCE, "{}", said());
}
