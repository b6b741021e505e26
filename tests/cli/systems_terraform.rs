//! `terraform::…` in scripts, against a real Terraform whose one resource type needs no provider.

use std::time::{Duration, Instant};

use crate::aws::has;
use crate::support::Test;

/// The module of `runbooks/apply-status.md`, with a secret.
fn module() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks/apply-status/main.tf");
    let main = std::fs::read_to_string(path).expect("the module is there");
    format!(
        "{main}
variable \"db_pw\" {{
  type      = string
  sensitive = true
  default   = \"the-default-password\"
}}
resource \"terraform_data\" \"database\" {{
  input = var.db_pw
}}
output \"db_pw\" {{
  value     = var.db_pw
  sensitive = true
}}
resource \"terraform_data\" \"slow\" {{
  count = var.revision == 3 ? 1 : 0
  provisioner \"local-exec\" {{
    command = \"sleep 20\"
  }}
}}
"
    )
}

fn run(page: &str) -> Option<Test> {
    has("terraform").then(|| {
        Test::new().file("m/main.tf", module()).file(
            "a.md",
            format!("```bash {{#init}}\n(cd m && terraform init -input=false > init.log)\n```\n{page}"),
        )
        .args(["run", "a.md", "--output", "full", "--yes"])
    })
}

