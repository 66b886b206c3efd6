import { chownSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { keptCopyOf } from './home.ts';
import { isPlaceholder } from './values.ts';

const SECRET = 0o600;

/** When the kept copy was written; undefined where there is none. */
export function keptSince(configFile: string): Date | undefined {
  const kept = keptCopyOf(configFile);
  return kept === undefined ? undefined : statSync(kept, { throwIfNoEntry: false })?.mtime;
}

/** Whether nobody wrote into it: what has to be given is there, as the template has it. */
export function isTemplate(values: Readonly<Record<string, unknown>>): boolean {
  const needed = [values.secret_id, values.bucket].filter(value => value !== undefined);
  return needed.length > 0 && needed.every(value => isPlaceholder(String(value)));
}

/** A configuration file as it was read, not as it may be by now. */
export interface ConfigFile {
  /** Empty where there is no file. */
  bytes: Buffer;
  /** Its values by key. */
  written: Readonly<Record<string, unknown>>;
}

/** Keeps a configuration that was accepted. That it cannot be kept is no reason not to work with it. */
export function keepCopy(configFile: string, { bytes, written }: ConfigFile): void {
  const kept = keptCopyOf(configFile);
  const isNoFile = bytes.length === 0;
  if (kept === undefined || isNoFile || isTemplate(written)) return;
  const unfinished = `${kept}.${process.pid}.tmp`;
  try {
    if (contentOf(kept)?.equals(bytes)) return;
    writeFileSync(unfinished, bytes, { mode: SECRET });
    giveToOwnerOf(configFile, unfinished);
    renameSync(unfinished, kept);
  } catch {
    rmSync(unfinished, { force: true });
  }
}

/** What root keeps for somebody is theirs to put back. */
function giveToOwnerOf(configFile: string, kept: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(configFile);
  chownSync(kept, uid, gid);
}

function contentOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
