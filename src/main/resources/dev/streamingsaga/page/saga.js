// One saga: where it is, what each step did, what was undone, what is stored, and what went wrong.
import { buttons } from './actions.js';
import { download, get } from './api.js';
import { bar, eta, speed, stepOf } from './bar.js';
import { chunkMap } from './chunks.js';
import { table as cleanupTable } from './cleanups.js';
import { h, say } from './dom.js';
import { age, bytes, clock, count, duration, isFinal, isRunning, millis, name, word } from './format.js';
import { onChange, sagas, take } from './live.js';

const REFRESH_MILLIS = 700;
const UNDOING = new Set(['COMPENSATING', 'COMPENSATED', 'RESIDUE']);

const fact = (label, value) => value === null || value === '' ? null : [h('dt', { text: label }), h('dd', { text: value })];

function facts(saga) {
  return h('dl', { class: 'facts' },
    fact('Size', `${bytes(saga.sizeBytes)}${saga.sizeBytes >= 1000 ? ` (${count(saga.sizeBytes)} bytes)` : ''}`),
    fact('Type', saga.contentType), fact('SHA-256', saga.sha256),
    fact('Document', saga.documentId), fact('Saga', saga.sagaId), fact('Source', saga.file),
    fact('Run', saga.run > 1 ? `${saga.run}, ${bytes(saga.resumedBytes)} not sent again` : '1'),
    fact('Received', clock(saga.receivedAt)), fact('Finished', saga.finishedAt && clock(saga.finishedAt)),
    fact('Time limit', isFinal(saga) ? null : `${clock(saga.deadlineAt)}`));
}

function timeline(detail) {
  const steps = detail.steps;
  const begun = steps.filter(s => s.startedAt).map(s => Date.parse(s.startedAt));
  const from = Math.min(...begun);
  const to = Math.max(isRunning(detail.saga) ? Date.now() : Date.parse(detail.saga.updatedAt), ...steps.filter(s => s.finishedAt).map(s => Date.parse(s.finishedAt)), from + 1);
  const failed = detail.saga.reason && steps.findLast(s => s.startedAt && s.state !== 'PENDING')?.name;
  return h('ol', { class: 'timeline' }, steps.map(step => {
    const start = step.startedAt ? 100 * (Date.parse(step.startedAt) - from) / (to - from) : 0;
    const took = step.startedAt && !step.finishedAt && isRunning(detail.saga) ? to - Date.parse(step.startedAt) : step.millis;
    const share = 100 * Math.max(took, 1) / (to - from);
    const line = h('span', { class: 'span' });
    line.style.marginLeft = `${Math.min(99, start)}%`;
    line.style.width = `${Math.max(0.6, Math.min(100 - start, share))}%`;
    return h('li', { 'data-step': step.name, 'data-state': step.state, class: step.name === failed ? 'failed' : '' },
      h('span', { class: 'step', text: step.name }), h('span', { class: 'track' }, step.startedAt ? line : null),
      h('span', { class: 'what', text: step.startedAt ? millis(took) : '' }), h('span', { class: 'state', 'data-state': step.state, text: word(step.state) }));
  }));
}

/** Newest first, as it happens. */
function compensation(detail) {
  const undone = detail.steps.filter(step => UNDOING.has(step.state)).reverse();
  if (undone.length === 0) return null;
  return h('section', { class: 'card' }, h('h2', { text: 'Compensation, newest first' }), h('ol', { class: 'lane' }, undone.map(step => {
    const left = detail.cleanups.filter(c => c.step === step.name && (c.status === 'PENDING' || c.status === 'BLOCKED')).length;
    return h('li', { 'data-state': step.state }, h('strong', { text: step.name }),
      h('span', { text: step.state === 'RESIDUE' ? `${count(left)} left` : step.state === 'COMPENSATED' ? 'gone, asked' : 'being removed' }));
  })));
}

function stores(detail) {
  const rows = detail.steps.filter(step => step.found !== null && step.found !== undefined || step.expected !== null && step.expected !== undefined);
  if (rows.length === 0) return null;
  return h('section', { class: 'card stores' }, h('h2', { text: 'Stores' }), h('table', {},
    h('thead', {}, h('tr', {}, ['Store', 'Expected', 'Found', ''].map(t => h('th', { text: t, scope: 'col' })))),
    h('tbody', {}, rows.map(step => {
      const known = step.expected !== null && step.expected !== undefined && step.found !== null && step.found !== undefined;
      return h('tr', {}, h('th', { scope: 'row', text: step.name === 'upload' ? 'bucket (chunks)' : step.name }),
        h('td', { text: count(step.expected) }), h('td', { text: count(step.found) }),
        h('td', { class: known && step.expected !== step.found ? 'bad' : 'good', text: known ? step.expected === step.found ? '✓ as expected' : '✗ differs' : '' }));
    }))));
}

