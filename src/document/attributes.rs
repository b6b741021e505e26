//! What the words of an info string or a section comment mean.

use std::time::Duration;

use super::info_string::{Form, Info, Sort, Written};
use super::vocabulary::{OF_SECTIONS, OURS, RUNME, example, is_foreign, known};
use super::{Attributes, Effect};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::name;
use crate::quote::Dialect;
use crate::source::{Excerpt, Span, Spanned};
use crate::value::parse_duration;

const UNKNOWN_ATTRIBUTE: Code = Code("RB0102");
const BAD_VALUE: Code = Code("RB0103");
const MISSING_VALUE: Code = Code("RB0104");
const REPEATED_ATTRIBUTE: Code = Code("RB0105");
const INVALID_NAME: Code = Code("RB0107");
pub(super) const DOES_NOT_FIT: Code = Code("RB0109");

/// Attributes and what was found on the way to them.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The attributes.
    pub attributes: Attributes,
    /// Where each one of ours stands.
    pub places: Vec<(&'static str, Span)>,
    /// Runme's `interpreter`.
    pub interpreter: Option<Spanned<String>>,
}

impl Reading {
    /// Where an attribute stands, if it is written.
    pub(super) fn place(&self, attribute: &str) -> Option<Span> {
        self.places
            .iter()
            .find(|(name, _)| *name == attribute)
            .map(|(_, span)| *span)
    }
}

/// Whether the braces of an info string speak to us: one word of ours is enough, or one that is
/// nearly so.
pub(super) fn speaks_to_us(info: &Info<'_>) -> bool {
    match info.form {
        Form::Absent => false,
        Form::Json => true,
        Form::Words => info.words.iter().any(|word| match word.sort {
            Sort::Id => true,
            Sort::Class => false,
            Sort::Pair => {
                let key = word.key.value.as_str();
                !is_foreign(key)
                    && (known(key).is_some()
                        || RUNME.contains(&key)
                        || name::nearest(key, OURS).is_some())
            }
        }),
    }
}

/// Reads the attributes of a fence.
pub(super) fn of_cell(info: &Info<'_>, diagnostics: &mut Diagnostics) -> Reading {
    let mut reading = Reading::default();
    for word in &info.words {
        match word.sort {
            Sort::Class => {}
            Sort::Id => reading.id(word, diagnostics),
            Sort::Pair => match known(&word.key.value) {
                Some("parallel") => diagnostics.push(
                    Diagnostic::error(
                        DOES_NOT_FIT,
                        word.span,
                        "`parallel` is for a section, not for a cell",
                    )
                    .help("write `<!-- runbook: parallel -->` under the section's heading"),
                ),
                Some(name) => reading.take(name, word, diagnostics),
                None => reading.runme(word, info.form, diagnostics),
            },
        }
    }
    // In Runme `interactive` yields to `background`; our `tty` does not, and is said.
    let says_tty = info.words.iter().any(|word| word.key.value == "tty");
    if reading.attributes.background && !says_tty {
        reading.attributes.tty = false;
        reading.places.retain(|(name, _)| *name != "tty");
    }
    reading
}

/// Reads the attributes of a section.
pub(super) fn of_section(words: &[Written], diagnostics: &mut Diagnostics) -> Attributes {
    let mut reading = Reading::default();
    for word in words {
        let key = word.key.value.as_str();
        match word.sort {
            Sort::Class => {}
            Sort::Pair if OF_SECTIONS.contains(&key) => {
                if let Some(name) = known(key) {
                    reading.take(name, word, diagnostics);
                }
            }
            Sort::Pair if known(key).is_none() => diagnostics.push(unknown(word, &OF_SECTIONS)),
            _ => {
                let sign = if word.sort == Sort::Id { "#" } else { "" };
                diagnostics.push(
                    Diagnostic::error(
                        DOES_NOT_FIT,
                        word.span,
                        format!("`{sign}{key}` is for a cell, not for a section"),
                    )
                    .help("write it after the language of the fence that it is for"),
                );
            }
        }
    }
    reading.attributes
}

