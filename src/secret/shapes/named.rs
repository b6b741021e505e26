//! Values behind a name that says what they are: `password=…`, `"token": "…"`.
//!
//! The name must end where the word ends, so that `tokens`, `secretName` and `password_policy`
//! name nothing; and the value must look like one. A password may be any word that is assigned,
//! but behind a colon, in prose, it needs letters and something else. A token, key or secret is
//! long and has letters and digits, for the names of secrets stand in such places too.

use super::looks::{Looks, Standing, is_stand_in, looks_like_one};
use super::table::SHAPES;
use super::view::{More, View, blank, word};
use super::{Hit, Marker, Rest};

/// A word that a name ends in, in lower case, and what is shown in the place of its value.
struct Word(&'static str, &'static str, Looks);

/// Longer words stand before those that they begin with.
const WORDS: &[Word] = &[
    Word("password", "password", Looks::Password),
    Word("passwd", "password", Looks::Password),
    Word("passphrase", "passphrase", Looks::Password),
    // Connection strings: https://learn.microsoft.com/dotnet/api/system.data.sqlclient.sqlconnection.connectionstring
    Word(";pwd", "password", Looks::Password),
    // https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
    Word("secret_access_key", "aws-secret-key", Looks::Random),
    Word("secret-access-key", "aws-secret-key", Looks::Random),
    Word("secretaccesskey", "aws-secret-key", Looks::Random),
    // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
    Word("secretstring", "secret", Looks::Password),
    Word("secretbinary", "secret", Looks::Password),
    Word("secret_key", "secret", Looks::Random),
    Word("secret-key", "secret", Looks::Random),
    Word("secretkey", "secret", Looks::Random),
    Word("secret_value", "secret", Looks::Random),
    Word("secret", "secret", Looks::Random),
    Word("token", "token", Looks::Random),
    Word("api_key", "api-key", Looks::Random),
    Word("api-key", "api-key", Looks::Random),
    Word("apikey", "api-key", Looks::Random),
    // Datadog: https://docs.datadoghq.com/account_management/api-app-keys/
    Word("app_key", "app-key", Looks::Random),
    Word("app-key", "app-key", Looks::Random),
    Word("application_key", "app-key", Looks::Random),
    Word("application-key", "app-key", Looks::Random),
    // `access_key`, `SharedAccessKey`, and `AccountKey` of Azure:
    // https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
    Word("ss_key", "access-key", Looks::Random),
    Word("ss-key", "access-key", Looks::Random),
    Word("sskey", "access-key", Looks::Random),
    Word("countkey", "account-key", Looks::Random),
    Word("private_key", "private-key", Looks::Random),
    Word("private-key", "private-key", Looks::Random),
    Word("privatekey", "private-key", Looks::Random),
    // https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#AuthInfo
    Word("client-key-data", "client-key", Looks::Random),
    // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html, Google's, and
    // https://learn.microsoft.com/rest/api/storageservices/create-service-sas
    Word("amz-signature", "signature", Looks::Signature),
    Word("goog-signature", "signature", Looks::Signature),
    Word("&sig", "signature", Looks::Signature),
    Word("?sig", "signature", Looks::Signature),
    // Docker's configuration and registries.
    Word("\"auth", "basic-auth", Looks::Pair),
    Word("authorization", "authorization", Looks::Random),
];

/// Tokens that only say where a list goes on, or make a call happen once.
const HARMLESS: [&str; 9] = [
    "next",
    "continuation",
    "continue",
    "starting",
    "page",
    "pagination",
    "request",
    "client",
    "idempotency",
];

/// Most of a value that is waited for.
const VALUE: usize = 4096;
/// Most blanks between name and value.
const BLANKS: usize = 16;

/// The words, for those who look for their beginnings.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|word| word.0)
}

/// Where a value begins, and what tells its end.
struct Place {
    start: usize,
    quote: Option<Quote>,
    /// Behind `=`, or between quotes: no prose.
    assigned: bool,
}

