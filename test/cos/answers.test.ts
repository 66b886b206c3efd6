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

const ID = { 'x-cos-request-id': 'NjAw' };
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
        response.writeHead(200, { ...ID, ETag: `"${etag}"` }).end();
      });
      const failure = await t.throwsAsync<Failure>(ask(store));
      t.is(failure?.code, 'UnexpectedAnswer', etag);
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
      response.writeHead(200, ID).end(body);
    });
    const failure = await t.throwsAsync<Failure>(ask(store));
    t.is(failure?.code, 'UnexpectedAnswer');
  });
}

for (const size of ['', '-1', '1.5', 'many', '1e300', '99999999999999999999']) {
  test(`a listed size that is none is a failure: "${size}"`, async t => {
    const listed = `<Key>a</Key><Size>${size}</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified>`;
    const bodies: [string, (store: ObjectStore) => Promise<unknown>][] = [
      [
        `<ListBucketResult><IsTruncated>false</IsTruncated><Contents>${listed}</Contents></ListBucketResult>`,
        store => store.list('', undefined),
      ],
      [
        `<ListVersionsResult><IsTruncated>false</IsTruncated><Version>${listed}</Version></ListVersionsResult>`,
        store => store.listVersions('', undefined),
      ],
      [
        `<ListPartsResult><IsTruncated>false</IsTruncated><Part><PartNumber>1</PartNumber><Size>${size}</Size></Part></ListPartsResult>`,
        store => store.listParts('a', 'id'),
      ],
    ];
    for (const [body, ask] of bodies) {
      const store = await storeAnswering(t, response => {
        response.writeHead(200, ID).end(body);
      });
      const failure = await t.throwsAsync<Failure>(ask(store));
      t.like(failure, { code: 'UnexpectedAnswer', message: 'the listing has a size that is none' });
    }
  });
}

test('a version whose time cannot be read is a failure: it would count as of any moment', async t => {
  const store = await storeAnswering(t, response => {
    response
      .writeHead(200, ID)
      .end(
        '<ListVersionsResult><IsTruncated>false</IsTruncated><Version><Key>a</Key><Size>1</Size><LastModified>soon</LastModified></Version></ListVersionsResult>',
      );
  });
  t.like(await t.throwsAsync<Failure>(store.listVersions('', undefined)), { code: 'UnexpectedAnswer' });
});

for (const next of ['m', 'a', '', 'm%']) {
  test(`a listing whose next page is none is a failure: "${next}" after m`, async t => {
    const more = `<IsTruncated>true</IsTruncated><NextMarker>${next}</NextMarker><NextKeyMarker>${next}</NextKeyMarker>`;
    const bodies: [string, (store: ObjectStore) => Promise<unknown>][] = [
      ['ListBucketResult', store => store.list('', 'm')],
      ['ListVersionsResult', store => store.listVersions('', { key: 'm', versionId: '' })],
    ];
    for (const [root, ask] of bodies) {
      const store = await storeAnswering(t, response => {
        response.writeHead(200, ID).end(`<${root}>${more}</${root}>`);
      });
      t.like(await t.throwsAsync<Failure>(ask(store)), { code: 'UnexpectedAnswer' }, root);
    }
  });
}

test('lists of uploads that come again and again end', async t => {
  let page = 0;
  const store = await storeAnswering(t, response => {
    const key = ['b', 'a'][page++ % 2];
    const more = `<IsTruncated>true</IsTruncated><NextKeyMarker>${key}</NextKeyMarker>`;
    response.writeHead(200, ID).end(`<ListMultipartUploadsResult>${more}</ListMultipartUploadsResult>`);
  });
  t.like(await t.throwsAsync<Failure>(store.listUploads('')), { code: 'UnexpectedAnswer' });
  t.is(page, 2);
});

const anyRequest: Record<string, (store: ObjectStore) => Promise<unknown>> = {
  ...Object.fromEntries(
    ['startUpload', 'list', 'listParts', 'listUploads'].map(request => [request, inBody[request]?.[1]]),
  ),
  head: store => store.head('a'),
  listVersions: store => store.listVersions('', undefined),
  versioning: store => store.versioning(),
  deleteMany: store => store.deleteMany(['a']),
  'deleteMany, one alone': store => store.deleteMany(['a\u0001']),
  get: store => store.get({ key: 'a', size: 10 }, { write: () => undefined }),
  'get with an ETag': store => store.get({ key: 'a', size: 10 }, { write: () => undefined }),
};

for (const [request, ask] of Object.entries(anyRequest)) {
  test(`${request}: the page that a captive portal answers with is not taken for COS`, async t => {
    const store = await storeAnswering(t, response => {
      const headers = request === 'get with an ETag' ? { ETag: '"66a1-5f"' } : {};
      response.writeHead(200, { 'Content-Type': 'text/html', ...headers }).end('<html>Please log in</html>');
    });
    const failure = await t.throwsAsync<Failure>(ask(store));
    t.like(failure, { code: 'NotFromCos', kind: 'unreachable', status: 200, mayBeDone: true });
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
