// All sagas: what needs a person first, then what runs, then what is over, newest first.
import { bar, eta, speed, stepOf } from './bar.js';
import { h, say } from './dom.js';
import { age, bytes, isRunning, name, needsAttention, word } from './format.js';
import { onChange, sagas } from './live.js';

const SHOWN = 200;
const FILTERS = {
  all: { label: 'All', keep: () => true },
  attention: { label: 'Needs attention', keep: needsAttention },
  running: { label: 'Running', keep: isRunning },
  completed: { label: 'Completed', keep: saga => saga.state === 'COMPLETED' },
  compensated: { label: 'Compensated', keep: saga => saga.state === 'COMPENSATED' || saga.state === 'PARTIALLY_COMPENSATED' },
};

let filter = 'all';
let text = '';

const rank = saga => needsAttention(saga) ? 0 : !isRunning(saga) ? 3 : saga.state === 'RECEIVED' ? 2 : 1;

function wanted() {
  const needle = text.toLowerCase();
  return [...sagas.values()]
    .filter(saga => FILTERS[filter].keep(saga))
    .filter(saga => !needle || `${saga.file} ${saga.sagaId} ${saga.documentId ?? ''} ${saga.state} ${saga.reason ?? ''}`.toLowerCase().includes(needle))
    .sort((a, b) => rank(a) - rank(b) || b.sagaId.localeCompare(a.sagaId));
}

function row(saga) {
  const cells = Object.fromEntries(['size', 'step', 'speed', 'eta', 'run', 'age'].map(c => [c, h('span', { class: `c-${c}` })]));
  const state = h('span', { class: 'state' });
  const why = h('span', { class: 'why' });
  const meter = bar(saga);
  const element = h('a', { class: 'row', href: `#/sagas/${saga.sagaId}`, 'data-saga': saga.sagaId },
    h('span', { class: 'c-file' }, h('strong', { text: name(saga.file), title: saga.file }), why),
    state, cells.size, meter.element, cells.step, cells.speed, cells.eta, cells.run, cells.age);
  const update = now => {
    meter.update(now);
    state.dataset.state = now.state;
    say(state, word(now.state));
    say(why, now.state === 'COMPLETED' ? '' : [now.reason && word(now.reason), now.openCleanups && `${now.openCleanups} left to clean up`].filter(Boolean).join(' · '));
    say(cells.size, bytes(now.sizeBytes));
    say(cells.step, isRunning(now) ? stepOf(now) : '');
    say(cells.speed, speed(now));
    say(cells.eta, eta(now));
    say(cells.run, now.run > 1 ? `run ${now.run}` : '');
    say(cells.age, `${age(now.receivedAt)} ago`);
  };
  update(saga);
  return { element, update };
}

export function show(main) {
  const rows = new Map();
  const list = h('div', { class: 'list', role: 'list' });
  const empty = h('div', { class: 'empty' });
  const more = h('p', { class: 'more' });
  const chips = Object.entries(FILTERS).map(([key, { label }]) => h('button', {
    type: 'button', class: 'chip', 'data-filter': key, onclick: () => { filter = key; render(); },
  }, label, ' ', h('span', { class: 'n' })));
  const search = h('input', { type: 'search', id: 'filter', placeholder: 'Filter by file, id, state, reason', 'aria-label': 'Filter', value: text,
    oninput: event => { text = event.target.value; render(); } });
  main.replaceChildren(h('h1', { class: 'sr', text: 'Sagas' }), h('div', { class: 'tools' }, h('div', { class: 'chips', role: 'group', 'aria-label': 'States' }, chips), search),
    list, empty, more);

  function render() {
    const all = [...sagas.values()];
    chips.forEach(chip => {
      const n = all.filter(FILTERS[chip.dataset.filter].keep).length;
      chip.setAttribute('aria-pressed', chip.dataset.filter === filter);
      chip.classList.toggle('warn', chip.dataset.filter === 'attention' && n > 0);
      say(chip.querySelector('.n'), String(n));
    });
    const found = wanted();
    const shown = found.slice(0, SHOWN);
    const ids = new Set(shown.map(saga => saga.sagaId));
    for (const [id, old] of rows) {
      if (!ids.has(id)) {
        old.element.remove();
        rows.delete(id);
      }
    }
    shown.forEach((saga, index) => {
      let there = rows.get(saga.sagaId);
      if (there) there.update(saga);
      else rows.set(saga.sagaId, there = row(saga));
      if (list.children[index] !== there.element) list.insertBefore(there.element, list.children[index] ?? null);
    });
    empty.hidden = found.length > 0;
    empty.replaceChildren(...(all.length === 0
      ? [h('h2', { text: 'Nothing here yet' }), h('p', { text: 'Drop files anywhere on this page, or add them from a terminal:' }), h('code', { text: './saga ingest FILE --url ' + location.origin })]
      : [h('p', { text: 'No saga fits the filter.' })]));
    more.hidden = found.length <= SHOWN;
    say(more, `${found.length - SHOWN} more; filter to see them.`);
  }

  render();
  const timer = setInterval(render, 5000);
  const end = onChange(render);
  return () => { clearInterval(timer); end(); };
}
