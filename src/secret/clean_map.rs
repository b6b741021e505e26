//! A map of redacted values.

use std::fmt;
use std::vec::IntoIter;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::CleanValue;

/// A map of redacted values, in the order of its keys.
///
/// What a cluster answers has maps by the hundred thousand, of a few keys each; in a list they take a
/// fifth of the memory that a tree's nodes take.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CleanMap(Box<[(String, CleanValue)]>);

impl CleanMap {
    /// The keys and values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&String, &CleanValue)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The keys.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &String> {
        self.0.iter().map(|(key, _)| key)
    }

    /// The values.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &CleanValue> {
        self.0.iter().map(|(_, value)| value)
    }
}

/// Of entries with one key the last counts.
impl FromIterator<(String, CleanValue)> for CleanMap {
    fn from_iter<T: IntoIterator<Item = (String, CleanValue)>>(entries: T) -> Self {
        let mut list: Vec<_> = entries.into_iter().collect();
        list.sort_by(|(one, _), (other, _)| one.cmp(other));
        list.dedup_by(|later, earlier| {
            let is_same = later.0 == earlier.0;
            if is_same {
                std::mem::swap(later, earlier);
            }
            is_same
        });
        Self(list.into_boxed_slice())
    }
}

impl IntoIterator for CleanMap {
    type Item = (String, CleanValue);
    type IntoIter = IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Serialize for CleanMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for CleanMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = CleanMap;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CleanMap, A::Error> {
                std::iter::from_fn(|| map.next_entry().transpose()).collect()
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_entries_with_one_key_the_last_counts() {
        let text = r#"{"b":1,"a":true,"b":2,"b":3}"#;
        let map: CleanMap = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&map).unwrap(), r#"{"a":true,"b":3}"#);
    }
}
