// Runs before the page shows: what mdBook's scripts expect to find, and the theme.
'use strict';

const path_to_root = document.documentElement.dataset.root || '';
const default_light_theme = document.documentElement.dataset.light || 'light';
const default_dark_theme = document.documentElement.dataset.dark || 'navy';
const default_theme = window.matchMedia('(prefers-color-scheme: dark)').matches
    ? default_dark_theme : default_light_theme;
const html = document.documentElement;
let theme = null;
let sidebar = null;

if (html.dataset.search) {
    window.path_to_searchindex_js = html.dataset.search;
}
try {
    theme = localStorage.getItem('mdbook-theme');
    sidebar = localStorage.getItem('mdbook-sidebar');
} catch (e) {
    // Storage may be forbidden.
}
if (!['light', 'rust', 'coal', 'navy', 'ayu'].includes(theme)) {
    theme = default_theme;
}
html.classList.remove('light', 'rust', 'coal', 'navy', 'ayu');
html.classList.add(theme, 'js');
sidebar = window.innerWidth >= 1080 ? sidebar || 'visible' : 'hidden';
html.classList.toggle('sidebar-visible', sidebar === 'visible');

// As soon as the switch of the list of pages is there, and not when all is: the list would slide in.
new MutationObserver((_, observer) => {
    const toggle = document.getElementById('mdbook-sidebar-toggle-anchor');
    if (toggle) {
        toggle.checked = sidebar === 'visible';
        observer.disconnect();
    }
}).observe(html, { childList: true, subtree: true });

document.addEventListener('DOMContentLoaded', () => {
    const toggle = document.getElementById('mdbook-sidebar-toggle-anchor');
    const button = document.getElementById('mdbook-sidebar-toggle');
    const list = document.getElementById('mdbook-sidebar');
    if (toggle && button && list) {
        button.setAttribute('aria-expanded', sidebar === 'visible');
        list.setAttribute('aria-hidden', sidebar !== 'visible');
        for (const link of list.querySelectorAll('a')) {
            link.tabIndex = sidebar === 'visible' ? 0 : -1;
        }
        button.addEventListener('keydown', event => {
            if (event.key === 'Enter' || event.key === ' ') {
                event.preventDefault();
                button.click();
            }
        });
    }
});
