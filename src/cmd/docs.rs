//! `runbook docs`: the site of the runbooks, built, served, and as mdBook's preprocessor.

mod args;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use runbook::diagnostic::count;
use runbook::side_by_side;
use runbook::site::{self, Built, Error, Records, Server, Site};
use runbook::value::show_duration;

use args::{DocsBuild, DocsCommand, DocsPreprocess, DocsServe};

pub(crate) use args::Docs;

use super::failure::{Failure, Kind};
use super::project::Project;
use super::rooms;
use super::surroundings::{Surroundings, complain, print};

/// How often the pages are looked at.
const LOOK: Duration = Duration::from_millis(150);

/// How many looks in a row without a change are a pause.
const PAUSE: u8 = 20;

/// Does what is wanted of the site.
///
/// # Errors
/// Where there is no site to be had.
pub(crate) fn docs(args: &Docs, surroundings: &Surroundings) -> Result<u8, Failure> {
    match &args.command {
        DocsCommand::Build(args) => build(args, surroundings),
        DocsCommand::Serve(args) => serve(args, surroundings),
        DocsCommand::Preprocess(args) => preprocess(args, surroundings),
    }
}

fn build(args: &DocsBuild, surroundings: &Surroundings) -> Result<u8, Failure> {
    let site = find(args, surroundings)?;
    let records = records(&site.root, surroundings)?;
    let began = records.now;
    let built = site.build(&records).map_err(failure)?;
    tell(&built, surroundings)?;
    let took = rooms::bare_world().now().duration_since(began);
    print(&format!(
        "{} in {} ({})\n",
        count(built.pages, "page"),
        shown(&site.pages(), surroundings)
            .join("index.html")
            .display(),
        show_duration(took.try_into().unwrap_or_default()),
    ))?;
    Ok(0)
}

fn find(args: &DocsBuild, surroundings: &Surroundings) -> Result<Site, Failure> {
    let folder: PathBuf = surroundings
        .directory
        .join(&args.folder)
        .components()
        .collect();
    let output = args
        .dest
        .as_ref()
        .map(|dest| surroundings.directory.join(dest));
    Site::find(&folder, output.as_deref()).map_err(failure)
}

fn records(root: &Path, surroundings: &Surroundings) -> Result<Records, Failure> {
    let project = Project::find(root, surroundings)?;
    Ok(Records::new(
        project.store(),
        rooms::vocabulary().clone(),
        rooms::bare_world().now(),
        side_by_side::cores(),
    ))
}

/// Says what was left out.
fn tell(built: &Built, surroundings: &Surroundings) -> Result<(), Failure> {
    for reason in &built.left_out {
        surroundings.warn(reason)?;
    }
    Ok(())
}

fn shown<'a>(path: &'a Path, surroundings: &Surroundings) -> &'a Path {
    path.strip_prefix(&surroundings.directory).unwrap_or(path)
}

fn failure(error: Error) -> Failure {
    let help = match &error {
        Error::Empty { .. } | Error::Missing { .. } => {
            Some("name the folder of the runbooks, as in `runbook docs build ops`")
        }
        Error::Occupied { .. } => Some("choose an empty folder with `--dest`"),
        Error::Protocol { .. } => Some(
            "mdBook runs this itself; put `[preprocessor.runbook]` with `command = \"runbook docs preprocess\"` into book.toml",
        ),
        Error::Summary { .. }
        | Error::Settings { .. }
        | Error::Book { .. }
        | Error::File { .. } => None,
    };
    let kind = match &error {
        Error::File { .. } => Kind::Output,
        _ => Kind::Wrong,
    };
    Failure::new(kind, error.to_string()).maybe_help(help.map(str::to_owned))
}

/// mdBook asks first whether a renderer is supported, then gives the book.
fn preprocess(args: &DocsPreprocess, surroundings: &Surroundings) -> Result<u8, Failure> {
    match args.question.as_slice() {
        [] => {
            let mut failed = None;
            let read = io::stdin().lock();
            let mut text = Vec::new();
            site::preprocess(read, &mut text, |root| {
                records(root, surroundings).unwrap_or_else(|failure| {
                    failed = Some(failure);
                    let store = runbook::journal::Store::new(root.join(".runbook/runs"));
                    let now = rooms::bare_world().now();
                    Records::new(store, rooms::vocabulary().clone(), now, 1)
                })
            })
            .map_err(failure)?;
            if let Some(failed) = failed {
                return Err(failed);
            }
            let mut out = io::stdout().lock();
            out.write_all(&text)?;
            out.flush()?;
            Ok(0)
        }
        [word, renderer] if word == "supports" => Ok(u8::from(!site::supports(renderer))),
        _ => Err(Failure::wrong(
            "`docs preprocess` takes nothing, or `supports RENDERER`",
        )),
    }
}

