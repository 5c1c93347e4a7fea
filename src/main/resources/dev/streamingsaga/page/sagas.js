// The list of sagas in groups: needs attention, running, waiting, finished.
import { get, request } from './api.js';
import { bar, eta, speed, stepOf } from './bar.js';
import { commandSagas } from './bulk.js';
import { chart } from './chart.js';
import { h, setText, title } from './dom.js';
import { form, isFiltered, meets, parameters } from './filters.js';
import { NEWER_VERSION, ago, attempt, bytes, clock, count, isFinal, isRunning, isWaiting, name, needsAttention, some, word } from './format.js';
import { onChange, sagas, storeAll, totals } from './live.js';

const PAGE = 200;
const SEARCH_DELAY_MILLIS = 250;
const COUNT_MILLIS = 5000;
const MAX_SEARCHES = 25;
const RUNNING_STATES = ['UPLOADING', 'VERIFYING', 'PROCESSING', 'COMPLETING', 'COMPENSATING'];
const COLUMNS = ['File', 'State', 'Size', 'Progress', 'Step', 'Speed', 'Time left', 'Run', 'Received'];
const CLASSES = ['file', 'state', 'size', 'progress', 'step', 'speed', 'eta', 'run', 'age'];

const sum = (counts, states) => states.reduce((n, state) => n + counts.sagas[state], 0);
/** Sagas between RECEIVED and UPLOADING: they run, although their state is still RECEIVED. */
const starting = () => [...sagas.values()].filter(saga => saga.state === 'RECEIVED' && saga.progress && matches(saga)).length;

/** A saga belongs to the first group whose keep matches; total counts all sagas of the server. */
const GROUPS = {
  attention: { label: 'Needs attention', keep: needsAttention, query: 'attention=true', total: c => c.attention },
  running: { label: 'Running', keep: saga => isRunning(saga) && !isWaiting(saga), query: `state=${RUNNING_STATES}&after=`, oldestFirst: true, total: c => sum(c, RUNNING_STATES) + starting() },
  waiting: { label: 'Waiting, oldest first', keep: isWaiting, query: 'state=RECEIVED&after=', oldestFirst: true, total: c => Math.max(0, c.sagas.RECEIVED - starting()) },
  completed: { label: 'Completed', keep: saga => saga.state === 'COMPLETED', query: 'state=COMPLETED', total: c => c.sagas.COMPLETED },
  compensated: { label: 'Compensated', keep: saga => isFinal(saga) && saga.state !== 'COMPLETED', query: 'state=COMPENSATED,PARTIALLY_COMPENSATED', total: c => sum(c, ['COMPENSATED', 'PARTIALLY_COMPENSATED']) },
  warned: { label: 'With warnings', keep: saga => saga.warningCount > 0, query: 'warning=any', total: c => c.withWarnings },
  finished: {
    label: 'Finished', keep: isFinal, query: 'state=COMPLETED,COMPENSATED',
    total: c => sum(c, ['COMPLETED', 'COMPENSATED', 'PARTIALLY_COMPENSATED', 'PAUSED']) - c.attention,
  },
};
const FILTERS = {
  all: { label: 'All', groups: ['attention', 'running', 'waiting', 'finished'], query: '', total: c => c.all },
  attention: { label: 'Needs attention', groups: ['attention'], query: GROUPS.attention.query, states: ['PAUSED'], total: c => c.attention },
  running: { label: 'Running', groups: ['running', 'waiting'], query: `state=RECEIVED,${RUNNING_STATES}`, states: ['RECEIVED', ...RUNNING_STATES], total: c => sum(c, ['RECEIVED', ...RUNNING_STATES]) },
  completed: { label: 'Completed', groups: ['completed'], query: GROUPS.completed.query, states: [], total: GROUPS.completed.total },
  warned: { label: 'With warnings', groups: ['warned'], query: GROUPS.warned.query, states: [], total: GROUPS.warned.total },
  compensated: { label: 'Compensated', groups: ['compensated'], query: GROUPS.compensated.query, states: [], total: GROUPS.compensated.total },
};

const STATES = ['RECEIVED', ...RUNNING_STATES, 'PAUSED', 'COMPLETED', 'COMPENSATED', 'PARTIALLY_COMPENSATED'];

/** Commands for all sagas of a list, and the states in which a saga accepts them. */
const BULK = {
  resume: { label: 'Resume', accepts: ['PAUSED'] },
  pause: { label: 'Pause', accepts: ['RECEIVED', 'UPLOADING', 'VERIFYING', 'PROCESSING', 'COMPLETING'] },
  cancel: { label: 'Cancel', accepts: ['RECEIVED', 'UPLOADING', 'VERIFYING', 'PROCESSING', 'COMPLETING', 'PAUSED'] },
};

