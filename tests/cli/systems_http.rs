//! `http::…` in scripts, against a server of our own on loopback.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::Test;

/// Serves until the tests end; gives its address.
fn server() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback is free");
    let port = listener.local_addr().expect("it is bound").port();
    let busy = Arc::new(AtomicU32::new(0));
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let busy = Arc::clone(&busy);
            std::thread::spawn(move || {
                let _ = answer(client, port, &busy);
            });
        }
    });
    format!("http://127.0.0.1:{port}")
}

fn answer(mut client: TcpStream, port: u16, busy: &AtomicU32) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    let body = loop {
        let read = client.read(&mut piece)?;
        request.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse()
                        .ok()
                })
                .unwrap_or(0);
            if body.len() >= length {
                break body.to_owned();
            }
        }
        if read == 0 {
            return Ok(());
        }
    };
    let text = String::from_utf8_lossy(&request).into_owned();
    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut send = |status: &str, headers: &str, body: &str| {
        write!(
            client,
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
            body.len()
        )
    };
    match path.as_str() {
        "/health" => send(
            "200 OK",
            "Content-Type: application/json\r\nX-A: 1\r\nX-A: 2\r\n",
            "{\"up\": true}",
        ),
        "/gone" => send("404 Not Found", "", "no such thing"),
        "/loop" => send("302 Found", "Location: /loop\r\n", ""),
        "/once" => send("302 Found", "Location: /health\r\n", ""),
        "/away" => send(
            "307 Temporary Redirect",
            &format!("Location: http://localhost:{port}/echo\r\n"),
            "",
        ),
        "/busy" if busy.fetch_add(1, Ordering::Relaxed) < 2 => {
            send("429 Too Many Requests", "Retry-After: 0\r\n", "")
        }
        "/busy" => send("200 OK", "", "at last"),
        "/big" => send("200 OK", "", &"x".repeat(17 * 1024 * 1024)),
        "/slow" => {
            std::thread::sleep(std::time::Duration::from_secs(20));
            send("200 OK", "", "")
        }
        _ => {
            let head = text.split("\r\n\r\n").next().unwrap_or_default();
            send("200 OK", "", &format!("{head}\n\n{body}"))
        }
    }
}

fn run(page: &str) -> Test {
    Test::new()
        .env("BASE", &server())
        .file("a.md", page)
        .args(["run", "a.md", "--output", "full"])
}

#[test]
fn a_request_has_its_answer_as_a_value() {
    run(r#"
```rhai {#a}
let base = env("BASE");
let up = http::get(base + "/health");
assert up.status == 200 && up.ok;
assert up.headers["content-type"] == "application/json";
assert up.headers["x-a"] == "1, 2";
assert up.json().up;
assert http::get(base + "/gone").status == 404;
assert http::get(base + "/once").url == base + "/health";
assert http::get(base + "/once", #{redirects: 0}).status == 302;
assert http::head(base + "/health").status == 200;
assert http::get(base + "/busy").body == "at last";
let posted = http::post(base + "/echo", #{json: #{a: [1, "x"]}, headers: #{"X-Who": "me"}, query: #{q: "a b"}});
assert posted.body.starts_with("POST /echo?q=a+b HTTP/1.1");
assert posted.body.contains("content-type: application/json");
assert posted.body.contains("x-who: me");
assert posted.body.ends_with("{\"a\":[1,\"x\"]}");
assert http::put(base + "/echo", #{body: "text"}).body.ends_with("text");
assert http::delete(base + "/echo").body.starts_with("DELETE");
```
"#)
    .run()
    .ends(0)
    .says("the far side is busy (429); asking again");
}

#[test]
fn secrets_go_to_the_far_side_and_nowhere_else() {
    let ran = run(r#"---
inputs:
  token: {type: string, secret: true}
---
```rhai {#a}
let base = env("BASE");
let told = http::post(base + "/echo", #{headers: #{Authorization: "Bearer " + token}, json: #{pw: token}}).body;
assert told.contains("Bearer " + "hunter-two-hunter");
assert told.ends_with("{\"pw\":\"hunter-two-" + "hunter\"}");
log(told);
try { http::post(base + "/away", #{headers: #{"X-Key": token}}); } catch (error) { log(`${error.code}: ${error.message}`); }
assert http::post(base + "/away").ok;
```
"#)
    .env("RUNBOOK_INPUT_TOKEN", "hunter-two-hunter")
    .run()
    .ends(0)
    .says("Redirected: `127.0.0.1` sends the request elsewhere: a redirect that would take a secret to http://localhost");
    let journal = &ran.journals()[0];
    // Written in the page itself, in two parts.
    assert!(!journal.contains("Bearer hunter-two-hunter"));
    assert!(journal.contains("«secret:token»"));
}

#[test]
fn requests_are_bounded_and_their_failures_say_why() {
    run(r#"
```rhai {#a}
let base = env("BASE");
fn said(act) {
    try { act.call(); } catch (error) { return `${error.code}: ${error.message}; ${error.help}`; }
    "nothing"
}
log(said(|| http::get(base + "/loop")));
log(said(|| http::get(base + "/big")));
log(said(|| http::get(base + "/slow", #{timeout: 1})));
log(said(|| http::get("http://127.0.0.1:1/")));
log(said(|| http::get("https" + base.sub_string(4))));
log(said(|| http::get("gopher://a")));
log(said(|| http::get("nonsense")));
log(said(|| http::get(base, #{ca: "none.pem"})));
log(said(|| http::get(base, #{headers: #{"a b": "x"}})));
try { http::get(base, #{heders: #{}}); } catch (error) { log(error); }
http::get(base, #{headers: "x"});
```
"#)
    .run()
    .ends(1)
    .says("Redirected: `127.0.0.1` sends the request elsewhere: more than 5 redirects")
    .says("BadAnswer: the body is longer than 16 MiB")
    .says("Timeout: `http::get` did not answer within [TIME]")
    .says("Unreachable: `127.0.0.1` can't be reached: Connection refused")
    .says("`gopher:` is neither http nor https")
    .says("BadArgument: `nonsense` is no address")
    .says("BadArgument: no certificates can be read from")
    .says("BadArgument: the name of the header `a b` can't be sent")
    .says("`http::get` has no option `heders`")
    .says("`headers` of `http::get` must be a map, not \"x\"")
    .says("a.md:18:7");
}

#[test]
fn proxies_come_from_the_environment_of_the_step() {
    let proxy = server();
    let ran = Test::new()
        .env("PROXY", &proxy)
        .file(
            "a.md",
            "```bash {#set}\nexport http_proxy=$PROXY no_proxy=localhost\n```\n\
             ```rhai {#a}\nassert http::get(\"http://no.such.host.test/x\").body.starts_with(\"GET http://no.such.host.test/x\");\n\
             http::get(\"http://localhost:1/\");\n```\n",
        )
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .says("`localhost` can't be reached");
    assert_eq!(ran.step("set").as_deref(), Some("passed"));
}
