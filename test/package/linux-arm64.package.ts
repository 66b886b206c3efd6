import { existsSync } from 'node:fs';
import { readdir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { testWhere } from '../support/test-where.ts';
import { treeOf } from '../support/tree.ts';
import { HASHED_IN_A_THREAD, type Installation, statistics, unpack } from './support/installation.ts';
import { run } from './support/run.ts';

/** Debian's qemu-user-static, and the libraries of libc6-arm64-cross and libstdc++6-arm64-cross. */
const EMULATOR = '/usr/bin/qemu-aarch64-static';
const LIBRARIES = '/usr/aarch64-linux-gnu';
const testEmulated = testWhere(
  existsSync(EMULATOR) && existsSync(join(LIBRARIES, 'lib', 'libstdc++.so.6')),
  'qemu-user-static, libc6-arm64-cross or libstdc++6-arm64-cross is missing',
);

/** Names that a way there and back might spoil, and sizes for each way of sending. */
const AWKWARD = {
  '%41 + & #;=@,.txt': 'signs that an address has a use for',
  '图片/二〇二六年 夏天.txt': '你好',
  empty: '',
  middle: HASHED_IN_A_THREAD,
  large: 'in parts '.repeat(2_000_000),
};

function cosSync({ program }: Installation, ...options: string[]) {
  return run(EMULATOR, ['-L', LIBRARIES, join(program, 'cos_sync'), ...options]);
}

async function install(t: ExecutionContext): Promise<Installation> {
  const installation = await unpack(t, 'cos_sync-linux-arm64.zip');
  await installation.configure(installation.data, { multipart_threshold: '5', part_size: '5' });
  return installation;
}

testEmulated('the arm64 program says its version and shows its demo', async t => {
  const arm = await install(t);
  const version = await cosSync(arm, '--version');
  t.is(version.exitCode, 0, version.stderr);
  t.is(version.stderr, '');
  const demo = await cosSync(arm, 'demo');
  t.is(demo.exitCode, 0, demo.stdout + demo.stderr);
});

testEmulated('the arm64 program mirrors a folder, large files in parts, and brings it back', async t => {
  const arm = await install(t);
  await arm.write(AWKWARD);
  await utimes(join(arm.data, 'large'), 1, 1_600_000_000.123);
  const first = await cosSync(arm, '--json');
  t.is(first.exitCode, 0, first.stderr);
  t.deepEqual(await arm.objects(), Object.keys(AWKWARD).sort());
  t.true(
    arm.requests.filter(request => /^PUT .*\/mirror\/large/.test(request)).length > 2,
    'it went up in parts',
  );

  arm.requests.length = 0;
  t.is(statistics((await cosSync(arm, '--json')).stdout).upload_file_skip, Object.keys(AWKWARD).length);
  t.deepEqual(arm.requests, [], 'a run with nothing to do asks COS for nothing');

  const back = join(arm.folder, 'back');
  const restored = await cosSync(arm, 'restore', '--to', back, '--yes');
  t.is(restored.exitCode, 0, restored.stdout + restored.stderr);
  t.deepEqual(treeOf(back), treeOf(arm.data));

  await rm(join(arm.data, 'empty'));
  t.is(statistics((await cosSync(arm, '--json')).stdout).del_file_ok, 1);
  t.false((await arm.objects()).includes('empty'));
  t.true((await readdir(join(arm.program, 'db'))).length > 0);
});
