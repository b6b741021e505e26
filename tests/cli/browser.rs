//! The site as its readers meet it: in Chromium, opened from files.

mod accessible;
mod chromium;
mod moments;
mod shown;

use std::path::{Path, PathBuf};
use std::process::Command;

use chromium::Page;
use regex::Regex;
use serde_json::{Value, json};
use shown::site;

use crate::support::Ran;

/// A value that every shell would read as something else.
const HOSTILE: &str = "it's \"$HOME\" `id` \\ !x ünï\u{202e};|&\u{1f} end ";

fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in folder.read_dir().expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(pages(&path));
        // `404.html` is for hosts: it looks for the rest of the site at their root.
        } else if path.extension().is_some_and(|ending| ending == "html")
            && !path.ends_with("404.html")
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The page of the last run of a page.
fn run_of(ran: &Ran, page: &str) -> PathBuf {
    let link = Regex::new(r#"runs/[0-9a-f-]{36}\.html"#).expect("a pattern");
    let html = ran.read(&format!("book/{page}.html"));
    let found = link.find(&html).expect("its page names its run");
    ran.path("book").join(found.as_str())
}

#[test]
fn pages_render_from_files_without_an_error_and_without_asking_any_host() {
    let Some(mut page) = Page::new() else { return };
    let ran = site();
    for file in pages(&ran.path("book")) {
        for (width, scheme) in [(1280, "light"), (390, "dark")] {
            page.size(width, 900);
            page.media(scheme, "screen");
            page.open(&file, "");
            let shown = file.display();
            assert_eq!(page.problems(), Vec::<String>::new(), "{shown} at {width}");
            // `toc.html` is what readers without scripts get in a frame.
            if !file.ends_with("toc.html") {
                page.until("document.querySelectorAll('main h1').length === 1");
                page.until("document.querySelectorAll('#mdbook-sidebar a').length > 3");
            }
            let wide = page.js("document.documentElement.scrollWidth > innerWidth");
            assert_eq!(wide, false, "{shown} is wider than {width}");
        }
    }
}

#[test]
fn scripts_that_a_page_brings_along_do_not_run() {
    let Some(mut page) = Page::new() else { return };
    let ran = site();
    page.open(&ran.path("book/bad.html"), "");
    let leading = page.js("document.querySelectorAll(\"a[href^='javascript:' i]\").length");
    assert_eq!(leading, 0);
    let told = page.problems();
    let ran_one = told
        .iter()
        .any(|one| one.contains("Dialog") || one.contains("exception"));
    assert!(!ran_one, "{told:?}");
    let acting =
        page.js("document.querySelectorAll('main [onerror], main [onload], main script').length");
    assert_eq!(acting, 0);
}

#[test]
fn all_links_lead_somewhere() {
    let Some(mut page) = Page::new() else { return };
    let ran = site();
    let book = ran.path("book");
    let mut seen = 0;
    for file in pages(&book) {
        page.open(&file, "");
        let links = page.js(
            "Array.from(document.querySelectorAll('a[href]'), a => decodeURI(a.href.baseVal === undefined ? a.href : new URL(a.href.baseVal, location).href))",
        );
        for link in links.as_array().expect("a list") {
            let link = link.as_str().expect("an address");
            // What the hostile page would have.
            if link.starts_with("javascript:") {
                continue;
            }
            let path = link
                .strip_prefix("file://")
                .unwrap_or_else(|| panic!("{link}"));
            let (path, place) = path.split_once('#').unwrap_or((path, ""));
            assert!(Path::new(path).starts_with(&book), "{link} leaves the site");
            let html = std::fs::read_to_string(path)
                .unwrap_or_else(|error| panic!("{} links to {link}: {error}", file.display()));
            let there = place.is_empty() || html.contains(&format!("id=\"{place}\""));
            assert!(there, "{} links to {link}", file.display());
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn a_node_of_the_graph_leads_to_its_step_by_mouse_and_by_keyboard() {
    let Some(mut page) = Page::new() else { return };
    let ran = site();
    for width in [1280, 390] {
        page.size(width, 900);
        page.open(&ran.path("book/restart.html"), "");
        let shown = if width > 600 {
            ".rb-broad"
        } else {
            ".rb-narrow"
        };
        page.click(&format!("{shown} .rb-node[data-step=two]"));
        page.until("location.hash === '#step-two'");
        page.until("(box => box.top >= 0 && box.top < innerHeight)(document.getElementById('step-two').getBoundingClientRect())");
        page.js(&format!(
            "document.querySelector('{shown} .rb-node[data-step=stop]').focus()"
        ));
        page.press("Enter");
        page.until("location.hash === '#step-stop'");
    }
}

/// What the copy button of a step gives for a shell, with a value filled in.
fn copied(page: &mut Page, shell: &str, step: &str, host: &str) -> String {
    page.js(&format!(
        "(() => {{
            window.given = null;
            navigator.clipboard.writeText = async text => {{ window.given = text; }};
            const type = (node, value) => {{ node.value = value; node.dispatchEvent(new Event('input')); node.dispatchEvent(new Event('change')); }};
            type(document.querySelector('[data-var=host_] input'), {});
            type(document.querySelector('#rb-shell'), {});
        }})()",
        json!(host),
        json!(shell)
    ));
    page.click(&format!("#step-{step} .rb-copy"));
    page.until("window.given !== null");
    page.text("window.given")
}

#[test]
fn what_is_copied_gives_each_shell_the_value_that_was_filled_in() {
    let Some(mut page) = Page::new() else { return };
    let ran = site();
    page.open(&ran.path("book/restart.html"), "");
    for shell in ["bash", "zsh", "fish"] {
        let text = copied(&mut page, shell, "two", HOSTILE);
        let Ok(output) = Command::new(shell)
            .args(["-c", &text])
            .env("LC_ALL", "C.UTF-8")
            .output()
        else {
            eprintln!("skipped: {shell} is not installed");
            continue;
        };
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(printed, HOSTILE, "{shell}: {text}\n{output:?}");
        // Several lines are one word at a prompt, so that it can't take a part of them for keys.
        let text = copied(&mut page, shell, "restart", "a b");
        let output = Command::new(shell).args(["-c", &text]).output();
        let output = output.expect("the shell starts");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(
            printed, "\u{1b}[31ma b\u{1b}[0m\nline 1\nline 2\nline 3\n",
            "{shell}: {text}"
        );
    }
    let text = copied(&mut page, "powershell", "two", "it's “x”");
    assert_eq!(
        text,
        "$env:host_ = 'it''s “x”'\nbash -e -o pipefail -c 'printf ''%s'' \"${host_}\"'"
    );
    // What was chosen stays chosen.
    page.open(&ran.path("book/bad.html"), "");
    assert_eq!(
        page.text("document.querySelector('#rb-shell').value"),
        "powershell"
    );
}

#[test]
fn the_environment_the_directory_and_a_default_of_lines_reach_the_step() {
    let Some(mut page) = Page::new() else { return };
    let ran = site();
    page.open(&ran.path("book/given.html"), "");
    assert_eq!(
        page.js("!!document.querySelector('[data-var=lines] textarea')"),
        true
    );
    for (shell, asked) in [
        ("bash", "read -rs token; export token"),
        ("zsh", "read -rs token; export token"),
        ("fish", "read -s -gx token"),
        ("powershell", "$env:token = Read-Host -MaskInput"),
    ] {
        page.js(&format!(
            "(() => {{
                window.given = null;
                navigator.clipboard.writeText = async text => {{ window.given = text; }};
                const choice = document.querySelector('#rb-shell');
                choice.value = '{shell}';
                choice.dispatchEvent(new Event('change'));
            }})()"
        ));
        assert_eq!(
            page.text("document.querySelector('[data-var=token] td code').textContent"),
            asked
        );
        page.click("#step-given .rb-copy");
        page.until("window.given !== null");
        let text = page.text("window.given");
        let output = Command::new(shell)
            .args(["-c", &format!("{text}; echo \"|$NS|$PWD\"")])
            .env("token", "s3")
            .current_dir("/")
            .output();
        let Ok(output) = output else {
            eprintln!("skipped: {shell} is not installed");
            continue;
        };
        // The shell that it is pasted into stays where it was, and gets nothing.
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(
            printed, "it's one\ntwo  \n|/tmp|s3||/\n",
            "{shell}: {text}\n{output:?}"
        );
    }
}

