//! What a plain document shows and doesn't run: output that a text introduces.

use super::CellKind;
use super::markdown::Page;
use super::outline::BlockKind;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Source;

const SHOWN_OUTPUT: Code = Code("RB0117");

/// Makes prose of each shell fence that a text directly below a fence of commands introduces as
/// their output, with a note.
pub(super) fn leave_out(source: &Source, page: &mut Page) {
    let mut shown = Vec::new();
    for (index, blocks) in page.blocks.windows(3).enumerate() {
        let [before, text, fence] = blocks else {
            continue;
        };
        if let (BlockKind::Fence(Some(commands)), BlockKind::Text, BlockKind::Fence(Some(cell))) =
            (before.kind, text.kind, fence.kind)
            && !shown.iter().any(|(_, output)| *output == commands)
            && matches!(
                page.cells[commands].kind,
                CellKind::Shell(_) | CellKind::Console(_)
            )
            && matches!(page.cells[cell].kind, CellKind::Shell(_))
            && introduces_output(source.slice(text.span))
        {
            shown.push((index + 2, cell));
            page.diagnostics.push(
                Diagnostic::note(
                    SHOWN_OUTPUT,
                    page.cells[cell].info,
                    "this is output of the commands above it, says the text between: it is not run",
                )
                .label(text.span, "introduces output")
                .help("where it is commands, say so in the text, as in `Run:`"),
            );
        }
    }
    // From the end, so that the indices of those before stay.
    for (block, cell) in shown.into_iter().rev() {
        page.blocks[block].kind = BlockKind::Other;
        page.cells.remove(cell);
        for later in &mut page.blocks[block..] {
            if let BlockKind::Fence(Some(index)) = &mut later.kind {
                *index -= 1;
            }
        }
    }
}

/// Whether a text ends as in `Output:`, `It prints:` or `You should see something like this:`.
fn introduces_output(text: &str) -> bool {
    const NOUNS: [&str; 6] = [
        "output", "outputs", "response", "result", "results", "stdout",
    ];
    /// What may stand with such a noun where it is no object: `Check the output:` is a command's.
    const BESIDE: [&str; 14] = [
        "a", "command", "desired", "example", "expected", "its", "of", "sample", "should", "the",
        "this", "typical", "will", "your",
    ];
    const SAYS: [&str; 14] = [
        "displays", "give", "gives", "look", "looks", "output", "outputs", "print", "prints",
        "return", "returns", "show", "shows", "yields",
    ];
    /// What may stand between such a word and the colon.
    const FILLS: [&str; 18] = [
        "a",
        "as",
        "be",
        "below",
        "follows",
        "following",
        "is",
        "like",
        "line",
        "message",
        "output",
        "should",
        "similar",
        "something",
        "the",
        "this",
        "to",
        "will",
    ];
    let text = text.trim_end_matches(|c: char| c.is_whitespace() || "*_".contains(c));
    let Some(text) = text.strip_suffix(':') else {
        return false;
    };
    let text = text.to_lowercase().replace('’', "'");
    let sentence = text
        .rsplit(['\n', ';'])
        .next()
        .and_then(|line| line.rsplit(". ").next())
        .unwrap_or_default();
    let words: Vec<&str> = sentence
        .split(|c: char| !(c.is_alphanumeric() || c == '\''))
        .filter(|word| !word.is_empty())
        .collect();
    // `Check what it prints:` comes before a command.
    if words
        .iter()
        .any(|word| ["how", "what", "whether"].contains(word))
    {
        return false;
    }
    let mut end = words.len();
    while let Some(word) = end.checked_sub(1).and_then(|last| words.get(last))
        && FILLS.contains(word)
        && !(NOUNS.contains(word) && words[..end - 1].iter().all(|word| BESIDE.contains(word)))
    {
        end -= 1;
    }
    let Some((last, before)) = words[..end].split_last() else {
        return false;
    };
    if NOUNS.contains(last) && before.iter().all(|word| BESIDE.contains(word)) {
        return true;
    }
    let speaker = |word: &&str| ["it", "command", "this", "that", "output", "which"].contains(word);
    match *last {
        "see" | "get" => {
            before.last().is_some_and(|word| {
                ["should", "will", "you", "you'll", "would", "now", "then"].contains(word)
            }) && before
                .iter()
                .any(|word| ["you", "you'll", "we", "i"].contains(word))
        }
        verb if SAYS.contains(&verb) => {
            (before.is_empty() && verb.ends_with('s'))
                || before.iter().any(speaker)
                || before.iter().any(|word| ["should", "will"].contains(word))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_introduces_output() {
        #[track_caller]
        fn case(text: &str, expected: bool) {
            assert_eq!(introduces_output(text), expected, "{text}");
        }
        for text in [
            "Output:",
            "**Output:**",
            "_Expected output_:",
            "Sample output:",
            "The output is:",
            "The expected output should be:",
            "Result:",
            "Returns:",
            "prints:",
            "It returns:",
            "which prints the following:",
            "That's it. The command prints:",
            "You should see:",
            "You should see something like this:",
            "you will see output similar to the following:",
            "You’ll see:",
            "The output looks like this:",
            "The output should look similar to:",
            "This shows:",
        ] {
            case(text, true);
        }
        for text in [
            "Output",
            "Run:",
            "Check the output:",
            "Save the result:",
            "Then look at the results:",
            "Check what it prints:",
            "If it fails:",
            "If the output is empty:",
            "To see the pods:",
            "Then you can see the logs with:",
            "Now see:",
            "Now get:",
            "Get the following:",
            "Do this:",
            "Return to the cluster:",
            "Show:",
            "",
            ":",
        ] {
            case(text, false);
        }
    }
}
