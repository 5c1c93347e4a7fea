// Searches completed documents by meaning and by exact words.
import { download, get } from './api.js';
import { h, title } from './dom.js';

const PAGE = 20;
let last = { text: '', hits: null, next: null, problem: '' };

/** The text with the words that were found as <mark> elements. */
function marked(found) {
  const parts = [];
  let at = 0;
  for (const { start, end } of found.highlights ?? []) {
    if (start > at) parts.push(found.text.slice(at, start));
    parts.push(h('mark', { text: found.text.slice(start, end) }));
    at = end;
  }
  return [...parts, found.text.slice(at)];
}

const hit = found => h('li', {}, h('p', { class: 'hit' }, marked(found)),
  h('p', { class: 'where' }, h('a', { href: `#/sagas/${found.sagaId}`, text: found.part ? `${found.fileName} › ${found.part}` : found.fileName }), ` · page ${found.partPage} · found by ${found.how.replaceAll('+', ' and ')} · `,
    h('button', { type: 'button', class: 'link', text: 'Download', 'aria-label': `Download ${found.fileName}`, onclick: () => download(found.documentId, found.fileName) })));

export function show(main) {
  const answer = h('div', { 'aria-live': 'polite' });
  const input = h('input', { type: 'search', id: 'filter', maxlength: 2000, placeholder: 'What are you looking for?', 'aria-label': 'Search text', value: last.text });
  const more = () => h('button', { type: 'button', text: 'More hits', onclick: async event => {
    event.target.disabled = true;
    const shown = last.hits.length;
    await load(last.next);
    answer.querySelectorAll('.hits a')[shown]?.focus();
  } });
  const render = () => answer.replaceChildren(...(last.problem ? [h('p', { class: 'note bad', text: last.problem })]
    : last.hits === null ? [] : last.hits.length === 0 ? [h('p', { text: 'No good match in the completed documents.' })] : [last.hits[0].weak && h('p', { class: 'note weak', text: 'No good match. The nearest by meaning, which may have nothing to do with it:' }), h('ol', { class: 'hits' }, last.hits.map(hit)), last.next !== null && more()].filter(Boolean)));
  const load = async offset => {
    const asked = last;
    try {
      const found = await get(`api/search?limit=${PAGE}&offset=${offset}&q=${encodeURIComponent(asked.text)}`);
      asked.hits = [...(asked.hits ?? []), ...found.hits];
      asked.next = found.nextOffset ?? null;
    } catch (problem) {
      asked.problem = problem.message;
    }
    if (asked === last) render();
  };
  const form = h('form', { class: 'search', role: 'search', onsubmit: async event => {
    event.preventDefault();
    last = { text: input.value.trim(), hits: null, next: null, problem: '' };
    title(last.text ? `Search: ${last.text}` : 'Search');
    if (!last.text) return;
    answer.replaceChildren(h('p', { text: 'Searching…' }));
    await load(0);
  } }, input, h('button', { class: 'primary', text: 'Search' }));
  title(last.text ? `Search: ${last.text}` : 'Search');
  main.replaceChildren(h('h1', { text: 'Search' }), h('p', { class: 'lead', text: 'Searches all completed documents by meaning and by words. "In quotes": word for word. Only some documents: file:*.pdf type:pdf owner:name after:2026-01-31 before:2026' }), form, answer);
  render();
  return () => {};
}
