// Searches completed documents by meaning and by exact words.
import { download, get } from './api.js';
import { h, title } from './dom.js';

let last = { text: '', hits: null, problem: '' };

const hit = found => h('li', {}, h('p', { class: 'hit', text: found.text }),
  h('p', { class: 'where' }, h('a', { href: `#/sagas/${found.sagaId}`, text: found.fileName }), ` · page ${found.page} · found by ${found.how.replaceAll('+', ' and ')} · `,
    h('button', { type: 'button', class: 'link', text: 'Download', 'aria-label': `Download ${found.fileName}`, onclick: () => download(found.documentId, found.fileName) })));

export function show(main) {
  const answer = h('div', { 'aria-live': 'polite' });
  const input = h('input', { type: 'search', id: 'filter', maxlength: 1000, placeholder: 'What are you looking for?', 'aria-label': 'Search text', value: last.text });
  const render = () => answer.replaceChildren(...(last.problem ? [h('p', { class: 'note bad', text: last.problem })]
    : last.hits === null ? [] : last.hits.length === 0 ? [h('p', { text: 'No good match in the completed documents.' })] : [last.hits[0].weak && h('p', { class: 'note weak', text: 'No good match. The nearest by meaning, which may have nothing to do with it:' }), h('ol', { class: 'hits' }, last.hits.map(hit))].filter(Boolean)));
  const form = h('form', { class: 'search', role: 'search', onsubmit: async event => {
    event.preventDefault();
    last = { text: input.value.trim(), hits: null, problem: '' };
    title(last.text ? `Search: ${last.text}` : 'Search');
    if (!last.text) return;
    answer.replaceChildren(h('p', { text: 'Searching…' }));
    try {
      last.hits = (await get(`api/search?limit=20&q=${encodeURIComponent(last.text)}`)).hits;
    } catch (problem) {
      last.problem = problem.message;
    }
    render();
  } }, input, h('button', { class: 'primary', text: 'Search' }));
  title(last.text ? `Search: ${last.text}` : 'Search');
  main.replaceChildren(h('h1', { text: 'Search' }), h('p', { class: 'lead', text: 'Searches all completed documents by meaning and by exact words.' }), form, answer);
  render();
  return () => {};
}
