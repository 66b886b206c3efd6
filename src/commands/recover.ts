import { constants, copyFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { EXIT } from '../cli/exit-codes.ts';
import type { Invocation } from '../cli/invocation.ts';
import { ConfigError, usageFault } from '../config/faults.ts';
import { keptCopyOf, OLD_CONFIG } from '../config/home.ts';
import { isTemplate } from '../config/kept-copy.ts';
import { makeFolder } from '../make-folder.ts';
import { writeWhole } from '../report/write-file.ts';

/**
 * `cos_sync init --recover`: puts the last good configuration back. What is in its place now is kept,
 * unless it is the template.
 * @throws ConfigError where there is no copy
 */
export async function recoverCommand({ home, terminal, words }: Invocation): Promise<number> {
  const file = home.configFile;
  const kept = keptCopyOf(file);
  const bytes = kept === undefined ? undefined : contentOf(kept);
  if (bytes === undefined) throw usageFault('--recover', 'noKeptCopy', { value: kept ?? file });
  const present = contentOf(file);
  if (present?.equals(bytes)) {
    terminal.out(`${words.init.nothingToRecover(file)}\n`);
    return EXIT.ok;
  }
  let aside: string | undefined;
  if (present !== undefined && !isTemplateText(present)) {
    aside = unusedName(file);
    copyFileSync(file, aside, constants.COPYFILE_EXCL);
  }
  makeFolder(dirname(file));
  await writeWhole(file, bytes, 0o600);
  terminal.out(`${words.init.recovered(file, aside)}\n`);
  return EXIT.ok;
}

/** A name beside a file for what it holds now: nothing that was put aside before is overwritten. */
export function unusedName(file: string): string {
  const old = file + OLD_CONFIG;
  let name = old;
  for (let count = 2; existsSync(name); count++) name = `${old}-${count}`;
  return name;
}

function isTemplateText(bytes: Buffer): boolean {
  try {
    return isTemplate(JSON.parse(bytes.toString()));
  } catch {
    return false;
  }
}

/** undefined where there is no file. @throws ConfigError */
function contentOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new ConfigError(file, [{ key: '', problem: 'fileUnreadable', values: { code } }]);
  }
}
