// Uploads files, two at a time, and shows a progress bar for each until the server has received it.
import { put, request } from './api.js';
import { byId, h, setText } from './dom.js';
import { bytes, word } from './format.js';

const AT_A_TIME = 2;
const SHOWN_MILLIS = 4000;
const waiting = [];
let sending = 0;

export function add(files) {
  for (const file of files) waiting.push(entry(file));
  next();
}

function entry(file) {
  const stop = new AbortController();
  const meter = h('progress', { max: file.size || 1, value: 0, 'aria-label': `Upload of ${file.name}` });
  const state = h('span', { class: 'what', text: 'waiting' });
  const close = h('button', { type: 'button', class: 'link', text: 'Stop', 'aria-label': `Stop ${file.name}`, onclick: () => { stop.abort(); element.remove(); tidy(); } });
  const element = h('div', { class: 'upload' }, h('strong', { text: file.name }), meter, state, close);
  byId('uploads').append(element);
  tidy();
  return { file, stop, meter, state, close, element };
}

function tidy() {
  byId('uploads').hidden = byId('uploads').children.length === 0;
}

async function next() {
  while (sending < AT_A_TIME && waiting.length > 0) {
    const upload = waiting.shift();
    if (upload.stop.signal.aborted) continue;
    sending++;
    send(upload).finally(() => { sending--; next(); });
  }
}

/** Shows the outcome here, for a key without the scope read: it may still read the outcomes of sagas. */
async function outcome(sent, element, state) {
  let saga = sent;
  while (!saga.status && element.isConnected) {
    setText(state, `received; saga ${saga.sagaId} is ${word(saga.state ?? 'RECEIVED')}`);
    saga = await (await request(`api/sagas/${saga.sagaId}/outcome`, { headers: { Prefer: 'wait=5' } })).json();
  }
  if (!saga.status) return;
  element.dataset.status = saga.status;
  element.classList.toggle('bad', saga.status !== 'COMPLETED');
  setText(state, [word(saga.status), saga.reason && word(saga.reason), saga.message].filter(Boolean).join(': '));
}

async function send({ file, stop, meter, state, close, element }) {
  try {
    const saga = await put(file, (done, total) => {
      meter.value = done;
      setText(state, `${bytes(done)} of ${bytes(total)}`);
    }, stop.signal);
    meter.value = meter.max;
    if (document.body.dataset.access === 'limited') {
      outcome(saga, element, state).catch(problem => setText(state, problem.message));
      setText(close, 'Close');
      return;
    }
    state.replaceChildren('received: ', h('a', { href: `#/sagas/${saga.sagaId}`, text: 'show saga' }));
    element.dataset.done = 'yes';
    setTimeout(() => { element.remove(); tidy(); }, SHOWN_MILLIS);
  } catch (problem) {
    element.classList.add('bad');
    setText(state, problem.message);
  }
  setText(close, 'Close');
}
