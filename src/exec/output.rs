//! What a process writes, on its way into events: redacted, cut into lines, bounded.
//!
//! A step's first output goes into the journal as it stands. What is more than
//! [`INLINE`] goes to a file beside the journal, whole; the journal then gets a line now and
//! then, and the end. Memory does not grow with the output.

use std::io;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::event::{Event, Stream, Text};
use crate::secret::{CleanBytes, Filter};
use crate::world::Chunk;

use super::beside::Beside;
use super::console::Splitter;
use super::context::Context;

/// How many bytes of each stream go into the journal from the start.
const INLINE: usize = 256 * 1024;
/// How many of the last bytes go into the journal when there was more.
const TAIL: usize = 16 * 1024;
/// How long a line may be before it is cut in two.
const LINE: usize = 64 * 1024;
/// How often a line is shown of output that no longer goes into the journal.
const GLIMPSE: Duration = Duration::from_secs(1);
/// How many bytes of each stream a script can read.
const KEPT: usize = 4 * 1024 * 1024;

/// What is kept of a process's output for scripts; not redacted.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    pub(super) truncated: bool,
}

/// Records a process's output until its channel closes; `call` is the script's call that started
/// it, if one did.
pub(super) async fn pump(
    context: &Context,
    step: &str,
    call: Option<u32>,
    mut chunks: mpsc::Receiver<Chunk>,
    mut splitter: Option<&mut Splitter>,
) -> Kept {
    let mut kept = Kept::default();
    let mut streams = [
        Recording::new(context, (step, call), Stream::Stdout),
        Recording::new(context, (step, call), Stream::Stderr),
    ];
    while let Some(chunk) = chunks.recv().await {
        let bytes = match &mut splitter {
            Some(splitter) if chunk.stream == Stream::Stdout => splitter.push(&chunk.bytes),
            _ => chunk.bytes,
        };
        keep(&mut kept, chunk.stream, &bytes);
        streams[usize::from(chunk.stream == Stream::Stderr)]
            .push(&bytes)
            .await;
    }
    if let Some(splitter) = splitter {
        let rest = splitter.finish();
        keep(&mut kept, Stream::Stdout, &rest);
        streams[0].push(&rest).await;
    }
    for stream in streams {
        stream.finish().await;
    }
    kept
}

/// Keeps a process's output for a script, and records nothing.
pub(super) async fn keep_all(mut chunks: mpsc::Receiver<Chunk>) -> Kept {
    let mut kept = Kept::default();
    while let Some(chunk) = chunks.recv().await {
        keep(&mut kept, chunk.stream, &chunk.bytes);
    }
    kept
}

fn keep(kept: &mut Kept, stream: Stream, bytes: &[u8]) {
    let place = match stream {
        Stream::Stdout => &mut kept.stdout,
        Stream::Stderr => &mut kept.stderr,
    };
    let room = KEPT.saturating_sub(place.len());
    kept.truncated |= bytes.len() > room;
    place.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// One stream of one process.
struct Recording<'a> {
    context: &'a Context,
    step: &'a str,
    call: Option<u32>,
    stream: Stream,
    filter: Filter,
    /// What came after the last newline.
    line: CleanBytes,
    /// All so far, while it fits into the journal.
    head: CleanBytes,
    rest: Option<Rest>,
}

/// What did not fit into the journal.
struct Rest {
    /// `None` where there can't be one: then it is lost, and the journal says so.
    file: Option<Beside>,
    /// Bytes that are in the file only.
    skipped: u64,
    /// The last bytes, of which the journal gets the end.
    tail: CleanBytes,
    shown: Duration,
}

