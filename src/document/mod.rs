//! The page as written: sections, cells, attributes, front matter.
//!
//! This room turns Markdown into a [`Document`] and diagnostics. It is pure and total: it never
//! fails, never panics, reads nothing but the text it is given, and knows nothing of how cells
//! depend on each other or how they run. Every byte of a cell maps back to the Markdown.

mod attributes;
mod cell_value;
mod commands;
mod conditions;
mod facts;
mod fence;
mod front_matter;
mod info_string;
mod inputs;
mod interpolation;
mod markdown;
mod outline;
mod placeholder;
mod plain;
mod shown;
#[cfg(test)]
mod tests;
mod transcript;
mod vocabulary;
mod yaml;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

pub use self::interpolation::interpolations;
pub(crate) use self::placeholder::placeholders;
use crate::diagnostic::Diagnostics;
use crate::quote::Dialect;
use crate::source::{Excerpt, Source, Span, Spanned};
use crate::value::{InputKind, Value};

/// A Markdown page, read.
#[derive(Clone, Debug)]
pub struct Document {
    /// The text it was read from.
    pub source: Arc<Source>,
    /// What the YAML block at its head says.
    pub front_matter: FrontMatter,
    /// Its sections in order of their headings; text before the first heading is in none.
    pub sections: Vec<Section>,
    /// Its cells in order, manual ones of a plain document included.
    pub cells: Vec<Cell>,
    /// Whether it holds no annotation of ours: then each cell asks before it runs.
    pub plain: bool,
}

impl Document {
    /// The title: front matter's, else the first heading's, else the file's name.
    #[must_use]
    pub fn title(&self) -> &str {
        self.front_matter
            .title
            .as_deref()
            .or_else(|| self.sections.first().map(|section| section.title.as_str()))
            .unwrap_or_else(|| self.source.name())
    }
}

/// A heading and what stands below it, up to the next heading of its level or higher.
#[derive(Clone, Debug)]
pub struct Section {
    /// 1 to 6.
    pub level: u8,
    /// The heading as plain text.
    pub title: String,
    /// The heading's line.
    pub span: Span,
    /// The section around it, an index into [`Document::sections`].
    pub parent: Option<usize>,
    /// From a `<!-- runbook: … -->` comment under the heading.
    pub attributes: Arc<Attributes>,
}

/// What a cell is, which decides how it runs.
#[derive(Clone, Debug, PartialEq)]
pub enum CellKind {
    /// Commands of a shell; `None` is the runbook's own.
    Shell(Option<Dialect>),
    /// A transcript: `$ ` commands and the output that each should print.
    Console(Vec<Exchange>),
    /// Rhai: statements, assertions, calls.
    Script,
    /// A program that reads the cell on its standard input or as a file.
    Interpreter {
        /// The fence's language, as in `python`.
        language: String,
        /// The program, as in `python3`.
        program: String,
    },
    /// A value named by the cell's id.
    Value(Format),
    /// Something that the operator does by hand and ticks off; the body says what.
    Manual,
    /// A prose condition ("If Helm fails:"), put to the operator as a question.
    Branch,
}

/// One command of a console transcript and the output it expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The command, prompt removed; here-documents and continued lines included.
    pub command: Excerpt,
    /// The lines under it, `...` and `[..]` eliding; `None` where there are none.
    pub expected: Option<Excerpt>,
}

/// How the text of a value cell is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 8259.
    Json,
    /// YAML 1.2, strict booleans.
    Yaml,
    /// TOML 1.0.
    Toml,
    /// The text as it stands.
    Text,
}

/// A fenced code block as written, or a manual part of a plain document.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What it is.
    pub kind: CellKind,
    /// The fence from its first to its last byte.
    pub span: Span,
    /// The info string (or, without one, the opening fence).
    pub info: Span,
    /// What stands inside.
    pub body: Excerpt,
    /// The section that holds it.
    pub section: Option<usize>,
    /// What its info string says; most cells share one that says nothing.
    pub attributes: Arc<Attributes>,
    /// `${{ … }}` in the body and, in a plain document, `<placeholder>`s, in order.
    pub interpolations: Vec<Interpolation>,
    /// The cell of kind [`CellKind::Branch`] whose answer decides whether this one runs.
    pub branch: Option<usize>,
}

/// A part of a cell that is replaced by a value when the cell runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpolation {
    /// The bytes of the body it replaces, delimiters included.
    pub range: std::ops::Range<usize>,
    /// What gives the value.
    pub value: Interpolated,
}

/// What gives an interpolation its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interpolated {
    /// A Rhai expression, trimmed.
    Expression(Excerpt),
    /// An input named after a `<placeholder>`.
    Placeholder(String),
}

