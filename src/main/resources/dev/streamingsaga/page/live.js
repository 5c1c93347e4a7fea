// What the server sends while the page is open: sagas that change, their speed, and counts over all sagas.
import { forgetKey, request } from './api.js';
import { byId, h, say } from './dom.js';
import { isFinal } from './format.js';

const SMOOTHING_SECONDS = 4;
const RETRY_MILLIS = 3000;
const SILENCE_MILLIS = 40000;
const KEPT = 20000;

/** Sagas by id; each with rate: units per second of what it does now. */
export const sagas = new Map();
/** Over all sagas, not only those that this page knows; null until the server has said. */
export const totals = { counts: null };

const listeners = new Set();

/** Calls back after each change with the ids that changed; returns a function that ends it. */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function amount(saga) {
  return saga.state === 'UPLOADING' || !saga.progress
    ? { about: `${saga.run} upload`, done: saga.bytesSent }
    : { about: `${saga.run} ${saga.progress.step}`, done: saga.progress.done };
}

/** Exponentially weighted over some seconds, and anew whenever it does something else. */
function rate(before, saga, now) {
  const at = amount(saga);
  const old = before?.pace;
  if (!old || old.about !== at.about || at.done < old.done) return { ...at, at: now, perSecond: null };
  const seconds = (now - old.at) / 1000;
  if (at.done === old.done && seconds < SMOOTHING_SECONDS || seconds < 0.2) return old;
  const current = (at.done - old.done) / seconds;
  const weight = 1 - Math.exp(-seconds / SMOOTHING_SECONDS);
  return { ...at, at: now, perSecond: old.perSecond === null ? current : old.perSecond + weight * (current - old.perSecond) };
}

export function take(saga) {
  const before = sagas.get(saga.sagaId);
  sagas.set(saga.sagaId, { ...saga, pace: rate(before, saga, performance.now()) });
  if (sagas.size > KEPT) {
    const oldest = [...sagas.values()].find(isFinal);
    if (oldest) sagas.delete(oldest.sagaId);
  }
}

let changed = new Set();

function tell(id) {
  if (changed.size === 0) requestAnimationFrame(flush);
  changed.add(id);
}

function flush() {
  const ids = changed;
  changed = new Set();
  if (totals.counts) {
    badge('cleanup-count', totals.counts.cleanups.open, 'open');
    badge('attention-count', totals.counts.attention, 'need attention');
  }
  listeners.forEach(listener => listener(ids));
}

function badge(id, n, meaning) {
  byId(id).hidden = n === 0;
  say(byId(id), n.toLocaleString('en'));
  byId(id).title = `${n.toLocaleString('en')} ${meaning}`;
}

function event(name, data) {
  if (name === 'saga') {
    const saga = JSON.parse(data);
    // Also if the sum of all sagas is the same as before.
    if ((sagas.get(saga.sagaId)?.openCleanups ?? 0) !== saga.openCleanups) tell('cleanups');
    take(saga);
    tell(saga.sagaId);
  } else if (name === 'counts') {
    const before = totals.counts?.cleanups;
    totals.counts = JSON.parse(data);
    if (JSON.stringify(before) !== JSON.stringify(totals.counts.cleanups)) tell('cleanups');
    tell('counts');
  }
}

// Server-sent events by hand: EventSource cannot send a key.
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
    let rest = '';
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      alive();
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop();
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
  say(element, state);
}

/** A key that may not see sagas: the page says so once, and does what the key may do. */
function limited({ message, scopes }) {
  document.body.dataset.access = 'limited';
  link('connected, without sagas');
  byId('access').replaceChildren(h('p', { text: `This page cannot show sagas: ${message}.` }),
    h('p', { text: scopes.includes('ingest')
      ? 'You can still add files: each is stored, and its outcome is shown here.'
      : 'This key cannot send files either: that needs the scope ingest.' }),
    h('button', { type: 'button', text: 'Use another key', onclick: forgetKey }));
  byId('access').hidden = false;
}

/** Sagas from a page of the list. */
export function takeAll(list) {
  list.forEach(take);
  tell('counts');
}

/** Listens for ever, and again after each break: what changed meanwhile is not sent again, so views ask anew. */
export async function start() {
  for (let first = true; ; first = false) {
    if (!first) {
      sagas.clear();
      tell('anew');
    }
    try {
      await listen();
    } catch (problem) {
      if (problem.scopes) return limited(problem);
      console.info(`events: ${problem.message}`);
    }
    link('no connection, trying again');
    await new Promise(resolve => setTimeout(resolve, RETRY_MILLIS));
  }
}
