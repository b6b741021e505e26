//! The site: runbooks as pages that show whether they still hold.
//!
//! mdBook is the engine. Ours is a preprocessor, which reads documents and journals and puts a head,
//! a graph and a panel for each step into the pages, and adds the list of runbooks and the pages of
//! runs; and the theme, whose pages ask no other host for anything. This room reads; it never runs a
//! step, starts no process, and does not know the room that does. What pages and journals hold is
//! untrusted: all of it passes [`escape`].

mod ansi;
mod book;
mod build;
mod folder;
mod graph;
mod head;
mod headings;
mod highlight;
mod history;
mod html;
mod index;
mod layout;
mod links;
mod markup;
mod mentions;
mod names;
mod output;
mod page;
mod panel;
mod paste;
mod places;
mod prompt;
mod runs;
mod server;
mod slots;
mod standing;
mod summary;
mod tags;
mod theme;
mod timeline;
mod verdict;

pub use ansi::ansi;
pub use book::{Records, preprocess, supports};
pub use build::{Built, Site};
pub use html::escape;
pub use server::{Server, reply};

/// Why there is no site.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There are no pages.
    #[error("there are no pages in `{folder}`{left_out}")]
    Empty {
        /// The folder that was looked into.
        folder: String,
        /// What was left out of it and why, each after a semicolon.
        left_out: String,
    },
    /// The folder of the pages is not there.
    #[error("there is no folder `{folder}`")]
    Missing {
        /// The folder.
        folder: String,
    },
    /// The site would take the place of something else.
    #[error("the site can't go into `{folder}`: {reason}")]
    Occupied {
        /// The folder.
        folder: String,
        /// What is there.
        reason: String,
    },
    /// A SUMMARY.md names what can't be a chapter.
    #[error("`{path}:{line}`: {reason}")]
    Summary {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A `book.toml` is wrong.
    #[error("`{path}{place}`: {reason}")]
    Settings {
        /// The file.
        path: String,
        /// Where in it, as in `:3:7`.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// mdBook can't make the book.
    #[error("{reason}")]
    Book {
        /// Why not, in its words.
        reason: String,
    },
    /// What a preprocessor is given is not what mdBook gives.
    #[error("the input is not mdBook's: {reason}")]
    Protocol {
        /// What is wrong.
        reason: String,
    },
    /// A file can't be read or written.
    #[error("`{path}` can't be {done}: {reason}")]
    File {
        /// The file.
        path: String,
        /// `read` or `written`.
        done: &'static str,
        /// Why not.
        reason: String,
    },
}

impl Error {
    pub(crate) fn protocol(error: &mdbook_preprocessor::errors::Error) -> Self {
        Self::Protocol {
            reason: format!("{error:#}"),
        }
    }

    pub(crate) fn book(error: &mdbook_driver::errors::Error) -> Self {
        Self::Book {
            reason: format!("{error:#}"),
        }
    }

    /// What mdBook says of a `book.toml`, as a place and a reason: TOML's own picture of it has lines
    /// that a message of one line can't have.
    pub(crate) fn settings(path: &std::path::Path, error: &mdbook_driver::errors::Error) -> Self {
        let text = error.root_cause().to_string();
        let number = |word: &str| {
            let after = text.split_once(word)?.1;
            let end = after.find(|c: char| !c.is_ascii_digit());
            after[..end.unwrap_or(after.len())].parse::<usize>().ok()
        };
        let place = match (number("at line "), number(", column ")) {
            (Some(line), Some(column)) => format!(":{line}:{column}"),
            _ => String::new(),
        };
        // Below the picture, whose lines have a bar.
        let reason: Vec<&str> = text
            .lines()
            .filter(|line| {
                let picture = line.trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit());
                !picture.starts_with('|') && !line.starts_with("TOML parse error")
            })
            .collect();
        Self::Settings {
            path: path.display().to_string(),
            place,
            reason: reason.join(" "),
        }
    }

    pub(crate) fn write(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::File {
            path: path.display().to_string(),
            done: "written",
            reason: error.to_string(),
        }
    }
}
