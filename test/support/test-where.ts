import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

/** ava's test where what it needs is there; else a skip, and standard error says why. */
export function testWhere(holds: boolean, missing: string) {
  if (holds) return test;
  const file = relative(process.cwd(), fileURLToPath(test.meta.file));
  process.stderr.write(`${file} is skipped in part: ${missing}\n`);
  return test.skip;
}
