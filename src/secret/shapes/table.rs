//! Credentials that begin with a prefix of their issuer.

use super::view::{
    Class, More, View, alphanumeric, base64, base64_in_url, dotted, lower_hex, upper_or_digit,
    url_safe, word,
};
use super::{CUT, Hit, Marker, Rest};

/// How much more than the least is looked at, to tell what is random from words.
const LOOKED_AT: usize = 48;

/// A prefix and what follows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// What stands in its place; `Key` in the table stands for the id of an AWS key.
    pub(super) kind: &'static str,
    pub(super) prefix: &'static str,
    pub(super) body: Class,
    /// How long the body is at least, and at most; what goes on beyond that is something else.
    least: usize,
    most: usize,
    /// Whether the prefix, which says only what it is, stays.
    keeps: bool,
    /// Whether the body is mixed, unlike words of prose and of programs.
    mixed: bool,
}

const fn from(kind: &'static str, prefix: &'static str, body: Class, least: usize) -> Shape {
    Shape {
        kind,
        prefix,
        body,
        least,
        most: usize::MAX,
        keeps: false,
        mixed: true,
    }
}

const fn exact(kind: &'static str, prefix: &'static str, body: Class, length: usize) -> Shape {
    Shape {
        most: length,
        ..from(kind, prefix, body, length)
    }
}

const fn kept(kind: &'static str, prefix: &'static str, body: Class, least: usize) -> Shape {
    Shape {
        keeps: true,
        ..from(kind, prefix, body, least)
    }
}

/// The kind of the ids of AWS keys, which are no secrets by themselves.
pub(super) const AWS_KEY: &str = "aws-key";

