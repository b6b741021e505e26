//! The state of the status note that `runbooks/apply-status.md` grew out of: the part of AWS, on
//! moto's server, which all tests share and none changes; and the part of the cluster.
//!
//! moto makes what it is given without a signature, then signatures are checked: from there on it
//! is in its authenticating mode, in which a stale session token is refused.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::chart::helms;
use crate::components::{find, free_port, or_skip, program, start};
use crate::manifests::EXTERNAL_SECRETS;
use crate::page::Page;
use crate::stand_in::StandIn;

/// A token that no server knows; it stands in the environment of every page here.
pub(crate) const STALE: &str = "stale-and-unset-by-the-page";
/// The user of the seed, whose key signs.
pub(crate) const ADMIN: &str = "arn:aws:iam::123456789012:user/chris-dev";
const ADMIN_POLICY: &str = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy";

/// moto's server with the seed's part of AWS; it ends with the tests' process.
pub(crate) struct Aws {
    port: u16,
    key: String,
    secret: String,
    /// The id of the database's secret, `rds!db-…`.
    pub(crate) database_secret: String,
    _server: Child,
    _folder: TempDir,
}

static AWS: OnceLock<Result<Aws, String>> = OnceLock::new();

/// The server, started by whoever needs it first; `None` where it is not installed.
pub(crate) fn aws() -> Option<&'static Aws> {
    or_skip(AWS.get_or_init(Aws::start).as_ref().map_err(Clone::clone))
}