impl Place {
    fn standing(&self) -> Standing {
        Standing {
            quoted: self.quote.is_some(),
            assigned: self.assigned,
        }
    }
}

/// A quote and how many backslashes stand before it, as where JSON stands inside of JSON.
#[derive(Clone, Copy)]
struct Quote {
    mark: u8,
    escapes: usize,
}

/// What to hide behind a name that begins at a position.
pub(super) fn named(view: &View<'_>, position: usize) -> Result<Option<Hit>, More> {
    // In a marker of our own.
    if view.back(position, 1) == Some(0xab) {
        return Ok(None);
    }
    let first = view.at(position)?.map(|byte| byte.to_ascii_lowercase());
    for Word(name, kind, looks) in WORDS {
        // Most of the words begin with another letter.
        if name.as_bytes().first().copied() != first || !view.reads(position, name.as_bytes())? {
            continue;
        }
        let Some(place) = place(view, position, position + name.len(), *looks)? else {
            return Ok(None);
        };
        if *name == "token" && harmless(view, position) {
            return Ok(None);
        }
        // `arn:aws:secretsmanager:us-west-2:123456789012:secret:NAME`: a name, and no secret.
        if *name == "secret"
            && view.back(position, 1) == Some(b':')
            && view
                .back(position, 2)
                .is_some_and(|byte| byte.is_ascii_digit())
        {
            return Ok(None);
        }
        let start = match *name {
            "authorization" => behind_scheme(view, place.start)?,
            _ => place.start,
        };
        let (end, whole) = end(view, start, place.quote)?;
        let value = view.slice(start, end);
        if !looks_like_one(*looks, value, place.standing()) || is_known(value)? {
            return Ok(None);
        }
        return Ok(Some(Hit {
            start,
            end,
            marker: Marker::Kind(kind),
            then: (!whole).then_some(Rest::Run(|byte| {
                !byte.is_ascii_whitespace() && byte != b'"'
            })),
        }));
    }
    Ok(None)
}

/// Whether a value is hidden because of the name that it bears, as in a map.
pub(in crate::secret) fn hides(name: &str, value: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let standing = Standing {
        quoted: true,
        assigned: true,
    };
    WORDS
        .iter()
        .find(|Word(word, _, looks)| {
            *looks != Looks::Pair
                && name.strip_suffix(word).is_some_and(|before| {
                    *word != "token"
                        || !HARMLESS
                            .iter()
                            .any(|harmless| before.trim_end_matches(['_', '-']).ends_with(harmless))
                })
                && looks_like_one(*looks, value.as_bytes(), standing)
        })
        .map(|Word(_, kind, _)| *kind)
}

/// What stands in a text as `NAME=value`, where the value is a text and the name a variable's.
pub(in crate::secret) fn assignments(text: &str) -> Vec<(String, String)> {
    let view = View {
        before: &[],
        text: text.as_bytes(),
        last: true,
    };
    let mut found = Vec::new();
    for (equals, _) in text.match_indices('=') {
        let name = view.word_before(equals, word);
        let Ok(name) = String::from_utf8(name) else {
            continue;
        };
        let Ok(quote) = opening(&view, equals + 1) else {
            continue;
        };
        let start = equals + 1 + quote.map_or(0, |quote| quote.escapes + 1);
        if let Ok((end, true)) = end(&view, start, quote)
            && let Some(value) = text.get(start..end)
            && !is_stand_in(value.as_bytes())
            && !value.contains(['$', '`'])
        {
            found.push((name, value.to_owned()));
        }
    }
    found
}

fn harmless(view: &View<'_>, position: usize) -> bool {
    let before = view.word_before(position, |byte| word(byte) || byte == b'-');
    let before = String::from_utf8_lossy(&before).to_ascii_lowercase();
    let before = before.trim_end_matches(['_', '-']);
    HARMLESS.iter().any(|harmless| before.ends_with(harmless))
}

