//! A fenced code block: what its language makes of it, and whether it ever closes.

use super::attributes::{self, DOES_NOT_FIT, Reading};
use super::commands::look_like_commands;
use super::info_string::{Form, Info, Sort, push_code};
use super::interpolation::interpolations;
use super::transcript::{exchanges, is_transcript};
use super::{Attributes, Cell, CellKind, Format};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::quote::Dialect;
use crate::source::{Excerpt, Source, Span};

const UNCLOSED_FENCE: Code = Code("RB0101");
const NO_PROMPT: Code = Code("RB0114");
const NO_LANGUAGE: Code = Code("RB0610");

/// What a fence's language promises.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Language {
    Shell(Option<Dialect>),
    Console,
    Script,
    Interpreter(&'static str),
    Value(Format),
    Absent,
    Other,
}

impl Language {
    fn of(word: &str) -> Self {
        match word {
            "" => Self::Absent,
            "sh" | "bash" | "zsh" | "fish" => Self::Shell(Dialect::named(word)),
            "shell" => Self::Shell(None),
            "console" | "shell-session" => Self::Console,
            "rhai" => Self::Script,
            "json" => Self::Value(Format::Json),
            "yaml" | "yml" => Self::Value(Format::Yaml),
            "toml" => Self::Value(Format::Toml),
            "text" | "txt" => Self::Value(Format::Text),
            "python" | "py" | "python3" => Self::Interpreter("python3"),
            "node" | "js" | "javascript" | "nodejs" => Self::Interpreter("node"),
            "ruby" | "rb" => Self::Interpreter("ruby"),
            "perl" => Self::Interpreter("perl"),
            "php" => Self::Interpreter("php"),
            "lua" => Self::Interpreter("lua"),
            "deno" => Self::Interpreter("deno"),
            "bun" => Self::Interpreter("bun"),
            "r" => Self::Interpreter("Rscript"),
            "julia" => Self::Interpreter("julia"),
            "elixir" => Self::Interpreter("elixir"),
            "nu" => Self::Interpreter("nu"),
            "pwsh" | "powershell" => Self::Interpreter("pwsh"),
            _ => Self::Other,
        }
    }
}

/// A fence that is being read.
#[derive(Debug)]
pub(super) struct Fence<'a> {
    span: Span,
    info_span: Span,
    ticks: Span,
    info: Info<'a>,
    language: Language,
    body: Excerpt,
    body_end: usize,
    keeps_body: bool,
}

/// What became of a fence.
#[derive(Debug)]
pub(super) struct Made {
    /// The cell, unless it is prose.
    pub cell: Option<Cell>,
    /// Whether it is an annotation: a document that holds one is not plain.
    pub annotated: bool,
}

impl<'a> Fence<'a> {
    /// Begins to read the fence at `span`.
    pub(super) fn open(source: &'a Source, span: Span) -> Self {
        let text = source.slice(span);
        let first = text.lines().next().unwrap_or_default();
        let sign = first.chars().next().unwrap_or('`');
        let ticks = first.len() - first.trim_start_matches(sign).len();
        let words = &first[ticks..];
        let start = span.start + ticks + (words.len() - words.trim_start().len());
        let info_span = Span::new(start, start + words.trim().len());
        let info = Info::read(source, info_span);
        let language = Language::of(&info.language);
        let keeps_body = language != Language::Other || info.form != Form::Absent;
        Self {
            span,
            info_span,
            ticks: Span::new(span.start, span.start + ticks),
            body: if keeps_body {
                Excerpt {
                    text: String::with_capacity(text.len() - first.len()),
                    pieces: Vec::new(),
                }
            } else {
                Excerpt::default()
            },
            keeps_body,
            info,
            language,
            body_end: (span.start + first.len()).min(span.end),
        }
    }

    /// Takes a piece of what stands inside.
    pub(super) fn push(&mut self, text: &str, span: Span) {
        self.body_end = span.end;
        if self.keeps_body {
            push_code(&mut self.body, text, span);
        }
    }

