import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { wordsFor } from '../../src/report/language.ts';
import { byName } from '../../src/report/words/call.ts';
import { en } from '../../src/report/words/en.ts';
import { zh } from '../../src/report/words/zh.ts';
import { sandbox } from '../support/sandbox.ts';

test.serial('the option wins over the config, and the config over the locale', t => {
  const before = { ...process.env };
  t.teardown(() => Object.assign(process.env, before));
  for (const name of ['LC_ALL', 'LC_MESSAGES', 'LANG']) process.env[name] = '';
  t.is(wordsFor(byName, 'zh', 'en').language, 'zh');
  t.is(wordsFor(byName, undefined, 'zh-CN').language, 'zh');
  t.is(wordsFor(byName).language, 'en');
  process.env.LANG = 'zh_CN.UTF-8';
  t.is(wordsFor(byName).language, 'zh');
  t.is(wordsFor(byName, undefined, 'en').language, 'en');
  t.is(wordsFor(byName, '', '').language, 'zh');
  process.env.LC_ALL = 'de_DE.UTF-8';
  t.is(wordsFor(byName).language, 'en');
});

test('the config chooses the language of all that the program says, its own faults included', async t => {
  const box = await sandbox(t);
  box.configure({ lang: 'zh' });
  box.write('a.txt', 'one');
  const { code, stdout } = await box.run('--dry-run');
  t.is(code, 0);
  t.regex(stdout, /试运行：不做任何改动/);
  t.regex(stdout, /sync over! op statistics:\n +op_status : ALL_OK/);
  t.regex((await box.run('--dry-run', '--lang', 'en')).stdout, /dry run: nothing is changed/);
  t.regex((await box.run('--help')).stdout, /^用法：/m);

  box.configure({ lang: 'zh', timeout: 'soon' });
  t.regex((await box.run()).stderr, /timeout: 必须是/);
});

test('a language that there is not is refused', async t => {
  const box = await sandbox(t);
  box.configure({ lang: 'klingon' });
  const inFile = await box.run();
  t.is(inFile.code, 2);
  t.regex(inFile.stderr, /lang: must be one of en, zh, not "klingon"/);
  box.configure();
  const option = await box.run('--lang', 'fr');
  t.like(option, { code: 2, stdout: '', stderr: 'cos_sync: --lang: must be one of en, zh, not "fr"\n' });
});

test('no JSON and no name of a statistic changes with the language', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  box.write('bad.txt', 'x');
  box.proxy.fault = ({ path }) =>
    path.endsWith('bad.txt') ? { kind: 'status', status: 400, code: 'InvalidURI' } : undefined;
  const english = await box.runJson('--dry-run');
  const chinese = await box.runJson('--dry-run', '--lang', 'zh');
  t.deepEqual(Object.keys(chinese.json), Object.keys(english.json));
  await box.run('--lang', 'zh');
  const log = readFileSync(join(box.home, 'log', 'cos_sync.log'), 'utf8');
  t.notRegex(log, /[\u4e00-\u9fff]/, 'the log greps the same in every language');
});

/** Every function and text of a catalogue, by its place. */
function leaves(words: object, place = ''): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [name, value] of Object.entries(words)) {
    if (typeof value === 'object')
      for (const [inner, leaf] of leaves(value, `${place}${name}.`)) found.set(inner, leaf);
    else found.set(place + name, value);
  }
  return found;
}

test('every sentence that has an English wording has a Chinese one, and it is Chinese', t => {
  const same = new Set(['language', 'run.would', 'init.questions.secret_id']);
  const chinese = leaves(zh(byName));
  for (const [place, english] of leaves(en(byName))) {
    const translated = chinese.get(place);
    t.is(typeof translated, typeof english, place);
    if (typeof translated !== 'string' || same.has(place)) continue;
    t.regex(translated, /[\u4e00-\u9fff；]/, place);
  }
});
