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

/** Asks in the page's dialog; resolves with null if closed, else with the text of its field, or '' if it has none. */
export function ask({ title, lines, field, confirm, danger }) {
  const dialog = byId('dialog');
  const input = field && h('input', { id: 'dialog-field', type: field.type ?? 'text', required: true, maxlength: 1000, autocomplete: 'off' });
  const form = h('form', { method: 'dialog' },
    h('h2', { id: 'dialog-title', text: title }),
    lines.map(line => h('p', { text: line })),
    field && h('label', { for: 'dialog-field', text: field.label }), input,
    h('menu', {},
      h('button', { type: 'button', value: '', text: 'Back', onclick: () => dialog.close('') }),
      h('button', { value: 'yes', class: danger ? 'danger' : 'primary', text: confirm })));
  dialog.replaceChildren(form);
  return new Promise(resolve => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes' ? input?.value ?? '' : null), { once: true });
    dialog.returnValue = '';
    dialog.showModal();
    (input ?? form.querySelector('menu button')).focus();
  });
}
