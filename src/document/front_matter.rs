//! The YAML block at the head of the page.

use super::attributes::{self, choice};
use super::info_string::stand_in;
use super::inputs;
use super::yaml::{Content, Node, Yaml};
use super::{FrontMatter, Requires, Tool};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::name;
use crate::quote::Dialect;
use crate::source::{Excerpt, Source, Span, Spanned};

const UNREADABLE: Code = Code("RB0110");
const WRONG_SHAPE: Code = Code("RB0111");
pub(super) const UNKNOWN_KEY: Code = Code("RB0112");

/// The keys of ours; the first three say nothing about a run.
const KEYS: [&str; 10] = [
    "title",
    "description",
    "owner",
    "inputs",
    "target",
    "env",
    "shell",
    "timeout",
    "requires",
    "credentials",
];
const DESCRIBING: usize = 3;

/// A front matter that was read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// What it says.
    pub front_matter: FrontMatter,
    /// Whether it holds a key of ours that says something about a run.
    pub annotated: bool,
    /// Where the page goes on.
    pub end: usize,
    /// What is wrong with it whatever the page is.
    pub diagnostics: Diagnostics,
    /// Why it is no YAML: an error in a page of ours, a warning in any other.
    pub unreadable: Option<Diagnostic>,
}

/// Reads the block at the head of the page, if there is one.
pub(super) fn read(source: &Source) -> Reading {
    let mut reading = Reading::default();
    let text = source.text();
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    reading.end = start;
    let Some((span, block)) = block(text, start) else {
        return reading;
    };
    reading.end = span.end;
    reading.front_matter.span =
        Span::new(span.start, span.start + source.slice(span).trim_end().len());
    let yaml = Yaml::new(source, block);
    match yaml.parse() {
        Ok(node) => {
            let mut reader = Reader {
                yaml,
                source,
                diagnostics: Diagnostics::default(),
            };
            reader.read(&node, &mut reading);
            reading.diagnostics.extend(reader.diagnostics);
        }
        Err(wrong) => {
            reading.annotated = source.slice(block).lines().any(|line| {
                KEYS[DESCRIBING..].iter().any(|key| {
                    line.strip_prefix(key)
                        .is_some_and(|rest| rest.trim_start().starts_with(':'))
                })
            });
            reading.unreadable = Some(
                Diagnostic::error(
                    UNREADABLE,
                    wrong.span,
                    format!("the front matter is not YAML: {}", wrong.message),
                )
                .help("mend it, or remove the block between the `---` lines"),
            );
        }
    }
    reading
}

impl Reading {
    /// What to say of a block that is no YAML, in a page of ours or in another's.
    pub(super) fn finish(&mut self, ours: bool) {
        if let Some(mut diagnostic) = self.unreadable.take() {
            if !ours {
                diagnostic.severity = crate::diagnostic::Severity::Warning;
            }
            self.diagnostics.push(diagnostic);
        }
    }
}

/// The span of a block between `---` lines, and of the YAML inside. As on GitHub it is one only
/// from the first line on; a blank line after `---` makes that a thematic break.
fn block(text: &str, start: usize) -> Option<(Span, Span)> {
    let mut lines = text.get(start..)?.split_inclusive('\n');
    let first = lines.next()?;
    if first.trim_end() != "---" {
        return None;
    }
    let inside = start + first.len();
    let mut at = inside;
    for line in lines {
        let bare = line.trim_end();
        if bare == "---" || bare == "..." {
            return Some((Span::new(start, at + line.len()), Span::new(inside, at)));
        }
        if at == inside && bare.is_empty() {
            return None;
        }
        at += line.len();
    }
    None
}

/// Reads nodes and collects what is wrong with them.
pub(super) struct Reader<'a> {
    pub yaml: Yaml<'a>,
    pub source: &'a Source,
    pub diagnostics: Diagnostics,
}

