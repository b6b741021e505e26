//! The preprocessor: mdBook's chapters in, the same chapters with what we know of them out.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use mdbook_preprocessor::book::{Book, BookItem, Chapter};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext, parse_input};

use super::history::{Archive, History, Past, assign};
use super::index::{self, Listed};
use super::links::{self, Moved};
use super::markup::{self, Reading};
use super::page::Page;
use super::slots::{self, Filling, Slots};
use super::verdict::Verdict;
use super::{Error, mentions, names, runs};
use crate::document::Effect;
use crate::journal::Store;
use crate::language::Vocabulary;
use crate::side_by_side;
use crate::visible::in_order;

/// How many of the newest runs of a runbook have a page.
const PAGED: usize = 10;

/// What the pages are made of, besides themselves.
#[derive(Clone, Debug)]
pub struct Records {
    /// Where the journals are.
    pub runs: Store,
    /// What scripts can call.
    pub vocabulary: Arc<Vocabulary>,
    /// Against when it is told what is stale.
    pub now: Timestamp,
    /// How many pages are read at a time.
    pub threads: usize,
    /// The folder of the pages, where mdBook is given another.
    source: Option<PathBuf>,
    /// Where what we put into pages is kept back, if it is.
    slots: Option<Arc<Slots>>,
    archive: Arc<Archive>,
}

impl Records {
    /// Takes the journals of a store.
    #[must_use]
    pub fn new(runs: Store, vocabulary: Vocabulary, now: Timestamp, threads: usize) -> Self {
        Self {
            runs,
            vocabulary: Arc::new(vocabulary),
            now,
            threads: threads.max(1),
            source: None,
            slots: None,
            archive: Arc::default(),
        }
    }

    /// The same for the pages of a folder, by whose paths the journals know them.
    pub(super) fn of(&self, source: &Path, slots: &Arc<Slots>) -> Self {
        Self {
            source: Some(source.to_owned()),
            slots: Some(Arc::clone(slots)),
            ..self.clone()
        }
    }
}

impl Preprocessor for Records {
    fn name(&self) -> &'static str {
        "runbook"
    }

    fn run(
        &self,
        context: &PreprocessorContext,
        mut book: Book,
    ) -> Result<Book, mdbook_preprocessor::errors::Error> {
        let source = self.source.as_ref().unwrap_or(&context.config.book.src);
        let reading = Reading::of(&context.config.html_config().unwrap_or_default());
        let title = context.config.book.title.as_deref();
        self.weave(source, title, reading, &mut book);
        Ok(book)
    }

    fn supports_renderer(
        &self,
        renderer: &str,
    ) -> Result<bool, mdbook_preprocessor::errors::Error> {
        Ok(supports(renderer))
    }
}

/// Whether what we make is of use to a renderer.
#[must_use]
pub fn supports(renderer: &str) -> bool {
    renderer == "html"
}

/// mdBook's protocol for commands: `[context, book]` comes in as JSON, the book goes out.
///
/// # Errors
/// Where the input is not that, or the output can't be written.
pub fn preprocess(
    input: impl Read,
    output: impl Write,
    records: impl FnOnce(&Path) -> Records,
) -> Result<(), Error> {
    let (context, book) = parse_input(input).map_err(|error| Error::protocol(&error))?;
    let records = records(&context.root);
    let book = records
        .run(&context, book)
        .map_err(|error| Error::protocol(&error))?;
    serde_json::to_writer(output, &book).map_err(|error| Error::Protocol {
        reason: error.to_string(),
    })
}

/// A chapter that is a runbook.
struct Woven {
    /// The address of its page from the root of the site.
    path: String,
    /// Its path in the folder of the pages.
    from: PathBuf,
    page: Page,
    /// Its title; where several have the same, with its path.
    name: String,
    /// The ids of the runs that it names.
    named: Vec<String>,
}

