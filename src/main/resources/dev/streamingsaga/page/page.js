// Routing between views, keyboard shortcuts, and files dropped on the page.
import { show as cleanups } from './cleanups.js';
import { byId } from './dom.js';
import { start } from './live.js';
import { show as saga } from './saga.js';
import { show as sagas } from './sagas.js';
import { show as search } from './search.js';
import { add, listUnfinished } from './uploads.js';

const SHORTCUTS = 'streaming-saga-shortcuts';
let closeView = () => {};
let focusFilter = false;

function route() {
  closeView();
  const [view, id] = location.hash.replace(/^#\/?/, '').split('/');
  const main = byId('main');
  closeView = view === 'sagas' && id ? saga(main, id) : view === 'cleanups' ? cleanups(main) : view === 'search' ? search(main) : sagas(main);
  main.querySelector('h1').tabIndex = -1;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.dataset.view === (view || 'sagas')) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

/** Opens a view. The focused element is gone with the old view, so focus the new heading, also for screen readers. */
function enter() {
  route();
  scrollTo(0, 0);
  // After the shortcut for search, focus its field.
  (focusFilter ? byId('filter') : byId('main').querySelector('h1')).focus();
  focusFilter = false;
}

function move(by) {
  const rows = [...document.querySelectorAll('.row')];
  const at = rows.findIndex(row => row.contains(document.activeElement));
  rows[Math.max(0, Math.min(rows.length - 1, at + by))]?.querySelector('a').focus();
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  '/': () => byId('filter')?.focus(),
  c: () => { location.hash = '#/cleanups'; },
  s: () => {
    focusFilter = location.hash !== '#/search';
    if (focusFilter) location.hash = '#/search';
    else byId('filter').focus();
  },
};

const shortcuts = byId('shortcuts');
shortcuts.checked = localStorage.getItem(SHORTCUTS) !== 'off';
shortcuts.addEventListener('change', () => localStorage.setItem(SHORTCUTS, shortcuts.checked ? 'on' : 'off'));

addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest?.('input:not([type=checkbox]), textarea, select, [contenteditable], dialog');
  if (event.key === 'Escape') {
    if (!typing) location.hash = '#/';
    else if (!typing.closest('dialog')) event.target.blur();
    return;
  }
  if (!typing && shortcuts.checked && KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
  }
});

let depth = 0;
const files = event => [...event.dataTransfer?.types ?? []].includes('Files');
addEventListener('dragenter', event => { if (files(event)) byId('drop').hidden = ++depth === 0; });
addEventListener('dragleave', event => { if (files(event)) byId('drop').hidden = --depth === 0; });
addEventListener('dragover', event => { if (files(event)) event.preventDefault(); });
addEventListener('drop', event => {
  if (!files(event)) return;
  event.preventDefault();
  depth = 0;
  byId('drop').hidden = true;
  add(event.dataTransfer.files);
});
byId('pick').addEventListener('change', event => { add(event.target.files); event.target.value = ''; });

addEventListener('hashchange', enter);
route();
start();
listUnfinished();
