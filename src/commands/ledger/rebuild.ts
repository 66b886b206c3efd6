import { EXIT } from '../../cli/exit-codes.ts';
import type { Invocation } from '../../cli/invocation.ts';
import { checkLocalPath } from '../../engine/local/local-path.ts';
import { type RebuildCounts, rebuildRecords } from '../../engine/upkeep/rebuild.ts';
import { findAside } from '../../ledger/datafile.ts';
import { firstScan } from '../../ledger/last-scan.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openIfWhole, replaceLedger } from '../../ledger/replace.ts';
import { openLog } from '../../report/log.ts';
import { openSession, type Session, withLock, withStore } from '../task/session.ts';

/** The names in JSON, in the order in which they are printed. */
const NAMES: Readonly<Record<keyof RebuildCounts, string>> = {
  files: 'files',
  folders: 'folders',
  different: 'different',
  notInCos: 'not_in_cos',
  kept: 'kept',
  leftAlone: 'left_alone',
  unreadable: 'unreadable',
};

/** `cos_sync ledger rebuild`: makes the ledger anew from the bucket's listing and the local files. */
export async function rebuildLedger(invocation: Invocation): Promise<number> {
  const { terminal, words, style } = invocation;
  const session = await openSession(invocation, { ofShards: true });
  const { home } = session;
  await checkLocalPath(session.config, home.configFile, invocation.signal);
  const { file, counts, previous } = await withLock(invocation, session, async (options, signal) => {
    const { file } = options;
    const old = await openIfWhole(file, session.task);
    let counts: RebuildCounts | undefined;
    try {
      const replaced = await replaceLedger(options, old, async draft => {
        counts = await rebuildInto(draft, invocation, session, old, signal);
        signal.throwIfAborted();
      });
      return { file, counts: counts!, previous: replaced ?? (await findAside(file)) };
    } finally {
      await old?.close();
    }
  });
  const named = Object.entries(NAMES).map(
    ([key, name]) => [name, counts[key as keyof RebuildCounts]] as const,
  );
  const log = openLog(home.logFile, () => {});
  log.info('rebuild', { config: home.configFile, ledger: file, ...Object.fromEntries(named) });
  await log.close();
  if (style.json) {
    const json = { ...Object.fromEntries(named), ledger: file, previous: previous ?? null };
    terminal.out(`${JSON.stringify(json)}\n`);
    return EXIT.ok;
  }
  const keys = Object.keys(NAMES) as (keyof RebuildCounts)[];
  const lines = [
    ...keys.filter(key => counts[key] > 0).map(key => words.ledger.rebuilt[key](counts[key])),
    words.ledger.rebuildDone(file),
    ...(previous === undefined ? [] : [words.ledger.previous(previous)]),
  ];
  terminal.out(`${lines.join('\n')}\n`);
  return EXIT.ok;
}

function rebuildInto(
  draft: Ledger,
  { terminal, words, style }: Invocation,
  session: Session,
  old: Ledger | undefined,
  signal: AbortSignal,
): Promise<RebuildCounts> {
  const isLive = style.progress && terminal.isInteractive && !style.json && !style.quiet;
  return withStore(session, signal, async (store, requests) => {
    const counts = await rebuildRecords({
      config: session.config,
      prefix: session.task.prefix,
      store,
      requests,
      own: session.own,
      old,
      onRecord: draft.put,
      // What the old one says of it was seen by a run.
      onDisks: disks => draft.lastScan ?? draft.putLastScan(firstScan(disks)),
      onListed: objects => isLive && terminal.status(words.ledger.listed(objects)),
      signal,
    });
    if (isLive) terminal.status('');
    return counts;
  });
}
