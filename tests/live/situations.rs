//! `runbooks/apply-status.md`, as it stands, in the situations that an operator meets.

use std::process::Stdio;

use crate::chart::chart;
use crate::cluster::cluster;
use crate::page::Page;
use crate::seed::{self, ADMIN, STALE};
use crate::stand_in::StandIn;

const RUN: [&str; 3] = ["run", "page.md", "--yes"];

/// The page and a namespace in the seed's state; `before` is a script that spoils it.
fn situation(namespace: &'static str, mode: &str, before: &str) -> Option<(Page, StandIn)> {
    let (page, eks) = unseeded(namespace, mode)?;
    let state = seed::script(namespace, namespace, "m");
    let state = format!("# Its state\n\n```rhai\n{state}{before}\n```\n");
    let page = page.file("state.md", &state);
    page.runs(&["run", "state.md", "--yes"]).passes();
    Some((page, eks))
}

/// The page, and AWS in the seed's state; the namespace is empty.
fn unseeded(namespace: &'static str, mode: &str) -> Option<(Page, StandIn)> {
    let cluster = cluster()?;
    let aws = seed::aws()?;
    cluster.namespace(namespace);
    let eks = seed::eks(mode);
    let page = Page::text(&text("apply-status"));
    let page = seed::beside(chart(page, "chart", false), "m", aws, &eks)?;
    let page = cluster
        .ready(page, namespace)
        .env("RUNBOOK_INPUT_SOURCE", "m")
        .env("RUNBOOK_INPUT_NAMESPACE", namespace)
        .env("RUNBOOK_INPUT_DNS_NAMESPACE", namespace);
    Some((page, eks))
}

