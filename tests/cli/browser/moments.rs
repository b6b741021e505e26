//! The player of a run: at each moment the page says what was so then, and no more.

use serde_json::{Value, json};

use super::chromium::Page;
use crate::support::{Ran, Test};

/// A failed run of a page, and its page on the site.
fn built(page: &str) -> (Ran, std::path::PathBuf) {
    let ran = Test::new()
        .file("runbooks/a.md", page)
        .args(["run", "runbooks/a.md", "--yes"])
        .run()
        .ends(1)
        .then(["docs", "build"])
        .run()
        .ends(0);
    let run = super::run_of(&ran, "a");
    (ran, run)
}

/// A run whose last step waits, then tries twice and fails.
fn failed() -> (Ran, std::path::PathBuf) {
    built(
        "# A\n\n```sh {#first effect=read}\nfor i in 1 2 3; do echo line $i; sleep .01; done\n```\n\n```rhai {#held}\nassert first.ok, \"first is ok\";\n```\n\n```sh {#fails effect=destroy retry=1 delay=0s}\necho no; exit 7\n```\n",
    )
}

#[test]
fn an_earlier_moment_has_none_of_the_words_of_the_end() {
    let Some(mut page) = Page::new() else { return };
    let (_ran, run) = failed();
    let said = "(() => {
        const node = document.querySelector('.rb-node[data-step=fails]');
        return [node.getAttribute('aria-label'), node.querySelector('title').textContent,
            node.querySelector('.rb-does').textContent, node.querySelector('.rb-sign').textContent];
    })()";
    let shown = |selector: &str| {
        format!(
            "Array.from(document.querySelectorAll('{selector}')).filter(node => node.checkVisibility()).map(node => node.innerText).join('|')"
        )
    };
    page.open(&run, "");
    let end = page.js(said);
    assert_eq!(end[2], "sh · destroys · failed");
    let panel = page.text(&shown("#step-fails .rb-term, #step-fails .rb-why"));
    assert!(
        panel.contains("exit 7") && panel.contains("attempts 2"),
        "{panel}"
    );
    assert!(
        page.text(&shown("#step-held .rb-checks"))
            .contains("first is ok")
    );
    page.open(&run, "#seq=2");
    assert_eq!(
        page.js(said),
        json!([
            "fails: A (sh · destroys · waiting)",
            "fails: A (sh · destroys · waiting)",
            "sh · destroys · waiting",
            "○"
        ])
    );
    let panel = page.text(&shown(
        "#step-fails .rb-term, #step-fails .rb-why, #step-fails .rb-fold",
    ));
    assert_eq!(panel, "A");
    assert_eq!(page.text(&shown("#step-held .rb-checks")), "");
    page.open(&run, "#seq=4");
    let fold = page.text(&shown("#step-first summary"));
    assert!(fold.contains("Output until then"), "{fold}");
    page.js("document.querySelector('#rb-moment').focus()");
    page.press("End");
    page.until(&format!(
        "JSON.stringify({said}) === {}",
        json!(end.to_string())
    ));
}

#[test]
fn a_link_to_a_moment_lands_at_the_player_with_the_graph_and_the_output_in_view() {
    let Some(mut page) = Page::new() else { return };
    let (_ran, run) = failed();
    for (width, height) in [(1280, 900), (390, 844)] {
        page.size(width, height);
        page.open(&run, "#seq=4");
        let value = "document.querySelector('#rb-moment').value";
        assert_eq!(page.text(value), "4");
        page.until(
            "['.rb-player', '.rb-node[data-step=first]', '.rb-tail'].every(selector => {
                const nodes = Array.from(document.querySelectorAll(selector)).filter(node => node.checkVisibility());
                const box = nodes[0].getBoundingClientRect();
                return box.top >= 0 && box.bottom <= innerHeight;
            })",
        );
        assert!(
            page.text("document.querySelector('.rb-tail').textContent")
                .contains("line 1")
        );
        // It stays in view where the steps are read.
        page.js("document.querySelector('#step-fails').scrollIntoView({behavior: 'instant'})");
        let top = page.js("document.querySelector('.rb-player').getBoundingClientRect().top");
        let below = page.js("document.querySelector('#step-fails').getBoundingClientRect().top - document.querySelector('.rb-player').getBoundingClientRect().bottom");
        let number = |value: &Value| value.as_f64().expect("a number");
        assert!(
            number(&top) >= 0.0 && number(&below) >= 0.0,
            "{top} {below}"
        );
    }
}

#[test]
fn the_player_is_right_where_entries_are_left_out() {
    let Some(mut page) = Page::new() else { return };
    let (_ran, run) = built(
        "# A\n\n```sh {#many}\nfor i in $(seq 1300); do echo $i; sleep .001; echo $i >&2; sleep .001; done\n```\n\n```sh {#last}\nexit 3\n```\n",
    );
    page.open(&run, "#seq=1500");
    let state =
        |step: &str| format!("document.querySelector('.rb-node[data-step={step}]').dataset.state");
    assert_eq!(page.text(&state("many")), "running");
    assert_eq!(page.text(&state("last")), "waiting");
    assert!(
        page.text("document.querySelector('.rb-moment').textContent")
            .contains("left out here")
    );
    let before = "document.querySelector('#rb-moment').value = Number(document.querySelector('#rb-moment').max) - 1; document.querySelector('#rb-moment').dispatchEvent(new Event('input'))";
    page.js(before);
    assert_eq!(page.text(&state("many")), "passed");
    assert_eq!(page.text(&state("last")), "failed");
}
