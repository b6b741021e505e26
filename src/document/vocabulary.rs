//! The words of attributes: ours, Runme's, and those of other tools.

/// All attributes of ours but `#id`.
pub(super) const OURS: [&str; 21] = [
    "needs",
    "when",
    "confirm",
    "timeout",
    "retry",
    "delay",
    "backoff",
    "always",
    "allow-failure",
    "background",
    "ready",
    "each",
    "effect",
    "idempotent",
    "tty",
    "errexit",
    "cwd",
    "shell",
    "skip",
    "parallel",
    "allow",
];

/// Those that make sense for a whole section.
pub(super) const OF_SECTIONS: [&str; 17] = [
    "when",
    "confirm",
    "timeout",
    "retry",
    "delay",
    "backoff",
    "always",
    "allow-failure",
    "effect",
    "idempotent",
    "tty",
    "errexit",
    "cwd",
    "shell",
    "skip",
    "parallel",
    "allow",
];

/// Runme's keys that say nothing to a run here, or are read by other means
/// (<https://docs.runme.dev/configuration/cell-level>).
pub(super) const RUNME: [&str; 12] = [
    "id",
    "tag",
    "category",
    "terminalRows",
    "promptEnv",
    "mimeType",
    "closeTerminalOnSuccess",
    "openTerminalOnError",
    "excludeFromRunAll",
    "interactive",
    "interpreter",
    "name",
];

/// Keys that site generators put between braces (Hugo, Docusaurus, Pandoc's own).
const FOREIGN: [&str; 14] = [
    "linenos",
    "lineNos",
    "linenostart",
    "lineNoStart",
    "hl_lines",
    "hl_style",
    "anchorlinenos",
    "lineanchors",
    "style",
    "title",
    "filename",
    "file",
    "caption",
    "numberLines",
];

/// Whether a key is one that other tools put between braces.
pub(super) fn is_foreign(key: &str) -> bool {
    FOREIGN.contains(&key)
}

/// The attribute of ours of this name.
pub(super) fn known(key: &str) -> Option<&'static str> {
    OURS.into_iter().find(|name| *name == key)
}

/// How an attribute that needs a value is written.
pub(super) fn example(name: &str) -> &'static str {
    match name {
        "needs" => "needs=build",
        "when" => "when=\"build.ok\"",
        "timeout" => "timeout=10m",
        "retry" => "retry=3",
        "delay" => "delay=5s",
        "backoff" => "backoff=2",
        "ready" => "ready='sh_unchecked(\"nc -z localhost 8080\").ok'",
        "each" => "each=\"pods\"",
        "effect" => "effect=change",
        "errexit" => "errexit=off",
        "cwd" => "cwd=deploy",
        "allow" => "allow=history-expansion",
        _ => "shell=bash",
    }
}
