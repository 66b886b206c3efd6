import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { sandbox } from '../support/sandbox.ts';

/** Makes the program fail by a mistake of its own wherever it hashes a file of that content. */
const BOMB = `
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
const { hash } = crypto;
crypto.hash = (algorithm, data, ...more) => {
  if (Buffer.from(data).toString() === 'boom') throw new TypeError('undefined is no buffer');
  return hash(algorithm, data, ...more);
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
  t.regex(box.log(), / fail {2}uploadFile run=1 path=boom\.txt .*code=TypeError .*stack=".*bomb\.mjs/);
  t.true((await box.keys()).includes('backup/a.txt'));
});
