import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openLedger } from '../../src/ledger/ledger.ts';
import { differences, expectedOf, heldBy, populate } from '../support/folder.ts';
import { randomFrom, testSeed } from '../support/random.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { scaled } from '../support/scale.ts';
import { taskIn } from '../support/task.ts';
import { testWhere } from '../support/test-where.ts';

const RANDOM_DAMAGE = scaled(150, 3_000);

/** Files enough where it does not matter how many documents a ledger has. */
const FEW = 60;

/** The rebuild leaves a sorted part, the runs after it log records. */
async function withLedger(box: Sandbox, files = 1_010): Promise<string> {
  populate(box, randomFrom(1), files, 0);
  await box.run('--quiet');
  await box.run('ledger', 'rebuild');
  for (let n = 0; n < 2; n++) {
    box.write(`more/${n}.txt`, `${n}`);
    await box.run('--quiet');
  }
  const name = readdirSync(join(box.home, 'db')).find(one => /^local.*\.db$/.test(one)) ?? '';
  return join(box.home, 'db', name);
}

test('a ledger cut at any byte of its last records loses those and nothing else; deeper damage is noticed', async t => {
  const box = await sandbox(t);
  t.timeout(300_000);
  const ledger = await withLedger(box);
  const whole = readFileSync(ledger);
  const lines = whole.toString('latin1').split('\n').length - 1;
  const full = await pathsIn(box, ledger);
  const starts = lineStarts(whole);
  const copy = join(box.root, 'copy', 'x.db');
  mkdirSync(join(box.root, 'copy'));
  let lost = 0;
  let noticed = 0;
  for (const length of cuts(whole.length, starts.at(-4)!)) {
    rmSync(join(box.root, 'copy'), { recursive: true });
    mkdirSync(join(box.root, 'copy'));
    writeFileSync(copy, whole.subarray(0, length));
    const paths = await pathsIn(box, copy).catch((error: Error) => error.name);
    if (typeof paths === 'string') {
      t.is(paths, 'LedgerDamaged');
      t.true(length < starts.at(-3)!, `cut at ${length} of ${whole.length}`);
      const aside = readdirSync(join(box.root, 'copy')).find(name => name.includes('damaged')) ?? '';
      t.is(readFileSync(join(box.root, 'copy', aside)).length, length, 'the damaged file is kept as it was');
      noticed++;
    } else {
      for (const path of paths) t.true(full.has(path));
      lost++;
    }
  }
  t.log(`${lines} lines, ${lost} cuts lost records, ${noticed} were noticed`);
  t.true(lost > 100 && noticed > 5);
});

test(`${RANDOM_DAMAGE} kinds of random damage never make a path that was not there`, async t => {
  const box = await sandbox(t);
  t.timeout(scaled(300_000, 600_000));
  const ledger = await withLedger(box);
  const whole = readFileSync(ledger);
  const full = await pathsIn(box, ledger);
  const random = randomFrom(testSeed());
  t.log(`seed ${random.seed}`);
  // The line end before the last document is as much its as its own.
  const last = lineStarts(whole).at(-2)! - 1;
  let noticed = 0;
  for (let n = 0; n < RANDOM_DAMAGE; n++) {
    const folder = join(box.root, `damage ${n}`);
    mkdirSync(folder);
    const bytes = Buffer.from(whole);
    const at = random.below(last);
    const count = random.pick([1, 1, 4, 300]);
    random.bytes(Math.min(count, last - at)).copy(bytes, at);
    writeFileSync(join(folder, 'x.db'), bytes);
    const paths = await pathsIn(box, join(folder, 'x.db')).catch((error: Error) => error.name);
    if (typeof paths === 'string') noticed++;
    else for (const path of paths) t.true(full.has(path), `${at}: ${path}`);
    if (typeof paths !== 'string' && !bytes.equals(whole)) t.is(paths.size, full.size, `damage at ${at}`);
    rmSync(folder, { recursive: true });
  }
  t.log(`${noticed} of ${RANDOM_DAMAGE} noticed; the others were in what is not needed`);
  t.true(noticed > RANDOM_DAMAGE / 2);
});

