//! Who the credentials of an environment are, asked of AWS in this process.
//!
//! Everything that the SDK reads of variables comes from the [`Environment`] given here, never
//! from the process's own. The one thing the SDK would start with the process's environment, the
//! program of a `credential_process`, it is not built to start: such a program runs here, as any
//! other process, and its keys are put in its place.

mod asked;
mod bounded;
mod cli;
mod engine;
mod names;
mod refusals;
mod secret;

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

#[expect(deprecated, reason = "see `load`")]
use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::{Credentials, ProvideCredentials as _};
use aws_sdk_sts::error::SdkError;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::refusals::between;
use super::shell;
use crate::credentials::{
    Environment, Identity, NoIdentity, Profiles, SharedFile, answered, expiry, last_four, places,
    profile, regions,
};
use crate::name::nearest;
use crate::world::{End, Origin, Process, Stdin};
pub(super) use asked::answer;
pub(super) use engine::pause;

/// For one request, retries included.
const REQUEST: Duration = Duration::from_secs(10);
/// For everything: a profile may ask a program, a role and a sign-in service one after another.
const ALL: Duration = Duration::from_secs(30);
/// Where a region is needed and none is set: every partition's accounts answer there or name
/// their own region.
const REGION: &str = "us-east-1";

/// The texts of the two shared files; empty where a file is not there.
pub(super) struct Texts {
    config: String,
    credentials: String,
}

impl Texts {
    pub(super) fn profiles(&self) -> Profiles {
        Profiles::parse(&self.config, &self.credentials)
    }
}

/// Reads the shared files.
pub(super) async fn texts(environment: Environment, directory: PathBuf) -> Texts {
    let read = move || {
        places(&environment).map(|place| {
            place
                .and_then(|path| std::fs::read_to_string(directory.join(path)).ok())
                .unwrap_or_default()
        })
    };
    let [config, credentials] = tokio::task::spawn_blocking(read).await.unwrap_or_default();
    Texts {
        config,
        credentials,
    }
}

/// Asks AWS who the credentials are.
pub(super) async fn identity(environment: Environment) -> Result<Identity, NoIdentity> {
    let asked = tokio::time::timeout(ALL, ask(&environment)).await;
    asked.unwrap_or_else(|_| {
        Err(NoIdentity::Unreachable {
            reason: format!("no answer within {} seconds", ALL.as_secs()),
        })
    })
}

async fn ask(environment: &Environment) -> Result<Identity, NoIdentity> {
    let Login {
        config,
        credentials,
        source,
        mut ends,
        keyed,
        ..
    } = login(environment).await?;
    let config = aws_sdk_sts::config::Builder::from(&config)
        .interceptor(bounded::Bounded)
        .build();
    let answer = aws_sdk_sts::Client::from_conf(config)
        .get_caller_identity()
        .send()
        .await
        .map_err(|error| refusal(&error))?;
    ends.extend(credentials.expiry().and_then(timestamp));
    if keyed {
        ends.extend(expiry(environment));
    }
    Ok(Identity {
        account: answer.account.unwrap_or_default(),
        arn: answer.arn.unwrap_or_default(),
        user_id: answer.user_id.unwrap_or_default(),
        source,
        key: last_four(credentials.access_key_id()),
        expires: ends.into_iter().min(),
    })
}

/// What the SDK needs for a request, made of an environment.
struct Login {
    config: SdkConfig,
    credentials: Credentials,
    /// Where the credentials came from, in words.
    source: String,
    /// When programs said that their keys end.
    ends: Vec<Timestamp>,
    /// Whether the key is in the environment itself.
    keyed: bool,
    /// Whether a region is set at all.
    placed: bool,
}

