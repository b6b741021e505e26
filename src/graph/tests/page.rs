//! Pages for the tests of graph and plan: a small part of the document's language, well formed.

use std::sync::Arc;
use std::time::Duration;

use crate::document::{
    Attributes, Cell, CellKind, Document, Effect, Format, FrontMatter, Input, Interpolated,
    Interpolation, Section,
};
use crate::quote::Dialect;
use crate::source::{Excerpt, Source, Span, Spanned};
use crate::value::{InputKind, Value, parse_duration};

/// Reads headings, section comments, fences and a front matter of `inputs` and `env`.
pub(crate) fn document(text: &str) -> Arc<Document> {
    let source = Arc::new(Source::new("page.md", text));
    let mut reader = Reader {
        source: Arc::clone(&source),
        front_matter: FrontMatter::default(),
        sections: Vec::new(),
        cells: Vec::new(),
        plain: true,
    };
    reader.read();
    Arc::new(Document {
        source,
        front_matter: reader.front_matter,
        sections: reader.sections,
        cells: reader.cells,
        plain: reader.plain,
    })
}

struct Reader {
    source: Arc<Source>,
    front_matter: FrontMatter,
    sections: Vec<Section>,
    cells: Vec<Cell>,
    plain: bool,
}

impl Reader {
    fn read(&mut self) {
        let source = Arc::clone(&self.source);
        let lines: Vec<Span> = (1..=source.line_count())
            .map(|line| source.line_span(line))
            .collect();
        let mut fence: Option<(Span, usize)> = None;
        let mut yaml: Option<&str> = None;
        for (at, span) in lines.iter().enumerate() {
            let line = source.slice(*span);
            if line == "---" {
                yaml = if at == 0 { Some("") } else { None };
                self.plain = false;
            } else if let Some(block) = &mut yaml {
                match line.strip_suffix(':').filter(|_| !line.starts_with(' ')) {
                    Some(name) => *block = if name == "env" { "env" } else { "inputs" },
                    None => self.entry(block, line, *span),
                }
            } else if let Some((open, first)) = fence {
                if line == "```" {
                    self.cell(open, Span::new(first, span.start), span.end);
                    fence = None;
                }
            } else if line.starts_with("```") {
                fence = Some((*span, span.end + 1));
            } else if let Some(said) = line
                .strip_prefix("<!-- runbook: ")
                .and_then(|rest| rest.strip_suffix(" -->"))
            {
                self.plain = false;
                let attributes = attributes(&source, span.start + 14, said);
                if let Some(section) = self.sections.last_mut() {
                    section.attributes = attributes.shared();
                }
            } else if line.starts_with('#') {
                self.heading(line, *span);
            }
        }
    }

    fn entry(&mut self, block: &str, line: &str, span: Span) {
        let Some((name, rest)) = line.trim().split_once(": ") else {
            return;
        };
        let start = span.start + line.find(name).unwrap_or(0);
        if block == "env" {
            let value = start + name.len() + 2;
            let text = Excerpt::whole(&self.source, Span::new(value, span.end));
            self.front_matter.env.push((name.to_owned(), text));
            return;
        }
        let mut input = Input {
            name: Spanned::new(name.to_owned(), Span::new(start, start + name.len())),
            kind: InputKind::String,
            default: None,
            description: None,
            secret: false,
            pattern: None,
            placeholder: false,
        };
        for pair in rest.trim_matches(['{', '}']).split(", ") {
            let (key, value) = pair.split_once(": ").unwrap_or((pair, ""));
            match (key, value) {
                ("type", "integer") => input.kind = InputKind::Integer,
                ("type", "choice") => {
                    input.kind = InputKind::Choice(vec!["blue".into(), "green".into()]);
                }
                ("default", value) => input.default = Some(Value::from(value)),
                ("secret", _) => input.secret = true,
                ("pattern", value) => input.pattern = Some(value.trim_matches('"').to_owned()),
                _ => {}
            }
        }
        self.front_matter.inputs.push(input);
    }

    fn heading(&mut self, line: &str, span: Span) {
        let title = line.trim_start_matches('#');
        let level = u8::try_from(line.len() - title.len()).expect("headings have few signs");
        let parent = self
            .sections
            .iter()
            .rposition(|section| section.level < level);
        self.sections.push(Section {
            level,
            title: title.trim().to_owned(),
            span,
            parent,
            attributes: Attributes::default().shared(),
        });
    }

