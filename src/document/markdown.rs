//! The walk over the page: Markdown's events become sections, cells and an outline.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::commands::look_like_commands;
use super::fence::Fence;
use super::info_string::{UNFINISHED, Words, push_code};
use super::outline::{Block, BlockKind};
use super::{Attributes, Cell, Section, attributes};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Excerpt, Source, Span};

const MISPLACED_COMMENT: Code = Code("RB0108");
const NO_FENCE: Code = Code("RB0116");

/// What the walk found.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The sections in order.
    pub sections: Vec<Section>,
    /// The cells in order.
    pub cells: Vec<Cell>,
    /// The blocks in order, each before its children.
    pub blocks: Vec<Block>,
    /// Indented code that looks like commands.
    pub commands: Vec<Excerpt>,
    /// Whether there is an annotation of ours.
    pub annotated: bool,
    /// What is wrong.
    pub diagnostics: Diagnostics,
}

/// Walks over the page from the byte `from` on, which must begin a line.
pub(super) fn read(source: &Source, from: usize) -> Page {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM;
    let text = source.text().get(from..).unwrap_or_default();
    let mut walk = Walk::new(source);
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        walk.step(&event, Span::new(range.start + from, range.end + from));
    }
    walk.page
}

struct Walk<'a> {
    source: &'a Source,
    page: Page,
    /// Blocks still open, as indices; the innermost last.
    open: Vec<usize>,
    /// Whether the innermost open block is the text of a tight item, which has no end of its own.
    implicit: bool,
    quotes: usize,
    /// Sections still open, the innermost last.
    around: Vec<usize>,
    title: Option<String>,
    fence: Option<Fence<'a>>,
    indented: Option<Excerpt>,
    /// The section whose heading has just ended: a comment of ours may stand here.
    heading: Option<usize>,
}

impl<'a> Walk<'a> {
    fn new(source: &'a Source) -> Self {
        Self {
            source,
            page: Page::default(),
            open: Vec::new(),
            implicit: false,
            quotes: 0,
            around: Vec::new(),
            title: None,
            fence: None,
            indented: None,
            heading: None,
        }
    }

    fn step(&mut self, event: &Event<'_>, span: Span) {
        match event {
            Event::Text(text) => {
                if let Some(fence) = &mut self.fence {
                    fence.push(text, span);
                } else if let Some(code) = &mut self.indented {
                    push_code(code, text, span);
                } else {
                    if let Some(title) = &mut self.title {
                        title.push_str(text);
                    }
                    self.inline(span);
                }
            }
            Event::Code(text) => {
                if let Some(title) = &mut self.title {
                    title.push_str(text);
                }
                self.inline(span);
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some(title) = &mut self.title {
                    title.push(' ');
                }
            }
            Event::TaskListMarker(ticked) => self.task(*ticked),
            Event::InlineHtml(_) => {
                self.comment(span, false);
                self.inline(span);
            }
            Event::Start(tag) => self.start(tag, span),
            Event::End(tag) => self.end(*tag),
            Event::Rule => {
                self.heading = None;
                self.block(BlockKind::Other, span);
                self.close();
            }
            Event::Html(_)
            | Event::FootnoteReference(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_) => {}
        }
    }

    /// Marks the item as a task, wherever its text begins.
    fn task(&mut self, ticked: bool) {
        let item = self
            .open
            .iter()
            .rev()
            .find(|block| matches!(self.page.blocks[**block].kind, BlockKind::Item(_)));
        if let Some(item) = item {
            self.page.blocks[*item].kind = BlockKind::Item(Some(ticked));
        }
    }

    /// Inline content: in a tight item it opens a text of its own.
    fn inline(&mut self, span: Span) {
        let Some(top) = self.open.last().copied() else {
            return;
        };
        if self.implicit {
            let block = &mut self.page.blocks[top];
            block.span.end = block.span.end.max(span.end);
        } else if matches!(self.page.blocks[top].kind, BlockKind::Item(_)) {
            self.heading = None;
            self.push(BlockKind::Text, span);
            self.implicit = true;
        }
    }

