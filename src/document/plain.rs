//! What only a plain document has: manual steps and prose branches.

use std::ops::Range;
use std::sync::Arc;

use super::conditions::{Condition, condition};
use super::facts::{BRANCH, CELL, COMMANDS, Facts, STEP, TASK};
use super::markdown::Page;
use super::outline::{self, BlockKind};
use super::{Attributes, Cell, CellKind};
use crate::source::{Excerpt, Source, Span};

/// Adds manual steps and branches to the cells of a page, in the order of the document.
pub(super) fn complete(source: &Source, page: Page) -> Page {
    let mut plain = Plain {
        source,
        facts: Facts::of(source, &page),
        made: Vec::new(),
        page,
        dangling: None,
        undivided: false,
        depth: 0,
    };
    plain.sections(false);
    if plain.made.is_empty() && plain.page.cells.is_empty() {
        // Introductions are no steps, unless there is nothing else: a page is never silent.
        plain.sections(true);
    }
    plain.finish()
}

/// Containers nested deeper than this are not looked at for steps, only for cells.
const DEEPEST: usize = 64;

struct Plain<'a> {
    source: &'a Source,
    page: Page,
    facts: Facts,
    /// The cells made here. Until the page is finished a cell's branch is an index into these.
    made: Vec<Cell>,
    /// A condition at the end of a container: the fence below the container is what it decides
    /// about, as in a list that is broken by a fence at the margin.
    dangling: Option<usize>,
    /// Whether the section is one manual step: nothing in it runs, and nothing is ticked off.
    undivided: bool,
    depth: usize,
}

