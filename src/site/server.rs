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
        self.tell();
        done
    }

    /// Tells the pages that are open that the site has changed.
    pub fn tell(&self) {
        *self
            .changes
            .count
            .lock()
            .unwrap_or_else(PoisonError::into_inner) += 1;
        self.changes.woken.notify_all();
    }
}

/// Answers one request; what goes wrong with a connection is its client's loss alone.
fn serve(stream: &TcpStream, folder: &Path, changes: &Changes, building: &RwLock<()>) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let Some(head) = head(stream) else {
        return;
    };
    let mut out = stream;
    if let Some(seen) = listens(&head)
        && is_ours(&head)
    {
        let _ = events(out, changes, seen.parse().ok());
        return;
    }
    let answer = {
        let _whole = building.read().unwrap_or_else(PoisonError::into_inner);
        let count = *changes.count.lock().unwrap_or_else(PoisonError::into_inner);
        numbered(reply(&head, folder), count)
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

/// What a page which listens for changes says of itself: the number of the build that it is of, if it
/// knows; nothing where a request is for something else.
fn listens(head: &str) -> Option<&str> {
    let target = head.strip_prefix("GET ")?.split(' ').next()?;
    let query = target.strip_prefix(EVENTS)?;
    query
        .strip_prefix('?')
        .or_else(|| query.is_empty().then_some(query))
}

/// Puts the number of the build into a page, so that a change is not missed which comes between
/// reading the page and listening.
fn numbered(answer: Vec<u8>, count: u64) -> Vec<u8> {
    let mark = format!("data-live=\"{}\"", EVENTS.trim_start_matches('/'));
    let split = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let Some(body) = split.map(|at| at + 4) else {
        return answer;
    };
    let (head, rest) = answer.split_at(body);
    // It is in the first element.
    let most = rest.len().min(2048);
    let found = rest[..most]
        .windows(mark.len())
        .position(|part| part == mark.as_bytes());
    let (Some(at), Ok(text)) = (found, std::str::from_utf8(head)) else {
        return answer;
    };
    let put = format!("?{count}");
    let length = format!("Content-Length: {}\r\n", rest.len());
    let longer = format!("Content-Length: {}\r\n", rest.len() + put.len());
    let mut out = text.replace(&length, &longer).into_bytes();
    let end = at + mark.len() - 1;
    out.extend_from_slice(&rest[..end]);
    out.extend_from_slice(put.as_bytes());
    out.extend_from_slice(&rest[end..]);
    out
}

/// Server-sent events (WHATWG HTML, 9.2): one for each change since the build that a page is of.
fn events(mut out: impl Write, changes: &Changes, seen: Option<u64>) -> io::Result<()> {
    out.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n: listening\n\n")?;
    out.flush()?;
    let mut seen =
        seen.unwrap_or_else(|| *changes.count.lock().unwrap_or_else(PoisonError::into_inner));
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
    if let Some(place) = moved(target, folder) {
        // The links of a page are relative to its folder.
        let answer = answer("301 Moved Permanently", "text/plain", b"", body);
        let answer = String::from_utf8_lossy(&answer);
        return answer
            .replacen("\r\n", &format!("\r\nLocation: {place}\r\n"), 1)
            .into_bytes();
    }
    if let Some((path, bytes)) = find(target, folder) {
        return answer("200 OK", kind(&path), &bytes, body);
    }
    let missing = fs::read(folder.join("404.html")).unwrap_or_else(|_| b"not found\n".to_vec());
    answer("404 Not Found", "text/html; charset=utf-8", &missing, body)
}

/// Where a folder's page is that was asked for without the `/` behind it.
fn moved(target: &str, folder: &Path) -> Option<String> {
    let end = target.find(['?', '#']).unwrap_or(target.len());
    let (path, query) = target.split_at(end);
    let plain = |byte: u8| (b'!'..=b'~').contains(&byte);
    let is_folder =
        !path.ends_with('/') && target.bytes().all(plain) && full(path, folder)?.is_dir();
    is_folder.then(|| format!("{path}/{query}"))
}

/// The file that a path names in a folder; none outside of it.
fn full(path: &str, folder: &Path) -> Option<PathBuf> {
    let relative = PathBuf::from(decoded(path.strip_prefix('/')?)?);
    relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
        .then(|| folder.join(relative))
}

fn find(target: &str, folder: &Path) -> Option<(PathBuf, Vec<u8>)> {
    let path = target.split(['?', '#']).next()?;
    let mut full = full(path, folder)?;
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
    use std::io::ErrorKind;

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
    fn a_folder_without_its_slash_is_moved_to_the_one_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("runs")).expect("a folder");
        fs::write(folder.path().join("runs/index.html"), "page").expect("a file");
        let get = |path: &str| {
            let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n");
            String::from_utf8_lossy(&reply(&head, folder.path())).into_owned()
        };
        let moved = get("/runs?a");
        assert!(moved.starts_with("HTTP/1.1 301 "), "{moved}");
        assert!(moved.contains("\r\nLocation: /runs/?a\r\n"), "{moved}");
        assert!(get("/runs/").starts_with("HTTP/1.1 200 "));
        assert!(get("//runs").starts_with("HTTP/1.1 404 "));
    }

    #[test]
    fn a_page_has_the_number_of_the_build_that_it_is_of() {
        let page = b"<html data-live=\"__reload\">x".to_vec();
        let sent = numbered(answer("200 OK", "text/html", &page, true), 12);
        let sent = String::from_utf8(sent).expect("it is text");
        assert!(
            sent.ends_with("<html data-live=\"__reload?12\">x"),
            "{sent}"
        );
        let length = format!("Content-Length: {}\r\n", page.len() + 3);
        assert!(sent.contains(&length), "{sent}");
        assert_eq!(listens("GET /__reload?12 HTTP/1.1"), Some("12"));
        assert_eq!(listens("GET /__reload HTTP/1.1"), Some(""));
        assert_eq!(listens("GET /__reloaded HTTP/1.1"), None);
    }

    #[test]
    fn a_page_of_an_older_build_is_told_at_once() {
        struct Once(Vec<u8>);
        impl Write for Once {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                let told = self.0.windows(12).any(|part| part == b"data: reload");
                if told {
                    Err(ErrorKind::BrokenPipe.into())
                } else {
                    Ok(())
                }
            }
        }
        let changes = Changes::default();
        *changes.count.lock().expect("it is free") = 2;
        let mut out = Once(Vec::new());
        assert!(events(&mut out, &changes, Some(1)).is_err());
    }

    #[test]
    fn other_names_and_other_methods_are_refused() {
        case("GET /a%20b.html HTTP/1.1\r\nHost: evil.example\r\n", "403");
        case("GET /a%20b.html HTTP/1.1\r\n", "403");
        case("POST /a%20b.html HTTP/1.1\r\nHost: localhost\r\n", "405");
    }
}
