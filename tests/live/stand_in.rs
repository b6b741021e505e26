//! A stand-in for what moto gets wrong: EKS's authentication modes and access entries, which it
//! drops without a word, and an `ElastiCache` group of more than one member.
//!
//! It is called what it is: nothing that ran against it was verified against AWS. Routes and shapes
//! are those of the EKS API reference (<https://docs.aws.amazon.com/eks/latest/APIReference/>) and
//! of `DescribeReplicationGroups`
//! (<https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/>). Changes take a few looks
//! before they are done, as real ones take minutes.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

/// How many looks at a change still say that it is under way.
const LOOKS: u32 = 2;

/// The server; it ends with the tests' process.
pub(crate) struct StandIn {
    port: u16,
    cluster: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    clusters: BTreeMap<String, Cluster>,
    /// Replication groups by id: the node type and how many members.
    groups: BTreeMap<String, (String, usize)>,
}

#[derive(Default)]
struct Cluster {
    mode: String,
    /// The mode that a change is bringing, its number, and how many looks it still takes.
    change: Option<(String, usize, u32)>,
    changes: usize,
    node_groups: BTreeMap<String, Value>,
    /// The policies of each principal.
    entries: BTreeMap<String, Vec<Value>>,
}

/// A status and a body.
type Answer = (u16, Value);

impl StandIn {
    /// Starts with one cluster in a mode and one replication group of so many members.
    pub(crate) fn start(cluster: &str, mode: &str, group: (&str, &str, usize)) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback is free");
        let port = listener.local_addr().expect("it is bound").port();
        let (id, node_type, members) = group;
        let state = Arc::new(Mutex::new(State {
            clusters: BTreeMap::from([(
                cluster.to_owned(),
                Cluster {
                    mode: mode.to_owned(),
                    ..Cluster::default()
                },
            )]),
            groups: BTreeMap::from([(id.to_owned(), (node_type.to_owned(), members))]),
        }));
        let served = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&served);
                std::thread::spawn(move || {
                    let _closed = serve(client, &state);
                });
            }
        });
        Self {
            port,
            cluster: cluster.to_owned(),
            state,
        }
    }

    /// Adds a node group.
    pub(crate) fn node_group(self, group: &Value) -> Self {
        self.ask("POST", &["node-groups"], group);
        self
    }

    /// Adds an access entry with a policy.
    pub(crate) fn access(self, principal: &str, policy: &str) -> Self {
        self.ask(
            "POST",
            &["access-entries"],
            &json!({ "principalArn": principal }),
        );
        let policy = json!({ "policyArn": policy, "accessScope": { "type": "cluster" } });
        self.ask(
            "POST",
            &["access-entries", principal, "access-policies"],
            &policy,
        );
        self
    }

    /// Takes an access entry away.
    pub(crate) fn without_access(self, principal: &str) -> Self {
        self.ask("DELETE", &["access-entries", principal], &Value::Null);
        self
    }

    /// The authentication mode of its cluster.
    pub(crate) fn mode(&self) -> String {
        let answer = self.ask("GET", &[], &Value::Null);
        let mode = answer["cluster"]["accessConfig"]["authenticationMode"].as_str();
        mode.expect("a cluster has a mode").to_owned()
    }

    #[track_caller]
    fn ask(&self, method: &str, of_cluster: &[&str], body: &Value) -> Value {
        let parts = [&["clusters", &self.cluster], of_cluster].concat();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (status, answer) = eks(&mut state, method, &parts, body);
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Its address, for `AWS_ENDPOINT_URL_EKS` and `AWS_ENDPOINT_URL_ELASTICACHE`.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Answers one request.
fn serve(mut client: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut piece = [0; 16 * 1024];
    let (head, body) = loop {
        let read = client.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, length)| length.trim().parse().ok())
            .unwrap_or(0_usize);
        if body.len() >= length {
            break (head.to_owned(), body.to_owned());
        }
    };
    let mut words = head.split_whitespace();
    let (method, path) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let path = path.split('?').next().unwrap_or_default();
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    if path == "/" {
        return write_answer(&mut client, 200, "text/xml", &groups(&state, &body));
    }
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let parts: Vec<String> = path.trim_matches('/').split('/').map(decoded).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (status, answer) = eks(&mut state, method, &parts, &body);
    write_answer(&mut client, status, "application/json", &answer.to_string())
}