async fn login(environment: &Environment) -> Result<Login, NoIdentity> {
    let mut texts = texts(environment.clone(), PathBuf::new()).await;
    let profiles = texts.profiles();
    let used = profile(environment).unwrap_or("default");
    // One without the other is passed over, as if neither were set.
    let keyed = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        .iter()
        .all(|name| environment.text(name).is_some());
    let mut ends = Vec::new();
    if !keyed {
        let mut keys = BTreeMap::new();
        for (name, command) in profiles.processes(used) {
            let key = run(&command, environment).await?;
            ends.extend(key.expiration);
            keys.insert(name, key.lines());
        }
        texts.config = answered(SharedFile::Config, &texts.config, &keys);
        texts.credentials = answered(SharedFile::Credentials, &texts.credentials, &keys);
    }
    let config = load(environment, &texts, &profiles).await;
    let credentials = credentials(&config, environment, &profiles).await?;
    let placed = regions(environment, &profiles).into_iter().next().is_some();
    Ok(Login {
        config: with(config, credentials.clone()),
        credentials,
        source: if keyed {
            "the environment".to_owned()
        } else {
            match profiles.source(used) {
                Some(how) => format!("the profile `{used}` ({how})"),
                None => "a role of this machine or container".to_owned(),
            }
        },
        ends,
        keyed,
        placed,
    })
}

/// The SDK's configuration for an environment.
#[expect(
    deprecated,
    reason = "the names that replace these are in a crate that is not meant to be used directly"
)]
async fn load(environment: &Environment, texts: &Texts, profiles: &Profiles) -> SdkConfig {
    let variables: HashMap<String, String> = environment
        .iter()
        .filter_map(|(name, value)| Some((name.to_str()?.to_owned(), value.to_str()?.to_owned())))
        .collect();
    let files = ProfileFiles::builder()
        .with_contents(ProfileFileKind::Config, &texts.config)
        .with_contents(ProfileFileKind::Credentials, &texts.credentials)
        .build();
    let region = regions(environment, profiles)
        .into_iter()
        .next()
        .map_or_else(|| REGION.to_owned(), |(_, region)| region);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .env(variables.into())
        .profile_files(files)
        .region(Region::new(region))
        .retry_config(RetryConfig::standard().with_max_attempts(2))
        .timeout_config(TimeoutConfig::builder().operation_timeout(REQUEST).build());
    if let Some(profile) = profile(environment) {
        loader = loader.profile_name(profile);
    }
    loader.load().await
}

/// The credentials that the SDK finds.
async fn credentials(
    config: &SdkConfig,
    environment: &Environment,
    profiles: &Profiles,
) -> Result<Credentials, NoIdentity> {
    let absent = || {
        let named = profile(environment);
        let profile = named.unwrap_or("default");
        let file = if profiles.has(profile) {
            format!("the profile `{profile}` has none")
        } else {
            match nearest(profile, profiles.names()) {
                Some(near) => format!("there is no profile `{profile}`; did you mean `{near}`?"),
                None => format!("there is no profile `{profile}`"),
            }
        };
        NoIdentity::Absent {
            // Who names a profile means that one, whatever else is set.
            tried: match named {
                Some(_) => file,
                None => format!("AWS_ACCESS_KEY_ID is not set, and {file}"),
            },
        }
    };
    let Some(provider) = config.credentials_provider() else {
        return Err(absent());
    };
    provider.provide_credentials().await.map_err(|error| {
        // The error's type is of a crate that is not ours to name.
        // A machine without a role is not asked for one, or does not answer.
        let debug = format!("{error:?}");
        if debug.starts_with("CredentialsNotLoaded") || debug.contains("FailedToLoadToken") {
            absent()
        } else {
            NoIdentity::Unusable {
                reason: cause(&error),
            }
        }
    })
}

/// The configuration with credentials that have been made already.
fn with(config: SdkConfig, credentials: Credentials) -> SdkConfig {
    config
        .into_builder()
        .credentials_provider(aws_sdk_sts::config::SharedCredentialsProvider::new(
            credentials,
        ))
        .build()
}

