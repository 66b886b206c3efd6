import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { openLog } from '../../src/report/log.ts';
import { sandbox } from '../support/sandbox.ts';
import { until } from '../support/until.ts';

test('a log that is moved or removed while it is written is opened anew', async t => {
  const root = mkdtempSync(join(tmpdir(), 'cos_sync-log-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const file = join(root, 'log', 'cos_sync.log');
  const log = openLog(file, code => t.fail(code));
  const content = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const write = async (event: string) => {
    log.info(event);
    await until(() => content().includes(event));
  };
  await write('first');
  renameSync(file, `${file}.moved`);
  await write('second');
  rmSync(file);
  await write('third');
  rmSync(dirname(file), { recursive: true });
  await write('fourth');
  await log.close();
  t.regex(content(), /^\S+Z info +fourth run=-\n$/);
});

test('each line has the number of its run, and its first line tells configurations of one home apart', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  const other = join(box.root, 'other.json');
  const data = join(box.root, 'other data');
  mkdirSync(data);
  writeFileSync(join(data, 'b.txt'), 'b');
  const config = JSON.parse(readFileSync(join(box.home, 'conf', 'config.json'), 'utf8'));
  writeFileSync(other, JSON.stringify({ ...config, local_path: data, cos_path: '/other' }), { mode: 0o600 });
  await box.run();
  await box.run('--dry-run');
  const ended = await Promise.all([box.run('--config', other), box.run()]);
  for (const { code } of ended) t.is(code, 0);
  const lines = box.log().trimEnd().split('\n');
  const runs = Map.groupBy(lines, line => /^\S+Z \w+ +\w+ run=(\S+)/.exec(line)?.[1]);
  t.deepEqual([...runs.keys()].sort(), ['1', '2', '3', 'dry']);
  const history = JSON.parse((await box.run('history', '--json')).stdout) as Record<string, unknown>[];
  for (const { run, local_path } of history) {
    const [start = '', ...more] = runs.get(String(run)) ?? [];
    t.regex(start, / info +start /);
    t.is(start.includes(`config=${other} `), local_path === data);
    t.is(more.join('\n').includes('path=b.txt'), local_path === data);
  }
});
