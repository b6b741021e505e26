//! Shows a site on this machine: files of one folder, and an event when they have changed.
//!
//! It listens on loopback only and answers only to loopback's names, so that no page from elsewhere
//! reads it by a name of its own (DNS rebinding).

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

/// The longest head of a request.
const HEAD: u64 = 16 * 1024;
/// How often a listener for changes is told that it is still listened to.
const PULSE: Duration = Duration::from_secs(15);
/// Where pages listen for changes.
const EVENTS: &str = "/__reload";

/// A server of one folder.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    folder: PathBuf,
    changes: Arc<Changes>,
    /// Held while the site is written, so that no half of it is read.
    building: Arc<RwLock<()>>,
}

/// How often the site has changed.
#[derive(Debug, Default)]
struct Changes {
    count: Mutex<u64>,
    woken: Condvar,
}

impl Server {
    /// Takes a port of loopback; port 0 takes any free one.
    ///
    /// # Errors
    /// Where the port can't be had.
    pub fn bind(folder: &Path, port: u16) -> io::Result<Self> {
        Ok(Self {
            listener: TcpListener::bind((Ipv4Addr::LOCALHOST, port))?,
            folder: folder.to_owned(),
            changes: Arc::default(),
            building: Arc::default(),
        })
    }

    /// The next port after one that is free now, if any is.
    #[must_use]
    pub fn free_after(port: u16) -> Option<u16> {
        (port.checked_add(1)?..=port.saturating_add(100))
            .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
    }

    /// The port.
    ///
    /// # Errors
    /// Where the system does not tell.
    pub fn port(&self) -> io::Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }

    /// Answers requests from now on, in threads of its own.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(&self) -> io::Result<()> {
        let listener = self.listener.try_clone()?;
        let folder = self.folder.clone();
        let changes = Arc::clone(&self.changes);
        let building = Arc::clone(&self.building);
        thread::Builder::new()
            .name("site".to_owned())
            .spawn(move || {
                for stream in listener.incoming().flatten() {
                    let folder = folder.clone();
                    let changes = Arc::clone(&changes);
                    let building = Arc::clone(&building);
                    // One that can't be started leaves one request without an answer.
                    let _ = thread::Builder::new()
                        .name("reader".to_owned())
                        .spawn(move || serve(&stream, &folder, &changes, &building));
                }
            })?;
        Ok(())
    }

    /// Changes the site while nobody reads it.
    pub fn alone<T>(&self, change: impl FnOnce() -> T) -> T {
        let _alone = self
            .building
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        change()
    }

    /// Changes the site while nobody reads it, then tells the pages that are open.
    pub fn change<T>(&self, change: impl FnOnce() -> T) -> T {
        let done = self.alone(change);
        *self
            .changes
            .count
            .lock()
            .unwrap_or_else(PoisonError::into_inner) += 1;
        self.changes.woken.notify_all();
        done
    }
}

/// Answers one request; what goes wrong with a connection is its client's loss alone.
fn serve(stream: &TcpStream, folder: &Path, changes: &Changes, building: &RwLock<()>) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let Some(head) = head(stream) else {
        return;
    };
    let mut out = stream;
    if head.starts_with(&format!("GET {EVENTS} ")) && is_ours(&head) {
        let _ = events(out, changes);
        return;
    }
    let answer = {
        let _whole = building.read().unwrap_or_else(PoisonError::into_inner);
        reply(&head, folder)
    };
    let _ = out.write_all(&answer).and_then(|()| out.flush());
}

fn head(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream.take(HEAD));
    let mut head = String::new();
    loop {
        let before = head.len();
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
        if matches!(&head[before..], "\r\n" | "\n") {
            return Some(head);
        }
    }
}

/// Whether a request names this machine as loopback names it.
fn is_ours(head: &str) -> bool {
    head.lines()
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("host").then_some(value.trim())
        })
        .is_some_and(|host| {
            let name = match host.rsplit_once(':') {
                Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
                _ => host,
            };
            matches!(name, "localhost" | "127.0.0.1" | "[::1]")
        })
}

