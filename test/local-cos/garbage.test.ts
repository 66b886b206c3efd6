import test from 'ava';
import fc from 'fast-check';
import { sandbox, send, sendBytes } from './sandbox.ts';

const STACK = /\n\s+at |node:internal|\.ts:\d/;

test('a URL that cannot be decoded is InvalidURI', async t => {
  const { server } = await sandbox(t);
  for (const path of ['/%', '/%zz', '/%ff', '/%c3%28', '/a?b=%', '/a?%e4%b8', '/%ed%a0%80']) {
    const { status, code } = await send(server.port, { path });
    t.deepEqual([status, code], [400, 'InvalidURI'], path);
  }
});

test('bytes that are not HTTP are answered with a COS error, and the server lives', async t => {
  const { server, call } = await sandbox(t);
  const long = 'x'.repeat(40_000);
  const garbage = [
    'hello\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${long}\r\n\r\n`,
    'PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n',
    'PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
    'PUT /k HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n',
    'GET /k HTTP/1.1\r\nBad Header: x\r\n\r\n',
  ];
  for (const bytes of garbage) {
    const answer = await sendBytes(server.port, bytes, { halfClose: true });
    t.regex(answer, /^HTTP\/1\.1 4\d\d /, bytes.slice(0, 60));
    t.notRegex(answer, STACK);
  }
  t.regex(await sendBytes(server.port, garbage[3]!), /<Code>InvalidRequest<.*too large/);
  t.is((await call({})).status, 200);
});

test('a body shorter than its length is IncompleteBody', async t => {
  const { server, call } = await sandbox(t);
  const bytes = `PUT /k HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Length: 50\r\n\r\nshort`;
  t.regex(await sendBytes(server.port, bytes, { halfClose: true }), /AccessDenied|IncompleteBody/);
  t.is((await call({ key: 'k' })).code, 'NoSuchKey');
});

test('a connection that is lost before its request is whole harms nobody', async t => {
  const { server, call } = await sandbox(t);
  for (const bytes of [
    '',
    'G',
    'GET / HTTP/1.1\r\n',
    'PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx',
  ]) {
    await sendBytes(server.port, bytes, { halfClose: true });
  }
  t.is((await call({})).status, 200);
});

test('odd hosts are a bucket that does not exist at worst', async t => {
  const { call } = await sandbox(t);
  for (const host of [
    '..',
    '.',
    '.a',
    'a..b',
    '[::1]:80',
    'localhost',
    '999.1.1.1',
    '中.cos.com',
    'constructor.cos.com',
  ]) {
    const sent = Buffer.from(host).toString('latin1');
    const { status, code } = await call({ headers: { host: sent }, meantHeaders: { host }, key: 'k' });
    t.true(status === 404, `${host}: ${status} ${code}`);
  }
});

test('a query with names of the language’s own does no harm', async t => {
  const { call } = await sandbox(t);
  for (const name of ['constructor', 'toString', '__defineGetter__', 'valueOf']) {
    t.is((await call({ query: { [name]: 'x' } })).status, 200, name);
    t.is(
      (await call({ method: 'PUT', key: name, headers: { [`x-cos-meta-${name.toLowerCase()}`]: 'v' } }))
        .status,
      200,
    );
    t.is((await call({ key: name })).status, 200);
  }
});

test('any XML body is answered with 200 or a COS error', async t => {
  const { call } = await sandbox(t);
  const piece = fc.constantFrom(
    '<Delete>',
    '</Delete>',
    '<Object>',
    '</Object>',
    '<Key>',
    '</Key>',
    '<CompleteMultipartUpload>',
    '<Part>',
    '<PartNumber>',
    '1',
    'k',
    '&amp;',
    '&#0;',
    '&#xD800;',
    '&nope;',
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '<?xml?>',
    '\0',
    '<__proto__>',
    '"',
    '<a b="c">',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), fc.boolean(), async (pieces, deleting) => {
      const query: Record<string, string> = deleting ? { delete: '' } : { uploadId: 'x' };
      const answer = await call({ method: 'POST', key: deleting ? '' : 'k', query, body: pieces.join('') });
      t.true([200, 400, 404].includes(answer.status), `${answer.status} ${answer.text}`);
      t.notRegex(answer.text, STACK);
    }),
    { numRuns: 150 },
  );
});
