import { appendFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sandbox } from '../../support/sandbox.ts';

const MiB = 1024 * 1024;

for (const [what, size] of [
  ['in parts', 3 * MiB],
  ['as a whole', 1_000],
] as const) {
  test(`a file that grows all the time arrives as it was when it was opened, ${what}`, async t => {
    const box = await sandbox(t);
    box.configure({ multipart_threshold: 1, part_size: 1, thread_num: 1 });
    const content = Buffer.alloc(size, 'x');
    box.write('app.log', content);
    const log = join(box.local, 'app.log');
    // Faster than any machine reads: each look finds it longer.
    const writing = setInterval(() => appendFileSync(log, 'a line\n'), 1);
    t.teardown(() => clearInterval(writing));
    box.proxy.fault = ({ method }) => {
      if (method === 'PUT') appendFileSync(log, 'a line\n');
      return undefined;
    };
    const { code, json, stderr } = await box.runJson();
    clearInterval(writing);
    box.proxy.fault = undefined;
    t.is(code, 0, stderr);
    t.like(json, { upload_file_ok: 1, upload_file_fail: 0 });
    const held = (await box.objects()).get('backup/app.log')!;
    t.true(held.subarray(0, size).equals(content));
    if (what === 'in parts') {
      t.regex(stderr, /app\.log kept growing/);
      t.is(
        box.proxy.requests.filter(({ query }) => query.has('partNumber')).length,
        Math.ceil(held.length / MiB),
      );
      // Cut back to what COS has, it may be another content: it is looked at, and nothing is sent.
      truncateSync(log, held.length);
      t.like((await box.runJson()).json, { upload_file_ok: 0, upload_file_skip: 1 });
      appendFileSync(log, 'more');
    }
    t.like((await box.runJson()).json, { upload_file_ok: 1 });
    t.is((await box.objects()).get('backup/app.log')?.length, statSync(log).size);
  });
}

const procTest = process.platform === 'linux' ? test : test.skip;

procTest('a file that says it is empty and has content is skipped, and that is said', async t => {
  const box = await sandbox(t);
  box.configure({ local_path: '/proc/sys/kernel/random' });
  const { code, json, stderr } = await box.runJson('--include', 'uuid');
  t.is(code, 0, stderr);
  t.like(json, { upload_file_ok: 0, upload_file_fail: 0 });
  t.regex(stderr, /skipped \/proc\/sys\/kernel\/random\/uuid: /);
  t.deepEqual(await box.keys(), []);
});
