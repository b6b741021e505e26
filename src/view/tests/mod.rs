//! Scripted runs and what they look like.

mod outcomes;
mod robust;
mod tables;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Style, Terminal};
use crate::event::Event;
use crate::journal::Entry;
use crate::sink::Sink;

/// A run to be shown; a second passes between entries.
struct Script(Vec<Entry>);

impl Script {
    fn new(steps: &[(&str, &str)]) -> Self {
        let steps: Vec<Value> = steps
            .iter()
            .enumerate()
            .map(|(at, (id, title))| {
                json!({"id": id, "title": title, "kind": "bash", "line": 10 + at * 4, "needs": []})
            })
            .collect();
        Self(Vec::new()).event(json!({
            "event": "run-started",
            "run": "019a0b1c-0000-7000-8000-0000003fa2c1",
            "document": "runbooks/apply.md",
            "title": "Apply the target state",
            "digest": "",
            "program": "0.1.0",
            "platform": "linux-x86_64",
            "operator": "ana",
            "target": "demo",
            "attended": true,
            "inputs": {"namespace": "tracecat", "prev": 34, "db_pw": "«secret:db_pw»"},
            "removed": [{"name": "AWS_SESSION_TOKEN", "reason": "a session token beside a long-lived key"}],
            "steps": steps,
        }))
    }

    fn event(mut self, event: Value) -> Self {
        let event: Event = serde_json::from_value(event).unwrap();
        let seq = self.0.len() as u64 + 1;
        let at: Timestamp = "2026-11-23T04:51:00Z".parse().unwrap();
        self.0.push(Entry {
            v: "1.0".to_owned(),
            seq,
            at: at + SignedDuration::from_secs(i64::try_from(seq).unwrap() - 1),
            prev: "0".repeat(64),
            event,
        });
        self
    }

    fn start(self, step: &str) -> Self {
        self.event(json!({"event": "step-started", "step": step, "attempt": 1}))
    }

    fn out(self, step: &str, text: &str) -> Self {
        self.event(json!({"event": "output", "step": step, "stream": "stdout", "text": text}))
    }

    fn err(self, step: &str, text: &str) -> Self {
        self.event(json!({"event": "output", "step": step, "stream": "stderr", "text": text}))
    }

    fn pass(self, step: &str) -> Self {
        self.event(json!({
            "event": "step-finished", "step": step, "status": "passed", "attempts": 1,
            "elapsed_ms": 1230,
        }))
    }

    fn stop(self, step: &str, status: &str, reason: &str) -> Self {
        self.event(json!({
            "event": "step-finished", "step": step, "status": status, "reason": reason,
            "attempts": 1, "elapsed_ms": 420,
        }))
    }

    fn skip(self, step: &str, reason: &str) -> Self {
        self.event(json!({"event": "step-skipped", "step": step, "reason": reason}))
    }

    fn note(self, step: &str, text: &str) -> Self {
        self.event(json!({"event": "noted", "step": step, "text": text}))
    }

    fn end(self, status: &str, exit: u8) -> Self {
        self.event(json!({
            "event": "run-finished", "status": status, "exit": exit, "elapsed_ms": 41_200,
        }))
    }

    fn shown(&self, style: Style) -> String {
        let page = Page::default();
        let mut terminal = Terminal::new(style, Box::new(page.clone()));
        for entry in &self.0 {
            terminal.receive(entry).unwrap();
        }
        terminal.finish().unwrap();
        page.text()
    }

    fn plain(&self) -> String {
        self.shown(Style::plain(80))
    }
}

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn two() -> Script {
    Script::new(&[("plan", "Verify zero drift"), ("apply-all", "Apply")])
}

fn failing() -> Script {
    two()
        .start("plan")
        .pass("plan")
        .start("apply-all")
        .out("apply-all", "applying")
        .err("apply-all", "Error: denied\n  by policy")
        .stop("apply-all", "failed", "exit status 1")
        .end("failed", 1)
}

fn asserting() -> Script {
    two()
        .start("plan")
        .event(json!({
            "event": "checked", "step": "plan", "line": 12, "column": 8, "held": false,
            "expression": "plan.code == 0", "message": "no drift is left",
            "parts": [
                {"code": "plan.code", "value": "2"},
                {"code": "plan", "value": "{\"code\": 2,\n \"stdout\": \"漢字 and a value that is much too long\"}"},
            ],
        }))
        .stop("plan", "failed", "an assertion did not hold")
        .skip("apply-all", "`plan` failed")
        .end("failed", 1)
}