let filter = 'all';
let text = '';

const plain = words => words.normalize('NFC').toLowerCase();

/** Matches the same fields as the server, so that live events are filtered alike. */
const matches = saga => meets(saga) && plain([name(saga.file), saga.sagaId, saga.documentId ?? '', saga.state, word(saga.state), saga.reason ?? '', word(saga.reason ?? '')].join('\n')).includes(plain(text.trim()));

function row(saga) {
  const cells = Object.fromEntries(['size', 'step', 'speed', 'eta', 'run', 'age'].map(c => [c, h('td', { class: `c-${c}`, role: 'cell' })]));
  const state = h('span', { class: 'state' });
  const warned = h('span', { class: 'warned' });
  const detail = h('span', { class: 'why' });
  const meter = bar(saga);
  const link = h('a', { href: `#/sagas/${saga.sagaId}`, title: saga.file }, h('strong', { text: name(saga.file) }));
  const element = h('tr', { class: 'row', 'data-saga': saga.sagaId, role: 'row', onclick: event => { if (!event.target.closest('a') && String(getSelection()) === '') link.click(); } },
    h('th', { class: 'c-file', scope: 'row', role: 'rowheader' }, link, detail),
    h('td', { class: 'c-state', role: 'cell' }, state, ' ', warned), cells.size, h('td', { class: 'c-progress', role: 'cell' }, meter.element),
    cells.step, cells.speed, cells.eta, cells.run, cells.age);
  const update = now => {
    meter.update(now);
    state.dataset.state = now.state;
    setText(state, word(now.state));
    setText(warned, now.warningCount > 0 ? some(now.warningCount, 'warning') : '');
    warned.title = (now.warningCodes ?? []).map(word).join(', ');
    setText(detail, [now.reason && word(now.reason), now.waiting && now.waiting.reason, attempt(now), now.needsNewerVersion && NEWER_VERSION, now.openCleanups > 0 && `${some(now.openCleanups, 'clean-up')} open`, now.needsAttention && now.state === 'COMPLETED' && !now.visible && 'not visible in every store yet']
      .filter(Boolean).join(' · '));
    setText(cells.size, bytes(now.sizeBytes));
    setText(cells.step, isRunning(now) ? stepOf(now) : '');
    setText(cells.speed, speed(now));
    setText(cells.eta, eta(now).replace(/ left$/, ''));
    setText(cells.run, now.run > 1 ? `run ${now.run}` : '');
    setText(cells.age, ago(now.receivedAt));
    cells.age.title = clock(now.receivedAt);
  };
  update(saga);
  return { element, update };
}

/** The query parameters of the search and the filters, beginning with &. */
const conditions = searched => `${searched ? `&q=${encodeURIComponent(searched)}` : ''}${parameters()}`;

/** A query with the search and the filters; a filter for one warning replaces the one for any. */
function narrowed(query, searched) {
  const more = conditions(searched);
  return `${more.includes('&warning=') && query === GROUPS.warned.query ? '' : query}${more}`.replace(/^&/, '');
}

/** Counts of what the search and the filters select, from the server; null while there is neither. */
function selection(changed) {
  const self = { counts: null, next: 0, key: '', outdated: false, async load() {
    const key = conditions(text.trim());
    const now = performance.now();
    if (key === self.key && (key === '' || !self.outdated || now < self.next)) return;
    self.outdated = false;
    if (key !== self.key) self.counts = null;
    self.key = key;
    self.next = now + COUNT_MILLIS;
    if (key === '') return;
    try {
      const counts = await get(`api/counts?${key.slice(1)}`);
      if (self.key !== key) return;
      self.counts = counts;
      changed();
    } catch (problem) {
      console.info(`counts: ${problem.message}`);
    }
  } };
  return self;
}

/** Loads sagas page by page. A search request covers a limited number of sagas, so several may be needed. */
function source(query, searched) {
  let next = `?limit=${PAGE}&${narrowed(query, searched)}`;
  const scans = Boolean(searched) || isFiltered();
  const self = { more: true, busy: false, ended: false, problem: '', async load() {
    if (self.busy || !self.more) return;
    self.busy = true;
    try {
      for (let found = 0, requests = 0; found < PAGE && requests < (scans ? MAX_SEARCHES : 1) && self.more && !self.ended; requests++) {
        const response = await request(`api/sagas${next}`);
        const page = (await response.json()).sagas;
        const link = /<([^>]*)>; rel="next"/.exec(response.headers.get('Link') ?? '');
        self.more = link !== null;
        if (link) [, next] = link;
        found += page.length;
        self.problem = '';
        storeAll(page);
      }
    } catch (problem) {
      self.problem = problem.message;
    }
    self.busy = false;
  } };
  return self;
}

