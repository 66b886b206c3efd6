import { stat } from 'node:fs/promises';
import test from 'ava';
import { inTime } from '../src/in-time.ts';

test('a look that was answered while the main thread was held up is in time', async t => {
  const answer = inTime(stat('.'), 0.02);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  await t.notThrowsAsync(answer);
});

test('a look that is not answered fails', async t => {
  await t.throwsAsync(inTime(new Promise(() => {}), 0.01), { message: /ReadTimeout/ });
});