fn unknown(word: &Written, words: &[&'static str]) -> Diagnostic {
    let key = &word.key.value;
    let diagnostic = Diagnostic::error(
        UNKNOWN_ATTRIBUTE,
        word.key.span,
        format!("unknown attribute `{key}`"),
    );
    // `allow_failure`, `allowFailure` and `Timeout` are slips of habit.
    let plain = |text: &str| text.replace(['-', '_'], "").to_lowercase();
    let near = words
        .iter()
        .copied()
        .find(|known| plain(known) == plain(key))
        .or_else(|| name::nearest(key, words.iter().copied()));
    match near {
        Some(near) => diagnostic
            .help(format!("did you mean `{near}`?"))
            .suggest(word.key.span, near),
        None => diagnostic.help(format!("the attributes are {}", words.join(", "))),
    }
}

impl Reading {
    /// Notes the place of an attribute; a second one of its name is refused.
    fn first(&mut self, name: &'static str, word: &Written, diagnostics: &mut Diagnostics) -> bool {
        if let Some(before) = self.place(name) {
            let shown = if name == "id" { "#id" } else { name };
            diagnostics.push(
                Diagnostic::error(
                    REPEATED_ATTRIBUTE,
                    word.span,
                    format!("`{shown}` is written twice"),
                )
                .label(before, "first here")
                .help("remove one of them"),
            );
            return false;
        }
        self.places.push((name, word.span));
        true
    }

    fn id(&mut self, word: &Written, diagnostics: &mut Diagnostics) {
        if !self.first("id", word, diagnostics) {
            return;
        }
        if name::is_valid(&word.key.value) {
            self.attributes.id = Some(word.key.clone());
        } else {
            diagnostics.push(invalid_name(&word.key));
        }
    }

    /// Reads a key that is not ours: one of Runme's, or a mistake.
    fn runme(&mut self, word: &Written, form: Form, diagnostics: &mut Diagnostics) {
        let key = word.key.value.as_str();
        let value = word.value.as_ref().map(|value| value.text.trim());
        match (key, value) {
            ("name", Some(text)) if !text.is_empty() => {
                if self.place("id").is_some() || !self.first("id", word, diagnostics) {
                    return;
                }
                let id = if name::is_valid(text) {
                    text.to_owned()
                } else {
                    name::slug(text)
                };
                let span = value_span(word);
                self.attributes.id = Some(Spanned::new(id, span));
            }
            ("interpreter", Some(text)) if !text.is_empty() => {
                self.interpreter = Some(Spanned::new(text.to_owned(), value_span(word)));
            }
            ("interactive", Some("true")) => {
                self.attributes.tty = true;
                self.places.push(("tty", word.span));
            }
            ("excludeFromRunAll", Some("true")) => {
                self.attributes.skip = true;
                self.places.push(("skip", word.span));
            }
            // Runme writes a ULID there; a readable one was meant as `#id`.
            ("id", Some(text)) if form == Form::Words && text.len() != 26 => diagnostics.push(
                Diagnostic::error(
                    UNKNOWN_ATTRIBUTE,
                    word.span,
                    "a step's name is written with `#`",
                )
                .help(format!("write `#{text}`"))
                .suggest(word.span, format!("#{text}")),
            ),
            _ if RUNME.contains(&key) || is_foreign(key) => {}
            // Runme's list of keys grows; only what is nearly ours is a mistake.
            _ if form == Form::Json && name::nearest(key, OURS).is_none() => {}
            _ => diagnostics.push(unknown(word, &OURS)),
        }
    }

    fn take(&mut self, name: &'static str, word: &Written, diagnostics: &mut Diagnostics) {
        if !self.first(name, word, diagnostics) {
            return;
        }
        let attributes = &mut self.attributes;
        let mut wrong = |help: String| {
            diagnostics.push(
                Diagnostic::error(
                    BAD_VALUE,
                    value_span(word),
                    format!("`{name}` can't be `{}`", shown(word)),
                )
                .help(help),
            );
        };
        match name {
            "always" => attributes.always = flag(word, &mut wrong),
            "allow-failure" => attributes.allow_failure = flag(word, &mut wrong),
            "background" => attributes.background = flag(word, &mut wrong),
            "tty" => attributes.tty = flag(word, &mut wrong),
            "skip" => attributes.skip = flag(word, &mut wrong),
            "idempotent" => attributes.idempotent = flag(word, &mut wrong),
            "parallel" => attributes.parallel = flag(word, &mut wrong),
            "confirm" => {
                attributes.confirm = match &word.value {
                    None => Some(nothing_at(word.span.end)),
                    Some(value) if value.text == "true" => Some(nothing_at(word.span.end)),
                    Some(value) if value.text == "false" => None,
                    Some(value) => Some(value.clone()),
                };
            }
            _ => {
                let Some(value) = word.value.as_ref().filter(|v| !v.text.trim().is_empty()) else {
                    diagnostics.push(
                        Diagnostic::error(
                            MISSING_VALUE,
                            word.span,
                            format!("`{name}` needs a value"),
                        )
                        .help(format!("write `{}`", example(name))),
                    );
                    return;
                };
                if name == "needs" {
                    let needs = needs(value, diagnostics);
                    self.attributes.needs = Some(needs);
                } else if name == "allow" {
                    // Which lints there are is known above this room.
                    self.attributes.allow = list(value);
                } else {
                    self.valued(name, value, &mut wrong);
                }
            }
        }
    }

    fn valued(&mut self, name: &str, value: &Excerpt, wrong: &mut impl FnMut(String)) {
        let text = value.text.trim();
        let attributes = &mut self.attributes;
        match name {
            "when" => attributes.when = Some(value.clone()),
            "ready" => attributes.ready = Some(value.clone()),
            "each" => attributes.each = Some(value.clone()),
            "cwd" => attributes.cwd = Some(value.clone()),
            "timeout" => attributes.timeout = timeout(text).map_err(wrong).ok(),
            "delay" => attributes.delay = duration(text, wrong),
            "retry" => match text.parse() {
                Ok(number) => attributes.retry = Some(number),
                Err(_) => wrong("expected a whole number of attempts, as in `retry=3`".to_owned()),
            },
            "backoff" => match text.parse::<f64>() {
                Ok(factor) if factor.is_finite() && factor >= 1.0 => {
                    attributes.backoff = Some(factor);
                }
                _ => wrong("expected a factor of 1 or more, as in `backoff=2`".to_owned()),
            },
            "effect" => {
                let effects = [Effect::Read, Effect::Change, Effect::Destroy];
                attributes.effect = effects.into_iter().find(|effect| effect.word() == text);
                if attributes.effect.is_none() {
                    wrong(choice(text, &effects.map(Effect::word)));
                }
            }
            "errexit" => match text {
                "on" | "true" => attributes.errexit = Some(true),
                "off" | "false" => attributes.errexit = Some(false),
                _ => wrong(choice(text, &["on", "off"])),
            },
            _ => {
                attributes.shell = Dialect::named(text);
                if attributes.shell.is_none() {
                    wrong(choice(text, &Dialect::ALL.map(Dialect::word)));
                }
            }
        }
    }
}

/// Reads a length of time that something can be done in.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => {
            Err("nothing ends in no time: write how long, as in `5m`, or leave it out".to_owned())
        }
        time => Ok(time),
    }
}

