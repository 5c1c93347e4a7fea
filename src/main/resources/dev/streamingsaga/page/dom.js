// Creates elements without parsing markup: text from outside always stays text.

/** Creates an element; props: class, text, on…, data-… and attributes. Skips children that are null. */
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

/** Sets text only if it differs, so that selections stay and screen readers do not repeat it. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets the title of the browser tab. */
export function title(text) {
  document.title = `${text} – Streaming Saga`;
}

/** A key that identifies an element by its content and action, so that its successor is found after a redraw. */
function identity(element) {
  const parts = ['data-cleanup', 'data-group'].map(attribute => element.closest(`[${attribute}]`)?.getAttribute(attribute));
  return [...parts, element.tagName, element.dataset.action, element.getAttribute('href'), element.dataset.action ? '' : element.textContent].join('|');
}

/** Replaces the children of an element. Keeps open details and the focus; if the focused element is gone, focuses fallback. */
export function swap(body, children, fallback) {
  const open = [...body.querySelectorAll('details[open]')].map(details => details.dataset.details);
  const focused = body.contains(document.activeElement) ? identity(document.activeElement) : null;
  body.replaceChildren(...children.filter(Boolean));
  body.querySelectorAll('details').forEach(details => { details.open = open.includes(details.dataset.details); });
  if (focused === null) return;
  const successor = [...body.querySelectorAll('a, button, summary, [tabindex]')].find(element => identity(element) === focused);
  (successor ?? fallback).focus({ preventScroll: true });
}

/** Opens the dialog; resolves with null if it is closed, otherwise with the text of its field, or '' without a field. */
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
