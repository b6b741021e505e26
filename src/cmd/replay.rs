//! `runbook replay`: a past run as it looked, at its own pace.

use std::io::{self, IsTerminal as _, Read as _};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use runbook::event::Event;
use runbook::exec::Interrupt;
use runbook::journal::{Entry, Reader};
use runbook::world::World;
use tokio::sync::mpsc;

use super::args::{self, RunFormat, Speed};
use super::failure::{Failure, Kind};
use super::keyboard::Quiet;
use super::rooms::Pause;
use super::signals::Signals;
use super::surroundings::{Surroundings, complain};
use super::{operator, rooms, runs, runtime};

/// Plays a past run back, through what shows a run while it happens.
///
/// # Errors
/// Where there is no such run, or its journal does not verify.
pub(crate) fn replay(args: &args::Replay, surroundings: &Surroundings) -> Result<u8, Failure> {
    let run = runs::find(&args.run.name, surroundings)?;
    runs::sound(&run, surroundings)?;
    let reader =
        Reader::open(run.journal()).map_err(|error| Failure::journal(error.to_string()))?;
    let runtime = runtime()?;
    let played = runtime.block_on(played(args, surroundings, reader));
    // A thread may still wait for a key.
    runtime.shutdown_background();
    played
}

async fn played(
    args: &args::Replay,
    surroundings: &Surroundings,
    mut reader: Reader,
) -> Result<u8, Failure> {
    let (mut screen, pause) = rooms::shown(args.format, args.output, surroundings);
    let live =
        args.format == RunFormat::Human && surroundings.out.terminal && surroundings.err.terminal;
    let mut player = Player {
        world: rooms::bare_world(),
        signals: Signals::listen(Interrupt::default())?,
        keys: (live && args.speed != Speed::Instant && io::stdin().is_terminal())
            .then(Keys::listen)
            .flatten(),
        speed: args.speed,
        last: None,
        over: false,
        paused: false,
    };
    let mut prompts = live.then(|| Prompts::new(pause));
    while let Some(entry) = reader.next() {
        let entry = entry.map_err(|error| Failure::journal(error.to_string()))?;
        // Nobody saw, while it ran, what was noted of it later.
        let later = matches!(&entry.event, Event::Noted { by: Some(_), .. });
        if later && args.format == RunFormat::Human {
            continue;
        }
        match player.wait(&entry).await? {
            Next::Entry => {}
            Next::Stop => return Ok(0),
        }
        if let Some(prompts) = &mut prompts {
            prompts.receive(&entry)?;
        }
        screen.receive_line(&entry, reader.line())?;
        player.over |= matches!(entry.event, Event::RunFinished { .. });
        if args.until.is_some_and(|until| entry.seq >= until) {
            screen.settle()?;
            return Ok(0);
        }
    }
    screen.finish()?;
    Ok(0)
}

/// Whether to go on.
enum Next {
    Entry,
    Stop,
}

/// Keeps the pace of a run that is played back.
struct Player {
    world: Arc<dyn World>,
    signals: Signals,
    keys: Option<Keys>,
    speed: Speed,
    /// When the entry before was recorded.
    last: Option<Timestamp>,
    /// Whether the run has ended, and what comes was added later.
    over: bool,
    paused: bool,
}

impl Player {
    /// Waits until it is the turn of an entry.
    async fn wait(&mut self, entry: &Entry) -> Result<Next, Failure> {
        let before = self.last.replace(entry.at).unwrap_or(entry.at);
        let mut left = match self.speed {
            Speed::Instant => Duration::ZERO,
            Speed::Times(_) if self.over => Duration::ZERO,
            Speed::Times(times) => {
                // A clock that was set back while it ran makes no wait.
                let gap = Duration::try_from(entry.at.duration_since(before)).unwrap_or_default();
                Duration::try_from_secs_f64(gap.as_secs_f64() / times).unwrap_or(Duration::MAX)
            }
        };
        loop {
            if let Some(number) = self.signals.first() {
                return Err(Failure::said(Kind::Signal(number)));
            }
            if !self.paused && left.is_zero() {
                match self.keys.as_mut().and_then(Keys::pressed) {
                    None => return Ok(Next::Entry),
                    Some(key) => match self.press(key, entry.seq)? {
                        Pressed::Stop => return Ok(Next::Stop),
                        Pressed::Step => return Ok(Next::Entry),
                        Pressed::Other => continue,
                    },
                }
            }
            let began = self.world.elapsed();
            let wait = if self.paused { Duration::MAX } else { left };
            let key = tokio::select! {
                () = pause(&*self.world, wait) => None,
                key = next(self.keys.as_mut()) => Some(key),
                number = self.signals.came() => return Err(Failure::said(Kind::Signal(number))),
            };
            if !self.paused {
                let gone = self.world.elapsed().saturating_sub(began);
                left = left.saturating_sub(gone);
            }
            match key {
                None => left = Duration::ZERO,
                Some(key) => match self.press(key, entry.seq)? {
                    Pressed::Stop => return Ok(Next::Stop),
                    Pressed::Step => return Ok(Next::Entry),
                    Pressed::Other => {}
                },
            }
        }
    }

