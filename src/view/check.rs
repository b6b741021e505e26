//! The last line of `runbook check`.

use super::Style;
use super::paint::Paint;
use crate::diagnostic::{Diagnostics, Severity, count};

/// `3 files, 2 errors, 1 warning`: what was found in how many files.
#[must_use]
pub fn check<'a>(
    files: usize,
    found: impl IntoIterator<Item = &'a Diagnostics>,
    style: Style,
) -> String {
    let paint = Paint { color: style.color };
    let mut counts = [0; 3];
    for diagnostics in found {
        for (number, severity) in counts.iter_mut().zip(SEVERITIES) {
            *number += diagnostics.count(severity);
        }
    }
    let mut parts = vec![count(files, "file")];
    for (number, severity) in counts.into_iter().zip(SEVERITIES) {
        let text = count(number, severity.word());
        match severity {
            _ if number == 0 => {}
            Severity::Error => parts.push(paint.bold_red(&text)),
            Severity::Warning => parts.push(paint.bold_yellow(&text)),
            Severity::Note => parts.push(text),
        }
    }
    if parts.len() == 1 {
        parts.push(paint.bold_green("nothing to mend"));
    }
    parts.join(", ") + "\n"
}

const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Note];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Diagnostic};
    use crate::source::Span;

    #[test]
    fn the_summary_counts_what_there_is() {
        let style = Style::plain(80);
        let mut found = Diagnostics::default();
        assert_eq!(check(1, [&found], style), "1 file, nothing to mend\n");
        found.push(Diagnostic::error(Code("RB0101"), Span::new(0, 1), "a"));
        found.push(Diagnostic::warning(Code("RB0601"), Span::new(0, 1), "b"));
        assert_eq!(
            check(3, [&found, &found], style),
            "3 files, 2 errors, 2 warnings\n"
        );
    }
}
