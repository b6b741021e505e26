//! Makes a site of a folder: mdBook's configuration with our preprocessor and theme.
//!
//! mdBook wants the files of a theme below the root of the book. Ours are in the program, so the
//! book's root is a folder of links to what the real root holds, with ours beside them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use mdbook_driver::MDBook;
use mdbook_driver::book::{Book, BookItem};
use mdbook_driver::config::{Config, HtmlConfig};
use tempfile::TempDir;

use super::book::Records;
use super::markup::Reading;
use super::slots::Slots;
use super::theme::{SCRIPT, START, STYLES, TEMPLATES};
use super::{Error, folder, links, places, summary};

/// A site to build: where its book is and where it goes.
#[derive(Clone, Debug)]
pub struct Site {
    /// The book's root: the folder of `book.toml`, if there is one.
    pub root: PathBuf,
    /// The folder of the pages.
    pub source: PathBuf,
    /// Where the site goes.
    pub output: PathBuf,
    /// Whether pages reload when the site changes.
    pub live: bool,
    /// Whether there is a `book.toml`, which then says what is in the book.
    settled: bool,
    config: Config,
}

/// A site that was built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Built {
    /// How many pages it has.
    pub pages: usize,
    /// What was left out and why, for people.
    pub left_out: Vec<String>,
}

impl Site {
    /// Finds the book of a folder: its `book.toml`; else its `runbooks`; else the folder itself.
    ///
    /// # Errors
    /// Where there is no such folder, or `book.toml` is wrong.
    pub fn find(folder: &Path, output: Option<&Path>) -> Result<Self, Error> {
        if !folder.is_dir() {
            return Err(Error::Missing {
                folder: folder.display().to_string(),
            });
        }
        // The folder of the pages may be named as well as the folder around it.
        let above = folder.parent().filter(|above| {
            !folder.join("book.toml").exists()
                && read(above).is_ok_and(|config| {
                    above.join("book.toml").exists() && above.join(&config.book.src) == folder
                })
        });
        let root = above.unwrap_or(folder).to_owned();
        let settled = root.join("book.toml").exists();
        let mut config = read(&root)?;
        let source = if settled {
            root.join(&config.book.src)
        } else if root.join("runbooks").is_dir() {
            root.join("runbooks")
        } else {
            root.clone()
        };
        if !source.is_dir() {
            return Err(Error::Missing {
                folder: source.display().to_string(),
            });
        }
        if !settled {
            config.book.title = Some("Runbooks".to_owned());
            // Each page prints well by itself; all of them in one is a page that nobody opens.
            set(&mut config, "output.html.print.enable", false)?;
            // `{{#include …}}` would take any file of this machine into the site; only a book that
            // was set up as one wants that.
            config.build.use_default_preprocessors = false;
            set(&mut config, "preprocessor.index.renderers", ["html"])?;
        }
        let output = output.map_or_else(|| root.join(&config.build.build_dir), Path::to_owned);
        Ok(Self {
            root,
            source,
            output,
            live: false,
            settled,
            config,
        })
    }

    /// Builds the whole site.
    ///
    /// # Errors
    /// Where a page or the configuration is wrong, or the folder of the site is something else's.
    pub fn build(&self, records: &Records) -> Result<Built, Error> {
        let parts = self.renderers();
        folder::check(&self.output, &self.source, &self.root, &parts)?;
        let stage = self.stage()?;
        let (mut book, mut left_out) = self.load(&stage, &self.output)?;
        let pages = book.book.chapters().count();
        if pages == 0 {
            return Err(Error::Empty {
                folder: self.source.display().to_string(),
                left_out: left_out
                    .iter()
                    .map(|reason| format!("; {reason}"))
                    .collect(),
            });
        }
        left_out.extend(places::shared(&book.book));
        left_out.extend(links::dead(
            &book.book,
            &self.source,
            Reading::of(&self.html()),
        ));
        let slots: Arc<Slots> = Arc::default();
        book.with_preprocessor(records.of(&self.source, &slots));
        let built = book.build().map_err(|error| Error::book(&error));
        // Also where a renderer failed, which leaves what the others made; and after mdBook, which
        // empties the folder.
        if self.output.is_dir() {
            folder::mark(&self.output)?;
        }
        built?;
        slots.fill(&self.output)?;
        Ok(Built { pages, left_out })
    }

    /// The folder of the site itself: mdBook gives each renderer one, where a book has several.
    #[must_use]
    pub fn pages(&self) -> PathBuf {
        self.of_html(&self.output)
    }

    fn of_html(&self, output: &Path) -> PathBuf {
        if self.renderers().len() > 1 {
            output.join("html")
        } else {
            output.to_owned()
        }
    }

    /// The names of the book's renderers; HTML is always one.
    fn renderers(&self) -> Vec<String> {
        let tables = self.config.outputs::<serde_json::Value>();
        let mut names: BTreeSet<String> = tables.unwrap_or_default().into_keys().collect();
        names.insert("html".to_owned());
        names.into_iter().collect()
    }

