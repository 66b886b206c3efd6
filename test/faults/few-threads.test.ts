import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sandbox } from '../support/sandbox.ts';

// Root has no such limit, and only root can become a user of whom no other process runs.
const rootTest = process.getuid?.() === 0 ? test : test.skip;
const USER = 54_322;
const FILES = 600;

rootTest('a user who may have few threads syncs all the same', async t => {
  const box = await sandbox(t);
  box.configure({ thread_num: 16 });
  for (let n = 0; n < FILES; n++) box.write(`${n % 20}/${n}`, `content ${n}`);
  for (const folder of [box.root, box.home, join(box.home, 'conf')]) chmodSync(folder, 0o755);
  for (const path of ['', 'conf', 'conf/config.json']) chownSync(join(box.home, path), USER, USER);
  for (const threads of [64, 24]) {
    const through = ['prlimit', `--nproc=${threads}:${threads}`];
    const { code, stderr } = await box.startAs({ uid: USER, through }, '--json').ended;
    t.is(code, 0, stderr);
  }
  t.is((await box.keys()).length, FILES + 20);
});