/** A group of the table: heading, rows, and a footer with counts. */
function section(key, more) {
  const label = h('span', { class: 'label', text: GROUPS[key].label });
  const number = h('span', { class: 'n' });
  const note = h('span');
  const button = h('button', { type: 'button', 'data-action': 'more', text: 'Load more', onclick: more });
  const head = h('tr', { class: 'group', role: 'row' }, h('th', { colspan: COLUMNS.length, scope: 'rowgroup', role: 'rowheader' }, label, ' ', number));
  const foot = h('tr', { class: 'more', role: 'row' }, h('td', { colspan: COLUMNS.length, role: 'cell' }, note, ' ', button));
  const element = h('tbody', { 'data-group': key, role: 'rowgroup' }, head, foot);
  const rows = new Map();
  const update = ({ members, shown, total, open }) => {
    const visible = members.slice(0, shown);
    const ids = new Set(visible.map(saga => saga.sagaId));
    for (const [id, old] of rows) {
      if (!ids.has(id)) {
        old.element.remove();
        rows.delete(id);
      }
    }
    let before = head;
    for (const saga of visible) {
      let existing = rows.get(saga.sagaId);
      if (existing) existing.update(saga);
      else rows.set(saga.sagaId, existing = row(saga));
      if (before.nextSibling !== existing.element) before.after(existing.element);
      before = existing.element;
    }
    element.hidden = visible.length === 0;
    setText(number, total === null ? '' : count(Math.max(total, visible.length)));
    const incomplete = visible.length < members.length || open || total !== null && total > visible.length;
    foot.hidden = !incomplete;
    button.hidden = !incomplete;
    setText(note, total === null ? `Showing ${count(visible.length)} of ${count(members.length)} found so far.` : `Showing ${count(visible.length)} of ${count(total)}.`);
  };
  return { element, update };
}

