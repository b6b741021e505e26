//! The assertions that held, as cells that check them again: each with the cells it needs, none
//! of which changes anything, and none of which `check` has anything to say about.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use super::super::{State, Step};
use super::{Account, markdown};
use crate::document::{Document, Effect};
use crate::event::Status;
use crate::graph::Graph;
use crate::language::Vocabulary;
use crate::lint::lint;
use crate::quote::Dialect;
use crate::secret::{Clean, CleanValue};
use crate::source::Source;

/// The comment under the title: the cells wait only for what they use, each is checked whatever
/// became of the others, and what is only told is not looked at.
pub(super) const ATTRIBUTES: &str = "<!-- runbook: parallel always effect=read \
     allow=shellcheck,inline-command,prose-condition,placeholder -->";

/// A run and a step of it.
type Key = (usize, String);

/// A cell of the page.
#[derive(Clone, Debug)]
struct Cell {
    key: Key,
    info: String,
    code: String,
    /// Whether it holds an assertion.
    asserts: bool,
    /// Whether the journal says that it only reads.
    reads: bool,
}

/// What a page can check again.
#[derive(Debug, Default)]
pub(super) struct Claims {
    cells: Vec<Cell>,
    /// Why a step's assertions are only told.
    told: BTreeMap<Key, String>,
    /// The inputs that cells use, with the values of the run.
    inputs: BTreeMap<String, CleanValue>,
}

/// A step that may become cells.
struct Candidate<'a> {
    key: Key,
    step: &'a Step,
    code: &'a str,
    /// Whether its assertions get a cell each.
    split: bool,
}

impl Claims {
    /// Finds what can be checked again of several runs.
    pub(super) fn of(accounts: &[Account], vocabulary: &Vocabulary) -> Self {
        let mut claims = Self::default();
        let mut candidates = claims.candidates(accounts, vocabulary);
        loop {
            let cells: Vec<Cell> = candidates.iter().flat_map(Candidate::cells).collect();
            claims.find_inputs(accounts, &cells);
            let page = claims.page(&cells);
            let Some((key, why)) = first_flaw(&page, &cells, vocabulary) else {
                claims.cells = needed(&page, cells, vocabulary);
                break;
            };
            let Some(at) = candidates.iter().position(|found| found.key == key) else {
                break;
            };
            let candidate = &mut candidates[at];
            if candidate.split && candidate.step.state == State::Finished(Status::Passed) {
                candidate.split = false;
            } else {
                let why = claims.missing(candidate).unwrap_or(why);
                candidates.remove(at);
                claims.told.insert(key, why);
            }
        }
        let cells = std::mem::take(&mut claims.cells);
        claims.find_inputs(accounts, &cells);
        claims.cells = cells;
        claims
    }

    /// Whether nothing is checked again.
    pub(super) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Whether a step became cells.
    pub(super) fn has(&self, run: usize, step: &str) -> bool {
        let is = |cell: &Cell| cell.key.0 == run && cell.key.1 == step;
        self.cells.iter().any(is)
    }

    /// The cells of a step, ready for the page.
    pub(super) fn fences(&self, run: usize, step: &str) -> String {
        self.cells
            .iter()
            .filter(|cell| cell.key.0 == run && cell.key.1 == step)
            .map(|cell| markdown::fence(&cell.info, &cell.code) + "\n")
            .collect()
    }

    /// Why a step's assertions are only told, where that is known.
    pub(super) fn why_told(&self, run: usize, step: &str) -> Option<&str> {
        self.told.get(&(run, step.to_owned())).map(String::as_str)
    }

    /// The front matter of the page.
    pub(super) fn front_matter(&self, title: &str, description: &str) -> String {
        let mut text = format!(
            "---\ntitle: {}\ndescription: {}\n",
            markdown::yaml(title),
            markdown::yaml(description)
        );
        if !self.inputs.is_empty() {
            text.push_str("inputs:\n");
        }
        for (name, value) in &self.inputs {
            let (kind, value) = match value {
                CleanValue::Boolean(flag) => ("boolean", flag.to_string()),
                CleanValue::Number(number) => ("integer", number.to_string()),
                CleanValue::Text(text) => ("string", markdown::yaml(text.as_str())),
                _ => continue,
            };
            let _ = writeln!(text, "  {name}: {{type: {kind}, default: {value}}}");
        }
        text + "---\n"
    }