    /// Builds some pages anew, by their paths in the folder of the pages; the list of pages and the
    /// search keep what they had. Says whether it could.
    ///
    /// # Errors
    /// Where a page is wrong.
    pub fn refresh(&self, records: &Records, changed: &BTreeSet<PathBuf>) -> Result<bool, Error> {
        let stage = self.stage()?;
        let apart = stage.path().join(APART);
        let (mut book, _) = self.load(&stage, &apart)?;
        let wanted = around(&book.book, changed);
        if wanted.is_empty() {
            return Ok(false);
        }
        keep(&mut book.book.items, &wanted);
        // Nothing but the pages themselves is wanted of this.
        set(&mut book.config, "output.html.search.enable", false)?;
        set(&mut book.config, "output.html.print.enable", false)?;
        let slots: Arc<Slots> = Arc::default();
        book.with_preprocessor(records.of(&self.source, &slots));
        book.build().map_err(|error| Error::book(&error))?;
        slots.fill(&apart)?;
        for path in changed {
            let page = super::names::settled(path).with_extension("html");
            let page = match page.file_name().and_then(|name| name.to_str()) {
                Some(name) if name.eq_ignore_ascii_case("readme.html") => {
                    page.with_file_name("index.html")
                }
                _ => page,
            };
            let (from, to) = (self.of_html(&apart).join(&page), self.pages().join(&page));
            if from.is_file() {
                fs::copy(&from, &to).map_err(|error| Error::write(&to, &error))?;
            }
        }
        Ok(true)
    }

    /// The list of pages beside each page, as it was built last.
    #[must_use]
    pub fn list(&self) -> Option<Vec<u8>> {
        fs::read(self.output.join("toc.html")).ok()
    }

    /// The folder of links that mdBook takes for the root.
    fn stage(&self) -> Result<TempDir, Error> {
        let failed = |error: std::io::Error| Error::write(&self.root, &error);
        let stage = tempfile::Builder::new()
            .prefix("runbook-site.")
            .tempdir()
            .map_err(failed)?;
        for entry in fs::read_dir(&self.root).map_err(failed)?.flatten() {
            let name = entry.file_name();
            if name != "theme" && name != PAGES && name != APART {
                symlink(entry.path(), stage.path().join(name)).map_err(failed)?;
            }
        }
        let theme = stage.path().join("theme");
        fs::create_dir(&theme).map_err(failed)?;
        let own = self.own_theme();
        if own.is_dir() {
            for entry in fs::read_dir(&own).map_err(failed)?.flatten() {
                symlink(entry.path(), theme.join(entry.file_name())).map_err(failed)?;
            }
        }
        if self.takes_templates() {
            for (name, text) in TEMPLATES {
                fs::write(theme.join(name), text).map_err(failed)?;
            }
        }
        for (name, text) in [STYLES, SCRIPT, START] {
            let path = stage.path().join(name);
            if !path.exists() {
                fs::write(path, text).map_err(failed)?;
            }
        }
        if !self.settled {
            let all = self.source != self.root;
            link_pages(&self.source, &stage.path().join(PAGES), &self.output, all)
                .map_err(failed)?;
        }
        Ok(stage)
    }

    /// Whether our templates are used: a book with templates of its own, or with scripts from
    /// elsewhere, keeps what it has.
    fn takes_templates(&self) -> bool {
        let own = self.own_theme();
        !self.html().mathjax_support && !TEMPLATES.iter().any(|(name, _)| own.join(name).exists())
    }

    /// Whether the folder of links leads to the pages by the book's own name for their folder.
    fn is_linked(&self) -> bool {
        let named = &self.config.book.src;
        let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        named.components().count() > 0
            && named
                .components()
                .all(|part| matches!(part, Component::Normal(_)))
            // mdBook copies what is beside the pages, and leaves the site out by its name only.
            && !real(&self.output).starts_with(real(&self.source))
    }

    fn html(&self) -> HtmlConfig {
        self.config.html_config().unwrap_or_default()
    }

    fn own_theme(&self) -> PathBuf {
        self.html().theme_dir(&self.root)
    }

