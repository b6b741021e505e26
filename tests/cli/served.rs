//! `runbook docs serve`: the site on this machine, and pages that follow what changes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use regex::Regex;

use crate::docs::{PAGE, site};
use crate::support::Test;

/// A server that ends with the test.
struct Served {
    child: Child,
    address: String,
    /// Held open: the server would end if nobody read what it prints.
    _out: BufReader<ChildStdout>,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(test: &Test) -> Served {
    let mut child = test
        .command()
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    let out = child.stdout.take().expect("it has a standard output");
    let mut out = BufReader::new(out);
    out.read_line(&mut line).expect("it tells its address");
    let address = line
        .strip_prefix("http://")
        .and_then(|rest| rest.split('/').next())
        .unwrap_or_else(|| panic!("no address in {line:?}"))
        .to_owned();
    Served {
        child,
        address,
        _out: out,
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn a_site_is_served_on_loopback_and_tells_of_changes() {
    let test = site().args(["docs", "serve", "--port", "0"]);
    let page = test.root().join("runbooks/restart.md");
    let served = serve(&test);
    assert!(
        served.address.starts_with("127.0.0.1:"),
        "{}",
        served.address
    );
    assert!(get(&served.address, "/restart.html").contains("Restart the web server"));
    assert!(get(&served.address, "/../Cargo.toml").starts_with("HTTP/1.1 404"));
    let mut events = TcpStream::connect(&served.address).expect("it listens");
    write!(events, "GET /__reload HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it reads");
    let mut events = BufReader::new(events);
    let mut line = String::new();
    while !line.contains("listening") {
        line.clear();
        events.read_line(&mut line).expect("it answers");
    }
    let began = Instant::now();
    std::fs::write(&page, PAGE.replace("## Restart", "## Restart it now")).expect("a file");
    while !line.contains("reload") {
        line.clear();
        events.read_line(&mut line).expect("it tells of the change");
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "no change was told"
        );
    }
    assert!(get(&served.address, "/restart.html").contains("Restart it now"));
}

/// Waits until the pages that listen are told of a change.
#[track_caller]
fn told(events: &mut impl std::io::BufRead) {
    let began = Instant::now();
    let mut line = String::new();
    while !line.contains("reload") {
        line.clear();
        events.read_line(&mut line).expect("it tells of the change");
        let late = began.elapsed() > Duration::from_secs(30);
        assert!(!late, "no change was told");
    }
}

fn listen(address: &str, path: &str) -> BufReader<TcpStream> {
    let mut events = TcpStream::connect(address).expect("it listens");
    write!(events, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it reads");
    BufReader::new(events)
}

#[test]
fn a_page_learns_of_a_change_before_it_listened_and_of_the_new_titles_of_others() {
    let test = site().args(["docs", "serve", "--port", "0"]);
    let page = test.root().join("runbooks/restart.md");
    let served = serve(&test);
    let moved = get(&served.address, "/ops");
    assert!(moved.contains("\r\nLocation: /ops/\r\n"), "{moved}");
    let before = get(&served.address, "/restart.html");
    let number = Regex::new("data-live=\"(__reload[^\"]*)\"").expect("a pattern");
    let endpoint = format!("/{}", &number.captures(&before).expect("it listens")[1]);
    let mut first = listen(&served.address, &endpoint);
    let changed = PAGE.replace("Restart the web server", "Start it anew");
    std::fs::write(&page, changed).expect("a file");
    told(&mut first);
    // This one begins to listen only now, with the page of before.
    told(&mut listen(&served.address, &endpoint));
    // When all is built, the lists beside the pages have the new title too.
    told(&mut first);
    let list = get(&served.address, "/toc.html");
    assert!(list.contains("Start it anew"), "{list}");
}

#[test]
fn a_port_that_is_taken_is_said_with_one_that_is_free() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("it has one").port().to_string();
    let ran = site()
        .args(["docs", "serve", "--port", &port])
        .run()
        .ends(3)
        .says(&format!("port {port} is taken"));
    assert!(ran.stderr.contains("is free"), "{}", ran.stderr);
}
