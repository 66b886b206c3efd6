import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sandbox } from '../support/sandbox.ts';

/** Sets a terminal's title, clears it; the last is one character for both that begin such a sequence. */
const ESCAPES = '\u001b]0;TITLE\u0007\u001b[2J\u009b31m';
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

const onPosix = process.platform === 'win32' ? test.skip : test;

onPosix(
  'nothing that a file, a link or a server says reaches the terminal, the log or a page as a control character',
  async t => {
    const box = await sandbox(t);
    box.configure({ retry_num: 0, failed_file: join(box.root, 'failed.json') });
    box.write(`name${ESCAPES}`, 'x');
    box.write('refused.txt', 'x');
    symlinkSync(`/none/${ESCAPES}`, join(box.local, 'link'));
    box.proxy.fault = ({ path }) =>
      path.endsWith('refused.txt')
        ? { kind: 'status', status: 400, code: 'No', message: '&#27;]0;TITLE&#7;&#155;31m' }
        : undefined;
    const page = join(box.root, 'page.html');
    const printed = [
      await box.run('--verbose'),
      await box.run('--json'),
      await box.run('history', 'show', '1'),
      await box.run('history', '--html', page),
      await box.run('--explain', 'link'),
      await box.run('--explain', `name${ESCAPES}`),
      await box.run('--config', `/none/${ESCAPES}`),
    ];
    for (const { stdout, stderr } of printed) {
      t.notRegex(stdout, CONTROL);
      t.notRegex(stderr, CONTROL);
    }
    t.true(printed[0]?.stdout.includes('TITLE'));
    t.notThrows(() => JSON.parse(printed[1]?.stdout ?? ''));
    for (const file of [page, join(box.root, 'failed.json')]) t.notRegex(readFileSync(file, 'utf8'), CONTROL);
    t.notRegex(box.log(), CONTROL);
  },
);

test("a stranger's object outlives a record that a wrong ETag would have made", async t => {
  const box = await sandbox(t);
  box.configure({ retry_num: 0 });
  const place = { Bucket: box.server.bucket, Region: box.server.region };
  await box.cos.putObject({ ...place, Key: 'backup/cd,stranger', Body: 'not ours' });
  box.write('stranger', 'ours');
  box.proxy.fault = ({ method }) =>
    method === 'PUT' ? { kind: 'headers', headers: { etag: '"ab,cd"' } } : undefined;
  const { json } = await box.runJson();
  t.is(json.errors[0]?.code, 'UnexpectedAnswer');
  box.proxy.fault = undefined;
  const { code } = await box.run();
  t.is(code, 0);
  t.deepEqual(await box.keys(), ['backup/cd,stranger', 'backup/stranger']);
});
