//! `aws::…` in scripts, against the stand-in for AWS.

use crate::aws::{has, test};
use crate::stand::{STALE, Stand};
use crate::support::Test;

const PASSWORD: &str = "correct-horse-battery";

/// What the pages look at, made by the pages' own means.
const SEED: &str = r#"
```rhai {#seed}
aws::api("secretsmanager", "create-secret", #{
    name: "rds!db-1234",
    secret_string: to_json(#{username: "postgres", password: "correct-" + "horse-battery"}),
});
aws::api("eks", "create-cluster", #{
    name: "tracecat", role_arn: "arn:aws:iam::123456789012:role/x",
    resources_vpc_config: #{subnet_ids: ["subnet-1", "subnet-2"]},
});
```
"#;

fn with_key(stand: &Stand) -> Test {
    // In us-east-1 version 1 of the CLI sends what it asks of RDS to AWS itself.
    test(stand)
        .env("AWS_REGION", "us-west-2")
        .env("AWS_DEFAULT_REGION", "us-west-2")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "hush")
}

#[test]
fn the_identity_is_asked_without_any_program() {
    let Some(stand) = Stand::start() else {
        return;
    };
    let page = r#"
```rhai {#who}
let me = aws::identity();
assert me.account == "123456789012";
assert me.arn == "arn:aws:sts::123456789012:user/moto";
assert me.user_id != "";
assert me.expires == ();
aws::identity(#{regoin: "eu-west-1"});
```
"#;
    let ran = with_key(&stand)
        .env("PATH", "/nonexistent")
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .says("`aws::identity` has no option `regoin` (BadArgument); did you mean `region`?")
        .says("a.md:8:6");
    assert_eq!(
        ran.entries()
            .iter()
            .filter(|entry| entry["event"] == "checked" && entry["held"] == true)
            .count(),
        4
    );
}

#[test]
fn a_secret_is_read_and_never_shown() {
    let Some(stand) = Stand::start().filter(|_| has("aws")) else {
        return;
    };
    let page = format!(
        "{SEED}{}",
        r#"
```rhai {#read}
let all = aws::secret("rds!db-1234");
let pw = all.field("password");
log(`${all} ${pw} ${[pw]}`);
assert pw == "correct-" + "horse-battery";
assert all.field("username") == "postgres";
sh("printf '%s\n' \"$PW\"", #{env: #{PW: pw}});
let raw = aws::api("secretsmanager", "get-secret-value", #{secret_id: "rds!db-1234"});
log(raw.SecretString);
assert raw.SecretString.field("password") == pw;
assert pw == "no";
```
"#
    );
    let ran = with_key(&stand)
        .file("a.md", page)
        .args(["run", "a.md", "--output", "full"])
        .run()
        .ends(1)
        .says("«secret:rds!db-1234» «secret:rds!db-1234.password»")
        .hides(PASSWORD);
    assert_eq!(ran.step("read").as_deref(), Some("failed"));
    // The name of a user is no secret: to hide it would shred everything else.
    assert!(ran.journals()[0].contains("postgres"));
    ran.then(["show", "last"]).run().hides(PASSWORD);
    with_key(&stand)
        .file(
            "a.md",
            "```rhai {#read}\naws::secret(\"rds!db-none\");\n```\n",
        )
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .says("(ResourceNotFoundException)")
        .says("a.md:2:6");
    with_key(&stand)
        .file(
            "a.md",
            "```rhai {#read}\naws::secret(\"rds!db-1234\").field(\"pasword\");\n```\n",
        )
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .says("the secret `rds!db-1234` has no field `pasword`; did you mean `password`?");
}