    /// Reports lines of a text that were meant to open a fence: `CommonMark` 4.5 allows no
    /// backquote after the backquotes that open one.
    fn no_fence(&mut self, span: Span) {
        static FENCE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("```"));
        if FENCE.find(self.source.slice(span).as_bytes()).is_none() {
            return;
        }
        let mut at = span.start;
        for line in self.source.slice(span).split_inclusive('\n') {
            let text = line.trim_start_matches(|c: char| c.is_whitespace() || c == '>');
            let start = at + (line.len() - text.len());
            at += line.len();
            let text = text.trim_end();
            let words = text.trim_start_matches('`');
            let ticks = text.len() - words.len();
            let language = words
                .trim_start()
                .split('{')
                .next()
                .unwrap_or_default()
                .trim_end();
            if ticks < 3
                || language.is_empty()
                || !language.chars().all(char::is_alphanumeric)
                || !words.ends_with('}')
            {
                continue;
            }
            if let Some(sign) = words.find('`') {
                let sign = start + ticks + sign;
                self.page.annotated = true;
                self.page.diagnostics.push(
                    Diagnostic::error(
                        NO_FENCE,
                        Span::new(sign, sign + 1),
                        "this line opens no fence: no backquote can follow its own",
                    )
                    .help("open and close the fence with `~~~`, or write texts in `\"…\"`"),
                );
            }
        }
    }

    /// Opens a block of the page's own structure.
    fn block(&mut self, kind: BlockKind, span: Span) {
        if self.implicit {
            self.close();
        }
        self.push(kind, span);
    }

    fn push(&mut self, kind: BlockKind, span: Span) {
        let text = self.source.slice(span).as_bytes();
        let last = text.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r'));
        let length = last.map_or(0, |last| last + 1);
        self.open.push(self.page.blocks.len());
        self.page.blocks.push(Block {
            kind,
            span: Span::new(span.start, span.start + length),
            end: 0,
            quotes: self.quotes,
        });
    }

    fn close(&mut self) -> Option<usize> {
        self.implicit = false;
        let index = self.open.pop()?;
        self.page.blocks[index].end = self.page.blocks.len();
        Some(index)
    }

    fn start(&mut self, tag: &Tag<'_>, span: Span) {
        if !matches!(tag, Tag::HtmlBlock) && is_block(tag) {
            self.heading = None;
        }
        match tag {
            Tag::Paragraph => {
                self.no_fence(span);
                self.block(BlockKind::Text, span);
            }
            Tag::Heading { level, .. } if self.quotes == 0 => {
                let section = self.section(*level, span);
                self.block(BlockKind::Heading(section), span);
                self.title = Some(String::new());
            }
            Tag::Heading { .. } => self.block(BlockKind::Text, span),
            Tag::BlockQuote(_) => {
                self.block(BlockKind::Quote, span);
                self.quotes += 1;
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(_)) => {
                self.block(BlockKind::Fence(None), span);
                self.fence = Some(Fence::open(self.source, span));
            }
            Tag::CodeBlock(CodeBlockKind::Indented) => {
                self.block(BlockKind::Other, span);
                self.indented = Some(Excerpt::default());
            }
            Tag::HtmlBlock => {
                self.block(BlockKind::Other, span);
                self.comment(span, true);
            }
            Tag::List(first) => self.block(
                BlockKind::List {
                    ordered: first.is_some(),
                },
                span,
            ),
            Tag::TableHead | Tag::TableRow | Tag::TableCell => {}
            Tag::Item => self.block(BlockKind::Item(None), span),
            tag if is_block(tag) => self.block(BlockKind::Other, span),
            // Emphasis, a link, an image: part of the text, markers included.
            _ => self.inline(span),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                self.close();
                if let Some(title) = self.title.take()
                    && let Some(section) = self.page.sections.last_mut()
                {
                    title.trim().clone_into(&mut section.title);
                    self.heading = Some(self.page.sections.len() - 1);
                }
            }
            TagEnd::BlockQuote(_) => {
                self.quotes = self.quotes.saturating_sub(1);
                self.finish();
            }
            TagEnd::CodeBlock => {
                let block = self.close();
                if let Some(fence) = self.fence.take() {
                    self.fence(fence, block);
                } else if let Some(text) = self.indented.take()
                    && let Some(block) = block
                    && look_like_commands(&text.text)
                {
                    self.page.blocks[block].kind = BlockKind::Commands(self.page.commands.len());
                    self.page.commands.push(text);
                }
            }
            TagEnd::Paragraph
            | TagEnd::HtmlBlock
            | TagEnd::List(_)
            | TagEnd::Item
            | TagEnd::Table
            | TagEnd::FootnoteDefinition
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::MetadataBlock(_) => self.finish(),
            TagEnd::TableHead
            | TagEnd::TableRow
            | TagEnd::TableCell
            | TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::Link
            | TagEnd::Image => {}
        }
    }

    /// Ends the innermost block, and the text of a tight item before it.
    fn finish(&mut self) {
        if self.implicit {
            self.close();
        }
        self.close();
    }

    fn fence(&mut self, fence: Fence<'_>, block: Option<usize>) {
        let made = fence.close(self.source, &mut self.page.diagnostics);
        self.page.annotated |= made.annotated;
        if let Some(mut cell) = made.cell {
            cell.section = self.around.last().copied();
            if let Some(block) = block {
                self.page.blocks[block].kind = BlockKind::Fence(Some(self.page.cells.len()));
            }
            self.page.cells.push(cell);
        }
    }

    fn section(&mut self, level: HeadingLevel, span: Span) -> usize {
        let level = level as u8;
        let length = self.source.slice(span).trim_end().len();
        while self
            .around
            .last()
            .is_some_and(|section| self.page.sections[*section].level >= level)
        {
            self.around.pop();
        }
        let index = self.page.sections.len();
        self.page.sections.push(Section {
            level,
            title: String::new(),
            span: Span::new(span.start, span.start + length),
            parent: self.around.last().copied(),
            attributes: Attributes::default().shared(),
        });
        self.around.push(index);
        index
    }

    /// Reads a comment if it is one of ours, `<!-- runbook: … -->`.
    fn comment(&mut self, span: Span, block: bool) {
        let text = self.source.slice(span);
        let Some(inside) = text.trim_start().strip_prefix("<!--") else {
            if block {
                self.heading = None;
            }
            return;
        };
        let Some(words) = inside.trim_start().strip_prefix("runbook:") else {
            return;
        };
        let start = span.end - words.len();
        let length = words.find("-->");
        let end = start + length.unwrap_or(words.len());
        self.page.annotated = true;
        if length.is_none() {
            let opening = Span::new(span.start, start);
            self.page.diagnostics.push(
                Diagnostic::error(UNFINISHED, opening, "this comment is never closed")
                    .help("write `-->` after the last attribute"),
            );
        }
        let place = Span::new(
            span.start + (text.len() - text.trim_start().len()),
            (end + 3).min(span.end),
        );
        match self.heading.take().filter(|_| block) {
            Some(section) => {
                let mut words = Words::new(self.source, Span::new(start, end), false);
                words.read();
                self.page.diagnostics.extend(words.problems);
                self.page.sections[section].attributes =
                    attributes::of_section(&words.found, &mut self.page.diagnostics).shared();
            }
            None => self.page.diagnostics.push(
                Diagnostic::warning(
                    MISPLACED_COMMENT,
                    place,
                    "this comment says nothing here: it is not right under a heading",
                )
                .help("move it to the line below the heading of its section"),
            ),
        }
    }
}

const fn is_block(tag: &Tag<'_>) -> bool {
    !matches!(
        tag,
        Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough
            | Tag::Superscript
            | Tag::Subscript
            | Tag::Link { .. }
            | Tag::Image { .. }
    )
}