impl Plain<'_> {
    /// Goes through the sections: the blocks between one heading and the next. With `all`, text
    /// that only introduces is a step too.
    fn sections(&mut self, all: bool) {
        let own = self.own_blocks();
        let busy = self.busy(&own);
        let mut branches: Vec<Option<usize>> = Vec::with_capacity(self.page.sections.len());
        for (section, blocks) in own {
            let mut branch = None;
            // Where there are steps to tick off, the text around them explains them.
            let mut prose = !self.facts.has(STEP, &blocks);
            if let Some(section) = section {
                let around = &self.page.sections[section];
                let leaf = self
                    .page
                    .sections
                    .get(section + 1)
                    .is_none_or(|next| next.parent != Some(section));
                self.undivided = !busy[section]
                    && (around.level > 1 || leaf)
                    && !self.facts.has(TASK, &blocks)
                    && !self.facts.has(BRANCH, &blocks);
                prose |= self.undivided;
                prose &= !busy[section] && (around.level > 1 || leaf);
                branch = around.parent.and_then(|parent| branches[parent]);
                let span = around.span;
                let titles = section == 0 && around.level == 1;
                // A heading ends nothing with a colon: its section is what it decides about.
                if let Some(found) = self.heading_condition(span).filter(|_| !titles) {
                    let text = self.source.slice(span);
                    let origin = span.start + found.range.start;
                    let mut body = Excerpt::default();
                    body.push(&text[found.range], origin);
                    branch = Some(self.make(CellKind::Branch, span, body, Some(section), branch));
                }
                branches.push(branch);
            } else {
                self.undivided = false;
                prose &= self.page.sections.is_empty() && !self.facts.has(CELL, &blocks);
            }
            self.dangling = None;
            prose |= all;
            self.siblings(blocks, section, branch, prose);
        }
    }

    fn heading_condition(&self, span: Span) -> Option<Condition> {
        let line = self.source.slice(span).lines().next().unwrap_or_default();
        let found = condition(line)?;
        (found.range.end > found.range.start).then_some(found)
    }

    /// Each section and the blocks that stand under it before the next heading; a heading inside
    /// a list takes what follows it there.
    fn own_blocks(&self) -> Vec<(Option<usize>, Range<usize>)> {
        let mut own = Vec::new();
        let mut open = (None, 0);
        let mut index = 0;
        while let Some(block) = self.page.blocks.get(index) {
            if let BlockKind::Heading(section) = block.kind {
                own.push((open.0, open.1..index));
                open = (Some(section), index + 1);
            }
            index += 1;
        }
        own.push((open.0, open.1..index));
        own
    }

    /// Whether a section, or one below it, has a cell or indented commands.
    fn busy(&self, own: &[(Option<usize>, Range<usize>)]) -> Vec<bool> {
        let mut busy = vec![false; self.page.sections.len()];
        for (section, blocks) in own {
            if let Some(section) = section {
                busy[*section] |= self.facts.has(CELL, blocks) || self.facts.has(COMMANDS, blocks);
            }
        }
        for section in (0..busy.len()).rev() {
            if let Some(parent) = self.page.sections[section].parent {
                busy[parent] |= busy[section];
            }
        }
        busy
    }

    /// Goes through blocks that stand side by side. With `prose`, text that holds no cell is a
    /// manual step.
    fn siblings(
        &mut self,
        blocks: Range<usize>,
        section: Option<usize>,
        branch: Option<usize>,
        prose: bool,
    ) {
        if self.depth == DEEPEST {
            for block in blocks {
                if let BlockKind::Fence(Some(cell)) = self.page.blocks[block].kind {
                    self.place(cell, branch);
                }
            }
            return;
        }
        self.depth += 1;
        let mut run: Option<(usize, usize)> = None;
        let mut inner = branch;
        let mut inner_prose = prose;
        let mut index = blocks.start;
        while index < blocks.end {
            // A heading inside a list cuts its containers: they end with the section.
            let end = self.page.blocks[index].end.clamp(index + 1, blocks.end);
            let subtree = index..end;
            let dangling = self.dangling.take();
            let in_run = match self.page.blocks[index].kind {
                BlockKind::Text => {
                    (inner, inner_prose) = (branch, prose);
                    if let Some(found) = self.facts.condition(index).cloned() {
                        self.flush(&mut run, section, branch, prose);
                        let asked = self.branch(index, &found, section, branch);
                        (inner, inner_prose) = (Some(asked), true);
                        if end >= blocks.end {
                            self.dangling = Some(asked);
                        }
                        false
                    } else {
                        true
                    }
                }
                BlockKind::Fence(Some(cell)) => {
                    self.flush(&mut run, section, branch, prose);
                    self.place(cell, dangling.or(inner));
                    self.dangling = dangling;
                    false
                }
                BlockKind::Commands(commands) => {
                    let text = std::mem::take(&mut self.page.commands[commands]);
                    self.flush(&mut run, section, branch, prose);
                    let span = self.page.blocks[index].span;
                    self.make(CellKind::Manual, span, text, section, dangling.or(inner));
                    self.dangling = dangling;
                    false
                }
                BlockKind::List { ordered } => {
                    let cells =
                        self.facts.has(CELL, &subtree) || self.facts.has(COMMANDS, &subtree);
                    if cells || self.has_parts(&subtree) {
                        self.flush(&mut run, section, branch, prose);
                        self.items(
                            index + 1..end,
                            section,
                            inner,
                            ordered,
                            inner_prose && !cells,
                        );
                        false
                    } else if inner != branch {
                        // What the condition decides about is a step of its own.
                        let mut alone = Some((index, end));
                        self.flush(&mut alone, section, inner, true);
                        false
                    } else {
                        true
                    }
                }
                BlockKind::Quote | BlockKind::Item(_) | BlockKind::Other
                    if self.facts.has(CELL, &subtree)
                        || self.facts.has(COMMANDS, &subtree)
                        || self.has_parts(&subtree) =>
                {
                    self.flush(&mut run, section, branch, prose);
                    self.siblings(index + 1..end, section, inner, false);
                    false
                }
                _ => true,
            };
            if in_run {
                run = Some((run.map_or(index, |(start, _)| start), end));
            }
            index = end;
        }
        self.flush(&mut run, section, branch, prose);
        self.depth -= 1;
    }

    fn has_parts(&self, blocks: &Range<usize>) -> bool {
        !self.undivided && (self.facts.has(STEP, blocks) || self.facts.has(BRANCH, blocks))
    }

    /// Goes through the items of a list, each of which is a step where `steps` says so or where
    /// it is a task.
    fn items(
        &mut self,
        blocks: Range<usize>,
        section: Option<usize>,
        branch: Option<usize>,
        steps: bool,
        prose: bool,
    ) {
        let mut run = None;
        let mut index = blocks.start;
        while index < blocks.end {
            let end = self.page.blocks[index].end.clamp(index + 1, blocks.end);
            let inside = index + 1..end;
            let task = match self.page.blocks[index].kind {
                BlockKind::Item(task) => task,
                _ => None,
            };
            let holds = self.facts.has(CELL, &inside)
                || self.facts.has(COMMANDS, &inside)
                || self.has_parts(&inside);
            if task.is_some() || (steps && !holds) {
                self.flush(&mut run, section, branch, prose);
                let own = self.page.blocks.get(index + 1).is_some_and(|first| {
                    first.kind == BlockKind::Text && self.facts.condition(index + 1).is_none()
                });
                if !holds || own {
                    let end = if holds { index + 2 } else { end };
                    self.step(index, end, task, section, branch);
                }
                if holds {
                    self.siblings(inside, section, branch, false);
                }
            } else if holds {
                self.flush(&mut run, section, branch, prose);
                self.siblings(inside, section, branch, false);
            } else {
                run = Some((run.map_or(index, |(start, _): (usize, usize)| start), end));
            }
            index = end;
        }
        self.flush(&mut run, section, branch, prose);
    }

    /// Makes a manual step of an item: its blocks up to `end`, the marker left out.
    fn step(
        &mut self,
        item: usize,
        end: usize,
        task: Option<bool>,
        section: Option<usize>,
        branch: Option<usize>,
    ) {
        let end = end.min(self.page.blocks[item].end.max(item + 1));
        let whole = self.page.blocks[item].span;
        let Some(first) = self.page.blocks[item + 1..end].first() else {
            return;
        };
        let last = self.page.blocks[item + 1..end]
            .iter()
            .map(|block| block.span.end)
            .max()
            .unwrap_or(first.span.end);
        let text = Span::new(first.span.start, last);
        let body = outline::text(self.source, trimmed(self.source, text), first.quotes);
        if body.text.trim().is_empty() {
            return;
        }
        let span = Span::new(whole.start, trimmed(self.source, text).end.max(whole.start));
        let made = self.make(CellKind::Manual, span, body, section, branch);
        // A ticked item was done before: it is shown, not asked again.
        if task == Some(true) {
            Arc::make_mut(&mut self.made[made].attributes).skip = true;
        }
    }

    /// Makes one manual step of a run of blocks, if they are prose that can be one.
    fn flush(
        &mut self,
        run: &mut Option<(usize, usize)>,
        section: Option<usize>,
        branch: Option<usize>,
        prose: bool,
    ) {
        let Some((start, end)) = run.take().filter(|_| prose) else {
            return;
        };
        let blocks = &self.page.blocks[start..end];
        let has_text = blocks
            .iter()
            .any(|block| matches!(block.kind, BlockKind::Text));
        let (Some(first), true) = (blocks.first(), has_text) else {
            return;
        };
        let last = blocks.iter().map(|block| block.span.end).max();
        let span = trimmed(
            self.source,
            Span::new(first.span.start, last.unwrap_or(first.span.end)),
        );
        let body = outline::text(self.source, span, first.quotes);
        if !body.text.trim().is_empty() {
            self.make(CellKind::Manual, span, body, section, branch);
        }
    }

    fn branch(
        &mut self,
        block: usize,
        found: &Condition,
        section: Option<usize>,
        branch: Option<usize>,
    ) -> usize {
        let (span, quotes) = (self.page.blocks[block].span, self.page.blocks[block].quotes);
        let text = Span::new(span.start + found.range.start, span.start + found.range.end);
        let body = outline::text(self.source, text, quotes);
        self.make(CellKind::Branch, span, body, section, branch)
    }

    fn place(&mut self, cell: usize, branch: Option<usize>) {
        self.page.cells[cell].branch = branch;
    }

    fn make(
        &mut self,
        kind: CellKind,
        span: Span,
        body: Excerpt,
        section: Option<usize>,
        branch: Option<usize>,
    ) -> usize {
        let first = self.source.slice(span).lines().next().map_or(0, str::len);
        self.made.push(Cell {
            kind,
            span,
            info: Span::new(span.start, span.start + first),
            body,
            section,
            attributes: Attributes::default().shared(),
            interpolations: Vec::new(),
            branch,
        });
        self.made.len() - 1
    }

    /// Puts all cells in order and makes branches indices of that order.
    fn finish(mut self) -> Page {
        if self.made.is_empty() {
            return self.page;
        }
        let written = std::mem::take(&mut self.page.cells);
        let mut order: Vec<usize> = (0..self.made.len()).collect();
        if !self.made.is_sorted_by_key(|cell| cell.span.start) {
            order.sort_by_key(|index| self.made[*index].span.start);
        }
        let mut rank = vec![0; order.len()];
        let mut cells = Vec::with_capacity(written.len() + order.len());
        let mut made: Vec<Option<Cell>> = self.made.into_iter().map(Some).collect();
        let mut written = written.into_iter().peekable();
        for index in order {
            let Some(cell) = made[index].take() else {
                continue;
            };
            while let Some(before) = written.next_if(|next| next.span.start < cell.span.start) {
                cells.push(before);
            }
            rank[index] = cells.len();
            cells.push(cell);
        }
        cells.extend(written);
        for cell in &mut cells {
            cell.branch = cell.branch.map(|branch| rank[branch]);
        }
        self.page.cells = cells;
        self.page
    }
}

/// A span without blanks at its end.
fn trimmed(source: &Source, span: Span) -> Span {
    Span::new(span.start, span.start + source.slice(span).trim_end().len())
}
