import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { isFolder } from '../../src/engine/local/local-path.ts';
import { differences, md5 } from '../support/folder.ts';
import { type Random, randomFrom, testSeed } from '../support/random.ts';
import { type Running, type Sandbox, sandbox } from '../support/sandbox.ts';
import { scaled } from '../support/scale.ts';
import { until } from '../support/until.ts';

const CHANGES = scaled(150, 1_000);
const LOSE_EVENTS = pathToFileURL(join(import.meta.dirname, '..', 'support', 'lose-events.mjs')).href;

const logOf = (box: Sandbox) => (existsSync(join(box.home, 'log/cos_sync.log')) ? box.log() : '');
const fullScans = (box: Sandbox) =>
  logOf(box)
    .match(/watch_run .*full=\w+/g)
    ?.map(line => line.split('full=')[1]);

/** What COS must hold: links are followed, as a run follows them. */
function expectedOf(local: string): Map<string, string> {
  const expected = new Map([['backup/stranger', md5('not ours')]]);
  const walk = (folder: string, above: readonly string[]) => {
    const real = realpathSync(folder);
    for (const name of readdirSync(folder)) {
      const full = join(folder, name);
      const key = `backup/${relative(local, full)}`;
      if (isFolder(full)) {
        // A link that leads back has no object.
        if ([...above, real].includes(realpathSync(full))) continue;
        expected.set(`${key}/`, md5(''));
        walk(full, [...above, real]);
      } else expected.set(key, md5(readFileSync(full)));
    }
  };
  walk(local, []);
  return expected;
}

async function rests(box: Sandbox): Promise<void> {
  let left: string[] = [];
  await until(async () => {
    const held = await box.objects().catch(() => undefined);
    left = held
      ? differences(expectedOf(box.local), new Map(Array.from(held, ([key, content]) => [key, md5(content)])))
      : ['a listing'];
    await delay(100);
    return left.length === 0;
  }, 90_000).catch(error => {
    throw new Error(`${error}: ${left.join('\n')}`);
  });
}

let made = 0;

/** Does something to a folder that somebody might do. */
function change(box: Sandbox, random: Random): void {
  const all = readdirSync(box.local, { recursive: true, encoding: 'utf8' }).map(path =>
    join(box.local, path),
  );
  const folders = [box.local, ...all.filter(isFolder)];
  const files = all.filter(path => !isFolder(path));
  const fresh = () => join(random.pick(folders), `n${++made}`);
  if (files.length === 0 || folders.length === 1) {
    box.write(`again ${++made}/file`, `${made}`);
    return;
  }
  const file = random.pick(files);
  const folder = random.pick(folders.slice(1));
  const content = () => `${++made} ${'x'.repeat(random.below(500))}`;
  const outside = join(box.root, 'outside');
  const what = random.below(17);
  if (what < 4) writeFileSync(fresh(), content());
  else if (what === 4) mkdirSync(fresh());
  else if (what === 5) mkdirSync(join(fresh(), 'deep', 'er'), { recursive: true });
  else if (what === 6) writeFileSync(file, content());
  else if (what === 7) appendFileSync(file, content());
  else if (what === 8) renameSync(file, fresh());
  else if (what === 9) renameSync(folder, fresh());
  else if (what === 10) renameSync(folder, join(outside, `o${++made}`));
  else if (what === 11) {
    const away = readdirSync(outside).filter(name => name.startsWith('o'));
    if (away.length > 0) renameSync(join(outside, random.pick(away)), fresh());
  } else if (what === 12) rmSync(random.below(3) === 0 ? folder : file, { recursive: true });
  else if (what === 13) {
    rmSync(folder, { recursive: true });
    writeFileSync(folder, content());
  } else if (what === 14) {
    rmSync(file);
    mkdirSync(file);
    writeFileSync(join(file, `n${++made}`), content());
  } else if (what === 15) linkSync(file, fresh());
  else if (random.below(2) === 0) chmodSync(random.below(2) === 0 ? file : folder, 0o755);
  else symlinkSync(join(outside, 'linked'), fresh());
}

async function changeMuch(box: Sandbox, random: Random): Promise<void> {
  for (let count = 0; count < CHANGES; count++) {
    try {
      change(box, random);
    } catch (error) {
      // A folder cannot go into itself, a link to a folder is no file: such a change is none.
      if (!(error as NodeJS.ErrnoException).code) throw error;
    }
    if (random.below(3) === 0) await delay(random.below(60));
  }
}

async function start(box: Sandbox, share: number, interval: number): Promise<Running> {
  mkdirSync(join(box.root, 'outside', 'linked'), { recursive: true });
  writeFileSync(join(box.root, 'outside', 'linked', 'file'), 'through a link');
  await box.cos.putObject({
    Bucket: box.server.bucket,
    Region: box.server.region,
    Key: 'backup/stranger',
    Body: 'not ours',
  });
  box.configure({
    daemon_mode: 1,
    watch: 1,
    watch_delay: 0.1,
    daemon_interval: interval,
    max_delete: '100%',
    retry_num: 0,
  });
  for (let file = 0; file < 30; file++) box.write(`f${file % 6}/g${file % 2}/${file}`, `${file}`);
  const env = { NODE_OPTIONS: `--import ${LOSE_EVENTS}`, LOSE_EVENTS: String(share) };
  const running = box.startAs({ env }, '--quiet');
  await until(() => / ready /.test(logOf(box)));
  return running;
}

test(`whatever happens to the folder, COS is like it when it rests, by events alone (${CHANGES} changes)`, async t => {
  t.timeout(scaled(300_000, 600_000));
  const box = await sandbox(t);
  const random = randomFrom(testSeed());
  t.log(`seed ${random.seed}`);
  const { child, ended } = await start(box, 0, 36_000);
  await changeMuch(box, random);
  await rests(box);
  t.deepEqual(fullScans(box), ['start']);
  t.notRegex(box.log(), /defect|stack=/);
  child.kill('SIGTERM');
  t.is((await ended).code, 143);
});

test('where events are lost, the next full scan finds what they would have told', async t => {
  t.timeout(scaled(300_000, 600_000));
  const box = await sandbox(t);
  const random = randomFrom(testSeed());
  t.log(`seed ${random.seed}`);
  const { child, ended } = await start(box, 0.4, 3);
  await changeMuch(box, random);
  await rests(box);
  t.notRegex(box.log(), /defect|stack=/);
  child.kill('SIGTERM');
  t.is((await ended).code, 143);
});
