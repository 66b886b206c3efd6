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
      response.writeHead(200, etag === '' ? ID : { ...ID, ETag: `"${etag}"` }).end();
    });
    t.is((await store.put('a', bytes, Buffer.alloc(16), {})).etag, etag);
  }
});

const WHOLE: Record<string, [string, string, (store: ObjectStore) => Promise<unknown>]> = {
  list: [
    'ListBucketResult',
    '<Contents><Key>p/a</Key><Size>1</Size></Contents>',
    store => store.list('p/', undefined),
  ],
  listVersions: [
    'ListVersionsResult',
    '<Version><Key>p/a</Key><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Version>',
    store => store.listVersions('p/', undefined),
  ],
  listUploads: [
    'ListMultipartUploadsResult',
    '<Upload><Key>p/a</Key><UploadId>id</UploadId></Upload>',
    store => store.listUploads('p/'),
  ],
};

for (const [request, [root, entry, ask]] of Object.entries(WHOLE)) {
  const answered = async (t: ExecutionContext, end: string, entries: string) =>
    ask(
      await storeAnswering(t, response => {
        response.writeHead(200, ID).end(`<${root}><IsTruncated>${end}</IsTruncated>${entries}</${root}>`);
      }),
    );

  test(`${request}: what does not say whether there is more is no listing`, async t => {
    await t.notThrowsAsync(answered(t, 'false', entry));
    for (const end of ['', 'TRUE', 'maybe', ' false']) {
      t.like(await t.throwsAsync<Failure>(answered(t, end, entry)), { code: 'UnexpectedAnswer' }, end);
    }
  });

  test(`${request}: an entry without a key, or with one that was not asked for, is a failure`, async t => {
    const element = entry.slice(1, entry.indexOf('>'));
    const others = [
      ...['', '<Key/>', '<Key>a</Key>', '<Key>../a</Key>', '<Key>q/a</Key>'].map(key =>
        entry.replace('<Key>p/a</Key>', key),
      ),
      `<${element}/>`,
    ];
    for (const other of others) {
      t.like(await t.throwsAsync<Failure>(answered(t, 'false', other)), { code: 'UnexpectedAnswer' }, other);
    }
  });
}

test('a listing in another order than COS has is refused: it would show what is there as missing', async t => {
  const entry = (key: string) => `<Contents><Key>${encodeURIComponent(key)}</Key><Size>1</Size></Contents>`;
  const listed = async (keys: string[], marker?: string) => {
    const store = await storeAnswering(t, response => {
      const entries = keys.map(entry).join('');
      response
        .writeHead(200, ID)
        .end(`<ListBucketResult><IsTruncated>false</IsTruncated>${entries}</ListBucketResult>`);
    });
    return store.list('', marker);
  };
  await t.notThrowsAsync(listed(['a', 'b', '（', '\u{10000}'], 'A'));
  for (const [keys, marker] of [
    [['b', 'a']],
    [['a', 'a']],
    [['\u{10000}', '（']],
    [['a'], 'a'],
    [['a'], 'b'],
  ] as [string[], string?][]) {
    t.like(await t.throwsAsync<Failure>(listed(keys, marker)), { code: 'ListingNotSorted' }, keys.join());
  }
});

test('a list of parts ends where the highest part number is', async t => {
  let next = 0;
  const store = await storeAnswering(t, response => {
    next += 1_000;
    const more = `<IsTruncated>true</IsTruncated><NextPartNumberMarker>${next}</NextPartNumberMarker>`;
    response.writeHead(200, ID).end(`<ListPartsResult>${more}</ListPartsResult>`);
  });
  t.like(await t.throwsAsync<Failure>(store.listParts('a', 'id')), { code: 'UnexpectedAnswer' });
  t.is(next, 11_000);
});

test('an upload, or an object, is gone only where COS says so', async t => {
  const html =
    (status: number, headers = {}) =>
    async () =>
      storeAnswering(t, response => {
        response.writeHead(status, headers).end(status === 204 ? undefined : '<html>gone</html>');
      });
  const ended = [(store: ObjectStore) => store.abortUpload('a', 'id'), anyRequest['deleteMany, one alone']!];
  for (const end of ended) {
    await t.notThrowsAsync(end(await html(204, ID)()));
    for (const [status, headers, code] of [
      [200, {}, 'NotFromCos'],
      [204, {}, 'NotFromCos'],
      [404, {}, 'NotFromCos'],
      [200, ID, 'UnexpectedAnswer'],
      [404, ID, 'HTTP404'],
    ] as const) {
      t.like(await t.throwsAsync<Failure>(end(await html(status, headers)())), { code }, `${status}`);
    }
  }
  const gone = await storeAnswering(t, response => {
    response.writeHead(404, ID).end('<Error><Code>NoSuchUpload</Code></Error>');
  });
  await t.notThrowsAsync(gone.abortUpload('a', 'id'));
});

test('what was there before the bucket kept versions is asked for as that version', async t => {
  const store = await storeAnswering(t, response => {
    response
      .writeHead(200, ID)
      .end(
        '<ListVersionsResult><IsTruncated>false</IsTruncated><Version><Key>a</Key><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Version></ListVersionsResult>',
      );
  });
  t.is((await store.listVersions('', undefined)).items[0]?.versionId, 'null');
});
