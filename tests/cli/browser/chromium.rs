//! Chromium without a window, driven over the pipe of its `DevTools` protocol.
//!
//! One of it serves all tests of this process, each in a context of its own. It ends when this process
//! does, as its pipe closes then.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// The longest that anything may take; nothing waits for it but what has gone wrong.
const PATIENCE: Duration = Duration::from_mins(1);

/// Standard input and output become the pipe that Chromium reads at 3 and writes at 4, and its profile
/// goes when it has ended.
const START: &str = r#"
profile=$(mktemp -d "${TMPDIR:-/tmp}/runbook-chromium.XXXXXX")
HOME=$profile chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic \
  --no-first-run --disable-background-networking --disable-component-update --disable-sync \
  --remote-debugging-pipe --user-data-dir="$profile" about:blank 3<&0 4>&1 >/dev/null 2>&1 </dev/null
rm -rf "$profile"
"#;

static CHROMIUM: LazyLock<Option<Mutex<Chromium>>> = LazyLock::new(start);

struct Chromium {
    to: ChildStdin,
    from: Receiver<Value>,
    number: u64,
    /// What was told in between.
    events: Vec<Value>,
}

fn start() -> Option<Mutex<Chromium>> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find(|folder| folder.join("chromium").is_file())?;
    let mut child = Command::new("sh")
        .args(["-c", START])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let (to, from) = (child.stdin.take()?, child.stdout.take()?);
    let (told, receiver) = channel();
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut message = Vec::new();
        while from.read_until(0, &mut message).is_ok_and(|read| read > 0) {
            message.pop();
            let Ok(value) = serde_json::from_slice(&message) else {
                return;
            };
            if told.send(value).is_err() {
                return;
            }
            message.clear();
        }
    });
    Some(Mutex::new(Chromium {
        to,
        from: receiver,
        number: 0,
        events: Vec::new(),
    }))
}

impl Chromium {
    fn next(&self) -> Value {
        match self.from.recv_timeout(PATIENCE) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => panic!("Chromium says nothing"),
            Err(RecvTimeoutError::Disconnected) => panic!("Chromium has ended"),
        }
    }

    fn call(&mut self, session: Option<&str>, method: &str, params: Value) -> Value {
        self.number += 1;
        let mut message = json!({"id": self.number, "method": method, "params": params});
        if let Some(session) = session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).expect("Chromium reads");
        self.to.flush().expect("Chromium reads");
        loop {
            let mut answer = self.next();
            if answer["id"] == self.number {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].take();
            }
            if answer.get("method").is_some() {
                self.events.push(answer);
            }
        }
    }
}

/// A page of a context of its own.
pub(crate) struct Page {
    chromium: MutexGuard<'static, Chromium>,
    session: String,
    context: String,
}