impl Aws {
    fn start() -> Result<Self, String> {
        find("aws")?;
        let program = find("moto_server")?;
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let port = free_port();
        let arguments = ["-H", "127.0.0.1", "-p", &port.to_string()].map(str::to_owned);
        let server = start(&program, &arguments, folder.path(), "moto.log");
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_mins(1), "moto starts");
            std::thread::sleep(Duration::from_millis(50));
        }
        let mut aws = Self {
            port,
            key: String::new(),
            secret: String::new(),
            database_secret: String::new(),
            _server: server,
            _folder: folder,
        };
        aws.network();
        aws.identities();
        aws.web();
        aws.database();
        let answer = aws.send("s3", "/moto-api/reset-auth", "text/plain", "", "0");
        assert!(answer.contains("200 OK"), "{answer}");
        Ok(aws)
    }

    fn network(&self) {
        let ec2 =
            |action: &str, given: &[(&str, &str)]| self.query("ec2", action, "2016-11-15", given);
        let group = |name| {
            let made = ec2(
                "CreateSecurityGroup",
                &[("GroupName", name), ("GroupDescription", name)],
            );
            part(&made, "groupId")
        };
        group("tracecat-rds");
        group("tracecat-elasticache");
        let cluster = group("tracecat-cluster");
        for client in ["tracecat-postgres-client", "tracecat-redis-client"] {
            let client = group(client);
            for protocol in ["tcp", "udp"] {
                ec2(
                    "AuthorizeSecurityGroupIngress",
                    &[
                        ("GroupId", &cluster),
                        ("IpPermissions.1.IpProtocol", protocol),
                        ("IpPermissions.1.FromPort", "53"),
                        ("IpPermissions.1.ToPort", "53"),
                        ("IpPermissions.1.Groups.1.GroupId", &client),
                    ],
                );
            }
        }
    }

    fn identities(&mut self) {
        let iam =
            |action: &str, given: &[(&str, &str)]| self.query("iam", action, "2010-05-08", given);
        let allowed = |action: &str| {
            json!({
                "Version": "2012-10-17",
                "Statement": [{ "Effect": "Allow", "Action": [action], "Resource": "*" }],
            })
            .to_string()
        };
        let trust = json!({ "Version": "2012-10-17", "Statement": [] }).to_string();
        for role in ["tracecat-external-dns", "tracecat-s3"] {
            iam(
                "CreateRole",
                &[("RoleName", role), ("AssumeRolePolicyDocument", &trust)],
            );
        }
        let zones = allowed("route53:ChangeResourceRecordSets");
        let policy = iam(
            "CreatePolicy",
            &[("PolicyName", "dns"), ("PolicyDocument", &zones)],
        );
        let arn = part(&policy, "Arn");
        iam(
            "AttachRolePolicy",
            &[("RoleName", "tracecat-external-dns"), ("PolicyArn", &arn)],
        );
        let reads = allowed("secretsmanager:GetSecretValue");
        let inline = |whom, name, policy| [whom, ("PolicyName", name), ("PolicyDocument", policy)];
        iam(
            "PutRolePolicy",
            &inline(("RoleName", "tracecat-s3"), "tracecat-s3", &reads),
        );
        iam(
            "CreateOpenIDConnectProvider",
            &[
                ("Url", "https://oidc.eks.us-west-2.amazonaws.com/id/A"),
                (
                    "ThumbprintList.member.1",
                    "9e99a48a9960b14926bb7f3b02e22da2b0ab7280",
                ),
            ],
        );
        let chris = ("UserName", "chris-dev");
        iam("CreateUser", &[chris]);
        iam("PutUserPolicy", &inline(chris, "all", &allowed("*")));
        let made = iam("CreateAccessKey", &[chris]);
        self.key = part(&made, "AccessKeyId");
        self.secret = part(&made, "SecretAccessKey");
    }

    fn web(&self) {
        let waf = |operation: &str, body| {
            self.target("wafv2", &format!("AWSWAF_20190729.{operation}"), &body)
        };
        waf(
            "CreateRegexPatternSet",
            json!({
                "Name": "tracecat-attachments",
                "Scope": "REGIONAL",
                "RegularExpressionList": [{ "RegexString": "a" }],
            }),
        );
        waf(
            "CreateWebACL",
            json!({
                "Name": "tracecat-attachments",
                "Scope": "REGIONAL",
                "DefaultAction": { "Allow": {} },
                "VisibilityConfig": {
                    "SampledRequestsEnabled": false,
                    "CloudWatchMetricsEnabled": false,
                    "MetricName": "x",
                },
            }),
        );
    }

    fn database(&mut self) {
        let made = self.query(
            "rds",
            "CreateDBInstance",
            "2014-10-31",
            &[
                ("DBInstanceIdentifier", "tracecat"),
                ("DBInstanceClass", "db.t3.micro"),
                ("Engine", "postgres"),
                ("AllocatedStorage", "20"),
                ("ManageMasterUserPassword", "true"),
                ("MasterUsername", "postgres"),
            ],
        );
        let arn = part(&made, "SecretArn");
        let secrets = |operation: &str, body| {
            self.target(
                "secretsmanager",
                &format!("secretsmanager.{operation}"),
                &body,
            )
        };
        secrets(
            "RotateSecret",
            json!({ "SecretId": arn, "RotationRules": { "AutomaticallyAfterDays": 365 } }),
        );
        // moto leaves a secret that is rotated without a function without a current value.
        let value = json!({ "username": "postgres", "password": "rotated-by-the-test" });
        secrets(
            "PutSecretValue",
            json!({ "SecretId": arn, "SecretString": value.to_string() }),
        );
        let described = secrets("DescribeSecret", json!({ "SecretId": arn }));
        let described: Value = serde_json::from_str(&described).expect("it is JSON");
        described["Name"]
            .as_str()
            .expect("it has a name")
            .clone_into(&mut self.database_secret);
    }

    fn query(&self, service: &str, action: &str, version: &str, given: &[(&str, &str)]) -> String {
        let body: String = [("Action", action), ("Version", version)]
            .iter()
            .chain(given)
            .map(|(name, value)| format!("{name}={}&", encoded(value)))
            .collect();
        let form = "application/x-www-form-urlencoded";
        self.answer(service, form, "", body.trim_end_matches('&'))
    }

    fn target(&self, service: &str, target: &str, body: &Value) -> String {
        let target = format!("X-Amz-Target: {target}\r\n");
        self.answer(
            service,
            "application/x-amz-json-1.1",
            &target,
            &body.to_string(),
        )
    }

    #[track_caller]
    fn answer(&self, service: &str, kind: &str, header: &str, body: &str) -> String {
        let answer = self.send(service, "/", kind, header, body);
        assert!(answer.starts_with("HTTP/1.1 200"), "{body}\n{answer}");
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        body.to_owned()
    }

    fn send(&self, service: &str, path: &str, kind: &str, header: &str, body: &str) -> String {
        let mut moto = TcpStream::connect(("127.0.0.1", self.port)).expect("moto runs");
        write!(
            moto,
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: {kind}\r\n{header}\
             Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261123/us-west-2/\
             {service}/aws4_request, SignedHeaders=host, Signature=0\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )
        .expect("moto reads");
        let mut answer = String::new();
        moto.read_to_string(&mut answer).expect("moto answers");
        answer
    }

    /// The environment in which AWS is this server, and EKS and `ElastiCache` the stand-in.
    pub(crate) fn environment(&self, eks: &StandIn) -> BTreeMap<String, String> {
        let pyenv = std::env::var("PYENV_ROOT")
            .or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.pyenv")))
            .unwrap_or_default();
        let moto = format!("http://127.0.0.1:{}", self.port);
        [
            ("PYENV_ROOT", pyenv.as_str()),
            ("AWS_ENDPOINT_URL", &moto),
            ("AWS_ENDPOINT_URL_EKS", &eks.url()),
            ("AWS_ENDPOINT_URL_ELASTICACHE", &eks.url()),
            ("AWS_REGION", "us-west-2"),
            ("AWS_DEFAULT_REGION", "us-west-2"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_ACCESS_KEY_ID", &self.key),
            ("AWS_SECRET_ACCESS_KEY", &self.secret),
            ("AWS_SESSION_TOKEN", STALE),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }
}

/// EKS and `ElastiCache` as the seed has them, the cluster in this mode.
pub(crate) fn eks(mode: &str) -> StandIn {
    StandIn::start("tracecat", mode, ("tracecat-redis", "cache.t4g.medium", 3))
        .node_group(&json!({
            "nodegroupName": "tracecat-nodes",
            "capacityType": "ON_DEMAND",
            "instanceTypes": ["m7g.2xlarge"],
            "scalingConfig": { "minSize": 1, "maxSize": 20, "desiredSize": 10 },
        }))
        .node_group(&json!({
            "nodegroupName": "tracecat-spot",
            "capacityType": "SPOT",
            "instanceTypes": ["m7g.2xlarge", "m6g.2xlarge", "c7g.2xlarge"],
            "scalingConfig": { "minSize": 1, "maxSize": 20, "desiredSize": 2 },
        }))
        .access(ADMIN, ADMIN_POLICY)
}

/// The script that makes the seed's part of a cluster in a namespace, and applies the Terraform
/// module in a folder for the first time.
pub(crate) fn script(namespace: &str, dns: &str, module: &str) -> String {
    let stores = EXTERNAL_SECRETS
        .replace("externalsecret", "clustersecretstore")
        .replace("ExternalSecret", "ClusterSecretStore")
        .replace("shortNames: [es]", "shortNames: [css]")
        .replace("scope: Namespaced", "scope: Cluster");
    CLUSTER
        .replace("THE_CRDS", &format!("`{EXTERNAL_SECRETS}\n---\n{stores}`"))
        .replace("THE_NAMESPACE", namespace)
        .replace("THE_DNS", dns)
        .replace("THE_MODULE", module)
}

const CLUSTER: &str = r#"
let state_before = terraform::apply(terraform::plan(#{dir: "THE_MODULE"}));
let in_release = "THE_NAMESPACE";
k8s::apply(THE_CRDS);
k8s::wait("crd", "externalsecrets.external-secrets.io", "Established", "20s");
k8s::wait("crd", "clustersecretstores.external-secrets.io", "Established", "20s");
within("20s", "200ms", || k8s::apply(#{
    apiVersion: "external-secrets.io/v1beta1", kind: "ExternalSecret",
    metadata: #{name: "tracecat-postgres-credentials", namespace: in_release},
    spec: #{target: #{name: "tracecat-postgres-credentials", deletionPolicy: "Retain"}},
}, #{field_manager: "terraform"}));
within("20s", "200ms", || k8s::apply(#{
    apiVersion: "external-secrets.io/v1beta1", kind: "ClusterSecretStore", metadata: #{name: "aws-secrets-manager"},
}));
k8s::patch("clustersecretstore", "aws-secrets-manager", #{status: #{conditions: [#{type: "Ready", status: "True"}]}}, #{subresource: "status"});
k8s::apply(#{apiVersion: "v1", kind: "Secret", metadata: #{name: "tracecat-postgres-credentials", namespace: in_release}, stringData: #{password: "pw-of-the-pods"}});
let add_pod = |name, labels| {
    k8s::apply(#{apiVersion: "v1", kind: "Pod", metadata: #{name: name, namespace: in_release, labels: labels},
        spec: #{containers: [#{name: "main", image: "example.test/x"}]}});
    k8s::patch("pod", name, #{status: #{phase: "Running", conditions: [#{type: "Ready", status: "True"}]}}, #{namespace: in_release, subresource: "status"});
};
for part in [["api", 2], ["worker", 4], ["executor", 4], ["agent-executor", 2], ["ui", 2]] {
    for number in 0..part[1] { add_pod.call(`${part[0]}-${number}`, #{"app.kubernetes.io/component": part[0]}); }
}
for number in 0..3 { add_pod.call(`temporal-${number}`, #{"app.kubernetes.io/name": "temporal"}); }
for job in [["tracecat-create-temporal-databases", "false"], ["tracecat-temporal-schema-18", "false"], ["tracecat-temporal-schema-31", "false"], ["tracecat-temporal-schema-34", "true"]] {
    k8s::apply(#{apiVersion: "batch/v1", kind: "Job", metadata: #{name: job[0], namespace: in_release}, spec: #{
        managedBy: "example.test/nobody",
        template: #{metadata: #{labels: #{"tracecat.com/access-postgres": job[1]}},
            spec: #{restartPolicy: "Never", containers: [#{name: "main", image: "example.test/x"}]}}}});
}
k8s::patch("job", "tracecat-create-temporal-databases", #{status: #{succeeded: 1}}, #{namespace: in_release, subresource: "status"});
helm::upgrade("tracecat", "./chart", #{namespace: in_release, install: true});
helm::upgrade("external-dns", "./chart", #{namespace: "THE_DNS", install: true});
"#;

/// The text of the first element of a name.
#[track_caller]
fn part(answer: &str, name: &str) -> String {
    let (_, rest) = answer
        .split_once(&format!("<{name}>"))
        .unwrap_or_else(|| panic!("no {name} in {answer}"));
    rest.split('<').next().expect("an element ends").to_owned()
}

/// A value of a form.
fn encoded(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// Puts the Terraform module into a folder beside a page, and Helm and AWS into its environment;
/// `None` where one is missing.
pub(crate) fn beside(page: Page, module: &str, aws: &Aws, eks: &StandIn) -> Option<Page> {
    let (_, helm) = helms().into_iter().next()?;
    let terraform = program("terraform")?;
    let main = concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks/apply-status/main.tf");
    let main = std::fs::read_to_string(main).expect("the module is there");
    let page = page
        .program("helm", &helm)
        .file(&format!("{module}/main.tf"), &main);
    let initialised = Command::new(terraform)
        .args(["init", "-input=false"])
        .current_dir(page.root().join(module))
        .env("CHECKPOINT_DISABLE", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(initialised.is_ok_and(|status| status.success()));
    let environment = aws.environment(eks);
    Some(
        environment
            .iter()
            .fold(page, |page, (name, value)| page.env(name, value)),
    )
}
