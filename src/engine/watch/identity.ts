import { statSync } from 'node:fs';

/** The device's number, and what tells a folder from all others that are or were on it; undefined where it is gone. */
export function identityOf(folder: string): string | undefined {
  try {
    const { dev, ino, birthtimeNs } = statSync(folder, { bigint: true });
    return `${dev}:${ino}:${birthtimeNs}`;
  } catch {
    return undefined;
  }
}
