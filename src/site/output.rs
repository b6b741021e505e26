//! The output of a step on the page of its run: the beginning and the end of it, and where the whole is.

use std::collections::VecDeque;
use std::fmt::Write as _;

use super::ansi::ansi;
use super::html::escape;
use crate::diagnostic::count;
use crate::event::Stream;

/// How much is shown of the beginning, and of the end.
const SHOWN: usize = 48 * 1024;

/// What one entry says that a step wrote.
#[derive(Debug)]
struct Piece {
    seq: u64,
    stream: Stream,
    text: String,
    /// How many bytes are left out before it.
    gap: u64,
}

/// The output of a step.
#[derive(Debug, Default)]
pub(super) struct Output {
    head: Vec<Piece>,
    tail: VecDeque<Piece>,
    /// How many bytes of each are held.
    first: usize,
    last: usize,
    /// The files beside the journal that have the whole of a stream.
    pub(super) files: Vec<String>,
}

impl Output {
    /// Adds what an entry has; `skipped` bytes were left out before it in the journal.
    pub(super) fn push(&mut self, seq: u64, stream: Stream, skipped: u64, text: String) {
        let size = text.len();
        let piece = Piece {
            seq,
            stream,
            text,
            gap: skipped,
        };
        if self.tail.is_empty() && (self.head.is_empty() || self.first + size <= SHOWN) {
            self.first += size;
            self.head.push(piece);
            return;
        }
        self.last += size;
        self.tail.push_back(piece);
        while self.last > SHOWN && self.tail.len() > 1 {
            let gone = self.tail.pop_front();
            if let (Some(gone), Some(next)) = (gone, self.tail.front_mut()) {
                self.last -= gone.text.len();
                next.gap += gone.gap + gone.text.len() as u64;
            }
        }
    }

    pub(super) fn length(&self) -> usize {
        self.first + self.last
    }

    pub(super) fn write(&self, out: &mut String, id: &str, open: bool) {
        let pieces = || self.head.iter().chain(&self.tail);
        let lines: usize = pieces()
            .map(|piece| piece.text.matches('\n').count() + 1)
            .sum();
        let left_out: u64 = pieces()
            .map(|piece| {
                let inside = cut(&piece.text).map_or(0, |(head, tail)| tail - head);
                piece.gap + inside as u64
            })
            .sum();
        let from = pieces().next().map_or(0, |piece| piece.seq);
        let _ = write!(
            out,
            "<details class=\"rb-fold\" data-seq=\"{from}\"{}><summary>Output, {}{}</summary><pre class=\"rb-out\" tabindex=\"0\" aria-label=\"Output of {id}\">",
            if open { " open" } else { "" },
            count(lines, "line"),
            if left_out > 0 {
                format!(", {left_out} bytes of it left out")
            } else {
                String::new()
            }
        );
        for piece in pieces() {
            let seq = piece.seq;
            if piece.gap > 0 {
                self.hole(out, seq, piece.gap);
            }
            let class = match piece.stream {
                Stream::Stdout => "",
                Stream::Stderr => " class=\"rb-err\"",
            };
            let span =
                |text: &str| format!("<span data-seq=\"{seq}\"{class}>{}&#10;</span>", ansi(text));
            if let Some((head, tail)) = cut(&piece.text) {
                out.push_str(&span(&piece.text[..head]));
                self.hole(out, seq, (tail - head) as u64);
                out.push_str(&span(&piece.text[tail..]));
            } else {
                out.push_str(&span(&piece.text));
            }
        }
        out.push_str("</pre></details>");
    }

    /// Says that something is left out here, how much, and where it is.
    fn hole(&self, out: &mut String, seq: u64, bytes: u64) {
        let whole = match self.files.as_slice() {
            [] => "this run's journal".to_owned(),
            files => {
                let files: Vec<_> = files
                    .iter()
                    .map(|file| escape(&format!("output/{file}")))
                    .collect();
                format!("{} beside this run's journal", files.join(", "))
            }
        };
        let _ = write!(
            out,
            "<span class=\"rb-hole\" data-seq=\"{seq}\">… {bytes} bytes left out here; the whole is in {whole} …&#10;</span>"
        );
    }
}

/// Where a piece that is too long by itself is cut: the end of its beginning, the start of its end.
fn cut(text: &str) -> Option<(usize, usize)> {
    (text.len() > 2 * SHOWN).then(|| {
        let head = text.floor_char_boundary(SHOWN);
        (head, text.ceil_char_boundary(text.len() - SHOWN))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(output: &Output) -> String {
        let mut out = String::new();
        output.write(&mut out, "a", true);
        out
    }

    #[test]
    fn one_hole_is_left_in_a_long_output_and_it_says_how_large_it_is() {
        let mut output = Output::default();
        let line = "x".repeat(1023);
        for seq in 1..=200 {
            output.push(seq, Stream::Stdout, 0, line.clone());
        }
        let html = written(&output);
        assert_eq!(html.matches("rb-hole").count(), 1, "{html}");
        let shown = html.matches(&line).count();
        assert!((90..=96).contains(&shown), "{shown}");
        let left = (200 - shown) * 1023;
        let said = format!("… {left} bytes left out here; the whole is in this run's journal …");
        assert!(html.contains(&said), "{html}");
        assert!(html.contains("data-seq=\"1\"") && html.contains("data-seq=\"200\""));
    }

    #[test]
    fn what_the_journal_left_out_is_marked_where_it_was() {
        let mut output = Output::default();
        output.push(1, Stream::Stdout, 0, "a".to_owned());
        output.push(2, Stream::Stdout, 77, "b".to_owned());
        output.files.push("a.1.out".to_owned());
        let html = written(&output);
        assert!(
            html.contains(
                "… 77 bytes left out here; the whole is in output/a.1.out beside this run's journal …"
            ),
            "{html}"
        );
        let mut output = Output::default();
        output.push(1, Stream::Stderr, 0, "x".repeat(3 * SHOWN));
        assert!(written(&output).contains(&format!("… {SHOWN} bytes left out here")));
    }
}
