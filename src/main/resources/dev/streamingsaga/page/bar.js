// How far a saga is: one bar, and what it says beside it.
import { h, say } from './dom.js';
import { bytes, count, duration, isFinal, isRunning, word } from './format.js';

const isForward = saga => isRunning(saga) && saga.state !== 'COMPENSATING';

/** What the bar shows: the bytes that the bucket has, until the stores have their own measure. */
export function measure(saga) {
  if (saga.state === 'COMPLETED') return { done: saga.sizeBytes ?? 1, total: saga.sizeBytes || 1, unit: 'bytes' };
  if (isFinal(saga)) return { done: 0, total: saga.sizeBytes ?? 0, unit: 'bytes' };
  const { progress } = saga;
  if (isRunning(saga) && saga.state !== 'UPLOADING' && progress) return progress.total > 0 ? progress : { done: 0, total: 0, unit: progress.unit };
  return { done: saga.bytesSent, total: saga.sizeBytes ?? 0, unit: 'bytes' };
}

export function stepOf(saga) {
  return saga.progress && isForward(saga) ? saga.progress.step : word(saga.state);
}

function amount(n, unit) {
  return unit === 'bytes' ? bytes(n) : `${count(n)} ${unit}`;
}

export function speed(saga) {
  const perSecond = saga.pace?.perSecond;
  if (!isForward(saga) || !perSecond) return '';
  const { unit } = measure(saga);
  return unit === 'bytes' ? `${(perSecond / 1e6).toFixed(perSecond < 1e7 ? 1 : 0)} MB/s` : `${count(Math.round(perSecond))} ${unit}/s`;
}

export function eta(saga) {
  const { done, total } = measure(saga);
  const perSecond = saga.pace?.perSecond;
  return isForward(saga) && perSecond > 0 && total > done ? `${duration((total - done) / perSecond)} left` : '';
}

/** An element and a function that brings it up to date. */
export function bar(saga) {
  const meter = h('progress', {});
  const label = h('span', { class: 'bar-label' });
  const element = h('div', { class: 'bar' }, meter, label);
  const update = now => {
    const { done, total, unit } = measure(now);
    element.dataset.done = done;
    element.dataset.total = total;
    element.dataset.state = now.state;
    if (total > 0 || isFinal(now) || now.state === 'PAUSED') {
      meter.max = total || 1;
      meter.value = Math.min(done, total);
    } else {
      meter.removeAttribute('value');
    }
    const share = total > 0 ? `${Math.floor(100 * done / total)} %` : '';
    meter.setAttribute('aria-label', `${stepOf(now)} ${share}`);
    say(label, isFinal(now) ? now.state === 'COMPLETED' ? amount(done, unit) : '' : [share, total > 0 ? `${amount(done, unit)} of ${amount(total, unit)}` : ''].filter(Boolean).join(' · '));
  };
  update(saga);
  return { element, update };
}
