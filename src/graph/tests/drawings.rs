//! What drawings look like.

use snapbox::{IntoData as _, assert_data_eq, str};

use super::{build, graph};

const PAGE: &str = "---
inputs:
  release_name: {default: tracecat}
  db_pw: {secret: true, default: hunter2}
---
# Apply status
```bash {#plan}
terraform plan
```
## Wait for Helm
```rhai {#helm allow-failure timeout=20m}
let release = helm::wait(release_name);
```
### If Helm succeeds
<!-- runbook: when=\"helm.ok\" -->
```bash {#flip-auth confirm=\"Flip?\"}
terraform apply
```
### If Helm fails
<!-- runbook: when=\"helm.failed\" -->
```bash {#roll-back confirm needs=plan}
helm rollback ${{ release.name }}
```
## Checks
<!-- runbook: parallel -->
```bash {#pods}
kubectl get pods
```
```bash {#nodes when=\"plan.ok\"}
kubectl get nodes
```
## End
```json {#config}
{}
```
```manual
look
```
";

#[test]
fn a_graph_as_text() {
    assert_data_eq!(
        graph(PAGE).text(),
        str![[r"
Apply status
├─ plan             bash    read
├─ Wait for Helm
│  ├─ helm          rhai    read    may fail
│  ├─ If Helm succeeds · when helm.ok
│  │  └─ flip-auth  bash    change  asks first
│  └─ If Helm fails · when helm.failed
│     └─ roll-back  bash    change  after plan, helm · uses release · asks first
├─ Checks · side by side
│  ├─ pods          bash    read
│  └─ nodes         bash    read    after plan, roll-back · when plan.ok
└─ End
   ├─ config        value   read
   └─ end           manual  change  after pods, nodes

"]]
        .raw()
    );
}

#[test]
fn a_graph_for_mermaid() {
    assert_data_eq!(
        graph(PAGE).mermaid(),
        str![[r#"
flowchart TD
  s0["plan<br/>bash"]
  s1["helm<br/>rhai"]
  s2["flip-auth<br/>bash"]
  s3["roll-back<br/>bash"]
  s4["pods<br/>bash"]
  s5["nodes<br/>bash"]
  s6[("config<br/>value")]
  s7[/"end<br/>manual"/]
  s0 --> s1
  s1 -.->|"helm"| s2
  s0 -->|"needs"| s3
  s1 -.->|"helm, release"| s3
  s3 --> s4
  s0 -.->|"plan"| s5
  s3 --> s5
  s4 --> s7
  s5 --> s7

"#]]
        .raw()
    );
}

#[test]
fn a_graph_for_graphviz() {
    assert_data_eq!(
        graph(PAGE).dot(),
        str![[r#"
digraph runbook {
  node [shape=box];
  s0 [label="plan\nbash"];
  s1 [label="helm\nrhai"];
  s2 [label="flip-auth\nbash"];
  s3 [label="roll-back\nbash"];
  s4 [label="pods\nbash"];
  s5 [label="nodes\nbash"];
  s6 [label="config\nvalue", shape=note];
  s7 [label="end\nmanual", shape=parallelogram];
  s0 -> s1;
  s1 -> s2 [label="helm", style=dashed];
  s0 -> s3 [label="needs"];
  s1 -> s3 [label="helm, release", style=dashed];
  s3 -> s4;
  s0 -> s5 [label="plan", style=dashed];
  s3 -> s5;
  s4 -> s7;
  s5 -> s7;
}

"#]]
        .raw()
    );
}

#[test]
fn a_graph_as_json() {
    let json = serde_json::to_string_pretty(&graph(PAGE).json()).expect("it is JSON");
    assert_data_eq!(
        json,
        str![[r#"
{
  "document": "page.md",
  "title": "Apply status",
  "steps": [
    {
      "id": "plan",
      "title": "Apply status",
      "kind": "bash",
      "line": 7,
      "needs": [],
      "when": [],
      "effect": "read"
    },
    {
      "id": "helm",
      "title": "Wait for Helm",
      "kind": "rhai",
      "line": 11,
      "needs": [
        {
          "step": "plan",
          "why": "order"
        }
      ],
      "when": [],
      "effect": "read",
      "timeout_seconds": 1200.0,
      "allow_failure": true,
      "defines": [
        "release"
      ]
    },
    {
      "id": "flip-auth",
      "title": "If Helm succeeds",
      "kind": "bash",
      "line": 16,
      "needs": [
        {
          "step": "helm",
          "why": "order"
        },
        {
          "step": "helm",
          "why": "condition",
          "name": "helm"
        }
      ],
      "when": [
        "helm.ok"
      ],
      "effect": "change",
      "confirm": "Flip?"
    },
    {
      "id": "roll-back",
      "title": "If Helm fails",
      "kind": "bash",
      "line": 21,
      "needs": [
        {
          "step": "plan",
          "why": "needs"
        },
        {
          "step": "helm",
          "why": "condition",
          "name": "helm"
        },
        {
          "step": "helm",
          "why": "name",
          "name": "release"
        }
      ],
      "when": [
        "helm.failed"
      ],
      "effect": "change",
      "confirm": ""
    },
    {
      "id": "pods",
      "title": "Checks",
      "kind": "bash",
      "line": 26,
      "needs": [
        {
          "step": "roll-back",
          "why": "order"
        }
      ],
      "when": [],
      "effect": "read"
    },
    {
      "id": "nodes",
      "title": "Checks",
      "kind": "bash",
      "line": 29,
      "needs": [
        {
          "step": "roll-back",
          "why": "order"
        },
        {
          "step": "plan",
          "why": "condition",
          "name": "plan"
        }
      ],
      "when": [
        "plan.ok"
      ],
      "effect": "read"
    },
    {
      "id": "config",
      "title": "End",
      "kind": "value",
      "line": 33,
      "needs": [],
      "when": [],
      "effect": "read"
    },
    {
      "id": "end",
      "title": "End",
      "kind": "manual",
      "line": 36,
      "needs": [
        {
          "step": "pods",
          "why": "order"
        },
        {
          "step": "nodes",
          "why": "order"
        }
      ],
      "when": [],
      "effect": "change"
    }
  ],
  "inputs": [
    {
      "name": "release_name",
      "type": "string",
      "secret": false,
      "required": false,
      "default": "tracecat"
    },
    {
      "name": "db_pw",
      "type": "string",
      "secret": true,
      "required": false
    }
  ]
}
"#]]
    );
}

/// Ids as no page can have them, to see that each format is escaped.
const ODD: &str = "```bash {#a\"]<b>&#|`\\\u{1b}[31m}\n:\n```\n```bash {#c}\n:\n```\n";

#[test]
fn odd_names_do_not_break_a_drawing() {
    let (graph, _) = build(ODD);
    assert_data_eq!(
        graph.text(),
        str![[r#"
page.md
├─ a"]<b>&#|`\ [31m  bash  read
└─ c                 bash  read

"#]]
        .raw()
    );
    assert_data_eq!(
        graph.mermaid(),
        str![[r#"
flowchart TD
  s0["a#quot;]#lt;b#gt;#amp;#35;#124;#96;#92; [31m<br/>bash"]
  s1["c<br/>bash"]
  s0 --> s1

"#]]
        .raw()
    );
    assert_data_eq!(
        graph.dot(),
        str![[r#"
digraph runbook {
  node [shape=box];
  s0 [label="a\"]<b>&#|`\\ [31m\nbash"];
  s1 [label="c\nbash"];
  s0 -> s1;
}

"#]]
        .raw()
    );
}