impl<'a> Recording<'a> {
    fn new(context: &'a Context, (step, call): (&'a str, Option<u32>), stream: Stream) -> Self {
        Self {
            context,
            step,
            call,
            stream,
            filter: context.redactor.filter(),
            line: CleanBytes::default(),
            head: CleanBytes::default(),
            rest: None,
        }
    }

    async fn push(&mut self, bytes: &[u8]) {
        let clean = self.filter.clean(bytes);
        self.take(clean).await;
    }

    async fn finish(mut self) {
        let clean = self.filter.rest();
        self.take(clean).await;
        if let Some(rest) = self.rest.take() {
            let skipped = rest.skipped - rest.tail.len() as u64;
            self.emit(skipped, rest.tail).await;
            if let Some(file) = rest.file {
                self.close(file).await;
            }
        } else if !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            self.emit(0, line).await;
        }
    }

    async fn take(&mut self, clean: CleanBytes) {
        if clean.is_empty() {
            return;
        }
        if self.rest.is_none() {
            let room = INLINE - self.head.len();
            if clean.len() <= room {
                self.head.append(&clean);
                self.lines(&clean).await;
                return;
            }
            // The line that is begun goes to the file with the rest.
            self.overflow().await;
        }
        let now = self.context.world.elapsed();
        let glimpse = self.rest.as_mut().and_then(|rest| rest.take(clean, now));
        if let Some((skipped, line)) = glimpse {
            self.emit(skipped, line).await;
        }
    }

    /// Records the whole lines that are there.
    async fn lines(&mut self, clean: &CleanBytes) {
        self.line.append(clean);
        let end = match self.line.iter().rposition(|byte| *byte == b'\n') {
            Some(newline) => newline + 1,
            None if self.line.len() >= LINE => self.line.len(),
            None => return,
        };
        let lines = self.line.take(end);
        self.emit(0, lines).await;
    }

    /// Turns to the file.
    async fn overflow(&mut self) {
        let file = self.context.output_file(self.step, self.stream);
        let mut file = match file.and_then(|(file, name)| Beside::new(file, name)) {
            Ok(file) => Some(file),
            Err(error) => {
                self.lost(&error).await;
                None
            }
        };
        let head = std::mem::take(&mut self.head);
        if let Some(open) = &mut file {
            open.write(head);
        }
        let begun = std::mem::take(&mut self.line);
        self.rest = Some(Rest {
            file,
            skipped: begun.len() as u64,
            tail: begun,
            shown: self.context.world.elapsed(),
        });
    }

    /// Closes the file and records what is in it; of one that is not whole there is no digest.
    async fn close(&self, file: Beside) {
        let name = file.name().to_owned();
        match file.close().await {
            Ok(sum) => {
                let event = Event::OutputKept {
                    step: self.step.to_owned(),
                    stream: self.stream,
                    call: self.call,
                    file: name,
                    bytes: sum.bytes,
                    sha256: sum.sha256,
                };
                self.context.recorder.record(event).await;
            }
            Err(error) => self.lost(&error).await,
        }
    }

    async fn lost(&self, error: &io::Error) {
        let text = format!("the rest of this output could not be kept: {error}");
        let text = self.context.redactor.clean(&text);
        self.context.note(Some(self.step), text).await;
    }

    async fn emit(&self, skipped: u64, mut lines: CleanBytes) {
        if lines.is_empty() && skipped == 0 {
            return;
        }
        let end = lines.strip_suffix(b"\n").map_or(lines.len(), <[u8]>::len);
        let open = end == lines.len();
        let text = lines.take(end);
        self.context
            .recorder
            .record(Event::Output {
                step: self.step.to_owned(),
                stream: self.stream,
                skipped,
                open,
                call: self.call,
                text: Text::from(text),
            })
            .await;
    }
}

impl Rest {
    /// Takes more; now and then gives the last whole line and how much went unshown before it.
    fn take(&mut self, clean: CleanBytes, now: Duration) -> Option<(u64, CleanBytes)> {
        self.skipped += clean.len() as u64;
        self.tail.append_last(&clean, TAIL);
        if let Some(file) = &mut self.file {
            file.write(clean);
        }
        if now.saturating_sub(self.shown) < GLIMPSE {
            return None;
        }
        let end = self.tail.iter().rposition(|byte| *byte == b'\n')?;
        let start = self.tail[..end]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |newline| newline + 1);
        let _before = self.tail.take(start);
        let line = self.tail.take(end + 1 - start);
        let before = self.skipped - (line.len() + self.tail.len()) as u64;
        self.skipped = self.tail.len() as u64;
        self.shown = now;
        Some((before, line))
    }
}
