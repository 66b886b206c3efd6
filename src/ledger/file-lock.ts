import { mkdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { type Owner, readOwner } from './lock-owner.ts';

/** A folder that one at a time can make, renewed while it is held: a lock that every host of a share sees. */
export interface FileLock {
  release(): Promise<void>;
}

export interface FileLockTimes {
  /** ms between renewals */
  renewal: number;
  /** ms after the last renewal when the lock is nobody's */
  stale: number;
}

export function lockPath(file: string): string {
  return `${file}.lock`;
}

export function ownerFile(file: string): string {
  return `${file}.owner.json`;
}

/** When the lock was last renewed, in ms since 1970; undefined where there is none. @throws the system's error */
export async function renewedAt(file: string): Promise<number | undefined> {
  return stat(lockPath(file)).then(
    ({ mtimeMs }) => mtimeMs,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    },
  );
}

export async function removeFileLock(file: string): Promise<void> {
  await rm(ownerFile(file), { force: true });
  await rm(lockPath(file), { recursive: true, force: true });
}

/**
 * Makes the lock of a file, and renews it until it is released.
 * @param onLost is called when it is another's, or could not be renewed in time
 * @returns undefined where somebody else's stands
 * @throws the system's error
 */
export async function takeFileLock(
  file: string,
  owner: Owner,
  { renewal, stale }: FileLockTimes,
  onLost: () => void,
): Promise<FileLock | undefined> {
  try {
    await mkdir(lockPath(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
  try {
    await writeFile(ownerFile(file), JSON.stringify(owner));
  } catch (error) {
    await removeFileLock(file).catch(() => {});
    throw error;
  }
  let isLost = false;
  let last = Date.now();
  const timer = setInterval(renew, renewal);
  timer.unref();

  async function renew(): Promise<void> {
    const now = Date.now();
    try {
      if (!(await isOurs())) return lose();
      // Only that it moves counts: file systems round times, some to two seconds.
      await utimes(lockPath(file), now / 1_000, now / 1_000);
      last = now;
    } catch (error) {
      const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (isGone || now - last > stale) lose();
    }
  }

  async function isOurs(): Promise<boolean> {
    return (await readOwner(ownerFile(file)))?.id === owner.id;
  }

  function lose(): void {
    if (isLost) return;
    isLost = true;
    clearInterval(timer);
    onLost();
  }

  return {
    async release() {
      clearInterval(timer);
      // What is lost may be another's by now.
      if (!isLost && (await isOurs().catch(() => false))) await removeFileLock(file);
      isLost = true;
    },
  };
}
