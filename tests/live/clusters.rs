//! Finding a cluster and signing in to it, and what is said where that fails.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::cluster::{ADMIN, cluster, token};
use crate::components::{free_port, start};
use crate::page::Page;

const ASK: &str = "k8s::get(\"namespace\", \"default\")";

#[test]
fn without_a_kubeconfig_it_is_said_where_one_was_looked_for() {
    Page::script(ASK)
        .run()
        .fails()
        .says("there is no kubeconfig: looked for")
        .says(".kube/config")
        .says("set KUBECONFIG");
}

#[test]
fn a_cluster_that_is_not_there_is_told_by_context_and_address() {
    let address = format!("https://127.0.0.1:{}", free_port());
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: lost\n\
         clusters: [{{name: c, cluster: {{server: \"{address}\"}}}}]\n\
         users: [{{name: u, user: {{token: t}}}}]\n\
         contexts: [{{name: lost, context: {{cluster: c, user: u}}}}]\n"
    );
    Page::script(ASK)
        .file("kubeconfig", &kubeconfig)
        .env("KUBECONFIG", "kubeconfig")
        .run()
        .fails()
        .says(&format!(
            "the cluster of the context `lost` can't be reached at `{address}/`"
        ))
        .says("(Unreachable)");
}

#[test]
fn a_file_that_is_no_kubeconfig_is_not_repeated() {
    Page::script(ASK)
        .file(".kube/config", "users: [\n  token: hunter2hunter2\n")
        .run()
        .fails()
        .says(".kube/config` can't be used")
        .hides("hunter2hunter2");
}

#[test]
fn a_context_that_is_not_there_is_told_with_the_nearest() {
    let Some(cluster) = cluster() else { return };
    let script = "k8s::get(\"namespace\", \"default\", #{context: \"tset\"})";
    cluster
        .page(script, "default")
        .run()
        .fails()
        .says("there is no Kubernetes context `tset` (Unconfigured); did you mean `test`?");
}

#[test]
fn a_wrong_token_is_told() {
    let Some(cluster) = cluster() else { return };
    let kubeconfig = cluster.kubeconfig_with("token: wrong-wrong-wrong", "default");
    Page::script(ASK)
        .file(".kube/config", &kubeconfig)
        .run()
        .fails()
        .says("(Unauthorized)")
        .says("sign in again")
        .hides("wrong-wrong-wrong");
}

#[test]
fn an_authority_that_did_not_issue_the_certificate_is_told() {
    let Some(cluster) = cluster() else { return };
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
         clusters: [{{name: c, cluster: {{server: \"{}\"}}}}]\n\
         users: []\ncontexts: [{{name: test, context: {{cluster: c}}}}]\n",
        cluster.address()
    );
    Page::script(ASK)
        .file(".kube/config", &kubeconfig)
        .run()
        .fails()
        .says("the kubeconfig's authority did not issue the certificate")
        .says("(CertificateInvalid)");
}

#[test]
fn a_plugin_signs_in_with_the_cleaned_environment() {
    let Some(cluster) = cluster() else { return };
    let kubeconfig = cluster.kubeconfig_with(
        "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./sign-in, args: [now], \
         interactiveMode: Never, env: [{name: WHO, value: admin}]}",
        "default",
    );
    let answer = format!(
        "#!/bin/sh\n\
         [ \"$WHO\" = admin ] && [ \"$1\" = now ] && [ -z \"$AWS_SESSION_TOKEN\" ] || \
         {{ echo 'who are you?' >&2; exit 3; }}\n\
         echo x >> \"$HOME/asked\"\n\
         echo '{{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\
         \"status\":{{\"token\":\"{}\",\"expirationTimestamp\":\"2099-01-01T00:00:00Z\"}}}}'\n",
        token(ADMIN)
    );
    let unset = "---\ncredentials:\n  unset: [AWS_SESSION_TOKEN]\n---\n";
    let text = format!(
        "{unset}# Page\n\n```rhai {{#it}}\n{ASK};\n{ASK};\n\
         assert sh(\"wc -l < asked\").stdout == \"1\";\n```\n"
    );
    let page = Page::text(&text)
        .file(".kube/config", &kubeconfig)
        .file(".kube/sign-in", &answer)
        .env("AWS_SESSION_TOKEN", "stale-stale-stale");
    let program = page.root().join(".kube/sign-in");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(program, mode).expect("it is ours");
    page.run().passes();
    let kubeconfig = cluster.kubeconfig_with(
        "exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin, \
         installHint: get it from example.test}",
        "default",
    );
    Page::script(ASK)
        .file(".kube/config", &kubeconfig)
        .run()
        .fails()
        .says("`no-such-plugin`, which signs in to the context `test`, is not installed")
        .says("get it from example.test");
}

/// A server that is no cluster, but answers as one that is busy and fails now and then; it knows
/// the older form of discovery only.
fn busy() -> (u16, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    let server = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback is free");
    let port = server.local_addr().expect("it is bound").port();
    let asked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = std::sync::Arc::clone(&asked);
    // Ends with the tests' process.
    std::thread::spawn(move || {
        for mut client in server.incoming().flatten() {
            let mut request = Vec::new();
            let mut piece = [0; 4096];
            while !request.windows(4).any(|four| four == b"\r\n\r\n") {
                match client.read(&mut piece) {
                    Ok(read) if read > 0 => request.extend_from_slice(&piece[..read]),
                    _ => break,
                }
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            let line: Vec<&str> = request.split_whitespace().take(2).collect();
            let line = line.join(" ");
            let mut log = log.lock().expect("nobody panics");
            log.push(line.clone());
            let count = log.iter().filter(|known| **known == line).count();
            let refused = |code: u16, reason: &str| {
                let body = format!(
                    "{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\
                     \"message\":\"not now\",\"reason\":\"{reason}\",\"code\":{code}}}"
                );
                (code, body)
            };
            let (code, body) = match line.as_str() {
                "GET /api" => (
                    200,
                    "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}".to_owned(),
                ),
                "GET /apis" => (200, "{\"kind\":\"APIGroupList\",\"groups\":[]}".to_owned()),
                "GET /api/v1" => (
                    200,
                    "{\"kind\":\"APIResourceList\",\"groupVersion\":\"v1\",\"resources\":[{\
                     \"name\":\"configmaps\",\"singularName\":\"configmap\",\"namespaced\":true,\
                     \"kind\":\"ConfigMap\",\"verbs\":[\"get\"],\"shortNames\":[\"cm\"]}]}"
                        .to_owned(),
                ),
                line if line.starts_with("GET ") && count == 1 => refused(429, "TooManyRequests"),
                line if line.starts_with("GET ") && count == 2 => {
                    refused(503, "ServiceUnavailable")
                }
                line if line.starts_with("GET ") => (
                    200,
                    "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\"}}"
                        .to_owned(),
                ),
                _ => refused(500, "InternalError"),
            };
            let length = body.len();
            let _ = write!(
                client,
                "HTTP/1.1 {code} X\r\nContent-Type: application/json\r\n\
                 Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
        }
    });
    (port, asked)
}

#[test]
fn a_busy_server_is_asked_again_and_a_change_is_not_sent_twice() {
    let (port, asked) = busy();
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: busy\n\
         clusters: [{{name: c, cluster: {{server: \"http://127.0.0.1:{port}\"}}}}]\n\
         users: []\ncontexts: [{{name: busy, context: {{cluster: c}}}}]\n"
    );
    let script = "assert k8s::get(\"cm\", \"a\").metadata.name == \"a\";\n\
                  k8s::delete(\"cm\", \"a\");";
    Page::script(script)
        .file(".kube/config", &kubeconfig)
        .run()
        .fails()
        .says("not now (InternalError)");
    let asked = asked.lock().expect("nobody panics");
    let count = |method: &str| {
        let path = format!("{method} /api/v1/namespaces/default/configmaps/a");
        asked.iter().filter(|line| **line == path).count()
    };
    assert_eq!((count("GET"), count("DELETE")), (3, 1), "{asked:?}");
}

/// Makes a certificate that expires as it is made, and the authority that issued it.
fn expired(folder: &std::path::Path) -> Option<()> {
    let openssl = |arguments: &str| {
        let made = std::process::Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(folder)
            .stderr(std::process::Stdio::null())
            .status();
        made.is_ok_and(|status| status.success()).then_some(())
    };
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\n").expect("a file");
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=test -days 30",
    )?;
    openssl("req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=server")?;
    openssl(
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 0 -out leaf.pem \
         -extfile names",
    )
}

#[test]
fn a_certificate_that_has_expired_is_told() {
    let address = free_port();
    let page = Page::script(ASK);
    if expired(page.root()).is_none() {
        eprintln!("skipped: openssl is not installed");
        return;
    }
    let arguments =
        format!("s_server -accept 127.0.0.1:{address} -cert leaf.pem -key leaf.key -www");
    let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
    let openssl = std::path::Path::new("openssl");
    let mut server = start(openssl, &arguments, page.root(), "server.log");
    while std::net::TcpStream::connect(("127.0.0.1", address)).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    // Its last second must be over.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
         clusters: [{{name: c, cluster: {{server: \"https://127.0.0.1:{address}\", certificate-authority: ca.pem}}}}]\n\
         users: [{{name: u, user: {{token: t}}}}]\ncontexts: [{{name: test, context: {{cluster: c, user: u}}}}]\n"
    );
    page.file("kubeconfig", &kubeconfig)
        .env("KUBECONFIG", "kubeconfig")
        .run()
        .fails()
        .says("the certificate has expired")
        .says("(CertificateInvalid)")
        .says("renew the server's certificate");
    // It ends as soon as nobody holds its input.
    drop(server.stdin.take());
    server.wait().expect("it ends");
}

#[test]
fn who_shows_no_credentials_that_count_is_told() {
    let Some(cluster) = cluster() else { return };
    Page::script(ASK)
        .file(".kube/config", &cluster.kubeconfig_with("{}", "default"))
        .run()
        .fails()
        .says("the cluster of the context `test` takes us for anybody")
        .says("sign in again");
}
