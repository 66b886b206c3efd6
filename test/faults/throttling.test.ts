import { renameSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { rateLimit } from '../support/faults.ts';
import { differences, expectedOf, heldBy } from '../support/folder.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { isFull, scaled } from '../support/scale.ts';

const MiB = 1024 * 1024;
/** Rates far below, and near, what one connection does here. */
const RATES = scaled([60], [20, 60, 200]);
const SECONDS = scaled(12, 60);
/** ms in which the limit is found out. */
const SEARCH = 4_000;

/**
 * Says what was measured. It is held against a bound only where the tests of faults run in full, alone on
 * their machine: beside other tests a figure says as much of them.
 */
function measured(t: ExecutionContext, isWithin: boolean, figure: string): void {
  t.log(figure);
  if (isFull) t.true(isWithin, figure);
}

for (const rate of RATES) {
  test.serial(
    `against ${rate} requests a second nothing fails, little is refused, and little time is lost`,
    async t => {
      t.timeout(300_000);
      const box = await sandbox(t);
      box.configure({ thread_num: 32, create_folders: 0 });
      const files = rate * SECONDS;
      for (let n = 0; n < files; n++) box.write(`${n}.txt`, `content ${n}`);
      const limit = rateLimit(rate);
      box.proxy.fault = limit.decide;
      const { code, json } = await box.runJson();
      t.is(code, 0, JSON.stringify(json?.errors?.slice(0, 3)));
      t.like(json, { upload_file_ok: files, upload_file_fail: 0 });
      const goodput = goodputAfter(box, SEARCH);
      const refused = limit.refused / (limit.refused + limit.taken);
      measured(t, goodput > rate * 0.9, `goodput ${goodput.toFixed(1)} of ${rate} requests a second`);
      measured(t, refused < 0.05, `refused ${percent(refused)} (${limit.refused})`);
      t.true(refused < 0.3, `refused ${percent(refused)}`);
    },
  );
}

test.serial('when the limit goes away, full speed comes back', async t => {
  t.timeout(180_000);
  const box = await sandbox(t);
  box.configure({ thread_num: 16, create_folders: 0 });
  const slow = scaled(250, 600);
  for (let n = 0; n < slow + 6_000; n++) box.write(`${n % 50}/${n}.txt`, `content ${n}`);
  const limit = rateLimit(50);
  box.proxy.fault = request => {
    if (limit.taken >= slow) limit.rate = 1e9;
    return limit.decide(request);
  };
  t.is((await box.run('--quiet')).code, 0);
  const freed = box.proxy.requests.filter(({ status }) => status === 200)[slow]!.at;
  const rates = perSecond(box, freed);
  const full = Math.max(...rates);
  const reached = rates.findIndex(rate => rate > full / 2);
  const said = `half of full speed (${full}/s) after ${reached} s; requests per second: ${rates.join(' ')}`;
  measured(t, reached <= 15, said);
  t.true(full > 2 * 50, `full speed ${full}`);
});

test.serial('many copies against a limit are held back just the same', async t => {
  t.timeout(120_000);
  const box = await sandbox(t);
  box.configure({ thread_num: 16, create_folders: 0, max_delete: '100%' });
  const files = scaled(400, 1_500);
  for (let n = 0; n < files; n++) box.write(`old/${n}.txt`, `content ${n}`);
  await box.run('--quiet');
  renameSync(`${box.local}/old`, `${box.local}/new`);
  const limit = rateLimit(50);
  box.proxy.fault = limit.decide;
  const { code, json } = await box.runJson();
  t.is(code, 0);
  t.like(json, { upload_file_ok: files, upload_bytes: 0, del_file_ok: files });
  const refused = limit.refused / (limit.refused + limit.taken);
  measured(t, refused < 0.05, `refused ${percent(refused)}`);
  t.true(refused < 0.3, `refused ${percent(refused)}`);
  t.deepEqual(
    differences(expectedOf(box.local), await heldBy(box)).filter(line => !line.endsWith('/')),
    [],
  );
});

const MODES = [
  { name: 'small files', size: 20_000, files: scaled(300, 1_500), threads: 8 },
  { name: 'files of some MiB', size: 3 * MiB, files: scaled(3, 12), threads: 3 },
  { name: 'parts', size: 24 * MiB, files: scaled(1, 3), threads: 4 },
];

for (const { name, size, files, threads } of MODES) {
  test.serial(`upload_limit holds within 5 % for ${name}`, async t => {
    t.timeout(180_000);
    const box = await sandbox(t);
    const rate = (size * files) / scaled(5, 15) / MiB;
    box.configure({ thread_num: threads, upload_limit: rate, part_size: 1, create_folders: 0 });
    for (let n = 0; n < files; n++) box.write(`${n}.bin`, Buffer.alloc(size, n));
    t.is((await box.run('--quiet')).code, 0);
    const seen = (size * files) / MiB / secondsOfRequests(box);
    const figure = `${seen.toFixed(3)} of ${rate.toFixed(3)} MiB/s`;
    measured(t, Math.abs(seen / rate - 1) < 0.05, figure);
    t.true(seen < rate * 1.1, figure);
  });
}

/** From the first request's arrival to the last one's answer. */
function secondsOfRequests({ proxy }: Sandbox): number {
  const first = proxy.requests[0]!.at;
  const last = Math.max(...proxy.requests.map(({ answeredAt }) => answeredAt));
  return (last - first) / 1000;
}

/** Requests a second that were let through, from `ms` after the first one on. */
function goodputAfter({ proxy }: Sandbox, ms: number): number {
  const from = proxy.requests[0]!.at + ms;
  const taken = proxy.requests.filter(({ at, status }) => at >= from && status === 200);
  return (taken.length / (taken.at(-1)!.at - from)) * 1000;
}

function perSecond({ proxy }: Sandbox, from: number): number[] {
  const counts: number[] = [];
  for (const { at, status } of proxy.requests) {
    if (at < from || status !== 200) continue;
    const second = Math.floor((at - from) / 1000);
    counts[second] = (counts[second] ?? 0) + 1;
  }
  return Array.from(counts, count => count ?? 0);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
