//! Variables to which a text gives an attribute, and where it assigns a value to one.
//!
//! A function may be called after what stands behind it, so that only the whole text tells.

use std::collections::HashMap;
use std::ops::Range;

use super::builtins::{Reading, variable};
use super::{Masked, Place};
use crate::quote::Dialect;

/// How what is assigned to a variable is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    Number,
    /// Another variable's name.
    Reference,
    /// Elements, where `declare` assigns a word that begins with `(`.
    Array,
}

#[derive(Debug, Default)]
pub(super) struct Names {
    attributes: HashMap<Vec<u8>, Vec<Attribute>>,
    assigned: Vec<Assigned>,
}

/// A value that is assigned to a variable.
#[derive(Debug)]
struct Assigned {
    atom: usize,
    name: Range<usize>,
    /// Whether `declare` or its like does it.
    declares: bool,
}

impl Names {
    pub(super) fn declare(&mut self, name: &[u8], attribute: Attribute) {
        let attributes = self.attributes.entry(name.to_vec()).or_default();
        if !attributes.contains(&attribute) {
            attributes.push(attribute);
        }
    }

    pub(super) fn assign(&mut self, atom: usize, name: Range<usize>, declares: bool) {
        self.assigned.push(Assigned {
            atom,
            name,
            declares,
        });
    }

    /// Refuses the values that are assigned to what reads them once more.
    pub(super) fn refuse(self, dialect: Dialect, masked: &Masked<'_>, places: &mut [Place]) {
        for assigned in self.assigned {
            let name = masked.text.get(assigned.name).unwrap_or_default();
            let attributes = self.attributes.get(name);
            let declared =
                attributes
                    .into_iter()
                    .flatten()
                    .find_map(|attribute| match (attribute, dialect) {
                        (Attribute::Number, _) => Some(Reading::Number),
                        (Attribute::Reference, _) => Some(Reading::Name),
                        (Attribute::Array, Dialect::Zsh) => None,
                        (Attribute::Array, _) => assigned.declares.then_some(Reading::Text),
                    });
            if let Some(reading) = declared.or_else(|| variable(dialect, name))
                && let Some(place) = places.get_mut(assigned.atom)
                && place.context.refusal(dialect).is_none()
            {
                place.context = reading.refusal();
            }
        }
    }
}