impl Page {
    /// A new page; nothing, and a word of it, where there is no Chromium.
    pub(crate) fn new() -> Option<Self> {
        let Some(chromium) = CHROMIUM.as_ref() else {
            eprintln!("skipped: chromium is not installed");
            return None;
        };
        let mut chromium = chromium.lock().unwrap_or_else(PoisonError::into_inner);
        chromium.events.clear();
        let context = chromium.call(None, "Target.createBrowserContext", json!({}));
        let context = text(&context["browserContextId"]);
        let target = chromium.call(
            None,
            "Target.createTarget",
            json!({"url": "about:blank", "browserContextId": context}),
        );
        let session = chromium.call(
            None,
            "Target.attachToTarget",
            json!({"targetId": target["targetId"], "flatten": true}),
        );
        let session = text(&session["sessionId"]);
        let mut page = Self {
            chromium,
            session,
            context,
        };
        for room in ["Page", "Runtime", "Network", "Log"] {
            page.call(&format!("{room}.enable"), json!({}));
        }
        page.call(
            "Emulation.setFocusEmulationEnabled",
            json!({"enabled": true}),
        );
        page.size(1280, 900);
        Some(page)
    }

    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.chromium.call(Some(&self.session), method, params)
    }

    pub(crate) fn size(&mut self, width: u32, height: u32) {
        self.call(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}),
        );
    }

    /// As a reader has set up the machine: `prefers-color-scheme`, and whether it is for paper.
    pub(crate) fn media(&mut self, scheme: &str, media: &str) {
        self.call(
            "Emulation.setEmulatedMedia",
            json!({"media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]}),
        );
    }

    /// Opens a file, as a double click does, and waits until it is loaded.
    pub(crate) fn open(&mut self, file: &Path, after: &str) {
        // A page that differs from the last in its fragment only would not be loaded.
        self.load("about:blank");
        self.chromium.events.clear();
        self.load(&format!("file://{}{after}", file.display()));
    }

    fn load(&mut self, address: &str) {
        let seen = self.chromium.events.len();
        let done = self.call("Page.navigate", json!({"url": address}));
        assert!(done.get("errorText").is_none(), "{address}: {done}");
        let loaded = |event: &Value| event["method"] == "Page.loadEventFired";
        if self.chromium.events[seen..].iter().any(loaded) {
            return;
        }
        loop {
            let event = self.chromium.next();
            let done = loaded(&event);
            self.chromium.events.push(event);
            if done {
                return;
            }
        }
    }

    /// What an expression comes to; a promise is waited for.
    #[track_caller]
    pub(crate) fn js(&mut self, expression: &str) -> Value {
        let mut done = self.call(
            "Runtime.evaluate",
            json!({"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true}),
        );
        let failed = done.get("exceptionDetails");
        assert!(failed.is_none(), "{expression}: {failed:?}");
        done["result"]["value"].take()
    }

    /// The same, as text.
    #[track_caller]
    pub(crate) fn text(&mut self, expression: &str) -> String {
        text(&self.js(expression))
    }

    /// Waits until an expression holds.
    #[track_caller]
    pub(crate) fn until(&mut self, expression: &str) {
        let held = self.js(&format!(
            "new Promise(done => {{ let left = 1200; const look = () => {{
                if ({expression}) done(true); else if (left-- > 0) setTimeout(look, 25); else done(false);
            }}; look(); }})"
        ));
        assert_eq!(held, true, "never: {expression}");
    }

    /// Presses a key, as `Tab`, `Enter` or `a`.
    pub(crate) fn press(&mut self, key: &str) {
        let (code, typed) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            "Escape" => (27, ""),
            "ArrowLeft" => (37, ""),
            "ArrowRight" => (39, ""),
            "Home" => (36, ""),
            "End" => (35, ""),
            other => (0, other),
        };
        for kind in ["keyDown", "keyUp"] {
            let typed = if kind == "keyDown" { typed } else { "" };
            self.call(
                "Input.dispatchKeyEvent",
                json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": typed}),
            );
        }
    }

    /// Clicks in the middle of the first element that a selector finds.
    #[track_caller]
    pub(crate) fn click(&mut self, selector: &str) {
        let place = self.js(&format!(
            "(() => {{ const node = document.querySelector({});
                node.scrollIntoView({{block: 'center', behavior: 'instant'}});
                const box = node.getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2]; }})()",
            json!(selector)
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            self.call(
                "Input.dispatchMouseEvent",
                json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1}),
            );
        }
    }

    /// What went wrong since the page was opened: errors and warnings on its console, what its policy
    /// forbade, exceptions, dialogs, and requests that leave its folder.
    pub(crate) fn problems(&mut self) -> Vec<String> {
        // What is on its way has come when the answer has.
        self.js("1");
        let told = std::mem::take(&mut self.chromium.events);
        told.iter().filter_map(problem).collect()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if !thread::panicking() {
            let context = json!({"browserContextId": self.context});
            self.chromium
                .call(None, "Target.disposeBrowserContext", context);
        }
    }
}

fn problem(event: &Value) -> Option<String> {
    let params = &event["params"];
    let wrong = match event["method"].as_str()? {
        "Runtime.exceptionThrown" | "Page.javascriptDialogOpening" => true,
        "Runtime.consoleAPICalled" => matches!(params["type"].as_str(), Some("error" | "warning")),
        "Log.entryAdded" => matches!(params["entry"]["level"].as_str(), Some("error" | "warning")),
        "Network.requestWillBeSent" => {
            let address = params["request"]["url"].as_str()?;
            !["file:", "data:", "about:"]
                .iter()
                .any(|local| address.starts_with(local))
        }
        _ => false,
    };
    wrong.then(|| event.to_string())
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The text of axe-core, where tests/browser/setup.sh has put it.
pub(crate) fn axe() -> Option<String> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    let file = cache.join("runbook-tests/axe-core-4.11.1/axe.min.js");
    let found = std::fs::read_to_string(file).ok();
    if found.is_none() {
        eprintln!("skipped: axe-core is not there (tests/browser/setup.sh gets it)");
    }
    found
}
