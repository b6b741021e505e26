// What a page does beyond being read: values filled in and copied, runs played, changes shown.
'use strict';

(() => {
    const SHELLS = { bash: 'bash', zsh: 'zsh', fish: 'fish', powershell: 'PowerShell' };
    const make = (tag, attributes = {}, text = '') => {
        const node = document.createElement(tag);
        for (const [name, value] of Object.entries(attributes)) {
            node.setAttribute(name, value);
        }
        node.textContent = text;
        return node;
    };
    const remembered = name => {
        try { return localStorage.getItem(name); } catch (e) { return null; }
    };
    const remember = (name, value) => {
        try { localStorage.setItem(name, value); } catch (e) { /* forbidden */ }
    };

    // --- Values as words of a shell, safe in scripts and at a prompt: as `runbook quote` has them.

    const octal = byte => '\\' + byte.toString(8).padStart(3, '0');
    const bytes = text => new TextEncoder().encode(text);
    const printable = text => /^[ -~]*$/.test(text);
    const inert = text => /^[A-Za-z0-9_.\/:,+@-]+$/.test(text);

    function posix(text) {
        if (printable(text)) {
            return inert(text) ? text : "'" + text.replace(/'/g, "'\\''") + "'";
        }
        let word = "$'";
        for (const byte of bytes(text)) {
            const c = String.fromCharCode(byte);
            if (c === "'" || c === '\\') word += '\\' + c;
            else if (c === '\n') word += '\\n';
            else if (c === '\t') word += '\\t';
            else if (c === '\r') word += '\\r';
            else if (c === '!' || byte < 32 || byte > 126) word += octal(byte);
            else word += c;
        }
        return word + "'";
    }

    function fish(text) {
        const quoted = part => "'" + part.replace(/[\\']/g, c => '\\' + c) + "'";
        if (printable(text)) {
            return inert(text) ? text : quoted(text);
        }
        return text.replace(/[ -~]+|[^ -~]+/g, part => printable(part) ? quoted(part)
            : Array.from(bytes(part), byte => ({ 10: '\\n', 9: '\\t', 13: '\\r' })[byte]
                || '\\X' + byte.toString(16).padStart(2, '0')).join(''));
    }

    function powershell(text) {
        const key = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
        if (!key.test(text)) {
            return "'" + text.replace(/['\u2018-\u201b]/g, c => c + c) + "'";
        }
        let word = '"';
        for (const c of text) {
            if (c === '\n') word += '`n';
            else if (c === '\r') word += '`r';
            else if (c === '\t') word += '`t';
            else if (key.test(c)) word += '$([char]' + c.codePointAt(0) + ')';
            else if (/[`$"\u201c-\u201e]/.test(c)) word += '`' + c;
            else word += c;
        }
        return word + '"';
    }

    const quote = { bash: posix, zsh: posix, fish, powershell };

    // --- The command of a step for a shell, with what was filled in.

    function command(block, shell, values) {
        const own = block.dataset.text || block.textContent;
        const runner = block.dataset.run;
        if (!runner) {
            return own;
        }
        const word = quote[shell];
        const given = (block.dataset.vars || '').split(' ').filter(name => values.has(name))
            .map(name => [name, values.get(name)]);
        if ((block.dataset.direct || '').split(' ').includes(shell)) {
            const text = block.dataset[shell] || own;
            const set = ([name, value]) => ({
                fish: `set ${name} ${word(value)}`,
                powershell: `$env:${name} = ${word(value)}`,
            })[shell] || `${name}=${word(value)}`;
            return [...given.map(set), text].join('\n');
        }
        const call = `${runner} ${word(own)}`;
        if (shell === 'powershell') {
            return [...given.map(([name, value]) => `$env:${name} = ${word(value)}`), call].join('\n');
        }
        const set = given.map(([name, value]) => `${name}=${word(value)}`);
        return [...(shell === 'fish' && set.length ? ['env'] : []), ...set, call].join(' ');
    }

    // --- The form: the table of inputs gets fields, and a choice of the shell.

    function form() {
        const values = new Map();
        const bar = document.querySelector('.rb-shells');
        const secrets = new Map();
        const state = { shell: remembered('runbook-shell'), values, secrets };
        if (!Object.hasOwn(SHELLS, state.shell || '')) {
            state.shell = 'bash';
        }
        if (!bar) {
            return state;
        }
        const label = make('label', { for: 'rb-shell' }, 'Copy commands for ');
        const select = make('select', { id: 'rb-shell' });
        for (const [value, name] of Object.entries(SHELLS)) {
            select.append(make('option', { value }, name));
        }
        select.value = state.shell;
        select.addEventListener('change', () => {
            state.shell = select.value;
            remember('runbook-shell', select.value);
            secrets.forEach(ask);
        });
        // A command that is wrapped has a shell of its own, which knows what is exported only.
        const ask = (cell, name) => {
            const line = {
                fish: `read -s -gx ${name}`,
                powershell: `$env:${name} = Read-Host -MaskInput`,
            }[state.shell] || `read -rs ${name}; export ${name}`;
            cell.replaceChildren('never asked for here; in your shell: ', make('code', {}, line));
        };
        bar.append(label, select);
        bar.hidden = false;
        for (const row of document.querySelectorAll('.rb-inputs [data-var]')) {
            const name = row.dataset.var;
            row.hidden = false;
            const cell = row.cells[2];
            if (row.dataset.kind === 'secret') {
                secrets.set(name, cell);
                ask(cell, name);
                continue;
            }
            const attributes = { 'aria-label': `Value of ${name}`, autocomplete: 'off', spellcheck: 'false' };
            let field;
            if (row.dataset.choices) {
                field = make('select', attributes);
                for (const choice of ['', ...row.dataset.choices.split('\n')]) {
                    field.append(make('option', { value: choice }, choice));
                }
            } else {
                // A field of one line would lose the line ends of a default.
                const lines = (row.dataset.default || '').split('\n').length;
                field = lines > 1 ? make('textarea', { rows: Math.min(lines, 8), ...attributes })
                    : make('input', { type: 'text', ...attributes });
                field.placeholder = row.classList.contains('rb-derived') ? 'from a step' : 'required';
            }
            field.value = row.dataset.default || '';
            const take = () => {
                if (field.value === '' && row.dataset.default !== '') values.delete(name);
                else values.set(name, field.value);
            };
            field.addEventListener('input', take);
            // Until it is edited the default counts as it is written, whatever the field makes of it.
            if (row.dataset.default !== undefined) values.set(name, row.dataset.default);
            cell.replaceChildren(field);
        }
        return state;
    }

    function copying(state) {
        const said = make('div', { class: 'rb-said', role: 'status', 'aria-live': 'polite' });
        document.body.append(said);
        for (const block of document.querySelectorAll('.rb-code')) {
            const step = block.closest('.rb-step');
            const button = make('button', { type: 'button', class: 'rb-copy' }, 'Copy');
            button.setAttribute('aria-label', `Copy ${block.getAttribute('aria-label') || 'the code'}`);
            button.addEventListener('click', async () => {
                const text = command(block, state.shell, state.values);
                const missing = (block.dataset.vars || '').split(' ')
                    .filter(name => name && !state.values.has(name) && !state.secrets.has(name));
                try {
                    await navigator.clipboard.writeText(text);
                } catch (e) {
                    // From a file some browsers give no clipboard: the old way works there.
                    const area = make('textarea', { class: 'rb-area', 'aria-hidden': 'true' });
                    area.value = text;
                    document.body.append(area);
                    area.select();
                    document.execCommand('copy');
                    area.remove();
                }
                said.textContent = missing.length
                    ? `Copied; ${missing.join(', ')} has no value yet` : 'Copied';
                button.textContent = missing.length ? 'Copied; fill in ' + missing.join(', ') : 'Copied';
                setTimeout(() => { button.textContent = 'Copy'; }, 2500);
            });
            button.dataset.step = step ? step.id : '';
            block.before(button);
        }
    }

    // --- The player of a run: its state and its output at any entry of its journal.

    function player() {
        const box = document.querySelector('.rb-player');
        if (!box) {
            return;
        }
        const lines = Array.from(document.querySelectorAll('.rb-time li'));
        // A moment is shown here; without the player its link leads to its line.
        for (const line of lines) line.removeAttribute('id');
        const last = Number(box.dataset.last);
        const range = make('input', {
            type: 'range', min: '0', max: String(last), value: String(last), id: 'rb-moment',
            'aria-label': 'Moment of the run',
        });
        const play = make('button', { type: 'button', class: 'rb-play' }, '▶ Play');
        const shown = make('output', { for: 'rb-moment', class: 'rb-moment' });
        const written = make('pre', { class: 'rb-tail', 'aria-hidden': 'true' });
        const place = make('div', { class: 'rb-place' });
        box.before(place);
        box.append(play, range, shown, written);
        box.hidden = false;
        const signs = {
            passed: '✓', failed: '✗', skipped: '↷', refused: '⊘', interrupted: '‼', running: '▸', waiting: '○',
        };
        // What each node and badge says at the end, and how it says another state.
        const words = [];
        const graphs = Array.from(document.querySelectorAll('.rb-tall'));
        for (const node of document.querySelectorAll('.rb-node, .rb-step[data-step]')) {
            const word = { node, step: node.dataset.step, end: node.dataset.state, texts: [] };
            const text = (part, say) => {
                if (part) word.texts.push([part, part.textContent, say(part.textContent)]);
            };
            // The state is the last of what stands between dots.
            const before = text => text.slice(0, text.lastIndexOf(' · ') + 3);
            text(node.querySelector('text.rb-sign'), () => state => signs[state] || '○');
            text(node.querySelector('.rb-does'), text => state => before(text) + state);
            text(node.querySelector('title'), text => state => `${before(text)}${state})`);
            const badge = node.querySelector('.rb-badge');
            text(badge, () => state => `${signs[state] || '○'} ${state}`);
            word.badge = badge;
            words.push(word);
        }
        const pieces = Array.from(document.querySelectorAll('.rb-step[data-step] [data-seq]'))
            .map(node => ({ node, seq: Number(node.dataset.seq) }));
        const outputs = pieces.filter(({ node }) => node.matches('.rb-out > span:not(.rb-hole)'))
            .sort((one, other) => one.seq - other.seq);
        // How much a step wrote in all is known at the end.
        const folds = Array.from(document.querySelectorAll('.rb-step details:has(> .rb-out > [data-seq]) > summary'))
            .map(node => [node, node.textContent]);
        // The last lines that were written before a moment.
        function tail(seq) {
            let text = '';
            let at = outputs.findLastIndex(piece => piece.seq <= seq);
            const step = at >= 0 && outputs[at].node.closest('.rb-step').dataset.step;
            for (; at >= 0 && text.split('\n').length < 5; at--) {
                if (outputs[at].node.closest('.rb-step').dataset.step !== step) break;
                text = outputs[at].node.textContent.replace(/\n?$/, '\n') + text;
            }
            return step ? `${step}:\n${text.split('\n').slice(-5).join('\n').trimEnd()}` : '';
        }
        function show(seq, write) {
            range.value = String(seq);
            const states = new Map();
            let line = null;
            for (const entry of lines) {
                const is = Number(entry.dataset.seq) <= seq;
                entry.classList.toggle('rb-later', !is);
                entry.classList.remove('rb-now');
                if (!is) continue;
                line = entry;
                if (entry.dataset.state) states.set(entry.dataset.step, entry.dataset.state);
                if (entry.dataset.kept !== undefined) {
                    const kept = entry.dataset.kept.split(' ');
                    for (const step of Array.from(states.keys())) {
                        if (!kept.includes(step) && !kept.includes(step.split('[')[0])) states.delete(step);
                    }
                }
            }
            if (line) line.classList.add('rb-now');
            for (const { node, step, end, texts, badge } of words) {
                const state = seq >= last ? end : states.get(step) || 'waiting';
                node.dataset.state = state;
                if (badge) badge.dataset.state = state;
                for (const [part, final, say] of texts) {
                    part.textContent = seq >= last ? final : say(state);
                }
                const title = node.matches('.rb-node') && node.querySelector('title');
                if (title) node.setAttribute('aria-label', title.textContent);
            }
            for (const [node, text] of folds) node.textContent = seq >= last ? text : 'Output until then';
            for (const piece of pieces) piece.node.hidden = piece.seq > seq;
            written.textContent = tail(seq);
            shown.textContent = line ? line.textContent : 'before the run';
            range.setAttribute('aria-valuetext', shown.textContent);
            for (const graph of graphs) {
                const node = line && line.dataset.step
                    && graph.querySelector(`.rb-node[data-step="${CSS.escape(line.dataset.step)}"]`);
                if (!node) continue;
                const [frame, box] = [graph.getBoundingClientRect(), node.getBoundingClientRect()];
                graph.scrollTop += box.top - frame.top - (frame.height - box.height) / 2;
            }
            if (write) history.replaceState(null, '', `#seq=${seq}`);
        }
        let timer = null;
        const stop = () => {
            clearInterval(timer);
            timer = null;
            play.textContent = '▶ Play';
        };
        range.addEventListener('input', () => { stop(); show(Number(range.value), true); });
        play.addEventListener('click', () => {
            if (timer) {
                stop();
                return;
            }
            if (Number(range.value) >= last) show(0, true);
            play.textContent = '❚❚ Pause';
            timer = setInterval(() => {
                const next = Number(range.value) + 1;
                show(Math.min(next, last), true);
                if (next >= last) stop();
            }, Math.max(40, Math.min(400, 12000 / Math.max(1, last))));
        });
        const deep = () => {
            const found = /^#seq=(\d+)$/.exec(location.hash);
            if (found) {
                show(Math.min(Number(found[1]), last), false);
                const fold = document.querySelector('details:has(> .rb-time)');
                if (fold) fold.open = true;
                place.scrollIntoView({ block: 'start', behavior: 'instant' });
            }
            return found;
        };
        window.addEventListener('hashchange', deep);
        // Until all is there the page moves.
        window.addEventListener('load', deep);
        if (!deep()) show(last, false);
    }

    // --- What mdBook makes of plain Markdown, for those who go by keyboard or by ear.

    function reachable() {
        for (const box of document.querySelectorAll('main li > input[type=checkbox], main li > p > input[type=checkbox]')) {
            box.setAttribute('aria-label', box.closest('li').textContent.trim().slice(0, 80) || 'Done');
        }
        const wide = [['main pre > code', 'Code'], ['.table-wrapper', 'Table'], ['.rb-table', 'Table'], ['.rb-graph', 'Graph']];
        const look = () => {
            for (const [selector, name] of wide) {
                for (const box of document.querySelectorAll(selector)) {
                    const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight + 1;
                    if (scrolls && !box.hasAttribute('tabindex')) {
                        box.setAttribute('tabindex', '0');
                        box.setAttribute('role', 'group');
                        box.setAttribute('aria-label', name);
                    }
                }
            }
        };
        look();
        window.addEventListener('load', look);
        window.addEventListener('resize', look);
        document.addEventListener('toggle', look, true);
    }

    // --- mdBook's search puts the titles that it finds into the page as they are: as text they should be.

    function titles() {
        const index = window.elasticlunr && window.elasticlunr.Index;
        if (!index) {
            return;
        }
        const load = index.load;
        const marks = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
        index.load = stored => {
            for (const page of Object.values(stored.documentStore.docs)) {
                page.breadcrumbs = page.breadcrumbs.replace(/[&<>"]/g, c => marks[c]);
            }
            return load.call(index, stored);
        };
    }

    // --- A page that was built long ago tells what has become stale since.

    function age() {
        const limit = 90 * 24 * 3600 * 1000;
        const past = moment => Date.now() - Date.parse(moment) > limit;
        const aged = node => {
            const time = node.querySelector('.rb-proof time, .rb-dim time');
            const old = node.dataset.since ? past(node.dataset.since) : time && past(time.dateTime);
            if (old) node.dataset.state = 'stale';
            return old;
        };
        const all = selector => Array.from(document.querySelectorAll(selector));
        const told = (node, text) => {
            node.textContent = text;
            node.dataset.state = 'stale';
        };
        for (const status of all('.rb-status[data-state="passed"]:not(.rb-of-run)').filter(aged)) {
            const run = status.querySelector(':scope > p time');
            told(status.querySelector('.rb-verdict'), run && past(run.dateTime)
                ? '◔ Stale: it passed more than 90 days ago'
                : '◔ Stale: parts of it passed more than 90 days ago');
        }
        const rows = all('.rb-index tr[data-state="passed"]').filter(aged);
        for (const row of rows) {
            told(row.querySelector('.rb-badge'), '◔ stale');
        }
        const checks = all('.rb-proof li[data-state="passed"]').filter(aged);
        for (const check of checks) {
            check.querySelector('.rb-sign').textContent = '◔';
        }
        const held = document.querySelector('.rb-held');
        if (held && checks.length) {
            held.textContent = `${held.textContent.split(',')[0]}, ${
                all('.rb-proof li[data-state="stale"]').length} of them more than 90 days ago`;
        }
        const steps = all('.rb-step[data-state="passed"]:has(.rb-proof)').filter(aged);
        for (const step of steps) {
            told(step.querySelector('.rb-badge'), '◔ stale');
            for (const node of all('a.rb-node').filter(node => node.getAttribute('href') === '#' + step.id)) {
                node.dataset.state = 'stale';
                node.querySelector('text.rb-sign').textContent = '◔';
                const does = node.querySelector('.rb-does');
                does.textContent = does.textContent.replace(/passed$/, 'stale');
                const label = node.getAttribute('aria-label').replace(/passed\)$/, 'stale)');
                node.setAttribute('aria-label', label);
                node.querySelector('title').textContent = label;
            }
        }
        // The counts above them.
        for (const count of all('.rb-tally b')) {
            const change = { passed: -rows.length, stale: rows.length }[count.parentNode.dataset.state] || 0;
            count.textContent = String(Number(count.textContent) + change);
        }
        const sum = document.querySelector('.rb-sum [data-state="passed"] b');
        if (sum && steps.length) {
            sum.textContent += `, ${steps.length} of them more than 90 days ago`;
        }
    }

    function live() {
        const endpoint = document.documentElement.dataset.live;
        if (endpoint) {
            const events = new EventSource('/' + endpoint);
            events.onmessage = event => {
                if (event.data === 'reload') location.reload();
            };
            window.addEventListener('pagehide', () => events.close());
        }
    }

    copying(form());
    player();
    reachable();
    titles();
    age();
    live();
})();
