// The operator commands for a saga. Each confirmation says what will happen.
import { post, remove } from './api.js';
import { ask, h } from './dom.js';
import { bytes, isDeliveredAgain, isFinal, name, some } from './format.js';

function cancelEffects(saga) {
  const lines = [];
  if (saga.chunksSent > 0) lines.push(`${some(saga.chunksSent, 'chunk')} (${bytes(saga.bytesSent)}) will be removed from the bucket.`);
  else lines.push('The bucket has confirmed no chunk yet. Chunks that still arrive will be removed.');
  lines.push('All data of this saga in the stores will be removed, newest first. Afterwards each store is checked.');
  lines.push('The original file is not touched. Data that cannot be removed now is listed under clean-ups and retried.');
  return lines;
}

const QUESTIONS = {
  cancel: saga => isDeliveredAgain(saga) ? {
    title: `Cancel the redelivery of ${name(saga.file)}?`, lines: ['The document is not delivered again. Nothing else changes.'], confirm: 'Cancel redelivery', danger: true,
  } : ({ title: `Cancel ${name(saga.file)}?`, lines: cancelEffects(saga), confirm: 'Cancel and remove', danger: true }),
  pause: saga => ({ title: `Pause ${name(saga.file)}?`, lines: ['Nothing is removed. The saga stops at once and waits until it is resumed or cancelled.'], confirm: 'Pause' }),
  resume: saga => isDeliveredAgain(saga) ? {
    title: `Deliver ${name(saga.file)} again now?`, lines: ['Another saga of the document starts in a moment.'], confirm: 'Deliver now',
  } : ({
    title: `Resume ${name(saga.file)}?`,
    lines: [`Run ${saga.run + 1} starts. The source file is checked first. ${saga.bytesSent > 0 ? `The ${bytes(saga.bytesSent)} that the bucket has confirmed are not sent again. ` : ''}Nothing is removed.`],
    confirm: 'Resume',
  }),
};

export function allowedActions(saga) {
  if (isDeliveredAgain(saga)) return saga.delivery.redelivery === 'DUE' ? ['resume', 'cancel'] : ['cancel'];
  if (isFinal(saga) || saga.state === 'COMPENSATING' || saga.state === 'COMPLETING') return [];
  return saga.state === 'PAUSED' ? ['resume', 'cancel'] : ['pause', 'cancel'];
}

const LABELS = { cancel: 'Cancel', pause: 'Pause', resume: 'Resume' };

const ACCEPTED = { cancel: 'Cancelling: the saga stops, then its data is removed.', pause: 'Pausing: the saga stops in a moment.', resume: 'Resuming: the next run starts in a moment.' };

/** For a completed document that is not deleted. @param notify called with the message to show */
export function deleteButton(saga, notify) {
  const file = name(saga.file);
  return h('button', {
    type: 'button', class: 'danger', text: 'Delete', 'data-action': 'delete', 'aria-label': `Delete ${file}`,
    onclick: async () => {
      const reason = await ask({
        title: `Delete ${file} permanently?`,
        lines: [
          'The document and all its versions disappear at once from search, lists of documents and downloads. Then their data is removed from every store and from the bucket.',
          'This cannot be undone. What was deleted, when, by whom and why is kept. The original file is not touched.',
        ],
        field: { label: 'Reason (kept in the journal)' }, confirm: 'Delete', danger: true,
      });
      if (reason === null) return;
      try {
        await remove(`api/documents/${saga.documentId}?reason=${encodeURIComponent(reason)}`);
        notify('Deleted: the document is visible nowhere any more. Its data is being removed.');
      } catch (problem) {
        notify(problem.message, true);
      }
    },
  });
}

/** @param notify called with the message to show */
export function buttons(saga, notify) {
  return allowedActions(saga).map(action => h('button', {
    type: 'button', class: action === 'cancel' ? 'danger' : '', 'data-action': action, text: LABELS[action],
    'aria-label': `${LABELS[action]} ${name(saga.file)}`,
    onclick: async () => {
      if (await ask(QUESTIONS[action](saga)) === null) return;
      try {
        await post(`api/sagas/${saga.sagaId}/${action}`);
        notify(ACCEPTED[action]);
      } catch (problem) {
        notify(problem.message, true);
      }
    },
  }));
}
