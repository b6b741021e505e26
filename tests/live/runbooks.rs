//! The runbooks of `runbooks/` against real components, and stand-ins where there are none.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::chart::{chart, helms};
use crate::cluster::{Cluster, cluster};
use crate::components::{free_port, program, start};
use crate::manifests::EXTERNAL_SECRETS;
use crate::page::Page;
use crate::stand_in::StandIn;

/// A runbook of the repository, with a step of its own before all others.
fn runbook(name: &str, before: &str) -> Page {
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

/// moto's server, which ends with the tests' process.
fn moto(folder: &std::path::Path) -> Option<(Child, String)> {
    let server = program("moto_server")?;
    let port = free_port();
    let arguments = ["-H", "127.0.0.1", "-p", &port.to_string()].map(str::to_owned);
    let child = start(&server, &arguments, folder, "moto.log");
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(began.elapsed() < Duration::from_mins(1), "moto starts");
        std::thread::sleep(Duration::from_millis(50));
    }
    Some((child, format!("http://127.0.0.1:{port}")))
}

/// The state of the seed's page.
const SEED: &str = r#"
let state_before = terraform::apply(terraform::plan(#{dir: "m"}));
let in_release = #{namespace: "tracecat"};
k8s::apply(read_crds);
k8s::wait("crd", "externalsecrets.external-secrets.io", "Established", "20s");
k8s::wait("crd", "clustersecretstores.external-secrets.io", "Established", "20s");
within("20s", "200ms", || k8s::apply(#{
    apiVersion: "external-secrets.io/v1beta1", kind: "ExternalSecret",
    metadata: #{name: "tracecat-postgres-credentials", namespace: "tracecat"},
    spec: #{target: #{name: "tracecat-postgres-credentials", deletionPolicy: "Retain"}},
}, #{field_manager: "terraform"}));
within("20s", "200ms", || k8s::apply(#{
    apiVersion: "external-secrets.io/v1beta1", kind: "ClusterSecretStore", metadata: #{name: "aws-secrets-manager"},
}));
k8s::patch("clustersecretstore", "aws-secrets-manager", #{status: #{conditions: [#{type: "Ready", status: "True"}]}}, #{subresource: "status"});
k8s::apply(#{apiVersion: "v1", kind: "Secret", metadata: #{name: "tracecat-postgres-credentials", namespace: "tracecat"}, stringData: #{password: "pw-of-the-pods"}});
let add_pod = |name, labels| {
    k8s::apply(#{apiVersion: "v1", kind: "Pod", metadata: #{name: name, namespace: "tracecat", labels: labels},
        spec: #{containers: [#{name: "main", image: "example.test/x"}]}});
    k8s::patch("pod", name, #{status: #{phase: "Running", conditions: [#{type: "Ready", status: "True"}]}}, #{namespace: "tracecat", subresource: "status"});
};
for part in [["api", 2], ["worker", 4], ["executor", 4], ["agent-executor", 2], ["ui", 2]] {
    for number in 0..part[1] { add_pod.call(`${part[0]}-${number}`, #{"app.kubernetes.io/component": part[0]}); }
}
for number in 0..3 { add_pod.call(`temporal-${number}`, #{"app.kubernetes.io/name": "temporal"}); }
for job in [["tracecat-create-temporal-databases", "false"], ["tracecat-temporal-schema-18", "false"], ["tracecat-temporal-schema-31", "false"], ["tracecat-temporal-schema-34", "true"]] {
    k8s::apply(#{apiVersion: "batch/v1", kind: "Job", metadata: #{name: job[0], namespace: "tracecat"}, spec: #{
        managedBy: "example.test/nobody",
        template: #{metadata: #{labels: #{"tracecat.com/access-postgres": job[1]}},
            spec: #{restartPolicy: "Never", containers: [#{name: "main", image: "example.test/x"}]}}}});
}
k8s::patch("job", "tracecat-create-temporal-databases", #{status: #{succeeded: 1}}, #{namespace: "tracecat", subresource: "status"});
helm::upgrade("tracecat", "./chart", #{namespace: "tracecat", install: true});
helm::upgrade("external-dns", "./chart", #{namespace: "external-dns", install: true});

aws::api("eks", "create-nodegroup", #{clusterName: "tracecat", nodegroupName: "tracecat-nodes", subnets: ["a"], nodeRole: "arn:aws:iam::123456789012:role/n",
    instanceTypes: ["m7g.2xlarge"], scalingConfig: #{minSize: 1, maxSize: 20, desiredSize: 10}});
aws::api("eks", "create-nodegroup", #{clusterName: "tracecat", nodegroupName: "tracecat-spot", subnets: ["a"], nodeRole: "arn:aws:iam::123456789012:role/n",
    capacityType: "SPOT", instanceTypes: ["m7g.2xlarge", "m6g.2xlarge", "c7g.2xlarge"], scalingConfig: #{minSize: 1, maxSize: 20, desiredSize: 2}});
let chris = "arn:aws:iam::123456789012:user/chris-dev";
aws::api("eks", "create-access-entry", #{clusterName: "tracecat", principalArn: chris});
aws::api("eks", "associate-access-policy", #{clusterName: "tracecat", principalArn: chris, accessScope: #{type: "cluster"},
    policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"});
let ids = #{};
for name in ["tracecat-rds", "tracecat-elasticache", "tracecat-cluster", "tracecat-postgres-client", "tracecat-redis-client"] {
    ids[name] = aws::api("ec2", "create-security-group", #{GroupName: name, Description: name}).GroupId;
}
for name in ["tracecat-postgres-client", "tracecat-redis-client"] {
    aws::api("ec2", "authorize-security-group-ingress", #{GroupId: ids["tracecat-cluster"], IpPermissions: ["tcp", "udp"].map(|protocol|
        #{IpProtocol: protocol, FromPort: 53, ToPort: 53, UserIdGroupPairs: [#{GroupId: ids[name]}]})});
}
aws::api("wafv2", "create-regex-pattern-set", #{Name: "tracecat-attachments", Scope: "REGIONAL", RegularExpressionList: [#{RegexString: "a"}]});
aws::api("wafv2", "create-web-acl", #{Name: "tracecat-attachments", Scope: "REGIONAL", DefaultAction: #{Allow: #{}},
    VisibilityConfig: #{SampledRequestsEnabled: false, CloudWatchMetricsEnabled: false, MetricName: "x"}});
let trust = to_json(#{Version: "2012-10-17", Statement: []});
for role in ["tracecat-external-dns", "tracecat-s3"] { aws::api("iam", "create-role", #{RoleName: role, AssumeRolePolicyDocument: trust}); }
let allowed = |action| to_json(#{Version: "2012-10-17", Statement: [#{Effect: "Allow", Action: [action], Resource: "*"}]});
let dns_policy = aws::api("iam", "create-policy", #{PolicyName: "dns", PolicyDocument: allowed.call("route53:ChangeResourceRecordSets")}).Policy.Arn;
aws::api("iam", "attach-role-policy", #{RoleName: "tracecat-external-dns", PolicyArn: dns_policy});
aws::api("iam", "put-role-policy", #{RoleName: "tracecat-s3", PolicyName: "tracecat-s3", PolicyDocument: allowed.call("secretsmanager:GetSecretValue")});
aws::api("iam", "create-open-id-connect-provider", #{Url: "https://oidc.eks.us-west-2.amazonaws.com/id/A", ThumbprintList: ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"]});
let instance = aws::api("rds", "create-db-instance", #{DBInstanceIdentifier: "tracecat", DBInstanceClass: "db.t3.micro", Engine: "postgres",
    AllocatedStorage: 20, ManageMasterUserPassword: true, MasterUsername: "postgres"}).DBInstance;
aws::api("secretsmanager", "rotate-secret", #{SecretId: instance.MasterUserSecret.SecretArn, RotationRules: #{AutomaticallyAfterDays: 365}});
// moto leaves a secret that is rotated without a function without a current value.
aws::api("secretsmanager", "put-secret-value", #{SecretId: instance.MasterUserSecret.SecretArn,
    SecretString: to_json(#{username: "postgres", password: "rotated-by-the-test"})});
"#;

/// The page of the seed with all that it is about.
fn apply_status(cluster: &Cluster, before: &str, hook: bool) -> Option<(Page, Child)> {
    let given = |seed: &str| runbook("apply-status", &format!("{seed}{before}"));
    let (page, server) = surrounded(cluster, given, "m", hook)?;
    Some((page.env("RUNBOOK_INPUT_SOURCE", "m"), server))
}

/// A page that is given the script for its state, with all that the seed is about; `module` is
/// Terraform's folder.
pub(crate) fn surrounded(
    cluster: &Cluster,
    page: impl FnOnce(&str) -> Page,
    module: &str,
    hook: bool,
) -> Option<(Page, Child)> {
    let (_, helm) = helms().into_iter().next()?;
    let terraform = program("terraform")?;
    program("aws")?;
    for namespace in ["tracecat", "external-dns"] {
        let script = format!(
            "if k8s::exists(\"namespace\", \"{namespace}\") {{ k8s::delete(\"namespace\", \"{namespace}\", #{{wait: true, timeout: \"2m\"}}); }}\
             k8s::apply(#{{apiVersion: \"v1\", kind: \"Namespace\", metadata: #{{name: \"{namespace}\"}}}})"
        );
        cluster.page(&script, "default").run().passes();
    }
    let stores = EXTERNAL_SECRETS
        .replace("externalsecret", "clustersecretstore")
        .replace("ExternalSecret", "ClusterSecretStore")
        .replace("shortNames: [es]", "shortNames: [css]")
        .replace("scope: Namespaced", "scope: Cluster");
    let crds = format!("`{EXTERNAL_SECRETS}\n---\n{stores}`");
    let seed = SEED.replace("read_crds", &crds);
    let page = page(&seed.replace("dir: \"m\"", &format!("dir: \"{module}\"")));
    let main = concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks/apply-status/main.tf");
    let main = std::fs::read_to_string(main).expect("the module is there");
    let page = chart(cluster.ready(page, "tracecat"), "chart", hook)
        .file(&format!("{module}/main.tf"), &main);
    let initialised = Command::new(terraform)
        .args(["init", "-input=false"])
        .current_dir(page.root().join(module))
        .env("CHECKPOINT_DISABLE", "1")
        .stdout(Stdio::null())
        .status();
    assert!(initialised.is_ok_and(|status| status.success()));
    let (server, url) = moto(page.root())?;
    let eks = StandIn::start(
        "tracecat",
        "API_AND_CONFIG_MAP",
        ("tracecat-redis", "cache.t4g.medium", 3),
    );
    let pyenv = std::env::var("PYENV_ROOT")
        .or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.pyenv")))
        .unwrap_or_default();
    let page = page
        .program("helm", &helm)
        .env("PYENV_ROOT", &pyenv)
        .env("AWS_ENDPOINT_URL", &url)
        .env("AWS_ENDPOINT_URL_EKS", &eks.url())
        .env("AWS_ENDPOINT_URL_ELASTICACHE", &eks.url())
        .env("AWS_REGION", "us-west-2")
        .env("AWS_DEFAULT_REGION", "us-west-2")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "hush")
        .env("AWS_SESSION_TOKEN", "stale-and-unset-by-the-page");
    Some((page, server))
}

/// All of these pages are about the same namespaces.
pub(crate) static TURN: Mutex<()> = Mutex::new(());

#[test]
fn every_row_of_the_seed_holds_and_every_step_is_taken() {
    let Some(cluster) = cluster() else { return };
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((page, _server)) = apply_status(cluster, "", false) else {
        return;
    };
    page.run()
        .passes()
        .says("tracecat is at revision 1, 1.0.0-beta.17")
        .says("the cluster's mode is API")
        .hides("stale-and-unset-by-the-page");
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
    let Some((page, _server)) = apply_status(cluster, KILLED, true) else {
        return;
    };
    page.env("RUNBOOK_INPUT_HELM_TIME", "3s")
        .run()
        .fails()
        .says("tracecat is pending-upgrade at revision 2")
        .says("tracecat is deployed at revision 3 now")
        .says("run this page again");
}