#[test]
fn operations_of_any_service_are_asked_in_any_spelling() {
    let Some(stand) = Stand::start().filter(|_| has("aws")) else {
        return;
    };
    let page = format!(
        "{SEED}{}",
        r#"
```rhai {#look}
assert aws::api("eks", "describe-cluster", #{name: "tracecat"}).cluster.status == "ACTIVE";
let group = aws::api("ec2", "create-security-group", #{group_name: "db", description: "of the database"}).GroupId;
aws::api("ec2", "authorize-security-group-ingress", #{
    GroupId: group,
    ip_permissions: [#{ip_protocol: "udp", from_port: 53, to_port: 53, ip_ranges: [#{cidr_ip: "10.0.0.0/16"}]}],
});
let rules = aws::api("ec2", "describe-security-group-rules", #{filters: [#{name: "group-id", values: [group]}]}).SecurityGroupRules;
assert rules.some(|rule| !rule.IsEgress && rule.FromPort == 53 && rule.IpProtocol == "udp");
aws::api("rds", "create-db-instance", #{
    db_instance_identifier: "tracecat", db_instance_class: "db.t3.micro", engine: "postgres",
    allocated_storage: 20, multi_az: true, manage_master_user_password: true, master_username: "admin",
});
let db = aws::api("rds", "describe-db-instances", #{DBInstanceIdentifier: "tracecat"}).DBInstances[0];
assert db.MultiAZ;
let id = db.MasterUserSecret.SecretArn;
aws::api("secretsmanager", "rotate-secret", #{secret_id: id, rotation_rules: #{automatically_after_days: 365}});
assert aws::api("secretsmanager", "describe-secret", #{secret_id: id}).RotationRules.AutomaticallyAfterDays == 365;
aws::api("elasticache", "create-replication-group", #{
    replication_group_id: "redis", replication_group_description: "x", cache_node_type: "cache.t4g.medium",
    engine: "redis", num_cache_clusters: 3, multi_az_enabled: true, automatic_failover_enabled: true,
});
let redis = aws::api("elasticache", "describe-replication-groups", #{replication_group_id: "redis"}).ReplicationGroups[0];
assert redis.MultiAZ == "enabled" && redis.CacheNodeType == "cache.t4g.medium";
for n in 0..3 { aws::api("iam", "create-role", #{role_name: `dns-${n}`, assume_role_policy_document: "{}"}); }
assert aws::api("iam", "list-roles").Roles.filter(|role| role.RoleName.starts_with("dns-")).len() == 3;
aws::api("wafv2", "create-regex-pattern-set", #{name: "att", scope: "REGIONAL", regular_expression_list: [#{regex_string: "a"}]});
assert aws::api("wafv2", "list-regex-pattern-sets", #{scope: "REGIONAL"}).RegexPatternSets[0].Name == "att";
aws::wait("eks", "cluster-active", #{name: "tracecat"}, "1m");
aws::wait("rds", "db-instance-available", #{db_instance_identifier: "tracecat"}, "1m");
```
"#
    );
    with_key(&stand)
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(0);
}

