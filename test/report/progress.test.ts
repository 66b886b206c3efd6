import { spawn } from 'node:child_process';
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { largeAmong } from '../../src/engine/large-files.ts';
import { Failure } from '../../src/failure.ts';
import { createProgress } from '../../src/report/progress/display.ts';
import { frame, progressLine } from '../../src/report/progress/frame.ts';
import { createProgressState, type Snapshot } from '../../src/report/progress/state.ts';
import { createThroughput } from '../../src/report/progress/throughput.ts';
import { progressEn, progressZh } from '../../src/report/words/progress.ts';
import { sandbox } from '../support/sandbox.ts';
import { testWhere } from '../support/test-where.ts';
import { until } from '../support/until.ts';

const KiB = 1024;
const failure = new Failure('denied', { code: 'AccessDenied' });

function stateAt() {
  const time = { now: 0 };
  return { time, ...createProgressState(() => time.now) };
}

test('the speed is that of the last seconds, not the average since the start', t => {
  const { time, listener, snapshot } = stateAt();
  listener.planned?.({ files: 2, folders: 0, deletions: 0, bytes: 9000 * KiB });
  listener.started?.({ operation: 'uploadFile', path: 'a', bytes: 9000 * KiB });
  for (time.now = 1000; time.now <= 30_000; time.now += 1000) listener.sent?.(100 * KiB, 'a');
  for (time.now = 31_000; time.now <= 60_000; time.now += 1000) listener.sent?.(10 * KiB, 'a');
  time.now = 60_000;
  const { bytesPerSecond } = snapshot();
  t.true(bytesPerSecond > 9 * KiB && bytesPerSecond < 11 * KiB, String(bytesPerSecond));
});

test('a connection that stalls shows a speed of zero', t => {
  const { time, listener, snapshot } = stateAt();
  listener.planned?.({ files: 1, folders: 0, deletions: 0, bytes: 9000 });
  listener.started?.({ operation: 'uploadFile', path: 'a', bytes: 9000 });
  time.now = 1000;
  listener.sent?.(5000, 'a');
  t.true(snapshot().bytesPerSecond > 0);
  time.now = 20_000;
  t.is(snapshot().bytesPerSecond, 0);
});

test('what is spread over a long time counts for the part of it that was just now', t => {
  const rate = createThroughput(10_000, 0);
  rate.add(60_000, 0, 60_000);
  const perSecond = rate.perSecond(60_000);
  t.true(perSecond > 900 && perSecond < 1100, String(perSecond));
});

test('repeated tries do not make a file larger than it is', t => {
  const { listener, snapshot } = stateAt();
  listener.planned?.({ files: 2, folders: 0, deletions: 0, bytes: 300 });
  listener.started?.({ operation: 'uploadFile', path: 'a', bytes: 100 });
  for (let tries = 0; tries < 5; tries++) listener.sent?.(100, 'a');
  t.deepEqual(snapshot().bytes, { done: 100, total: 300 });
  listener.ended?.('uploadFile', 'a');
  t.like(snapshot(), { bytes: { done: 100, total: 300 }, files: { done: 1, total: 2 }, inFlight: 0 });
});

test('at the end all is done, whether it succeeded, failed or was copied', t => {
  const { listener, snapshot } = stateAt();
  listener.planned?.({ files: 2, folders: 1, deletions: 0, bytes: 300 });
  listener.started?.({ operation: 'createFolder', path: 'd/', bytes: 0 });
  listener.ended?.('createFolder', 'd/');
  listener.started?.({ operation: 'uploadFile', path: 'copied', bytes: 100 });
  listener.ended?.('uploadFile', 'copied');
  listener.started?.({ operation: 'uploadFile', path: 'failed', bytes: 200 });
  listener.failed?.({ operation: 'uploadFile', path: 'failed', key: 'failed', failure });
  listener.ended?.('uploadFile', 'failed');
  listener.planned?.({ files: 0, folders: 0, deletions: 1, bytes: 0 });
  t.true(snapshot().share < 1);
  listener.started?.({ operation: 'deleteFile', path: 'gone', bytes: 0 });
  listener.done?.({ operation: 'deleteFile', path: 'gone', key: 'gone', bytes: 0 });
  listener.ended?.('deleteFile', 'gone');
  t.like(snapshot(), { share: 1, failures: 1, deletions: { done: 1, total: 1 }, inFlight: 0 });
});

