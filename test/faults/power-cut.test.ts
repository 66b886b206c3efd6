import { mkdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type Sandbox, sandbox } from '../support/sandbox.ts';

/** Runs the program and tells, in µs, when it asked COS to change something first, and when files had reached the disk. */
async function timesOf(box: Sandbox): Promise<{ asked: number; synced: number[] }> {
  let asked = 0;
  box.proxy.fault = ({ method }) => {
    if (method === 'PUT' || method === 'POST') asked ||= Number(process.hrtime.bigint() / 1000n);
    return undefined;
  };
  const pattern = join(box.root, 'trace.log');
  const options = `--trace-event-categories=node.fs.async --trace-event-file-pattern=${pattern}`;
  const { code, stderr } = await box.startAs({ env: { NODE_OPTIONS: options } }).ended;
  if (code !== 0) throw new Error(stderr);
  const { traceEvents } = JSON.parse(readFileSync(pattern, 'utf8'));
  const synced = (traceEvents as { name: string; ph: string; ts: number }[])
    .filter(({ name, ph }) => name === 'fsync' && ph === 'e')
    .map(({ ts }) => ts);
  return { asked, synced };
}

const OLD = new Date('2020-02-02T02:02:02Z');

// What the file system forgets in a power cut, the ledger must not remember: it would hide what COS lacks.
for (const [name, change] of [
  ['a file of another size overwrites an object', box => box.write('a.txt', 'longer')],
  ['a file of the same size overwrites an object', box => box.write('a.txt', 'two')],
  ['an object is deleted', box => rmSync(join(box.local, 'a.txt'))],
  ["a folder's object is deleted", box => rmSync(join(box.local, 'sub'), { recursive: true })],
] satisfies [string, (box: Sandbox) => void][]) {
  test(`before ${name}, the disk has a note of it`, async t => {
    const box = await sandbox(t);
    box.write('a.txt', 'one');
    box.write('b.txt', 'stays');
    mkdirSync(join(box.local, 'sub'));
    utimesSync(join(box.local, 'a.txt'), OLD, OLD);
    await box.run();
    change(box);
    const { asked, synced } = await timesOf(box);
    t.true(asked > 0);
    t.true(synced.some(at => at < asked));
  });
}

test('a new file waits for no disk', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  await box.run();
  box.write('b.txt', 'two');
  const { asked, synced } = await timesOf(box);
  t.true(asked > 0);
  t.deepEqual(
    synced.filter(at => at < asked),
    [],
  );
});
