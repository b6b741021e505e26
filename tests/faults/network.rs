//! Far sides that hang, drip, reset, answer half, answer as something else, or are busy for ever: a
//! cluster, AWS, a server of HTTP. Each ends within its limit, with the cause said.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Ran, Test};

/// How a far side misbehaves.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Harm {
    /// It takes the request and says nothing.
    Hangs,
    /// It says a byte now and then and comes to no end.
    Drips,
    /// It closes the connection by force.
    Resets,
    /// It announces more than it says.
    Half,
    /// What stands in between answers with a page for people.
    Page,
    /// It is busy, whenever it is asked.
    Busy,
    /// It has more to say than there is room for.
    Floods,
}

/// Serves until the tests end; gives its address.
fn server(harm: Harm) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback is free");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || {
                let _closed = serve(client, harm);
            });
        }
    });
    format!("http://127.0.0.1:{port}")
}

fn serve(mut client: TcpStream, harm: Harm) -> std::io::Result<()> {
    if harm == Harm::Resets {
        // What was not read when a socket is closed makes the close a reset (RFC 2525, 2.17).
        client.read_exact(&mut [0; 1])?;
        return Ok(());
    }
    let mut request = [0; 16 * 1024];
    let read = client.read(&mut request)?;
    let asked = String::from_utf8_lossy(&request[..read]).to_lowercase();
    let answer = |status: &str, kind: &str, body: &str| {
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let text = match harm {
        Harm::Hangs => {
            thread::sleep(Duration::from_mins(1));
            return Ok(());
        }
        Harm::Drips => {
            client.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{")?;
            for _ in 0..200 {
                thread::sleep(Duration::from_millis(300));
                client.write_all(b" ")?;
            }
            return Ok(());
        }
        Harm::Half => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{\"kind\": ".to_owned(),
        Harm::Page => answer("200 OK", "text/html", "<!doctype html><title>Sign in\u{1b}]0;owned\u{7}</title>"),
        Harm::Busy if asked.contains("x-amz-target") => answer(
            "400 Bad Request",
            "application/x-amz-json-1.1",
            "{\"__type\": \"ThrottlingException\", \"message\": \"Rate exceeded\"}",
        ),
        Harm::Busy if asked.contains("amz-sdk") => answer(
            "400 Bad Request",
            "text/xml",
            "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>",
        ),
        Harm::Busy => answer("429 Too Many Requests\r\nRetry-After: 3600", "text/plain", "no"),
        Harm::Floods => {
            client.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            let piece = format!("100000\r\n{}\r\n", " ".repeat(0x10_0000));
            loop {
                client.write_all(piece.as_bytes())?;
            }
        }
        Harm::Resets => return Ok(()),
    };
    client.write_all(text.as_bytes())
}

/// One who asks, with a limit of its own where it has one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Who {
    Http,
    Cluster,
    Identity,
    Secret,
    /// The guard of a page, before its first step.
    Guard,
}

fn page(who: Who) -> &'static str {
    match who {
        Who::Http => {
            "```rhai {#a}\nlet got = http::get(env(\"BASE\"), #{timeout: \"3s\"});\nassert got.ok;\ngot.json();\n```\n"
        }
        Who::Cluster => "```rhai {#a}\nk8s::list(\"pods\", #{timeout: \"12s\"});\n```\n",
        Who::Identity => "```rhai {#a}\naws::identity(#{timeout: \"8s\"});\n```\n",
        Who::Secret => "```rhai {#a}\naws::secret(\"x\", #{timeout: \"8s\"});\n```\n",
        Who::Guard => {
            "---\nrequires:\n  aws: {account: \"123456789012\"}\n---\n# T\n\n```bash {#a}\ntouch ran\n```\n"
        }
    }
}

/// A page whose far sides are all at an address.
fn asking(base: &str, page: &str) -> Test {
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: k, cluster: {{server: \"{base}\"}}}}]\n\
         contexts: [{{name: c, context: {{cluster: k, user: u}}}}]\nusers: [{{name: u, user: {{token: x}}}}]\n"
    );
    Test::new()
        .file("a.md", page)
        .file("kubeconfig", kubeconfig)
        .env("BASE", base)
        .env("KUBECONFIG", "kubeconfig")
        .env("AWS_ENDPOINT_URL", base)
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "hush")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .args(["run", "a.md"])
}

fn asks(who: Who, harm: Harm) -> (Ran, Duration) {
    let test = asking(&server(harm), page(who));
    let began = Instant::now();
    let ran = test.run();
    (ran, began.elapsed())
}

/// What is said in each case.
fn said(who: Who, harm: Harm) -> &'static str {
    match (harm, who) {
        (Harm::Hangs | Harm::Drips, Who::Guard) => "operation timeout",
        (Harm::Hangs | Harm::Drips, _) => "did not answer within",
        (Harm::Resets, _) => "Connection reset by peer",
        (Harm::Half, _) => "end of file before message length reached",
        (Harm::Page, Who::Http) => "the body is not JSON",
        (Harm::Page, Who::Cluster) => "does not answer as Kubernetes does",
        (Harm::Page, _) => "is not AWS",
        (Harm::Busy, Who::Http) => "the far side is busy (429); asking again",
        (Harm::Busy, Who::Cluster) => "the server is busy; try again later",
        (Harm::Busy, Who::Secret) => "Rate exceeded; asking again",
        (Harm::Busy, _) => "Throttling",
        (Harm::Floods, Who::Http) => "the body is longer than 16 MiB",
        (Harm::Floods, Who::Cluster) => "is too long to be read",
        (Harm::Floods, _) => "length limit exceeded",
    }
}

