import { resolve } from 'node:path';
import type { CAC } from 'cac';
import { ConfigError, type Fault, usageFault } from '../config/faults.ts';
import { LANGUAGES, languageNamed } from '../config/language.ts';
import { nearest } from '../config/nearest.ts';
import { CONFIG_KEYS, FILE_KEYS, SECRET_KEYS } from '../config/schema.ts';

/** The values that the command line gives for config keys. */
export function overridesOf(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const overrides: Record<string, unknown> = {};
  for (const key of CONFIG_KEYS) {
    const value = options[camelCase(key)];
    if (value === undefined || key === 'lang' || SECRET_KEYS.includes(key)) continue;
    overrides[key] = FILE_KEYS.includes(key) ? resolve(String(value)) : value;
  }
  return overrides;
}

/** Puts values back as they were written: cac makes numbers of what looks like one, `007` a 7. */
export function keepAsWritten(options: Record<string, unknown>, argv: readonly string[]): void {
  for (const [name, value] of Object.entries(options)) {
    if (![value].flat().some(item => typeof item === 'number')) continue;
    const option = `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
    const written = argv.flatMap((arg, index) => {
      if (arg === option) return [argv[index + 1] ?? ''];
      return arg.startsWith(`${option}=`) ? [arg.slice(option.length + 1)] : [];
    });
    const text = written.length > 0 ? written : [value].flat().map(String);
    options[name] = text.length > 1 ? text : text[0];
  }
}

function camelCase(key: string): string {
  return key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** @throws ConfigError where there is no such language */
export function checkLanguage(given: string | undefined): void {
  if (given === undefined || languageNamed(given)) return;
  const values = { value: given, choices: LANGUAGES.join(', ') };
  throw usageFault('--lang', 'notChoice', values);
}

/** What cac objects to, as a fault of the command line; undefined for any other error. */
export function usageErrorOf(error: unknown, cli: CAC): ConfigError | undefined {
  if (!(error instanceof Error) || error.name !== 'CACError') return undefined;
  // cac names an option in camel case, whatever the user wrote.
  const named = (/`([^`]+)`/.exec(error.message)?.[1] ?? '').replace(
    /[A-Z]/g,
    letter => `-${letter.toLowerCase()}`,
  );
  return new ConfigError('', [faultOf(error.message, named, cli)]);
}

function faultOf(message: string, named: string, cli: CAC): Fault {
  if (message.startsWith('option')) {
    return { key: named.split(' ')[0] ?? named, problem: 'optionWithoutValue', values: {} };
  }
  if (!message.startsWith('Unknown option')) {
    const commands = cli.commands.map(({ name }) => name).filter(name => name !== '');
    return { key: named, problem: 'unknownCommand', values: { value: nearest(named, commands) ?? '' } };
  }
  const option = named.replace(/^-+/, '').replaceAll('-', '_').toLowerCase();
  if (SECRET_KEYS.some(key => key.replaceAll('_', '') === option.replaceAll('_', ''))) {
    return { key: named, problem: 'secretOption', values: {} };
  }
  const known = [...cli.globalCommand.options, ...(cli.matchedCommand?.options ?? [])];
  const names = known.map(({ rawName }) => rawName.split(/[ ,]/)[0] ?? '');
  return {
    key: named,
    problem: 'unknownOption',
    values: { value: nearest(`--${named.replace(/^-+/, '')}`, names) ?? '' },
  };
}
