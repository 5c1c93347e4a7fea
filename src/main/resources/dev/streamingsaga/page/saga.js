// The detail view of a saga: progress, steps, compensation, stores and errors.
import { buttons, deleteButton } from './actions.js';
import { download, get } from './api.js';
import { bar, eta, speed, stepOf } from './bar.js';
import { chunkMap } from './chunks.js';
import { table as cleanupTable } from './cleanups.js';
import { h, setText, swap, title } from './dom.js';
import { NEWER_VERSION, age, attempt, bytes, clock, count, isFinal, isRunning, millis, name, some, word } from './format.js';
import { onChange, sagas, store } from './live.js';

const REFRESH_MILLIS = 700;
const CLOCK_MILLIS = 5000;
const DELETED_STATES = new Set(['DELETED', 'PARTIALLY_DELETED']);
const COMPENSATION_STATES = new Set(['COMPENSATING', 'COMPENSATED', 'RESIDUE']);

const fact = (label, value) => value === null || value === '' ? null : [h('dt', { text: label }), h('dd', { text: value })];

function facts(saga) {
  return h('dl', { class: 'facts' },
    fact('Size', `${bytes(saga.sizeBytes)}${saga.sizeBytes >= 1000 ? ` (${count(saga.sizeBytes)} bytes)` : ''}`),
    fact('Type', saga.contentType), fact('SHA-256', saga.sha256),
    fact('Document', saga.documentId), fact('Saga', saga.sagaId), fact('Source', saga.file),
    fact('Run', saga.resumedBytes > 0 ? `${saga.run}; ${bytes(saga.resumedBytes)} were already in the bucket` : String(saga.run)),
    fact('Delivery', attempt(saga)), fact('Node', saga.node),
    fact('Received', clock(saga.receivedAt)), fact('Finished', saga.finishedAt && clock(saga.finishedAt)),
    fact('Waiting', saga.waiting && `${saga.waiting.reason}; since ${clock(saga.waiting.since)}`),
    fact('Version', saga.needsNewerVersion ? `${NEWER_VERSION}; a node of that version continues it` : ''),
    fact('Time limit', isFinal(saga) ? null : clock(saga.deadlineAt)));
}

function timeline(detail) {
  const steps = detail.steps;
  const begun = steps.filter(s => s.startedAt).map(s => Date.parse(s.startedAt));
  const from = Math.min(...begun);
  const to = Math.max(isRunning(detail.saga) ? Date.now() : Date.parse(detail.saga.updatedAt), ...steps.filter(s => s.finishedAt).map(s => Date.parse(s.finishedAt)), from + 1);
  const failed = detail.saga.reason && steps.findLast(s => s.startedAt && s.state !== 'PENDING')?.name;
  return h('ol', { class: 'timeline' }, steps.map(step => {
    const start = step.startedAt ? 100 * (Date.parse(step.startedAt) - from) / (to - from) : 0;
    const ran = step.startedAt && !step.finishedAt && isRunning(detail.saga) ? to - Date.parse(step.startedAt) : step.millis;
    const share = 100 * Math.max(ran, 1) / (to - from);
    const line = h('span', { class: 'span' });
    line.style.marginLeft = `${Math.min(99, start)}%`;
    line.style.width = `${Math.max(0.6, Math.min(100 - start, share))}%`;
    return h('li', { 'data-step': step.name, 'data-state': step.state, class: step.name === failed ? 'failed' : '' },
      h('span', { class: 'step', text: step.name }), h('span', { class: 'track' }, step.startedAt ? line : null),
      h('span', { class: 'what', text: step.startedAt && (ran > 0 || step.finishedAt) ? millis(ran) : '' }), h('span', { class: 'state', 'data-state': step.state, text: word(step.state) }));
  }));
}

/** The compensated steps in the order of compensation: newest first. */
function compensation(detail) {
  const undone = detail.steps.filter(step => COMPENSATION_STATES.has(step.state)).reverse();
  if (undone.length === 0) return null;
  return h('section', { class: 'card' }, h('h2', { text: `${detail.deletion ? 'Removal' : 'Compensation'}, newest first` }), h('ol', { class: 'lane' }, undone.map(step => {
    const left = detail.cleanups.filter(c => c.step === step.name && (c.status === 'PENDING' || c.status === 'BLOCKED')).length;
    return h('li', { 'data-state': step.state }, h('strong', { text: step.name }),
      h('span', { text: step.state === 'RESIDUE' ? `${count(left)} left` : step.state === 'COMPENSATED' ? 'removed and checked' : 'being removed' }));
  })));
}

