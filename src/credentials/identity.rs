//! Who the credentials of an environment are.

use jiff::Timestamp;

/// Who AWS says the caller is
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The number of the account.
    pub account: String,
    /// The name of the user or the role.
    pub arn: String,
    /// The unique id of the user or the role's session.
    pub user_id: String,
    /// Where the credentials came from, in words.
    pub source: String,
    /// The last four characters of the key's id; never more of it.
    pub key: String,
    /// When they expire, where that is known.
    pub expires: Option<Timestamp>,
}

/// Why it can't be told who the caller is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoIdentity {
    /// There are no credentials.
    #[error("there are no AWS credentials: {tried}")]
    Absent {
        /// What was looked at.
        tried: String,
    },
    /// The credentials can't be read or made.
    #[error("the AWS credentials can't be had: {reason}")]
    Unusable {
        /// Why.
        reason: String,
    },
    /// AWS refuses them.
    #[error("AWS refuses the credentials ({code}): {message}")]
    Refused {
        /// The code, as in `ExpiredToken`, or the HTTP status.
        code: String,
        /// What the service says, its first line.
        message: String,
    },
    /// AWS can't be reached.
    #[error("AWS can't be reached to ask who the credentials are: {reason}")]
    Unreachable {
        /// Why.
        reason: String,
    },
    /// The world in which the run takes place has no answer.
    #[error("nothing here can tell who the AWS credentials are")]
    Unknown,
}

impl NoIdentity {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Absent { .. } => {
                "set AWS_PROFILE to a profile, or sign in with `aws sso login` or `aws configure`"
            }
            Self::Unusable { .. } => {
                "sign in again (`aws sso login`), or run `aws sts get-caller-identity` to see what is wrong"
            }
            Self::Refused { code, .. } => match code.as_str() {
                "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
                    "get new credentials: sign in again, or `unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN`"
                }
                "SignatureDoesNotMatch" => {
                    "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID, or this machine's clock is wrong"
                }
                _ => {
                    "`runbook doctor` shows which credentials are used; get new ones, or unset those"
                }
            },
            Self::Unreachable { .. } => {
                "see whether the network and AWS_ENDPOINT_URL are right; `runbook doctor` shows more"
            }
            Self::Unknown => "run it against the real world, or without the guard",
        }
    }

    /// Whether AWS itself said no.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

/// Why it can't be told which cluster an environment points at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoContext {
    /// No file says one.
    #[error("no Kubernetes context is current ({looked})")]
    Absent {
        /// The files that were looked at.
        looked: String,
    },
    /// A file can't be read.
    #[error("the kubeconfig `{path}` can't be read: {reason}")]
    Unreadable {
        /// Its path.
        path: String,
        /// Why.
        reason: String,
    },
    /// The world in which the run takes place has no answer.
    #[error("nothing here can tell which Kubernetes context is current")]
    Unknown,
}

/// What is shown of a key's id: its last four characters, and nothing of a short one.
///
/// ```
/// assert_eq!(runbook::credentials::last_four("AKIAIOSFODNN7EXAMPLE"), "…MPLE");
/// assert_eq!(runbook::credentials::last_four("minio"), "…");
/// ```
#[must_use]
pub fn last_four(key: &str) -> String {
    let length = key.chars().count();
    if length < 12 {
        return "…".to_owned();
    }
    let end: String = key.chars().skip(length - 4).collect();
    format!("…{end}")
}
