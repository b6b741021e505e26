//! What redaction costs beside a bare pass of aho-corasick over the same bytes.
//!
//! The text is 200 MB of what tools write to logs: access logs, JSON, Kubernetes, Terraform,
//! stack traces. 100 secrets are known and the table of shapes is always on. The bare pass looks
//! for the same 100 values, as they are, in the same pieces.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reads the clock and prints"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use aho_corasick::AhoCorasick;
use runbook::secret::Redactor;

const BYTES: usize = 200_000_000;
/// What a pipe gives at a time.
const PIECE: usize = 64 * 1024;
const PAIRS: usize = 3;

fn main() {
    let secrets: Vec<String> = (0..100_u64).map(|n| value(n, 24)).collect();
    for (name, text) in [
        ("clean log", log(None)),
        ("log with secrets", log(Some(&secrets))),
    ] {
        let redactor = Redactor::default();
        for (number, secret) in secrets.iter().enumerate() {
            redactor
                .learn(&format!("s{number}"), secret.as_bytes())
                .unwrap();
        }
        let bare = AhoCorasick::new(&secrets).unwrap();
        for _ in 0..PAIRS {
            let ours = time(|| {
                let mut filter = redactor.filter();
                for piece in text.as_bytes().chunks(PIECE) {
                    black_box(filter.push(piece));
                }
                black_box(filter.finish());
            });
            let shapes = time(|| {
                let mut filter = Redactor::default().filter();
                for piece in text.as_bytes().chunks(PIECE) {
                    black_box(filter.push(piece));
                }
                black_box(filter.finish());
            });
            let theirs = time(|| {
                black_box(bare.stream_find_iter(text.as_bytes()).count());
            });
            println!(
                "{name:<18} filter {:>6.0} MB/s · shapes alone {:>6.0} MB/s · bare {:>6.0} MB/s · {:>4.0} % of bare (aim: 500 MB/s or 50 %)",
                rate(text.len(), ours),
                rate(text.len(), shapes),
                rate(text.len(), theirs),
                100.0 * theirs.as_secs_f64() / ours.as_secs_f64()
            );
        }
    }
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(bytes: usize, time: Duration) -> f64 {
    bytes as f64 / 1e6 / time.as_secs_f64()
}

/// A value of letters and digits.
fn value(seed: u64, length: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bd1_e995;
    (0..length)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let index = usize::try_from(state >> 33).unwrap() % 62;
            char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[index])
        })
        .collect()
}

/// Lines as tools write them; with secrets in one of 50 where there are any.
fn log(secrets: Option<&[String]>) -> String {
    let mut text = String::with_capacity(BYTES + 1024);
    let mut n = 0_u64;
    while text.len() < BYTES {
        n += 1;
        let id = value(n, 10).to_lowercase();
        match n % 8 {
            0 => writeln!(text, "2026-11-23T06:{:02}:{:02}.{:03}Z INFO  [http-nio-8080-exec-{}] c.e.api.OrderController - GET /api/v1/orders/{n} 200 in {} ms", n % 60, n % 59, n % 1000, n % 40, n % 300),
            1 => writeln!(text, "10.0.{}.{} - - [23/Nov/2026:06:12:{:02} +0000] \"GET /assets/app-{id}.js HTTP/1.1\" 200 {} \"https://www.example.com/shop/{n}\" \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\"", n % 256, n % 251, n % 60, n * 7 % 90_000),
            2 => writeln!(text, "{{\"level\":\"info\",\"ts\":1795413{n:06},\"caller\":\"controller/reconcile.go:{}\",\"msg\":\"reconciled\",\"namespace\":\"prod\",\"name\":\"api-{id}\",\"duration\":\"{}ms\"}}", n % 900, n % 77),
            3 => writeln!(text, "pod/api-7f9c8d5b6-{} 1/1 Running 0 {}d 10.1.{}.{} ip-10-1-{}-{}.ec2.internal <none> <none>", &id[..5], n % 90, n % 256, n % 250, n % 256, n % 250),
            4 => writeln!(text, "aws_security_group_rule.ingress[\"{id}\"]: Refreshing state... [id=sgrule-{}]", n * 7919),
            5 => writeln!(text, "\tat com.example.orders.service.OrderService$$Lambda/0x00007f{id}.accept(OrderService.java:{})", n % 700),
            6 => writeln!(text, "Step {}/24 : RUN apt-get install -y --no-install-recommends libssl-dev pkg-config # sha256:{:064x}", n % 24, u128::from(n) * 0x9e37_79b9_7f4a_7c15),
            _ => writeln!(text, "  Normal  Pulled  {}s  kubelet  Successfully pulled image \"123456789012.dkr.ecr.us-east-1.amazonaws.com/api:{id}\" in {}.{}s", n % 60, n % 9, n % 10),
        }
        .unwrap();
        if let Some(secrets) = secrets
            && n.is_multiple_of(50)
        {
            let secret = &secrets[usize::try_from(n / 50 % 100).unwrap()];
            writeln!(
                text,
                "connecting to postgres://app:{secret}@db:5432/orders with token {secret}"
            )
            .unwrap();
        }
    }
    text
}