    /// Makes a cell of it, or leaves it as prose.
    pub(super) fn close(mut self, source: &Source, diagnostics: &mut Diagnostics) -> Made {
        let speaks = attributes::speaks_to_us(&self.info);
        let is_cell = match self.language {
            Language::Shell(_) | Language::Console => speaks || !self.body.text.trim().is_empty(),
            Language::Script => true,
            Language::Interpreter(_) => speaks,
            Language::Value(_) => {
                self.has_word(Sort::Id, None) || self.has_word(Sort::Pair, Some("name"))
            }
            Language::Other => self.has_word(Sort::Pair, Some("interpreter")),
            Language::Absent => false,
        };
        let mut made = Made {
            cell: None,
            annotated: false,
        };
        if is_cell {
            made = self.cell(source, speaks, diagnostics);
        } else if self.language == Language::Absent && look_like_commands(&self.body.text) {
            diagnostics.push(
                Diagnostic::note(
                    NO_LANGUAGE,
                    self.ticks,
                    "a fence without a language is not run, and this one looks like commands",
                )
                .help("write its language after the fence, as in `bash`")
                .suggest(Span::new(self.ticks.end, self.ticks.end), "bash"),
            );
        }
        self.check_closed(source, made.cell.is_some(), diagnostics);
        made
    }

    fn has_word(&self, sort: Sort, key: Option<&str>) -> bool {
        let mut words = self.info.words.iter();
        words.any(|word| word.sort == sort && key.is_none_or(|key| word.key.value == key))
    }

    fn cell(&mut self, source: &Source, speaks: bool, diagnostics: &mut Diagnostics) -> Made {
        let mut found = Diagnostics::default();
        found.extend(std::mem::take(&mut self.info.problems));
        let mut reading = if speaks {
            attributes::of_cell(&self.info, &mut found)
        } else {
            Reading::default()
        };
        let body = std::mem::take(&mut self.body);
        let Some(kind) = self.kind(&body, &mut reading, speaks, diagnostics) else {
            return Made {
                cell: None,
                annotated: speaks && self.language == Language::Console,
            };
        };
        check_fit(&kind, &reading, &mut found);
        let mut annotated = speaks || kind == CellKind::Script;
        let interpolations = match kind {
            CellKind::Shell(_) | CellKind::Console(_) | CellKind::Interpreter { .. } => {
                let (interpolations, wrong) = interpolations(&body);
                annotated |= !interpolations.is_empty() || !wrong.is_empty();
                found.extend(wrong);
                interpolations
            }
            _ => Vec::new(),
        };
        diagnostics.extend(found);
        let info = if self.info_span.start == self.info_span.end {
            self.ticks
        } else {
            self.info_span
        };
        let end = self.span.start + source.slice(self.span).trim_end().len();
        Made {
            cell: Some(Cell {
                kind,
                span: Span::new(self.span.start, end),
                info,
                body,
                section: None,
                attributes: reading.attributes.shared(),
                interpolations,
                branch: None,
            }),
            annotated,
        }
    }

    fn kind(
        &self,
        body: &Excerpt,
        reading: &mut Reading,
        speaks: bool,
        found: &mut Diagnostics,
    ) -> Option<CellKind> {
        if let Some(interpreter) = reading.interpreter.take() {
            let program = interpreter.value;
            let name = program.rsplit('/').next().unwrap_or_default();
            return Some(match Dialect::named(name) {
                Some(dialect) => CellKind::Shell(Some(dialect)),
                None => CellKind::Interpreter {
                    language: self.info.language.to_string(),
                    program,
                },
            });
        }
        match self.language {
            Language::Shell(dialect) if is_transcript(&body.text) => {
                let attributes = &mut reading.attributes;
                attributes.shell = attributes.shell.or(dialect);
                Some(CellKind::Console(exchanges(body)))
            }
            Language::Shell(dialect) => Some(CellKind::Shell(dialect)),
            Language::Console => {
                let exchanges = exchanges(body);
                if !exchanges.is_empty() {
                    return Some(CellKind::Console(exchanges));
                }
                if look_like_commands(&body.text) {
                    return Some(CellKind::Shell(None));
                }
                let (message, help) = (
                    "this transcript has no line with a `$ ` prompt",
                    "write `$ ` before each command, or `bash` as the language",
                );
                found.push(if speaks {
                    Diagnostic::error(NO_PROMPT, self.info_span, message).help(help)
                } else {
                    Diagnostic::note(
                        NO_PROMPT,
                        self.info_span,
                        format!("{message}: it is not run"),
                    )
                    .help(help)
                });
                None
            }
            Language::Script => Some(CellKind::Script),
            // Runme gives every fence an `id`; that alone asks for nothing.
            Language::Interpreter(_)
                if self.info.form == Form::Json && reading.places.is_empty() =>
            {
                None
            }
            Language::Interpreter(program) => Some(CellKind::Interpreter {
                language: self.info.language.to_string(),
                program: program.to_owned(),
            }),
            Language::Value(format) if reading.attributes.id.is_some() => {
                Some(CellKind::Value(format))
            }
            Language::Value(_) | Language::Other | Language::Absent => None,
        }
    }

