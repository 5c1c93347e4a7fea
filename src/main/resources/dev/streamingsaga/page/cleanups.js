// What a compensation could not remove: tried again by itself, or by a person.
import { get, post } from './api.js';
import { ask, h, say } from './dom.js';
import { clock, duration, word } from './format.js';
import { onChange } from './live.js';

const next = entry => entry.status === 'BLOCKED' ? 'needs you'
  : Date.parse(entry.nextAttemptAt) <= Date.now() ? 'now' : `in ${duration((Date.parse(entry.nextAttemptAt) - Date.now()) / 1000)}`;

async function retry(entry, tell, button) {
  button.disabled = true;
  try {
    const { open, state } = await post(`api/cleanups/${entry.id}/retry`);
    tell(open.length === 0 ? `Gone. The saga is ${word(state)}.` : `${open.length} still there: ${open[0].lastError}`, open.length > 0);
  } catch (problem) {
    tell(problem.message, true);
  } finally {
    button.disabled = false;
  }
}

async function resolve(entry, tell) {
  const reason = await ask({
    title: 'Close this entry?', confirm: 'Close it', danger: true, field: { label: 'Why (kept in the journal)' },
    lines: [`Nothing is removed. ${entry.resource} stays where it is, in ${entry.step}, and is no longer tried.`],
  });
  if (reason === null) return;
  try {
    const { open, state } = await post(`api/cleanups/${entry.id}/resolve`, { reason });
    tell(`Closed. ${open.length} left of this saga, which is ${word(state)}.`);
  } catch (problem) {
    tell(problem.message, true);
  }
}

/** @param tell is given what came of a button */
export function table(entries, tell) {
  return h('table', { class: 'cleanups' },
    h('thead', {}, h('tr', {}, ['State', 'Step', 'What', 'Last error', 'Attempts', 'Next', ''].map(t => h('th', { text: t, scope: 'col' })))),
    h('tbody', {}, entries.map(entry => h('tr', { 'data-cleanup': entry.id },
      h('td', {}, h('span', { class: 'state', 'data-state': entry.status, text: word(entry.status) })),
      h('td', { 'data-label': 'Step', text: entry.step }),
      h('td', { 'data-label': 'What' }, h('a', { class: 'resource', href: `#/sagas/${entry.sagaId}`, text: entry.resource })),
      h('td', { 'data-label': 'Last error', class: 'error', text: entry.lastError }),
      h('td', { 'data-label': 'Attempts', text: String(entry.attempts) }),
      h('td', { 'data-label': 'Next', title: clock(entry.nextAttemptAt), text: next(entry) }),
      h('td', { class: 'actions' },
        h('button', { type: 'button', text: 'Retry', 'data-action': 'retry', onclick: event => retry(entry, tell, event.currentTarget) }),
        h('button', { type: 'button', text: 'Resolve', 'data-action': 'resolve', onclick: () => resolve(entry, tell) }))))));
}

export function show(main) {
  const note = h('p', { class: 'note', role: 'status' });
  const body = h('div', {});
  const tell = (text, bad) => { say(note, text); note.classList.toggle('bad', Boolean(bad)); refresh(); };

  async function refresh() {
    try {
      const { cleanups } = await get('api/cleanups');
      const order = [...cleanups].sort((a, b) => (a.status === 'BLOCKED' ? 0 : 1) - (b.status === 'BLOCKED' ? 0 : 1) || a.createdAt.localeCompare(b.createdAt));
      body.replaceChildren(order.length === 0 ? h('div', { class: 'empty' }, h('h2', { text: 'Nothing left behind' }), h('p', { text: 'Every compensation removed all it had to.' })) : table(order, tell));
    } catch (problem) {
      say(note, problem.message);
      note.classList.add('bad');
    }
  }

  main.replaceChildren(h('h1', { text: 'Clean-ups' }), h('p', { class: 'lead', text: 'What a compensation could not remove. Each is tried again at growing intervals; when the last one of a saga is gone, it is compensated.' }), note, body);
  refresh();
  return onChange(ids => { if (ids.has('cleanups')) refresh(); });
}
