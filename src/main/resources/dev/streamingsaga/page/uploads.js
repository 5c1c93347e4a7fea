// Uploads files, two at a time, with a progress bar for each. Large ones can be paused and continued after a reload.
import { put, request } from './api.js';
import { byId, h, setText } from './dom.js';
import { bytes, word } from './format.js';
import { ResumableUpload, continues, discard, forget, received, unfinished } from './resumable.js';

const AT_A_TIME = 2;
const SHOWN_MILLIS = 4000;
const RESUMABLE_BYTES = 16_000_000;
const waiting = [];
const listed = new Map();
let sending = 0;

export function add(files) {
  for (const file of files) enqueue(file.size < RESUMABLE_BYTES ? single(file) : resumable(file));
}

function enqueue(upload) {
  setText(upload.row.state, 'waiting');
  upload.row.element.classList.remove('bad');
  waiting.push(upload);
  next();
}

async function next() {
  while (sending < AT_A_TIME && waiting.length > 0) {
    sending++;
    send(waiting.shift()).finally(() => { sending--; next(); });
  }
}

function withdraw(upload) {
  if (waiting.includes(upload)) waiting.splice(waiting.indexOf(upload), 1);
}

function row(name, size, ...controls) {
  const meter = h('progress', { max: size || 1, value: 0, 'aria-label': `Upload of ${name}` });
  const state = h('span', { class: 'what' });
  const element = h('div', { class: 'upload' }, h('strong', { text: name }), meter, state, h('span', { class: 'actions' }, controls));
  byId('uploads').append(element);
  tidy();
  return { meter, state, element, remove: () => { element.remove(); tidy(); } };
}

function tidy() {
  byId('uploads').hidden = byId('uploads').children.length === 0;
}

function button(action, name, onclick) {
  const element = h('button', { type: 'button', class: 'link', onclick });
  label(element, action, name);
  return element;
}

function label(element, action, name) {
  setText(element, action);
  element.setAttribute('aria-label', `${action} ${name}`);
}

function showProgress({ meter, state }, done, total) {
  meter.value = done;
  setText(state, `${bytes(done)} of ${bytes(total)}`);
}

/** One request, which stores all or nothing. */
function single(file) {
  const stop = new AbortController();
  const close = button('Stop', file.name, () => { stop.abort(); withdraw(upload); upload.row.remove(); });
  const upload = {
    row: row(file.name, file.size, close),
    send: () => put(file, (done, total) => showProgress(upload.row, done, total), stop.signal),
    ended: () => label(close, 'Close', file.name),
    failed: () => label(close, 'Close', file.name),
  };
  return upload;
}

function resumable(file) {
  const toggle = button('Pause', file.name, () => toggle.textContent === 'Pause' ? pause() : resume());
  const cancel = button('Cancel', file.name, () => {
    if (ended) view.remove();
    else abandon(upload, () => transfer.cancel());
  });
  const view = row(file.name, file.size, toggle, cancel);
  const transfer = new ResumableUpload(file, {
    begins: listUnfinished,
    progress: (done, total) => showProgress(view, done, total),
    waits: why => setText(view.state, why),
  });
  let ended = false;
  const upload = {
    row: view,
    send: () => transfer.send(),
    ended: () => { ended = true; toggle.remove(); label(cancel, 'Close', file.name); },
    failed: () => label(toggle, 'Resume', file.name),
  };
  async function pause() {
    withdraw(upload);
    transfer.pause();
    label(toggle, 'Resume', file.name);
    setText(view.state, 'paused');
    const server = await transfer.received().catch(() => null);
    if (!server || toggle.textContent !== 'Resume') return;
    view.meter.value = server.bytes;
    setText(view.state, `paused: ${bytes(server.bytes)} of ${bytes(file.size)} received`);
  }
  function resume() {
    label(toggle, 'Pause', file.name);
    enqueue(upload);
  }
  return upload;
}

async function abandon(upload, remove) {
  withdraw(upload);
  setText(upload.row.state, 'cancelling');
  try {
    await remove();
    upload.row.remove();
  } catch (problem) {
    failed(upload, problem);
  }
}

function failed({ row, failed }, problem) {
  row.element.classList.add('bad');
  setText(row.state, problem.message);
  failed?.();
}

async function send(upload) {
  try {
    const saga = await upload.send();
    if (saga) ended(upload, saga);
  } catch (problem) {
    failed(upload, problem);
  }
}

function ended({ row: { meter, state, element, remove }, ended: close }, saga) {
  meter.value = meter.max;
  close();
  if (document.body.dataset.access === 'limited') {
    outcome(saga, element, state).catch(problem => setText(state, problem.message));
    return;
  }
  state.replaceChildren('received: ', h('a', { href: `#/sagas/${saga.sagaId}`, text: 'show saga' }));
  element.dataset.done = 'yes';
  setTimeout(remove, SHOWN_MILLIS);
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

/** Lists the uploads that need their file again, since the page was closed or reloaded. */
export async function listUnfinished() {
  const stored = await unfinished();
  removeListed(stored);
  stored.filter(({ uploadUrl }) => !listed.has(uploadUrl)).forEach(list);
}

function removeListed(stored) {
  for (const [url, upload] of listed) {
    if (stored.some(({ uploadUrl }) => uploadUrl === url)) continue;
    upload.row.remove();
    listed.delete(url);
  }
}

function list(stored) {
  const name = stored.metadata.filename;
  const pick = h('input', { type: 'file', 'aria-label': `Choose file ${name} again`, onchange: () => chosen(upload, stored, pick.files[0]) });
  const cancel = button('Cancel', name, () => abandon(upload, () => discard(stored.uploadUrl)));
  const upload = { row: row(name, stored.size, h('label', { class: 'link' }, 'Choose file', pick), cancel) };
  listed.set(stored.uploadUrl, upload);
  upload.row.element.dataset.unfinished = 'yes';
  showReceived(upload, stored);
}

async function showReceived({ row }, stored) {
  const hint = 'choose the same file again to continue';
  setText(row.state, hint);
  try {
    const server = await received(stored);
    if (!server || server.sagaId) {
      await forget(stored.uploadUrl);
      await listUnfinished();
      return;
    }
    row.meter.value = server.bytes;
    setText(row.state, `${bytes(server.bytes)} of ${bytes(stored.size)} received; ${hint}`);
  } catch (problem) {
    setText(row.state, `${hint} (${problem.message})`);
  }
}

async function chosen(upload, stored, file) {
  if (await continues(stored, file)) add([file]);
  else setText(upload.row.state, `${file.name} is another file, or it has changed; choose the same file to continue`);
}

// Another tab has completed or cancelled an upload.
addEventListener('storage', async () => removeListed(await unfinished()));
