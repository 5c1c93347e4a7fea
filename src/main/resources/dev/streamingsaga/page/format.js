// Formats sizes, numbers, times and states.

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

export function bytes(n) {
  if (n === null || n === undefined) return '–';
  let unit = 0;
  while (n >= 1000 && unit < UNITS.length - 1) { n /= 1000; unit++; }
  return `${unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${UNITS[unit]}`;
}

export const count = n => n === null || n === undefined ? '–' : n.toLocaleString('en');

/** 1 chunk, 2 chunks; pass the plural if it is not the singular with an s. */
export const some = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

export function duration(seconds) {
  if (!Number.isFinite(seconds)) return '–';
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor(s % 86400 / 3600)} h`;
}

export const millis = ms => ms < 1000 ? `${ms} ms` : ms < 60000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms / 1000);

/** In the largest unit only, to fit into a column. */
export function ago(iso) {
  const s = Math.max(0, Math.round((Date.now() - Date.parse(iso)) / 1000));
  if (s < 60) return `${s} s ago`;
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ago`;
  return `${Math.floor(s / 86400)} d ago`;
}

export const age = iso => duration((Date.now() - Date.parse(iso)) / 1000);

export const clock = iso => iso ? new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' }) : '–';

const FINAL = new Set(['COMPLETED', 'COMPENSATED', 'PARTIALLY_COMPENSATED']);

/** Which attempt to deliver its document a saga is, and what follows; empty for the only one. */
export function attempt(saga) {
  const { delivery } = saga;
  if (!delivery) return '';
  const next = {
    DUE: () => `, next at ${clock(delivery.nextAt)}`, AFTER_CLEANUP: () => ', next when its residue is removed', STARTED: () => ', delivered again',
    REPLACED: () => ', replaced by another saga', CANCELLED: () => ', redelivery cancelled', GIVEN_UP: () => ', given up',
  }[delivery.redelivery];
  return `attempt ${delivery.attempt} of ${delivery.of}${next ? next() : ''}`;
}

export const isDeliveredAgain = saga => saga.delivery?.redelivery === 'DUE' || saga.delivery?.redelivery === 'AFTER_CLEANUP';

export const isFinal = saga => FINAL.has(saga.state);
export const needsAttention = saga => saga.needsAttention;
export const isRunning = saga => !isFinal(saga) && saga.state !== 'PAUSED';
/** Received, but no step has started. */
export const isWaiting = saga => saga.state === 'RECEIVED' && !saga.progress;

/** The duration of a saga in milliseconds; until now if it has no outcome yet. */
export const took = saga => ((saga.finishedAt ? Date.parse(saga.finishedAt) : Date.now()) - Date.parse(saga.receivedAt));

/** A state or reason as text: PARTIALLY_COMPENSATED becomes partially compensated. */
export const word = state => state.toLowerCase().replaceAll('_', ' ');

/** A newer version of the program began the saga. */
export const NEWER_VERSION = 'needs a newer version';

export const name = path => path.split('/').pop();