#[test]
fn the_clipboard_really_has_what_was_copied() {
    let Some(mut page) = Page::new() else { return };
    let ran = site();
    page.open(&ran.path("book/restart.html"), "");
    page.click("#step-one .rb-copy");
    page.until("/Copied/.test(document.querySelector('#step-one .rb-copy').textContent)");
    page.js("document.querySelector('[data-var=host_] input').select()");
    page.js("document.execCommand('delete')");
    page.call(
        "Input.dispatchKeyEvent",
        json!({"type": "keyDown", "key": "v", "code": "KeyV", "modifiers": 2, "windowsVirtualKeyCode": 86, "commands": ["paste"]}),
    );
    page.until("document.querySelector('[data-var=host_] input').value === 'echo one'");
}

#[test]
fn the_player_shows_any_moment_and_a_link_leads_to_one() {
    let Some(mut page) = Page::new() else { return };
    let ran = site();
    let run = run_of(&ran, "restart");
    page.open(&run, "");
    let state = "document.querySelector('.rb-node[data-step=restart]').dataset.state";
    let output = "Array.from(document.querySelectorAll('#step-restart .rb-out [data-seq]')).filter(x => !x.hidden).length";
    assert_eq!(page.text(state), "passed");
    let all = page.js(output);
    assert!(all.as_u64().expect("a number") > 0);
    // To the beginning by keyboard, and on from there.
    page.js("document.querySelector('#rb-moment').focus()");
    page.press("Home");
    page.until(&format!("{state} === 'waiting'"));
    assert_eq!(page.js(output), 0);
    while page.text(state) != "running" {
        page.press("ArrowRight");
    }
    let moment = page.text("location.hash");
    assert!(moment.starts_with("#seq="), "{moment}");
    page.open(&run, &moment);
    assert_eq!(page.text(state), "running");
    assert_eq!(
        page.text("document.querySelector('.rb-now a').hash"),
        moment
    );
    page.click(".rb-play");
    page.until(&format!("{state} === 'passed'"));
    page.until("document.querySelector('.rb-play').textContent.includes('Play')");
    assert_eq!(page.js(output), all);
    assert_eq!(page.problems(), Vec::<String>::new());
}