/// Guards: `live::calls::answer`, which gives each call its time; `http::reply`, `cluster::limited`
/// and `aws::bounded`, which bound a body; `aws::REQUEST`; `cluster::ATTEMPTS`; and what each says
/// of an error.
#[test]
fn a_far_side_that_misbehaves_ends_in_its_limit_with_the_cause_said() {
    let mut asked = Vec::new();
    for who in [
        Who::Http,
        Who::Cluster,
        Who::Identity,
        Who::Secret,
        Who::Guard,
    ] {
        for harm in [
            Harm::Hangs,
            Harm::Drips,
            Harm::Resets,
            Harm::Half,
            Harm::Page,
            Harm::Busy,
            Harm::Floods,
        ] {
            asked.push((who, harm, thread::spawn(move || asks(who, harm))));
        }
    }
    for (who, harm, ran) in asked {
        let (ran, took) = ran.join().expect("nothing panics");
        let place = format!("{who:?} {harm:?} after {took:?}: {}", ran.text);
        let status = if who == Who::Guard { 3 } else { 1 };
        assert_eq!(ran.status, status, "{place}");
        assert!(ran.text.contains(said(who, harm)), "{place}");
        // The guard has 30 seconds; a machine may be busy.
        assert!(took < Duration::from_secs(45), "{place}");
        assert!(!ran.exists("ran"), "{place}");
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains(['\u{1b}', '\u{7}']), "{place}");
        }
    }
}

/// Guards: `http::ATTEMPTS`, `cluster::ATTEMPTS`, and `engine::ATTEMPTS` for a secret.
#[test]
fn a_far_side_that_is_busy_for_ever_is_asked_a_few_times() {
    for (call, kind, body, most, said) in [
        (
            "assert http::get(env(\"BASE\"), #{timeout: \"20s\"}).ok;",
            "text/plain",
            "no",
            4,
            "429",
        ),
        (
            "k8s::list(\"pods\", #{timeout: \"40s\"});",
            "text/plain",
            "no",
            5,
            "the server is busy",
        ),
        (
            "aws::secret(\"x\", #{timeout: \"60s\"});",
            "application/x-amz-json-1.1",
            "{\"__type\": \"ThrottlingException\", \"message\": \"Rate exceeded\"}",
            // The SDK asks twice each time.
            12,
            "Rate exceeded",
        ),
    ] {
        let (base, asked) = busy(kind, body);
        let page = format!("```rhai {{#a}}\n{call}\n```\n");
        let ran = asking(&base, &page).run().ends(1).says(said);
        assert!(!ran.text.contains("within"), "{call}: {}", ran.text);
        let asked = asked.load(Ordering::Relaxed);
        assert!((2..=most).contains(&asked), "{call}: asked {asked} times");
    }
}

/// A server that is busy, whenever it is asked; and how often it was.
fn busy(kind: &'static str, body: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback is free");
    let port = listener.local_addr().expect("it is bound").port();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let _ = client.read(&mut [0; 16 * 1024]);
            counted.fetch_add(1, Ordering::Relaxed);
            let status = if body.starts_with('{') { 400 } else { 429 };
            let _ = write!(
                client,
                "HTTP/1.1 {status} Busy\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    (format!("http://127.0.0.1:{port}"), asked)
}
