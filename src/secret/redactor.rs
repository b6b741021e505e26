//! Finds secrets in text, known ones and such as have a credential's shape, and puts their names
//! in their places.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::forms::{self, SHORTEST};
use super::known::Known;
use super::{Clean, CleanValue, Filter, is_secret_name, shapes};
use crate::value::Value;

/// Longer values are files, whose forms would take more memory than a run should.
const LONGEST: usize = 64 * 1024;

/// Knows the secrets of a run; clones share what they know.
#[derive(Clone, Default)]
pub struct Redactor {
    shared: Arc<RwLock<Shared>>,
}

#[derive(Default)]
struct Shared {
    /// What stands in the place of each secret.
    markers: Vec<String>,
    /// Every form and the secret that it is of.
    forms: BTreeMap<Vec<u8>, usize>,
    /// Made of these when it is first needed.
    ready: Option<Arc<Known>>,
    /// The variables whose values were refused.
    refused: BTreeSet<String>,
}

/// A value that can't be kept secret without shredding everything else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is under six characters.
    #[error(
        "the secret `{name}` is too short to be kept out of the log: it needs 6 characters or more"
    )]
    TooShort {
        /// Its name.
        name: String,
    },
    /// It is a word that output is full of.
    #[error("the secret `{name}` is a common word; hiding it would shred the log")]
    TooCommon {
        /// Its name.
        name: String,
    },
    /// It is over 64 KiB.
    #[error("the secret `{name}` is too long to be kept out of the log: 64 KiB is the most")]
    TooLong {
        /// Its name.
        name: String,
    },
}

impl Redactor {
    /// Learns a secret; from now on its value, also encoded, is shown as `«secret:name»`.
    ///
    /// Blanks around the value are no part of it; an empty value is nothing to hide. A value that
    /// is known already keeps its first name.
    ///
    /// # Errors
    /// Where the value is too short, too common or too long to be hidden.
    pub fn learn(&self, name: &str, value: &[u8]) -> Result<(), Refused> {
        let value = value.trim_ascii();
        let name = || name.to_owned();
        if value.is_empty() {
            return Ok(());
        }
        let characters =
            std::str::from_utf8(value).map_or(value.len(), |text| text.chars().count());
        if characters < SHORTEST {
            return Err(Refused::TooShort { name: name() });
        }
        if value.len() > LONGEST {
            return Err(Refused::TooLong { name: name() });
        }
        if forms::is_common(value) {
            return Err(Refused::TooCommon { name: name() });
        }
        let forms = forms::forms(value);
        let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        if shared.forms.contains_key(value)
            && forms.iter().all(|form| shared.forms.contains_key(form))
        {
            return Ok(());
        }
        let secret = shared.markers.len();
        shared.markers.push(format!("«secret:{}»", name()));
        for form in forms {
            shared.forms.entry(form).or_insert(secret);
        }
        shared.ready = None;
        Ok(())
    }

    /// Learns a mask, as in `«secret:name»`, that a recording has in the place of a secret: it is
    /// shown as it is, and treated as the secret that it stands for.
    pub fn recall(&self, mask: &str) {
        let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        if !shared.forms.contains_key(mask.as_bytes()) {
            let secret = shared.markers.len();
            shared.markers.push(mask.to_owned());
            shared.forms.insert(mask.as_bytes().to_vec(), secret);
            shared.ready = None;
        }
    }

    /// Learns the value of a variable whose name says that it is secret, such as `PGPASSWORD`.
    ///
    /// # Errors
    /// Where the value can't be hidden; only the first time for each name.
    pub fn learn_variable(&self, name: &str, value: &[u8]) -> Result<(), Refused> {
        if !is_secret_name(name, value) {
            return Ok(());
        }
        self.learn(name, value).or_else(|refused| {
            let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
            if shared.refused.insert(name.to_owned()) {
                Err(refused)
            } else {
                Ok(())
            }
        })
    }

    /// Learns what a shell's text gives to variables whose names say that they are secret, before
    /// it runs; what can't be hidden is passed over.
    pub fn learn_assignments(&self, text: &str) {
        for (name, value) in shapes::assignments(text) {
            if is_secret_name(&name, value.as_bytes()) {
                let _unfit = self.learn(&name, value.as_bytes());
            }
        }
    }