#[test]
fn themes_switch_and_stay() {
    let Some(mut page) = Page::new() else { return };
    let ran = site();
    let file = ran.path("book/restart.html");
    let back = "getComputedStyle(document.documentElement).backgroundColor";
    page.media("light", "screen");
    page.open(&file, "");
    let light = page.text(back);
    page.click("#mdbook-theme-toggle");
    page.click("#mdbook-theme-navy");
    page.until(&format!("{back} !== '{light}'"));
    let dark = page.text(back);
    page.open(&file, "");
    assert_eq!(page.text(back), dark);
    page.click("#mdbook-theme-toggle");
    page.click("#mdbook-theme-default_theme");
    page.until(&format!("{back} === '{light}'"));
    page.media("dark", "screen");
    page.open(&file, "");
    assert_eq!(page.text(back), dark);
}

#[test]
fn the_search_finds_pages_from_files() {
    let Some(mut page) = Page::new() else { return };
    let ran = site();
    page.open(&ran.path("book/index.html"), "");
    page.press("/");
    page.until("document.activeElement.id === 'mdbook-searchbar'");
    for key in ["r", "e", "s", "t", "a", "r", "t"] {
        page.press(key);
    }
    page.until("document.querySelector('#mdbook-searchresults a[href*=\"restart.html\"]')");
    let results = "Array.from(document.querySelectorAll('#mdbook-searchresults a'), a => [a.textContent, a.getAttribute('href')])";
    for result in page.js(results).as_array().expect("a list") {
        let (name, link) = (result[0].to_string(), result[1].to_string());
        assert!(!name.contains("» »") && !name.contains("»  »"), "{name}");
        assert!(
            !link.ends_with("#\"") && !name.ends_with("» \""),
            "{name} {link}"
        );
    }
    // A step's name finds the page that has it.
    page.js("(box => { box.value = 'three'; box.dispatchEvent(new KeyboardEvent('keyup', {bubbles: true})); })(document.querySelector('#mdbook-searchbar'))");
    page.until("document.querySelector('#mdbook-searchresults a[href*=\"restart.html\"]')?.href.includes('three')");
    assert_eq!(page.problems(), Vec::<String>::new());
}

#[test]
fn everything_can_be_reached_by_keyboard_and_shows_that_it_was() {
    let Some(mut page) = Page::new() else { return };
    let ran = site();
    for file in [ran.path("book/restart.html"), run_of(&ran, "restart")] {
        page.open(&file, "");
        page.until("document.querySelectorAll('#mdbook-sidebar a').length > 3");
        page.press("Tab");
        assert_eq!(page.text("document.activeElement.className"), "rb-skip");
        let all = page.js(
            "(() => {
                const shown = node => node.checkVisibility({visibilityProperty: true}) && node.getClientRects().length;
                window.wanted = new Set(Array.from(document.querySelectorAll(
                    'main a[href], main button, main input, main select, main summary, header button, header [role=button], #mdbook-sidebar a')).filter(shown));
                return wanted.size;
            })()",
        );
        let steps = all.as_u64().expect("a number") * 2 + 40;
        for _ in 0..steps {
            let done = page.js(
                "(() => {
                    const node = document.activeElement;
                    wanted.delete(node);
                    const style = getComputedStyle(node);
                    const shape = node.querySelector('.rb-shape');
                    const seen = style.outlineStyle !== 'none' || (shape && getComputedStyle(shape).strokeWidth === '4px');
                    if (!seen && node !== document.body && node.id !== 'mdbook-sidebar-toggle-anchor') throw new Error('no sign of the focus at ' + node.outerHTML.slice(0, 200));
                    return wanted.size === 0;
                })()",
            );
            if done == true {
                break;
            }
            page.press("Tab");
        }
        let left = page.js("Array.from(wanted, node => node.outerHTML.slice(0, 200))");
        assert_eq!(left, json!([]), "{}", file.display());
    }
}