/// The plan of the seed, number by number, and its end without drift.
#[test]
fn a_plan_is_counted_applied_and_leaves_no_drift() {
    let Some(test) = run(r#"
```rhai {#before}
let made = terraform::apply(terraform::plan(#{dir: "m"}));
assert made.add == 16;
assert terraform::state(#{dir: "m"}).filter(|r| r.name == "null_resource").len() == 6;
```
```rhai {#change}
let fix = terraform::plan(#{dir: "m", vars: #{revision: 2, auth_mode: "API_AND_CONFIG_MAP", db_pw: env("PW")}, targets: []});
assert fix.changed && fix.add == 17 && fix.destroy == 6 && fix.import == 0;
assert fix.change == 10, "nine, and the password";
assert fix.drift.is_empty();
assert fix.resources.len() == 33;
assert fix.resources.filter(|r| r.action == "delete").len() == 6;
assert fix.resources.some(|r| r.address == "terraform_data.cluster_auth" && r.action == "update");
let did = terraform::apply(fix);
assert did.add == 17 && did.change == 10 && did.destroy == 6;
```
```rhai {#after}
assert terraform::output(#{dir: "m"}).auth_mode == "API_AND_CONFIG_MAP";
assert terraform::state(#{dir: "m"}).filter(|r| r.name == "null_resource").is_empty();
assert !terraform::plan(#{dir: "m", vars: #{revision: 2, auth_mode: "API_AND_CONFIG_MAP", db_pw: env("PW")}}).changed;
assert terraform::plan(#{dir: "m", targets: "terraform_data.added"}).destroy == 15;
```
"#)
    else {
        return;
    };
    let ran = test
        .env("PW", "another-password")
        .folder("tmp")
        .tmp("tmp")
        .run()
        .ends(0)
        .says("terraform_data.null_resource[5]: Destruction complete after 0s")
        .says("terraform_data.added[14]: Creation complete after 0s");
    let left: Vec<_> = std::fs::read_dir(ran.path("tmp"))
        .expect("the folder is there")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn secret_variables_travel_unseen_and_sensitive_outputs_are_secrets() {
    let Some(test) = run(r#"
```rhai {#a}
let vars = #{db_pw: input("password")};
terraform::apply(terraform::plan(#{dir: "m", vars: vars}));
let out = terraform::output(#{dir: "m"});
assert out.db_pw == input("password");
log(out);
let database = terraform::state(#{dir: "m"}).find(|r| r.name == "database");
assert database.values.input == input("password");
log(database);
log(terraform::plan(#{dir: "m", vars: #{pw_db: input("password")}}));
```
"#)
    else {
        return;
    };
    let page = std::fs::read_to_string(test.root().join("a.md")).expect("it was written");
    let ran = test
        .file(
            "a.md",
            format!("---\ninputs:\n  password: {{type: string, secret: true}}\n---\n{page}"),
        )
        .env("RUNBOOK_INPUT_PASSWORD", "correct-horse-battery")
        .run()
        .ends(1)
        .says("db_pw: «secret:db_pw»")
        .says("the module declares no variable `pw_db`")
        .hides("correct-horse-battery");
    // A file of the folder wins over the environment: that is told, and nothing is applied.
    let told = ran
        .then(["run", "a.md"])
        .env("RUNBOOK_INPUT_PASSWORD", "correct-horse-battery")
        .file("m/terraform.tfvars", "db_pw = \"forgotten-password\"\n")
        .run()
        .ends(1)
        .says("the variable `db_pw` has another value than the one given");
    drop(told.hides("correct-horse-battery"));
}

#[test]
fn a_secret_in_a_value_without_a_type_leaves_it_what_it_is() {
    let Some(test) = run(r#"
```rhai {#a}
let database = #{host: "db", password: input("password")};
let did = terraform::apply(terraform::plan(#{dir: "free", vars: #{database: database}}));
assert did.add == 1 && did.resources.len() == 1;
assert terraform::output(#{dir: "free"}).host == "db";
```
"#)
    else {
        return;
    };
    let page = std::fs::read_to_string(test.root().join("a.md")).expect("it was written");
    let module = "variable \"database\" {}
resource \"terraform_data\" \"one\" {}
output \"host\" {
  value = var.database.host
}
";
    test.file(
        "a.md",
        format!("---\ninputs:\n  password: {{type: string, secret: true}}\n---\n{page}")
            .replace("cd m &&", "cd free &&"),
    )
    .file("free/main.tf", module)
    .env("RUNBOOK_INPUT_PASSWORD", "correct-horse-battery")
    .run()
    .ends(0)
    .hides("correct-horse-battery");
}

#[test]
fn a_plan_that_went_with_its_run_is_made_again() {
    let Some(test) = run(r#"
```rhai {#planned}
let fix = terraform::plan(#{dir: "m"});
```
```bash {#gate}
test -e open
```
```rhai {#applied}
terraform::apply(fix);
```
"#)
    else {
        return;
    };
    let ran = test.run().ends(1);
    ran.then(["resume", "last", "--yes"])
        .file("open", "")
        .run()
        .ends(0)
        .says("the plan that it made went with its run, and `applied` applies it");
}

#[test]
fn plans_that_no_longer_fit_and_mistakes_are_told() {
    let Some(test) = run(r#"
```bash {#old}
printf '#!/bin/sh\necho Terraform v0.12.31\n' > m/old && chmod +x m/old
printf '#!/bin/sh\necho flag provided but not defined: -json >&2; exit 1\n' > m/older && chmod +x m/older
```
```rhai {#a}
fn said(act) {
    try { act.call(); } catch (error) { return `${error.code}: ${error.message}; ${error.help}`; }
    "nothing"
}
let one = terraform::plan(#{dir: "m"});
let other = terraform::plan(#{dir: "m"});
terraform::apply(one);
log(said(|| terraform::apply(other)));
log(said(|| terraform::apply(#{file: "/none", dir: "m", program: "terraform"})));
log(said(|| terraform::plan(#{dir: "nope"})));
log(said(|| terraform::plan(#{dir: "."})));
log(said(|| terraform::plan(#{dir: "other"})));
log(said(|| terraform::plan(#{dir: "m", vars: #{revison: 2}})));
log(said(|| terraform::plan(#{dir: "m", vars: #{revision: "x"}})));
log(said(|| terraform::plan(#{dir: "m", program: "no-such-tofu"})));
for old in ["./old", "./older"] { log(said(|| terraform::plan(#{dir: "m", program: old}))); }
log(said(|| terraform::plan(#{dir: "needs"})));
log(said(|| terraform::plan(#{dir: "needs", vars: #{sise: 2}})));
try { terraform::apply(#{}); } catch (error) { log(error); }
terraform::plan(#{dri: "m"});
```
"#)
    else {
        return;
    };
    test.file("other/main.tf", "module \"x\" {\n  source = \"./x\"\n}\n")
        .folder("other/x")
        .file("needs/main.tf", "variable \"size\" { type = number }\n")
        .run()
        .ends(1)
        .says("StalePlan: the plan no longer fits: the state was changed after it was made")
        .says("StalePlan: the plan's file is gone")
        .says("BadArgument: the directory `[ROOT]/nope` does not exist")
        .says("BadArgument: there is no Terraform configuration in `[ROOT]/.`")
        .says("NotInitialised: Module not installed; run `terraform init` in `[ROOT]/other`")
        .says("BadArgument: the module declares no variable `revison`; did you mean `revision`?")
        .says("a number is required")
        .says("NoProgram: `no-such-tofu` is not installed")
        .says("NoProgram: `./old` is too old, or no Terraform")
        .says("NoProgram: `./older` is too old, or no Terraform")
        .says("BadArgument: the variable `size` of the module needs a value; give it one")
        .says("BadArgument: the module declares no variable `sise`; did you mean `size`?")
        .says("`terraform::apply` takes what `terraform::plan` gave")
        .says("`terraform::plan` has no option `dri` (BadArgument); did you mean `dir`?");
}

#[test]
fn a_held_lock_says_who_holds_it_and_is_not_taken_unasked() {
    let Some(test) = run(r#"
```bash {#hold background ready="sh_unchecked(\"test -f m/.terraform.tfstate.lock.info\").ok"}
cd m && exec terraform apply -auto-approve -input=false -var revision=3 > apply.log
```
```rhai {#held allow-failure}
terraform::plan(#{dir: "m"});
```
```rhai {#take}
terraform::unlock(#{dir: "m", id: "0"});
```
"#)
    else {
        return;
    };
    let ran = test
        .run()
        .ends(3)
        .says("the state is locked by ")
        .says("(apply), lock ")
        .says("`terraform::unlock(#{dir: …, id: ");
    assert_eq!(ran.step("take").as_deref(), Some("refused"));
}

/// An apply that is ended gets its time to save the state and to let go of the lock.
#[test]
fn an_apply_whose_time_is_up_is_ended_in_order() {
    let Some(test) = run(r#"
```rhai {#slow allow-failure}
terraform::apply(terraform::plan(#{dir: "m", vars: #{revision: 3}}), #{timeout: "3s"});
```
```rhai {#after}
let again = terraform::plan(#{dir: "m", vars: #{revision: 3}});
assert again.resources.some(|r| r.name == "slow"), "it is tainted";
```
"#)
    else {
        return;
    };
    let began = Instant::now();
    let ran = test
        .run()
        .says(
            "`terraform::apply` did not come to its end within [TIME]; last heard: terraform_data",
        )
        .says("`terraform::apply` is at work since [TIME]");
    assert!(began.elapsed() < Duration::from_secs(18), "{}", ran.text);
    assert_eq!(ran.step("after").as_deref(), Some("passed"), "{}", ran.text);
    assert!(!ran.exists("m/.terraform.tfstate.lock.info"));
}