    /// Whether a text holds a known secret in any form, or what has the shape of one.
    #[must_use]
    pub fn finds(&self, text: &[u8]) -> bool {
        self.known()
            .is_some_and(|known| !known.find(text, true).found.is_empty())
            || shapes::finds(text)
    }

    /// Whether [`Redactor::clean`] may give another text for this one or for a line of it. It is
    /// one look, and where it says no there is nothing to hide; most texts hold no secret.
    #[must_use]
    pub fn may_alter(&self, text: &str) -> bool {
        self.known().is_some() || shapes::may_begin(text.as_bytes())
    }

    /// Text with every known secret replaced by its name, and every credential by its kind.
    #[must_use]
    pub fn clean(&self, text: &str) -> Clean {
        Clean::redacted(self.hidden(text).unwrap_or_else(|| text.to_owned()))
    }

    /// A value with every text in it cleaned, keys included.
    #[must_use]
    pub fn clean_value(&self, value: &Value) -> CleanValue {
        match value {
            Value::Null => CleanValue::Null,
            Value::Bool(boolean) => CleanValue::Boolean(*boolean),
            Value::Number(number) => match self.hidden(&number.to_string()) {
                Some(text) => CleanValue::Text(Clean::redacted(text)),
                None => CleanValue::Number(number.clone()),
            },
            Value::String(text) => CleanValue::Text(self.clean(text)),
            Value::Array(list) => {
                CleanValue::List(list.iter().map(|value| self.clean_value(value)).collect())
            }
            Value::Object(map) => CleanValue::Map(
                map.iter()
                    .map(|(key, value)| {
                        let clean = match value {
                            Value::String(text) => self.clean_named(key, text),
                            value => self.clean_value(value),
                        };
                        (self.hidden(key).unwrap_or_else(|| key.clone()), clean)
                    })
                    .collect(),
            ),
        }
    }

    /// A text that stands under a key; `password` says what the text is.
    fn clean_named(&self, key: &str, text: &str) -> CleanValue {
        let clean = self.clean(text);
        CleanValue::Text(match shapes::hides(key, clean.as_str()) {
            Some(kind) if clean.as_str() == text => Clean::redacted(format!("«{kind}»")),
            _ => clean,
        })
    }

    /// A filter for a stream of bytes.
    #[must_use]
    pub fn filter(&self) -> Filter {
        Filter::new(self.clone())
    }

    /// What is known now; `None` where there are no secrets.
    pub(super) fn known(&self) -> Option<Arc<Known>> {
        {
            let shared = self.shared.read().unwrap_or_else(PoisonError::into_inner);
            if shared.markers.is_empty() || shared.ready.is_some() {
                return shared.ready.clone();
            }
        }
        let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        if shared.ready.is_none() {
            shared.ready = Some(Arc::new(Known::new(&shared.forms, shared.markers.clone())));
        }
        shared.ready.clone()
    }

    /// A text with what is known and what has a shape replaced; `None` where there is neither.
    fn hidden(&self, text: &str) -> Option<String> {
        let known = self.replaced(text);
        match shapes::replaced(known.as_deref().unwrap_or(text).as_bytes()) {
            Some(bytes) => Some(lossy(bytes)),
            None => known,
        }
    }

    /// A text with names for secrets; `None` where it holds none.
    fn replaced(&self, text: &str) -> Option<String> {
        let known = self.known()?;
        let mut found = known.find(text.as_bytes(), true).found;
        let cut = known.cut(text.as_bytes());
        if !cut.is_empty() {
            found.extend(cut);
            found.sort_by_key(|one| (one.start, std::cmp::Reverse(one.end)));
        }
        if found.is_empty() {
            return None;
        }
        let mut out = Vec::with_capacity(text.len());
        let mut shown = 0;
        for one in found {
            if one.start >= shown {
                out.extend_from_slice(&text.as_bytes()[shown..one.start]);
                out.extend_from_slice(known.marker(one.secret).as_bytes());
            }
            shown = shown.max(one.end);
        }
        out.extend_from_slice(&text.as_bytes()[shown..]);
        Some(lossy(out))
    }
}

/// Bytes as text: a secret of bytes that are no text may begin or end inside a character.
fn lossy(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = self.shared.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_tuple("Redactor").field(&shared.markers).finish()
    }
}
