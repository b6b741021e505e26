//! Steps that run once per element.

use crate::support::Test;

#[test]
fn a_step_runs_for_each_element_of_lists_maps_and_lines() {
    let page = "\
```json {#hosts}
[\"a b\", \"c'd\"]
```

```yaml {#ports}
web: 80
db: 5432
```

```bash {#one each=\"hosts\"}
echo ${{ item }} > host${{ index }}; echo \"said ${{ item }}\"
```

```bash {#two each=\"ports\"}
echo ${{ item.value }} > ${{ item.key }}
```

```bash {#three}
printf 'x\\ny y\\n'
```

```sh {#four each=\"three.lines()\"}
echo ${{ item }} > line${{ index }}
```

```rhai {#five}
assert one.items.len() == 2;
assert one.items[1].stdout == \"said c'd\";
assert steps[\"hosts\"][0] == \"a b\";
```
";
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(0);
    assert_eq!(ran.read("host0"), "a b\n");
    assert_eq!(ran.read("host1"), "c'd\n");
    assert_eq!(ran.read("web"), "80\n");
    assert_eq!(ran.read("db"), "5432\n");
    assert_eq!(ran.read("line1"), "y y\n");
    assert_eq!(ran.step("one[1]").as_deref(), Some("passed"));
    assert_eq!(ran.step("four[0]").as_deref(), Some("passed"));
}

#[test]
fn one_instance_that_fails_fails_the_step() {
    let page = "\
```bash {#ping each=\"[1, 2, 3]\"}
[ ${{ item }} != 2 ]
```

```rhai {#say when=\"ping.failed\"}
assert ping.items.map(|i| i.ok) == [true, false, true];
```
";
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(0);
    assert_eq!(ran.step("ping[0]").as_deref(), Some("passed"));
    assert_eq!(ran.step("ping[1]").as_deref(), Some("failed"));
    assert_eq!(ran.step("say").as_deref(), Some("passed"));
}

#[test]
fn what_has_no_elements_is_named_in_plain_words() {
    Test::new()
        .file(
            "a.md",
            "```bash {#one}\ntrue\n```\n```bash {#two each=\"one\"}\ntrue\n```\n",
        )
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .says("`each` wants a list, a map or a range of at most 100000 numbers, not a result")
        .says("a.md:4:21");
}

#[test]
fn a_step_runs_for_each_number_of_a_range() {
    let page = "```bash {#one each=\"1..=3\"}\ntouch n${{ item }}\n```\n";
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(0);
    assert!(ran.exists("n1") && ran.exists("n3") && !ran.exists("n4"));
}

#[test]
fn no_more_instances_run_than_there_are_descriptors_for() {
    let page = "# A\n```rhai {#numbers}\nlet l = [];\nfor i in 0..60 { l.push(i); }\n```\n```bash {#many each=\"l\"}\nsleep 0.05\n```\n";
    let test = Test::new().file("a.md", page);
    let plain = test.command();
    let status = std::process::Command::new("sh")
        .args(["-c", "ulimit -n 64; exec \"$0\" run a.md --jobs 60"])
        .arg(plain.get_program())
        .envs(
            plain
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(test.root())
        .stdout(std::process::Stdio::null())
        .status()
        .expect("sh starts");
    assert!(status.success(), "{status}");
}
