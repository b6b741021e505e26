//! The files of the theme, which stand in `src/site/theme` and in the program.

/// The template of a page, and the parts of it that mdBook names; none holds a script.
pub(super) const TEMPLATES: [(&str, &str); 3] = [
    ("index.hbs", include_str!("theme/index.hbs")),
    ("head.hbs", include_str!("theme/head.hbs")),
    ("redirect.hbs", include_str!("theme/redirect.hbs")),
];

/// What every page loads besides mdBook's own files.
pub(super) const STYLES: (&str, &str) = ("runbook.css", include_str!("theme/runbook.css"));
pub(super) const SCRIPT: (&str, &str) = ("runbook.js", include_str!("theme/runbook.js"));
/// What sets the theme before a page shows, and tells mdBook's scripts where they are.
pub(super) const START: (&str, &str) = ("runbook-start.js", include_str!("theme/runbook-start.js"));
