//! Names of variables that say that the value is secret.

/// Parts of names that say so. `KEY` alone does not: keys of maps and of caches are no secrets.
const PARTS: [&str; 18] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PASSCODE",
    "SECRET",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "APP_KEY",
    "APPLICATION_KEY",
    "PRIVATE_KEY",
    "ACCESS_KEY",
    "ACCOUNT_KEY",
    "SIGNING_KEY",
    "ENCRYPTION_KEY",
    "MASTER_KEY",
    "CREDENTIAL",
    "CONNECTION_STRING",
];

/// Names that say so only by their end, and names of programs that say it in their own way:
/// `sshpass`, `mysql` (<https://dev.mysql.com/doc/refman/8.4/en/environment-variables.html>),
/// `redis-cli` (<https://redis.io/docs/latest/develop/tools/cli/>), npm.
const ENDS: [&str; 7] = [
    "_PASS", "_PWD", "_PAT", "SSHPASS", "CLI_AUTH", "__AUTH", "_SECRETS",
];

/// Ends of names of what is beside a secret: where it is, which it is, what kind, how long.
const BESIDE: [&str; 31] = [
    "_FILE",
    "_FILES",
    "_PATH",
    "_DIR",
    "_ARN",
    "_NAME",
    "_NAMES",
    "_ID",
    "_IDS",
    "_TYPE",
    "_URL",
    "_URI",
    "_ENDPOINT",
    "_HOST",
    "_REGION",
    "_VERSION",
    "_TTL",
    "_LENGTH",
    "_COUNT",
    "_LIMIT",
    "_LIMITS",
    "_PREFIX",
    "_HEADER",
    "_FORMAT",
    "_PROVIDER",
    "_HELPER",
    "_SOURCE",
    "_STORE",
    "_REF",
    "_ENABLED",
    "_PARALLELISM",
];

/// Whether a variable's name says that its value is secret; of values only such as can't be are
/// told apart: the path of a file of credentials.
///
/// # Examples
/// ```
/// use runbook::secret::is_secret_name;
///
/// assert!(is_secret_name("PGPASSWORD", b"correct-horse"));
/// assert!(is_secret_name("github_token", b"ghp_1234567890"));
/// assert!(!is_secret_name("AWS_ACCESS_KEY_ID", b"AKIAIOSFODNN7EXAMPLE"));
/// assert!(!is_secret_name("GOOGLE_APPLICATION_CREDENTIALS", b"/home/me/key.json"));
/// ```
#[must_use]
pub fn is_secret_name(name: &str, value: &[u8]) -> bool {
    let name = name.to_ascii_uppercase().replace(['-', '.'], "_");
    let says =
        PARTS.iter().any(|part| name.contains(part)) || ENDS.iter().any(|end| name.ends_with(end));
    let beside = BESIDE.iter().any(|end| name.ends_with(end))
        || name.contains("EXPIR")
        || name.contains("TOKENIZER")
        || name.ends_with("OLDPWD");
    says && !beside && !(name.contains("CREDENTIAL") && is_path(value))
}

fn is_path(value: &[u8]) -> bool {
    value.starts_with(b"/") || value.starts_with(b"~/") || value.starts_with(b"./")
}

/// Members of answers and requests of AWS whose text is secret by what they are.
const MEMBERS: [&str; 17] = [
    "secretstring",
    "secretbinary",
    "secretaccesskey",
    "sessiontoken",
    "masteruserpassword",
    "password",
    "dbpassword",
    "authtoken",
    "authorizationtoken",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "clientsecret",
    "plaintext",
    "privatekey",
    "keymaterial",
    "secrethash",
];

/// Whether a member of what AWS answers or is given is a secret: by its name, or, where it is the value of a
/// parameter, by what the object says of itself.
#[must_use]
pub fn is_secret_member(object: &crate::value::Value, member: &str) -> bool {
    let folded = member.to_ascii_lowercase().replace('_', "");
    MEMBERS.contains(&folded.as_str())
        || (folded == "value"
            && ["Type", "type"]
                .iter()
                .any(|name| object[name].as_str() == Some("SecureString")))
}

/// Fields of a secret that say whose it is and not what it is
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html>).
const ABOUT: [&str; 13] = [
    "username",
    "user",
    "host",
    "hostname",
    "port",
    "engine",
    "dbname",
    "database",
    "dbInstanceIdentifier",
    "dbClusterIdentifier",
    "masterarn",
    "region",
    "ssl",
];

/// Whether a field of a secret says whose it is, and not what it is: to hide the name of a user
/// or a database would shred everything else.
#[must_use]
pub fn is_beside(field: &str) -> bool {
    ABOUT.contains(&field)
}