function troubles(detail) {
  const { saga } = detail;
  const lines = [...new Set([saga.message, ...detail.errors, ...detail.compensationErrors].filter(Boolean))];
  if (lines.length === 0 || saga.state === 'COMPLETED' && !saga.message) return null;
  return h('section', { class: 'card trouble', role: 'alert' },
    h('h2', { text: saga.reason ? word(saga.reason) : 'What happened' }), lines.map(line => h('p', { text: line })));
}

function events(detail) {
  if (detail.events.length === 0) return null;
  return h('details', { class: 'card' }, h('summary', { text: `Journal: ${detail.events.length} events` }), h('ol', { class: 'events' },
    detail.events.map(e => h('li', {}, h('time', { datetime: e.at, text: clock(e.at) }), h('strong', { text: word(e.kind) }), h('span', { text: [e.step, e.message].filter(Boolean).join(': ') })))));
}

function page(detail, tell) {
  const saga = sagas.get(detail.saga.sagaId) ?? detail.saga;
  const meter = bar(saga);
  const now = [stepOf(saga), speed(saga), eta(saga), isFinal(saga) ? `took ${duration((Date.parse(saga.finishedAt) - Date.parse(saga.receivedAt)) / 1000)}` : `for ${age(saga.receivedAt)}`];
  return [
    h('div', { class: 'head' }, h('h1', { text: name(saga.file) }), h('span', { class: 'state', 'data-state': saga.state, text: word(saga.state) }),
      h('span', { class: 'actions' }, buttons(saga, tell),
        saga.state === 'COMPLETED' ? h('button', { type: 'button', text: 'Download', onclick: () => download(saga.documentId, name(saga.file)).catch(p => tell(p.message, true)) }) : null)),
    meter.element, h('p', { class: 'now', text: now.filter(Boolean).join(' · ') }),
    troubles(detail), detail.cleanups.some(c => c.status === 'PENDING' || c.status === 'BLOCKED')
      ? h('section', { class: 'card' }, h('h2', { text: 'Left to clean up' }), cleanupTable(detail.cleanups.filter(c => c.status === 'PENDING' || c.status === 'BLOCKED'), tell)) : null,
    h('section', { class: 'card' }, h('h2', { text: 'Steps' }), timeline(detail)),
    compensation(detail),
    detail.chunks.total > 0 && detail.chunks.map ? h('section', { class: 'card' }, h('h2', { text: `${count(detail.chunks.total)} chunk${detail.chunks.total === 1 ? '' : 's'}${isFinal(saga) && saga.state !== 'COMPLETED' ? ', as they were before the compensation' : ''}` }),
      chunkMap(detail.chunks, !isRunning(saga) || saga.state === 'COMPENSATING')) : null,
    stores(detail), h('section', { class: 'card' }, h('h2', { text: 'Facts' }), facts(saga)), events(detail),
  ];
}

export function show(main, sagaId) {
  const note = h('p', { class: 'note', role: 'status' });
  const body = h('div', { class: 'saga' });
  let alive = true;
  let busy = false;
  let again = false;
  const tell = (text, bad) => { say(note, text); note.classList.toggle('bad', Boolean(bad)); };

  async function refresh() {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const detail = await get(`api/sagas/${sagaId}`);
      if (!sagas.has(sagaId)) take(detail.saga);
      if (alive) swap(page(detail, tell).filter(Boolean));
    } catch (problem) {
      tell(problem.message, true);
    }
    await new Promise(resolve => setTimeout(resolve, REFRESH_MILLIS));
    busy = false;
    if (alive && again) { again = false; refresh(); }
  }

  /** Keeps what is open and where the keyboard is. */
  function swap(children) {
    const open = body.querySelector('details')?.open;
    const focused = body.contains(document.activeElement) ? document.activeElement.dataset.action : null;
    body.replaceChildren(...children);
    if (open) body.querySelector('details').open = true;
    if (focused) body.querySelector(`[data-action=${focused}]`)?.focus();
  }

  main.replaceChildren(h('p', {}, h('a', { href: '#/', text: '← All sagas' })), note, body);
  refresh();
  const end = onChange(ids => { if (ids.has(sagaId) || ids.has('cleanups')) refresh(); });
  return () => { alive = false; end(); };
}