#[test]
fn refusals_have_awss_own_codes_and_mistakes_a_next_action() {
    let Some(stand) = Stand::start().filter(|_| has("aws")) else {
        return;
    };
    let page = r#"
```rhai {#mistakes}
fn said(act) {
    try { act.call(); } catch (error) { return `${error.code}: ${error.message}; ${error.help}`; }
    "nothing"
}
log(said(|| aws::api("eks", "describe-cluster", #{name: "nope"})));
log(said(|| aws::api("rds", "describe-db-instances", #{db_instance_identifier: "nope"})));
log(said(|| aws::api("eks", "descibe-cluster", #{name: "nope"})));
log(said(|| aws::api("eks", "describe-cluster", #{nam: "nope"})));
log(said(|| aws::api("eks", "describe-cluster")));
log(said(|| aws::api("ek", "describe-cluster")));
log(said(|| aws::api("eks", "describe_cluster")));
log(said(|| aws::api("eks", "--debug")));
log(said(|| aws::wait("eks", "cluster-active", #{name: "nope"}, "1m")));
log(said(|| aws::wait("eks", "cluster-live", #{name: "nope"}, "1m")));
log(said(|| aws::api("s3", "ls")));
log(said(|| aws::api("eks", "list-clusters", #{}, #{profile: "nope"})));
log(said(|| aws::api("eks", "list-clusters", #{}, #{timeout: "5ms"})));
aws::api("eks", "describe-cluster", #{name: "nope"});
```
"#;
    with_key(&stand)
        .file("a.md", page)
        .args(["run", "a.md", "--output", "full"])
        .run()
        .ends(1)
        .says("ResourceNotFoundException: No cluster found for name: nope.")
        .says("DBInstanceNotFound: DBInstance nope not found.")
        .says("BadArgument: there is no operation `eks descibe-cluster`; did you mean `describe-cluster`?")
        .says("BadArgument: `eks describe-cluster` has no parameter `nam`; did you mean `name`?")
        .says("missing required parameter in input: \"name\"")
        .says("BadArgument: AWS has no service `ek`; did you mean `eks`?")
        .says("BadArgument: `describe_cluster` can't be the name of an operation; names are the AWS CLI's, as in `describe-cluster`")
        .says("BadArgument: `--debug` can't be the name of an operation")
        .says("BadArgument: there is no waiter `eks cluster-live`")
        .says("BadArgument: `s3 ls` is a command of the AWS CLI")
        .says("Unconfigured: The config profile (nope) could not be found")
        .says("Timeout: `aws::api eks list-clusters` did not answer within [TIME]")
        .says("failed: No cluster found for name: nope. (ResourceNotFoundException); see whether")
        .says("a.md:20:6");
}

/// Learning of the seed: `env -u AWS_SESSION_TOKEN`, which `credentials` does for good.
#[test]
fn a_stale_token_fails_where_it_is_kept_and_not_where_it_is_cleaned() {
    let Some(stand) = Stand::start().filter(|_| has("aws")) else {
        return;
    };
    let page = r#"
```rhai {#who}
aws::api("rds", "describe-db-instances");
assert aws::identity().account == "123456789012";
```
"#;
    let stale = || with_key(&stand).env("AWS_SESSION_TOKEN", STALE);
    stale()
        .file(
            "a.md",
            format!("---\ncredentials: {{clean: false}}\n---\n{page}"),
        )
        .args(["run", "a.md"])
        .run()
        .hides(STALE);
    stale()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(0)
        .hides(STALE);
    // A shell step that brings it back is on its own.
    let again = "```bash {#again}\nexport AWS_SESSION_TOKEN=STALE-token\n```\n";
    stale()
        .file("a.md", format!("{again}{page}"))
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .says("InvalidClientTokenId")
        .says("`runbook doctor`");
}

#[test]
fn without_the_cli_the_page_says_what_to_install() {
    let Some(stand) = Stand::start() else {
        return;
    };
    with_key(&stand)
        .env("PATH", "/nonexistent")
        .file(
            "a.md",
            "```rhai {#a}\naws::api(\"eks\", \"list-clusters\");\n```\n",
        )
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .says("`aws` is not installed (not found on PATH) (NoProgram); install `aws`");
}

#[test]
fn the_plan_says_what_an_operation_does() {
    Test::new()
        .file(
            "a.md",
            "```rhai {#a}\naws::api(\"eks\", \"describe-cluster\", #{name: \"a\"});\naws::secret(\"x\");\n```\n\
             ```rhai {#b}\naws::api(\"eks\", \"update-cluster-config\", #{});\n```\n\
             ```rhai {#c}\naws::api(\"ec2\", \"terminate-instances\");\n```\n\
             ```rhai {#d}\nlet x = \"list-a\";\naws::api(\"ec2\", x);\n```\n\
             ```rhai {#e}\nhttp::get(\"http://a\");\nterraform::state();\nterraform::plan();\n```\n\
             ```rhai {#f}\nhttp::delete(\"http://a\");\n```\n",
        )
        .args(["plan", "a.md"])
        .run()
        .ends(0)
        .says("1. a  rhai      read")
        .says("2. b  rhai      change")
        .says("3. c  rhai      destroy")
        .says("4. d  rhai      change")
        .says("5. e  rhai      read")
        .says("6. f  rhai      destroy");
}