test('while the scan goes on beside the work, no share of it and no time left is told', t => {
  const { time, listener, snapshot } = stateAt();
  listener.scanned?.(1200);
  listener.planned?.({ files: 1, folders: 0, deletions: 0, bytes: 100, isPartial: true });
  listener.started?.({ operation: 'uploadFile', path: 'a', bytes: 100 });
  time.now = 5000;
  listener.sent?.(100, 'a');
  listener.ended?.('uploadFile', 'a');
  t.is(progressLine(snapshot(), progressEn), 'scanning: 1,200 found, 1/1 files, 100 B/100 B, 20 B/s');
  const [line = ''] = frame(snapshot(), progressEn, 80, process.stderr);
  t.is(stripVTControlCharacters(line), 'scanning: 1,200 found  1/1 files  100 B/100 B');

  listener.planned?.({ files: 1, folders: 0, deletions: 0, bytes: 100 });
  t.regex(progressLine(snapshot(), progressEn), /^ \d\d%, 1\/2 files, 100 B\/200 B, 20 B\/s, 0:05 left$/);
});

test('the time left comes from the pace of the work', t => {
  const { time, listener, snapshot } = stateAt();
  listener.planned?.({ files: 100, folders: 0, deletions: 0, bytes: 0 });
  t.is(snapshot().secondsLeft, undefined);
  for (let file = 0; file < 50; file++) {
    listener.started?.({ operation: 'uploadFile', path: String(file), bytes: 0 });
    time.now += 200;
    listener.ended?.('uploadFile', String(file));
  }
  const { secondsLeft = 0 } = snapshot();
  t.true(secondsLeft > 9 && secondsLeft < 11, String(secondsLeft));
});

/** Five operations at a time over a connection of 2 MiB/s, each with a way of 50 ms to COS and back. */
function simulate(sizes: readonly number[], onSecond: (second: number, snapshot: Snapshot) => void): number {
  const STEP = 10;
  const { time, listener, snapshot } = stateAt();
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  listener.planned?.({ files: sizes.length, folders: 0, deletions: 0, bytes, large: largeAmong(sizes) });
  const waiting = [...sizes.entries()];
  let underWay: { path: string; left: number; wait: number }[] = [];
  for (; waiting.length > 0 || underWay.length > 0; time.now += STEP) {
    if (time.now > 0 && time.now % 1000 === 0) onSecond(time.now / 1000, snapshot());
    while (underWay.length < 5 && waiting.length > 0) {
      const [index, size] = waiting.shift()!;
      underWay.push({ path: `${index}`, left: size, wait: 50 });
      listener.started?.({ operation: 'uploadFile', path: `${index}`, bytes: size });
    }
    const sending = underWay.filter(({ left }) => left > 0);
    let capacity = (2 * 1024 * KiB * STEP) / 1000;
    for (const upload of sending.sort((a, b) => a.left - b.left)) {
      const bytes = Math.min(upload.left, Math.floor(capacity));
      capacity -= bytes;
      upload.left -= bytes;
      listener.sent?.(bytes, upload.path);
    }
    for (const upload of underWay) if (upload.left === 0) upload.wait -= STEP;
    for (const { path } of underWay.filter(({ wait }) => wait <= 0)) listener.ended?.('uploadFile', path);
    underWay = underWay.filter(({ wait }) => wait > 0);
  }
  return time.now / 1000;
}

