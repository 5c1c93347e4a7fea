// What an operator decides about a saga; each question says what will happen to what.
import { post } from './api.js';
import { ask, h } from './dom.js';
import { bytes, count, isFinal, name } from './format.js';

function removed(saga) {
  const lines = [];
  if (saga.chunksSent > 0) lines.push(`${count(saga.chunksSent)} chunk${saga.chunksSent === 1 ? '' : 's'} (${bytes(saga.bytesSent)}) will be removed from the bucket.`);
  else lines.push('Nothing is confirmed in the bucket yet; what is on its way will be removed.');
  lines.push('Whatever security, vector, graph, relational and other stores hold of it will be removed, newest first, and each is asked whether it is gone.');
  lines.push('The original file is not touched. What cannot be removed now is listed under clean-ups and tried again.');
  return lines;
}

const QUESTIONS = {
  cancel: saga => ({ title: `Cancel ${name(saga.file)}?`, lines: removed(saga), confirm: 'Cancel and remove', danger: true }),
  pause: saga => ({ title: `Pause ${name(saga.file)}?`, lines: ['Nothing is removed. It stops at its next step and waits until somebody resumes or cancels it.'], confirm: 'Pause' }),
  resume: saga => ({
    title: `Resume ${name(saga.file)}?`,
    lines: [`Run ${saga.run + 1} begins. The source is checked first; ${bytes(saga.bytesSent)} that the bucket confirms are not sent again. Nothing is removed.`],
    confirm: 'Resume',
  }),
};

export function possible(saga) {
  if (isFinal(saga) || saga.state === 'COMPENSATING' || saga.state === 'COMPLETING') return [];
  return saga.state === 'PAUSED' ? ['resume', 'cancel'] : ['pause', 'cancel'];
}

const LABELS = { cancel: 'Cancel', pause: 'Pause', resume: 'Resume' };

/** @param tell is given what the server said */
export function buttons(saga, tell) {
  return possible(saga).map(action => h('button', {
    type: 'button', class: action === 'cancel' ? 'danger' : '', 'data-action': action, text: LABELS[action],
    'aria-label': `${LABELS[action]} ${name(saga.file)}`,
    onclick: async () => {
      if (await ask(QUESTIONS[action](saga)) === null) return;
      try {
        await post(`api/sagas/${saga.sagaId}/${action}`);
        tell(`${LABELS[action]}: told; the saga follows in a moment.`);
      } catch (problem) {
        tell(problem.message, true);
      }
    },
  }));
}
