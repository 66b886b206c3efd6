import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { sandbox } from '../support/sandbox.ts';

/** Makes the program fail by a mistake of its own wherever it opens a file of that name. */
const BOMB = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const { openSync } = fs;
fs.openSync = (path, ...more) => {
  if (String(path).endsWith('boom.txt')) throw new TypeError('undefined is no buffer');
  return openSync(path, ...more);
};
syncBuiltinESMExports();
`;

test('a defect is said as one, with its stack in the log, and the other files get to COS', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  box.write('boom.txt', 'boom');
  const bomb = join(box.root, 'bomb.mjs');
  writeFileSync(bomb, BOMB);
  const env = { NODE_OPTIONS: `--import=${pathToFileURL(bomb)}` };
  const { code, stdout, stderr } = await box.startAs({ env }).ended;
  t.is(code, 1);
  t.regex(stdout + stderr, /boom\.txt.*code: TypeError, a defect of cos_sync.*undefined is no buffer/);
  t.notRegex(stdout + stderr, /cannot be read|\n {4}at /);
  t.regex(box.log(), / fail {2}uploadFile path=boom\.txt .*code=TypeError .*stack=".*bomb\.mjs/);
  t.true((await box.keys()).includes('backup/a.txt'));
});
