//! What a site costs beside plain mdBook on the same pages: ratios, measured in one run.
//!
//! `cargo bench --bench site` prints one line for each figure. Milliseconds depend on the machine;
//! ratios hardly do. Nothing here fails a build: figures are for people.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reads the clock and prints"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mdbook_driver::MDBook;
use runbook::journal::Store;
use runbook::site::{Records, Site};

const PAGES: usize = 2000;
const PAIRS: usize = 3;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    pages(root);
    println!(
        "{:<44} {:>7} {:>7} {:>7}   aim",
        "", "median", "least", "most"
    );
    let records = Records::new(
        Store::new(root.join("runs")),
        runbook::script::vocabulary().clone(),
        jiff::Timestamp::now(),
        std::thread::available_parallelism().map_or(2, usize::from),
    );
    let plain = || {
        let book = MDBook::load(root).unwrap();
        book.build().unwrap();
    };
    // With mdBook's own settings, its page of all pages and its search included.
    fs::write(root.join("book.toml"), "[book]\nsrc = \"runbooks\"\n").unwrap();
    let site = Site::find(root, Some(&root.join("site"))).unwrap();
    report("2,000 pages, mdBook's settings / mdBook", || {
        (time(|| drop(site.build(&records).unwrap())), time(plain))
    });
    let changed = BTreeSet::from([PathBuf::from("page-1000.md")]);
    let mut live = site.clone();
    live.live = true;
    live.build(&records).unwrap();
    let took = time(|| assert!(live.refresh(&records, &changed).unwrap()));
    println!(
        "{:<44} {:>6.2}s                   < 1 s",
        "one page changed, of 2,000",
        took.as_secs_f64()
    );
}

/// Prints the ratios of pairs that were measured one after the other.
fn report(name: &str, mut pair: impl FnMut() -> (Duration, Duration)) {
    let mut ratios: Vec<(f64, Duration, Duration)> = (0..PAIRS)
        .map(|_| {
            let (ours, theirs) = pair();
            (ours.as_secs_f64() / theirs.as_secs_f64(), ours, theirs)
        })
        .collect();
    ratios.sort_by(|one, other| one.0.total_cmp(&other.0));
    let middle = ratios[PAIRS / 2];
    println!(
        "{name:<44} {:>6.2}x {:>6.2}x {:>6.2}x   1.3   ({:.1?} / {:.1?})",
        middle.0,
        ratios[0].0,
        ratios[PAIRS - 1].0,
        middle.1,
        middle.2
    );
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Pages as people write them: prose, lists, a few commands and what they print.
fn pages(root: &Path) {
    let folder = root.join("runbooks");
    fs::create_dir(&folder).unwrap();
    let mut summary = String::from("# Summary\n\n");
    for number in 0..PAGES {
        let mut text = format!(
            "---\ntitle: Restart service {number}\nowner: team-{}\ninputs:\n  host: {{type: string, default: db{number}}}\n---\n\n# Restart service {number}\n\n",
            number % 17
        );
        for section in 0..4 {
            let _ = write!(
                text,
                "## Part {section} of service {number}\n\nWhen the service {number} no longer answers, look at its queue first. Most of the time it is\nthe worker that waits for a lock which the nightly report holds; then the restart below is\nsafe, and nothing is lost. See [the page before](page-{:04}.md) for what the numbers mean.\n\n- the queue is shorter than 100\n- the **last** report has ended\n- nobody else is at work on `db{number}`\n\n```bash {{#part-{section} effect=read timeout=2m}}\nsystemctl status \"service-{number}\" --no-pager\njournalctl -u service-{number} --since -1h | tail -n 50\necho ${{{{ host }}}}\n```\n\nThe state should be *active*. If it is not, go on below; the service writes its reason into\nthe journal, and the reason tells which of the parts is at fault.\n\n```text\nActive: active (running) since Mon\n```\n\n",
                number.saturating_sub(1)
            );
        }
        text.push_str("```rhai\nassert part_0.ok, \"it answers\";\n```\n");
        fs::write(folder.join(format!("page-{number:04}.md")), text).unwrap();
        let _ = writeln!(summary, "- [Restart service {number}](page-{number:04}.md)");
    }
    fs::write(folder.join("SUMMARY.md"), summary).unwrap();
}
