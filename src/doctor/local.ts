import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Home, OwnPaths } from '../config/home.ts';
import { prefixOf } from '../config/prefix.ts';
import type { Config } from '../config/schema.ts';
import { keyOf } from '../cos/keys.ts';
import { filterOf } from '../engine/local/filter.ts';
import { lookAtLocalPath } from '../engine/local/local-path.ts';
import { scan } from '../engine/local/scan.ts';
import { checkDivision } from '../ledger/division.ts';
import { LedgerDamaged, LedgerDividedOtherwise } from '../ledger/errors.ts';
import { openLedger } from '../ledger/ledger.ts';
import { isLocked } from '../ledger/lock.ts';
import { currentLedger, taskOf } from '../ledger/task.ts';
import { inUnits } from '../report/units.ts';
import type { DoctorWords } from '../report/words/doctor.ts';
import type { Words } from '../report/words/words.ts';
import type { Check } from './check.ts';

/** Less free space, in bytes, than db/ and log/ may soon need. */
const LITTLE_SPACE = 200 * 1024 * 1024;

/**
 * The folder: readable, how many files, names that cannot be keys.
 * @throws the signal's reason
 */
export async function checkFolder(
  config: Config,
  own: OwnPaths,
  words: DoctorWords,
  signal: AbortSignal,
): Promise<Check> {
  const found = { files: 0, bytes: 0, unreadable: 0, badNames: 0 };
  const { localPath: root } = config;
  const prefix = prefixOf(config.cosPath);
  try {
    await lookAtLocalPath(config, signal);
    for await (const batch of scan({ config, filter: filterOf(config, own), signal })) {
      for (const { kind, path, size } of batch) {
        if (kind === 'unreadable') found.unreadable++;
        if (kind !== 'file') continue;
        found.files++;
        found.bytes += size;
        if (!isKey(prefix, path)) found.badNames++;
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    const { code = '' } = error as NodeJS.ErrnoException;
    return { name: 'folder', status: 'fail', message: words.folderUnusable(root, code) };
  }
  const { files, bytes, unreadable, badNames } = found;
  if (unreadable > 0 || badNames > 0) {
    return { name: 'folder', status: 'warn', message: words.folderFaults(root, files, unreadable, badNames) };
  }
  if (files === 0) return { name: 'folder', status: 'warn', message: words.folderEmpty(root) };
  return { name: 'folder', status: 'ok', message: words.folder(root, files, inUnits(bytes)) };
}

function isKey(prefix: string, path: string): boolean {
  try {
    keyOf(prefix, path);
    return true;
  } catch {
    return false;
  }
}

/** The ledger: whole, how large and old, whether a run holds it. */
export async function checkLedger(config: Config, { dbFolder }: Home, allWords: Words): Promise<Check> {
  const words = allWords.doctor;
  const task = taskOf(config);
  const file = await currentLedger(dbFolder, task);
  try {
    await checkDivision(dbFolder, task);
    const ledger = await openLedger({ file, task, readOnly: true });
    let records = 0;
    for (const _ of ledger.records()) records++;
    const pending = ledger.uploads.size;
    await ledger.close();
    const stats = await stat(file).catch(() => undefined);
    if (!stats) return { name: 'ledger', status: 'ok', message: words.noLedger(basename(file)) };
    if (await isLocked(file)) return { name: 'ledger', status: 'warn', message: words.ledgerLocked(records) };
    const written = stats.mtime.toISOString();
    const message = words.ledger(basename(file), records, inUnits(stats.size), written, pending);
    return { name: 'ledger', status: 'ok', message };
  } catch (error) {
    return { name: 'ledger', status: 'fail', message: faultOf(error, file, allWords) };
  }
}

function faultOf(error: unknown, file: string, { doctor, shard }: Words): string {
  if (error instanceof LedgerDamaged) return doctor.ledgerDamaged(error.file);
  if (error instanceof LedgerDividedOtherwise) return shard.dividedOtherwise(error);
  return doctor.ledgerUnusable(file, (error as Error).message);
}

/** Whether db/ and log/ can be written and have room. */
export async function checkDisk({ dbFolder, logFile }: Home, words: DoctorWords): Promise<Check> {
  let least = Number.POSITIVE_INFINITY;
  for (const folder of [dbFolder, dirname(logFile)]) {
    const place = await existing(folder);
    try {
      await access(place, constants.W_OK);
    } catch {
      return { name: 'disk', status: 'fail', message: words.notWritable(folder) };
    }
    const { bavail, bsize } = await statfs(place);
    least = Math.min(least, bavail * bsize);
  }
  if (least < LITTLE_SPACE)
    return { name: 'disk', status: 'warn', message: words.littleSpace(inUnits(least)) };
  return { name: 'disk', status: 'ok', message: words.space(inUnits(least)) };
}

/** The folder, or the one above it that is there: a first run makes the rest. */
async function existing(folder: string): Promise<string> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  return isThere || dirname(folder) === folder ? folder : existing(dirname(folder));
}
