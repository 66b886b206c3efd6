import type { Applied } from '../engine/upkeep/apply-attributes.ts';
import type { Finding, FindingKind, Verification } from '../engine/upkeep/verify.ts';
import { describe } from './describe.ts';
import { printable } from './printable.ts';
import type { Words } from './words/words.ts';

/** Findings named in the JSON object, and in the lines of one kind. */
const MAX_IN_JSON = 1_000;
const MAX_LINES = 20;
const LABEL_WIDTH = 10;

/** In the order of what matters most. */
const KINDS: readonly FindingKind[] = [
  'missing',
  'different',
  'content',
  'unreadable',
  'changedLocally',
  'goneLocally',
  'begun',
  'unknown',
];

/** The names in JSON. */
const NAME: Readonly<Record<FindingKind, string>> = {
  missing: 'missing',
  different: 'different',
  content: 'content_differs',
  unreadable: 'unreadable',
  changedLocally: 'changed_locally',
  goneLocally: 'gone_locally',
  begun: 'begun',
  unknown: 'unknown',
};

/** Keeps the first findings of each kind; all of them may be a million. */
export interface Findings {
  add(finding: Finding): void;
  first(kind: FindingKind): readonly Finding[];
}

export function collectFindings(): Findings {
  const kept = new Map<FindingKind, Finding[]>(KINDS.map(kind => [kind, []]));
  return {
    add(finding) {
      const list = kept.get(finding.kind) as Finding[];
      if (list.length < MAX_IN_JSON) list.push(finding);
    },
    first: kind => kept.get(kind) ?? [],
  };
}

/** What is wrong: what a repair, or a person, has to put right. */
export function wrongIn({ found }: Verification): number {
  return found.missing + found.different + found.content + found.unreadable;
}

/** The result for a person: what was found of each kind, the first of each by name, and what to do. */
export function verificationText(result: Verification, findings: Findings, words: Words): string {
  const { verify, run } = words;
  const lines: string[] = [];
  for (const kind of KINDS) {
    const count = result.found[kind];
    if (count === 0) continue;
    lines.push(verify.meaning[kind](count));
    for (const { path, detail } of findings.first(kind).slice(0, MAX_LINES)) {
      const more = detail === '' ? '' : `  (${detail})`;
      lines.push(`  ${padded(verify.labels[kind])} ${printable(path)}${more}`);
    }
    if (count > MAX_LINES) lines.push(`  ${run.andMore(count - MAX_LINES)}`);
  }
  if (result.newLocally) lines.push(verify.newLocally(result.newLocally));
  if (result.unconfirmed > 0) lines.push(verify.unconfirmed(result.unconfirmed));
  lines.push(verify.counted(result.objects, result.records, result.same));
  if (result.records === 0) lines.push(verify.emptyLedger);
  return `${lines.join('\n')}\n`;
}

/** The same as one JSON object. */
export function verificationJson(
  result: Verification,
  findings: Findings,
  prefix: string,
): Record<string, unknown> {
  const counts = KINDS.map(kind => [NAME[kind], result.found[kind]] as const);
  return {
    objects: result.objects,
    records: result.records,
    same: result.same,
    ...Object.fromEntries(counts),
    unconfirmed: result.unconfirmed,
    new_locally: result.newLocally ?? null,
    findings: KINDS.flatMap(kind => findings.first(kind))
      .slice(0, MAX_IN_JSON)
      .map(({ kind, path, detail }) => ({ kind: NAME[kind], path, key: prefix + path, detail })),
  };
}

/** Chinese characters take two columns of a terminal. */
function padded(label: string): string {
  const columns = [...label].reduce((sum, char) => sum + (char > '\u2e80' ? 2 : 1), 0);
  return label + ' '.repeat(Math.max(0, LABEL_WIDTH - columns));
}

/** What became of the configured attributes: how many objects have them, and those that do not. */
export function attributesText({ applied, failed }: Applied, words: Words): string {
  const lines = failed.slice(0, MAX_LINES).map(({ path, failure }) => {
    const { code, message } = describe(failure, words);
    return `  ${printable(path)}  code: ${code}, ${message}`;
  });
  if (failed.length > MAX_LINES) lines.push(`  ${words.run.andMore(failed.length - MAX_LINES)}`);
  return `${[words.verify.attributes(applied, failed.length), ...lines].join('\n')}\n`;
}

export function attributesJson({ applied, failed }: Applied, words: Words): Record<string, unknown> {
  const errors = failed.slice(0, MAX_IN_JSON).map(({ path, key, failure }) => ({
    path,
    key,
    ...describe(failure, words),
  }));
  return { applied, failed: failed.length, errors };
}
