// What ended in each of the last hours: two small bar charts, and the same numbers as a table.
import { get } from './api.js';
import { h, setText } from './dom.js';
import { bytes, count } from './format.js';

const HOURS = 24;
const WIDTH = 480;
const HEIGHT = 56;
const GAP = 3;
const REFRESH_MILLIS = 30000;
const CLOSED = 'streaming-saga-chart-closed';
const SVG = 'http://www.w3.org/2000/svg';

const sum = (hours, key) => hours.reduce((n, hour) => n + hour[key], 0);
const hourOf = iso => new Date(iso).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });

function node(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Bars of stacked values; series: a class and a key of an hour each, from the bottom to the top. */
function bars(hours, series, label, describe) {
  const highest = Math.max(1, ...hours.map(hour => series.reduce((n, { key }) => n + hour[key], 0)));
  const width = WIDTH / hours.length;
  return node('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
    ...hours.map((hour, i) => {
      let top = HEIGHT;
      const title = node('title', {});
      title.textContent = describe(hour);
      return node('g', {}, title, node('rect', { class: 'ground', x: i * width, y: 0, width: width - GAP, height: HEIGHT }),
        ...series.filter(({ key }) => hour[key] > 0).map(({ key, kind }) => {
          // At least 2, or one failure among thousands would not be seen.
          const height = Math.max(2, HEIGHT * hour[key] / highest);
          top = Math.max(0, top - height);
          return node('rect', { class: kind, x: i * width, y: top, width: width - GAP, height });
        }));
    }));
}

function figure(title, svg, hours) {
  return h('figure', {}, h('figcaption', { text: title }), svg,
    h('div', { class: 'axis', 'aria-hidden': 'true' }, h('span', { text: hourOf(hours[0].from) }), h('span', { text: 'now' })));
}

function table(hours) {
  const ended = hours.filter(hour => hour.completed + hour.compensated > 0).reverse();
  return h('details', { class: 'numbers' }, h('summary', { text: 'Show as a table' }), h('table', {},
    h('thead', {}, h('tr', {}, ['Hour', 'Completed', 'Compensated', 'Bytes'].map(t => h('th', { scope: 'col', text: t })))),
    h('tbody', {}, ended.map(hour => h('tr', {}, h('th', { scope: 'row', text: hourOf(hour.from) }),
      h('td', { text: count(hour.completed) }), h('td', { text: count(hour.compensated) }), h('td', { text: bytes(hour.bytes) }))))));
}

/** Returns the element and a function that reads the numbers again, at most every 30 s. */
export function chart() {
  const summary = h('summary', {});
  const body = h('div', { class: 'figures' });
  const element = h('details', { class: 'chart', open: localStorage.getItem(CLOSED) !== 'yes', ontoggle: () => localStorage.setItem(CLOSED, element.open ? 'no' : 'yes') }, summary, body);
  element.hidden = true;
  let next = 0;

  function draw(hours) {
    const completed = sum(hours, 'completed');
    const compensated = sum(hours, 'compensated');
    const text = `Last ${HOURS} hours: ${count(completed)} completed (${bytes(sum(hours, 'bytes'))}), ${count(compensated)} compensated`;
    element.hidden = completed + compensated === 0;
    setText(summary, text);
    const open = body.querySelector('.numbers')?.open;
    body.replaceChildren(
      figure('Sagas per hour', bars(hours, [{ key: 'completed', kind: 'completed' }, { key: 'compensated', kind: 'compensated' }], `Sagas per hour. ${text}`,
        hour => `${hourOf(hour.from)}: ${count(hour.completed)} completed, ${count(hour.compensated)} compensated`), hours),
      figure('Bytes per hour', bars(hours, [{ key: 'bytes', kind: 'bytes' }], `Bytes per hour. ${text}`, hour => `${hourOf(hour.from)}: ${bytes(hour.bytes)}`), hours),
      table(hours));
    body.querySelector('.numbers').open = Boolean(open);
  }

  const refresh = async () => {
    if (performance.now() < next) return;
    next = performance.now() + REFRESH_MILLIS;
    try {
      draw((await get(`api/statistics?hours=${HOURS}`)).hours);
    } catch (problem) {
      console.info(`statistics: ${problem.message}`);
    }
  };
  return { element, refresh };
}
