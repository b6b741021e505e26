//! The shared AWS files, `config` and `credentials`, as far as their profiles matter here.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::Environment;

/// Where the two files are: `config`, then `credentials`
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html>).
///
/// `None` for one that has no place, as there is no home directory.
#[must_use]
pub fn places(environment: &Environment) -> [Option<PathBuf>; 2] {
    let home = environment.text("HOME").map(Path::new);
    [
        ("AWS_CONFIG_FILE", "config"),
        ("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
    ]
    .map(|(variable, name)| match environment.text(variable) {
        Some(path) => match path.strip_prefix("~/") {
            Some(below) => home.map(|home| home.join(below)),
            None => Some(PathBuf::from(path)),
        },
        None => home.map(|home| home.join(".aws").join(name)),
    })
}

/// The profiles of both files; its `Debug` shows names only.
#[derive(Clone, Default)]
pub struct Profiles {
    profiles: BTreeMap<String, BTreeMap<String, String>>,
}

/// Which of the two files a text is from: they name their sections differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharedFile {
    /// `config`: `[profile x]`, and `[default]`.
    Config,
    /// `credentials`: `[x]`.
    Credentials,
}

impl Profiles {
    /// Reads the texts of both files; what can't be understood is left out, as the AWS tools do
    /// (<https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>).
    ///
    /// A key that both files set has the value of `credentials`.
    ///
    /// ```
    /// use runbook::credentials::Profiles;
    /// let profiles = Profiles::parse("[profile prod]\nregion = eu-west-1\n", "");
    /// assert_eq!(profiles.setting("prod", "region"), Some("eu-west-1"));
    /// assert!(!profiles.has("prd"));
    /// ```
    #[must_use]
    pub fn parse(config: &str, credentials: &str) -> Self {
        let mut profiles: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for (file, text) in [
            (SharedFile::Config, config),
            (SharedFile::Credentials, credentials),
        ] {
            let mut current = None;
            for line in text.lines() {
                match read(file, line) {
                    Line::Profile(name) => {
                        profiles.entry(name.to_owned()).or_default();
                        current = Some(name.to_owned());
                    }
                    Line::OtherSection => current = None,
                    Line::Setting(key, value) => {
                        if let Some(settings) =
                            current.as_ref().and_then(|name| profiles.get_mut(name))
                        {
                            settings.insert(key, value.to_owned());
                        }
                    }
                    Line::Nothing => {}
                }
            }
        }
        Self { profiles }
    }

    /// Whether there is a profile of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.profiles.contains_key(name)
    }

    /// The names of all profiles.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// A setting of a profile.
    #[must_use]
    pub fn setting(&self, profile: &str, key: &str) -> Option<&str> {
        self.profiles.get(profile)?.get(key).map(String::as_str)
    }

    /// How a profile gets its credentials, in words; `None` where it says nothing about that.
    #[must_use]
    pub fn source(&self, profile: &str) -> Option<&'static str> {
        [
            ("role_arn", "assumes a role"),
            ("sso_session", "signs in with IAM Identity Center"),
            ("sso_start_url", "signs in with IAM Identity Center"),
            ("aws_access_key_id", "a key in the file"),
            ("credential_process", "asks a program"),
            ("login_session", "a console sign-in"),
        ]
        .into_iter()
        .find_map(|(key, words)| self.setting(profile, key).map(|_| words))
    }

    /// The programs that a profile and those it builds on ask for credentials, by profile.
    ///
    /// A key that stands in the file itself wins over the program.
    #[must_use]
    pub fn processes(&self, profile: &str) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let mut seen = Vec::new();
        let mut next = Some(profile);
        while let Some(name) = next.filter(|name| !seen.contains(name)) {
            seen.push(name);
            if let Some(command) = self.setting(name, "credential_process")
                && self.setting(name, "aws_access_key_id").is_none()
            {
                found.insert(name.to_owned(), command.to_owned());
            }
            next = self.setting(name, "source_profile");
        }
        found
    }
}

impl fmt::Debug for Profiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.profiles.keys()).finish()
    }
}

/// The profile that the AWS tools use in an environment.
///
/// `AWS_DEFAULT_PROFILE` is boto's older name, which boto still reads first
/// (<https://github.com/boto/botocore/blob/develop/botocore/configprovider.py>).
#[must_use]
pub fn profile(environment: &Environment) -> Option<&str> {
    environment
        .text("AWS_PROFILE")
        .or_else(|| environment.text("AWS_DEFAULT_PROFILE"))
}

