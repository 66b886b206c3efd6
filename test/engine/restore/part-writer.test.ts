import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { startCrc64 } from '../../../src/cos/crc64.ts';
import type { ObjectHead } from '../../../src/cos/store.ts';
import { writePart } from '../../../src/engine/restore/part-writer.ts';
import { randomFrom } from '../../support/random.ts';

const HEAD = {} as ObjectHead;

test('whatever pieces a part comes in, its bytes are in their place and summed up', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const bytes = randomFrom(3).bytes(2_000_000);
  const sizes = fc.array(fc.integer({ min: 1, max: 600_000 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat({ max: 10_000 }), async (pieces, start) => {
      const file = join(folder, 'part');
      const descriptor = openSync(file, 'w');
      // One memory for all pieces, as a connection has it.
      const memory = Buffer.alloc(600_000);
      let sent = 0;
      const { crc64 } = await writePart(
        descriptor,
        start,
        () => {},
        async sink => {
          for (const wanted of pieces) {
            const piece = bytes.subarray(sent, sent + wanted);
            piece.copy(memory);
            sent += piece.length;
            await sink.write(memory.subarray(0, piece.length));
          }
          return HEAD;
        },
      );
      closeSync(descriptor);
      const expected = await startCrc64();
      expected.update(bytes.subarray(0, sent));
      return (
        crc64 === expected.digest() && readFileSync(file).subarray(start).equals(bytes.subarray(0, sent))
      );
    }),
    { numRuns: 40 },
  );
  t.pass();
});
