import test from 'ava';
import fc from 'fast-check';
import {
  borrowCrc64,
  combineCrc64,
  crc64Of,
  crcDecimal,
  prepareCrc64,
  returnCrc64,
} from '../../src/local-cos/crc64.ts';

test.before(prepareCrc64);

test('the check value of CRC-64/XZ comes out as an unsigned decimal', t => {
  t.is(crc64Of(Buffer.from('123456789')), BigInt('0x995dc9bbdf1939fa').toString());
  t.is(crc64Of(Buffer.alloc(0)), '0');
});

test('a running CRC that was used before starts afresh', async t => {
  for (let round = 0; round < 2; round++) {
    const crc = await borrowCrc64();
    crc.update(Buffer.from('1234')).update(Buffer.from('56789'));
    t.is(crcDecimal(crc), '11051210869376104954');
    returnCrc64(crc);
  }
});

test('combined CRCs of pieces are the CRC of the whole', t => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(pieces, chunks => {
      const combined = combineCrc64(chunks.map(chunk => ({ crc: crc64Of(chunk), size: chunk.length })));
      t.is(combined, crc64Of(Buffer.concat(chunks)));
    }),
  );
});

test('the CRCs of ten thousand parts are combined in no time', t => {
  const start = performance.now();
  combineCrc64(Array.from({ length: 10_000 }, (_, i) => ({ crc: String(i), size: 8 * 1024 ** 2 })));
  t.true(performance.now() - start < 5000);
});