/// Goes over what stands between a name and its value.
fn place(view: &View<'_>, name: usize, mut at: usize, looks: Looks) -> Result<Option<Place>, More> {
    // The quote that closes the name, and the bracket of an index.
    let closing = opening(view, at)?;
    if let Some(quote) = closing {
        at += quote.escapes + 1;
    }
    if view.at(at)? == Some(b']') {
        at += 1;
    }
    let behind = at;
    at = view.run(at, blank, BLANKS)?;
    let mut assigned = closing.is_some();
    match view.at(at)? {
        Some(b'=') => {
            assigned = true;
            at += 1;
            if view.at(at)? == Some(b'>') {
                at += 1;
            }
        }
        Some(b':') => {
            at += 1;
            if view.at(at)? == Some(b'=') {
                assigned = true;
                at += 1;
            }
        }
        // A table, and an element of XML.
        Some(b'|') if looks == Looks::Random && at > behind => at += 1,
        Some(b'>') if looks == Looks::Password && closing.is_none() && at == behind => {
            assigned = true;
            at += 1;
        }
        // An option of a command, and SQL.
        Some(b'\'') if looks == Looks::Password && at > behind => assigned = true,
        Some(_) if at > behind && closing.is_none() && is_option(view, name) => assigned = true,
        _ => return Ok(None),
    }
    at = view.run(at, blank, BLANKS)?;
    let quote = opening(view, at)?;
    if let Some(quote) = quote {
        at += quote.escapes + 1;
    }
    Ok(Some(Place {
        start: at,
        assigned: assigned || quote.is_some(),
        quote,
    }))
}

/// A quote at a position, with the backslashes before it.
fn opening(view: &View<'_>, position: usize) -> Result<Option<Quote>, More> {
    let mark = view.run(position, |byte| byte == b'\\', 7)?;
    Ok(match view.at(mark)? {
        Some(byte @ (b'"' | b'\'' | b'`')) => Some(Quote {
            mark: byte,
            escapes: mark - position,
        }),
        _ => None,
    })
}

/// Whether a name is that of an option, as in `--db-password`.
fn is_option(view: &View<'_>, name: usize) -> bool {
    let before = view.word_before(name, |byte| word(byte) || byte == b'-');
    before.starts_with(b"--")
}

/// Goes over the scheme of an `Authorization` header (RFC 9110 section 11.4).
fn behind_scheme(view: &View<'_>, start: usize) -> Result<usize, More> {
    for scheme in [
        "bearer ",
        "basic ",
        "token ",
        "negotiate ",
        "apikey ",
        "key ",
    ] {
        if view.reads(start, scheme.as_bytes())? {
            return view.run(start + scheme.len(), blank, BLANKS);
        }
    }
    Ok(start)
}

/// Where a value ends, and whether that is its end.
fn end(view: &View<'_>, start: usize, quote: Option<Quote>) -> Result<(usize, bool), More> {
    let mut backslashes = 0;
    let mut at = start;
    while at - start < VALUE {
        let Some(byte) = view.at(at)? else {
            return Ok((at, true));
        };
        let over = match quote {
            Some(quote) => {
                matches!(byte, b'\n' | b'\r')
                    || byte == quote.mark
                        && (backslashes <= quote.escapes
                            || quote.escapes == 0 && backslashes % 2 == 0)
            }
            None => byte <= b' ' || byte == 0x7f || b"\"'`,;&)}]<>|\\".contains(&byte),
        };
        if over {
            // The backslashes of the closing quote are no part of the value.
            let escapes = quote.map_or(0, |quote| quote.escapes.min(backslashes));
            return Ok((at - escapes, true));
        }
        backslashes = if byte == b'\\' && quote.is_some() {
            backslashes + 1
        } else {
            0
        };
        at += 1;
    }
    Ok((at, false))
}

/// Whether the whole value is a credential that the table knows, and will be shown as that.
fn is_known(value: &[u8]) -> Result<bool, More> {
    let view = View {
        before: &[],
        text: value,
        last: true,
    };
    for shape in SHAPES {
        if let Some(hit) = shape.at(&view, 0)?
            && view.run(hit.end, shape.body, usize::MAX)? == value.len()
        {
            return Ok(true);
        }
    }
    Ok(false)
}
