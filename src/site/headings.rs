//! Headings whose place on the page would be a step's: they get a place of their own.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::markup::{Edit, Reading};

/// The place that mdBook gives a heading by its text.
pub(super) fn place(text: &str) -> String {
    text.trim()
        .chars()
        .filter_map(|c| {
            if c.is_alphanumeric() || matches!(c, '_' | '-') {
                Some(c.to_ascii_lowercase())
            } else {
                c.is_whitespace().then_some('-')
            }
        })
        .collect()
}

/// What is put behind headings whose place is one of these.
pub(super) fn apart(text: &str, reading: Reading, taken: &BTreeSet<String>) -> Vec<Edit> {
    let mut edits = Vec::new();
    // The words of the heading, and where they end.
    let mut heading: Option<(String, usize)> = None;
    for (event, range) in reading.parser(text).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading {
                id: None, classes, ..
            }) if classes.is_empty() => {
                heading = Some((String::new(), range.start));
            }
            Event::Start(Tag::Heading { id: Some(id), .. }) if taken.contains(&*id) => {
                let own = text.get(range.clone()).unwrap_or_default();
                if let Some(at) = own.rfind(&format!("#{id}")) {
                    let at = range.start + at + 1;
                    edits.push((at..at, "heading-".to_owned()));
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                if let Some((words, end)) = heading.take()
                    && taken.contains(&place(&words))
                {
                    // Attributes stand behind the hashes that may close a heading.
                    let own = text.get(range.clone()).unwrap_or_default();
                    let end = if own.starts_with('#') {
                        range.start + own.trim_end().len()
                    } else {
                        end
                    };
                    edits.push((end..end, format!(" {{#heading-{}}}", place(&words))));
                }
            }
            event => {
                if let Some((words, end)) = &mut heading {
                    if let Event::Text(text) | Event::Code(text) = &event {
                        words.push_str(text);
                    }
                    *end = range.end.max(*end);
                }
            }
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use mdbook_driver::config::HtmlConfig;

    use super::super::markup::edited;
    use super::*;

    #[test]
    fn a_heading_does_not_take_the_place_of_a_step() {
        let taken = BTreeSet::from(["step-look".to_owned()]);
        for (text, expected) in [
            ("## Step look\n", "## Step look {#heading-step-look}\n"),
            (
                "## Step `look` ##\n",
                "## Step `look` ## {#heading-step-look}\n",
            ),
            (
                "Step *look*\n===\n",
                "Step *look* {#heading-step-look}\n===\n",
            ),
            ("## Look {#step-look}\n", "## Look {#heading-step-look}\n"),
            ("## Step lock\n", "## Step lock\n"),
        ] {
            let reading = Reading::of(&HtmlConfig::default());
            let text = edited(text, apart(text, reading, &taken));
            assert_eq!(text, expected);
            let place = reading.parser(&text).find_map(|event| match event {
                Event::Start(Tag::Heading { id, .. }) => id,
                _ => None,
            });
            assert_eq!(place.is_some(), text.contains('{'), "{text}");
        }
    }
}
