// Commands for all sagas or clean-ups that a list selects. Counts first, and asks.
import { post } from './api.js';
import { ask } from './dom.js';
import { count, some } from './format.js';

const SAGAS = {
  cancel: { word: 'cancelled', question: n => ({ title: `Cancel ${some(n, 'saga')}?`, confirm: `Cancel ${some(n, 'saga')}`, danger: true,
    lines: ['All their data in the bucket and in the stores will be removed, newest first.', 'The original files are not touched. Data that cannot be removed now is listed under clean-ups and retried.'] }) },
  resume: { word: 'resumed', question: n => ({ title: `Resume ${some(n, 'saga')}?`, confirm: `Resume ${some(n, 'saga')}`,
    lines: ['Their next run starts. What the bucket has confirmed is not sent again.'] }) },
  pause: { word: 'paused', question: n => ({ title: `Pause ${some(n, 'saga')}?`, confirm: `Pause ${some(n, 'saga')}`,
    lines: ['Nothing is removed. They stop at once and wait until they are resumed or cancelled.'] }) },
};

const more = preview => preview.more ? ['More match than one request may change. Repeat it for the others.'] : [];

function result(what, { requested, refused, more: left }) {
  return [`Requested for ${what(requested)}.`, refused > 0 && `${count(refused)} did not accept it any more.`, left && 'More match; repeat it for them.']
    .filter(Boolean).join(' ');
}

/** @param query the parameters that select the sagas, without a leading question mark */
export async function commandSagas(action, query, notify) {
  const path = `api/bulk/sagas?${query}`;
  try {
    const preview = await post(path, { action, dryRun: true });
    if (preview.requested === 0) return notify(`No saga of this list can be ${SAGAS[action].word}.`);
    const question = SAGAS[action].question(preview.requested);
    if (await ask({ ...question, lines: [...question.lines, ...more(preview)] }) === null) return undefined;
    return notify(result(n => some(n, 'saga'), await post(path, { action, limit: preview.requested })));
  } catch (problem) {
    return notify(problem.message, true);
  }
}

const entries = n => some(n, 'entry', 'entries');

const CLEANUPS = {
  retry: n => ({ title: `Retry ${entries(n)}?`, confirm: `Retry ${entries(n)}`, lines: ['Their data is removed now if the stores allow it. Entries of the same saga and step are retried together.'] }),
  resolve: n => ({ title: `Close ${entries(n)}?`, confirm: `Close ${entries(n)}`, danger: true, field: { label: 'Reason (kept in the journal)' },
    lines: ['Nothing is removed. Their data stays where it is and is not retried.'] }),
};

/** @param query as for commandSagas */
export async function commandCleanups(action, query, notify) {
  const path = `api/bulk/cleanups?${query}`;
  try {
    const preview = await post(path, { action, dryRun: true });
    if (preview.requested === 0) return notify('Nothing is open.');
    const question = CLEANUPS[action](preview.requested);
    const reason = await ask({ ...question, lines: [...question.lines, ...more(preview)] });
    if (reason === null) return undefined;
    return notify(result(entries, await post(path, { action, limit: preview.requested, ...(action === 'resolve' ? { reason } : {}) })));
  } catch (problem) {
    return notify(problem.message, true);
  }
}
