import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createByteBudget } from '../../../src/engine/transfer/byte-budget.ts';
import { createMd5Threads, SHORTEST_FOR_THREADS } from '../../../src/engine/transfer/md5-threads.ts';
import { sandbox } from '../../support/sandbox.ts';

const MiB = 1024 * 1024;
const SIZES = [0, 1, SHORTEST_FOR_THREADS - 1, SHORTEST_FOR_THREADS, SHORTEST_FOR_THREADS + 1, 5 * MiB];

function md5Of(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

test('many at a time each get their own MD5, from whatever memory they lie in', async t => {
  const threads = createMd5Threads(3);
  const budget = createByteBudget(64 * MiB);
  const all = [...SIZES, ...SIZES, ...SIZES].map(async size => {
    const content = randomBytes(size);
    const { buffer, release } = await budget.take(size);
    const shared = buffer.subarray(0, size);
    shared.set(content);
    t.is(await threads.md5Of(shared), md5Of(content));
    release(true);
    t.is(await threads.md5Of(content), md5Of(content));
  });
  await Promise.all(all);
  await threads.close();
});

test('what a thread that ended has not done is done all the same', async t => {
  const threads = createMd5Threads(1);
  const contents = Array.from({ length: 5 }, () => randomBytes(4 * MiB));
  const sums = contents.map(content => threads.md5Of(content));
  await threads.close();
  t.deepEqual(await Promise.all(sums), contents.map(md5Of));
});

test('files around the size that is hashed in a thread arrive as they are', async t => {
  const box = await sandbox(t);
  box.configure({ thread_num: 8 });
  for (let round = 0; round < 3; round++) {
    for (const size of SIZES) box.write(`${round}/${size}`, randomBytes(size));
  }
  t.like((await box.runJson()).json, { op_status: 'ALL_OK', upload_file_ok: 18 });
  const objects = await box.objects();
  for (let round = 0; round < 3; round++) {
    for (const size of SIZES) {
      t.true(
        objects.get(`backup/${round}/${size}`)?.equals(readFileSync(join(box.local, `${round}/${size}`))),
      );
    }
  }
  t.like((await box.runJson('--checksum', '1')).json, { upload_file_ok: 0, upload_file_skip: 18 });
});