impl Reader<'_> {
    fn read(&mut self, root: &Node, reading: &mut Reading) {
        let Content::Map(entries) = &root.content else {
            return;
        };
        let ours = |key: &str| KEYS[DESCRIBING..].contains(&key);
        reading.annotated = entries
            .iter()
            .any(|(key, _)| matches!(&key.content, Content::Text(key) if ours(key)));
        let found = &mut reading.front_matter;
        for (key, value) in entries {
            let Content::Text(name) = &key.content else {
                continue;
            };
            match name.as_str() {
                "title" => found.title = self.describing(name, value),
                "description" => found.description = self.describing(name, value),
                "owner" => found.owner = self.describing(name, value),
                "inputs" => found.inputs = inputs::read(self, value),
                "target" => found.target = self.spanned(name, value),
                "env" => found.env = self.env(value),
                "shell" => found.shell = self.shell(value),
                "timeout" => found.timeout = self.timeout(value),
                "requires" => found.requires = self.requires(value),
                "credentials" => found.unset = self.credentials(value),
                _ if reading.annotated => self.perhaps_meant(key, name),
                // Other tools' keys are normal.
                _ => {}
            }
        }
    }

    fn perhaps_meant(&mut self, key: &Node, name: &str) {
        if let Some(near) = name::nearest(name, KEYS) {
            let span = self.yaml.span(key);
            self.diagnostics.push(
                Diagnostic::warning(UNKNOWN_KEY, span, format!("`{name}` says nothing to a run"))
                    .help(format!("did you mean `{near}`?"))
                    .suggest(span, near),
            );
        }
    }

    /// A text, or a list of texts as other tools write owners.
    fn describing(&mut self, name: &str, node: &Node) -> Option<String> {
        match &node.content {
            Content::Null => None,
            Content::List(list) => {
                let parts: Vec<String> = list.iter().filter_map(|part| self.scalar(part)).collect();
                Some(parts.join(", "))
            }
            _ => self.scalar(node).or_else(|| {
                let span = self.yaml.span(node);
                self.diagnostics.push(Diagnostic::warning(
                    WRONG_SHAPE,
                    span,
                    format!("`{name}` should be text, found {}", node.content.kind()),
                ));
                None
            }),
        }
    }

    /// A scalar's text: as written for numbers, so that `1.10` and `007` stay what they are.
    pub(super) fn scalar(&self, node: &Node) -> Option<String> {
        match &node.content {
            Content::Text(text) => Some(text.clone()),
            Content::Number(number) => {
                let written = self.yaml.written(node);
                let is_number =
                    written.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
                Some(if is_number {
                    written.to_owned()
                } else {
                    number.clone()
                })
            }
            Content::Boolean(value) => Some(value.to_string()),
            Content::Null | Content::List(_) | Content::Map(_) => None,
        }
    }

    /// Says that a node has the wrong shape.
    pub(super) fn wrong(&mut self, name: &str, node: &Node, wanted: &str) {
        let span = self.yaml.span(node);
        self.diagnostics.push(
            Diagnostic::error(
                WRONG_SHAPE,
                span,
                format!("`{name}` can't be {}", node.content.kind()),
            )
            .help(format!("expected {wanted}")),
        );
    }

    /// Says that a value is wrong.
    pub(super) fn bad(&mut self, name: &str, node: &Node, help: String) {
        let span = self.yaml.span(node);
        let shown = self.scalar(node).unwrap_or_default();
        self.diagnostics.push(
            Diagnostic::error(WRONG_SHAPE, span, format!("`{name}` can't be `{shown}`")).help(help),
        );
    }

    /// A scalar and its place, or a diagnostic.
    pub(super) fn spanned(&mut self, name: &str, node: &Node) -> Option<Spanned<String>> {
        if let Some(text) = self.scalar(node) {
            Some(Spanned::new(text, self.yaml.span(node)))
        } else {
            self.wrong(name, node, "text");
            None
        }
    }

    /// The entries of a map with text keys, or a diagnostic.
    pub(super) fn entries<'n>(
        &mut self,
        name: &str,
        node: &'n Node,
        wanted: &str,
    ) -> Vec<(Spanned<String>, &'n Node)> {
        match &node.content {
            Content::Null => Vec::new(),
            Content::Map(entries) => entries
                .iter()
                .filter_map(|(key, value)| Some((self.spanned(name, key)?, value)))
                .collect(),
            _ => {
                self.wrong(name, node, wanted);
                Vec::new()
            }
        }
    }

    /// Says that a key of a map of ours is unknown.
    pub(super) fn unknown(&mut self, key: &Spanned<String>, known: &[&'static str]) {
        self.diagnostics.push(
            Diagnostic::error(
                UNKNOWN_KEY,
                key.span,
                format!("unknown key `{}`", key.value),
            )
            .help(choice(&key.value, known)),
        );
    }

    /// A scalar that knows where each byte of it stands, as far as it stands there as it is.
    fn excerpt(&self, node: &Node, text: &str) -> Excerpt {
        let span = self.yaml.span(node);
        let written = self.source.slice(span);
        let mut excerpt = Excerpt::default();
        match written.find(text).filter(|_| !text.is_empty()) {
            Some(at) => excerpt.push(text, span.start + at),
            None => stand_in(&mut excerpt, text, span.start),
        }
        excerpt
    }

    fn env(&mut self, node: &Node) -> Vec<(String, Excerpt)> {
        let mut env = Vec::new();
        for (key, value) in self.entries("env", node, "a map, as in `{REGION: us-west-2}`") {
            if key.value.is_empty() || key.value.contains(['=', '\0']) {
                self.diagnostics.push(
                    Diagnostic::error(
                        WRONG_SHAPE,
                        key.span,
                        format!("`{}` can't name a variable", key.value),
                    )
                    .help("a variable's name holds no `=`"),
                );
                continue;
            }
            let text = match &value.content {
                Content::Null => Some(String::new()),
                _ => self.scalar(value),
            };
            match text {
                Some(text) => env.push((key.value, self.excerpt(value, &text))),
                None => self.wrong(&format!("env.{}", key.value), value, "text"),
            }
        }
        env
    }

    fn shell(&mut self, node: &Node) -> Option<Dialect> {
        let text = self.spanned("shell", node)?.value;
        let dialect = Dialect::named(text.rsplit('/').next().unwrap_or_default());
        if dialect.is_none() {
            self.bad(
                "shell",
                node,
                choice(&text, &Dialect::ALL.map(Dialect::word)),
            );
        }
        dialect
    }

    fn timeout(&mut self, node: &Node) -> Option<std::time::Duration> {
        let text = self.spanned("timeout", node)?.value;
        attributes::timeout(&text)
            .map_err(|help| self.bad("timeout", node, help))
            .ok()
    }

    fn requires(&mut self, node: &Node) -> Requires {
        const KNOWN: [&str; 3] = ["tools", "aws", "kube"];
        let mut requires = Requires::default();
        let wanted = "a map of `tools`, `aws` and `kube`";
        for (key, value) in self.entries("requires", node, wanted) {
            match key.value.as_str() {
                "tools" => requires.tools = self.tools(value),
                "aws" => {
                    for (key, value) in self.entries("aws", value, "a map of `account`, `region`") {
                        match key.value.as_str() {
                            "account" => requires.aws_account = self.spanned("account", value),
                            "region" => requires.aws_region = self.spanned("region", value),
                            _ => self.unknown(&key, &["account", "region"]),
                        }
                    }
                }
                "kube" => {
                    for (key, value) in self.entries("kube", value, "a map of `context`") {
                        match key.value.as_str() {
                            "context" => requires.kube_context = self.spanned("context", value),
                            _ => self.unknown(&key, &["context"]),
                        }
                    }
                }
                _ => self.unknown(&key, &KNOWN),
            }
        }
        requires
    }

    fn tools(&mut self, node: &Node) -> Vec<Tool> {
        if let Content::List(list) = &node.content {
            return list
                .iter()
                .filter_map(|tool| self.spanned("tools", tool))
                .map(|name| Tool {
                    name,
                    versions: semver::VersionReq::STAR,
                })
                .collect();
        }
        let mut tools = Vec::new();
        let wanted = "a map, as in `{helm: \">=3.14\"}`, or a list";
        for (name, value) in self.entries("tools", node, wanted) {
            let text = match &value.content {
                Content::Null => "*".to_owned(),
                _ => match self.spanned(&name.value, value) {
                    Some(text) => text.value,
                    None => continue,
                },
            };
            // `>=3.14 <4` is how most tools write what semver writes with a comma.
            let commas = text.split_whitespace().collect::<Vec<_>>().join(",");
            match semver::VersionReq::parse(&text).or_else(|_| semver::VersionReq::parse(&commas)) {
                Ok(versions) => tools.push(Tool { name, versions }),
                Err(error) => self.bad(
                    &name.value,
                    value,
                    format!("expected a range of versions, as in `\">=3.14, <4\"`: {error}"),
                ),
            }
        }
        tools
    }

    fn credentials(&mut self, node: &Node) -> Vec<String> {
        let mut unset = Vec::new();
        for (key, value) in self.entries("credentials", node, "a map of `unset`") {
            match (key.value.as_str(), &value.content) {
                ("unset", Content::List(list)) => {
                    for variable in list {
                        unset.extend(self.spanned("unset", variable).map(|name| name.value));
                    }
                }
                ("unset", Content::Null) => {}
                ("unset", _) => unset.extend(self.spanned("unset", value).map(|name| name.value)),
                _ => self.unknown(&key, &["unset"]),
            }
        }
        unset
    }
}