fn write_answer(
    client: &mut TcpStream,
    status: u16,
    kind: &str,
    body: &str,
) -> std::io::Result<()> {
    let code = serde_json::from_str::<Value>(body)
        .ok()
        .and_then(|body| body["__type"].as_str().map(str::to_owned))
        .map_or_else(String::new, |code| format!("x-amzn-ErrorType: {code}\r\n"));
    write!(
        client,
        "HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\n{code}Content-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
}

/// A part of a path without its `%XX`.
fn decoded(part: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = part.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn refused(status: u16, code: &str, message: &str) -> Answer {
    (status, json!({ "__type": code, "message": message }))
}

fn absent(what: &str) -> Answer {
    refused(
        404,
        "ResourceNotFoundException",
        &format!("No {what} found."),
    )
}

fn eks(state: &mut State, method: &str, parts: &[&str], body: &Value) -> Answer {
    let [_, name, rest @ ..] = parts else {
        let names: Vec<&String> = state.clusters.keys().collect();
        return (200, json!({ "clusters": names }));
    };
    let Some(cluster) = state.clusters.get_mut(*name) else {
        return absent(&format!("cluster for name: {name}"));
    };
    match (method, rest) {
        ("GET", []) => (200, json!({ "cluster": cluster.seen(name) })),
        ("POST", ["update-config"]) => cluster.update(body),
        ("GET", ["updates", id]) => cluster.look(id),
        ("GET", ["node-groups"]) => {
            let names: Vec<&String> = cluster.node_groups.keys().collect();
            (200, json!({ "nodegroups": names }))
        }
        ("POST", ["node-groups"]) => {
            let mut group = body.clone();
            group["clusterName"] = json!(name);
            group["status"] = json!("ACTIVE");
            let id = body["nodegroupName"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            cluster.node_groups.insert(id, group.clone());
            (200, json!({ "nodegroup": group }))
        }
        ("GET", ["node-groups", id]) => cluster.node_groups.get(*id).map_or_else(
            || absent(&format!("node group for name: {id}")),
            |group| (200, json!({ "nodegroup": group })),
        ),
        (_, ["access-entries", ..]) if cluster.mode == "CONFIG_MAP" => refused(
            400,
            "InvalidRequestException",
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to \
             perform this operation.",
        ),
        (_, ["access-entries", entry @ ..]) => cluster.entries(name, method, entry, body),
        _ => refused(
            404,
            "UnknownOperationException",
            "not a route of this stand-in",
        ),
    }
}

impl Cluster {
    fn settle(&mut self) -> bool {
        match &mut self.change {
            None => true,
            Some((_, _, looks)) if *looks > 0 => {
                *looks -= 1;
                false
            }
            Some((mode, ..)) => {
                self.mode = std::mem::take(mode);
                self.change = None;
                true
            }
        }
    }

    fn seen(&mut self, name: &str) -> Value {
        let settled = self.settle();
        json!({
            "name": name,
            "arn": format!("arn:aws:eks:us-west-2:123456789012:cluster/{name}"),
            "version": "1.32",
            "status": if settled { "ACTIVE" } else { "UPDATING" },
            "accessConfig": { "authenticationMode": self.mode },
        })
    }

    fn update(&mut self, body: &Value) -> Answer {
        let Some(mode) = body["accessConfig"]["authenticationMode"].as_str() else {
            return refused(400, "InvalidParameterException", "nothing to update");
        };
        if self.change.is_some() {
            return refused(
                409,
                "ResourceInUseException",
                "Cannot make changes to the cluster while an update is in progress.",
            );
        }
        let allowed = matches!(
            (self.mode.as_str(), mode),
            ("CONFIG_MAP", "API_AND_CONFIG_MAP") | ("API_AND_CONFIG_MAP", "API")
        );
        if !allowed {
            let message = format!(
                "Unsupported authentication mode update from {} to {mode}",
                self.mode
            );
            return refused(400, "InvalidRequestException", &message);
        }
        self.changes += 1;
        self.change = Some((mode.to_owned(), self.changes, LOOKS));
        (200, json!({ "update": self.described(self.changes) }))
    }

    fn look(&mut self, id: &str) -> Answer {
        let number = id.strip_prefix("update-").and_then(|id| id.parse().ok());
        let Some(number) = number.filter(|number| (1..=self.changes).contains(number)) else {
            return absent("update");
        };
        self.settle();
        (200, json!({ "update": self.described(number) }))
    }

    fn described(&self, number: usize) -> Value {
        let open = matches!(&self.change, Some((_, open, _)) if *open == number);
        json!({
            "id": format!("update-{number}"),
            "type": "AccessConfigUpdate",
            "status": if open { "InProgress" } else { "Successful" },
            "errors": [],
        })
    }

    fn entries(&mut self, name: &str, method: &str, parts: &[&str], body: &Value) -> Answer {
        let described = |arn: &str| {
            json!({
                "accessEntry": {
                    "clusterName": name,
                    "principalArn": arn,
                    "type": "STANDARD",
                    "kubernetesGroups": [],
                }
            })
        };
        match (method, parts) {
            ("GET", []) => {
                let arns: Vec<&String> = self.entries.keys().collect();
                (200, json!({ "accessEntries": arns }))
            }
            ("POST", []) => {
                let arn = body["principalArn"].as_str().unwrap_or_default();
                if self.entries.contains_key(arn) {
                    let message =
                        "The specified access entry resource is already in use on this cluster.";
                    return refused(409, "ResourceInUseException", message);
                }
                self.entries.insert(arn.to_owned(), Vec::new());
                (200, described(arn))
            }
            (method, [arn, rest @ ..]) => match (method, rest, self.entries.get_mut(*arn)) {
                (_, _, None) => {
                    let message = format!("The specified principalArn could not be found: {arn}");
                    refused(404, "ResourceNotFoundException", &message)
                }
                ("GET", [], Some(_)) => (200, described(arn)),
                ("DELETE", [], Some(_)) => {
                    self.entries.remove(*arn);
                    (200, json!({}))
                }
                ("GET", ["access-policies"], Some(policies)) => {
                    (200, json!({ "associatedAccessPolicies": policies }))
                }
                ("POST", ["access-policies"], Some(policies)) => {
                    policies.push(body.clone());
                    (200, json!({ "associatedAccessPolicy": body }))
                }
                _ => refused(
                    404,
                    "UnknownOperationException",
                    "not a route of this stand-in",
                ),
            },
            _ => refused(
                404,
                "UnknownOperationException",
                "not a route of this stand-in",
            ),
        }
    }
}

/// `DescribeReplicationGroups`, all or the one that is named.
fn groups(state: &State, body: &str) -> String {
    let wanted = body
        .split('&')
        .find_map(|pair| pair.strip_prefix("ReplicationGroupId="))
        .map(decoded);
    let shown: String = state
        .groups
        .iter()
        .filter(|(id, _)| wanted.as_ref().is_none_or(|wanted| wanted == *id))
        .map(|(id, (node_type, count))| {
            let members: String = (1..=*count)
                .map(|number| {
                    let zone = ["a", "b", "c"][(number - 1) % 3];
                    let role = if number == 1 { "primary" } else { "replica" };
                    format!(
                        "<NodeGroupMember><CacheClusterId>{id}-{number:03}</CacheClusterId>\
                         <CacheNodeId>0001</CacheNodeId><CurrentRole>{role}</CurrentRole>\
                         <PreferredAvailabilityZone>us-west-2{zone}</PreferredAvailabilityZone>\
                         </NodeGroupMember>"
                    )
                })
                .collect();
            let clusters: String = (1..=*count)
                .map(|number| format!("<ClusterId>{id}-{number:03}</ClusterId>"))
                .collect();
            format!(
                "<ReplicationGroup><ReplicationGroupId>{id}</ReplicationGroupId>\
                 <Status>available</Status><MultiAZ>enabled</MultiAZ>\
                 <AutomaticFailover>enabled</AutomaticFailover>\
                 <CacheNodeType>{node_type}</CacheNodeType><MemberClusters>{clusters}</MemberClusters>\
                 <NodeGroups><NodeGroup><NodeGroupId>0001</NodeGroupId><Status>available</Status>\
                 <NodeGroupMembers>{members}</NodeGroupMembers></NodeGroup></NodeGroups>\
                 </ReplicationGroup>"
            )
        })
        .collect();
    format!(
        "<DescribeReplicationGroupsResponse><DescribeReplicationGroupsResult><ReplicationGroups>\
         {shown}</ReplicationGroups></DescribeReplicationGroupsResult></DescribeReplicationGroupsResponse>"
    )
}
