import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { openStore } from '../../src/cos/client.ts';
import { holdFixed } from '../../src/cos/credentials/holder.ts';
import type { ObjectStore } from '../../src/cos/store.ts';
import type { Failure } from '../../src/failure.ts';

/** A store whose every request is answered the same. */
async function storeAnswering(t: ExecutionContext, answer: (response: ServerResponse) => void) {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => answer(response));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const store = openStore({
    credentials: holdFixed({ secretId: 'AKIDexample', secretKey: 'example-key', token: undefined }),
    bucket: 'example-1250000000',
    region: 'ap-guangzhou',
    protocol: 'http:',
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    timeout: 5,
    proxy: undefined,
    userAgent: 'test',
  });
  t.teardown(async () => {
    await store.close();
    server.closeAllConnections();
    server.close();
  });
  return store;
}

const bytes = Buffer.from('content');
const source = { key: 'b', etag: 'b'.repeat(32) };

const NOT_ETAGS = ['ab,cd', 'a"b', 'a b', 'x'.repeat(300)];

const asHeader: Record<string, (store: ObjectStore) => Promise<unknown>> = {
  put: store => store.put('a', bytes, Buffer.alloc(16), {}),
  putPart: store =>
    store.putPart('a', 'id', 1, {
      size: bytes.length,
      async *open() {
        yield bytes;
      },
    }),
  head: store => store.head('a'),
};

for (const [request, ask] of Object.entries(asHeader)) {
  test(`${request}: an ETag that is none is a failure and no ETag`, async t => {
    for (const etag of NOT_ETAGS) {
      const store = await storeAnswering(t, response => {
        response.writeHead(200, { ETag: `"${etag}"` }).end();
      });
      const failure = await t.throwsAsync<Failure>(ask(store));
      t.is(failure?.code, 'ChecksumMismatch', etag);
    }
  });
}

const inBody: Record<string, [string, (store: ObjectStore) => Promise<unknown>]> = {
  copy: ['<CopyObjectResult><ETag>a,b</ETag></CopyObjectResult>', store => store.copy('a', source, {})],
  completeUpload: [
    '<CompleteMultipartUploadResult><ETag>a\nb</ETag></CompleteMultipartUploadResult>',
    store => store.completeUpload('a', 'id', []),
  ],
  startUpload: [
    '<InitiateMultipartUploadResult><UploadId>a,b\nc</UploadId></InitiateMultipartUploadResult>',
    store => store.startUpload('a', {}),
  ],
  list: [
    `<ListBucketResult><IsTruncated>false</IsTruncated>
     <Contents><Key>a</Key><ETag>"a,b"</ETag><Size>1</Size></Contents></ListBucketResult>`,
    store => store.list('', undefined),
  ],
  listParts: [
    `<ListPartsResult><IsTruncated>false</IsTruncated>
     <Part><PartNumber>1</PartNumber><ETag>"a,b"</ETag><Size>1</Size></Part></ListPartsResult>`,
    store => store.listParts('a', 'id'),
  ],
  listUploads: [
    `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>
     <Upload><Key>a</Key><UploadId>a b</UploadId></Upload></ListMultipartUploadsResult>`,
    store => store.listUploads(''),
  ],
};

for (const [request, [body, ask]] of Object.entries(inBody)) {
  test(`${request}: an ETag or upload ID that is none is a failure`, async t => {
    const store = await storeAnswering(t, response => {
      response.writeHead(200).end(body);
    });
    const failure = await t.throwsAsync<Failure>(ask(store));
    t.is(failure?.code, 'ChecksumMismatch');
  });
}

test('a request ID and an error code that are none are left out, and a message is cut', async t => {
  const store = await storeAnswering(t, response => {
    response
      .writeHead(403, { 'x-cos-request-id': 'a b' })
      .end(`<Error><Code>Den\u001b[2Jied</Code><Message>${'m'.repeat(100_000)}</Message></Error>`);
  });
  const failure = await t.throwsAsync<Failure>(store.startUpload('a', {}));
  t.like(failure, { code: 'HTTP403', requestId: undefined });
  t.true((failure?.message.length ?? 0) <= 1_000);
});

test('ETags of every kind that COS gives are taken', async t => {
  for (const etag of [`${'0af'.repeat(10)}e1`, `${'0af'.repeat(10)}e1-10000`, 'W/abc', '']) {
    const store = await storeAnswering(t, response => {
      response.writeHead(200, etag === '' ? {} : { ETag: `"${etag}"` }).end();
    });
    t.is((await store.put('a', bytes, Buffer.alloc(16), {})).etag, etag);
  }
});
