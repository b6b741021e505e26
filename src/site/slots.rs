//! What we put into pages, kept back while mdBook works on them.
//!
//! mdBook takes the HTML in a page apart and puts it together again, at a cost that grows with it.
//! What is ours needs none of that: while the book is built a slot stands in its place, with the
//! text that the search should find, and the pages are filled in where they were written.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::Error;

/// How a slot begins; a page that holds this by itself keeps it as it is.
const OPEN: &str = "<!--runbook-slot:";
const END: &str = "-->";

/// What goes into the slots: by the page's number, then the slot's.
#[derive(Debug, Default)]
pub(super) struct Slots(Mutex<Vec<Vec<String>>>);

/// The slots of one page while it is made.
#[derive(Debug, Default)]
pub(super) struct Filling {
    /// The page's number.
    page: usize,
    held: Vec<String>,
}

impl Filling {
    pub(super) const fn new(page: usize) -> Self {
        Self {
            page,
            held: Vec::new(),
        }
    }

    /// Takes a piece of HTML, and gives what stands for it on the page; `text` is what the search
    /// should find there, as HTML.
    pub(super) fn put(&mut self, html: String, text: impl FnOnce() -> String) -> String {
        let page = self.page;
        let number = self.held.len();
        self.held.push(html);
        let key = format!("{page}:{number}");
        format!("{OPEN}{key}{END}{}<!--/{key}{END}", text())
    }

    /// What was taken.
    pub(super) fn held(self) -> Vec<String> {
        self.held
    }
}

impl Slots {
    /// Keeps what was taken from each page.
    pub(super) fn keep(&self, pages: Vec<Vec<String>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = pages;
    }

    /// Fills in the pages of a folder.
    pub(super) fn fill(&self, folder: &Path) -> Result<(), Error> {
        let pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        fill(folder, &pages)
    }
}

fn fill(folder: &Path, pages: &[Vec<String>]) -> Result<(), Error> {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            fill(&path, pages)?;
        } else if path.extension().is_some_and(|ending| ending == "html")
            && let Ok(text) = fs::read_to_string(&path)
            && text.contains(OPEN)
        {
            fs::write(&path, filled(&text, pages)).map_err(|error| Error::write(&path, &error))?;
        }
    }
    Ok(())
}

/// A text with its slots filled.
pub(super) fn filled(text: &str, pages: &[Vec<String>]) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some((before, html, after)) = next(rest, pages) {
        out.push_str(before);
        out.push_str(html);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The next slot that is ours: what comes before it, what goes into it, what comes after it.
fn next<'a>(text: &'a str, pages: &'a [Vec<String>]) -> Option<(&'a str, &'a str, &'a str)> {
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find(OPEN)?;
        let inside = &text[start + OPEN.len()..];
        from = start + OPEN.len();
        let Some((key, rest)) = inside.split_once(END) else {
            continue;
        };
        let html = key.split_once(':').and_then(|(page, number)| {
            pages
                .get(page.parse::<usize>().ok()?)?
                .get(number.parse::<usize>().ok()?)
        });
        let close = format!("<!--/{key}{END}");
        if let (Some(html), Some(end)) = (html, rest.find(&close)) {
            return Some((&text[..start], html, &rest[end + close.len()..]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_filled_and_a_forged_one_stays() {
        let mut filling = Filling::new(0);
        let slot = filling.put("<b>long</b>".to_owned(), || "<pre>ls</pre>".to_owned());
        let page = format!("a {slot} b <!--runbook-slot:7:0-->c <!--runbook-slot:x");
        assert_eq!(
            filled(&page, &[filling.held()]),
            "a <b>long</b> b <!--runbook-slot:7:0-->c <!--runbook-slot:x"
        );
    }
}