fn duration(text: &str, wrong: &mut impl FnMut(String)) -> Option<Duration> {
    parse_duration(text).map_err(wrong).ok()
}

fn flag(word: &Written, wrong: &mut impl FnMut(String)) -> bool {
    match word.value.as_ref().map(|value| value.text.as_str()) {
        None | Some("true") => true,
        Some("false") => false,
        Some(_) => {
            wrong(format!("write `{}` without a value", word.key.value));
            true
        }
    }
}

/// `did you mean …` where a word is near, else the words.
pub(super) fn choice(text: &str, words: &[&'static str]) -> String {
    match name::nearest(text, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("expected one of {}", words.join(", ")),
    }
}

fn needs(value: &Excerpt, diagnostics: &mut Diagnostics) -> Vec<Spanned<String>> {
    if value.text.trim() == "none" {
        return Vec::new();
    }
    let (valid, invalid): (Vec<_>, Vec<_>) = list(value)
        .into_iter()
        .partition(|need| name::is_valid(&need.value));
    diagnostics.extend(invalid.iter().map(invalid_name));
    valid
}

/// The parts between commas, trimmed.
fn list(value: &Excerpt) -> Vec<Spanned<String>> {
    let mut parts = Vec::new();
    let mut at = 0;
    for part in value.text.split(',') {
        let start = at + (part.len() - part.trim_start().len());
        let name = part.trim();
        parts.push(Spanned::new(
            name.to_owned(),
            value.span(start..start + name.len().max(usize::from(start < value.text.len()))),
        ));
        at += part.len() + 1;
    }
    parts
}

fn invalid_name(name: &Spanned<String>) -> Diagnostic {
    Diagnostic::error(
        INVALID_NAME,
        name.span,
        format!("`{}` is not a name", name.value),
    )
    .help("a name is a letter, then letters, digits, `-`, `_` or `.`")
}

fn nothing_at(offset: usize) -> Excerpt {
    Excerpt {
        text: String::new(),
        pieces: vec![(0, offset)],
    }
}

/// Where the value stands, else the key.
fn value_span(word: &Written) -> Span {
    match &word.value {
        Some(value) if !value.text.is_empty() => value.span(0..value.text.len()),
        _ => word.span,
    }
}

fn shown(word: &Written) -> &str {
    word.value.as_ref().map_or("", |value| value.text.as_str())
}
