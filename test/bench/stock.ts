import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { filledContent, nestedPaths } from './trees.ts';

/** What the bare server holds for those who fetch: small objects of different content, or one large one. */
export interface Stock {
  /** Answers a GET or HEAD of a listing or an object; false where it holds no such thing. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
}

interface Item {
  size: number;
  etag: string;
  crc64?: string;
  /** The bytes from `start` to, and without, `end`, in pieces. */
  read(start: number, end: number): Generator<Buffer>;
}

/** Where COS's clients and S3's look for it. */
const PREFIXES = ['/bench/stock/', '/stock/'];
const PAGE = 1_000;
const MODIFIED = new Date('2026-01-02T03:04:05.000Z');

/**
 * @param wanted how many files of `size` bytes, or one of `large` bytes that is `block` repeated
 * @param crc64Of the CRC-64 of that many bytes of the repeated block
 */
export function createStock(
  wanted: { files: number; size: number; large: number; block: Buffer },
  crc64Of: (size: number) => string,
): Stock {
  const items = new Map(wanted.large > 0 ? [largeItem(wanted, crc64Of)] : smallItems(wanted));
  const names = [...items.keys()].sort();

  function list(query: URLSearchParams): string {
    const after = query.get('marker') ?? query.get('continuation-token') ?? '';
    const prefix = (query.get('prefix') ?? '').replace(/^stock\/?/, '');
    const from = after === '' ? 0 : names.indexOf(after.replace(/^stock\//, '')) + 1;
    const page = names.slice(from, from + PAGE).filter(name => name.startsWith(prefix));
    const more = from + PAGE < names.length;
    const last = `stock/${page.at(-1)}`;
    const contents = page.map(name => {
      const { size, etag } = items.get(name)!;
      const time = MODIFIED.toISOString();
      const facts = `<ETag>"${etag}"</ETag><Size>${size}</Size><LastModified>${time}</LastModified>`;
      return `<Contents><Key>stock/${name}</Key>${facts}<StorageClass>STANDARD</StorageClass></Contents>`;
    });
    const next = more
      ? `<NextMarker>${last}</NextMarker><NextContinuationToken>${last}</NextContinuationToken>`
      : '';
    const head = `<Name>bench</Name><KeyCount>${page.length}</KeyCount><IsTruncated>${more}</IsTruncated>`;
    return `<?xml version="1.0"?><ListBucketResult>${head}${next}${contents.join('')}</ListBucketResult>`;
  }

  return {
    answer(request, response) {
      const url = new URL(request.url ?? '/', 'http://bench');
      if (request.method !== 'GET' && request.method !== 'HEAD') return false;
      if (url.searchParams.has('prefix')) {
        const text = list(url.searchParams);
        response.writeHead(200, {
          'Content-Type': 'application/xml',
          'Content-Length': Buffer.byteLength(text),
        });
        response.end(text);
        return true;
      }
      const prefix = PREFIXES.find(one => url.pathname.startsWith(one));
      const item = prefix && items.get(decodeURIComponent(url.pathname.slice(prefix.length)));
      if (!item) return false;
      send(request, response, item);
      return true;
    },
  };
}

function send(request: IncomingMessage, response: ServerResponse, item: Item): void {
  const { size, etag, crc64 } = item;
  const [, first = '', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const start = first === '' ? 0 : Number(first);
  const end = last === '' ? size : Math.min(size, Number(last) + 1);
  response.writeHead(first === '' ? 200 : 206, {
    ETag: `"${etag}"`,
    'Last-Modified': MODIFIED.toUTCString(),
    'Content-Type': 'application/octet-stream',
    'Content-Length': end - start,
    'Accept-Ranges': 'bytes',
    ...(crc64 === undefined ? {} : { 'x-cos-hash-crc64ecma': crc64 }),
    ...(first === '' ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${size}` }),
  });
  if (request.method === 'HEAD') return void response.end();
  const pieces = item.read(start, end);
  const more = () => {
    for (let next = pieces.next(); ; next = pieces.next()) {
      if (next.done) return void response.end();
      if (!response.write(next.value)) return void response.once('drain', more);
    }
  };
  more();
}

function* smallItems({ files, size }: { files: number; size: number }): Generator<[string, Item]> {
  let index = 0;
  for (const path of nestedPaths(files)) {
    const content = filledContent(size, index++);
    yield [
      path,
      {
        size,
        etag: hash('md5', content, 'hex'),
        *read(start, end) {
          yield content.subarray(start, end);
        },
      },
    ];
  }
}

function largeItem(
  { large, block }: { large: number; block: Buffer },
  crc64Of: (size: number) => string,
): [string, Item] {
  const item: Item = {
    size: large,
    etag: 'large-2',
    crc64: crc64Of(large),
    *read(start, end) {
      for (let at = start; at < end; ) {
        const offset = at % block.length;
        const length = Math.min(block.length - offset, end - at);
        yield block.subarray(offset, offset + length);
        at += length;
      }
    },
  };
  return ['large.bin', item];
}