    fn press(&mut self, key: u8, seq: u64) -> Result<Pressed, Failure> {
        Ok(match key {
            b'q' | b'Q' => Pressed::Stop,
            b' ' => {
                self.paused = !self.paused;
                if self.paused {
                    let shown = seq.saturating_sub(1);
                    complain(&format!(
                        "paused after entry {shown}: space goes on, n plays one entry, q stops\n"
                    ))?;
                }
                Pressed::Other
            }
            b'n' | b'\n' => {
                self.paused = true;
                Pressed::Step
            }
            _ => Pressed::Other,
        })
    }
}

/// What a key asks for.
enum Pressed {
    Stop,
    Step,
    Other,
}

/// Waits; for ever where the wait is longer than anybody has.
async fn pause(world: &dyn World, wait: Duration) {
    if wait == Duration::MAX {
        std::future::pending::<()>().await;
    }
    world.sleep(wait).await;
}

/// Waits for a key; for ever where there is no keyboard.
async fn next(keys: Option<&mut Keys>) -> u8 {
    if let Some(keys) = keys
        && let Some(key) = keys.typed.recv().await
    {
        return key;
    }
    std::future::pending().await
}

/// The keys of a terminal, one by one.
struct Keys {
    typed: mpsc::UnboundedReceiver<u8>,
    _quiet: Quiet,
}

impl Keys {
    /// Listens; `None` where the terminal can't be read key by key.
    fn listen() -> Option<Self> {
        let quiet = Quiet::keys().ok()?;
        let (sender, typed) = mpsc::unbounded_channel();
        // A thread of its own: it blocks in `read` when the program ends, and must not keep it.
        std::thread::spawn(move || {
            let mut key = [0];
            while io::stdin().lock().read_exact(&mut key).is_ok() {
                if sender.send(key[0]).is_err() {
                    return;
                }
            }
        });
        Some(Self {
            typed,
            _quiet: quiet,
        })
    }

    /// A key that was pressed meanwhile.
    fn pressed(&mut self) -> Option<u8> {
        self.typed.try_recv().ok()
    }
}

/// Shows the questions of a run as its operator saw them, above the bars.
struct Prompts {
    pause: Pause,
    /// The question that is open, as it was shown.
    open: Option<String>,
}

impl Prompts {
    fn new(pause: Pause) -> Self {
        Self { pause, open: None }
    }

    fn receive(&mut self, entry: &Entry) -> Result<(), Failure> {
        match &entry.event {
            Event::Asked {
                question,
                context,
                answers,
                ..
            } => {
                let context = context.as_ref().map(runbook::secret::Clean::as_str);
                let answers = answers.as_ref().map(runbook::secret::Clean::as_str);
                let mut text = operator::listed(context.unwrap_or_default());
                text.push_str(&operator::prompt(question.as_str(), answers));
                self.open = Some(text);
            }
            // What a flag answered was never asked.
            Event::Answered { answer, by, .. } => {
                if let Some(text) = self.open.take().filter(|_| !by.starts_with("--")) {
                    let _pause = self.pause.start();
                    let shown: Vec<_> = runbook::view::sanitize::lines(&text).collect();
                    let answer = runbook::view::sanitize::line(answer.as_str());
                    complain(&format!("{}{answer}\n", shown.join("\n")))?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}
