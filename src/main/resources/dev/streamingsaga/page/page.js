// Which view is shown, the keyboard, and files dropped anywhere.
import { show as cleanups } from './cleanups.js';
import { byId } from './dom.js';
import { start } from './live.js';
import { show as saga } from './saga.js';
import { show as sagas } from './sagas.js';
import { show as search } from './search.js';
import { add } from './uploads.js';

let leave = () => {};

function route() {
  leave();
  const [view, id] = location.hash.replace(/^#\/?/, '').split('/');
  const main = byId('main');
  leave = view === 'sagas' && id ? saga(main, id) : view === 'cleanups' ? cleanups(main) : view === 'search' ? search(main) : sagas(main);
  for (const link of document.querySelectorAll('nav a')) {
    if (link.dataset.view === (view || 'sagas')) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

function move(by) {
  const rows = [...document.querySelectorAll('.row')];
  const at = rows.indexOf(document.activeElement);
  rows[Math.max(0, Math.min(rows.length - 1, at + by))]?.focus();
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  '/': () => byId('filter')?.focus(),
  c: () => { location.hash = '#/cleanups'; },
  s: () => { location.hash = '#/search'; },
  Escape: () => { location.hash = '#/'; },
};

addEventListener('keydown', event => {
  const typing = event.target.closest('input, textarea, dialog');
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing) {
    if (event.key === 'Escape' && !typing.closest('dialog')) event.target.blur();
    return;
  }
  if (KEYS[event.key]) {
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

addEventListener('hashchange', route);
route();
start();