    fn cell(&mut self, open: Span, body: Span, end: usize) {
        let info = self.source.slice(open).trim_start_matches('`');
        let (language, said) = info.split_once([' ', '{']).unwrap_or((info, ""));
        let said = said.trim_matches(['{', '}', ' ']);
        let start = open.start + self.source.slice(open).find(said).unwrap_or(0);
        self.plain &= said.is_empty() && language != "rhai";
        let body = Excerpt::whole(&self.source, body);
        let kind = match language {
            "rhai" => CellKind::Script,
            "shell" => CellKind::Shell(None),
            "json" => CellKind::Value(Format::Json),
            "manual" => CellKind::Manual,
            "branch" => CellKind::Branch,
            "python" => CellKind::Interpreter {
                language: language.to_owned(),
                program: "python3".to_owned(),
            },
            name => CellKind::Shell(Dialect::named(name)),
        };
        let mut attributes = attributes(&self.source, start, said);
        // `branch=N` of these pages: the number of the cell that decides.
        let branch = said
            .split(' ')
            .find_map(|word| word.strip_prefix("branch=")?.parse().ok());
        attributes.skip = said.split(' ').any(|word| word == "skip");
        let mut interpolations = Vec::new();
        let mut from = 0;
        while let Some(at) = body.text[from..].find("${{") {
            let start = from + at;
            let end = body.text[start..].find("}}").expect("it is closed") + start;
            let inner = body.text[start + 3..end].trim();
            let first = start + 3 + body.text[start + 3..end].find(inner).unwrap_or(0);
            interpolations.push(Interpolation {
                range: start..end + 2,
                value: Interpolated::Expression(body.part(first..first + inner.len())),
            });
            from = end + 2;
        }
        self.cells.push(Cell {
            kind,
            span: Span::new(open.start, end),
            info: open,
            body,
            section: self.sections.len().checked_sub(1),
            attributes: attributes.shared(),
            interpolations,
            branch,
        });
    }
}

fn attributes(source: &Source, start: usize, said: &str) -> Attributes {
    let mut found = Attributes::default();
    let mut at = 0;
    while at < said.len() {
        let rest = &said[at..];
        let mut quoted = false;
        let length = rest
            .find(|c: char| {
                quoted ^= c == '"';
                c == ' ' && !quoted
            })
            .unwrap_or(rest.len());
        let word = &rest[..length];
        let place = start + at;
        at += length + 1;
        if let Some(id) = word.strip_prefix('#') {
            let span = Span::new(place, place + word.len());
            found.id = Some(Spanned::new(id.to_owned(), span));
            continue;
        }
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let first = place + key.len() + 1 + usize::from(value.starts_with('"'));
        let value = value.trim_matches('"');
        let code = || {
            Some(Excerpt::whole(
                source,
                Span::new(first, first + value.len()),
            ))
        };
        match key {
            "needs" => {
                let mut at = first;
                let mut needs = Vec::new();
                for name in value.split(',').filter(|name| *name != "none") {
                    needs.push(Spanned::new(
                        name.to_owned(),
                        Span::new(at, at + name.len()),
                    ));
                    at += name.len() + 1;
                }
                found.needs = Some(needs);
            }
            "when" => found.when = code(),
            "each" => found.each = code(),
            "ready" => found.ready = code(),
            "cwd" => found.cwd = code(),
            "confirm" if value.is_empty() => found.confirm = Some(Excerpt::default()),
            "confirm" => found.confirm = code(),
            "timeout" => found.timeout = parse_duration(value).ok(),
            "delay" => found.delay = Some(Duration::from_secs(1)),
            "retry" => found.retry = value.parse().ok(),
            "always" => found.always = true,
            "allow-failure" => found.allow_failure = true,
            "background" => found.background = true,
            "parallel" => found.parallel = true,
            "shell" => found.shell = Dialect::named(value),
            "effect" => {
                found.effect = [Effect::Read, Effect::Change, Effect::Destroy]
                    .into_iter()
                    .find(|effect| effect.word() == value);
            }
            _ => {}
        }
    }
    found
}