for (const [title, place, knownFrom] of [
  ['before', 0, 10],
  ['among', 750, 13],
  ['after', 1500, 20],
] as const) {
  test(`the time left is right within a factor of 1.5 with a large file ${title} many small ones`, t => {
    const sizes = Array.from({ length: 1500 }, () => 300);
    sizes.splice(place, 0, 100 * 1024 * KiB);
    const told: [number, number | undefined, number][] = [];
    const end = simulate(sizes, (second, { secondsLeft, share }) => told.push([second, secondsLeft, share]));
    t.true(end > 50 && end < 80, String(end));
    let before = 0;
    for (const [second, secondsLeft, share] of told) {
      t.true(share >= before && share <= 1, 'the share never goes back');
      before = share;
      if (second < 10) continue;
      const left = end - second;
      if (secondsLeft === undefined) t.true(second < knownFrom, `nothing is told after ${second} s`);
      else
        t.true(
          secondsLeft < left * 1.5 + 1 && secondsLeft > left / 1.5 - 1,
          `${second}: ${secondsLeft} of ${left}`,
        );
      if (second > knownFrom) t.true(Math.abs(share - second / end) < 0.25, `${second} s: ${share}`);
    }
  });
}

test('what COS holds already of a resumed upload is done, and says nothing about the speed', t => {
  const { time, listener, snapshot } = stateAt();
  const size = 100 * 1024 * KiB;
  listener.planned?.({ files: 1, folders: 0, deletions: 0, bytes: size, large: largeAmong([size]) });
  listener.started?.({ operation: 'uploadFile', path: 'a', bytes: size });
  listener.resumed?.('a', { parts: 9, allParts: 10, bytes: size * 0.9 });
  t.like(snapshot(), { bytes: { done: size * 0.9, total: size }, share: 0.9, bytesPerSecond: 0 });
  for (let second = 1; second <= 5; second++) {
    time.now = second * 1000;
    listener.sent?.(1024 * KiB, 'a');
  }
  const { secondsLeft = 0, oldest } = snapshot();
  t.true(secondsLeft > 4 && secondsLeft < 6, String(secondsLeft));
  t.is(oldest?.sent, size * 0.9 + 5 * 1024 * KiB);
});

const tally = fc.record({ done: fc.nat(2e9), total: fc.nat(2e9) });
const snapshots: fc.Arbitrary<Snapshot> = fc.record({
  isScanning: fc.boolean(),
  phase: fc.constantFrom('scanning', 'working'),
  scanned: fc.nat(),
  files: tally,
  deletions: tally,
  bytes: tally,
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  bytesPerSecond: fc.nat(),
  secondsLeft: fc.option(fc.nat(1e6), { nil: undefined }),
  inFlight: fc.nat(500),
  oldest: fc.option(
    fc.record({ path: fc.string({ unit: 'grapheme', maxLength: 200 }), sent: fc.nat(), bytes: fc.nat() }),
    { nil: undefined },
  ),
  failures: fc.nat(1e6),
  retries: fc.nat(1e6),
});

test('no line of the display is wider than the terminal or breaks it', t => {
  fc.assert(
    fc.property(
      snapshots,
      fc.integer({ min: 2, max: 200 }),
      fc.constantFrom(progressEn, progressZh),
      (now, columns, words) => {
        for (const line of frame(now, words, columns, process.stderr).map(stripVTControlCharacters)) {
          t.true(stringWidth(line) < columns, line);
          t.notRegex(line, /[\n\r]/);
        }
      },
    ),
  );
});

test('where there is no terminal, a line now and then says how far the run is', async t => {
  const printed: string[] = [];
  const terminal = {
    out: () => {},
    warn: () => {},
    err: (text: string) => void printed.push(text),
    isInteractive: false,
    data: () => {},
    status: () => {},
  };
  const style = { json: false, quiet: false, verbose: false, progress: true };
  const progress = createProgress(terminal, progressEn, style, { line: 20 });
  progress.listener.scanned?.(1_234_567);
  await until(() => printed.length > 0);
  t.is(printed[0], 'scanning: 1,234,567 found\n');
  progress.listener.planned?.({ files: 4, folders: 0, deletions: 0, bytes: 2048 });
  progress.listener.started?.({ operation: 'uploadFile', path: 'a', bytes: 1024 });
  progress.listener.sent?.(512, 'a');
  const line = /^ *\d+%, 0\/4 files, 512 B\/2\.0 KiB, .*\/s, 1 in flight\n$/;
  await until(() => line.test(printed.at(-1) ?? ''));
  progress.stop();
  const count = printed.length;
  await delay(50);
  t.is(printed.length, count);
});

