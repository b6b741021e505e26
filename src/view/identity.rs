//! Who the credentials of a run are, in one line.

use crate::event::Identity;

/// The identity as a line of the run's head.
pub(super) fn line(identity: &Identity) -> String {
    let mut text = format!(
        "AWS {} · {} · key {} from {}",
        identity.account, identity.arn, identity.key, identity.source
    );
    if let Some(expires) = identity.expires {
        text.push_str(
            &expires
                .strftime(" · expires %Y-%m-%d %H:%M UTC")
                .to_string(),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Redactor;

    #[test]
    fn it_says_who_and_until_when() {
        let clean = |text: &str| Redactor::default().clean(text);
        let identity = Identity {
            account: clean("123456789012"),
            arn: clean("arn:aws:iam::123456789012:user/chris"),
            key: "…MPLE".to_owned(),
            source: clean("the environment"),
            expires: "2026-11-23T12:30:00Z".parse().ok(),
        };
        assert_eq!(
            line(&identity),
            "AWS 123456789012 · arn:aws:iam::123456789012:user/chris · key …MPLE from the \
             environment · expires 2026-11-23 12:30 UTC"
        );
    }
}
