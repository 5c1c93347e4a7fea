// Resumable uploads with tus-js-client. It keeps their URLs in this browser, so that they continue after a reload.
import { askForKey, headers, request } from './api.js';
import { some } from './format.js';

const ENDPOINT = new URL('api/uploads', document.baseURI).href;
const VERSION = { 'Tus-Resumable': '1.0.0' };
const SLICE_BYTES = 40 * 1024 * 1024;
/** Longer than saga.patience; starts again whenever the server has received something. */
const RETRY_MILLIS = [1, 3, 5, 10, 20, 30, ...Array(15).fill(60)].map(seconds => seconds * 1000);
const STALL_MILLIS = 120000;
const GONE = [404, 410];
const STORED = 'tus::';

/** URLs of the uploads that this tab knows how to continue. */
const own = new Set();

async function library() {
  await import('./tus.min.js');
  return window.tus;
}

const sagaOf = location => location?.split('/').pop();

/** A response that is no success. Without a status there was no response. */
class UploadError extends Error {
  constructor(status, problem) {
    super(problem.detail);
    this.status = status;
    this.type = problem.type;
  }
}

function problemOf(request, response) {
  const fallback = { detail: `the server answered ${request.getMethod()} with status ${response.getStatus()}` };
  try {
    return { ...fallback, ...JSON.parse(response.getBody()) };
  } catch {
    return fallback;
  }
}

/** Throws unless tus-js-client can handle the response; it would begin a new upload after any failed HEAD. */
function check(request, response) {
  const status = response.getStatus();
  const head = request.getMethod() === 'HEAD';
  if (status >= 400 && !(head && GONE.includes(status))) throw new UploadError(status, problemOf(request, response));
  const complete = head && status < 300 && response.getHeader('Upload-Offset') === response.getHeader('Upload-Length');
  if (complete && !response.getHeader('Saga-Location')) {
    throw new UploadError(423, { detail: 'all bytes have arrived, the server completes the upload' });
  }
}

function problemBehind({ causingError, originalRequest, message }) {
  if (causingError instanceof UploadError) return causingError;
  return new UploadError(0, { detail: originalRequest ? 'the connection was lost' : message });
}

const isTransient = ({ status, type }) => status === 0 || status >= 500 || [408, 423].includes(status)
  || type === 'urn:streaming-saga:wrong-offset';

async function allStored() {
  if (!Object.keys(localStorage).some(key => key.startsWith(STORED))) return [];
  const { defaultOptions } = await library();
  const stored = await defaultOptions.urlStorage.findAllUploads();
  return stored.filter(({ uploadUrl }) => uploadUrl?.startsWith(`${ENDPOINT}/`));
}

/** The incomplete uploads that this browser knows and this tab does not send. */
export const unfinished = async () => (await allStored()).filter(({ uploadUrl }) => !own.has(uploadUrl));

/** Whether the file is the one of which the upload has received the beginning, as far as name, size and time say. */
export async function continues(stored, file) {
  const { defaultOptions } = await library();
  return stored.urlStorageKey.startsWith(`${STORED}${await defaultOptions.fingerprint(file, { endpoint: ENDPOINT })}::`);
}

/** The bytes that the server has; sagaId if it has all. Null if it no longer knows the upload, which is then forgotten. */
export async function received({ uploadUrl }) {
  try {
    const answer = await request(uploadUrl, { method: 'HEAD', headers: VERSION });
    return { bytes: Number(answer.headers.get('Upload-Offset')), sagaId: sagaOf(answer.headers.get('Saga-Location')) };
  } catch (problem) {
    if (!GONE.includes(problem.status)) throw problem;
    await forget(uploadUrl);
    return null;
  }
}

/** Removes what the server has received. */
export async function discard(uploadUrl) {
  try {
    await request(uploadUrl, { method: 'DELETE', headers: VERSION });
  } catch (problem) {
    if (!GONE.includes(problem.status)) throw problem;
  }
  await forget(uploadUrl);
}

export async function forget(uploadUrl) {
  own.delete(uploadUrl);
  for (const stored of await allStored()) {
    if (stored.uploadUrl === uploadUrl) localStorage.removeItem(stored.urlStorageKey);
  }
}

/** Sends one file. */
export class ResumableUpload {
  /** on: begins(), progress(done, total) and waits(why). */
  constructor(file, on) {
    this.file = file;
    this.on = on;
  }

  /** Begins or continues. Resolves with the saga, or with null once it is paused. */
  async send() {
    this.paused = false;
    this.prepared ??= this.prepare();
    this.upload = await this.prepared;
    if (this.paused) return null;
    return new Promise((resolve, reject) => {
      this.end = { resolve, reject };
      this.upload.start();
      this.watch();
    });
  }

  async prepare() {
    const { Upload } = await library();
    const upload = new Upload(this.file, {
      endpoint: ENDPOINT,
      chunkSize: SLICE_BYTES,
      metadata: { filename: this.file.name },
      removeFingerprintOnSuccess: true,
      retryDelays: RETRY_MILLIS,
      onBeforeRequest: request => Object.entries(headers()).forEach(([name, value]) => request.setHeader(name, value)),
      onAfterResponse: (request, response) => this.answered(request, response),
      onUploadUrlAvailable: () => { own.add(upload.url); this.on.begins(); },
      onProgress: (done, total) => { this.watch(done === total); this.on.progress(done, total); },
      onShouldRetry: (error, attempt) => this.retries(problemBehind(error), attempt),
      onError: error => this.failed(problemBehind(error)),
      onSuccess: () => this.ended(),
    });
    const stored = (await upload.findPreviousUploads()).find(({ uploadUrl }) => !own.has(uploadUrl));
    if (stored) {
      own.add(stored.uploadUrl);
      upload.resumeFromPreviousUpload(stored);
    }
    return upload;
  }

  answered(request, response) {
    this.watch();
    check(request, response);
    this.sagaId = sagaOf(response.getHeader('Saga-Location')) ?? this.sagaId;
  }

  /** A connection can be dead without an error. Once all is sent, the server may take long. */
  watch(allSent) {
    clearTimeout(this.stall);
    if (!allSent) this.stall = setTimeout(() => this.reconnect(), STALL_MILLIS);
  }

  reconnect() {
    this.on.waits('nothing could be sent for 2 minutes; trying again');
    this.upload.abort();
    this.upload.start();
    this.watch();
  }

  retries(problem, attempt) {
    if (!isTransient(problem)) return false;
    this.on.waits(`${problem.message}; trying again in ${some(RETRY_MILLIS[attempt] / 1000, 'second')}`);
    this.watch();
    return true;
  }

  async failed(problem) {
    clearTimeout(this.stall);
    if (problem.status === 401 && await askForKey(problem.message)) this.upload.start();
    else this.end.reject(problem);
  }

  ended() {
    clearTimeout(this.stall);
    own.delete(this.upload.url);
    this.end.resolve({ sagaId: this.sagaId });
  }

  /** The bytes that the server has; null if it does not know the upload. */
  async received() {
    return this.upload?.url ? received({ uploadUrl: this.upload.url }) : null;
  }

  /** Stops sending. The server keeps what it has received. */
  pause() {
    this.paused = true;
    clearTimeout(this.stall);
    this.upload?.abort();
    this.end?.resolve(null);
  }

  /** Stops sending and removes what the server has received. */
  async cancel() {
    this.pause();
    if (this.upload?.url) await discard(this.upload.url);
  }
}