impl Records {
    fn weave(&self, source: &Path, title: Option<&str>, reading: Reading, book: &mut Book) {
        names::settle(book);
        let moved = links::moved(book);
        let past = self.archive.runs(&self.runs);
        let pages = self.read(source, book, &past);
        let known: Vec<(PathBuf, String)> = pages
            .iter()
            .map(|page| match page {
                Some(woven) => (
                    PathBuf::from(woven.page.document().source.name()),
                    woven.page.title().to_owned(),
                ),
                None => (PathBuf::new(), String::new()),
            })
            .collect();
        let named: Vec<(&Path, &str)> = known
            .iter()
            .map(|(path, title)| (path.as_path(), title.as_str()))
            .collect();
        let histories = assign(&named, &past);
        let mut held = Vec::with_capacity(pages.len());
        let mut written = Vec::with_capacity(pages.len());
        for page in self.write(&pages, &histories, reading, &moved) {
            let (text, kept) = page.map_or((None, Vec::new()), |(text, kept)| (Some(text), kept));
            written.push(text);
            held.push(kept);
        }
        if let Some(slots) = &self.slots {
            slots.keep(held);
        }
        let mut number = 0;
        book.for_each_chapter_mut(|chapter| {
            if let Some(text) = written.get_mut(number).and_then(Option::take) {
                chapter.content = text;
            }
            // A book of somebody else is theirs.
            if self.slots.is_some() {
                for text in [&mut chapter.name, &mut chapter.content] {
                    if let Cow::Owned(seen) = in_order(text) {
                        *text = seen;
                    }
                }
            }
            number += 1;
        });
        let runbooks: Vec<(&Woven, &History)> = pages
            .iter()
            .zip(&histories)
            .filter_map(|(page, history)| Some((page.as_ref()?, history)))
            .filter(|(woven, history)| woven.page.is_runbook() || !history.runs.is_empty())
            .collect();
        let named: BTreeSet<&str> = pages
            .iter()
            .flatten()
            .flat_map(|woven| woven.named.iter().map(String::as_str))
            .collect();
        self.add_runs(book, &runbooks, &past, named);
        self.add_index(book, &runbooks, title);
    }

    /// Reads the chapters, several at a time; nothing for those that are no Markdown files.
    fn read(&self, source: &Path, book: &mut Book, past: &[Arc<Past>]) -> Vec<Option<Woven>> {
        let known: HashSet<&str> = past.iter().map(|past| past.run.id.as_str()).collect();
        let mut chapters: Vec<Option<(PathBuf, String, String)>> = Vec::new();
        book.for_each_chapter_mut(|chapter| {
            chapters.push(match (&chapter.source_path, &chapter.path) {
                (Some(from), Some(to)) => Some((
                    from.clone(),
                    names::address(to),
                    std::mem::take(&mut chapter.content),
                )),
                _ => None,
            });
        });
        let read = |chapter: &Option<(PathBuf, String, String)>| {
            let (from, path, text) = chapter.as_ref()?;
            let name = source.join(from);
            let page = Page::read(&name.to_string_lossy(), text, &self.vocabulary);
            let named = mentions::named(text, &known);
            Some(Woven {
                path: path.clone(),
                from: from.clone(),
                name: page.title().to_owned(),
                page,
                named: named.into_iter().map(str::to_owned).collect(),
            })
        };
        let mut pages = side_by_side::all(&chapters, self.threads, read);
        let shown: Vec<String> = pages
            .iter()
            .flatten()
            .map(|woven| woven.name.clone())
            .collect();
        let repeated = names::repeated(shown.iter().map(String::as_str));
        for (page, chapter) in pages.iter_mut().zip(&chapters) {
            if let (Some(woven), Some((from, _, _))) = (page, chapter)
                && repeated.contains(woven.name.as_str())
            {
                woven.name = names::told_apart(&woven.name, from);
            }
        }
        pages
    }

    /// The text of each page, and what is kept back of it.
    fn write(
        &self,
        pages: &[Option<Woven>],
        histories: &[History],
        reading: Reading,
        moved: &Moved,
    ) -> Vec<Option<(String, Vec<String>)>> {
        let all: Vec<_> = pages.iter().zip(histories).enumerate().collect();
        side_by_side::all(&all, self.threads, |(number, (page, history))| {
            let woven = page.as_ref()?;
            let follow = |text: String| {
                let edits = links::follow(&text, reading, &woven.from, moved);
                if edits.is_empty() {
                    text
                } else {
                    markup::edited(&text, edits)
                }
            };
            let root = "../".repeat(woven.path.matches('/').count());
            let named: Vec<&str> = woven.named.iter().map(String::as_str).collect();
            if !woven.page.is_runbook() && history.runs.is_empty() {
                // What is no runbook stays as it was, but for front matter, which is no text.
                let document = woven.page.document();
                let text = document.source.text();
                let text = text.get(document.front_matter.span.end..).unwrap_or(text);
                let text = markup::edited(text, mentions::links(text, &named, &root));
                // A site of ours is safe throughout; in a book of somebody else such a page is theirs.
                let text = if self.slots.is_some() {
                    markup::tame(&text, reading).into_owned()
                } else {
                    text
                };
                return Some((follow(text), Vec::new()));
            }
            let slot = if self.slots.is_some() { *number } else { 0 };
            let mut filling = Filling::new(slot);
            let text = woven
                .page
                .markdown(history, self.now, &root, reading, &named, &mut filling);
            let text = follow(text);
            if self.slots.is_some() {
                Some((text, filling.held()))
            } else {
                // What is ours has not to be tamed, so it is put in last.
                Some((slots::filled(&text, &[filling.held()]), Vec::new()))
            }
        })
    }