/// What a fence's info string or a section's comment says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes {
    /// `#id`.
    pub id: Option<Spanned<String>>,
    /// `needs=a,b`; an empty list is `needs=none`.
    pub needs: Option<Vec<Spanned<String>>>,
    /// `when="EXPR"`.
    pub when: Option<Excerpt>,
    /// `confirm` (an empty excerpt) or `confirm="QUESTION"`; the question may hold `${{ }}`.
    pub confirm: Option<Excerpt>,
    /// `timeout=`: how long one attempt may take.
    pub timeout: Option<Duration>,
    /// `retry=`: attempts after the first.
    pub retry: Option<u32>,
    /// `delay=`: the wait before the second attempt.
    pub delay: Option<Duration>,
    /// `backoff=`: the factor of each further wait.
    pub backoff: Option<f64>,
    /// `always`.
    pub always: bool,
    /// `allow-failure`.
    pub allow_failure: bool,
    /// `background`.
    pub background: bool,
    /// `ready="EXPR"`.
    pub ready: Option<Excerpt>,
    /// `each="EXPR"`.
    pub each: Option<Excerpt>,
    /// `effect=`.
    pub effect: Option<Effect>,
    /// `idempotent`.
    pub idempotent: bool,
    /// `tty`.
    pub tty: bool,
    /// `errexit=off` is `Some(false)`.
    pub errexit: Option<bool>,
    /// `cwd=`; may hold `${{ }}`.
    pub cwd: Option<Excerpt>,
    /// `shell=`.
    pub shell: Option<Dialect>,
    /// `skip`.
    pub skip: bool,
    /// `parallel`: sections only.
    pub parallel: bool,
    /// `allow=a,b`: lints that are not wanted here, by name or code.
    pub allow: Vec<Spanned<String>>,
}

impl Attributes {
    /// These attributes to be held by a cell or a section; all that say nothing are one.
    #[must_use]
    pub fn shared(self) -> Arc<Self> {
        static NONE: LazyLock<Arc<Attributes>> = LazyLock::new(Arc::default);
        if self == **NONE {
            Arc::clone(&NONE)
        } else {
            Arc::new(self)
        }
    }
}

/// What a step does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// It only looks.
    Read,
    /// It makes or alters something.
    Change,
    /// It removes something.
    Destroy,
}

impl Effect {
    /// The word of the attribute.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Change => "change",
            Self::Destroy => "destroy",
        }
    }
}

/// The YAML block at the head of the page.
#[derive(Clone, Debug, Default)]
pub struct FrontMatter {
    /// The whole block, fences included; empty where there is none.
    pub span: Span,
    /// `title`.
    pub title: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `owner`.
    pub owner: Option<String>,
    /// `inputs`, then a plain document's placeholders.
    pub inputs: Vec<Input>,
    /// `target`.
    pub target: Option<Spanned<String>>,
    /// `env`: set for every step; the text may hold `${{ }}`.
    pub env: Vec<(String, Excerpt)>,
    /// `shell`.
    pub shell: Option<Dialect>,
    /// `timeout` of the whole run.
    pub timeout: Option<Duration>,
    /// `requires`.
    pub requires: Requires,
    /// `credentials.unset`: variables that no step sees.
    pub unset: Vec<String>,
}

/// A typed parameter of the runbook.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name, a variable of that name in scripts.
    pub name: Spanned<String>,
    /// Its type.
    pub kind: InputKind,
    /// The value where none is given.
    pub default: Option<Value>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// A regular expression that the whole value must match.
    pub pattern: Option<String>,
    /// Whether it comes from a `<placeholder>` and not from front matter.
    pub placeholder: bool,
}

/// What must hold before the first step.
#[derive(Clone, Debug, Default)]
pub struct Requires {
    /// Programs and the versions that will do.
    pub tools: Vec<Tool>,
    /// `aws.account`.
    pub aws_account: Option<Spanned<String>>,
    /// `aws.region`.
    pub aws_region: Option<Spanned<String>>,
    /// `kube.context`.
    pub kube_context: Option<Spanned<String>>,
}

/// A program that the runbook needs.
#[derive(Clone, Debug)]
pub struct Tool {
    /// Its name on the search path.
    pub name: Spanned<String>,
    /// The versions that will do, as semver ranges; `*` is any.
    pub versions: semver::VersionReq,
}

impl Document {
    /// Reads a page. Never fails: what is wrong with it is in the diagnostics, in the order of
    /// the page.
    ///
    /// ```
    /// use std::sync::{Arc, LazyLock};
    /// use runbook::document::{CellKind, Document};
    /// use runbook::source::Source;
    /// let page = "# Roll back\n```rhai {#check}\nassert 1 < 2;\n```\n";
    /// let (document, diagnostics) = Document::parse(Arc::new(Source::new("a.md", page)));
    /// assert!(diagnostics.is_empty());
    /// assert_eq!(document.title(), "Roll back");
    /// assert_eq!(document.cells[0].kind, CellKind::Script);
    /// assert_eq!(document.cells[0].body.text, "assert 1 < 2;\n");
    /// ```
    #[must_use]
    pub fn parse(source: Arc<Source>) -> (Self, Diagnostics) {
        let mut head = front_matter::read(&source);
        let mut page = markdown::read(&source, head.end);
        let plain = !page.annotated && !head.annotated;
        head.finish(!plain);
        let mut diagnostics = head.diagnostics;
        if plain {
            shown::leave_out(&source, &mut page);
            head.front_matter.inputs = placeholder::inputs(&mut page.cells);
            page = plain::complete(&source, page);
        }
        diagnostics.extend(page.diagnostics);
        diagnostics.extend(cell_value::check(&page.cells));
        diagnostics.sort();
        let document = Self {
            source,
            front_matter: head.front_matter,
            sections: page.sections,
            cells: page.cells,
            plain,
        };
        (document, diagnostics)
    }
}