test('--quiet and --no-progress show no progress at all', async t => {
  for (const change of [{ quiet: true }, { progress: false }]) {
    const style = { json: false, quiet: false, verbose: false, progress: true, ...change };
    const terminal = {
      out: t.fail,
      err: t.fail,
      warn: t.fail,
      isInteractive: false,
      data: () => {},
      status: () => {},
    };
    const progress = createProgress(terminal, progressEn, style, { line: 5 });
    progress.listener.scanned?.(1);
    await delay(30);
    progress.stop();
    t.false(progress.isLive);
  }
  t.is(progressLine(createProgressState(() => 0).snapshot(), progressZh), '正在扫描：已找到 0 项');
});

const MAIN = resolve(import.meta.dirname, '..', '..', 'src', 'main.ts');
const onTerminal = testWhere(
  existsSync('/usr/bin/script'),
  '/usr/bin/script is missing (apt-get install bsdutils)',
);

onTerminal('on a terminal a live display takes the place of the lines, and is gone at the end', async t => {
  const box = await sandbox(t);
  for (let file = 0; file < 20; file++) box.write(`f${file}.bin`, Buffer.alloc(100 * KiB));
  const run = (environment: NodeJS.ProcessEnv, ...args: string[]) =>
    spawnScript(`${process.execPath} ${MAIN} ${args.join(' ')}`, {
      ...process.env,
      // Node shows no colours where a CI service is named.
      CI: undefined,
      NODE_DISABLE_COLORS: undefined,
      COS_SYNC_HOME: box.home,
      TERM: 'xterm',
      LANG: 'C.UTF-8',
      LC_ALL: '',
      ...environment,
    });
  box.proxy.fault = () => ({ kind: 'slow', ms: 300 });
  const shown = await run({ NO_COLOR: '1' });
  t.regex(shown, /█+░* +\d+% {2}\d+\/20 files {2}\S+ KiB\/2\.0 MiB/);
  t.regex(shown, /5 in flight/);
  t.notRegex(shown, /\u001b\[3\dm/, 'NO_COLOR');
  t.notRegex(shown, /\[ok\]/);
  t.true(shown.lastIndexOf('\u001b[?25h') > shown.lastIndexOf('\u001b[?25l'), 'the cursor is back');
  t.regex(shown, /upload_file_ok : 20/);
  box.proxy.fault = ({ path }) =>
    path.endsWith('bad.bin') ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined;
  box.write('bad.bin', 'x');
  box.configure({ symlinks: 'skip' });
  symlinkSync('f0.bin', join(box.local, 'link'));
  const colourful = await run({ NO_COLOR: undefined, FORCE_COLOR: undefined }, '--no-progress');
  t.true(colourful.includes('\u001b[31m[fail]\u001b[39m [   uploadFile]'), colourful);
  t.regex(colourful, /\u001b\[33mskipped .*link.*\u001b\[39m/);
  const plain = await run({ NO_COLOR: '1' }, '--no-progress');
  t.notRegex(plain, /\u001b\[3\dm/);
  t.regex(plain, /\[fail\] \[ {3}uploadFile\]/);
  rmSync(join(box.local, 'bad.bin'));
  box.write('more.bin', 'x');
  t.regex(await run({}, '--dry-run'), /\[plan\] \[ {3}uploadFile\] \[.*more\.bin\]/);
  t.regex(await run({}, '--verbose'), /\[ok\] {3}\[ {3}uploadFile\] \[.*more\.bin\]/);
});

/** Runs a command on a terminal of 80 columns; answers all that the terminal was sent. */
async function spawnScript(command: string, env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn('/usr/bin/script', ['-qec', `stty cols 80 rows 24; ${command}`, '/dev/null'], { env });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', text => (output += text));
  await new Promise(done => child.on('close', done));
  return output;
}
