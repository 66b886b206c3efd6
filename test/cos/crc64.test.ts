import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { createCRC64 } from 'hash-wasm';
import { combineCrc64, startCrc64 } from '../../src/cos/crc64.ts';
import { DEGREE, EXPONENTS } from '../../src/cos/fold.ts';

async function crc64Of(...pieces: Uint8Array[]): Promise<string> {
  const crc64 = await startCrc64();
  for (const piece of pieces) crc64.update(piece);
  return crc64.digest();
}

test('the CRC-64 is the one COS answers, as an unsigned decimal', async t => {
  t.is(await crc64Of(Buffer.from('123456789')), BigInt('0x995dc9bbdf1939fa').toString());
  t.is(await crc64Of(), '0');
});

test('the CRC-64 of two strings put together is that of the whole', async t => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(bytes, bytes, async (first, second) => {
      const combined = combineCrc64(await crc64Of(first), await crc64Of(second), second.length);
      t.is(combined, await crc64Of(first, second));
    }),
  );
});

test('parts of megabytes are put together too', async t => {
  const part = Buffer.alloc(5 * 1024 * 1024, 'abc');
  const rest = Buffer.alloc(1_234_567, 'xyz');
  const combined = combineCrc64(await crc64Of(part), await crc64Of(rest), rest.length);
  t.is(combined, await crc64Of(part, rest));
});

test('several CRC-64s run at the same time without disturbing each other', async t => {
  const [one, two] = await Promise.all([startCrc64(), startCrc64()]);
  one.update(Buffer.from('1234'));
  two.update(Buffer.from('other'));
  one.update(Buffer.from('56789'));
  t.is(one.digest(), await crc64Of(Buffer.from('123456789')));
  t.is(two.digest(), await crc64Of(Buffer.from('other')));
});

test('what long strings are folded with is a multiple of the polynomial', t => {
  const polynomial = 0x42f0e1eba9ea3693n;
  let power = 1n;
  let sum = 0n;
  for (let exponent = 0; exponent <= DEGREE; exponent++) {
    if (exponent === DEGREE || EXPONENTS.includes(exponent)) sum ^= power;
    power <<= 1n;
    if (power >> 64n) power = BigInt.asUintN(64, power) ^ polynomial;
  }
  t.is(sum, 0n);
});

test('strings of every length have the CRC-64 that a library finds, however they come', async t => {
  const library = await createCRC64();
  const random = Buffer.from(Array.from({ length: 250_000 }, (_, at) => (at * at * 31 + (at >> 3)) & 0xff));
  const lengths = fc.oneof(
    fc.integer({ min: 0, max: random.length }),
    fc.integer({ min: 0, max: 40 }).map(more => 64 * 1024 - 20 + more),
    fc.integer({ min: 0, max: 40 }).map(more => DEGREE - 20 + more),
  );
  await fc.assert(
    fc.asyncProperty(lengths, fc.integer({ min: 1, max: 200_000 }), async (length, piece) => {
      const crc64 = await startCrc64();
      for (let at = 0; at < length; at += piece)
        crc64.update(random.subarray(at, Math.min(length, at + piece)));
      const expected = library.init().update(random.subarray(0, length)).digest('hex');
      t.is(crc64.digest(), BigInt(`0x${expected}`).toString());
    }),
    { numRuns: 500 },
  );
});

const onX64 = process.arch === 'x64' ? test : test.skip;

onX64('a processor without instructions for sixteen bytes finds the same', async t => {
  const program = `
    import { startCrc64 } from ${JSON.stringify(new URL('../../src/cos/crc64.ts', import.meta.url).href)};
    import { canFold } from ${JSON.stringify(new URL('../../src/cos/fold.ts', import.meta.url).href)};
    for (const length of [9, 300_000]) {
      const crc64 = await startCrc64();
      crc64.update(Buffer.alloc(length, '123456789'));
      console.log(canFold(), crc64.digest());
    }`;
  const options = ['--no-enable-sse4-1', '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, options);
  const expected = await Promise.all([9, 300_000].map(length => crc64Of(Buffer.alloc(length, '123456789'))));
  t.is(stdout, expected.map(sum => `false ${sum}\n`).join(''));
});
