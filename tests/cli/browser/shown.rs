//! The site that the browser is shown.

use crate::support::{Ran, Test};

const PAGE: &str = "\
---
title: Restart the web server
owner: platform
inputs:
  host: {type: string, default: db1, description: \"Which host\"}
  mode: {type: choice, choices: [fast, slow], default: slow}
---

# Restart the web server

See [the other page](ops/other.md) and [below](#stop).

## Restart

```bash {#restart effect=change timeout=5m}
printf '\\033[31m%s\\033[0m\\n' ${{ host }}
for line in 1 2 3; do echo \"line $line\"; done
```

```rhai {#check}
assert restart.ok, \"it restarted\";
```

## Look, many at a time

```bash {#one effect=read needs=check}
echo one
```

```bash {#two effect=read needs=check}
printf '%s' ${{ host }}
```

```bash {#three effect=read needs=check}
echo three
```

## Stop
<!-- runbook: when=\"restart.failed\" -->

```bash {#stop effect=destroy confirm=\"Stop ${{ host }}?\"}
echo stop
```
";

const HOSTILE_PAGE: &str = "\
---
title: \"<img src=x onerror=alert(1)>\"
owner: \"<script>alert(2)</script>\"
---

# Bad <script>alert(3)</script> <img src=x onerror=alert(4)> <img src=x:y>

<svg onload=alert(5)><a href=\"javascript:alert(6)\">x</a></svg>

[link](javascript:alert(7))

```bash {#bad}
printf '</pre><script>alert(8)</script>\\n\\033]8;;javascript:alert(9)\\033\\\\x\\033]8;;\\033\\\\\\n'
```
";

const GIVEN_PAGE: &str = "\
---
inputs:
  lines: {default: \"one\\ntwo  \\n\"}
  token: {secret: true}
env:
  NS: \"it's ${{ lines }}\"
---

# Given

```bash {#given cwd=\"/tmp\"}
printf '%s|%s|%s' \"$NS\" \"$PWD\" ${{ token }}
```
";

/// What people write besides: things to tick off, wide tables, links in them, code in a fence.
const NOTES: &str = "\
# Notes

Look at `uptime` first.

- [ ] Ask **ops**
- [x] Tell [the others](restart.md)

| Host | What it is for and since when it is there | Where it is described in all its parts |
|---|---|---|
| `averylongnameofahostthatcannotbreak01` | see [the page](restart.md) for it | text beside [a link](restart.md) |

```text
a line of plain text that is much longer than a phone is wide, and longer than the page is on a desktop, so that its box scrolls
```

```rust
fn main() { let text = \"a string\"; }
```
";

/// A site with a page that passed, one that failed, one that nobody ran, and one that nobody wants.
pub(crate) fn site() -> Ran {
    Test::new()
        .file("runbooks/restart.md", PAGE)
        .file(
            "runbooks/ops/other.md",
            "---\nowner: ops\n---\n# Other\n\n[back](../restart.md)\n\n```sh {#fails}\necho no >&2; exit 3\n```\n",
        )
        .file("runbooks/ops/unrun.md", "# Look\n\n```sh\nls <folder>\n```\n")
        .file("runbooks/notes.md", NOTES)
        .file("runbooks/bad.md", HOSTILE_PAGE)
        .file("runbooks/given.md", GIVEN_PAGE)
        .args(["run", "runbooks/restart.md", "--yes"])
        .run()
        .ends(0)
        .then(["run", "runbooks/ops/other.md", "--yes"])
        .run()
        .ends(1)
        .then(["run", "runbooks/bad.md", "--yes"])
        .run()
        .ends(0)
        .then(["docs", "build"])
        .run()
        .ends(0)
}