for (const [name, damage] of [
  ['an empty file', (file: string) => truncateSync(file, 0)],
  ['bytes that are no ledger', (file: string) => writeFileSync(file, randomFrom(1).bytes(100_000))],
  ['half of it', (file: string) => truncateSync(file, readFileSync(file).length >> 1)],
] as const) {
  test(`a ledger that is ${name} stops the run with 4, is kept, and a rebuild goes on`, async t => {
    const box = await sandbox(t);
    const ledger = await withLedger(box, FEW);
    damage(ledger);
    const damaged = readFileSync(ledger);
    box.proxy.requests.length = 0;
    rmSync(join(box.local, 'folder 3'), { recursive: true });
    const { code, stderr } = await box.run('--quiet');
    t.is(code, 4);
    t.regex(stderr, /the ledger is damaged.* ledger rebuild$/m);
    t.deepEqual(box.proxy.requests, [], 'nothing was asked of COS');
    const aside = readdirSync(join(box.home, 'db')).find(one => one.includes('damaged')) ?? '';
    t.true(readFileSync(join(box.home, 'db', aside)).equals(damaged));
    t.is((await box.run('--quiet')).code, 4, 'the next run does not just begin anew');
    const rebuilt = await box.run('ledger', 'rebuild');
    t.is(rebuilt.code, 0, rebuilt.stdout + rebuilt.stderr);
    t.is((await box.run('--quiet')).code, 0);
    const wrong = differences(expectedOf(box.local), await heldBy(box));
    // What went while there was no ledger is nobody's, and stays.
    t.deepEqual(
      wrong.filter(line => !line.startsWith('not in the folder: backup/folder 3/')),
      [],
    );
  });
}

test('a ledger that cannot be read ends the run with 4, and doctor goes on', async t => {
  const box = await sandbox(t);
  const ledger = await withLedger(box, FEW);
  rmSync(ledger);
  mkdirSync(ledger);
  const { code, stderr, stdout } = await box.run('--json');
  t.is(code, 4);
  t.regex(stderr, /cannot be used \(EISDIR\)/);
  t.is((JSON.parse(stdout) as { exit_code: number }).exit_code, 4);
  t.regex((await box.run('doctor')).stdout, /fail {2}ledger .*\nok {4}disk/);
});

const canMount = process.platform === 'linux' && process.getuid?.() === 0;
testWhere(canMount, 'only root can mount a small disk')(
  'a full disk under db/ ends the run with 4; with space again the next run goes on',
  async t => {
    const box = await sandbox(t);
    const db = join(box.home, 'db');
    mkdirSync(db);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', db], { stdio: 'ignore' });
    } catch {
      t.log('mount is not allowed here');
      return t.pass();
    }
    t.teardown(() => void execFileSync('umount', ['-l', db]));
    populate(box, randomFrom(1), 1_500, 0);
    const first = await box.run('--quiet');
    t.is(first.code, 4, first.stderr);
    t.regex(first.stderr, /cannot be used \(ENOSPC\): check free space/);
    t.notRegex(first.stderr, /\n\s+at /);
    const told = Number(/upload_file_ok : (\d+)/.exec(first.stdout)?.[1]);
    const files = [...(await box.keys())].filter(key => !key.endsWith('/')).length;
    t.true(told > 0 && told <= files, `${told} of ${files} that are in COS`);
    const second = await box.run('--quiet');
    t.is(second.code, 4, 'still full');
    execFileSync('mount', ['-o', 'remount,size=16m', db]);
    const third = await box.run('--quiet');
    t.is(third.code, 0, third.stderr);
    t.deepEqual(differences(expectedOf(box.local), await heldBy(box)), []);
  },
);

async function pathsIn({ home }: Sandbox, file: string): Promise<Set<string>> {
  const ledger = await openLedger({ file, task: taskIn(home) });
  const paths = new Set(Array.from(ledger.records(), ({ path }) => path));
  await ledger.close();
  return paths;
}

function lineStarts(bytes: Buffer): number[] {
  const starts = [0];
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) starts.push(at + 1);
  return starts;
}

/** Every byte of the last records, and some places before. */
function* cuts(size: number, lastRecords: number): Generator<number> {
  for (let length = size - 1; length >= lastRecords; length--) yield length;
  for (let n = 1; n <= 20; n++) yield Math.floor((lastRecords * n) / 21);
}