export function show(main) {
  const heading = h('h1', { text: 'Sagas' });
  const list = h('table', { class: 'list', role: 'table', 'aria-label': 'Sagas' },
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, COLUMNS.map((label, i) => h('th', { scope: 'col', role: 'columnheader', class: `c-${CLASSES[i]}`, text: label })))));
  const empty = h('div', { class: 'empty' });
  const note = h('p', { class: 'note bad', role: 'status' });
  const searchMore = h('p', { class: 'more' });
  const chips = Object.entries(FILTERS).map(([key, { label }]) => h('button', {
    type: 'button', class: 'chip', 'data-filter': key, onclick: () => { filter = key; begin(); },
  }, label, ' ', h('span', { class: 'n' })));
  let typing;
  const search = h('input', { type: 'search', id: 'filter', maxlength: 200, placeholder: 'Name, id, state or reason', 'aria-label': 'Filter by name, id, state or reason', value: text,
    oninput: event => { text = event.target.value; clearTimeout(typing); typing = setTimeout(begin, SEARCH_DELAY_MILLIS); render(); } });
  const found = h('span', { class: 'found', role: 'status' });
  const statistics = chart();
  const result = h('p', { class: 'note', role: 'status' });
  const notify = (message, bad) => { setText(result, message); result.classList.toggle('bad', Boolean(bad)); };
  const bulk = h('div', { class: 'bulk', role: 'group', 'aria-label': 'All sagas of this list' }, h('span', { text: 'All of this list:' }),
    Object.entries(BULK).map(([action, { label }]) => h('button', { type: 'button', class: action === 'cancel' ? 'danger' : '', 'data-action': `${action}-all`, text: `${label}…`,
      onclick: () => commandSagas(action, narrowed(FILTERS[filter].query, text.trim()), notify) })));
  main.replaceChildren(heading, statistics.element,
    h('div', { class: 'tools' }, h('div', { class: 'chips', role: 'group', 'aria-label': 'Which sagas' }, chips), search),
    form(begin), bulk, result, found, note, list, empty, searchMore);
  let parts = {};
  let sources = {};
  let searching = null;
  const selected = selection(render);

  /** Reloads the list from the server with the current filter and search. */
  function begin() {
    [...Object.values(sources), searching].forEach(old => { if (old) old.ended = true; });
    const { groups, query } = FILTERS[filter];
    const searched = text.trim();
    searching = searched ? source(query, searched) : null;
    sources = searched ? {} : Object.fromEntries(groups.map(key => [key, source(GROUPS[key].query)]));
    notify('');
    selected.load();
    if (list.contains(document.activeElement)) heading.focus();
    Object.values(parts).forEach(part => part.element.remove());
    parts = Object.fromEntries(groups.map(key => [key, { ...section(key, () => more(key)), shown: PAGE }]));
    list.append(...groups.map(key => parts[key].element));
    render();
    (searching ? [searching] : Object.values(sources)).forEach(one => one.load().then(render));
  }

  async function more(key) {
    const part = parts[key];
    part.shown += PAGE;
    render();
    // Many new sagas at once can exceed what events deliver, so an exhausted source may be incomplete: load again.
    if (!searching && !sources[key].more) sources[key] = source(GROUPS[key].query);
    const one = searching ?? sources[key];
    do await one.load(); while (!one.ended && one.more && !one.problem && members()[key].length < part.shown);
    render();
  }

  function members() {
    const all = Object.fromEntries(Object.keys(parts).map(key => [key, []]));
    const kept = Object.keys(parts);
    for (const saga of sagas.values()) {
      const key = kept.find(each => GROUPS[each].keep(saga));
      if (key && matches(saga)) all[key].push(saga);
    }
    for (const key of kept) all[key].sort((a, b) => (GROUPS[key].oldestFirst ? 1 : -1) * (a.sagaId < b.sagaId ? -1 : 1));
    return all;
  }

  function renderBulk(counts) {
    const states = FILTERS[filter].states ?? STATES;
    for (const button of bulk.querySelectorAll('button')) {
      const { accepts } = BULK[button.dataset.action.replace('-all', '')];
      button.hidden = !counts || sum(counts, accepts.filter(state => states.includes(state))) === 0;
    }
    bulk.hidden = filter === 'all' && conditions(text.trim()) === '' || [...bulk.querySelectorAll('button')].every(button => button.hidden);
  }

  function render() {
    const { counts } = totals;
    const shown = conditions(text.trim()) === '' ? counts : selected.counts;
    chips.forEach(chip => {
      const n = shown ? FILTERS[chip.dataset.filter].total(shown) : null;
      chip.setAttribute('aria-pressed', chip.dataset.filter === filter);
      chip.classList.toggle('warn', chip.dataset.filter === 'attention' && n > 0);
      setText(chip.querySelector('.n'), n === null ? '' : `${count(n)}${shown.complete === false ? '+' : ''}`);
    });
    renderBulk(shown);
    title(counts?.attention > 0 ? `Sagas (${count(counts.attention)} need${counts.attention === 1 ? 's' : ''} attention)` : 'Sagas');
    const all = members();
    for (const [key, part] of Object.entries(parts)) {
      part.update({ members: all[key], shown: part.shown, total: searching || !shown || !shown.complete ? null : GROUPS[key].total(shown), open: (searching ?? sources[key]).more && all[key].length > 0 && !searching });
    }
    const n = Object.values(all).reduce((sofar, group) => sofar + group.length, 0);
    const busy = (searching ? [searching] : Object.values(sources)).some(one => one.busy);
    list.hidden = n === 0;
    setText(found, !searching ? '' : busy ? 'Searching…' : n === 0 ? `No saga matches${searching.more ? ' so far' : ''}.` : `${some(n, 'saga matches', 'sagas match')}${searching.more ? ' so far' : ''}.`);
    searchMore.hidden = !searching || busy || !searching.more;
    if (!searchMore.hidden && !searchMore.firstChild) searchMore.append(h('button', { type: 'button', 'data-action': 'further', text: 'Search older sagas', onclick: () => { searching.load().then(render); render(); } }));
    setText(note, (searching ? [searching] : Object.values(sources)).map(one => one.problem).find(Boolean) ?? '');
    const message = n > 0 || busy || searching || !counts ? '' : counts.all === 0 ? 'nothing' : isFiltered() ? 'filtered' : 'none';
    empty.hidden = message === '';
    if (empty.dataset.message === message) return;
    empty.dataset.message = message;
    empty.replaceChildren(...(message === 'nothing'
      ? [h('h2', { text: 'Nothing here yet' }), h('p', { text: 'Drop files anywhere on this page, or add them from a terminal:' }), h('code', { text: `./saga ingest FILE --url ${location.origin}` })]
      : [h('p', { text: message === 'filtered' ? 'No saga matches the filters.' : filter === 'attention' ? 'Nothing needs attention.' : filter === 'warned' ? 'No document has warnings.' : `No saga is ${FILTERS[filter].label.toLowerCase()}.` })]));
  }

  begin();
  statistics.refresh();
  const timer = setInterval(() => { selected.load(); statistics.refresh(); render(); }, COUNT_MILLIS);
  const end = onChange(ids => {
    if (ids.has('counts')) { selected.outdated = true; selected.load(); statistics.refresh(); }
    if (ids.has('reload')) begin(); else render();
  });
  return () => { clearInterval(timer); clearTimeout(typing); end(); };
}