function stores(detail) {
  const rows = detail.steps.filter(step => step.found !== null && step.found !== undefined || step.expected !== null && step.expected !== undefined);
  if (rows.length === 0) return null;
  return h('section', { class: 'card stores' }, h('h2', { text: 'Stores' }), h('table', {},
    h('thead', {}, h('tr', {}, ['Store', 'Expected', 'Found', 'Result'].map(t => h('th', { text: t, scope: 'col' })))),
    h('tbody', {}, rows.map(step => {
      const known = step.expected !== null && step.expected !== undefined && step.found !== null && step.found !== undefined;
      return h('tr', {}, h('th', { scope: 'row', text: step.name === 'upload' ? 'bucket (chunks)' : step.name }),
        h('td', { text: count(step.expected) }), h('td', { text: count(step.found) }),
        h('td', { class: known && step.expected !== step.found ? 'bad' : 'good', text: known ? step.expected === step.found ? '✓ as expected' : '✗ differs' : '' }));
    }))));
}

function errors(detail) {
  const { saga } = detail;
  // The message of the saga also appears among its errors.
  const lines = new Map(saga.message ? [[saga.message, 0]] : []);
  for (const line of [...detail.errors, ...detail.compensationErrors]) lines.set(line, (lines.get(line) ?? 0) + 1);
  if (lines.size === 0 || saga.state === 'COMPLETED' && !saga.message) return null;
  return h('section', { class: 'card trouble' },
    h('h2', { text: saga.reason ? word(saga.reason) : 'Errors' }),
    [...lines].map(([line, times]) => h('p', {}, line, times > 1 ? h('span', { class: 'times', text: ` (${count(times)} times)` }) : null)));
}

/** What is missing or uncertain about the text of the document. */
function warnings(detail) {
  const found = detail.warnings;
  if (found.length === 0) return null;
  return h('section', { class: 'card warnings' }, h('h2', { text: some(found.length, 'warning') }), h('ul', {}, found.map(warning => h('li', { 'data-code': warning.code },
    warning.place ? h('strong', { text: `${warning.place}: ` }) : null, warning.message, ' ', h('span', { class: 'warned', text: word(warning.code) })))));
}

/** What is kept of a deleted document. */
function tombstone(detail) {
  const { deletion } = detail;
  if (!deletion) return null;
  return h('section', { class: 'card', 'data-deletion': deletion.state }, h('h2', { text: `Document: ${word(deletion.state)}` }), h('dl', { class: 'facts' },
    fact('Reason', deletion.reason), fact('Requested by', deletion.requestedBy), fact('Requested', clock(deletion.requestedAt)),
    fact('Finished', deletion.finishedAt && clock(deletion.finishedAt)), fact('Data key', deletion.keyDestroyed ? 'destroyed' : ''),
    fact('Last error', deletion.lastError), fact('Next attempt', deletion.nextAttemptAt && clock(deletion.nextAttemptAt))));
}

function attempts(detail) {
  const others = detail.delivery?.attempts ?? [];
  if (others.length < 2) return null;
  return h('section', { class: 'card' }, h('h2', { text: 'Attempts to deliver the document' }), h('ol', {}, others.map(other => h('li', {},
    h('a', { href: `#/sagas/${other.sagaId}`, text: clock(other.receivedAt) }), ` ${word(other.state)}${other.reason ? `: ${word(other.reason)}` : ''}`))));
}

/** The other versions of the document, if there are any. */
function versions(detail, found, notify) {
  if (found.length < 2) return null;
  return h('section', { class: 'card versions' }, h('h2', { text: 'Versions of the document' }), h('table', {},
    h('thead', {}, h('tr', {}, ['Version', 'Received', 'Size', 'State', ''].map(t => t ? h('th', { text: t, scope: 'col' }) : h('td')))),
    h('tbody', {}, found.map(v => h('tr', { 'data-version': v.number },
      h('th', { scope: 'row' }, v.sagaId === detail.saga.sagaId ? String(v.number) : h('a', { href: `#/sagas/${v.sagaId}`, text: String(v.number) })),
      h('td', { text: clock(v.receivedAt) }), h('td', { text: bytes(v.sizeBytes) }), h('td', { text: word(v.status) }),
      h('td', {}, v.status === 'REMOVED' ? null : h('button', {
        type: 'button', text: 'Download', 'aria-label': `Download version ${v.number}`,
        onclick: () => download(detail.saga.documentId, v.fileName, v.number).catch(p => notify(p.message, true)),
      })))))));
}

function events(detail) {
  if (detail.events.length === 0) return null;
  return h('details', { class: 'card', 'data-details': 'journal' }, h('summary', { text: `Journal: ${some(detail.events.length, 'event')}` }), h('ol', { class: 'events' },
    detail.events.map(e => h('li', {}, h('time', { datetime: e.at, text: clock(e.at) }), h('strong', { text: word(e.kind) }), h('span', { text: [e.step, e.message].filter(Boolean).join(': ') })))));
}

