// The progress bar of a running saga, and the text beside it.
import { h, setText } from './dom.js';
import { bytes, count, duration, isFinal, isRunning, isWaiting, millis, some, took, word } from './format.js';

const STALLED_MILLIS = 8000;

const isForward = saga => isRunning(saga) && saga.state !== 'COMPENSATING';

/** The progress to show: bytes in the bucket while uploading, afterwards the unit of the running step. */
export function measure(saga) {
  if (saga.state === 'COMPLETED') return { done: saga.sizeBytes ?? 1, total: saga.sizeBytes || 1, unit: 'bytes' };
  if (isFinal(saga)) return { done: 0, total: saga.sizeBytes ?? 0, unit: 'bytes' };
  const { progress } = saga;
  if (isRunning(saga) && saga.state !== 'UPLOADING' && progress) return { done: progress.done, total: Math.max(0, progress.total), unit: progress.unit };
  return { done: saga.bytesSent, total: saga.sizeBytes ?? 0, unit: 'bytes' };
}

export function stepOf(saga) {
  return saga.progress && isForward(saga) ? saga.progress.step : isWaiting(saga) ? 'waiting' : word(saga.state);
}

/** The server sends units in the plural. */
function amount(n, unit) {
  return unit === 'bytes' ? bytes(n) : some(n, unit.replace(/s$/, ''), unit);
}

function progressText({ done, total, unit }) {
  if (total > 0) return `${Math.floor(100 * Math.min(done, total) / total)} % · ${unit === 'bytes' ? bytes(done) : count(done)} of ${amount(total, unit)}`;
  return done > 0 && unit !== 'bytes' ? `${amount(done, unit)} so far` : '';
}

function outcome(saga) {
  const time = took(saga) < 60000 ? millis(took(saga)) : duration(took(saga) / 1000);
  return saga.state === 'COMPLETED' ? `took ${time}` : `ended after ${time}`;
}

/** The current speed; null if there was no progress for a while. */
const pace = saga => saga.pace && performance.now() - saga.pace.at < STALLED_MILLIS ? saga.pace.perSecond : null;

export function speed(saga) {
  const perSecond = pace(saga);
  if (!isForward(saga) || !perSecond) return '';
  const { unit } = measure(saga);
  return unit === 'bytes' ? `${(perSecond / 1e6).toFixed(perSecond < 1e7 ? 1 : 0)} MB/s` : `${count(Math.round(perSecond))} ${unit}/s`;
}

export function eta(saga) {
  const { done, total } = measure(saga);
  const perSecond = pace(saga);
  return isForward(saga) && perSecond > 0 && total > done ? `${duration((total - done) / perSecond)} left` : '';
}

/** Creates the bar; returns its element and a function that updates it. */
export function bar(saga) {
  const meter = h('progress', {});
  const label = h('span', { class: 'bar-label' });
  const element = h('div', { class: 'bar' }, meter, label);
  const update = now => {
    const all = measure(now);
    const { done, total } = all;
    element.dataset.done = done;
    element.dataset.total = total;
    element.dataset.state = now.state;
    meter.hidden = isFinal(now) || isWaiting(now);
    if (total > 0 || now.state === 'PAUSED') {
      meter.max = total || 1;
      meter.value = Math.min(done, total);
    } else {
      meter.removeAttribute('value');
    }
    const words = isFinal(now) ? outcome(now) : isWaiting(now) ? '' : progressText(all);
    meter.setAttribute('aria-label', `${stepOf(now)} ${words}`.trim());
    setText(label, words);
  };
  update(saga);
  return { element, update };
}
