//! Whether a runbook goes as its recording says.

use std::sync::Arc;

use runbook::diagnostic::count;
use runbook::journal::{self, Entry};
use runbook::name::nearest;
use runbook::recording::{Difference, Verdict};
use runbook::rehearsal::{Rehearsed, Terms};
use runbook::report::Case;
use runbook::view::sanitize;

use super::super::failure::Failure;
use super::super::page::Page;
use super::super::surroundings::Surroundings;
use super::super::{credentials, run, what_if};
use super::cases::Tested;
use super::title;

/// What came of a test.
pub(crate) struct Judged {
    rehearsed: Option<Rehearsed>,
    /// What is not as it should be, one line each.
    problems: Vec<String>,
}

/// Goes through a runbook and compares.
pub(crate) fn judge(tested: &Tested, surroundings: &Surroundings) -> Judged {
    match rehearse(tested, surroundings) {
        Ok(rehearsed) => {
            let problems = problems(tested, &rehearsed);
            Judged {
                rehearsed: Some(rehearsed),
                problems,
            }
        }
        Err(failure) => Judged {
            rehearsed: None,
            problems: vec![failure.message()],
        },
    }
}

fn rehearse(tested: &Tested, surroundings: &Surroundings) -> Result<Rehearsed, Failure> {
    let (page, terms) = ready(tested, surroundings)?;
    let recording = match &tested.recording {
        Ok(recording) => Arc::new(recording.clone()),
        Err(reason) => return Err(Failure::journal(reason.clone())),
    };
    what_if::rehearsed(&page, &recording, &terms)
}

/// The page of a test and how it is gone through.
///
/// # Errors
/// Where the page can't be read, or has errors.
pub(crate) fn ready(
    tested: &Tested,
    surroundings: &Surroundings,
) -> Result<(Page, Terms), Failure> {
    let page = surroundings
        .directory
        .join(&tested.page)
        .strip_prefix(&surroundings.directory)
        .map_or_else(|_| tested.page.clone(), std::path::Path::to_path_buf);
    let page = Page::sound(&page, surroundings)?;
    let terms = Terms {
        inputs: tested.inputs.clone(),
        guards: credentials::guards(&page.document.front_matter, Some(&tested.target)),
        ..Terms::default()
    };
    Ok((page, terms))
}

fn problems(tested: &Tested, rehearsed: &Rehearsed) -> Vec<String> {
    let mut problems = Vec::new();
    for (step, wanted) in &tested.status {
        let Some(now) = rehearsed.recording.step(step) else {
            let ids = rehearsed.recording.steps().map(|step| step.id.as_str());
            let near = nearest(step, ids)
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            problems.push(format!("there is no step `{step}`{near}"));
            continue;
        };
        let verdict = Verdict::of(now);
        if verdict.word() != wanted {
            problems.push(format!(
                "`{step}`{}: {}, and the test wants {wanted}{}",
                place(tested, rehearsed.recording.line(step)),
                verdict.word(),
                because(&verdict)
            ));
        }
    }
    for difference in &rehearsed.comparison.differences {
        if !tested.status.contains_key(&difference.step) {
            problems.push(told(tested, difference));
        }
    }
    for missing in &rehearsed.missing {
        problems.push(format!(
            "`{}`: the recording can't answer: {}",
            missing.step, missing.reason
        ));
    }
    problems
}

fn told(tested: &Tested, difference: &Difference) -> String {
    format!(
        "`{}`{}: {}, in the recording {}{}",
        difference.step,
        place(tested, difference.line),
        difference.now.word(),
        difference.recorded.word(),
        because(&difference.now)
    )
}

fn because(verdict: &Verdict) -> String {
    verdict
        .reason()
        .map_or_else(String::new, |why| format!(": {why}"))
}

fn place(tested: &Tested, line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(" ({}:{line})", tested.shown))
}

/// Has the recording say what happens now; says what was done.
///
/// # Errors
/// Where the file can't be written.
pub(crate) fn bless(
    tested: &Tested,
    judged: &Judged,
    surroundings: &Surroundings,
) -> Result<String, Failure> {
    let (Some(rehearsed), true) = (&judged.rehearsed, judged.can_be_blessed()) else {
        return Ok(
            "    not accepted: what the recording can't answer needs a new run to be recorded\n"
                .to_owned(),
        );
    };
    let path = tested.target.recording.clone().unwrap_or_default();
    let lines: Vec<String> = rehearsed.entries.iter().map(Entry::to_line).collect();
    let text = journal::export(lines.iter().map(String::as_str))
        .map_err(|error| Failure::journal(error.to_string()))?;
    run::replace(&path, text.as_bytes())?;
    let shown = path.strip_prefix(&surroundings.directory).unwrap_or(&path);
    Ok(format!(
        "    accepted: {} says so now\n",
        sanitize::line(&shown.display().to_string())
    ))
}

impl Judged {
    /// Whether all is as it should be.
    pub(crate) fn is_good(&self) -> bool {
        self.problems.is_empty()
    }

    /// Whether what happens now can be made the recording.
    pub(crate) fn can_be_blessed(&self) -> bool {
        self.rehearsed
            .as_ref()
            .is_some_and(|rehearsed| rehearsed.missing.is_empty())
    }

    /// The lines for people.
    pub(crate) fn show(&self, tested: &Tested, color: bool) -> String {
        let (green, red, plain) = if color {
            ("\x1b[32m", "\x1b[31m", "\x1b[0m")
        } else {
            ("", "", "")
        };
        let title = title(tested);
        if self.is_good() {
            let (steps, checks) = self.counts();
            return format!(
                "{green}✓{plain} {title}  {}, {}\n",
                count(steps, "step"),
                count(checks, "assertion")
            );
        }
        let mut text = format!("{red}✗{plain} {title}\n");
        for problem in &self.problems {
            let problem = sanitize::line(problem);
            text.push_str(&format!("    {problem}\n"));
        }
        text
    }

    /// As a case of a report.
    pub(crate) fn case(&self, tested: &Tested) -> Case {
        Case {
            name: title(tested),
            class: tested.shown.clone(),
            assertions: self.counts().1,
            elapsed: self
                .rehearsed
                .as_ref()
                .and_then(|rehearsed| Some(rehearsed.recording.end.as_ref()?.elapsed))
                .unwrap_or_default(),
            problems: self.problems.clone(),
        }
    }

    fn counts(&self) -> (usize, usize) {
        let Some(rehearsed) = &self.rehearsed else {
            return (0, 0);
        };
        let steps = || rehearsed.recording.steps();
        let ran = steps().filter(|step| step.end.is_some()).count();
        (ran, steps().map(|step| step.checks.len()).sum())
    }
}
