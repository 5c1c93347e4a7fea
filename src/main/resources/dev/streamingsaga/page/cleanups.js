// The clean-up entries: data that a compensation could not remove. Retried automatically or by an operator.
import { post, request } from './api.js';
import { commandCleanups } from './bulk.js';
import { ask, h, setText, swap, title } from './dom.js';
import { clock, count, duration, some, word } from './format.js';
import { onChange, totals } from './live.js';

/** The next scheduled attempt of a group. */
function next(group) {
  const times = group.filter(entry => entry.status !== 'BLOCKED').map(entry => entry.nextAttemptAt).sort();
  if (times.length === 0) return h('span', { text: 'no further attempts' });
  const seconds = (Date.parse(times[0]) - Date.now()) / 1000;
  return h('span', { title: clock(times[0]), text: seconds <= 0 ? 'now' : `in ${duration(seconds)}` });
}

/** Groups entries by saga and step: an unavailable store leaves hundreds of them, and they are retried together. */
function groups(entries) {
  const all = new Map();
  for (const entry of entries) {
    const key = `${entry.sagaId} ${entry.step}`;
    if (!all.has(key)) all.set(key, []);
    all.get(key).push(entry);
  }
  return [...all.values()];
}

/** Shows equal errors once, with a count. Ignores the resource in an error, or each would differ. */
function errors(group) {
  const all = new Map();
  for (const { lastError, resource } of group) {
    const error = lastError.replaceAll(resource, '…');
    all.set(error, (all.get(error) ?? 0) + 1);
  }
  return [...all].map(([error, times]) => h('p', { class: 'error' }, error, times > 1 ? h('span', { class: 'times', text: ` (${count(times)} times)` }) : null));
}

function states(group) {
  return ['BLOCKED', 'PENDING'].map(status => [status, group.filter(entry => entry.status === status).length]).filter(([, n]) => n > 0)
    .map(([status, n]) => h('span', { class: 'state', 'data-state': status, text: n === group.length ? word(status) : `${count(n)} ${word(status)}` }));
}

async function retry(group, notify, button) {
  button.disabled = true;
  try {
    const { open, state } = await post(`api/cleanups/${group[0].id}/retry`);
    notify(open.length === 0 ? `Removed. The saga is ${word(state)}.` : `${some(open.length, 'entry is', 'entries are')} still open: ${open[0].lastError}`, open.length > 0);
  } catch (problem) {
    notify(problem.message, true);
  } finally {
    button.disabled = false;
  }
}

async function resolve(group, notify) {
  const [entry] = group;
  const reason = await ask({
    title: group.length === 1 ? 'Close this entry?' : `Close these ${count(group.length)} entries?`, confirm: 'Close', danger: true, field: { label: 'Reason (kept in the journal)' },
    lines: [group.length === 1 ? `Nothing is removed. ${entry.resource} stays in ${entry.step} and is not retried.`
      : `Nothing is removed. ${entry.resource} and ${count(group.length - 1)} more stay in ${entry.step} and are not retried.`],
  });
  if (reason === null) return;
  try {
    const { open, state } = await post(`api/cleanups/${entry.id}/resolve`, { reason, wholeStep: true });
    notify(open.length === 0 ? `Closed. The saga is ${word(state)}.` : `Closed. ${some(open.length, 'entry', 'entries')} of this saga ${open.length === 1 ? 'is' : 'are'} still open; it is ${word(state)}.`);
  } catch (problem) {
    notify(problem.message, true);
  }
}

function resources(group) {
  const [entry] = group;
  const first = h('a', { class: 'resource', href: `#/sagas/${entry.sagaId}`, text: entry.resource });
  if (group.length === 1) return [first];
  return [first, h('details', { 'data-details': entry.id }, h('summary', { text: `and ${count(group.length - 1)} more` }),
    h('ul', { class: 'resources' }, group.slice(1).map(one => h('li', { class: 'resource', text: one.resource }))))];
}

const attempts = group => {
  const tried = group.map(entry => entry.attempts);
  const [least, most] = [Math.min(...tried), Math.max(...tried)];
  return least === most ? String(most) : `${least} to ${most}`;
};

/** @param notify called with the result of a button */
export function table(entries, notify) {
  const cell = (label, ...children) => h('td', { role: 'cell', 'data-label': label }, ...children);
  return h('table', { class: 'cleanups', role: 'table' },
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ['State', 'Step', 'Remaining', 'Last error', 'Attempts', 'Next attempt', 'Actions'].map(t => h('th', { text: t, scope: 'col', role: 'columnheader' })))),
    h('tbody', { role: 'rowgroup' }, groups(entries).map(group => {
      const [entry] = group;
      const about = `${entry.step} ${entry.resource}${group.length > 1 ? ` and ${group.length - 1} more` : ''}`;
      return h('tr', { 'data-cleanup': entry.id, role: 'row' },
        cell('State', ...states(group)),
        cell('Step', entry.step),
        cell('Remaining', resources(group)),
        cell('Last error', ...errors(group)),
        cell('Attempts', attempts(group)),
        cell('Next attempt', next(group)),
        h('td', { class: 'actions', role: 'cell' },
          h('button', { type: 'button', text: 'Retry', 'data-action': 'retry', 'aria-label': `Retry ${about}`, onclick: event => retry(group, notify, event.currentTarget) }),
          h('button', { type: 'button', text: 'Resolve', 'data-action': 'resolve', 'aria-label': `Resolve ${about}`, onclick: () => resolve(group, notify) })));
    })));
}

