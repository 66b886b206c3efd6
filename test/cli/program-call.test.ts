import { resolve } from 'node:path';
import test from 'ava';
import { parse } from '../../src/cli/parse.ts';
import { callIn } from '../../src/cli/program-call.ts';
import { homeAt } from '../../src/config/home.ts';
import { en } from '../../src/report/words/en.ts';
import { zh } from '../../src/report/words/zh.ts';

const OTHER = homeAt(resolve('other home'), {}, resolve('other.json'));

test('a command that a message names can be typed as it stands, with the home and configuration that it reads', t => {
  const call = callIn(OTHER);
  const [home, config] = [`'${OTHER.root}'`, OTHER.configFile];
  t.true(call('ledger rebuild').endsWith(` --home ${home} --config ${config} ledger rebuild`));
  t.true(call('schedule remove --name a').endsWith(` --home ${home} schedule remove --name a`));
  t.regex(call('help sync'), /^\S+ \S+ help sync$/);
  const ofShard = callIn(OTHER, '0/4');
  t.true(ofShard('verify --repair').endsWith(` --config ${config} --shard 0/4 verify --repair`));
  for (const command of ['ledger rebuild --shard 1/4', 'schedule remove --name a', 'init', 'help sync']) {
    t.is(ofShard(command), call(command));
  }
  const usual = callIn(homeAt(undefined, process.env));
  t.notRegex(usual('sync'), /--home|--config/);
});

test('every command in the words is one that the program takes', t => {
  for (const language of [en, zh]) {
    const calls = new Set<string>();
    evaluate(
      language(command => {
        calls.add(command);
        return command;
      }),
    );
    for (const call of ['ledger rebuild', 'sync --dry-run', 'verify --repair', 'init --recover']) {
      t.true(calls.has(call), call);
    }
    for (const call of calls) t.notThrows(() => parse(call.split(' ')), call);
  }
});

/** Says everything there is, with `sync` for what a message names. */
function evaluate(words: object): void {
  const values = new Proxy({}, { get: (_, name) => (name === 'value' || name === 'command' ? 'sync' : 1) });
  for (const said of Object.values(words)) {
    if (typeof said === 'object' && said !== null) evaluate(said);
    if (typeof said !== 'function') continue;
    for (const first of [values, 'sync']) {
      try {
        said(first, 'systemd', 'sync', ['sync'], 1);
      } catch {
        // It takes values of another kind.
      }
    }
  }
}
