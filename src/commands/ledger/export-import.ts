import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EXIT } from '../../cli/exit-codes.ts';
import type { Invocation } from '../../cli/invocation.ts';
import { usageFault } from '../../config/faults.ts';
import { refuseOwnFile } from '../../config/own-file.ts';
import { checkLocalPath } from '../../engine/local/local-path.ts';
import { adoptRecords, type Outcome } from '../../engine/upkeep/import-records.ts';
import { checkDivision } from '../../ledger/division.ts';
import { ImportUnusable } from '../../ledger/errors.ts';
import { EXPORT_FORMATS, exportText } from '../../ledger/exchange/export.ts';
import { readImport } from '../../ledger/exchange/import.ts';
import { openLedger } from '../../ledger/ledger.ts';
import { writeOut } from '../../report/write-out.ts';
import { openSession, withLock } from '../task/session.ts';

/** `cos_sync ledger export`: all records, on standard output or in a file. */
export async function exportLedger(
  invocation: Invocation,
  format: string,
  output: string | undefined,
): Promise<number> {
  const { words, terminal, style } = invocation;
  const chosen = EXPORT_FORMATS.find(name => name === format);
  if (!chosen) {
    const values = { value: format, choices: EXPORT_FORMATS.join(', ') };
    throw usageFault('--format', 'notChoice', values);
  }
  const { home, task, file } = await openSession(invocation, { ofShards: true });
  if (output !== undefined) refuseOwnFile(home, '--output', resolve(output));
  await checkDivision(home.dbFolder, task);
  const ledger = await openLedger({ file, task, readOnly: true });
  let records = 0;
  const text = exportText(ledger.records(), task, chosen, () => records++);
  try {
    if (output === undefined) {
      await writeOut(terminal, text);
      return EXIT.ok;
    }
    const target = resolve(output);
    await pipeline(Readable.from(text), createWriteStream(target));
    const said = style.json
      ? JSON.stringify({ records, file: target })
      : words.ledger.exported(records, target);
    terminal.out(`${said}\n`);
    return EXIT.ok;
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (output === undefined || syscall === undefined) throw error;
    terminal.err(`cos_sync: ${words.ledger.outputUnwritable(output, code ?? '')}\n`);
    return EXIT.failures;
  } finally {
    await ledger.close();
  }
}

/** In the order of what a user wants to know first. */
const NOT_TAKEN: readonly Exclude<Outcome, 'taken'>[] = [
  'changed',
  'gone',
  'recorded',
  'unreadable',
  'elsewhere',
  'outside',
  'invalid',
];

/**
 * `cos_sync ledger import`: takes the records whose local file still is what was uploaded.
 * @returns 1 where some could not be read
 * @throws ImportUnusable where none could
 */
export async function importLedger(
  invocation: Invocation,
  source: string,
  table: string | undefined,
): Promise<number> {
  const { words, terminal, style, home } = invocation;
  const session = await openSession(invocation);
  const { config, task } = session;
  await checkLocalPath(config, home.configFile, invocation.signal);
  const counts = {
    taken: 0,
    recorded: 0,
    changed: 0,
    gone: 0,
    unreadable: 0,
    elsewhere: 0,
    outside: 0,
    invalid: 0,
  };
  await withLock(invocation, session, async (options, signal) => {
    const ledger = await openLedger(options);
    try {
      await adoptRecords({
        candidates: readImport({ file: resolve(source), task, table }),
        ledger,
        task,
        onOutcome: outcome => counts[outcome]++,
        signal,
      });
    } finally {
      await ledger.close();
    }
  });
  const { invalid, ...readable } = counts;
  // A file of which nothing could be read is none of ours, whatever it begins with.
  const isGarbage = invalid > 0 && Object.values(readable).every(count => count === 0);
  if (isGarbage) throw new ImportUnusable('unknownFormat', resolve(source));
  if (style.json) terminal.out(`${JSON.stringify(counts)}\n`);
  else {
    const others = NOT_TAKEN.filter(outcome => counts[outcome] > 0);
    const lines = [
      words.ledger.imported(counts.taken),
      ...others.map(outcome => words.ledger.notTaken[outcome](counts[outcome])),
      words.ledger.notChecked,
    ];
    terminal.out(`${lines.join('\n')}\n`);
  }
  return invalid === 0 ? EXIT.ok : EXIT.failures;
}
