// Elements without markup: text from outside is only ever text.

/** An element; props: class, text, on…, data-… and attributes; children that are null are left out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'text') element.textContent = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined));
  return element;
}

export const byId = id => document.getElementById(id);

/** Sets text only where it differs, so that a reader's selection and a screen reader are left alone. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** What the browser's tab and its history show. */
export function title(text) {
  document.title = `${text} – Streaming Saga`;
}

/** Which of the things in a part of the page the keyboard is on: it is found again by what it is and does, not as an object. */
function identity(element) {
  const parts = ['data-cleanup', 'data-group'].map(attribute => element.closest(`[${attribute}]`)?.getAttribute(attribute));
  return [...parts, element.tagName, element.dataset.action, element.getAttribute('href'), element.dataset.action ? '' : element.textContent].join('|');
}

/** Replaces what is in an element, and keeps what is open and where the keyboard is; where that is gone, it goes to otherwise. */
export function swap(body, children, otherwise) {
  const open = [...body.querySelectorAll('details[open]')].map(details => details.dataset.details);
  const focused = body.contains(document.activeElement) ? identity(document.activeElement) : null;
  body.replaceChildren(...children.filter(Boolean));
  body.querySelectorAll('details').forEach(details => { details.open = open.includes(details.dataset.details); });
  if (focused === null) return;
  const again = [...body.querySelectorAll('a, button, summary, [tabindex]')].find(element => identity(element) === focused);
  (again ?? otherwise).focus({ preventScroll: true });
}

/** Asks in the page's dialog; resolves with null if closed, else with the text of its field, or '' if it has none. */
export function ask({ title: question, lines, field, confirm, danger }) {
  const dialog = byId('dialog');
  const input = field && h('input', { id: 'dialog-field', type: field.type ?? 'text', required: true, maxlength: 1000, autocomplete: 'off' });
  const form = h('form', { method: 'dialog' },
    h('h2', { id: 'dialog-title', text: question }),
    lines.map(line => h('p', { text: line })),
    field && h('label', { for: 'dialog-field', text: field.label }), input,
    h('menu', {}, [
      h('button', { type: 'button', value: '', text: 'Back', onclick: () => dialog.close('') }),
      h('button', { value: 'yes', class: danger ? 'danger' : 'primary', text: confirm })].map(button => h('li', {}, button))));
  dialog.replaceChildren(form);
  return new Promise(resolve => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes' ? input?.value ?? '' : null), { once: true });
    dialog.returnValue = '';
    dialog.showModal();
    (input ?? form.querySelector('menu button')).focus();
  });
}
