//! What commands do to the world, by their words.

use super::*;

#[track_caller]
fn case(text: &str, expected: Effect) {
    assert_eq!(
        of_shell(text),
        expected,
        "{text}\n{:?}",
        commands::split(text)
    );
}

#[test]
fn commands_that_only_look_read() {
    for text in [
        "",
        "# nothing\n",
        "kubectl get pods -n shop",
        "kubectl -n shop get pods | grep -v Running | wc -l",
        "kubectl --context=prod describe node x",
        "kubectl config view; kubectl api-resources",
        "aws ecs describe-services --cluster x",
        "aws --profile prod sts get-caller-identity",
        "aws s3 ls s3://bucket",
        "aws dynamodb batch-get-item --request-items file://x",
        "helm list -n tracecat -a",
        "helm status x && helm history x",
        "terraform plan -detailed-exitcode",
        "terraform -chdir=infra state list",
        "terraform fmt -check",
        "terraform output -json | jq .x",
        "df -h\nps aux | head",
        "env -u AWS_SESSION_TOKEN terraform plan",
        "AWS_PROFILE=x aws ec2 describe-instances",
        "sudo -u root systemctl status nginx",
        "if [ -f x ]; then cat x; fi",
        "x=$(kubectl get pods -o name)\necho \"$x\"",
        "echo \"$(date) `uname`\"",
        "echo hi > /dev/null 2>&1",
        "curl -sS -o /dev/null https://x",
        "sed -n 1,5p x",
        "find . -name '*.rs'",
        "cat <<'EOF'\nrm -rf /\nEOF\necho ok",
        "echo 'rm -rf /'",
        "for x in a b; do echo $x; done",
        "command -v helm",
        "sleep 1 & wait",
        "/usr/bin/git -C x status",
    ] {
        case(text, Effect::Read);
    }
}

#[test]
fn commands_that_remove_something_destroy() {
    for text in [
        "rm -rf build",
        "terraform destroy -auto-approve",
        "terraform apply -destroy",
        "kubectl delete pod x",
        "kubectl -n x drain node",
        "helm uninstall x",
        "aws ec2 terminate-instances --instance-ids x",
        "aws iam remove-user-from-group",
        "aws s3 rm s3://x --recursive",
        "dropdb app",
        "docker rm x",
        "docker system prune -f",
        "git reset --hard origin/main",
        "find . -name x -delete",
        "find . -exec rm {} +",
        "ls | xargs -n 1 rm",
        "echo \"$(rm x)\"",
        "if true; then\n  kubectl delete ns x\nfi",
        "curl -X DELETE https://x",
        "timeout 5 rm x",
    ] {
        case(text, Effect::Destroy);
    }
}

#[test]
fn everything_else_changes() {
    for text in [
        "terraform apply",
        "kubectl apply -f x.yaml",
        "helm upgrade --install x .",
        "helm rollback x 3 --no-hooks",
        "aws ecs update-service --cluster x",
        "make deploy",
        "./deploy.sh",
        "echo x > file",
        "echo x >> file",
        "echo x | tee file",
        "$CMD x",
        "git push",
        "sed -i s/a/b/ x",
        "curl -d x https://x",
        "ssh host ls",
        "kubectl",
        "cat <<EOF | kubectl apply -f -\nkind: Pod\nEOF",
        "bash -c 'ls'",
        "eval x",
    ] {
        case(text, Effect::Change);
    }
}

#[test]
fn a_part_that_only_the_run_knows_is_no_known_program() {
    case(&format!("kubectl get {HOLE}"), Effect::Read);
    case(&format!("{HOLE} get pods"), Effect::Change);
}

proptest::proptest! {
    #[test]
    fn any_text_has_an_effect(text in "[a-z $()`'\"\\\\<>|;&#\nE{}-]{0,80}") {
        let _ = of_shell(&text);
    }
}

#[test]
fn deep_nesting_is_cut_off() {
    let _ = of_shell(&"$(".repeat(100_000));
    let _ = of_shell(&"\"$(".repeat(100_000));
    let _ = of_shell(&"`".repeat(100_000));
}