    /// The steps that may become cells, in the order of the runs and of their pages.
    ///
    /// Runs share one notebook here: where a name means one thing in one run and another in the
    /// next, the later run has it, for it came closer to how things are.
    fn candidates<'a>(
        &mut self,
        accounts: &'a [Account],
        vocabulary: &Vocabulary,
    ) -> Vec<Candidate<'a>> {
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        let mut inputs: BTreeMap<&str, &CleanValue> = BTreeMap::new();
        let mut candidates = Vec::new();
        for (run, account) in accounts.iter().enumerate().rev() {
            let mut own: Vec<Candidate<'a>> = Vec::new();
            for step in account.report.steps() {
                let Some(code) = &step.command else { continue };
                let key = (run, step.id.clone());
                let unfit = unfit(step, code.as_str())
                    .or_else(|| left_behind(account, step, code.as_str()));
                match unfit {
                    Some(why) => {
                        self.told.insert(key, why);
                    }
                    None => own.push(Candidate {
                        key,
                        step,
                        code: code.as_str(),
                        split: step.kind == "rhai",
                    }),
                }
            }
            let names = names(self, account, &own, vocabulary);
            let shared = names.iter().find_map(|name| Some((name, taken.get(name)?)));
            let differs = account.head.inputs.iter().find(|(name, value)| {
                inputs
                    .get(name.as_str())
                    .is_some_and(|known| known != value)
            });
            let why = match (shared, differs) {
                (Some((name, other)), _) => {
                    let other = accounts.get(*other).map_or("", Account::short);
                    format!("run `{other}`, which came later, has a `{name}` of its own")
                }
                (None, Some((name, _))) => {
                    format!("a run that came later had another value of `{name}`")
                }
                (None, None) => {
                    taken.extend(names.into_iter().map(|name| (name, run)));
                    inputs.extend(
                        account
                            .head
                            .inputs
                            .iter()
                            .map(|(name, value)| (name.as_str(), value)),
                    );
                    own.append(&mut candidates);
                    candidates = own;
                    continue;
                }
            };
            for candidate in own {
                self.told.insert(candidate.key, why.clone());
            }
        }
        candidates
    }

    /// What a script uses that the page has not got.
    fn missing(&self, candidate: &Candidate<'_>) -> Option<String> {
        self.told.iter().find_map(|((run, step), why)| {
            let name = step.replace(['-', '.'], "_");
            let uses = *run == candidate.key.0 && has_word(candidate.code, &name);
            uses.then(|| format!("it needs `{step}`, which is not here: {why}"))
        })
    }

    fn find_inputs(&mut self, accounts: &[Account], cells: &[Cell]) {
        self.inputs.clear();
        for cell in cells {
            for (name, value) in accounts.iter().flat_map(|account| &account.head.inputs) {
                let fits = match value {
                    CleanValue::Boolean(_) => true,
                    CleanValue::Number(number) => number.is_i64(),
                    CleanValue::Text(text) => fits_in_yaml(text),
                    _ => false,
                };
                if fits && has_word(&cell.code, name) && crate::language::is_variable(name) {
                    self.inputs
                        .entry(name.clone())
                        .or_insert_with(|| value.clone());
                }
            }
        }
    }

    /// A page of nothing but cells, on which the last is judged as on the page itself.
    fn page(&self, cells: &[Cell]) -> (String, Vec<Range<usize>>) {
        let mut text = self.front_matter("", "");
        // What a step does is found, not said, so that an older journal is judged as well.
        text.push_str("\n# Claims\n");
        text.push_str(&ATTRIBUTES.replace(" effect=read", ""));
        text.push_str("\n\n");
        let mut ranges = Vec::new();
        for cell in cells {
            let start = text.len();
            text.push_str(&markdown::fence(&cell.info, &cell.code));
            ranges.push(start..text.len());
            text.push('\n');
        }
        (text, ranges)
    }
}

