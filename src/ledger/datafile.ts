import { existsSync, statSync } from 'node:fs';
import { open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import Datastore from 'nedb-promises';

/** Line ends for NeDB's reader that JSON leaves as they are. */
const LINE_ENDS = /[\x85\u2028\u2029]/g;

/** JSON in which no character ends a line; it says the same. */
function onOneLine(json: string): string {
  return json.replace(LINE_ENDS, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A file of more bytes is read into a heap that is kept small. */
const LARGE = 16 * 1024 * 1024;

/**
 * V8 lets a heap grow to twice what is in use, and more, before it collects what is not: a million records
 * took 560 MB at times. To collect sooner takes no longer. For ledgers that are large, or become so.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=20');
}

/** Opens an NeDB data file as it stands: append only, never rewritten by the opening itself. */
export async function openDatafile<T>(file: string): Promise<Datastore<T>> {
  if ((await sizeOf(file)) > LARGE) keepHeapSmall();
  const store = Datastore.create({
    filename: file,
    // NeDB's alarm counts lines, and ours are few and large; whole documents are checked by their reader.
    corruptAlertThreshold: 1,
    afterSerialization: onOneLine,
    // The escapes are JSON's own: parsing undoes them.
    beforeDeserialization: line => line,
  }) as unknown as Datastore<T>;
  // NeDB rewrites the file at each load to drop overwritten documents. These files hold none, and
  // a rewrite would cost as much as the load and destroy the evidence in a damaged file.
  const { persistence } = store as unknown as {
    persistence: { persistCachedDatabaseAsync(): Promise<void> };
  };
  persistence.persistCachedDatabaseAsync = async () => {};
  await store.load();
  return store;
}

/**
 * Writes a new data file as NeDB would, and keeps none of it in memory.
 * @throws the file system's error; what the documents' source throws
 */
export async function writeDatafile<T>(file: string, documents: Iterable<T>): Promise<void> {
  function* lines(): Generator<string> {
    for (const document of documents) yield `${onOneLine(JSON.stringify(document))}\n`;
  }
  await writeFile(file, lines());
}

/**
 * Bytes of a file that can be read: NeDB lets an error of its reading end the process.
 * @throws the file system's error
 */
async function sizeOf(file: string): Promise<number> {
  if (!existsSync(file)) return 0;
  refusePipe(file);
  const handle = await open(file);
  try {
    await handle.read(Buffer.alloc(1), 0, 1, 0);
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

/** Opening a pipe might never end, nor reading a device. @throws an error with a system's code; the file system's */
function refusePipe(file: string): void {
  const stats = statSync(file);
  if (stats.isFile() || stats.isDirectory()) return;
  throw Object.assign(new Error(`${file} is a pipe or a device`), { code: 'EINVAL' });
}

/**
 * Ends a last line that a crash left without its end, before anything is appended to it.
 * Half a line is no document, and is passed over by every load.
 */
export async function endTornLine(file: string): Promise<void> {
  if (!existsSync(file)) return;
  refusePipe(file);
  const handle = await open(file, 'a+');
  try {
    const { size } = await handle.stat();
    if (size === 0) return;
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    if (buffer[0] !== 0x0a) await handle.write('\n');
  } finally {
    await handle.close();
  }
}

/** Puts a finished file in another's place so that a crash leaves the one or the other. */
export async function replaceFile(finished: string, target: string): Promise<void> {
  await syncFile(finished);
  await renamePatiently(finished, target);
  if (process.platform !== 'win32') await syncFile(dirname(target));
}

/** Virus scanners on Windows hold a file for a moment after it was written. */
async function renamePatiently(from: string, to: string, triesLeft = 10): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (triesLeft === 0 || (error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    await delay(100);
    await renamePatiently(from, to, triesLeft - 1);
  }
}

/** Waits until what was written to a file or folder would outlast a power cut. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, process.platform === 'win32' ? 'r+' : 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const ASIDE = '.damaged-';

/** Renames a damaged file and answers its new place. */
export async function putAside(file: string): Promise<string> {
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const aside = `${file}${ASIDE}${stamp}`;
  await renamePatiently(file, aside);
  return aside;
}

/** A file that putAside left and that nothing has taken the place of since. */
export async function findAside(file: string): Promise<string | undefined> {
  const names = await readdir(dirname(file)).catch(() => []);
  const aside = names.filter(name => name.startsWith(basename(file) + ASIDE)).sort();
  const last = aside.at(-1);
  return last === undefined ? undefined : join(dirname(file), last);
}

export async function removeFile(file: string): Promise<void> {
  await rm(file, { force: true });
}

/** Tells whether a file was written to, or another put in its place; undefined where there is none. */
export function fileState(file: string): string | undefined {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats && [stats.dev, stats.ino, stats.size, stats.mtimeNs].join(':');
}