fn serve(args: &DocsServe, surroundings: &Surroundings) -> Result<u8, Failure> {
    let mut site = find(&args.build, surroundings)?;
    site.live = true;
    let server = bind(&site, args.port)?;
    let mut records = records(&site.root, surroundings)?;
    tell(&site.build(&records).map_err(failure)?, surroundings)?;
    let failed =
        |error: &io::Error| Failure::new(Kind::Refused, "the site can't be served").because(error);
    server.start().map_err(|error| failed(&error))?;
    let port = server.port().map_err(|error| failed(&error))?;
    print(&format!("http://127.0.0.1:{port}/ (Ctrl-C ends it)\n"))?;
    watch(&site, &server, &mut records, surroundings)
}

fn bind(site: &Site, port: u16) -> Result<Server, Failure> {
    Server::bind(&site.pages(), port).map_err(|error| {
        if error.kind() != ErrorKind::AddrInUse {
            return Failure::refused(format!("port {port} can't be had")).because(&error);
        }
        let help = Server::free_after(port).map(|free| format!("`--port {free}` is free"));
        Failure::refused(format!("port {port} is taken")).maybe_help(help)
    })
}

/// What a folder looked like.
type Seen = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Looks at the pages and the journals until it is ended, and builds what has changed.
fn watch(
    site: &Site,
    server: &Server,
    records: &mut Records,
    surroundings: &Surroundings,
) -> Result<u8, Failure> {
    let mut before = look(site, records);
    // The list of pages, the search and the index know of a change only when all is built.
    let mut behind = None;
    loop {
        thread::sleep(LOOK);
        let now = look(site, records);
        if now == before {
            behind = match behind {
                // Somebody who writes saves often; the rest can wait for a pause.
                Some(0) => {
                    // Where titles changed, so did the list beside each page.
                    let list = site.list();
                    let built = server.alone(|| site.build(records));
                    if site.list() != list {
                        server.tell();
                    }
                    say(&built, "all pages", surroundings)?;
                    None
                }
                Some(left) => Some(left - 1),
                None => None,
            };
            continue;
        }
        let changed = only_pages(site, &before, &now);
        before = now;
        records.now = rooms::bare_world().now();
        let quick = match &changed {
            Some(pages) => server
                .change(|| site.refresh(records, pages))
                .unwrap_or(false),
            None => false,
        };
        if quick {
            let took = rooms::bare_world().now().duration_since(records.now);
            let took = show_duration(took.try_into().unwrap_or_default());
            print(&format!(
                "{} changed ({took})\n",
                count(changed.map_or(0, |pages| pages.len()), "page")
            ))?;
            behind = Some(PAUSE);
        } else {
            behind = None;
            let built = server.change(|| site.build(records));
            say(&built, "the site", surroundings)?;
        }
    }
}

fn say(
    built: &Result<Built, Error>,
    what: &str,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    match built {
        Ok(built) => {
            tell(built, surroundings)?;
            print(&format!(
                "{what} built anew ({})\n",
                count(built.pages, "page")
            ))
        }
        // The author is still writing: the next change may mend it.
        Err(error) => complain(&format!("error: {error}\n")),
    }
}

/// All files that the site is made of.
fn look(site: &Site, records: &Records) -> Seen {
    let mut seen = Seen::new();
    walk(&site.source, &site.output, 0, &mut seen);
    walk(&records.runs.root, &site.output, 0, &mut seen);
    note(&site.root.join("book.toml"), &mut seen);
    seen
}

fn walk(folder: &Path, output: &Path, depth: usize, seen: &mut Seen) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if hidden || path == output {
            continue;
        }
        if kind.is_dir() {
            let name = entry.file_name();
            if depth < 32 && name != "target" && name != "node_modules" {
                walk(&path, output, depth + 1, seen);
            }
        } else {
            note(&path, seen);
        }
    }
}

fn note(path: &Path, seen: &mut Seen) {
    if let Ok(facts) = path.metadata() {
        seen.insert(path.to_owned(), (facts.modified().ok(), facts.len()));
    }
}

/// The pages that changed, where nothing but the text of pages did.
fn only_pages(site: &Site, before: &Seen, now: &Seen) -> Option<BTreeSet<PathBuf>> {
    if !before.keys().eq(now.keys()) {
        return None;
    }
    let changed = now
        .iter()
        .filter(|(path, facts)| before.get(*path) != Some(facts));
    changed
        .map(|(path, _)| {
            let page = path.strip_prefix(&site.source).ok()?;
            let is_page = page.extension().is_some_and(|ending| ending == "md");
            (is_page && !page.ends_with("SUMMARY.md")).then(|| page.to_owned())
        })
        .collect()
}
