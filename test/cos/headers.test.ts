import test from 'ava';
import { objectHeaders } from '../../src/cos/headers.ts';
import { ownHeaders } from '../../src/cos/http/own-headers.ts';

const NONE = {
  storageClass: undefined,
  acl: undefined,
  serverSideEncryption: undefined,
  headers: {},
  meta: {},
};

test("a file's mtime goes as rclone writes it: seconds with up to nine decimals, none of them for nothing", t => {
  const mtimeOf = (ns: bigint) => objectHeaders(NONE, 'a', ns)['x-cos-meta-mtime'];
  t.is(mtimeOf(1_354_040_105_123_456_789n), '1354040105.123456789');
  t.is(mtimeOf(1_354_040_105_120_000_000n), '1354040105.12');
  t.is(mtimeOf(1_354_040_105_000_000_000n), '1354040105');
  t.is(mtimeOf(1n), '0.000000001');
  t.is(mtimeOf(0n), '0');
  t.is(mtimeOf(-1_500_000_000n), '-1.5');
  t.is(objectHeaders(NONE, 'a')['x-cos-meta-mtime'], undefined);
});

test("a folder's object has no storage class, wherever it is configured", t => {
  const attributes = { ...NONE, storageClass: 'ARCHIVE', acl: 'private' };
  t.deepEqual(objectHeaders(attributes, 'a/'), { 'x-cos-acl': 'private' });
  t.is(objectHeaders(attributes, 'a')['x-cos-storage-class'], 'ARCHIVE');
  const asHeader = { ...NONE, headers: { 'X-Cos-Storage-Class': 'ARCHIVE' } };
  t.deepEqual(objectHeaders(asHeader, 'a/'), {});
});

test('what is not ASCII goes percent-encoded, and what is stays as it is', t => {
  const headers = { 'Content-Disposition': "attachment; filename*=UTF-8''中.txt" };
  const sent = objectHeaders({ ...NONE, headers, meta: { Author: '李 100%', plain: '50%' } }, 'a');
  t.is(sent['content-disposition'], "attachment; filename*=UTF-8''%E4%B8%AD.txt");
  t.is(decodeURIComponent(sent['x-cos-meta-author'] ?? ''), '李 100%');
  t.is(sent['x-cos-meta-plain'], '50%');
});

test('headers about requests go with the requests that need them, and are not attributes of an object', t => {
  const key = 'x-cos-server-side-encryption-customer-key';
  const headers = { referer: 'https://a.example', 'x-cos-traffic-limit': '819200', [key]: 'K' };
  t.deepEqual(Object.keys(objectHeaders({ ...NONE, headers }, 'a')), ['content-type']);
  const sent = (method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE', query = {}, more = {}, object = 'a') =>
    Object.keys(ownHeaders(headers, { method, key: object, query, headers: more })).sort();
  const all = ['referer', key, 'x-cos-traffic-limit'];
  t.deepEqual(sent('PUT'), all);
  t.deepEqual(sent('PUT', { uploadId: 'u', partNumber: '1' }), all);
  t.deepEqual(sent('GET'), all);
  t.deepEqual(sent('HEAD'), ['referer', key]);
  t.deepEqual(sent('POST', { uploads: '' }), ['referer', key]);
  t.deepEqual(sent('POST', { uploadId: 'u' }), ['referer']);
  t.deepEqual(sent('GET', { prefix: '' }, {}, ''), ['referer']);
  t.deepEqual(sent('POST', { delete: '' }, {}, ''), ['referer']);
  t.deepEqual(sent('PUT', {}, { 'x-cos-copy-source': 'b/a' }), [
    'referer',
    'x-cos-copy-source-server-side-encryption-customer-key',
    key,
  ]);
});
