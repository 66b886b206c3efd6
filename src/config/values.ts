import { isAbsolute } from 'node:path';
import * as z from 'zod';
import type { Problem } from './faults.ts';
import { LANGUAGES, type Language, languageNamed } from './language.ts';
import { compilePattern } from './pattern.ts';
import type { Shard } from './shard.ts';

/**
 * The kinds of values a key takes. The original's file has only strings, so each kind
 * takes a string as well as JSON's own type.
 */

type Values = Readonly<Record<string, string | number>>;

/** zod carries an issue's `message` and `params`; ours are a Problem and the words' values. */
function issue(ctx: z.RefinementCtx, problem: Problem, values: Values = {}): never {
  ctx.addIssue({ code: 'custom', message: problem, params: values });
  return z.NEVER;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** JSON's value as the text it is in the original's file; empty where it is a list or an object. */
function textOf(value: unknown): string {
  return typeof value === 'object' ? '' : String(value).trim();
}

export function text() {
  return z.unknown().transform((value, ctx): string | undefined => {
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number') return String(value);
    if (typeof value !== 'string') return issue(ctx, 'notText', { value: shown(value) });
    const trimmed = value.trim();
    return trimmed === '' ? undefined : trimmed;
  });
}

/** A text that may be needed exactly as it is, spaces included. */
export function exactText() {
  return z.unknown().transform((value, ctx): string | undefined => {
    if (value === undefined || value === null || value === '') return undefined;
    return typeof value === 'string' ? value : issue(ctx, 'notText', { value: shown(value) });
  });
}

/** A credential: its value is never shown. */
export function credential() {
  return z.unknown().transform((value, ctx): string | undefined => {
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value !== 'string') return issue(ctx, 'badCredential');
    const trimmed = value.trim();
    if (trimmed === '') return undefined;
    if (isPlaceholder(trimmed)) return issue(ctx, 'placeholder', { value: 'xxxxxx' });
    if (/[^\x21-\x7e]/.test(trimmed)) return issue(ctx, 'badCredential');
    return trimmed;
  });
}

/** Where credentials come from; a machine's role may be named: `cvm_role:NAME`. */
export function credentialsSource() {
  return z.unknown().transform((value, ctx): string => {
    if (value === undefined || value === null || value === '') return 'config';
    const source = textOf(value);
    if (/^(config|cvm_role(:[\w+=,.@-]{1,128})?|tke|command)$/.test(source)) return source;
    const choices = 'config, cvm_role, cvm_role:NAME, tke, command';
    return issue(ctx, 'notChoice', { value: shown(value), choices });
  });
}

export function isPlaceholder(value: string): boolean {
  return /^x{3,}$/i.test(value);
}

export function numberBetween(min: number, max: number, fallback: number, whole = true) {
  return z.unknown().transform((value, ctx): number => {
    if (value === undefined || value === null || value === '') return fallback;
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number) || (whole && !Number.isInteger(number))) {
      return issue(ctx, 'notNumber', { value: shown(value), min, max });
    }
    if (number < min || number > max) return issue(ctx, 'outOfRange', { value: shown(value), min, max });
    return number;
  });
}

const SWITCHES: Readonly<Record<string, boolean>> = { '1': true, '0': false, true: true, false: false };

export function onOff(fallback: boolean) {
  return z.unknown().transform((value, ctx): boolean => {
    if (value === undefined || value === null || value === '') return fallback;
    const known = SWITCHES[textOf(value).toLowerCase()];
    return known ?? issue(ctx, 'notSwitch', { value: shown(value) });
  });
}

/** More processes than this list the same folders for nothing. */
export const MAX_SHARDS = 1_000;

/** `i/n`; the only part of one is the whole. */
export function shard() {
  return z.unknown().transform((value, ctx): Shard | undefined => {
    if (value === undefined || value === null || value === '') return undefined;
    const [, i = '', n = ''] = /^(\d{1,4})\/(\d{1,4})$/.exec(textOf(value)) ?? [];
    const [index, count] = [Number(i), Number(n)];
    const isShard = i !== '' && index < count && count <= MAX_SHARDS;
    if (!isShard) return issue(ctx, 'badShard', { value: shown(value), max: MAX_SHARDS });
    return count === 1 ? undefined : { index, count };
  });
}

export function oneOf<const T extends string>(choices: readonly T[], fallback: T) {
  return z.unknown().transform((value, ctx): T => {
    if (value === undefined || value === null || value === '') return fallback;
    const choice = choices.find(name => name === textOf(value).toLowerCase());
    return choice ?? issue(ctx, 'notChoice', { value: shown(value), choices: choices.join(', ') });
  });
}

export function language() {
  return z.unknown().transform((value, ctx): Language | undefined => {
    if (value === undefined || value === null || value === '') return undefined;
    const choices = LANGUAGES.join(', ');
    return languageNamed(textOf(value)) ?? issue(ctx, 'notChoice', { value: shown(value), choices });
  });
}