impl Candidate<'_> {
    fn cells(&self) -> Vec<Cell> {
        let cell = |info: String, code: String, asserts: bool| Cell {
            key: self.key.clone(),
            info,
            code,
            asserts,
            reads: self.step.effect.is_some(),
        };
        let id = &self.key.1;
        if self.step.kind != "rhai" {
            let mut info = format!("{} {{#{id}", self.step.kind);
            if self.step.goes_on {
                info.push_str(" errexit=off");
            }
            if let Some(directory) = &self.step.directory {
                let _ = write!(info, " cwd=\"{directory}\"");
            }
            return vec![cell(info + "}", self.code.to_owned(), false)];
        }
        if !self.split {
            return vec![cell(
                format!("rhai {{#{id}}}"),
                self.code.to_owned(),
                self.step.held > 0,
            )];
        }
        let Pieces { rest, asserts } = Pieces::of(self.step, self.code);
        let mut cells = Vec::new();
        let alone = rest.trim().is_empty() && asserts.len() == 1;
        if !rest.trim().is_empty() {
            let name = if asserts.is_empty() {
                String::new()
            } else {
                "-values".to_owned()
            };
            cells.push(cell(format!("rhai {{#{id}{name}}}"), rest, false));
        }
        for (index, code) in asserts.into_iter().enumerate() {
            let name = if alone {
                String::new()
            } else {
                format!("-{}", index + 1)
            };
            cells.push(cell(format!("rhai {{#{id}{name}}}"), code, true));
        }
        cells
    }
}

/// A script, taken apart.
struct Pieces {
    /// What stands between its assertions.
    rest: String,
    /// Its assertions at the top level; of a script that failed, those that held.
    asserts: Vec<String>,
}

impl Pieces {
    fn of(step: &Step, code: &str) -> Self {
        let passed = step.state == State::Finished(Status::Passed);
        let broken = step
            .checks
            .iter()
            .find(|check| !check.held)
            .map(|check| check.line);
        let mut pieces = Self {
            rest: String::new(),
            asserts: Vec::new(),
        };
        let mut open: Option<(String, usize)> = None;
        for (index, line) in code.lines().enumerate() {
            let number = step.line + 1 + index;
            // What comes after the one that did not hold never ran.
            if !passed && broken.is_none_or(|broken| number >= broken) {
                break;
            }
            let (mut text, first) = match open.take() {
                Some(open) => open,
                None if line.starts_with("assert ") => (String::new(), number),
                None => {
                    pieces.rest.push_str(line);
                    pieces.rest.push('\n');
                    continue;
                }
            };
            text.push_str(line);
            text.push('\n');
            if !line.trim_end().ends_with(';') {
                open = Some((text, first));
                continue;
            }
            let held = step
                .checks
                .iter()
                .any(|check| check.held && (first..=number).contains(&check.line));
            if passed || held {
                pieces.asserts.push(text);
            }
        }
        pieces
    }
}

/// Why a step can't become a cell, whatever it needs.
fn unfit(step: &Step, code: &str) -> Option<String> {
    let script = step.kind == "rhai";
    let why = if !script && Dialect::named(&step.kind).is_none() {
        "it is no shell's cell"
    } else if matches!(step.effect.as_deref(), Some("change" | "destroy")) {
        "it changes something"
    } else if !script && step.state != State::Finished(Status::Passed) {
        "it did not pass"
    } else if script && step.held == 0 && step.state != State::Finished(Status::Passed) {
        "nothing in it held"
    } else if code.contains('«') || code.contains("RUNBOOK_VALUE_") {
        "it used a secret"
    } else if code.contains("${{") || code.contains("{{#") || code.contains('\0') {
        "its text can't stand in a page"
    } else if step.id.contains('[') {
        "it ran for each element of a list"
    } else if script && code.contains("ask(") {
        "it asks the operator"
    } else if step
        .directory
        .as_ref()
        .is_some_and(|place| !is_plain(place))
    {
        "the name of its directory can't stand in a page"
    } else {
        return None;
    };
    Some(why.to_owned())
}

