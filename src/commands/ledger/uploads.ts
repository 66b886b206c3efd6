import { EXIT } from '../../cli/exit-codes.ts';
import type { Invocation } from '../../cli/invocation.ts';
import type { ObjectStore } from '../../cos/store.ts';
import type { Requests } from '../../engine/requests/requests.ts';
import {
  type AbortOutcome,
  abortUploads,
  type Pending,
  pendingUploads,
} from '../../engine/upkeep/pending-uploads.ts';
import { checkDivision } from '../../ledger/division.ts';
import { type Ledger, openLedger } from '../../ledger/ledger.ts';
import { targetOf } from '../../ledger/task.ts';
import { describe } from '../../report/describe.ts';
import { openSession, type Session, withLock, withStore } from '../task/session.ts';

/**
 * `cos_sync ledger uploads`: lists unfinished uploads; with `--abort` ends them.
 * @param abort upload IDs; empty for all that no sync goes on with; undefined to list only
 * @param isConfirmed needed where no ID is given
 */
export async function listUploads(
  invocation: Invocation,
  abort: readonly string[] | undefined,
  isConfirmed: boolean,
): Promise<number> {
  const session = await openSession(invocation);
  const isEnding = abort !== undefined && (abort.length > 0 || isConfirmed);
  if (isEnding) {
    return withLock(invocation, session, async (options, signal) => {
      const ledger = await openLedger(options);
      return inCos(session, ledger, signal, (store, requests, pending) =>
        endUploads(invocation, session, { store, requests, ledger, pending, signal }, abort),
      );
    });
  }
  await checkDivision(session.home.dbFolder, session.task);
  const ledger = await openLedger({ file: session.file, task: session.task, readOnly: true });
  return inCos(session, ledger, invocation.signal, async (_, __, pending) => {
    print(invocation, session, pending, abort !== undefined);
    return EXIT.ok;
  });
}

async function inCos(
  session: Session,
  ledger: Ledger,
  signal: AbortSignal,
  work: (store: ObjectStore, requests: Requests, pending: Pending[]) => Promise<number>,
): Promise<number> {
  try {
    return await withStore(session, signal, async (store, requests) =>
      work(store, requests, await pendingUploads(store, requests, session.task.prefix, ledger)),
    );
  } finally {
    await ledger.close();
  }
}

function print(
  { terminal, words, style }: Invocation,
  { task }: Session,
  pending: readonly Pending[],
  asksToEnd: boolean,
): void {
  if (style.json) {
    terminal.out(`${JSON.stringify({ uploads: pending.map(inJson) })}\n`);
    return;
  }
  if (pending.length === 0) {
    terminal.out(`${words.ledger.noUploads(targetOf(task))}\n`);
    return;
  }
  const lines = pending.map(upload => {
    const more = upload.isOurs ? `  (${words.ledger.ours})` : '';
    return `  ${words.ledger.age(ageOf(upload)).padStart(8)}  ${upload.uploadId}  ${upload.key}${more}`;
  });
  const others = pending.filter(({ isOurs }) => !isOurs).length;
  const advice = asksToEnd && others > 0 ? words.ledger.confirm(others) : words.ledger.howToAbort;
  terminal.out(`${[words.ledger.uploads(pending.length, targetOf(task)), ...lines, advice].join('\n')}\n`);
}

interface Ending {
  store: ObjectStore;
  requests: Requests;
  ledger: Ledger;
  pending: readonly Pending[];
  signal: AbortSignal;
}

async function endUploads(
  { terminal, words, style }: Invocation,
  { task }: Session,
  { store, requests, ledger, pending, signal }: Ending,
  ids: readonly string[],
): Promise<number> {
  const chosen = pending.filter(({ uploadId, isOurs }) =>
    ids.length === 0 ? !isOurs : ids.includes(uploadId),
  );
  const unknown = ids.filter(id => !pending.some(({ uploadId }) => uploadId === id));
  const outcome = await abortUploads(store, requests, task.prefix, ledger, chosen);
  signal.throwIfAborted();
  const reasons = reasonsIn(outcome);
  for (const id of unknown) terminal.err(`${words.ledger.noSuchUpload(id)}\n`);
  for (const { key, message } of reasons) terminal.err(`${words.ledger.abortFailed(key, message)}\n`);
  if (style.json) {
    const failed = [...reasons, ...unknown.map(upload_id => ({ upload_id, code: 'NoSuchUpload' }))];
    terminal.out(
      `${JSON.stringify({ uploads: pending.map(inJson), aborted: outcome.ended.map(idOf), failed })}\n`,
    );
  } else {
    const kept = ids.length === 0 ? pending.length - chosen.length : 0;
    const ended = outcome.ended.length;
    terminal.out(`${ended > 0 ? words.ledger.aborted(ended) : words.ledger.nothingToAbort}\n`);
    if (kept > 0) terminal.out(`${words.ledger.keptOurs(kept)}\n`);
  }
  return reasons.length + unknown.length > 0 ? EXIT.failures : EXIT.ok;

  function reasonsIn({ failed }: AbortOutcome) {
    return failed.map(({ upload, failure }) => {
      const { code, message } = describe(failure, words);
      return { key: upload.key, upload_id: upload.uploadId, code, message: `code: ${code}, ${message}` };
    });
  }
}

function idOf({ uploadId }: Pending): string {
  return uploadId;
}

function inJson(upload: Pending) {
  const { key, uploadId, initiated, isOurs } = upload;
  return { key, upload_id: uploadId, initiated, age: ageOf(upload), ours: isOurs };
}

/** seconds */
function ageOf({ initiated }: Pending): number {
  const start = Date.parse(initiated);
  return Number.isNaN(start) ? 0 : Math.max(0, Math.round((Date.now() - start) / 1000));
}
