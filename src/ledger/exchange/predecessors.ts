import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { ImportUnusable } from '../errors.ts';
import { sqlite } from '../kernel-lock.ts';
import type { Task } from '../task.ts';
import { type Candidate, type ImportSource, isRelative, type Refused } from './candidate.ts';

/**
 * The ledgers of the tools that had this name before: SQLite, one table a task, named
 * `cos_sync_table_<appid>_<bucket>_<MD5 of local_path and cos_path>`. The Python tool has a column
 * `file_mode` and mtimes in seconds, the Java tool `file_flag` and milliseconds.
 */
const TABLE_PREFIX = 'cos_sync_table_';
const SECOND = 1_000;
const MD5 = /^[0-9a-f]{32}$/i;
/** The file type bits of a Unix mode, and a directory's. */
const TYPE_BITS = 0o170000;
const DIRECTORY = 0o040000;

interface Row {
  file_path: string;
  file_size: number;
  kind: number;
  mtime: number;
  md5: string | null;
}

/** Reads a task's table; the database is opened read-only. @throws ImportUnusable */
export function* readPredecessor(source: ImportSource): Generator<Candidate | Refused> {
  const { file, task } = source;
  const database = openReadOnly(file);
  try {
    const table = tableOf(database, source);
    const isPython = columnsOf(database, table).includes('file_mode');
    const kind = isPython ? 'file_mode' : 'file_flag';
    const rows = database.prepare(
      `SELECT file_path, file_size, ${kind} AS kind, mtime, md5 FROM ${named(table)}`,
    );
    for (const row of rows.iterate() as Iterable<unknown> as Iterable<Row>) {
      yield candidateOfRow(row, task, isPython);
    }
  } catch (error) {
    if (error instanceof ImportUnusable) throw error;
    throw new ImportUnusable('unreadable', file, (error as Error).message);
  } finally {
    database.close();
  }
}

function openReadOnly(file: string): DatabaseSync {
  try {
    const { DatabaseSync } = sqlite();
    return new DatabaseSync(file, { readOnly: true });
  } catch (error) {
    throw new ImportUnusable('unreadable', file, (error as Error).message);
  }
}

function tableOf(database: DatabaseSync, { file, task, table }: ImportSource): string {
  const found = database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
    .all()
    .map(row => String(row.name))
    .filter(name => name.startsWith(TABLE_PREFIX));
  if (found.length === 0) throw new ImportUnusable('noTable', file);
  const wanted = table === undefined ? expectedTables(task) : new Set([table]);
  const match = found.find(name => wanted.has(name));
  // Another cos_path's records would keep files from being uploaded: never guess.
  if (match === undefined) throw new ImportUnusable('whichTable', file, found.join(', '));
  return match;
}

/** The names a task's table may have: the tools wrote paths with and without slashes at their ends. */
function expectedTables({ bucket, localPath, prefix }: Task): Set<string> {
  const [, name = bucket, appid = ''] = /^(.*)-(\d+)$/.exec(bucket) ?? [];
  const local = resolve(localPath);
  const bare = prefix.replace(/\/$/, '');
  const locals = [local, `${local}/`, `${local}\\`, localPath];
  const slashed = locals.map(path => path.replaceAll('\\', '/'));
  const targets = bare === '' ? ['/', ''] : [`/${bare}/`, `/${bare}`, `${bare}/`, bare];
  const names = new Set<string>();
  for (const path of [...locals, ...slashed]) {
    for (const target of targets) {
      const md5 = createHash('md5')
        .update(path + target)
        .digest('hex');
      names.add(`${TABLE_PREFIX}${appid}_${name}_${md5}`);
    }
  }
  return names;
}

function columnsOf(database: DatabaseSync, table: string): string[] {
  const columns = database.prepare(`PRAGMA table_info(${named(table)})`).all();
  return columns.map(({ name }) => String(name));
}

function named(table: string): string {
  return `"${table.replaceAll('"', '""')}"`;
}

function candidateOfRow(row: Row, { localPath }: Task, isPython: boolean): Candidate | Refused {
  const path = relativePath(row.file_path, localPath);
  if (path === undefined) return 'outside';
  const from = { grain: isPython ? SECOND : 1, bucket: undefined, key: undefined };
  const isFolder = isPython ? (row.kind & TYPE_BITS) === DIRECTORY : row.kind === 0;
  if (isFolder) {
    const folder = path.endsWith('/') ? path : `${path}/`;
    return isRelative(folder) ? { ...from, record: { path: folder } } : 'invalid';
  }
  const hash = String(row.md5 ?? '').toLowerCase();
  if (!MD5.test(hash) || !isRelative(path) || path.endsWith('/')) return 'invalid';
  const mtime = Number(row.mtime) * (isPython ? SECOND : 1);
  const record = { path, size: Number(row.file_size), mtime, ctime: Number.NaN, unsettledSince: 0 };
  return { ...from, record: { ...record, hash, etag: hash } };
}

/** The path below local_path with `/`; undefined where it is not below it. */
function relativePath(absolute: string, localPath: string): string | undefined {
  const isWindows = process.platform === 'win32';
  const slashed = (path: string) => (isWindows ? path.replaceAll('\\', '/') : path);
  const root = `${slashed(resolve(localPath)).replace(/\/$/, '')}/`;
  const path = slashed(absolute);
  const isBelow = isWindows ? path.toLowerCase().startsWith(root.toLowerCase()) : path.startsWith(root);
  return isBelow && path.length > root.length ? path.slice(root.length) : undefined;
}
