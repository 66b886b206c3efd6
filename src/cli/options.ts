import { resolve } from 'node:path';
import { usageFault } from '../config/faults.ts';
import { LANGUAGES, languageNamed } from '../config/language.ts';
import { FILE_KEYS } from '../config/schema.ts';
import { KEY_OPTIONS } from './commands.ts';
import type { Given } from './parse.ts';

/** The values that the command line gives for config keys. */
export function overridesOf({ flags, texts, lists }: Given): Record<string, unknown> {
  const overrides: Record<string, unknown> = {};
  for (const { name, key } of KEY_OPTIONS) {
    const list = lists[name];
    // An empty value takes back what the file has.
    const isEmptied = list?.length === 1 && list[0] === '';
    const value = flags[name] ?? (isEmptied ? '' : list) ?? texts[name];
    if (key === undefined || value === undefined) continue;
    // Of a file that is to be written, the current folder is meant; without a name none is to be.
    const isFile = FILE_KEYS.includes(key) && value !== '';
    overrides[key] = isFile ? resolve(String(value)) : value;
  }
  return overrides;
}

/** @throws ConfigError where there is no such language */
export function checkLanguage(given: string | undefined): void {
  if (given === undefined || languageNamed(given)) return;
  const values = { value: given, choices: LANGUAGES.join(', ') };
  throw usageFault('--lang', 'notChoice', values);
}

/**
 * The value of an option, before the command line is parsed: what is wrong with it is told in the user's language,
 * and the language may be the configuration's.
 */
export function optionIn(argv: readonly string[], name: string): string | undefined {
  const index = argv.findIndex(arg => arg === `--${name}` || arg.startsWith(`--${name}=`));
  const arg = argv[index] ?? '';
  return arg === `--${name}` ? argv[index + 1] : arg.slice(`--${name}=`.length) || undefined;
}
