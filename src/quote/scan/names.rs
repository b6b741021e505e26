//! Variables that read once more what is assigned to them, and where a text assigns a value to one.
//!
//! A function may be called after what stands behind it, so that only the whole text tells.

use std::collections::HashMap;
use std::ops::Range;

use super::builtins::{Reading, variable};
use super::words::identifiers;
use super::{Masked, Place};
use crate::quote::Dialect;

#[derive(Debug, Default)]
pub(super) struct Names {
    declared: HashMap<Vec<u8>, Reading>,
    /// How variables are read that were declared by names that can't be read.
    any: Option<Reading>,
    groups: Vec<Group>,
    /// Values, and the group to which each is assigned.
    assigned: Vec<(usize, Target)>,
    /// Values on what a `read` may read: the lines of here-documents, and here-strings.
    streamed: Vec<usize>,
}

/// Variables that one command sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target(usize);

#[derive(Debug)]
struct Group {
    names: Vec<Range<usize>>,
    /// Whether what is set comes from a stream.
    reads: bool,
}

impl Names {
    /// Notes how a variable is read; a name that is none stands for all.
    pub(super) fn declare(&mut self, name: &[u8], reading: Reading) {
        if name.is_empty() {
            self.any = Some(reading);
        } else {
            self.declared.insert(name.to_vec(), reading);
        }
    }

    /// In zsh, what arithmetic assigns a number to stays one.
    pub(super) fn calculate(&mut self, expression: &[u8]) {
        for name in identifiers(expression) {
            self.declare(name, Reading::Number);
        }
    }

    pub(super) fn target(&mut self, reads: bool) -> Target {
        self.groups.push(Group {
            names: Vec::new(),
            reads,
        });
        Target(self.groups.len() - 1)
    }

    pub(super) fn add(&mut self, target: Target, name: Range<usize>) {
        if let Some(group) = self.groups.get_mut(target.0) {
            group.names.push(name);
        }
    }

    pub(super) fn assign(&mut self, atom: usize, target: Target) {
        self.assigned.push((atom, target));
    }

    pub(super) fn stream(&mut self, atom: usize) {
        self.streamed.push(atom);
    }

    /// Refuses the values that are assigned to what reads them once more.
    pub(super) fn refuse(self, dialect: Dialect, masked: &Masked<'_>, places: &mut [Place]) {
        let reading = |name: &Range<usize>| {
            let name = masked.text.get(name.clone()).unwrap_or_default();
            let declared = self.declared.get(name).copied().or(self.any);
            declared.or_else(|| variable(dialect, name))
        };
        let group = |group: &Group| group.names.iter().find_map(reading);
        let readings: Vec<_> = self.groups.iter().map(group).collect();
        let mut refuse = |atom: usize, reading: Reading| {
            if let Some(place) = places.get_mut(atom)
                && place.context.refusal(dialect).is_none()
            {
                place.context = reading.refusal();
            }
        };
        for (atom, target) in self.assigned {
            if let Some(Some(reading)) = readings.get(target.0) {
                refuse(atom, *reading);
            }
        }
        let read = self.groups.iter().zip(&readings);
        let mut read = read.filter(|(group, _)| group.reads);
        if let Some(reading) = read.find_map(|(_, reading)| *reading) {
            for atom in self.streamed {
                refuse(atom, reading);
            }
        }
    }
}