/// What a step found that steps before it had left, and that a page does not make again.
fn left_behind(account: &Account, step: &Step, code: &str) -> Option<String> {
    let exported = account.exported.iter().find(|(name, by)| {
        *by != &step.id
            && [format!("${name}"), format!("${{{name}")]
                .iter()
                .any(|text| code.contains(text.as_str()))
    });
    if let Some((name, by)) = exported {
        return Some(format!(
            "it uses the variable `{name}`, which `{by}` exported"
        ));
    }
    let runs = step.kind == "rhai" && (code.contains("sh(") || code.contains("run("));
    let by = account
        .moved
        .as_ref()
        .filter(|by| runs && *by != &step.id)?;
    let before = account
        .report
        .step(by)
        .is_some_and(|by| by.started < step.started);
    before.then(|| format!("it runs in a directory that `{by}` went to"))
}

/// Whether a directory's name can be an attribute as it stands.
fn is_plain(place: &Clean) -> bool {
    let acts = |c: char| c.is_control() || matches!(c, '"' | '\\' | '`' | '$' | '{' | '}' | '«');
    !place.as_str().contains(acts)
}

/// Whether a text is the same in YAML as here.
fn fits_in_yaml(text: &Clean) -> bool {
    !text.as_str().contains('«') && markdown::yaml(text.as_str()) == format!("{:?}", text.as_str())
}

/// Whether a text has a name as a word.
fn has_word(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !name.is_empty() && !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// The first cell that `check` would say something about, or that is not known to only read.
fn first_flaw(
    (text, ranges): &(String, Vec<Range<usize>>),
    cells: &[Cell],
    vocabulary: &Vocabulary,
) -> Option<(Key, String)> {
    let (document, mut found) = Document::parse(Arc::new(Source::new("claims", text.as_str())));
    let document = Arc::new(document);
    let (graph, wrong) = Graph::build(Arc::clone(&document), vocabulary);
    found.extend(wrong);
    found.extend(lint(&document));
    let key = |at: usize| {
        let index = ranges.iter().position(|range| range.contains(&at))?;
        cells.get(index).map(|cell| cell.key.clone())
    };
    let changes = graph.steps.iter().enumerate().find_map(|(index, step)| {
        let cell = cells.get(step.cell)?;
        let may = !cell.reads && graph.effect(index) != Effect::Read;
        may.then(|| (cell.key.clone(), "it may change something".to_owned()))
    });
    changes.or_else(|| {
        found.iter().find_map(|diagnostic| {
            let start = diagnostic.span().start;
            Some((key(start)?, diagnostic.message.clone()))
        })
    })
}

/// What a run calls its steps and what its scripts define.
fn names(
    claims: &Claims,
    account: &Account,
    candidates: &[Candidate<'_>],
    vocabulary: &Vocabulary,
) -> BTreeSet<String> {
    let cells: Vec<Cell> = candidates.iter().flat_map(Candidate::cells).collect();
    let (text, _) = claims.page(&cells);
    let (document, _) = Document::parse(Arc::new(Source::new("claims", text)));
    let (graph, _) = Graph::build(Arc::new(document), vocabulary);
    let defined = graph.steps.iter().flat_map(|step| step.defines.clone());
    let steps = account.report.steps().map(|step| step.id.clone());
    defined.chain(steps).collect()
}

/// The cells that assert something, and those that they need.
fn needed(
    (text, _): &(String, Vec<Range<usize>>),
    cells: Vec<Cell>,
    vocabulary: &Vocabulary,
) -> Vec<Cell> {
    let (document, _) = Document::parse(Arc::new(Source::new("claims", text.as_str())));
    let (graph, _) = Graph::build(Arc::new(document), vocabulary);
    let mut wanted = BTreeSet::new();
    for (index, cell) in cells.iter().enumerate() {
        if cell.asserts {
            wanted.insert(index);
            wanted.extend(graph.ancestors(index));
        }
    }
    cells
        .into_iter()
        .enumerate()
        .filter_map(|(index, cell)| wanted.contains(&index).then_some(cell))
        .collect()
}