/// Server-sent events (WHATWG HTML, 9.2): one for each change.
fn events(mut out: impl Write, changes: &Changes) -> io::Result<()> {
    out.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n: listening\n\n")?;
    out.flush()?;
    let mut seen = *changes.count.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let count = changes.count.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, _) = changes
            .woken
            .wait_timeout_while(count, PULSE, |count| *count == seen)
            .unwrap_or_else(PoisonError::into_inner);
        let now = *count;
        drop(count);
        let text: &[u8] = if now == seen {
            b": still here\n\n"
        } else {
            b"data: reload\n\n"
        };
        seen = now;
        out.write_all(text)?;
        out.flush()?;
    }
}

/// The answer to a request for a file of a folder, head and body; never a file from outside of it.
#[must_use]
pub fn reply(head: &str, folder: &Path) -> Vec<u8> {
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    if !is_ours(head) {
        return answer(
            "403 Forbidden",
            "text/plain",
            b"not a name of this machine\n",
            true,
        );
    }
    if method != "GET" && method != "HEAD" {
        return answer(
            "405 Method Not Allowed",
            "text/plain",
            b"only GET and HEAD\n",
            true,
        );
    }
    let body = method == "GET";
    if let Some((path, bytes)) = find(target, folder) {
        return answer("200 OK", kind(&path), &bytes, body);
    }
    let missing = fs::read(folder.join("404.html")).unwrap_or_else(|_| b"not found\n".to_vec());
    answer("404 Not Found", "text/html; charset=utf-8", &missing, body)
}

fn find(target: &str, folder: &Path) -> Option<(PathBuf, Vec<u8>)> {
    let path = target.split(['?', '#']).next()?;
    let relative = PathBuf::from(decoded(path.strip_prefix('/')?)?);
    if !relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return None;
    }
    let mut full = folder.join(relative);
    if full.is_dir() {
        full.push("index.html");
    }
    // A link may lead out of the folder.
    let real = fs::canonicalize(&full).ok()?;
    if !real.starts_with(fs::canonicalize(folder).ok()?) {
        return None;
    }
    let bytes = fs::read(&real).ok()?;
    Some((real, bytes))
}

/// Percent-decoding (RFC 3986, section 2.1).
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
}

fn answer(status: &str, kind: &str, body: &[u8], with_body: bool) -> Vec<u8> {
    let mut answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: SAMEORIGIN\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    if with_body {
        answer.extend(body);
    }
    answer
}

fn kind(path: &Path) -> &'static str {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("woff2") => "font/woff2",
        Some("txt" | "md" | "toml" | "tf" | "yaml" | "yml") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(request: &str, status: &str) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("site")).expect("a folder");
        fs::write(folder.path().join("site/a b.html"), "page").expect("a file");
        fs::write(folder.path().join("secret"), "secret").expect("a file");
        std::os::unix::fs::symlink("../secret", folder.path().join("site/link")).expect("a link");
        let answer = reply(request, &folder.path().join("site"));
        let text = String::from_utf8_lossy(&answer);
        assert!(
            text.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}: {text}"
        );
        assert!(!text.contains("secret"), "{text}");
    }

    #[test]
    fn files_of_the_folder_and_no_others_are_answered() {
        case(
            "GET /a%20b.html?x HTTP/1.1\r\nHost: localhost:3000\r\n",
            "200",
        );
        case("HEAD /a%20b.html HTTP/1.1\r\nhost: 127.0.0.1\r\n", "200");
        for path in [
            "/../secret",
            "/%2e%2e/secret",
            "/link",
            "/none",
            "//etc/passwd",
            "x",
            "/%",
        ] {
            case(
                &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n"),
                "404",
            );
        }
    }

    #[test]
    fn other_names_and_other_methods_are_refused() {
        case("GET /a%20b.html HTTP/1.1\r\nHost: evil.example\r\n", "403");
        case("GET /a%20b.html HTTP/1.1\r\n", "403");
        case("POST /a%20b.html HTTP/1.1\r\nHost: localhost\r\n", "405");
    }
}
