//! The functions of `aws::…`.

use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::cli::Cli;
use super::engine::{self, Request};
use super::{refusals, secret};
use crate::credentials::NoIdentity;
use crate::name::nearest;
use crate::secret::is_secret_member;
use crate::value::Value;
use crate::world::live::calls::{read, unknown, until};
use crate::world::live::private::Private;
use crate::world::{Call, CallError, Reply, codes};

/// What every function takes.
#[derive(Deserialize)]
struct Place {
    region: Option<String>,
    profile: Option<String>,
}

/// What `aws::api` and `aws::wait` take.
#[derive(Deserialize)]
struct Operation {
    service: String,
    operation: String,
    parameters: Value,
}

/// Answers a call of `aws::…`.
pub(in crate::world::live) async fn answer(
    mut call: Call,
    progress: &mpsc::Sender<String>,
    stop: &CancellationToken,
    private: &Private,
) -> Result<Reply, CallError> {
    let place: Place = read(call.arguments.clone())?;
    if let Some(profile) = place.profile {
        // A key in the environment would win over the profile.
        for name in [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_SECURITY_TOKEN",
        ] {
            call.environment.remove(name);
        }
        call.environment.set("AWS_PROFILE", profile);
    }
    if let Some(region) = place.region {
        call.environment.set("AWS_REGION", region.clone());
        call.environment.set("AWS_DEFAULT_REGION", region);
    }
    match call.function.as_str() {
        "aws::identity" => Box::pin(until(stop, identity(call, progress, stop))).await,
        "aws::secret" => Box::pin(until(stop, secret::read_secret(call, progress))).await,
        "aws::api" => operation(call, false, progress, stop, private).await,
        "aws::wait" => operation(call, true, progress, stop, private).await,
        other => Err(unknown(other)),
    }
}

async fn identity(
    call: Call,
    progress: &mpsc::Sender<String>,
    stop: &CancellationToken,
) -> Result<Reply, CallError> {
    let ask = || async {
        super::identity(call.environment.clone())
            .await
            .map_err(no_login)
    };
    let identity = engine::patiently(ask, progress, stop, engine::pause).await?;
    Ok(Reply::from(json!({
        "account": identity.account,
        "arn": identity.arn,
        "user_id": identity.user_id,
        "expires": identity.expires.map_or(Value::Null, |at| Value::from(at.to_string())),
    })))
}

/// The error where there are no credentials that work.
pub(super) fn no_login(error: NoIdentity) -> CallError {
    match &error {
        NoIdentity::Refused { code, message } => refusals::refusal(code, message),
        NoIdentity::Unreachable { .. } => {
            CallError::new(codes::UNREACHABLE, error.to_string(), error.help())
        }
        NoIdentity::Absent { .. } | NoIdentity::Unusable { .. } | NoIdentity::Unknown => {
            CallError::new(codes::UNCONFIGURED, error.to_string(), error.help())
        }
    }
}

async fn operation(
    call: Call,
    waits: bool,
    progress: &mpsc::Sender<String>,
    stop: &CancellationToken,
    private: &Private,
) -> Result<Reply, CallError> {
    let Operation {
        service,
        operation,
        parameters,
    } = read(call.arguments)?;
    word("service", &service)?;
    word(if waits { "waiter" } else { "operation" }, &operation)?;
    let request = Request {
        service,
        operation,
        waits,
        parameters,
        environment: call.environment,
        directory: call.directory,
        grace: call.grace,
    };
    let value = engine::send(&Cli { private }, &request, progress, stop).await?;
    let mut secrets = Vec::new();
    confide(&value, &mut secrets);
    Ok(Reply { value, secrets })
}

/// Refuses what would be an option of the CLI, or a name in another spelling.
fn word(what: &str, name: &str) -> Result<(), CallError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.is_empty() && !name.starts_with('-') && name.chars().all(fits) {
        return Ok(());
    }
    let mut kebab = String::new();
    // As in `EKS`, which is one word.
    let shouted = !name.contains(|c: char| c.is_ascii_lowercase());
    for c in name.chars() {
        if c.is_ascii_uppercase() && !shouted && !kebab.is_empty() && !kebab.ends_with('-') {
            kebab.push('-');
        }
        kebab.push(if c == '_' || c == ' ' {
            '-'
        } else {
            c.to_ascii_lowercase()
        });
    }
    let article = if what == "operation" { "an" } else { "a" };
    let help = if what == "service" {
        nearest(
            name,
            [
                "ec2",
                "ecs",
                "eks",
                "elasticache",
                "iam",
                "rds",
                "s3api",
                "secretsmanager",
            ],
        )
        .map(str::to_owned)
        .or(Some(kebab))
    } else {
        Some(kebab)
    };
    Err(CallError::new(
        codes::BAD_ARGUMENT,
        format!("`{name}` can't be the name of {article} {what}"),
        help.filter(|near| !near.is_empty())
            .map(|near| format!("names are the AWS CLI's, as in `{near}`"))
            .unwrap_or_default(),
    ))
}

/// Gathers the texts of an answer that are secret by where they stand.
fn confide(value: &Value, secrets: &mut Vec<(String, String)>) {
    match value {
        Value::Object(parts) => {
            for (key, part) in parts {
                match part {
                    Value::String(text) if is_secret_member(value, key) => {
                        secrets.push((key.clone(), text.clone()));
                        secrets.extend(secret::parts(key, text));
                    }
                    part => confide(part, secrets),
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                confide(value, secrets);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_of_the_cli() {
        #[track_caller]
        fn case(name: &str, help: Option<&str>) {
            let told = word("operation", name).err().map(|error| error.help);
            assert_eq!(
                told,
                help.map(|name| format!("names are the AWS CLI's, as in `{name}`"))
            );
        }
        case("describe-cluster", None);
        case("describe_cluster", Some("describe-cluster"));
        case("DescribeCluster", Some("describe-cluster"));
        case("EKS", Some("eks"));
        case("--endpoint-url", Some("--endpoint-url"));
    }

    #[test]
    fn an_answers_secrets_are_gathered() {
        let answer = json!({
            "Name": "rds!db-1",
            "SecretString": "{\"username\":\"admin\",\"password\":\"correct-horse\"}",
            "Parameter": {"Type": "SecureString", "Value": "battery"},
            "Other": {"Type": "String", "Value": "staple"},
            "NextToken": "AAAA",
        });
        let mut secrets = Vec::new();
        confide(&answer, &mut secrets);
        let texts: Vec<&str> = secrets.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "{\"username\":\"admin\",\"password\":\"correct-horse\"}",
                "correct-horse",
                "battery"
            ]
        );
    }
}
