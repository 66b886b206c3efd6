import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { changeSome, differences, expectedOf, heldBy, populate } from '../support/folder.ts';
import { type Random, randomFrom, testSeed } from '../support/random.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { scaled } from '../support/scale.ts';

const KILLS = scaled(8, 100);
const FILES = scaled(400, 3_000);
/** What a killed run may forget, in ms: records are written twice a second, later where the machine is busy. */
const FORGOTTEN = 1_500;
const SEEN_LATE = 5_000;
/** ms in which an upload's ID is heard of and noted */
const UNHEARD = 200;

test(`after ${KILLS} kills at random moments COS equals the folder, and little was sent twice`, async t => {
  t.timeout(scaled(300_000, 1_800_000));
  const random = randomFrom(testSeed());
  t.log(`seed ${random.seed}`);
  const box = await sandbox(t);
  box.configure({ multipart_threshold: 1, part_size: 1, thread_num: 8, max_delete: '100%' });
  populate(box, random, FILES, 3);
  const kills: Kill[] = [];
  for (let n = 0; n < KILLS; n++) {
    kills.push(await killAtRandom(box, random));
    changeSome(box, random, random.below(FILES / 40));
  }
  const { code, json } = await box.runJson();
  t.is(code, 0, JSON.stringify(json?.errors));
  t.is(json.op_status as unknown, 'ALL_OK');
  t.deepEqual(differences(expectedOf(box.local), await heldBy(box)), []);
  const { repeated, longest, tooLate } = repeatedUploads(box, kills);
  t.log(
    `${kills.length} kills, ${box.proxy.requests.length} requests, ${repeated} uploads repeated`,
    `heard of at most ${longest} ms before the last one that was`,
  );
  t.deepEqual(tooLate, []);
  const again = await box.runJson();
  t.like(again.json, { upload_file_ok: 0, del_file_ok: 0, del_folder_ok: 0, create_folder_ok: 0 });
  const uploads = await box.cos.multipartList({
    Bucket: box.server.bucket,
    Region: box.server.region,
    Prefix: '',
    Delimiter: '',
  } as never);
  const left = uploads.Upload.filter(({ Key }) => !wasUnheardOf(box, kills, Key));
  t.deepEqual(left, [], 'no upload in parts is left over that the program heard of');
});

/** An upload whose ID was on its way when the program was killed is known to COS alone; `ledger uploads` lists it. */
function wasUnheardOf({ proxy }: Sandbox, kills: readonly Kill[], key: string): boolean {
  const begun = proxy.requests.filter(({ path, query }) => query.has('uploads') && path === `/${key}`);
  return begun.some(({ at }) => kills.some(kill => kill.at >= at && kill.at - at < UNHEARD));
}

interface Kill {
  /** ms since 1970 */
  at: number;
}

/** Some kills come while the program starts, most after a random number of requests. */
async function killAtRandom(box: Sandbox, random: Random): Promise<Kill> {
  const before = box.proxy.requests.length;
  const run = box.start();
  if (random.below(5) === 0) await delay(random.below(1_500));
  else await afterRequests(box, run, before + 1 + random.below(random.pick([5, 100, FILES])));
  await delay(random.below(30));
  run.child.kill('SIGKILL');
  const at = Date.now();
  await run.ended;
  return { at };
}

async function afterRequests(box: Sandbox, run: ReturnType<Sandbox['start']>, count: number): Promise<void> {
  while (box.proxy.requests.length < count && run.child.exitCode === null) await delay(3);
}

/**
 * An upload of the same bytes to the same key again: right only where the program was killed within
 * FORGOTTEN of having heard of the first, by its own log; a part that COS holds is never sent again.
 */
function repeatedUploads(box: Sandbox, kills: readonly Kill[]) {
  const sent = new Map<string, { at: number; answeredAt: number }>();
  const heard = heardOf(box.log());
  const tooLate: string[] = [];
  let repeated = 0;
  let longest = 0;
  for (const { method, path, query, headers, status, at, answeredAt } of box.proxy.requests) {
    if (method !== 'PUT' || status !== 200 || headers['x-cos-copy-source'] !== undefined) continue;
    const uploadId = query.get('uploadId');
    const identity = uploadId ? `${query}` : `${path} ${headers['content-md5']}`;
    const first = sent.get(identity);
    sent.set(identity, { at, answeredAt });
    if (!first || first.answeredAt === 0) continue;
    repeated++;
    // A killed program's last requests may be seen a while after it is gone.
    const kill = kills.find(one => one.at >= first.at - SEEN_LATE && one.at <= at)?.at;
    const its = heard.find(one => `/${one.key}` === path && one.at >= first.at && one.at <= at);
    const last = heard.findLast(one => kill !== undefined && one.at <= kill);
    const lateness = its && last ? Math.max(0, last.at - its.at) : 0;
    longest = Math.max(longest, lateness);
    if (uploadId || kill === undefined || lateness > FORGOTTEN) tooLate.push(`${identity}: ${lateness} ms`);
  }
  return { repeated, longest, tooLate };
}

/** The confirmations that the program heard of, by its own clock. */
function heardOf(log: string): { at: number; key: string }[] {
  const lines = log.matchAll(/^(\S+) ok +\S+ .*?key=("(?:[^"\\]|\\.)*"|\S+)/gm);
  return Array.from(lines, ([, time = '', key = '']) => ({
    at: Date.parse(time),
    key: key.startsWith('"') ? (JSON.parse(key) as string) : key,
  }));
}
