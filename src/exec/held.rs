//! Output that is held back until the secrets in it are known.
//!
//! A step such as `TOKEN=$(…); echo "$TOKEN"` makes a secret and may write it before anyone knows
//! it. Its output waits, in memory or in a file without a name, until the shell has ended and left
//! the values; only then it is redacted and recorded.

use std::io::{self, Read, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;
use tokio::sync::mpsc;

use crate::event::Stream;
use crate::world::Chunk;

use super::console::Splitter;
use super::context::Context;
use super::output::{self, Kept};

/// How many bytes are held in memory.
const MEMORY: usize = 1024 * 1024;

/// What was written, in order.
pub(super) struct Held {
    file: SpooledTempFile,
    /// The first trouble: what came after it is lost.
    trouble: Option<io::Error>,
}

/// Takes all that comes until the channel closes.
pub(super) async fn hold(mut chunks: mpsc::Receiver<Chunk>) -> Held {
    let mut held = Held {
        file: SpooledTempFile::new(MEMORY),
        trouble: None,
    };
    while let Some(chunk) = chunks.recv().await {
        if held.trouble.is_none() {
            held.trouble = held.write(&chunk).err();
        }
    }
    held
}

impl Held {
    /// Each piece is its stream, its length in four bytes, and itself.
    fn write(&mut self, chunk: &Chunk) -> io::Result<()> {
        let length = u32::try_from(chunk.bytes.len()).map_err(io::Error::other)?;
        self.file
            .write_all(&[u8::from(chunk.stream == Stream::Stderr)])?;
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(&chunk.bytes)
    }

    fn read(&mut self) -> io::Result<Option<Chunk>> {
        let mut head = [0; 5];
        match self.file.read_exact(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let [stream, a, b, c, d] = head;
        let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        self.file.read_exact(&mut bytes)?;
        let stream = if stream == 0 {
            Stream::Stdout
        } else {
            Stream::Stderr
        };
        Ok(Some(Chunk { stream, bytes }))
    }

    /// Records it all, as if it came now.
    pub(super) async fn release(
        mut self,
        context: &Context,
        step: &str,
        splitter: Option<&mut Splitter>,
    ) -> Kept {
        let mut trouble = self.trouble.take();
        if let Err(error) = self.file.seek(SeekFrom::Start(0)) {
            trouble.get_or_insert(error);
        }
        let (sender, receiver) = mpsc::channel(8);
        let (kept, ()) = tokio::join!(
            output::pump(context, step, None, receiver, splitter),
            async {
                loop {
                    match self.read() {
                        Ok(Some(chunk)) => {
                            if sender.send(chunk).await.is_err() {
                                break;
                            }
                        }
                        Ok(None) => break,
                        Err(error) => {
                            trouble.get_or_insert(error);
                            break;
                        }
                    }
                }
                drop(sender);
            }
        );
        if let Some(error) = trouble {
            let text = format!("a part of the output could not be held and is lost: {error}");
            context
                .note(Some(step), context.redactor.clean(&text))
                .await;
        }
        kept
    }

    /// Leaves it unrecorded where a secret in it can't be known, and says so.
    pub(super) async fn withhold(
        mut self,
        context: &Context,
        step: &str,
        names: &[String],
    ) -> Kept {
        if self.trouble.is_none() && self.file.stream_position().is_ok_and(|at| at == 0) {
            return Kept::default();
        }
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let text = format!(
            "what it wrote is withheld: it may hold {}, whose value is not known, as the shell was \
             ended before it could leave it; set it in a step of its own",
            names.join(", ")
        );
        context
            .note(Some(step), context.redactor.clean(&text))
            .await;
        Kept::default()
    }
}
