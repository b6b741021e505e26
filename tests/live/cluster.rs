//! A real cluster on loopback: etcd, an API server and its controllers; no node, so that nothing
//! runs in it. One serves all tests, each in a namespace of its own.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::components::{find, free_port, or_skip, start};
use crate::page::Page;

/// Who may do all.
pub(crate) const ADMIN: &str = "admin";
/// Who may do nothing.
pub(crate) const VIEWER: &str = "viewer";
/// How long the servers may take to come up.
const PATIENCE: Duration = Duration::from_secs(90);

/// The servers; they end with the tests' process.
pub(crate) struct Cluster {
    folder: TempDir,
    port: u16,
    /// Held, for they end when what they read does.
    servers: Vec<Child>,
}

static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();

/// The cluster, started by whoever needs it first; `None` where a component is missing.
pub(crate) fn cluster() -> Option<&'static Cluster> {
    or_skip(
        CLUSTER
            .get_or_init(Cluster::start)
            .as_ref()
            .map_err(Clone::clone),
    )
}

impl Cluster {
    fn start() -> Result<Self, String> {
        let etcd = find("etcd")?;
        let server = find("kube-apiserver")?;
        let controllers = find("kube-controller-manager")?;
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let root = folder.path();
        if !key(root) {
            return Err("openssl is not installed".to_owned());
        }
        let tokens = [
            format!("{},{ADMIN},{ADMIN},system:masters\n", token(ADMIN)),
            format!("{},{VIEWER},{VIEWER},\n", token(VIEWER)),
        ];
        std::fs::write(root.join("tokens.csv"), tokens.concat()).expect("a file");
        let (store, peer, port) = (free_port(), free_port(), free_port());
        let arguments =
            |text: String| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        let mut servers = vec![start(
            &etcd,
            &arguments(format!(
                "--data-dir etcd --unsafe-no-fsync \
                 --listen-client-urls http://127.0.0.1:{store} \
                 --advertise-client-urls http://127.0.0.1:{store} \
                 --listen-peer-urls http://127.0.0.1:{peer} \
                 --initial-advertise-peer-urls http://127.0.0.1:{peer} \
                 --initial-cluster default=http://127.0.0.1:{peer}"
            )),
            root,
            "etcd.log",
        )];
        servers.push(start(
            &server,
            &arguments(format!(
                "--etcd-servers http://127.0.0.1:{store} --secure-port {port} \
                 --bind-address 127.0.0.1 --advertise-address 127.0.0.1 --cert-dir certs \
                 --service-account-key-file key.pem --service-account-signing-key-file key.pem \
                 --service-account-issuer https://kubernetes.default.svc \
                 --token-auth-file tokens.csv --authorization-mode RBAC \
                 --service-cluster-ip-range 10.0.0.0/24 \
                 --disable-admission-plugins ServiceAccount"
            )),
            root,
            "apiserver.log",
        ));
        let mut cluster = Self {
            folder,
            port,
            servers,
        };
        cluster.await_server();
        let root = cluster.folder.path();
        std::fs::write(root.join("admin"), cluster.kubeconfig(ADMIN, "default")).expect("a file");
        let controllers = start(
            &controllers,
            &arguments(
                "--kubeconfig admin --leader-elect=false --secure-port 0 \
                 --service-account-private-key-file key.pem --root-ca-file certs/apiserver.crt"
                    .to_owned(),
            ),
            root,
            "controllers.log",
        );
        cluster.servers.push(controllers);
        Ok(cluster)
    }

    /// Waits until the server answers.
    fn await_server(&self) {
        let began = Instant::now();
        loop {
            let certificate = self.folder.path().join("certs/apiserver.crt");
            if certificate.exists() {
                let ran = self
                    .page("k8s::get(\"namespace\", \"default\")", "default")
                    .run();
                if ran.text.contains("passed") {
                    return;
                }
                assert!(began.elapsed() < PATIENCE, "{}\n{}", ran.text, self.log());
            }
            assert!(began.elapsed() < PATIENCE, "{}", self.log());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("apiserver.log"));
        let log = log.unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(20).collect();
        lines.join("\n")
    }

    /// A kubeconfig of a user whose namespace is this one.
    pub(crate) fn kubeconfig(&self, user: &str, namespace: &str) -> String {
        self.kubeconfig_with(&format!("token: {}", token(user)), namespace)
    }

    /// A kubeconfig with this entry for its user.
    pub(crate) fn kubeconfig_with(&self, user: &str, namespace: &str) -> String {
        let authority = self.folder.path().join("certs/apiserver.crt");
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
             clusters:\n- name: here\n  cluster: {{server: \"{}\", certificate-authority: {}}}\n\
             users:\n- name: me\n  user:\n    {user}\n\
             contexts:\n- name: test\n  context: \
             {{cluster: here, user: me, namespace: {namespace}}}\n",
            self.address(),
            authority.display()
        )
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// A page of one script, for the administrator in a namespace.
    pub(crate) fn page(&self, script: &str, namespace: &str) -> Page {
        self.ready(Page::script(script), namespace)
    }

    /// Gives a page the administrator's kubeconfig.
    pub(crate) fn ready(&self, page: Page, namespace: &str) -> Page {
        page.file(".kube/config", &self.kubeconfig(ADMIN, namespace))
    }

    /// Makes a namespace.
    #[track_caller]
    pub(crate) fn namespace(&self, name: &'static str) -> &'static str {
        let manifest = format!(
            "k8s::apply(#{{apiVersion: \"v1\", kind: \"Namespace\", metadata: #{{name: \"{name}\"}}}})"
        );
        self.page(&manifest, "default").run().passes();
        name
    }
}

/// The token of a user.
pub(crate) fn token(user: &str) -> String {
    format!("{user}-token-0123456789")
}

/// Makes the key that the servers sign with.
fn key(folder: &Path) -> bool {
    let made = Command::new("openssl")
        .args(["genrsa", "-out", "key.pem", "2048"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    made.is_ok_and(|status| status.success())
}
