//! Runs that a page names, as a postmortem does: each name leads to the run's page, `3bf6c9#12` to
//! that moment of it.

use std::collections::HashSet;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::html::escape;
use super::markup::Edit;
use super::runs::path_of;
use crate::journal::short;

/// The length of an id, and where the version of a `UUIDv7` stands in it.
const LENGTH: usize = 36;
const VERSION: usize = 13;

/// The ids of the runs that a text names in full, each once.
pub(super) fn named<'a>(text: &'a str, known: &HashSet<&str>) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for (at, _) in text.match_indices("-7") {
        let id = at
            .checked_sub(VERSION)
            .and_then(|start| text.get(start..start + LENGTH));
        if let Some(id) = id.filter(|id| known.contains(id))
            && !found.contains(&id)
        {
            found.push(id);
        }
    }
    found
}

/// What takes the place of the names of these runs, where a page has them as code in its text.
pub(super) fn links(text: &str, named: &[&str], root: &str) -> Vec<Edit> {
    let mut links = Vec::new();
    if named.is_empty() {
        return links;
    }
    let mut inside = 0;
    for (event, range) in Parser::new_ext(text, Options::all()).into_offset_iter() {
        match event {
            Event::Start(Tag::Link { .. } | Tag::Heading { .. }) => inside += 1,
            Event::End(TagEnd::Link | TagEnd::Heading(_)) => inside -= 1,
            Event::Code(code) if inside == 0 => {
                let (name, moment) = match code.split_once('#') {
                    Some((name, seq)) if seq.parse::<u64>().is_ok() => {
                        (name, format!("#seq={seq}"))
                    }
                    _ => (&*code, String::new()),
                };
                let run = named.iter().find(|id| **id == name || short(id) == name);
                if let Some(run) = run {
                    let link = format!(
                        "<a href=\"{root}{}.html{moment}\"><code>{}</code></a>",
                        path_of(run),
                        escape(&code)
                    );
                    links.push((range, link));
                }
            }
            _ => {}
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::super::markup;
    use super::*;

    const RUN: &str = "01a208ce-7dd2-71ba-88a5-c4188aca2c8d";

    #[test]
    fn names_of_known_runs_become_links_and_nothing_else_does() {
        let known = HashSet::from([RUN]);
        let text = format!(
            "run `{RUN}` at `ca2c8d#12`, `ca2c8e`\n\n```text\n`{RUN}`\n```\n\n[`ca2c8d`](x)\n"
        );
        assert_eq!(named(&text, &known), [RUN]);
        assert_eq!(named("01a208ce-7dd2-71ba", &known), Vec::<&str>::new());
        let linked = markup::edited(&text, links(&text, &[RUN], "../"));
        assert_eq!(
            linked,
            format!(
                "run <a href=\"../runs/{RUN}.html\"><code>{RUN}</code></a> at <a href=\"../runs/{RUN}.html#seq=12\"><code>ca2c8d#12</code></a>, `ca2c8e`\n\n```text\n`{RUN}`\n```\n\n[`ca2c8d`](x)\n"
            )
        );
        assert!(links(&text, &[], "").is_empty());
    }
}
