// What an operator decides about a saga; each question says what will happen to what.
import { post } from './api.js';
import { ask, h } from './dom.js';
import { bytes, isFinal, name, some } from './format.js';

function removed(saga) {
  const lines = [];
  if (saga.chunksSent > 0) lines.push(`${some(saga.chunksSent, 'chunk')} (${bytes(saga.bytesSent)}) will be removed from the bucket.`);
  else lines.push('The bucket has confirmed nothing yet; whatever still arrives will be removed.');
  lines.push('Everything that the stores hold of it will be removed, newest first. Afterwards each store is asked whether it is gone.');
  lines.push('The original file is not touched. What cannot be removed now is listed under clean-ups and tried again.');
  return lines;
}

const QUESTIONS = {
  cancel: saga => ({ title: `Cancel ${name(saga.file)}?`, lines: removed(saga), confirm: 'Cancel and remove', danger: true }),
  pause: saga => ({ title: `Pause ${name(saga.file)}?`, lines: ['Nothing is removed. The saga stops at once and waits until somebody resumes or cancels it.'], confirm: 'Pause' }),
  resume: saga => ({
    title: `Resume ${name(saga.file)}?`,
    lines: [`Run ${saga.run + 1} begins. The source file is checked first. ${saga.bytesSent > 0 ? `The ${bytes(saga.bytesSent)} that the bucket has confirmed are not sent again. ` : ''}Nothing is removed.`],
    confirm: 'Resume',
  }),
};

export function possible(saga) {
  if (isFinal(saga) || saga.state === 'COMPENSATING' || saga.state === 'COMPLETING') return [];
  return saga.state === 'PAUSED' ? ['resume', 'cancel'] : ['pause', 'cancel'];
}

const LABELS = { cancel: 'Cancel', pause: 'Pause', resume: 'Resume' };

const ASKED = { cancel: 'Cancelling: the saga stops, then what it wrote is removed.', pause: 'Pausing: the saga stops in a moment.', resume: 'Resuming: the next run begins in a moment.' };

/** @param tell is given what happens now */
export function buttons(saga, tell) {
  return possible(saga).map(action => h('button', {
    type: 'button', class: action === 'cancel' ? 'danger' : '', 'data-action': action, text: LABELS[action],
    'aria-label': `${LABELS[action]} ${name(saga.file)}`,
    onclick: async () => {
      if (await ask(QUESTIONS[action](saga)) === null) return;
      try {
        await post(`api/sagas/${saga.sagaId}/${action}`);
        tell(ASKED[action]);
      } catch (problem) {
        tell(problem.message, true);
      }
    },
  }));
}
