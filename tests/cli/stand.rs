//! A stand-in for AWS on loopback: moto's server behind a gate that refuses what AWS refuses.
//!
//! moto checks no expiration, and answers every client in one form; the gate says no with AWS's
//! own codes and lets everything else through.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Keys that the gate refuses have this in them.
pub(crate) const REVOKED: &str = "AKIAREVOKEDREVOKED77";
/// The gate refuses this token with any key.
pub(crate) const STALE: &str = "STALE-token";
/// The gate says that this token has expired.
pub(crate) const EXPIRED: &str = "EXPIRED-token";

/// moto and its gate; both end when it is dropped.
pub(crate) struct Stand {
    moto: Child,
    moto_port: u16,
    gate_port: u16,
}

impl Stand {
    /// Starts both; says what is missing where moto is not installed.
    pub(crate) fn start() -> Option<Self> {
        let moto_port = free_port();
        let program = std::env::var_os("RUNBOOK_TEST_MOTO").unwrap_or_else(|| "moto_server".into());
        let started = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &moto_port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(moto) = started else {
            eprintln!("skipped: moto_server is not installed");
            return None;
        };
        let gate = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback is free");
        let gate_port = gate.local_addr().expect("it is bound").port();
        // Ends with the tests' process.
        std::thread::spawn(move || {
            for client in gate.incoming().flatten() {
                std::thread::spawn(move || {
                    let _ = pass(client, moto_port);
                });
            }
        });
        let mut stand = Self {
            moto,
            moto_port,
            gate_port,
        };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", moto_port)).is_err() {
            let gone = stand.moto.try_wait().is_ok_and(|status| status.is_some());
            if gone || began.elapsed() > Duration::from_mins(1) {
                eprintln!("skipped: moto_server does not start");
                return None;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(stand)
    }

    /// The address of the gate.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.gate_port)
    }

    /// The address of moto itself.
    pub(crate) fn moto_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.moto_port)
    }

    /// Sends a request past the gate, and gives the answer's body.
    pub(crate) fn ask(&self, method: &str, path: &str, kind: &str, body: &str) -> String {
        let mut moto = TcpStream::connect(("127.0.0.1", self.moto_port)).expect("moto runs");
        let credential = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261123/us-east-1/";
        let service = if path == "/" { "sts" } else { "s3" };
        write!(
            moto,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: {kind}\r\n\
             Authorization: {credential}{service}/aws4_request, SignedHeaders=host, Signature=0\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.moto_port,
            body.len()
        )
        .expect("moto reads");
        let mut answer = String::new();
        moto.read_to_string(&mut answer).expect("moto answers");
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        body.to_owned()
    }

    /// Temporary credentials of a role in an account: key, secret and token.
    pub(crate) fn role(&self, account: &str) -> [String; 3] {
        let answer = self.ask(
            "POST",
            "/",
            "application/x-www-form-urlencoded",
            &format!(
                "Action=AssumeRole&Version=2011-06-15&RoleSessionName=ops&\
                 RoleArn=arn%3Aaws%3Aiam%3A%3A{account}%3Arole%2Fops"
            ),
        );
        ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| {
            let (_, rest) = answer
                .split_once(&format!("<{name}>"))
                .unwrap_or_else(|| panic!("no {name} in {answer}"));
            rest.split('<').next().expect("a tag ends").to_owned()
        })
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        let _ = self.moto.kill();
        let _ = self.moto.wait();
    }
}

fn free_port() -> u16 {
    let socket = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback is free");
    socket.local_addr().expect("it is bound").port()
}

/// Reads a request, and refuses it or passes it on; one request for each connection.
fn pass(mut client: TcpStream, moto: u16) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut piece = [0; 16 * 1024];
    let end = loop {
        if let Some(end) = find(&request, b"\r\n\r\n") {
            break end + 4;
        }
        let read = client.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&piece[..read]);
    };
    let head = String::from_utf8_lossy(&request[..end]).into_owned();
    if header(&head, "expect").is_some() {
        client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let length: usize = header(&head, "content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    while request.len() < end + length {
        let read = client.read(&mut piece)?;
        if read == 0 {
            break;
        }
        request.extend_from_slice(&piece[..read]);
    }
    if let Some((code, message)) = refusal(&head) {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
             <Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
        );
        return write!(
            client,
            "HTTP/1.1 403 Forbidden\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
    }
    let mut server = TcpStream::connect(("127.0.0.1", moto))?;
    for line in head.trim_end().lines() {
        let name = line.split(':').next().unwrap_or_default().to_lowercase();
        if name != "connection" && name != "expect" {
            write!(server, "{line}\r\n")?;
        }
    }
    server.write_all(b"Connection: close\r\n\r\n")?;
    server.write_all(&request[end..])?;
    std::io::copy(&mut server, &mut client)?;
    Ok(())
}

/// What AWS would say to a request, as far as it concerns its key and token
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html>).
fn refusal(head: &str) -> Option<(&'static str, &'static str)> {
    const INVALID: (&str, &str) = (
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
    );
    let authorization = header(head, "authorization")?;
    let (_, credential) = authorization.split_once("Credential=")?;
    let token = header(head, "x-amz-security-token").unwrap_or_default();
    if token == EXPIRED {
        return Some((
            "ExpiredToken",
            "The security token included in the request is expired",
        ));
    }
    let long_lived = credential.starts_with("AKIA");
    let torn = long_lived != token.is_empty();
    (torn || token == STALE || credential.starts_with(REVOKED)).then_some(INVALID)
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name)
            .then(|| value.trim().to_owned())
    })
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
