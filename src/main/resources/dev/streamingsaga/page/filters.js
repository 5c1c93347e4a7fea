// The exact conditions of the list: the same parameters as those of GET /api/sagas.
import { h } from './dom.js';
import { name, word } from './format.js';

const REASONS = [
  'FILE_NOT_FOUND', 'FILE_NOT_READABLE', 'FILE_TOO_LARGE', 'SOURCE_BUSY', 'DUPLICATE',
  'METADATA_CORRUPT', 'MAX_RETRIES_EXCEEDED', 'STORAGE_FULL', 'CHUNK_COUNT_MISMATCH',
  'CHUNK_ORDER_MISMATCH', 'CHUNK_MISSING', 'CHUNK_CORRUPT', 'HASH_MISMATCH', 'SIZE_MISMATCH',
  'STORE_FAILED', 'TIMEOUT', 'CANCELLED', 'COORDINATOR_UNAVAILABLE', 'CLIENT_ABORTED',
];

const WARNINGS = [
  'LOCKED', 'DAMAGED', 'TEXT_TRUNCATED', 'NO_TEXT_LAYER', 'TEXT_RECOGNISED', 'OUT_OF_MEMORY', 'CPU_TIME', 'DISK_LIMIT',
  'STALLED', 'READER_DIED', 'NO_READER', 'ATTACHMENTS_NOT_READ', 'XFA_PLACEHOLDER', 'ENCODING_GUESSED', 'TYPE_UNKNOWN',
];

const values = { name: '', reason: '', warning: '', owner: '', after: '', before: '' };

export const isFiltered = () => Object.values(values).some(Boolean);

/** The time of a field of the form in the zone of the browser. */
const time = value => new Date(value).toISOString();

/** The query parameters of the conditions that are set, beginning with &. */
export function parameters() {
  return Object.entries(values).filter(([, value]) => value)
    .map(([key, value]) => `&${key}=${encodeURIComponent(key === 'after' || key === 'before' ? time(value) : value)}`).join('');
}

const plain = text => text.normalize('NFC').toLowerCase();

function matchesName(file) {
  if (!values.name.includes('*')) return file === values.name;
  const parts = plain(values.name).split(/\*+/).map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(plain(file));
}

/** Whether a saga meets the conditions, so that live events are filtered as the server does. */
export const meets = saga => (!values.name || matchesName(name(saga.file)))
  && (!values.reason || saga.reason === values.reason)
  && (!values.warning || (values.warning === 'any' ? saga.warningCount > 0 : saga.warningCodes?.includes(values.warning)))
  && (!values.owner || saga.owner === values.owner)
  && (!values.after || Date.parse(saga.receivedAt) >= Date.parse(values.after))
  && (!values.before || Date.parse(saga.receivedAt) < Date.parse(values.before));

/** The form; calls onchange after each change. */
export function form(onchange) {
  const change = event => {
    const { id, value } = event.target;
    const key = id.replace('filter-', '');
    if (values[key] === value.trim()) return;
    values[key] = value.trim();
    clear.hidden = !isFiltered();
    onchange();
  };
  const field = (key, label, control) => h('div', {}, h('label', { for: `filter-${key}`, text: label }), control);
  const input = (key, type, props = {}) => h('input', { id: `filter-${key}`, type, value: values[key], autocomplete: 'off', onchange: change, ...props });
  const reason = h('select', { id: 'filter-reason', onchange: change }, h('option', { value: '', text: 'any' }),
    REASONS.map(each => h('option', { value: each, text: word(each), selected: each === values.reason })));
  const warning = h('select', { id: 'filter-warning', onchange: change }, h('option', { value: '', text: 'with or without' }),
    h('option', { value: 'any', text: 'any', selected: values.warning === 'any' }),
    WARNINGS.map(each => h('option', { value: each, text: word(each), selected: each === values.warning })));
  const clear = h('button', { type: 'button', 'data-action': 'clear', text: 'Clear filters', onclick: () => {
    Object.keys(values).forEach(key => { values[key] = ''; });
    element.querySelectorAll('input, select').forEach(control => { control.value = ''; });
    clear.hidden = true;
    onchange();
  } });
  clear.hidden = !isFiltered();
  const element = h('details', { class: 'filters', open: isFiltered() }, h('summary', { text: 'More filters' }),
    h('div', { class: 'fields' },
      field('name', 'File name, * for any characters', input('name', 'text', { maxlength: 200 })),
      field('reason', 'Reason', reason),
      field('warning', 'Warning', warning),
      field('owner', 'Owner', input('owner', 'text', { maxlength: 200 })),
      field('after', 'Received from', input('after', 'datetime-local')),
      field('before', 'Received before', input('before', 'datetime-local')), clear));
  return element;
}