/** A file that the program writes. */
export function absoluteFile() {
  return exactText().transform((value, ctx): string | undefined => {
    if (value === undefined || isAbsolute(value)) return value;
    return issue(ctx, 'notAbsolute', { value: shown(value) });
  });
}

/** A program to start: its path, or a list of the path and the arguments. */
export function program() {
  return z.unknown().transform((value, ctx): readonly string[] | undefined => {
    if (value === undefined || value === null || value === '') return undefined;
    const isList = typeof value === 'string' && value.trim().startsWith('[');
    const list = isList ? parsed(value) : typeof value === 'string' ? [value] : value;
    const isProgram = Array.isArray(list) && list[0] && list.every(item => typeof item === 'string');
    return isProgram ? list : issue(ctx, 'notProgram', { value: shown(value) });
  });
}

export function globs() {
  return z.unknown().transform((value, ctx): string[] => {
    if (value === undefined || value === null || value === '') return [];
    const given = [value].flat();
    const list = given.flatMap(item => (typeof item === 'string' && item !== '' ? patternsIn(item) : [item]));
    if (list.some(item => typeof item !== 'string' || item === '')) {
      return issue(ctx, 'notList', { value: shown(value) });
    }
    for (const pattern of list as string[]) {
      if (pattern.startsWith('!')) return issue(ctx, 'negatedPattern', { value: shown(pattern) });
      if (!isPattern(pattern)) return issue(ctx, 'badPattern', { value: shown(pattern) });
    }
    return list as string[];
  });
}

/** One pattern, or a JSON array of them; `[12]` is a pattern, for one of two characters. */
function patternsIn(text: string): unknown[] {
  const list = text.trim().startsWith('[') ? parsed(text) : undefined;
  if (!Array.isArray(list)) return [text];
  return list.length === 0 || list.some(item => typeof item === 'string') ? list : [text];
}

function isPattern(pattern: string): boolean {
  try {
    compilePattern(pattern);
    return true;
  } catch {
    return false;
  }
}

/** Names and values of headers. The command line gives them as a JSON object. */
export function headerMap(isOurs: (name: string) => boolean = () => false) {
  return z.unknown().transform((value, ctx): Record<string, string> => {
    if (value === undefined || value === null || value === '') return {};
    const map = typeof value === 'string' ? parsed(value) : value;
    if (typeof map !== 'object' || map === null || Array.isArray(map)) {
      return issue(ctx, 'notMap', { value: shown(value) });
    }
    const bad = Object.entries(map).find(([name, content]) => !isHeader(name, content));
    if (bad) return issue(ctx, 'badHeader', { value: shown(bad[0]) });
    const ours = Object.keys(map).find(isOurs);
    if (ours !== undefined) return issue(ctx, 'ownHeader', { value: shown(ours) });
    return Object.fromEntries(Object.entries(map).map(([name, content]) => [name, String(content)]));
  });
}

/** bytes of names and values: COS takes 2,048 in all (PUT Object, 436/7749), and a file's mtime is one of them. */
const MOST_META = 2_000;

/** Names and values of `x-cos-meta-*`: COS takes fewer names than HTTP. */
export function metaMap() {
  return headerMap().transform((map, ctx): Record<string, string> => {
    const bad = Object.keys(map).find(name => !/^[a-z0-9-]+$/i.test(name));
    if (bad !== undefined) return issue(ctx, 'badMetaName', { value: shown(bad) });
    const size = Object.entries(map).reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0);
    return size > MOST_META ? issue(ctx, 'metaTooLong', { value: size, max: MOST_META }) : map;
  });
}

const OWN_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'content-md5',
  'date',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'x-cos-security-token',
]);

/** Whether each request has a header of that name already, or one that makes another request of it. */
export function isOwnHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return OWN_HEADERS.has(lower) || lower.startsWith('x-cos-copy-source');
}

/** Source: RFC 9110, 5.1 and 5.5. What is not ASCII goes percent-encoded. */
function isHeader(name: string, content: unknown): boolean {
  const isPlain = typeof content === 'string' || typeof content === 'number' || typeof content === 'boolean';
  const text = String(isPlain ? content : '\n');
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !/[\r\n]/.test(text) && text.isWellFormed();
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** A count of deletions, or a share of the ledger's files. */
export type DeleteLimit = { count: number } | { share: number };

export function deleteLimit(fallback: DeleteLimit) {
  return z.unknown().transform((value, ctx): DeleteLimit => {
    if (value === undefined || value === null || value === '') return fallback;
    const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(textOf(value)) ?? [];
    const number = Number(digits);
    if (percent === '%' && number <= 100) return { share: number / 100 };
    if (percent === '' && Number.isInteger(number)) return { count: number };
    return issue(ctx, 'notDeleteLimit', { value: shown(value) });
  });
}
