// Requests to the server. If the server needs a key, the page asks for it once and keeps it for this tab only.
import { ask } from './dom.js';

const KEY = 'streaming-saga-key';
let pendingKey = null;

/** The headers that identify the user. */
export const headers = () => {
  const key = sessionStorage.getItem(KEY);
  return key ? { Authorization: `Bearer ${key}` } : {};
};

/** Resolves with false if the user enters no key. */
export function askForKey(detail) {
  pendingKey ??= ask({ title: 'Sign in', lines: [detail], field: { label: 'API key or token', type: 'password' }, confirm: 'Continue' })
    .then(key => { if (key) sessionStorage.setItem(KEY, key.trim()); return Boolean(key); })
    .finally(() => { pendingKey = null; });
  return pendingKey;
}

/** Forgets the key, and with it everything that this tab has loaded. */
export function forgetKey() {
  sessionStorage.removeItem(KEY);
  location.reload();
}

/** An error response with its status and the detail of the server; scopes: those of the key, if it lacks one for this request. */
class RequestError extends Error {
  constructor(status, problem) {
    super(problem.detail);
    this.status = status;
    this.scopes = status === 403 && problem.type === 'urn:streaming-saga:missing-scope' ? problem.scopes : null;
  }
}

async function problemOf(response) {
  const fallback = { detail: `${response.status} ${response.statusText}` };
  try {
    return { ...fallback, ...await response.json() };
  } catch {
    return fallback;
  }
}

/** Resolves with a successful response; asks for a key if the server needs one. Throws a RequestError otherwise. */
export async function request(path, options = {}) {
  for (;;) {
    const response = await fetch(path, { ...options, headers: { ...options.headers, ...headers() } });
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (response.status !== 401 || !await askForKey(problem.detail)) throw new RequestError(response.status, problem);
  }
}

export const get = async path => (await request(path)).json();

export const remove = async path => (await request(path, { method: 'DELETE' })).json();

export const post = async (path, body) => (await request(path, {
  method: 'POST',
  ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
})).json();

/** Uploads a file and reports its progress; resolves with the answer of the server. */
export async function put(file, progress, signal) {
  for (;;) {
    const answer = await send(file, progress, signal);
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    const detail = answer.body?.detail ?? `the server answered with status ${answer.status}`;
    if (answer.status !== 401 || !await askForKey(detail)) throw new Error(detail);
  }
}

// Not fetch: it does not report how much of a body has been sent.
function send(file, progress, signal) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open('PUT', `api/documents/${encodeURIComponent(file.name)}`);
    for (const [name, value] of Object.entries(headers())) call.setRequestHeader(name, value);
    call.setRequestHeader('Content-Type', 'application/octet-stream');
    call.responseType = 'json';
    call.upload.onprogress = event => progress(event.loaded, event.total);
    call.onload = () => resolve({ status: call.status, body: call.response });
    call.onerror = () => reject(new Error('the connection was lost; nothing was stored, try again'));
    call.onabort = () => reject(new Error('you stopped the upload; nothing was stored'));
    signal.addEventListener('abort', () => call.abort());
    call.send(file);
  });
}

/** Downloads through the browser. A browser cannot send the key, so with a key this page fetches the bytes. */
export async function download(documentId, fileName, version, part = 'content') {
  const path = `api/documents/${documentId}/${part}${version ? `?version=${version}` : ''}`;
  const link = document.createElement('a');
  link.download = fileName;
  if (!sessionStorage.getItem(KEY)) {
    link.href = path;
    link.click();
    return;
  }
  const url = URL.createObjectURL(await (await request(path)).blob());
  link.href = url;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
