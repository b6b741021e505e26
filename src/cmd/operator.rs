//! The operator as a run sees them: a person at the terminal, `--yes`, or nobody.

use std::any::Any;
use std::sync::Arc;

use runbook::secret::Clean;
use runbook::world::{Answer, Boxed, Operator, Question, QuestionKind};
use tokio::sync::Mutex;

use super::keyboard::{Keyboard, Typed};
use super::rooms::Pause;

/// Answers a run's questions.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Whether `--yes` was given.
    pub(crate) yes: bool,
    /// The user's name.
    pub(crate) name: String,
    /// The keyboard, where somebody sits at it.
    pub(crate) keyboard: Option<Keyboard>,
    /// Stops the progress while a question is on the screen.
    pub(crate) pause: Pause,
    /// Steps side by side ask one after the other.
    pub(crate) turn: Arc<Mutex<()>>,
}

impl Operator for Asked {
    fn ask(&self, question: Question) -> Boxed<'_, Option<Answer>> {
        Box::pin(async move {
            if self.yes && matches!(question.kind, QuestionKind::Confirm | QuestionKind::Done) {
                return Some(answer("yes", "--yes"));
            }
            let Some(keyboard) = &self.keyboard else {
                return match question.kind {
                    QuestionKind::Text {
                        default: Some(default),
                    } => Some(answer(&default, "default")),
                    _ => None,
                };
            };
            let _turn = self.turn.lock().await;
            let _pause = self.pause.start();
            let text = converse(&question, keyboard).await?;
            Some(answer(&text, &self.name))
        })
    }

    fn lend(&self) -> Boxed<'_, Box<dyn Any + Send>> {
        Box::pin(async move {
            // No question comes up while a process has the terminal.
            let turn = Arc::clone(&self.turn).lock_owned().await;
            Box::new((turn, self.pause.start())) as Box<dyn Any + Send>
        })
    }
}

/// Asks something that no flag has answered; an operator who is gone says no.
pub(crate) async fn agrees(text: Clean, keyboard: &Keyboard) -> bool {
    let question = Question {
        step: String::new(),
        text,
        context: None,
        kind: QuestionKind::Confirm,
    };
    converse(&question, keyboard).await.as_deref() == Some("yes")
}

fn answer(text: &str, by: &str) -> Answer {
    Answer {
        text: text.to_owned(),
        by: by.to_owned(),
    }
}

/// Shows a question until it is answered; `None` where the operator is gone or ends the run.
async fn converse(question: &Question, keyboard: &Keyboard) -> Option<String> {
    let answers = question.kind.answers();
    let context = question.context.as_ref().map(Clean::as_str);
    keyboard.show(&listed(context.unwrap_or_default())).ok()?;
    let prompt = prompt(question.text.as_str(), answers.as_deref());
    loop {
        keyboard.show(&prompt).ok()?;
        let Typed::Line(text) = keyboard.line(false).await.ok()? else {
            // What comes next begins on a line of its own.
            keyboard.show("\n").ok()?;
            return None;
        };
        match read(&question.kind, &text) {
            Ok(text) => return Some(text),
            Err(expected) => keyboard.show(&format!("  {expected}\n")).ok()?,
        }
    }
}

/// What is shown before a question.
pub(crate) fn listed(context: &str) -> String {
    let mut shown = String::new();
    for line in context.lines() {
        shown.extend(["    ", line, "\n"]);
    }
    shown
}

/// A question as it stands before its answer.
pub(crate) fn prompt(question: &str, answers: Option<&str>) -> String {
    format!("? {question} {} ", answers.unwrap_or_default()).replace("  ", " ")
}

/// Reads an answer to a question of a kind; says what is expected where it is none.
fn read(kind: &QuestionKind, text: &str) -> Result<String, &'static str> {
    match kind {
        QuestionKind::Text { default } => match (text, default) {
            ("", Some(default)) => Ok(default.clone()),
            ("", None) => Err("an answer is needed"),
            (text, _) => Ok(text.to_owned()),
        },
        kind => match text.trim().to_lowercase().as_str() {
            "y" | "yes" => Ok("yes".to_owned()),
            "n" | "no" => Ok("no".to_owned()),
            "" if *kind != QuestionKind::Branch => Ok("no".to_owned()),
            _ => Err("answer `y` or `n`"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(kind: &QuestionKind, text: &str, expected: Option<&str>) {
        assert_eq!(
            read(kind, text).ok().as_deref(),
            expected,
            "{kind:?} {text:?}"
        );
    }

    #[test]
    fn an_empty_answer_is_no_and_a_branch_has_none() {
        case(&QuestionKind::Confirm, "", Some("no"));
        case(&QuestionKind::Done, "", Some("no"));
        case(&QuestionKind::Branch, "", None);
        case(&QuestionKind::Branch, "Y", Some("yes"));
        case(&QuestionKind::Confirm, "yes", Some("yes"));
        case(&QuestionKind::Confirm, "yep", None);
    }

    #[test]
    fn an_empty_text_is_the_default() {
        let default = Some("a".to_owned());
        case(&QuestionKind::Text { default }, "", Some("a"));
        case(&QuestionKind::Text { default: None }, "", None);
        case(&QuestionKind::Text { default: None }, "b", Some("b"));
    }
}
