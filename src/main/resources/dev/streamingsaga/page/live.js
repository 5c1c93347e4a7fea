// Receives live events: changed sagas and counts over all sagas. Computes the speed of each saga.
import { forgetKey, request } from './api.js';
import { byId, h, setText } from './dom.js';
import { clock, isFinal } from './format.js';

const SMOOTHING_SECONDS = 4;
const RETRY_MILLIS = 3000;
const SILENCE_MILLIS = 40000;
const MAX_SAGAS = 20000;

/** Sagas by id; each with pace: its current speed in units per second. */
export const sagas = new Map();
/** Counts over all sagas of the server; null until they are received. */
export const totals = { counts: null };

const listeners = new Set();

/** Calls the listener with the changed ids after each change; returns a function that removes it. */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function amount(saga) {
  return saga.state === 'UPLOADING' || !saga.progress
    ? { step: `${saga.run} upload`, done: saga.bytesSent }
    : { step: `${saga.run} ${saga.progress.step}`, done: saga.progress.done };
}

/** Exponentially weighted average over some seconds; restarts with each step. */
function pace(before, saga, now) {
  const at = amount(saga);
  const old = before?.pace;
  if (!old || old.step !== at.step || at.done < old.done) return { ...at, at: now, perSecond: null };
  const seconds = (now - old.at) / 1000;
  if (at.done === old.done && seconds < SMOOTHING_SECONDS || seconds < 0.2) return old;
  const current = (at.done - old.done) / seconds;
  const weight = 1 - Math.exp(-seconds / SMOOTHING_SECONDS);
  return { ...at, at: now, perSecond: old.perSecond === null ? current : old.perSecond + weight * (current - old.perSecond) };
}

export function store(saga) {
  const before = sagas.get(saga.sagaId);
  sagas.set(saga.sagaId, { ...saga, pace: pace(before, saga, performance.now()) });
  if (sagas.size > MAX_SAGAS) {
    const oldest = [...sagas.values()].find(isFinal);
    if (oldest) sagas.delete(oldest.sagaId);
  }
}

let changed = new Set();

function notify(id) {
  if (changed.size === 0) requestAnimationFrame(flush);
  changed.add(id);
}

function flush() {
  const ids = changed;
  changed = new Set();
  if (totals.counts) {
    badge('cleanup-count', totals.counts.cleanups.open, 'open');
    badge('attention-count', totals.counts.attention, 'need attention');
    showOutages(totals.counts.down ?? []);
  }
  listeners.forEach(listener => listener(ids));
}

function showOutages(down) {
  byId('down').hidden = down.length === 0;
  setText(byId('down'), down.map(d => `The ${d.dependency} has been down since ${clock(d.since)} (${d.detail}). Sagas wait for it, and nothing new begins.`).join(' '));
}

function badge(id, n, meaning) {
  byId(id).hidden = n === 0;
  setText(byId(id), n.toLocaleString('en'));
  byId(id).title = `${n.toLocaleString('en')} ${meaning}`;
}

function event(name, data) {
  if (name === 'saga') {
    const saga = JSON.parse(data);
    // Needed even if the total count has not changed.
    if ((sagas.get(saga.sagaId)?.openCleanups ?? 0) !== saga.openCleanups) notify('cleanups');
    store(saga);
    notify(saga.sagaId);
  } else if (name === 'counts') {
    const before = totals.counts?.cleanups;
    totals.counts = JSON.parse(data);
    if (JSON.stringify(before) !== JSON.stringify(totals.counts.cleanups)) notify('cleanups');
    notify('counts');
  }
}

// Parses server-sent events itself, since EventSource cannot send a key.
async function listen() {
  const silence = new AbortController();
  let timer;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MILLIS);
  };
  alive();
  try {
    const response = await request('api/events', { signal: silence.signal });
    link('live');
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let buffered = '';
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      alive();
      const blocks = (buffered + value).split('\n\n');
      buffered = blocks.pop();
      blocks.forEach(parse);
    }
  } finally {
    clearTimeout(timer);
  }
}

function parse(block) {
  let name = '';
  let data = '';
  for (const line of block.split('\n')) {
    if (line.startsWith('event: ')) name = line.slice(7);
    if (line.startsWith('data: ')) data += line.slice(6);
  }
  if (data) event(name, data);
}

function link(state) {
  const element = byId('link');
  element.dataset.live = state === 'live' ? 'yes' : 'no';
  setText(element, state);
}

/** The key lacks the scope read: the page says so once, and offers what the key may do. */
function limited({ message, scopes }) {
  document.body.dataset.access = 'limited';
  link('connected, without sagas');
  byId('access').replaceChildren(h('p', { text: `This page cannot show sagas: ${message}.` }),
    h('p', { text: scopes.includes('ingest')
      ? 'You can still add files. Their outcomes are shown here.'
      : 'This key cannot send files either, since it lacks the scope ingest.' }),
    h('button', { type: 'button', text: 'Use another key', onclick: forgetKey }));
  byId('access').hidden = false;
}

/** Adds the sagas of a result page. */
export function storeAll(list) {
  list.forEach(store);
  notify('counts');
}

/** Receives events for ever. Reconnects after each failure; views then reload, since missed events are not repeated. */
export async function start() {
  for (let first = true; ; first = false) {
    if (!first) {
      sagas.clear();
      notify('reload');
    }
    try {
      await listen();
    } catch (problem) {
      if (problem.scopes) return limited(problem);
      console.info(`events: ${problem.message}`);
    }
    link('disconnected, reconnecting');
    await new Promise(resolve => setTimeout(resolve, RETRY_MILLIS));
  }
}
