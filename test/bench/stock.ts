import { hash } from 'node:crypto';
import { OK, pathOf, queryOf, type Request, withBody } from './light-http.ts';
import { filledContent, nestedPaths } from './trees.ts';

/** What the bare server holds for those who fetch: small objects of different content, or one large one. */
export interface Stock {
  /** Answers a GET or HEAD of a listing or an object; undefined where it holds no such thing. */
  answerTo(request: Request): Iterable<Buffer> | undefined;
}

interface Item {
  size: number;
  etag: string;
  crc64?: string;
  /** The answer to a GET of all of it, made once. */
  whole?: Buffer[];
  /** The bytes from `start` to, and without, `end`, in pieces. */
  read(start: number, end: number): Iterable<Buffer>;
}

/** Where COS's clients and S3's look for it. */
const PREFIXES = ['/bench/stock/', '/stock/'];
const PAGE = 1_000;
const MODIFIED = new Date('2026-01-02T03:04:05.000Z');
const RANGE = /\r\nrange: *bytes=(\d+)-(\d*)/i;
const PARTIAL = OK.replace('200 OK', '206 Partial Content');

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
  const places = new Map(names.map((name, index) => [name, index]));
  const pages = new Map<string, Buffer[]>();

  function page(query: URLSearchParams): Buffer[] {
    const after = query.get('marker') ?? query.get('continuation-token') ?? '';
    const prefix = (query.get('prefix') ?? '').replace(/^stock\/?/, '');
    const asked = `${prefix}\0${after}`;
    const known = pages.get(asked);
    if (known) return known;
    const from = after === '' ? 0 : places.get(after.replace(/^stock\//, ''))! + 1;
    const made = [Buffer.from(withBody(list(from, prefix)))];
    pages.set(asked, made);
    return made;
  }

  function list(from: number, prefix: string): string {
    const listed = names.slice(from, from + PAGE).filter(name => name.startsWith(prefix));
    const more = from + PAGE < names.length;
    const last = `stock/${listed.at(-1)}`;
    const contents = listed.map(name => {
      const { size, etag } = items.get(name)!;
      const time = MODIFIED.toISOString();
      const facts = `<ETag>"${etag}"</ETag><Size>${size}</Size><LastModified>${time}</LastModified>`;
      return `<Contents><Key>stock/${name}</Key>${facts}<StorageClass>STANDARD</StorageClass></Contents>`;
    });
    const next = more
      ? `<NextMarker>${last}</NextMarker><NextContinuationToken>${last}</NextContinuationToken>`
      : '';
    const head = `<Name>bench</Name><KeyCount>${listed.length}</KeyCount><IsTruncated>${more}</IsTruncated>`;
    return `<?xml version="1.0"?><ListBucketResult>${head}${next}${contents.join('')}</ListBucketResult>`;
  }

  return {
    answerTo({ method, url, head }) {
      if (method !== 'GET' && method !== 'HEAD') return undefined;
      const path = pathOf(url);
      const prefix = PREFIXES.find(one => path.startsWith(one) && path.length > one.length);
      if (!prefix) return queryOf(url).has('prefix') ? page(queryOf(url)) : undefined;
      const item = items.get(decodeURIComponent(path.slice(prefix.length)));
      return item && contentOf(item, method, head);
    },
  };
}

function contentOf(item: Item, method: string, head: string): Iterable<Buffer> {
  const [, first, last = ''] = RANGE.exec(head) ?? [];
  if (method === 'HEAD') return [headOf(item)];
  if (first !== undefined) {
    const end = last === '' ? item.size : Math.min(item.size, Number(last) + 1);
    return withHead(headOf(item, { start: Number(first), end }), item.read(Number(first), end));
  }
  if (item.crc64 !== undefined) return withHead(headOf(item), item.read(0, item.size));
  item.whole ??= [Buffer.concat([headOf(item), ...item.read(0, item.size)])];
  return item.whole;
}

function* withHead(head: Buffer, pieces: Iterable<Buffer>): Iterable<Buffer> {
  yield head;
  yield* pieces;
}

function headOf({ size, etag, crc64 }: Item, range?: { start: number; end: number }): Buffer {
  const { start, end } = range ?? { start: 0, end: size };
  const headers = [
    `ETag: "${etag}"`,
    `Last-Modified: ${MODIFIED.toUTCString()}`,
    'Content-Type: application/octet-stream',
    `Content-Length: ${end - start}`,
    'Accept-Ranges: bytes',
    ...(crc64 === undefined ? [] : [`x-cos-hash-crc64ecma: ${crc64}`]),
    ...(range ? [`Content-Range: bytes ${start}-${end - 1}/${size}`] : []),
  ];
  return Buffer.from(`${range ? PARTIAL : OK}${headers.join('\r\n')}\r\n\r\n`);
}

function* smallItems({ files, size }: { files: number; size: number }): Generator<[string, Item]> {
  let index = 0;
  for (const path of nestedPaths(files)) {
    const content = filledContent(size, index++);
    yield [
      path,
      { size, etag: hash('md5', content, 'hex'), read: (start, end) => [content.subarray(start, end)] },
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