/** The sections below the heading. */
function page(detail, saga, found, notify) {
  const now = [stepOf(saga), speed(saga), eta(saga), `for ${age(saga.receivedAt)}`];
  const open = detail.cleanups.filter(c => c.status === 'PENDING' || c.status === 'BLOCKED');
  const one = detail.chunks.total === 1;
  const before = `, as ${one ? 'it was' : 'they were'} before the compensation`;
  return [
    bar(saga).element, isFinal(saga) ? null : h('p', { class: 'now', text: now.filter(Boolean).join(' · ') }),
    saga.state === 'COMPLETED' && !saga.visible && !detail.supersededBy && !detail.deletion
      ? h('p', { class: 'note bad', text: 'The document is complete but not yet visible in every store. This is retried at growing intervals.' }) : null,
    tombstone(detail), errors(detail), open.length > 0 ? h('section', { class: 'card' }, h('h2', { text: 'Left to clean up' }), cleanupTable(open, notify)) : null,
    warnings(detail), attempts(detail), versions(detail, found, notify), h('section', { class: 'card' }, h('h2', { text: 'Steps' }), timeline(detail)),
    compensation(detail),
    detail.chunks.total > 0 && detail.chunks.map ? h('section', { class: 'card' },
      h('h2', { text: `${some(detail.chunks.total, 'chunk')}${isFinal(saga) && saga.state !== 'COMPLETED' ? before : ''}` }),
      chunkMap(detail.chunks, !isRunning(saga) || saga.state === 'COMPENSATING')) : null,
    stores(detail), h('section', { class: 'card' }, h('h2', { text: 'Facts' }), facts(saga)), events(detail),
  ];
}

/** None if the document is gone meanwhile. */
const versionsOf = documentId => get(`api/documents/${documentId}/versions`).then(answer => answer.versions, () => []);

export function show(main, sagaId) {
  const heading = h('h1', { text: 'Saga' });
  const state = h('span', { class: 'state', role: 'status' });
  const actions = h('span', { class: 'actions' });
  const note = h('p', { class: 'note', role: 'status' });
  const body = h('div', { class: 'saga' });
  let alive = true;
  let loading = false;
  let reloadNeeded = false;
  const notify = (text, bad) => { setText(note, text); note.classList.toggle('bad', Boolean(bad)); };

  const then = (text, bad) => { notify(text, bad); refresh(); };

  function draw(detail, found) {
    const saga = sagas.get(sagaId) ?? detail.saga;
    const file = name(saga.file);
    setText(heading, file);
    title(`${file} (${word(saga.state)})`);
    state.dataset.state = saga.state;
    setText(state, word(saga.state));
    const version = found.find(v => v.sagaId === sagaId);
    const kept = saga.state === 'COMPLETED' && !detail.deletion;
    swap(actions, [...buttons(saga, notify), kept && !detail.supersededBy ? deleteButton(saga, then) : null, !kept || version?.status === 'REMOVED' ? null : h('button', {
      type: 'button', text: 'Download', 'data-action': 'download', 'aria-label': `Download ${file}`,
      onclick: () => download(saga.documentId, file, version?.number).catch(p => notify(p.message, true)),
    }), !detail.receipt || detail.supersededBy ? null : h('button', {
      type: 'button', text: 'Receipt', 'data-action': 'receipt', 'aria-label': `Receipt of ${file}`,
      onclick: () => download(saga.documentId, `${file}.receipt.jws`, undefined, 'receipt')
        .catch(p => notify(p.message, true)),
    })], heading);
    swap(body, page(detail, saga, found, notify), heading);
  }

  async function refresh() {
    if (loading) { reloadNeeded = true; return; }
    loading = true;
    try {
      const detail = await get(`api/sagas/${sagaId}`);
      if (!sagas.has(sagaId)) store(detail.saga);
      const found = detail.saga.state === 'COMPLETED' && detail.saga.documentId ? await versionsOf(detail.saga.documentId) : [];
      if (alive) draw(detail, found);
      if (detail.deletion && !DELETED_STATES.has(detail.deletion.state)) reloadNeeded = true;
    } catch (problem) {
      notify(problem.message, true);
    }
    await new Promise(resolve => setTimeout(resolve, REFRESH_MILLIS));
    loading = false;
    if (alive && reloadNeeded) { reloadNeeded = false; refresh(); }
  }

  title('Saga');
  main.replaceChildren(h('p', {}, h('a', { href: '#/', text: '← All sagas' })), h('div', { class: 'head' }, heading, state, actions), note, body);
  refresh();
  // The elapsed time changes without any event.
  const timer = setInterval(() => { if (sagas.has(sagaId) && isRunning(sagas.get(sagaId))) refresh(); }, CLOCK_MILLIS);
  const end = onChange(ids => { if (ids.has(sagaId) || ids.has('cleanups') || ids.has('reload')) refresh(); });
  return () => { alive = false; clearInterval(timer); end(); };
}