pub(super) const SHAPES: &[Shape] = &[
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
    exact(AWS_KEY, "AKIA", upper_or_digit, 16),
    exact(AWS_KEY, "ASIA", upper_or_digit, 16),
    // Session tokens of STS, as they have begun since 2019; STS documents only their length.
    from("aws-session-token", "IQoJb3JpZ2lu", base64_in_url, 80),
    from("aws-session-token", "FwoGZXIvYXdz", base64_in_url, 80),
    from("aws-session-token", "FQoGZXIvYXdz", base64_in_url, 80),
    // https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html
    from("aws-bedrock-key", "ABSKQmVkcm9ja0FQSUtleS", base64, 80),
    // https://docs.aws.amazon.com/eks/latest/APIReference/ (aws-iam-authenticator's token)
    from("eks-token", "k8s-aws-v1.", url_safe, 40),
    // `aws ecr get-login-password`: base64 of `{"payload`.
    from("ecr-token", "eyJwYXlsb2Fk", base64, 100),
    // https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
    from("github-token", "ghp_", word, 30),
    from("github-token", "gho_", word, 30),
    from("github-token", "ghu_", word, 30),
    from("github-token", "ghs_", dotted, 30),
    from("github-token", "ghr_", word, 30),
    from("github-token", "github_pat_", word, 30),
    // https://docs.gitlab.com/security/tokens/#token-prefixes
    from("gitlab-token", "glpat-", dotted, 20),
    from("gitlab-token", "gloas-", dotted, 20),
    from("gitlab-token", "gldt-", dotted, 20),
    from("gitlab-token", "glrt-", dotted, 20),
    from("gitlab-token", "glcbt-", dotted, 20),
    from("gitlab-token", "glptt-", dotted, 20),
    from("gitlab-token", "glft-", dotted, 20),
    from("gitlab-token", "glimt-", dotted, 20),
    from("gitlab-token", "glagent-", dotted, 20),
    from("gitlab-token", "glsoat-", dotted, 20),
    // https://docs.slack.dev/authentication/tokens
    from("slack-token", "xoxb-", url_safe, 20),
    from("slack-token", "xoxp-", url_safe, 20),
    from("slack-token", "xoxa-", url_safe, 20),
    from("slack-token", "xoxr-", url_safe, 20),
    from("slack-token", "xoxs-", url_safe, 20),
    from("slack-token", "xoxc-", url_safe, 20),
    from("slack-token", "xoxd-", base64_in_url, 20),
    from("slack-token", "xoxe-", url_safe, 20),
    from("slack-token", "xoxe.xox", url_safe, 20),
    from("slack-token", "xapp-", url_safe, 20),
    kept("slack-webhook", "hooks.slack.com/services/", slashed, 20),
    kept("slack-webhook", "hooks.slack.com/workflows/", slashed, 20),
    // https://docs.stripe.com/keys
    from("stripe-key", "sk_live_", word, 16),
    from("stripe-key", "rk_live_", word, 16),
    from("stripe-key", "sk_test_", word, 16),
    from("stripe-key", "rk_test_", word, 16),
    from("stripe-key", "whsec_", base64, 24),
    // https://cloud.google.com/docs/authentication/api-keys and what Google's libraries send
    exact("google-key", "AIza", url_safe, 35),
    from("google-token", "ya29.", dotted, 20),
    from("google-secret", "GOCSPX-", url_safe, 20),
    // https://docs.npmjs.com/about-access-tokens, https://pypi.org/help/#apitoken
    exact("npm-token", "npm_", alphanumeric, 36),
    from("pypi-token", "pypi-AgE", url_safe, 50),
    // https://guides.rubygems.org/api-key-scopes/, https://github.com/rust-lang/crates.io
    from("rubygems-key", "rubygems_", lower_hex, 40),
    exact("crates-token", "cio", alphanumeric, 32),
    // https://docs.docker.com/security/access-tokens/
    from("docker-token", "dckr_pat_", url_safe, 20),
    from("docker-token", "dckr_oat_", url_safe, 20),
    // https://developer.hashicorp.com/vault/docs/concepts/tokens#token-prefixes
    from("vault-token", "hvs.", url_safe, 24),
    from("vault-token", "hvb.", url_safe, 24),
    from("vault-token", "hvr.", url_safe, 24),
    // https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens
    Shape {
        keeps: true,
        ..from("terraform-token", ".atlasv1.", url_safe, 40)
    },
    // https://platform.openai.com/docs/api-reference/authentication, https://docs.anthropic.com
    from("openai-key", "sk-proj-", url_safe, 20),
    from("openai-key", "sk-svcacct-", url_safe, 20),
    from("openai-key", "sk-admin-", url_safe, 20),
    from("anthropic-key", "sk-ant-", url_safe, 20),
    from("openai-key", "sk-or-v1-", lower_hex, 40),
    from("openai-key", "sk-", alphanumeric, 32),
    exact("huggingface-token", "hf_", alphanumeric, 34),
    // https://docs.digitalocean.com/reference/api/create-personal-access-token/
    from("digitalocean-token", "dop_v1_", lower_hex, 40),
    from("digitalocean-token", "doo_v1_", lower_hex, 40),
    from("digitalocean-token", "dor_v1_", lower_hex, 40),
    // https://docs.databricks.com/dev-tools/auth/pat
    from("databricks-token", "dapi", lower_hex, 32),
    // https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/
    from("new-relic-key", "NRAK-", upper_or_digit, 20),
    // https://grafana.com/docs/grafana/latest/administration/service-accounts/
    from("grafana-token", "glsa_", word, 30),
    from("grafana-token", "glc_eyJ", base64, 30),
    // https://docs.sendgrid.com/ui/account-and-settings/api-keys
    from("sendgrid-key", "SG.", dotted, 60),
    from("mailgun-key", "key-", lower_hex, 32),
    // https://shopify.dev/docs/apps/build/authentication-authorization
    from("shopify-token", "shpat_", lower_hex, 32),
    from("shopify-token", "shpss_", lower_hex, 32),
    from("shopify-token", "shpca_", lower_hex, 32),
    from("shopify-token", "shppa_", lower_hex, 32),
    // https://age-encryption.org/v1
    from("age-key", "AGE-SECRET-KEY-1", upper_or_digit, 50),
    // https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/
    from("atlassian-token", "ATATT3", bearer_like, 60),
    // https://tailscale.com/kb/1277/key-prefixes
    from("tailscale-key", "tskey-", url_safe, 20),
    // https://www.pulumi.com/docs/pulumi-cloud/access-management/access-tokens/
    exact("pulumi-token", "pul-", lower_hex, 40),
    // https://docs.doppler.com/docs/enclave-service-tokens and the like
    from("doppler-token", "dp.pt.", alphanumeric, 30),
    from("doppler-token", "dp.st.", dotted, 30),
    from("linear-key", "lin_api_", alphanumeric, 30),
    from("postman-key", "PMAK-", url_safe, 40),
    from("planetscale-token", "pscale_tkn_", dotted, 30),
    from("planetscale-token", "pscale_pw_", dotted, 30),
    from("sentry-token", "sntrys_", base64, 40),
    from("1password-token", "ops_eyJ", url_safe, 60),
    from("flyio-token", "fm2_", base64, 60),
    // https://learn.microsoft.com/purview/sit-defn-client-secret-api-key: three characters, a
    // digit, `Q~`; the three can't be called back.
    Shape {
        mixed: false,
        ..from("azure-secret", "7Q~", azure, 30)
    },
    Shape {
        mixed: false,
        ..from("azure-secret", "8Q~", azure, 30)
    },
    // PEM in base64, as Kubernetes and CI systems keep it: `-----BEGIN PRIVATE KEY`, and the
    // same of RSA, EC, OpenSSH, and of encrypted keys.
    from("private-key", "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS", base64, 20),
    from(
        "private-key",
        "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVkt",
        base64,
        20,
    ),
    from(
        "private-key",
        "LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS",
        base64,
        20,
    ),
    from(
        "private-key",
        "LS0tLS1CRUdJTiBPUEVOU1NIIFBSSVZBVEUgS0VZ",
        base64,
        20,
    ),
    from(
        "private-key",
        "LS0tLS1CRUdJTiBFTkNSWVBURUQgUFJJVkFURSBLRVkt",
        base64,
        20,
    ),
];