/// Puts keys in the place of the program that gave them, for the profiles named.
#[must_use]
pub fn answered(file: SharedFile, text: &str, keys: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut current = None;
    for line in text.lines() {
        match read(file, line) {
            Line::Profile(name) => current = keys.get(name),
            Line::OtherSection => current = None,
            Line::Setting(key, _) if key == "credential_process" => {
                if let Some(keys) = current {
                    out.push_str(keys);
                    continue;
                }
            }
            Line::Setting(..) | Line::Nothing => {}
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

enum Line<'a> {
    Profile(&'a str),
    OtherSection,
    Setting(String, &'a str),
    Nothing,
}

fn read(file: SharedFile, line: &str) -> Line<'_> {
    // An indented line belongs to the setting above it.
    if line.starts_with([' ', '\t', '#', ';']) {
        return Line::Nothing;
    }
    if let Some(section) = line.strip_prefix('[') {
        let Some((name, _)) = section.split_once(']') else {
            return Line::OtherSection;
        };
        let name = name.trim();
        let named = name
            .strip_prefix("profile")
            .filter(|rest| rest.starts_with([' ', '\t']))
            .map(|rest| rest.trim().trim_matches(['"', '\'']));
        return match (file, named) {
            (SharedFile::Config, Some(named)) => Line::Profile(named),
            (SharedFile::Credentials, None) => Line::Profile(name),
            (SharedFile::Config, None) if name == "default" => Line::Profile(name),
            _ => Line::OtherSection,
        };
    }
    let Some((key, value)) = line.split_once('=') else {
        return Line::Nothing;
    };
    let value = [" #", " ;", "\t#", "\t;"]
        .into_iter()
        .filter_map(|mark| value.find(mark))
        .min()
        .and_then(|end| value.get(..end))
        .unwrap_or(value);
    Line::Setting(key.trim().to_ascii_lowercase(), value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "\
# mine
[default]
region = us-east-1 # home
[profile prod]
role_arn = arn:aws:iam::123456789012:role/ops
source_profile = base
s3 =
    addressing_style = path
[profile 'base']
credential_process = /opt/keys --for base
[sso-session corp]
sso_region = eu-west-1
[broken
region = nowhere
[stray]
region = nowhere
";

    #[test]
    fn profiles_come_from_both_files() {
        let profiles = Profiles::parse(
            CONFIG,
            "[ci]\naws_access_key_id=AKIA\n[profile x]\n[default]\nregion = eu-west-3\n",
        );
        assert_eq!(
            profiles.names().collect::<Vec<_>>(),
            ["base", "ci", "default", "prod"]
        );
        assert_eq!(profiles.setting("default", "region"), Some("eu-west-3"));
        assert_eq!(profiles.setting("prod", "addressing_style"), None);
        assert_eq!(profiles.source("ci"), Some("a key in the file"));
        assert_eq!(profiles.source("prod"), Some("assumes a role"));
        assert_eq!(
            format!("{profiles:?}"),
            r#"{"base", "ci", "default", "prod"}"#
        );
    }

    #[test]
    fn a_program_is_found_through_the_profiles_that_build_on_it() {
        let profiles = Profiles::parse(CONFIG, "");
        assert_eq!(
            profiles.processes("prod"),
            BTreeMap::from([("base".to_owned(), "/opt/keys --for base".to_owned())])
        );
        assert!(profiles.processes("default").is_empty());
        let circle = Profiles::parse(
            "[profile a]\nsource_profile=b\n[profile b]\nsource_profile=a\n",
            "",
        );
        assert!(circle.processes("a").is_empty());
    }

    #[test]
    fn keys_stand_where_the_program_stood() {
        let keys = BTreeMap::from([("base".to_owned(), "aws_access_key_id=ASIA\n".to_owned())]);
        let text = answered(SharedFile::Config, CONFIG, &keys);
        let profiles = Profiles::parse(&text, "");
        assert_eq!(profiles.setting("base", "aws_access_key_id"), Some("ASIA"));
        assert_eq!(profiles.setting("base", "credential_process"), None);
        assert_eq!(profiles.setting("prod", "source_profile"), Some("base"));
        assert!(text.contains("[sso-session corp]\nsso_region"));
    }

    #[test]
    fn files_are_where_the_environment_says() {
        let environment = |variables: &[(&str, &str)]| -> Environment {
            variables
                .iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect()
        };
        assert_eq!(places(&environment(&[])), [None, None]);
        assert_eq!(
            places(&environment(&[("HOME", "/h"), ("AWS_CONFIG_FILE", "~/c")])),
            [
                Some(PathBuf::from("/h/c")),
                Some(PathBuf::from("/h/.aws/credentials"))
            ]
        );
    }
}
