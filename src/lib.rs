//! Runbooks as code: a Markdown page becomes a graph of steps and runs, and every run keeps a
//! journal.
//!
//! ```text
//! Source ─document→ Document ─graph→ Graph ─plan→ Plan ─exec→ Event* ─journal→ Entry* ─report→ …
//! ```
//!
//! Wrong text is a diagnostic, a failed step is an outcome in an event, and only the outside world
//! is an `Err`. The whole flow, from a page to what its run came to:
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use runbook::credentials::Environment;
//! use runbook::document::Document;
//! use runbook::exec::{self, Interrupt, Settings};
//! use runbook::graph::Graph;
//! use runbook::journal::{self, Recorder};
//! use runbook::plan::{Plan, Selection};
//! use runbook::report::Collect;
//! use runbook::secret::Redactor;
//! use runbook::source::Source;
//! use runbook::world::live::Live;
//! use runbook::world::{Answer, Boxed, Operator, Question, World};
//!
//! /// Nobody is there to answer, as in CI.
//! struct Nobody;
//!
//! impl Operator for Nobody {
//!     fn ask(&self, _: Question) -> Boxed<'_, Option<Answer>> {
//!         Box::pin(async { None })
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let page = "\
//! ## Greet
//! ~~~bash {#greet}
//! echo hello
//! ~~~
//! ~~~rhai
//! assert greet.trim() == \"hello\", \"it greets\";
//! ~~~
//! ";
//!     // Text becomes a document, and that a graph. What is wrong is collected, never thrown.
//!     let source = Arc::new(Source::new("greet.md", page));
//!     let (document, wrong) = Document::parse(source);
//!     assert!(wrong.is_empty());
//!     let (graph, wrong) = Graph::build(Arc::new(document), runbook::script::vocabulary());
//!     assert!(wrong.is_empty());
//!
//!     // Inputs and a selection make a plan of it.
//!     let plan = Plan::new(Arc::new(graph), &[], &Selection::default()).expect("it has no inputs");
//!
//!     // A world answers the run, and a recorder keeps it: first on disk, then for the sinks.
//!     let folder = tempfile::tempdir()?;
//!     let world: Arc<dyn World> = Arc::new(Live::new(Arc::new(Nobody)));
//!     let clock = Arc::clone(&world);
//!     let report = Collect::default();
//!     let sinks: Vec<Box<dyn runbook::sink::Sink>> = vec![Box::new(report.clone())];
//!     let recorder = Recorder::start(folder.path(), sinks, move || clock.now())?;
//!     let settings = Settings {
//!         run: "example".to_owned(),
//!         operator: "nobody".to_owned(),
//!         target: None,
//!         jobs: 4,
//!         keep_going: false,
//!         attended: false,
//!         environment: std::env::vars_os().collect::<Environment>(),
//!         removed: Vec::new(),
//!         directory: folder.path().to_owned(),
//!         folder: folder.path().to_owned(),
//!         grace: Duration::from_secs(2),
//!         guards: Default::default(),
//!         identity: None,
//!         notes: Vec::new(),
//!         recording: None,
//!         context: None,
//!         about: Default::default(),
//!     };
//!     let ended = exec::run(
//!         Arc::new(plan),
//!         world,
//!         recorder.clone(),
//!         Redactor::default(),
//!         settings,
//!         Interrupt::default(),
//!     )
//!     .await?;
//!     recorder.finish().await?;
//!
//!     // What it came to, and the journal that proves it.
//!     assert_eq!(ended.exit, 0);
//!     assert_eq!(report.report().totals().passed, 2);
//!     journal::verify(folder.path().join("journal.jsonl"))?;
//!     Ok(())
//! }
//! ```
//!
//! `ARCHITECTURE.md` is the map of the rooms, `docs/language.md` the language of the pages.

#[cfg(not(unix))]
compile_error!("runbook runs on Linux and macOS");

pub mod credentials;
pub mod diagnostic;
pub mod document;
pub mod event;
pub mod exec;
pub mod graph;
pub mod journal;
pub mod language;
pub mod lint;
pub mod name;
pub mod plan;
pub mod quote;
pub mod recording;
pub mod rehearsal;
pub mod report;
pub mod script;
pub mod secret;
pub mod side_by_side;
pub mod sink;
pub mod site;
pub mod source;
pub mod value;
pub mod view;
pub mod visible;
pub mod world;