const PAGE = 200;
const FILTERS = { all: { label: 'All', statuses: ['BLOCKED', 'PENDING'] }, blocked: { label: 'Blocked', statuses: ['BLOCKED'] }, pending: { label: 'Pending', statuses: ['PENDING'] } };

let filter = 'all';

/** Reads the first entries, blocked ones first. */
async function read(shown) {
  const entries = [];
  for (const status of FILTERS[filter].statuses) {
    let next = `?status=${status}&limit=${PAGE}`;
    while (next && entries.length < shown) {
      const response = await request(`api/cleanups${next}`);
      entries.push(...(await response.json()).cleanups);
      [, next] = /<([^>]*)>; rel="next"/.exec(response.headers.get('Link') ?? '') ?? [];
    }
  }
  return entries;
}

export function show(main) {
  const heading = h('h1', { text: 'Clean-ups' });
  const note = h('p', { class: 'note', role: 'status' });
  const body = h('div', {});
  let alive = true;
  let shown = PAGE;
  let reading = false;
  let again = false;
  const notify = (text, bad) => { setText(note, text); note.classList.toggle('bad', Boolean(bad)); refresh(); };
  const total = () => ({ all: totals.counts.cleanups.open, blocked: totals.counts.cleanups.blocked, pending: totals.counts.cleanups.open - totals.counts.cleanups.blocked });
  const chips = Object.entries(FILTERS).map(([key, { label }]) => h('button', {
    type: 'button', class: 'chip', 'data-filter': key, onclick: () => { filter = key; shown = PAGE; refresh(); },
  }, label, ' ', h('span', { class: 'n' })));
  const bulk = h('div', { class: 'bulk', role: 'group', 'aria-label': 'All entries of this list' }, h('span', { text: 'All of this list:' }),
    [['retry', 'Retry'], ['resolve', 'Resolve']].map(([action, label]) => h('button', { type: 'button', 'data-action': `${action}-all`, text: `${label}…`,
      onclick: () => commandCleanups(action, `status=${FILTERS[filter].statuses}`, notify) })));
  const tools = h('div', { class: 'tools' }, h('div', { class: 'chips', role: 'group', 'aria-label': 'Which clean-ups' }, chips), bulk);

  function counts() {
    const known = totals.counts && total();
    for (const chip of chips) {
      chip.setAttribute('aria-pressed', chip.dataset.filter === filter);
      setText(chip.querySelector('.n'), known ? count(known[chip.dataset.filter]) : '');
    }
    tools.hidden = !known || known.all === 0;
    title(!known || known.all === 0 ? 'Clean-ups' : `Clean-ups (${count(known.all)})`);
    return known ? known[filter] : null;
  }

  function more(entries) {
    const all = counts();
    if (all === null || all <= entries.length) return null;
    return h('p', { class: 'more' }, `Showing ${count(entries.length)} of ${count(all)}. `,
      h('button', { type: 'button', 'data-action': 'more', text: 'Load more', onclick: () => { shown += PAGE; refresh(); } }));
  }

  const nothing = () => (filter === 'all'
    ? h('div', { class: 'empty' }, h('h2', { text: 'Nothing to clean up' }), h('p', { text: 'Every compensation has removed everything.' }))
    : h('div', { class: 'empty' }, h('p', { text: `No entry is ${filter}.` })));

  async function refresh() {
    if (reading) { again = true; return; }
    reading = true;
    try {
      const entries = await read(shown);
      if (alive) swap(body, [entries.length === 0 ? nothing() : table(entries, notify), more(entries)], heading);
    } catch (problem) {
      setText(note, problem.message);
      note.classList.add('bad');
    }
    reading = false;
    if (alive && again) { again = false; refresh(); }
  }

  title('Clean-ups');
  main.replaceChildren(heading, h('p', { class: 'lead', text: 'Data that a compensation could not remove. Removal is retried at growing intervals. When nothing of a saga is left, the saga becomes compensated.' }), tools, note, body);
  counts();
  refresh();
  const end = onChange(ids => {
    counts();
    if (ids.has('cleanups') || ids.has('reload')) refresh();
  });
  return () => { alive = false; end(); };
}
