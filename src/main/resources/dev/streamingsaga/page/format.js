// Sizes, times and states in words.

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

export function bytes(n) {
  if (n === null || n === undefined) return '–';
  let unit = 0;
  while (n >= 1000 && unit < UNITS.length - 1) { n /= 1000; unit++; }
  return `${unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${UNITS[unit]}`;
}

export const count = n => n === null || n === undefined ? '–' : n.toLocaleString('en');

export function duration(seconds) {
  if (!Number.isFinite(seconds)) return '–';
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor(s % 86400 / 3600)} h`;
}

export const millis = ms => ms < 1000 ? `${ms} ms` : ms < 60000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms / 1000);

export const age = iso => duration((Date.now() - Date.parse(iso)) / 1000);

export const clock = iso => iso ? new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' }) : '–';

const FINAL = new Set(['COMPLETED', 'COMPENSATED', 'PARTIALLY_COMPENSATED']);

export const isFinal = saga => FINAL.has(saga.state);
export const needsAttention = saga => saga.state === 'PARTIALLY_COMPENSATED' || saga.state === 'PAUSED';
export const isRunning = saga => !isFinal(saga) && saga.state !== 'PAUSED';

/** PARTIALLY_COMPENSATED as a person says it. */
export const word = state => state.toLowerCase().replaceAll('_', ' ');

export const name = path => path.split('/').pop();