#[test]
fn without_scripts_and_on_paper_everything_is_there_but_what_needs_them() {
    let Some(mut page) = Page::new() else { return };
    let ran = site();
    let visible = |selector: &str| {
        format!(
            "(node => !!node && node.checkVisibility())(document.querySelector({}))",
            json!(selector)
        )
    };
    page.call(
        "Emulation.setScriptExecutionDisabled",
        json!({"value": true}),
    );
    page.open(&run_of(&ran, "restart"), "");
    page.call(
        "Emulation.setScriptExecutionDisabled",
        json!({"value": false}),
    );
    for (selector, expected) in [
        ("#step-restart .rb-out [data-seq]", true),
        (".rb-graph svg", true),
        (".rb-time", false),
        (".rb-player", false),
        ("noscript iframe", true),
    ] {
        assert_eq!(
            page.js(&visible(selector)),
            expected,
            "{selector} without scripts"
        );
    }
    page.media("light", "print");
    page.open(&ran.path("book/restart.html"), "");
    for (selector, expected) in [
        ("#step-restart .rb-code", true),
        (".rb-status", true),
        (".rb-graph svg", true),
        (".rb-copy", false),
        ("#mdbook-sidebar", false),
        ("#mdbook-menu-bar", false),
        (".nav-chapters", false),
    ] {
        assert_eq!(page.js(&visible(selector)), expected, "{selector} on paper");
    }
}

#[test]
fn without_scripts_a_dark_scheme_is_dark_throughout_and_paper_is_light() {
    let Some(mut page) = Page::new() else { return };
    let ran = site();
    // How light a colour is, from 0 to 255.
    let light = |selector: &str, what: &str| {
        format!(
            "(node => {{
                let back = node;
                while ('{what}' === 'backgroundColor' && back.parentElement && /, 0\\)|transparent/.test(getComputedStyle(back).backgroundColor)) back = back.parentElement;
                const [r, g, b] = getComputedStyle(back)['{what}'].match(/[0-9.]+/g).map(Number);
                return (r + g + b) / 3;
            }})(document.querySelector('{selector}'))"
        )
    };
    let number = |value: Value| value.as_f64().expect("a number");
    page.media("dark", "screen");
    page.call(
        "Emulation.setScriptExecutionDisabled",
        json!({"value": true}),
    );
    page.open(&ran.path("book/restart.html"), "");
    page.call(
        "Emulation.setScriptExecutionDisabled",
        json!({"value": false}),
    );
    for selector in [".rb-verdict", ".rb-code", ".rb-name", ".rb-proof"] {
        let back = number(page.js(&light(selector, "backgroundColor")));
        let text = number(page.js(&light(selector, "color")));
        assert!(back < 80.0 && text > 140.0, "{selector}: {text} on {back}");
    }
    page.open(&ran.path("book/notes.html"), "");
    page.media("dark", "print");
    for selector in ["main p code", "main pre code", "main pre code span"] {
        let back = number(page.js(&light(selector, "backgroundColor")));
        let text = number(page.js(&light(selector, "color")));
        assert!(back > 200.0 && text < 100.0, "{selector}: {text} on {back}");
    }
}

#[test]
fn a_page_that_was_built_long_ago_finds_out_that_it_is_stale() {
    let Some(mut page) = Page::new() else { return };
    let ran = site();
    page.call(
        "Page.addScriptToEvaluateOnNewDocument",
        json!({"source": "const then = Date.now; Date.now = () => then() + 91 * 24 * 3600 * 1000;"}),
    );
    page.open(&ran.path("book/restart.html"), "");
    page.until("document.querySelector('.rb-status').dataset.state === 'stale'");
    page.until("document.querySelector('#step-restart').dataset.state === 'stale'");
    page.open(&ran.path("book/index.html"), "");
    let stale = page.js("document.querySelectorAll('.rb-index tr[data-state=stale]').length");
    assert_eq!(stale, Value::from(2));
    assert!(
        page.text("document.querySelector('.rb-tally').textContent")
            .contains("2 ◔ stale")
    );
}
