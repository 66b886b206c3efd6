import { readFileSync } from 'node:fs';
import { join } from 'node:path';

declare const BUNDLED_VERSION: string | undefined;

/** The program's version: written into the bundle, or read from package.json when run from source. */
export const VERSION: string =
  typeof BUNDLED_VERSION === 'string'
    ? BUNDLED_VERSION
    : (
        JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as {
          version: string;
        }
      ).version;

/** `cos_sync/6.0.0 linux-x64 node-v24.21.0` */
export function versionLine(): string {
  return `cos_sync/${VERSION} ${process.platform}-${process.arch} node-${process.version}\n`;
}

/** What the program calls itself to COS. */
export const USER_AGENT = `cos_sync/${VERSION}`;
