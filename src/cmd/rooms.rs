//! Every call into a room that is more than a line, in one place.

use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use runbook::diagnostic::Diagnostics;
use runbook::document::Document;
use runbook::graph::Graph;
use runbook::journal::{self, Entry};
use runbook::report::Report;
use runbook::script;
use runbook::sink::Sink;
use runbook::source::Source;
use runbook::view::{self, Paused, Screen, Style};
use runbook::visible;
use runbook::world::live::Live;
use runbook::world::{Answer, Boxed, Operator, Question, World};
use uuid::{NoContext, Uuid};

use super::args::{self, GraphFormat, RunFormat, Shown};
use super::page::Page;
use super::surroundings::{Look, Surroundings};

/// What pauses the progress, where there is any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pause(Option<Screen>);

impl Pause {
    /// Gives the terminal to the caller until the returned value is dropped.
    pub(crate) fn start(&self) -> Option<Paused> {
        self.0.as_ref().map(Screen::pause)
    }
}

/// What shows a run while it happens, on standard output.
pub(crate) fn screen(args: &args::Run, surroundings: &Surroundings) -> (Box<dyn Sink>, Pause) {
    shown(args.conduct.format, args.conduct.output, surroundings)
}

/// What shows entries on standard output, whether they happen or are played back.
pub(crate) fn shown(
    format: RunFormat,
    output: Shown,
    surroundings: &Surroundings,
) -> (Box<dyn Sink>, Pause) {
    match format {
        RunFormat::Json => (
            Box::new(journal::Lines::new(io::stdout())),
            Pause::default(),
        ),
        RunFormat::Human => {
            let live = surroundings.out.terminal && surroundings.err.terminal;
            let style = style(surroundings.out, live, output);
            let terminal = view::Terminal::new(style, Box::new(io::stdout()));
            let pause = Pause(Some(terminal.screen()));
            (Box::new(terminal), pause)
        }
    }
}

/// How text is laid out on a stream; without a terminal no line is cut.
pub(crate) const fn style(look: Look, live: bool, output: Shown) -> Style {
    Style {
        color: look.color,
        width: if look.terminal { look.width } else { 0 },
        live,
        output: match output {
            Shown::Short => view::Shown::Short,
            Shown::Full => view::Shown::Full,
            Shown::None => view::Shown::None,
        },
    }
}

/// The live world, with somebody to ask.
pub(crate) fn world(operator: Arc<dyn Operator>, fresh_shells: bool) -> Arc<dyn World> {
    let live = Live::new(operator);
    Arc::new(if fresh_shells {
        live.with_fresh_shells()
    } else {
        live
    })
}

/// The live world, for looking only.
pub(crate) fn bare_world() -> Arc<dyn World> {
    world(Arc::new(Nobody), true)
}

struct Nobody;

impl Operator for Nobody {
    fn ask(&self, _question: Question) -> Boxed<'_, Option<Answer>> {
        Box::pin(async { None })
    }
}

/// A new run's id: a `UUIDv7`, which sorts by time (RFC 9562, section 5.7).
pub(crate) fn id(now: Timestamp) -> String {
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanoseconds)).to_string()
}

/// A graph as it is wanted.
pub(crate) fn draw(page: &Page, format: GraphFormat) -> String {
    let graph = &page.graph;
    let text = match format {
        GraphFormat::Text => graph.text(),
        GraphFormat::Mermaid => graph.mermaid(),
        GraphFormat::Dot => graph.dot(),
        GraphFormat::Json => visible::json(&graph.json().to_string()).into_owned(),
    };
    if text.ends_with('\n') {
        text
    } else {
        text + "\n"
    }
}

/// What scripts can call.
pub(crate) fn vocabulary() -> &'static runbook::language::Vocabulary {
    script::vocabulary()
}

/// A page, and what is wrong with it or could be better.
pub(crate) fn checked(source: Arc<Source>) -> (Arc<Document>, Diagnostics) {
    let (document, mut found) = Document::parse(source);
    let document = Arc::new(document);
    found.extend(Graph::problems(&document, vocabulary()));
    // As where a page is read to run, so that two things said of one place come in one order.
    found.sort();
    found.extend(runbook::lint::lint(&document));
    (document, found)
}

/// A run as a `JUnit` report.
pub(crate) fn junit(entries: &mut dyn Iterator<Item = Entry>) -> String {
    runbook::report::junit(&Report::fold(entries))
}
