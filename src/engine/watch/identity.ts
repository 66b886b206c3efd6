import { statSync } from 'node:fs';

/**
 * A kernel, or a container, that does not tell when a folder was made has Node show its last change in place of it;
 * so it is with `/` then. Windows' numbers are not given again soon.
 */
const TELLS_BIRTHS = process.platform !== 'win32' && tellsBirthOf('/');

/** The device's number, and what tells a folder from all others that are or were on it; undefined where it is gone. */
export function identityOf(folder: string): string | undefined {
  try {
    const { dev, ino, birthtimeNs } = statSync(folder, { bigint: true });
    return TELLS_BIRTHS ? `${dev}:${ino}:${birthtimeNs}` : `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function tellsBirthOf(folder: string): boolean {
  const { birthtimeNs, ctimeNs } = statSync(folder, { bigint: true });
  return birthtimeNs !== ctimeNs;
}
