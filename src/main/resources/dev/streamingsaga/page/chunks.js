// Draws the chunks of a document as a map with one square for each chunk.
import { h } from './dom.js';
import { count, some } from './format.js';

const KINDS = { '.': 'pending', '>': 'sending', s: 'sent', v: 'verified', x: 'failed' };
const MAX_SIDE = 14;
const MIN_SIDE = 3;
const GAP = 2;

/** @param stopped sending has ended: chunks that were being sent have failed */
export function chunkMap(chunks, stopped) {
  const map = stopped ? chunks.map.replaceAll('>', 'x') : chunks.map;
  const numbers = { pending: chunks.pending, sending: stopped ? 0 : chunks.sending, sent: chunks.sent, verified: chunks.verified, failed: stopped ? chunks.sending : 0 };
  const legend = h('ul', { class: 'legend' }, Object.entries(numbers).filter(([, n]) => n > 0)
    .map(([kind, n]) => h('li', { 'data-kind': kind, text: `${kind} ${count(n)}` })),
  chunks.retried > 0 ? h('li', { text: `sent more than once ${count(chunks.retried)}` }) : null);
  const words = Object.entries(numbers).filter(([, n]) => n > 0).map(([kind, n]) => `${n} ${kind}`).join(', ');
  const canvas = h('canvas', { role: 'img', 'aria-label': `${some(chunks.total, 'chunk')}: ${words}`, 'data-map': map });
  const box = h('div', { class: 'map' }, canvas);
  const draw = () => paint(canvas, map, box.clientWidth);
  new ResizeObserver(draw).observe(box);
  return h('div', {}, box, legend);
}

function paint(canvas, map, width) {
  if (width === 0) return;
  const colours = {};
  for (const [letter, kind] of Object.entries(KINDS)) {
    canvas.style.color = `var(--${kind})`;
    colours[letter] = getComputedStyle(canvas).color;
  }
  const side = Math.max(MIN_SIDE, Math.min(MAX_SIDE, Math.floor(Math.sqrt(width * 120 / map.length)) - GAP));
  const columns = Math.max(1, Math.floor(width / (side + GAP)));
  const scale = window.devicePixelRatio || 1;
  const height = Math.ceil(map.length / columns) * (side + GAP);
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d');
  context.scale(scale, scale);
  for (let i = 0; i < map.length; i++) {
    context.fillStyle = colours[map[i]];
    context.fillRect(i % columns * (side + GAP), Math.floor(i / columns) * (side + GAP), side, side);
  }
}