    /// `CommonMark` 4.5: without a closing fence the block runs to the end of its container.
    fn check_closed(&self, source: &Source, runs: bool, diagnostics: &mut Diagnostics) {
        let opening = source.slice(self.ticks);
        let after = source
            .slice(Span::new(self.body_end.min(self.span.end), self.span.end))
            .trim_matches(|c: char| c.is_whitespace() || c == '>');
        if after.len() >= opening.len() && after.chars().all(|c| opening.starts_with(c)) {
            return;
        }
        let place = Span::new(self.ticks.start, self.info_span.end.max(self.ticks.end));
        let rest = source.text().get(self.span.end..).unwrap_or_default();
        let within = if rest.trim().is_empty() {
            ""
        } else {
            " in its list or quote"
        };
        let mut diagnostic = Diagnostic::warning(
            UNCLOSED_FENCE,
            place,
            if runs {
                format!(
                    "this fence is never closed: all that follows it{within} counts as commands"
                )
            } else {
                format!("this fence is never closed: all that follows it{within} is part of it")
            },
        )
        .help(format!("write {opening} on a line of its own after it"));
        if let Some(line) = self.near_closing(source, opening) {
            diagnostic = diagnostic.label(
                line,
                format!("closes nothing: a closing fence is at least {opening} and nothing else"),
            );
        }
        diagnostics.push(diagnostic);
    }

    /// The first line inside that was probably meant to close it.
    fn near_closing(&self, source: &Source, opening: &str) -> Option<Span> {
        let sign = opening.chars().next()?;
        let start = self.info_span.end.max(self.ticks.end);
        let mut at = start;
        for line in source
            .slice(Span::new(start, self.span.end))
            .split_inclusive('\n')
        {
            let text = line.trim_start_matches(|c: char| c.is_whitespace() || c == '>');
            let signs = text.chars().take_while(|c| *c == sign).count();
            if signs >= 2 {
                let begin = at + (line.len() - text.len());
                return Some(Span::new(begin, begin + text.trim_end().len()));
            }
            at += line.len();
        }
        None
    }
}

/// Says which attributes do nothing for a cell of this kind.
fn check_fit(kind: &CellKind, reading: &Reading, found: &mut Diagnostics) {
    let (what, useless): (&str, &[&str]) = match kind {
        CellKind::Script => (
            "a script",
            &["tty", "shell", "errexit", "background", "ready"],
        ),
        CellKind::Interpreter { .. } => ("an interpreter's cell", &["shell", "errexit"]),
        CellKind::Value(_) => (
            "a value",
            &[
                "confirm",
                "timeout",
                "retry",
                "delay",
                "backoff",
                "always",
                "allow-failure",
                "background",
                "ready",
                "each",
                "effect",
                "tty",
                "errexit",
                "cwd",
                "shell",
            ],
        ),
        CellKind::Console(_) => ("a transcript", &["tty"]),
        _ => ("", &[]),
    };
    for (name, span) in &reading.places {
        if useless.contains(name) {
            found.push(
                Diagnostic::warning(
                    DOES_NOT_FIT,
                    *span,
                    format!("`{name}` does nothing for {what}"),
                )
                .help("remove it"),
            );
        }
    }
    let attributes: &Attributes = &reading.attributes;
    let mut missing = |name: &str, wanted: &str| {
        if let Some(span) = reading.place(name)
            && !useless.contains(&name)
            && reading.place(wanted).is_none()
        {
            found.push(
                Diagnostic::warning(
                    DOES_NOT_FIT,
                    span,
                    format!("`{name}` does nothing without `{wanted}`"),
                )
                .help(format!("add `{wanted}`, or remove `{name}`")),
            );
        }
    };
    missing("ready", "background");
    missing("delay", "retry");
    missing("backoff", "retry");
    if attributes.background
        && attributes.tty
        && let Some(span) = reading.place("tty")
    {
        found.push(
            Diagnostic::error(
                DOES_NOT_FIT,
                span,
                "a background step can't have the operator's terminal",
            )
            .help("remove `tty` or `background`"),
        );
    }
}