    /// The book as mdBook loads it, set to go into a folder.
    fn load(&self, stage: &TempDir, output: &Path) -> Result<(MDBook, Vec<String>), Error> {
        let mut config = self.config.clone();
        let html = self.html();
        config.book.src = if self.settled && self.is_linked() {
            // mdBook puts it into the links to edit a page, where the way on this machine has no place.
            self.config.book.src.clone()
        } else if self.settled {
            self.source.clone()
        } else {
            stage.path().join(PAGES)
        };
        let source = if self.settled {
            self.source.clone()
        } else {
            config.book.src.clone()
        };
        output.clone_into(&mut config.build.build_dir);
        config.build.create_missing = false;
        set(&mut config, "output.html.theme", stage.path().join("theme"))?;
        // The book may name our files itself, so that mdBook alone builds it as well.
        let named = |files: &[PathBuf], name: &str| {
            files
                .iter()
                .any(|file| file.file_name().is_some_and(|file| file == name))
        };
        let mut styles = html.additional_css.clone();
        if !named(&styles, STYLES.0) {
            styles.insert(0, PathBuf::from(STYLES.0));
        }
        let mut scripts = html.additional_js.clone();
        if !named(&scripts, SCRIPT.0) {
            scripts.push(PathBuf::from(SCRIPT.0));
        }
        // The template wants it first.
        if self.takes_templates() && !named(&scripts, START.0) {
            scripts.insert(0, PathBuf::from(START.0));
        }
        set(&mut config, "output.html.additional-css", styles)?;
        set(&mut config, "output.html.additional-js", scripts)?;
        if !config.contains_key("output.html.playground.runnable") {
            // Code in Rust would ask another host to run it.
            set(&mut config, "output.html.playground.runnable", false)?;
        }
        if config.book.src.is_absolute() && html.edit_url_template.is_some() {
            // No link is better than one that tells where the book is on this machine.
            set(&mut config, "output.html.edit-url-template", "")?;
        }
        if self.live {
            set(&mut config, "output.html.live-reload-endpoint", "__reload")?;
            set(&mut config, "output.html.site-url", "/")?;
            // A page that is built alone must find the files of the others.
            set(&mut config, "output.html.hash-files", false)?;
        }
        let root = stage.path().to_owned();
        let failed = |error| Error::book(&error);
        let order = source.join("SUMMARY.md");
        if order.exists() {
            places::check(&order)?;
            let book = MDBook::load_with_config(root, config).map_err(failed)?;
            return Ok((book, Vec::new()));
        }
        let (summary, left_out) = summary::of_folder(&source, &self.output);
        let book = MDBook::load_with_config_and_summary(root, config, summary).map_err(failed)?;
        Ok((book, left_out))
    }
}

/// In the folder of links: the pages, and what is built apart.
const PAGES: &str = ".pages";
const APART: &str = ".apart";
/// What a page shows.
const IMAGES: [&str; 7] = ["png", "jpg", "jpeg", "gif", "svg", "webp", "avif"];

/// Links to the pages of a folder and what they may refer to: without `all`, images only. What is
/// hidden, generated or leads out of the folder is no part of a site.
fn link_pages(from: &Path, to: &Path, output: &Path, all: bool) -> std::io::Result<()> {
    fs::create_dir(to)?;
    let real = fs::canonicalize(from)?;
    for entry in fs::read_dir(from)?.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let text = name.to_string_lossy();
        if text.starts_with('.') || path == output || name.to_str().is_none() {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !summary::SKIPPED.contains(&text.as_ref()) {
                link_pages(&path, &to.join(&name), output, all)?;
            }
            continue;
        }
        let image = path
            .extension()
            .and_then(|ending| ending.to_str())
            .is_some_and(|ending| IMAGES.contains(&ending.to_ascii_lowercase().as_str()));
        let inside = fs::canonicalize(&path).is_ok_and(|target| target.starts_with(&real));
        if path.is_file() && inside && (all || image || summary::is_page(&path)) {
            symlink(fs::canonicalize(&path)?, to.join(&name))?;
        }
    }
    Ok(())
}

fn read(root: &Path) -> Result<Config, Error> {
    let path = root.join("book.toml");
    if path.exists() {
        Config::from_disk(&path).map_err(|error| Error::settings(&path, &error))
    } else {
        Ok(Config::default())
    }
}

fn set(config: &mut Config, key: &str, value: impl serde::Serialize) -> Result<(), Error> {
    config.set(key, value).map_err(|error| Error::book(&error))
}

/// The pages that changed and those beside them, whose links lead to each other.
fn around(book: &Book, changed: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let paths: Vec<PathBuf> = book
        .chapters()
        .filter_map(|chapter| chapter.source_path.clone())
        .collect();
    let mut wanted = BTreeSet::new();
    for (at, path) in paths.iter().enumerate() {
        if changed.contains(path) {
            let near = at.saturating_sub(1)..(at + 2).min(paths.len());
            wanted.extend(paths[near].iter().cloned());
        }
    }
    wanted
}

/// Leaves out the chapters that are not wanted, and those below which none is.
fn keep(items: &mut Vec<BookItem>, wanted: &BTreeSet<PathBuf>) {
    items.retain_mut(|item| {
        let BookItem::Chapter(chapter) = item else {
            return false;
        };
        keep(&mut chapter.sub_items, wanted);
        let own = chapter
            .source_path
            .as_ref()
            .is_some_and(|path| wanted.contains(path));
        if !own {
            // It only holds the others together.
            chapter.path = None;
            chapter.source_path = None;
        }
        own || !chapter.sub_items.is_empty()
    });
}