/// A runbook of the repository.
fn text(name: &str) -> String {
    let path = format!("{}/runbooks/{name}.md", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("the runbook is there")
}

#[test]
fn an_upgrade_that_took_the_external_secret_along_is_found_before_anything_moves() {
    // The release has the ExternalSecret, which owns the Secret; the next one has not.
    let taken = r#"
let mine = #{namespace: "taken"};
let name = "tracecat-postgres-credentials";
k8s::delete("externalsecret", name, mine);
let own = `apiVersion: external-secrets.io/v1beta1
kind: ExternalSecret
metadata: {name: ${name}}
spec: {target: {name: ${name}, deletionPolicy: Delete}}
`;
sh(`printf '%s' '${own}' > chart/templates/own.yaml`);
helm::upgrade("tracecat", "./chart", mine);
let made = k8s::get("externalsecret", name, mine);
k8s::patch("secret", name, #{metadata: #{ownerReferences: [#{apiVersion: made.apiVersion, kind: made.kind, name: name, uid: made.metadata.uid}]}}, mine);
run(["rm", "chart/templates/own.yaml"]);
helm::upgrade("tracecat", "./chart", mine);
assert !k8s::exists("externalsecret", name, mine);
k8s::wait("secret", name, "deleted", "30s", mine);
"#;
    let Some((page, _eks)) = situation("taken", "API_AND_CONFIG_MAP", taken) else {
        return;
    };
    page.runs(&RUN)
        .fails()
        .says("✗ migration")
        .says("there is no ExternalSecret tracecat-postgres-credentials: it was deleted")
        .says("the Secret is there before Helm begins: externalsecret-doom-loop.md makes it anew")
        .says("↷ apply")
        .says("skipped: the run stopped: `migration` failed");
    let source = &seed::aws().expect("it is there").database_secret;
    let page = page
        .file("doom.md", &text("externalsecret-doom-loop"))
        .env("RUNBOOK_INPUT_SOURCE", source);
    page.runs(&["run", "doom.md", "--yes"])
        .passes()
        .says("4 the Secret is gone: true")
        .hides("rotated-by-the-test");
    page.env("RUNBOOK_INPUT_SOURCE", "m")
        .runs(&["run", "page.md", "--yes", "--until", "migration"])
        .passes();
}

#[test]
fn a_session_token_that_went_stale_in_the_shell_is_in_nobodys_way() {
    let Some((page, _eks)) = unseeded("stale", "API_AND_CONFIG_MAP") else {
        return;
    };
    // What the operator's own shell would get.
    let mut bare = page.with(&[]);
    let environment: Vec<_> = bare
        .get_envs()
        .map(|(k, v)| (k.to_owned(), v.map(ToOwned::to_owned)))
        .collect();
    bare = std::process::Command::new("aws");
    bare.args(["sts", "get-caller-identity"])
        .env_clear()
        .stdin(Stdio::null());
    for (name, value) in environment {
        bare.env(name, value.expect("all are set"));
    }
    let output = bare.output().expect("aws starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("InvalidClientTokenId"), "{said}");
    page.runs(&["run", "page.md", "--yes", "--until", "there"])
        .passes()
        .says("AWS_SESSION_TOKEN")
        .hides(STALE);
    // A key that nobody revoked, with a token that is: nothing can be taken out of that.
    page.env("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE")
        .runs(&RUN)
        .fails()
        .says("what this page needs is missing: AWS: ");
}

#[test]
fn a_resource_that_somebody_changed_is_named() {
    let done = r#"terraform::apply(terraform::plan(#{dir: "m", vars: #{revision: 2, auth_mode: "API"}}));"#;
    let Some((page, _eks)) = situation("drift", "API", done) else {
        return;
    };
    let counted = ["run", "page.md", "--yes", "--until", "counted"];
    page.runs(&counted).passes();
    let state = page.root().join("m/terraform.tfstate");
    let text = std::fs::read_to_string(&state).expect("there is a state");
    let mut held: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let resources = held["resources"].as_array_mut().expect("it has resources");
    let changed = resources.iter_mut().find(|one| one["name"] == "changed");
    changed.expect("it is there")["instances"][3]["attributes"]["input"]["value"] = 7.into();
    std::fs::write(&state, held.to_string()).expect("it can be written");
    page.runs(&RUN)
        .fails()
        .says("✗ counted")
        .says("update terraform_data.changed[3]")
        .says("the plan adds what was announced");
    page.runs(&["run", "page.md", "--yes", "--step", "zero-drift"])
        .fails()
        .says("left to do: update terraform_data.changed[3]")
        .says("there is nothing left to do");
}

#[test]
fn without_an_access_entry_the_mode_is_not_flipped() {
    let Some((page, eks)) = situation("entryless", "API_AND_CONFIG_MAP", "") else {
        return;
    };
    let eks = eks.without_access(ADMIN);
    page.runs(&RUN)
        .fails()
        .says("✗ access")
        .says("the user has an access entry; without one nobody is left")
        .says(ADMIN)
        .says("↷ flip-auth");
    assert_eq!(eks.mode(), "API_AND_CONFIG_MAP");
}

#[test]
fn in_a_wrong_account_nothing_runs() {
    let Some((page, _eks)) = unseeded("elsewhere", "API_AND_CONFIG_MAP") else {
        return;
    };
    let page = page.file(
        "runbook.toml",
        "[target.production.aws]\naccount = \"210987654321\"\n",
    );
    let guarded = ["run", "page.md", "--yes", "--target", "production"];
    page.runs(&guarded)
        .ends(3)
        .says("the target `production` may run only in the AWS account `210987654321`, and this is `123456789012`")
        .says(ADMIN)
        .lacks("✓ there");
    // Without a target the page's own input says so, before anything moves.
    page.runs(&["run", "page.md", "--yes", "--input", "account=210987654321"])
        .fails()
        .says("what this page needs is missing: AWS: these are credentials of the account 123456789012")
        .says("and this is about 210987654321");
}

#[test]
fn what_is_missing_is_told_in_one_list() {
    Page::text(&text("apply-status"))
        .env("PATH", "/nowhere")
        .run()
        .fails()
        .says(
            "what this page needs is missing: \
             terraform: `terraform` is not installed (not found on PATH); install 1.4 or later \
             aws: `aws` is not installed (not found on PATH); install 1.16 or later \
             helm: `helm` is not installed (not found on PATH); install 3.2 or later \
             AWS: there are no AWS credentials: AWS_ACCESS_KEY_ID is not set, and there is no \
             profile `default`",
        )
        .says("Kubernetes: there is no kubeconfig: looked for")
        .says("runbooks/apply-status` does not exist");
}