/// What it means that the call failed.
fn refusal(error: &SdkError<GetCallerIdentityError>) -> NoIdentity {
    match error {
        SdkError::ServiceError(service) => {
            let body = service.raw().body().bytes().unwrap_or_default();
            let body = String::from_utf8_lossy(body);
            let status = service.raw().status().as_u16();
            let code = service.err().meta().code().map(str::to_owned);
            let code = code
                // Some stand-ins for AWS answer in another service's form.
                .or_else(|| between(&body, "<Code>", "</Code>").map(str::to_owned))
                .unwrap_or_else(|| format!("HTTP {status}"));
            let message = service.err().meta().message().map(str::to_owned);
            let message =
                message.or_else(|| between(&body, "<Message>", "</Message>").map(str::to_owned));
            if status < 400 {
                return NoIdentity::Unreachable {
                    reason: "what answers in its place is not AWS".to_owned(),
                };
            }
            if status >= 500 {
                return NoIdentity::Unreachable {
                    reason: format!("it answers {code}"),
                };
            }
            NoIdentity::Refused {
                code: first_line(&code),
                // The rest of a message about a signature has the token in it.
                message: first_line(&message.unwrap_or_default()),
            }
        }
        error => NoIdentity::Unreachable {
            reason: cause(error),
        },
    }
}

/// The innermost cause of an error and what it stands in, which say most; around them are the
/// SDK's own words for where it was.
fn cause(error: &dyn std::error::Error) -> String {
    let mut outer = String::new();
    let mut inner = error;
    while let Some(source) = inner.source() {
        outer = inner.to_string();
        inner = source;
    }
    let inner = inner.to_string();
    if outer.is_empty() || outer.contains(&inner) {
        first_line(&inner)
    } else {
        first_line(&format!("{outer}: {inner}"))
    }
}

/// The first line of a text, shortened.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(300).collect()
}

fn timestamp(time: SystemTime) -> Option<Timestamp> {
    Timestamp::try_from(time).ok()
}

/// What a credential program answers
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Key {
    version: u32,
    access_key_id: String,
    #[serde(rename = "SecretAccessKey")]
    secret: String,
    #[serde(default)]
    session_token: Option<String>,
    #[serde(default)]
    expiration: Option<Timestamp>,
}

impl Key {
    /// The settings of a profile that has this key.
    fn lines(&self) -> String {
        let mut text = format!(
            "aws_access_key_id = {}\naws_secret_access_key = {}\n",
            self.access_key_id, self.secret
        );
        if let Some(token) = &self.session_token {
            text.extend(["aws_session_token = ", token, "\n"]);
        }
        text
    }
}

/// Runs a credential program in the environment; what it says is told to nobody.
async fn run(command: &str, environment: &Environment) -> Result<Key, NoIdentity> {
    let unusable = |reason: &str| NoIdentity::Unusable {
        reason: format!("the `credential_process` of the profile {reason}"),
    };
    let process = Process {
        origin: Origin::default(),
        argv: ["sh", "-c", command].map(OsString::from).into(),
        environment: environment.clone(),
        directory: environment
            .get("HOME")
            .map_or_else(|| Path::new("/").to_owned(), PathBuf::from),
        stdin: Stdin::Null,
        timeout: Some(REQUEST),
        grace: Duration::from_secs(1),
        script: None,
    };
    let (sender, mut output) = mpsc::channel::<crate::world::Chunk>(16);
    let said = async {
        let mut said = Vec::new();
        while let Some(chunk) = output.recv().await {
            if chunk.stream == crate::world::Stream::Stdout && said.len() < 64 * 1024 {
                said.extend(chunk.bytes);
            }
        }
        said
    };
    let (exit, said) = tokio::join!(shell::run(process, sender, CancellationToken::new()), said);
    match exit.map(|exit| exit.end) {
        Ok(End::Code(0)) => {}
        Ok(End::Code(code)) => return Err(unusable(&format!("failed with status {code}"))),
        Ok(End::TimedOut) => return Err(unusable("did not answer within 10 seconds")),
        Ok(End::Signal(_) | End::Cancelled) => return Err(unusable("was ended")),
        Err(error) => return Err(unusable(&format!("can't be started: {error}"))),
    }
    serde_json::from_slice::<Key>(&said)
        .ok()
        .filter(|key| key.version == 1)
        .ok_or_else(|| unusable("does not answer with a key as JSON, version 1"))
}
