import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import stringWidth from 'string-width';
import { COMMANDS, optionsOf } from '../../src/cli/commands.ts';
import { helpFor, usageOf } from '../../src/cli/help.ts';
import { type ConfigKey, defaultText } from '../../src/config/key-table.ts';
import { CONFIG_KEYS } from '../../src/config/schema.ts';
import { wordsFor } from '../../src/report/language.ts';
import { byName } from '../../src/report/words/call.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PATHS: string[][] = [
  [],
  ...COMMANDS.flatMap(({ name, actions = [] }) => [[name], ...actions.map(action => [name, action.name])]),
];

for (const language of ['en', 'zh'] as const) {
  const words = wordsFor(byName, language);

  test(`no line of any help is wider than 100 columns (${language})`, t => {
    for (const path of PATHS) {
      for (const line of helpFor(path, words).split('\n')) {
        t.true(stringWidth(line) <= 100, `${path.join(' ')}: ${line}`);
        t.is(line.trimEnd(), line);
      }
    }
  });

  test(`the help of a command has each of its options, actions and an example of each (${language})`, t => {
    for (const command of COMMANDS) {
      const text = helpFor([command.name], words);
      const isListed = !command.needsAction;
      for (const option of isListed ? optionsOf(command) : [])
        t.true(text.includes(usageOf(option)), option.name);
      for (const action of command.actions ?? []) {
        t.regex(text, new RegExp(`^ {2}${action.name}\\b`, 'm'));
        t.true(text.includes(action.example ?? '-'), action.name);
        const own = helpFor([command.name, action.name], words);
        for (const option of optionsOf(action)) t.true(own.includes(usageOf(option)), option.name);
      }
    }
    const all = helpFor([], words);
    for (const { name } of COMMANDS) t.regex(all, new RegExp(`^ {2}${name} `, 'm'));
  });

  test(`the README's table of keys says what --help says, and has the same defaults (${language})`, t => {
    const file = language === 'en' ? 'README.md' : 'README.zh-CN.md';
    const rows = tableOfKeys(readFileSync(join(ROOT, file), 'utf8'));
    for (const key of CONFIG_KEYS) {
      const row = rows.get(key);
      const meaning = words.keys[key];
      t.true(row?.meaning.startsWith(meaning), `${key}: "${row?.meaning}" does not begin with "${meaning}"`);
      const fallback = defaultText(key);
      if (fallback !== '') t.is(row?.fallback, fallback, key);
    }
    t.deepEqual(
      [...rows.keys()].filter(key => !CONFIG_KEYS.includes(key as ConfigKey)),
      [],
    );
  });
}

/** Each key's row, without Markdown. */
function tableOfKeys(readme: string): Map<string, { meaning: string; fallback: string }> {
  const rows = new Map<string, { meaning: string; fallback: string }>();
  const lines = readme.split('\n');
  const start = lines.findIndex(
    (line, index) => /^\| `appid`/.test(lines[index + 2] ?? '') && line.startsWith('|'),
  );
  for (const line of lines.slice(start + 2)) {
    if (!line.startsWith('|')) break;
    const [, keys = '', meaning = '', fallback = ''] = line.split(/(?<!\\)\|/).map(plain);
    for (const key of keys.split(/[，、,()（）或 ]+|\bor\b/).filter(name => name !== ''))
      rows.set(key, { meaning, fallback });
  }
  return rows;
}

function plain(markdown: string): string {
  return markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('`', '')
    .replaceAll('\\|', '|')
    .trim();
}