fn slashed(byte: u8) -> bool {
    url_safe(byte) || byte == b'/'
}

fn bearer_like(byte: u8) -> bool {
    dotted(byte) || byte == b'='
}

fn azure(byte: u8) -> bool {
    dotted(byte) || byte == b'~'
}

impl Shape {
    /// What to hide where this shape begins at a position, if it does.
    pub(super) fn at(&self, view: &View<'_>, position: usize) -> Result<Option<Hit>, More> {
        if !view.stands(position, self.prefix.as_bytes())? {
            return Ok(None);
        }
        // A prefix inside of a longer word is none; one that says so itself stands in one.
        let free = self.prefix.starts_with('.') || self.kind == "azure-secret";
        if !free && view.goes_on(position, continues) {
            return Ok(None);
        }
        let body = position + self.prefix.len();
        let end = view.run(body, self.body, self.least)?;
        if end - body < self.least {
            let cut = end - body >= CUT
                && (!self.mixed || is_mixed(view.slice(body, end)))
                && view.is_cut(end)?;
            return Ok(cut.then_some(Hit {
                start: if self.keeps { body } else { position },
                end,
                marker: Marker::Kind(self.kind),
                then: None,
            }));
        }
        if self.most < usize::MAX
            && view
                .at(end)?
                .is_some_and(|byte| (self.body)(byte) || word(byte))
        {
            return Ok(None);
        }
        // The ids of keys may have no digit.
        if self.mixed && self.kind != AWS_KEY {
            let seen = view.run(body, self.body, self.least + LOOKED_AT)?;
            if !is_mixed(view.slice(body, seen)) {
                return Ok(None);
            }
        }
        let bytes = view.slice(body, end);
        let marker = match bytes.last_chunk::<4>() {
            Some(last) if self.kind == AWS_KEY => Marker::Key(*last),
            _ => Marker::Kind(self.kind),
        };
        Ok(Some(Hit {
            start: if self.keeps { body } else { position },
            end,
            marker,
            then: (self.most == usize::MAX).then_some(Rest::Run(self.body)),
        }))
    }
}

/// Whether letters stand with digits, or both cases of letters together, as in what is random.
pub(super) fn is_mixed(bytes: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| bytes.iter().any(class);
    has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase)
        || has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
}

/// What a prefix would be the continuation of.
fn continues(byte: u8) -> bool {
    word(byte)
}
