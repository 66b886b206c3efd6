import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { barsOf } from '../../src/report/history/bars.ts';
import { marksUpTo } from '../../src/report/history/chart.ts';
import { historyEn } from '../../src/report/words/history.ts';
import { pastRuns, writeHistory } from '../support/past-runs.ts';
import { sandbox } from '../support/sandbox.ts';

test('history lists past runs, the newest last', async t => {
  const box = await sandbox(t);
  const none = await box.run('history');
  t.like(none, { code: 0, stdout: '' });
  t.regex(none.stderr, /no runs yet in .*history\.db/);

  box.write('a.txt', 'one');
  await box.run();
  rmSync(box.local, { recursive: true });
  await box.run();
  const { code, stdout } = await box.run('history');
  t.is(code, 0);
  const [head = '', first = '', second = '', ...rest] = stdout.trimEnd().split('\n');
  t.deepEqual(head.trim().split(/ {2,}/), [
    ...['run', 'when', 'status', 'uploaded', 'deleted', 'failed', 'bytes', 'duration'],
  ]);
  t.regex(first, /^ *1 {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}ALL_OK +1 +0 +0 +3 B +0:0\d$/);
  t.regex(second, /^ *2 {2}.* {2}ALL_FAIL +0 /);
  t.deepEqual(rest, []);

  const shown = await box.run('history', 'show', '2');
  t.regex(shown.stdout, /exit code +4/);
  t.regex(shown.stdout, /local_path .* is missing/);
});

test('the table fits 80 columns, whatever there is to count and however many targets', async t => {
  const box = await sandbox(t);
  const large = { upload_file_ok: 12_345_678, del_file_ok: 123_456, upload_file_fail: 99_999 };
  const [one, other] = [
    pastRuns(40, 30, large),
    pastRuns(2000, 2, { deletes_held: 1_234_567, used_time: 90_000 }),
  ];
  for (const run of other.slice(-3))
    Object.assign(run, { ledger: 'other.db', target: 'cos://other-1250000000/' });
  for (const run of one) run._id += 10_000;
  writeHistory(box.home, [...one, ...other]);
  for (const language of ['en', 'zh']) {
    const { stdout } = await box.run('history', '--lang', language);
    const widest = Math.max(...stdout.split('\n').map(line => stringWidth(line)));
    t.true(widest <= 80, String(widest));
    t.regex(stdout, /^ {6}\/srv\/photos → cos:\/\/other-1250000000\/$/m);
  }
});

test('history works without a configuration, and in Chinese', async t => {
  const box = await sandbox(t);
  writeHistory(box.home, pastRuns(300, 2));
  rmSync(join(box.home, 'conf'), { recursive: true });
  const { code, stdout } = await box.run('history', '--last', '2', '--lang', 'zh');
  t.is(code, 0);
  t.regex(stdout, /^编号 {2}时间 +状态 +上传/);
  t.is(stdout.trimEnd().split('\n').length, 3);
});

test('history --json has the names of the summary, and each run its number', async t => {
  const box = await sandbox(t);
  writeHistory(box.home, pastRuns(50, 2));
  const { stdout } = await box.run('history', '--json', '--last', '3');
  const runs = JSON.parse(stdout) as Record<string, unknown>[];
  t.deepEqual(
    runs.map(({ run }) => run),
    [48, 49, 50],
  );
  t.like(runs[0], { op_status: 'ALL_OK', upload_file_fail: 0, target: 'cos://photos-1250000000/backup/' });
  t.false('errors' in (runs[0] ?? {}));

  const failed = pastRuns(50, 2).find(({ errors }) => errors.length > 0)?._id;
  const shown = JSON.parse((await box.run('history', 'show', String(failed), '--json')).stdout);
  t.is(shown.run, failed);
  t.like(shown.errors[0], { code: '-71', op: 'uploadFile' });
});

test('a run that there is not, and an action that there is not, are refused', async t => {
  const box = await sandbox(t);
  writeHistory(box.home, pastRuns(3, 2));
  const refused = async (...args: string[]) => {
    const { code, stdout, stderr } = await box.run('history', ...args);
    t.like({ code, stdout }, { code: 2, stdout: '' });
    return stderr;
  };
  t.regex(await refused('show', '9'), /there is no run 9; there are 1 to 3/);
  t.regex(await refused('sho'), /^cos_sync: history sho: unknown command; did you mean history show\?/);
  t.regex(await refused('--last', '0'), /--last: must be a number from 1/);
  t.regex(await refused('--html', join(box.root, 'no', 'x.html')), /x\.html cannot be written \(ENOENT\)/);
});

test('history --html writes one page that asks for nothing else', async t => {
  const box = await sandbox(t);
  writeHistory(box.home, pastRuns(40, 12));
  const file = join(box.root, 'history.html');
  const { code, stdout } = await box.run('history', '--html', file);
  t.is(code, 0);
  t.true(stdout.includes(file));
  const page = readFileSync(file, 'utf8');
  t.notRegex(page, /https?:|<script|<link|<img|@import|url\(/);
  t.notRegex(page, /<b>trip/, 'names of files are not HTML');
  t.regex(page, /&lt;b&gt;trip &amp; &quot;sea&quot;/);
  t.false(existsSync(`${file}.tmp`));
});

test('no run is lost between the bars, whatever time they span', t => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2500 }),
      fc.double({ min: 0.01, max: 400, noNaN: true }),
      (count, hours) => {
        const runs = pastRuns(count, hours);
        const { bars } = barsOf(runs, historyEn);
        t.true(bars.length <= 132, String(bars.length));
        const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
        t.is(sum(bars.map(bar => bar.runs)), count);
        t.is(sum(bars.map(bar => bar.bytes)), sum(runs.map(run => run.upload_bytes)));
        t.is(Math.max(...bars.map(bar => bar.duration)), Math.max(...runs.map(run => run.used_time)));
      },
    ),
    { numRuns: 40 },
  );
});

test('the marks of an axis reach the highest value and are few', t => {
  const steps = fc.constantFrom('decimal', 'bytes', 'seconds') as fc.Arbitrary<'decimal'>;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 50 }), steps, (highest, kind) => {
      const marks = marksUpTo(highest, kind);
      t.true((marks.at(-1) ?? 0) >= highest);
      t.true(marks.length >= 2 && marks.length <= 6, `${highest}: ${marks}`);
    }),
  );
});

test('a history that holds nothing readable is not taken for none', async t => {
  const box = await sandbox(t);
  mkdirSync(join(box.home, 'db'));
  writeFileSync(join(box.home, 'db', 'history.db'), 'no history\n');
  const { code, stdout, stderr } = await box.run('history');
  t.like({ code, stdout }, { code: 2, stdout: '' });
  t.regex(stderr, /^cos_sync: .*history\.db: is damaged, no past run can be read from it/);
});
