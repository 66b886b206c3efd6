import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Sandbox, sandbox } from '../../support/sandbox.ts';
import { testWhere } from '../../support/test-where.ts';

const onPosix = testWhere(process.platform !== 'win32', 'Windows has no fifos');
const onLinux = testWhere(process.platform === 'linux', 'elsewhere no system tells where an open file is');

const MiB = 1024 * 1024;

/** A folder that changes after its scan, and before a file in it is sent: while its objects of folders are made. */
async function changedMeanwhile(t: ExecutionContext, change: (box: Sandbox) => void): Promise<Sandbox> {
  const box = await sandbox(t);
  box.configure({ multipart_threshold: '1' });
  // A first run sends while it scans.
  box.write('first', 'first');
  await box.run();
  for (const path of ['folder/file', 'stays']) box.write(path, `${path} inside`);
  box.write('large', Buffer.alloc(MiB + 1));
  let isChanged = false;
  box.proxy.fault = ({ method, path }) => {
    if (method === 'PUT' && path.endsWith('/folder/') && !isChanged) {
      isChanged = true;
      change(box);
    }
    return undefined;
  };
  return box;
}

test('a folder that becomes a file during the run is said, and the next run brings the file', async t => {
  const box = await changedMeanwhile(t, ({ local }) => {
    rmSync(join(local, 'folder'), { recursive: true });
    writeFileSync(join(local, 'folder'), 'a file now');
  });
  const { code, json } = await box.runJson();
  t.is(code, 1);
  t.like(json.errors, [{ path: 'folder/file', code: 'ENOTDIR' }]);
  t.regex(json.errors[0]?.message ?? '', /became a file during the run/);
  t.like((await box.runJson()).json, { exit_code: 0, upload_file_ok: 1, del_folder_ok: 1 });
  t.deepEqual(await box.keys(), ['backup/first', 'backup/folder', 'backup/large', 'backup/stays']);
});

onPosix('what becomes a pipe during the run is skipped, as one that the scan meets', async t => {
  const box = await changedMeanwhile(t, ({ local }) => {
    for (const name of ['stays', 'large']) {
      rmSync(join(local, name));
      execFileSync('mkfifo', [join(local, name)]);
    }
  });
  const { code, stderr } = await box.run();
  t.is(code, 0, stderr);
  t.is(stderr.match(/skipped .*(stays|large)/g)?.length, 2, stderr);
  t.is((await box.run()).code, 0);
});

for (const [what, name, file] of [
  ['a folder', 'folder', 'folder/file'],
  ['a file', 'stays', 'stays'],
  ['a large file', 'large', 'large'],
] as const) {
  onLinux(`with symlinks skip, what a link in the place of ${what} leads to is not sent`, async t => {
    const box = await changedMeanwhile(t, ({ root, local }) => {
      renameSync(join(local, name), join(root, name));
      writeFileSync(join(root, file), 'a secret'.padEnd(name === 'large' ? MiB + 1 : 0));
      symlinkSync(join(root, name), join(local, name));
    });
    const { code, stderr } = await box.run('--symlinks', 'skip');
    t.is(code, 0, stderr);
    t.true(stderr.includes(`skipped ${join(box.local, file)}: symlinks is set to skip`), stderr);
    for (const [key, content] of await box.objects()) t.false(content.includes('secret'), key);
    t.is((await box.run('--symlinks', 'skip')).code, 0);
  });
}
