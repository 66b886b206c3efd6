import test from 'ava';
import COS from 'cos-nodejs-sdk-v5';
import fc from 'fast-check';
import { createSigner } from '../../../src/cos/http/signature.ts';

const account = { secretId: 'AKIDexample', secretKey: 'example-key' };

const headerNames = fc.oneof(
  fc.constantFrom(
    'Host',
    'Content-MD5',
    'content-type',
    'cache-control',
    'expires',
    'x-cos-acl',
    'user-agent',
  ),
  fc.stringMatching(/^x-cos-meta-[a-z0-9-]{1,8}$/),
);
const headers = fc.uniqueArray(fc.tuple(headerNames, fc.string({ unit: 'grapheme' })), {
  selector: ([name]) => name.toLowerCase(),
});
const query = fc.uniqueArray(
  fc.tuple(fc.constantFrom('partNumber', 'uploadId', 'uploads', 'prefix', 'marker'), fc.string()),
  { selector: ([name]) => name },
);

test('any request is signed as the SDK signs it', t => {
  const sign = createSigner({ offset: 0 });
  fc.assert(
    fc.property(
      fc.constantFrom('PUT', 'GET', 'POST', 'HEAD', 'DELETE'),
      fc.string({ unit: 'grapheme' }),
      headers,
      query,
      (method, key, headerPairs, queryPairs) => {
        const request = {
          method,
          key,
          headers: Object.fromEntries(headerPairs),
          query: Object.fromEntries(queryPairs),
        };
        const ours = sign(account, request);
        const theirs = COS.getAuthorization({
          SecretId: account.secretId,
          SecretKey: account.secretKey,
          Method: method,
          Pathname: `/${key}`,
          Headers: request.headers,
          Query: request.query,
          KeyTime: /q-key-time=([\d;]+)/.exec(ours)?.[1],
        } as COS.StaticGetAuthorizationOptions);
        t.is(ours, theirs);
      },
    ),
  );
});

test('a signature holds from just before now for 15 minutes, by the clock of COS', t => {
  const offset = 3_600_000;
  const signed = createSigner({ offset })(account, { method: 'PUT', key: 'a', headers: {}, query: {} });
  const [, from = '', to = ''] = /q-sign-time=(\d+);(\d+)/.exec(signed) ?? [];
  const now = (Date.now() + offset) / 1000;
  t.true(Number(from) < now && Number(from) > now - 30);
  t.is(Number(to) - Number(from), 900);
});

test('a clock that is corrected is heeded at once', t => {
  const clock = { offset: 0 };
  const sign = createSigner(clock);
  const before = sign(account, { method: 'PUT', key: 'a', headers: {}, query: {} });
  clock.offset = -3_600_000;
  const after = sign(account, { method: 'PUT', key: 'a', headers: {}, query: {} });
  const startOf = (signed: string) => Number(/q-sign-time=(\d+)/.exec(signed)?.[1]);
  t.true(startOf(before) - startOf(after) >= 3_600);
});
