import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type Sandbox, sandbox } from '../../support/sandbox.ts';

const MiB = 1024 * 1024;

async function mtimeOf({ cos, server }: Sandbox, key: string): Promise<string | undefined> {
  const { headers } = await cos.headObject({ Bucket: server.bucket, Region: server.region, Key: key });
  return headers?.['x-cos-meta-mtime'];
}

/** Gives a file an mtime with all digits that a file system keeps. */
function touch({ local }: Sandbox, path: string, seconds: string): void {
  execFileSync('touch', ['-d', `@${seconds}`, join(local, path)]);
}

test("each file's mtime goes with its object, whole, in parts and copied, and alone rewrites none", async t => {
  const box = await sandbox(t);
  box.configure({ multipart_threshold: 1, part_size: 1 });
  box.write('small.txt', 's');
  box.write('large.bin', Buffer.alloc(2 * MiB, 'l'));
  touch(box, 'small.txt', '1500000000.123456789');
  touch(box, 'large.bin', '1500000001.5');
  t.is((await box.run()).code, 0);
  t.is(await mtimeOf(box, 'backup/small.txt'), '1500000000.123456789');
  t.is(await mtimeOf(box, 'backup/large.bin'), '1500000001.5');

  mkdirSync(join(box.local, 'moved'));
  renameSync(join(box.local, 'small.txt'), join(box.local, 'moved/small.txt'));
  utimesSync(join(box.local, 'moved/small.txt'), 7, 7);
  touch(box, 'large.bin', '1500000009');
  box.proxy.requests.length = 0;
  t.like((await box.runJson()).json, { upload_file_ok: 1, upload_bytes: 0, upload_file_skip: 1 });
  t.is(await mtimeOf(box, 'backup/moved/small.txt'), '7');
  t.is(await mtimeOf(box, 'backup/large.bin'), '1500000001.5', 'a later mtime alone sends nothing');
  t.false(box.proxy.requests.some(({ path }) => path.endsWith('large.bin')));
});

test('keep_mtime 0 leaves it away, and a configured mtime wins', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  box.configure({ keep_mtime: 0 });
  await box.run();
  t.is(await mtimeOf(box, 'backup/a.txt'), undefined);
  box.write('b.txt', 'b');
  box.configure({ meta: { mtime: '5' } });
  await box.run();
  t.is(await mtimeOf(box, 'backup/b.txt'), '5');
});