    /// A page for each of the newest runs, and for those that the pages refer to.
    fn add_runs(
        &self,
        book: &mut Book,
        runbooks: &[(&Woven, &History)],
        past: &[Arc<Past>],
        named: BTreeSet<&str>,
    ) {
        let mut wanted: BTreeSet<&str> = named;
        let mut of: HashMap<&str, &Woven> = HashMap::new();
        for (woven, history) in runbooks {
            for past in &history.runs {
                of.insert(past.run.id.as_str(), woven);
            }
            let newest = history.runs.iter().take(PAGED);
            wanted.extend(newest.map(|past| past.run.id.as_str()));
        }
        let mut referred: Vec<Arc<Past>> = Vec::new();
        for (woven, history) in runbooks {
            for step in &woven.page.graph.steps {
                let verified = history.step(step.id.as_str(), self.now);
                referred.extend(verified.passed);
                referred.extend(verified.last.map(|(_, past)| past));
                referred.extend(verified.rehearsed.map(|(_, past)| past));
            }
        }
        wanted.extend(referred.iter().map(|past| past.run.id.as_str()));
        let orphans = past
            .iter()
            .filter(|past| !of.contains_key(past.run.id.as_str()))
            .take(PAGED);
        wanted.extend(orphans.map(|past| past.run.id.as_str()));
        let shown: Vec<(&Past, Option<&Woven>)> = past
            .iter()
            .filter(|past| wanted.contains(past.run.id.as_str()))
            .map(|past| (past.as_ref(), of.get(past.run.id.as_str()).copied()))
            .collect();
        if shown.is_empty() {
            return;
        }
        let rows: Vec<_> = shown
            .iter()
            .map(|(past, woven)| {
                (
                    *past,
                    woven.map(|woven| (woven.path.as_str(), woven.name.as_str())),
                )
            })
            .collect();
        let mut list = chapter(
            "Runs",
            format!("<h1 id=\"runs\">Runs</h1>{}", runs::table(&rows)),
            free(book, &["runs/index", "runs/list", "runs/all-runs"]).unwrap_or("all-runs"),
        );
        for (past, woven) in shown {
            let mut effects: HashMap<String, Effect> = HashMap::new();
            if let Some(woven) = woven {
                let graph = &woven.page.graph;
                for (at, step) in graph.steps.iter().enumerate() {
                    effects.insert(step.id.as_str().to_owned(), graph.effect(at));
                }
            }
            let page = woven.map(|woven| (woven.path.as_str(), woven.name.as_str()));
            let html = runs::html(past, page, &effects);
            let path = runs::path_of(&past.run.id);
            let mut run = chapter(&runs::name(past), html, &path);
            run.parent_names = vec!["Runs".to_owned()];
            list.sub_items.push(BookItem::Chapter(run));
        }
        book.items.push(BookItem::Separator);
        book.items.push(BookItem::Chapter(list));
    }

    /// The list of all runbooks: the first page, where the book has none of its own.
    fn add_index(&self, book: &mut Book, runbooks: &[(&Woven, &History)], title: Option<&str>) {
        if runbooks.is_empty() {
            return;
        }
        let listed: Vec<Listed<'_>> = runbooks
            .iter()
            .map(|(woven, history)| {
                let last = history.last().or_else(|| history.rehearsed());
                let digest = last.and_then(|past| past.report.head.as_ref());
                Listed {
                    path: woven.path.clone(),
                    title: &woven.name,
                    owner: woven.page.document().front_matter.owner.as_deref(),
                    steps: woven.page.steps(),
                    broken: !woven.page.document().plain && woven.page.diagnostics.has_errors(),
                    changed: digest.is_some_and(|head| head.digest != woven.page.digest),
                    history,
                    verdict: Verdict::of(&woven.page.graph, history, self.now),
                }
            })
            .collect();
        let html = index::html(title.unwrap_or("Runbooks"), &listed, self.now);
        let Some(name) = free(book, &["index", "runbooks", "all-runbooks"]) else {
            return;
        };
        let list = BookItem::Chapter(chapter("All runbooks", html, name));
        if name == "index" {
            book.items.insert(0, list);
        } else {
            book.items.push(list);
        }
    }
}

/// The first of some names of pages that no page of the book has.
fn free<'a>(book: &Book, names: &[&'a str]) -> Option<&'a str> {
    let taken: BTreeSet<PathBuf> = book
        .chapters()
        .filter_map(|chapter| chapter.path.clone())
        .collect();
    names
        .iter()
        .copied()
        .find(|name| !taken.contains(Path::new(&format!("{name}.md"))))
}

/// A chapter of ours.
fn chapter(name: &str, html: String, path: &str) -> Chapter {
    let mut chapter = Chapter::new(name, html, format!("{path}.md"), Vec::new());
    // No file is behind it.
    chapter.source_path = None;
    chapter
}
