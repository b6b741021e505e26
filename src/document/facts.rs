//! What is known of the blocks of a plain document before its steps are made.

use std::ops::Range;

use super::conditions::{Condition, condition};
use super::markdown::Page;
use super::outline::BlockKind;
use crate::source::Source;

/// What is known of each block, and of all blocks before each: a subtree is then a subtraction.
pub(super) struct Facts {
    /// Texts that are conditions with something to decide about, by their block.
    conditions: Vec<(usize, Condition)>,
    /// Cells, indented commands, items that are steps, and conditions before each block.
    before: Vec<[u32; 5]>,
}

/// Columns of [`Facts`], for [`Facts::has`]: cells.
pub(super) const CELL: usize = 0;
/// Indented commands.
pub(super) const COMMANDS: usize = 1;
/// Tasks and numbered lists.
pub(super) const STEP: usize = 2;
/// Conditions.
pub(super) const BRANCH: usize = 3;
/// Tasks alone.
pub(super) const TASK: usize = 4;

impl Facts {
    /// Reads them off the outline of a page.
    pub(super) fn of(source: &Source, page: &Page) -> Self {
        let mut before = Vec::with_capacity(page.blocks.len() + 1);
        let mut conditions = Vec::new();
        let mut count = [0; 5];
        for (index, block) in page.blocks.iter().enumerate() {
            before.push(count);
            match &block.kind {
                BlockKind::Fence(Some(_)) => count[CELL] += 1,
                BlockKind::Commands(_) => count[COMMANDS] += 1,
                BlockKind::Item(Some(_)) => {
                    count[STEP] += 1;
                    count[TASK] += 1;
                }
                BlockKind::List { ordered: true } => count[STEP] += 1,
                BlockKind::Text => {
                    let governs = page
                        .blocks
                        .get(index + 1)
                        .is_some_and(|next| governed(&next.kind));
                    if governs
                        && let Some(found) = condition(source.slice(block.span))
                        && found.colon
                    {
                        conditions.push((index, found));
                        count[BRANCH] += 1;
                    }
                }
                _ => {}
            }
        }
        before.push(count);
        Self { conditions, before }
    }

    /// The condition that a text is, if it has something to decide about.
    pub(super) fn condition(&self, block: usize) -> Option<&Condition> {
        let at = self.conditions.binary_search_by_key(&block, |(at, _)| *at);
        at.ok().map(|at| &self.conditions[at].1)
    }

    /// Whether one of a column stands in a range of blocks.
    pub(super) fn has(&self, what: usize, blocks: &Range<usize>) -> bool {
        match (self.before.get(blocks.start), self.before.get(blocks.end)) {
            (Some(start), Some(end)) => end[what] > start[what],
            _ => false,
        }
    }
}

/// Whether a condition with a colon decides about a block of this kind below it.
const fn governed(kind: &BlockKind) -> bool {
    matches!(
        kind,
        BlockKind::Fence(Some(_)) | BlockKind::List { .. } | BlockKind::Commands(_)
    )
}
