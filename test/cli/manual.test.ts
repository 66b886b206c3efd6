import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from '../../src/cli/parse.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MANUALS = ['README.md', 'README.zh-CN.md'] as const;

for (const file of MANUALS) {
  const text = readFileSync(join(ROOT, file), 'utf8');

  test(`${file} lists each of its headings, in their order`, t => {
    const [contents, ...others] = headingsIn(text);
    t.truthy(contents);
    const listed = [...text.matchAll(/^ *- \[(.*)\]\(#(.*)\)$/gm)].map(([, title, anchor]) => ({
      title,
      anchor,
    }));
    t.deepEqual(
      listed,
      others.map(({ title }) => ({ title, anchor: anchorOf(title) })),
    );
  });

  test(`each link of ${file} to a heading or a file leads to one`, t => {
    const anchors = new Set(headingsIn(text).map(({ title }) => anchorOf(title)));
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (link.startsWith('#')) t.true(anchors.has(link.slice(1)), link);
      else if (!link.startsWith('https://')) t.true(existsSync(join(ROOT, link.split('#')[0] ?? '')), link);
    }
  });

  test(`${file} names only commands and options that the program takes`, t => {
    const calls = callsIn(text);
    t.true(calls.length > 40);
    for (const call of calls) t.notThrows(() => parse(argumentsOf(call)), call);
  });
}

test('the manual has the same headings, commands, configuration keys and error codes in both languages', t => {
  const [english = '', chinese = ''] = MANUALS.map(file => readFileSync(join(ROOT, file), 'utf8'));
  const [commands = ''] = english.split('\n### Packages');
  const levels = (text: string) => headingsIn(text).map(({ level }) => level);
  t.deepEqual(levels(chinese), levels(commands));
  for (const cells of [commandsIn, keyCellsIn, codesIn]) t.deepEqual(cells(chinese), cells(english));
});

test('a code in the table of errors is one that the source names', t => {
  const folder = join(ROOT, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name =>
    name.endsWith('.ts'),
  );
  const source = files.map(name => readFileSync(join(folder, name), 'utf8')).join('\n');
  const codes = codesIn(readFileSync(join(ROOT, 'README.md'), 'utf8'));
  t.true(codes.length > 50);
  for (const code of codes) t.true(source.includes(code.replace('…', '')), code);
});

function headingsIn(markdown: string): { level: number; title: string }[] {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/^(##+) (.*)$/gm)].map(([, marks = '', title = '']) => ({
    level: marks.length,
    title,
  }));
}

/** As GitHub makes it. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-');
}

/** Every call of the program with arguments, in a block or between backticks, without the comment behind it. */
function callsIn(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) =>
    block.split('\n'),
  );
  const inline = [...markdown.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(
    ([, code = '']) => code,
  );
  return [...blocks, ...inline]
    .map(line => /^(?:sudo )?(?:\.[/\\])?cos_sync(?:\.exe)? (.*)$/.exec(line)?.[1]?.split(/ {2,}#| > /)[0])
    .filter(call => call !== undefined)
    .filter(call => !call.startsWith('COMMAND'))
    .map(call => call.trim());
}

function argumentsOf(call: string): string[] {
  return [...call.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

/** The commands that calls in the manual run, each once. */
function commandsIn(markdown: string): string[] {
  const given = callsIn(markdown).map(call => parse(argumentsOf(call)));
  return [...new Set(given.map(({ command, action = '' }) => `${command} ${action}`.trim()))].sort();
}

/** The configuration keys, in the order of the table. */
function keyCellsIn(markdown: string): string[] {
  const [, table = ''] = /\n(\| `appid` [\s\S]*?)\n\n/.exec(markdown) ?? [];
  return table.split('\n').map(row => row.split('|')[1]?.trim() ?? '');
}

/** The codes of the table of errors, in its order. */
function codesIn(markdown: string): string[] {
  const [, table = ''] = /\n(\| `-3` [\s\S]*?)\n\n/.exec(markdown) ?? [];
  return table
    .split('\n')
    .flatMap(row => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code));
}
