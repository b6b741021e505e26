//! What must be asked before a step runs.

use crate::event::Status;
use crate::graph::StepKind;
use crate::script::Dynamic;
use crate::world::QuestionKind;

use super::attempt::Prepared;
use super::code::Code;
use super::context::Broken;
use super::fill;
use super::outcome::Ending;
use super::step::{Instance, Runner, blocking};

impl Runner {
    /// Asks what must be asked before the step runs; the inner `Err` is the step's end.
    pub(super) async fn allowed(
        &self,
        name: &str,
        code: &Code,
        prepared: &Prepared,
    ) -> Result<Result<(), Box<Instance>>, Broken> {
        let step = self.step();
        let redactor = &self.context.redactor;
        let refused = |reason: &str| {
            Ok(Err(Box::new(Instance::ended(Ending::because(
                Status::Refused,
                redactor.clean(reason),
            )))))
        };
        if step.tty && !self.context.settings.attended {
            return refused("it needs the operator's terminal, and there is none");
        }
        let (text, shown, kind) = match (&step.kind, &step.confirm) {
            (StepKind::Branch, _) => (self.cell().body.text.clone(), None, QuestionKind::Branch),
            (StepKind::Manual, _) => (
                "Is this done?".to_owned(),
                Some(redactor.clean(&self.cell().body.text)),
                QuestionKind::Done,
            ),
            (_, None) => return Ok(Ok(())),
            (_, Some(question)) => {
                let question = question.clone();
                let asked = blocking(code, move |code| fill::template(code, &question));
                let text = match asked.await {
                    Ok(text) => String::from_utf8_lossy(&text).into_owned(),
                    Err(ending) => return Ok(Err(Box::new(Instance::ended(*ending)))),
                };
                let text = if text.trim().is_empty() {
                    format!("Run `{name}`?")
                } else {
                    text
                };
                (text, prepared.command.clone(), QuestionKind::Confirm)
            }
        };
        let branch = kind == QuestionKind::Branch;
        let answer = self
            .context
            .ask(name, redactor.clean(text.trim()), shown, kind, &self.cancel)
            .await?;
        match answer {
            Some(answer) if branch => {
                let mut instance = Instance::ended(Ending::passed());
                instance.result.value = Dynamic::from_bool(answer.text == "yes");
                Ok(Err(Box::new(instance)))
            }
            Some(answer) if answer.text == "yes" => Ok(Ok(())),
            Some(answer) => refused(&format!("{} said no", answer.by)),
            None if self.cancel.is_cancelled() => Ok(Err(Box::new(Instance::ended(
                Ending::because(Status::Interrupted, self.context.why_stopped()),
            )))),
            None if branch => {
                refused("nobody is here to say whether this applies; run it in a terminal")
            }
            None => refused("nobody is here to approve it; run it in a terminal, or with --yes"),
        }
    }
}
