import test from 'ava';
import { Failure } from '../../src/failure.ts';
import { describe } from '../../src/report/describe.ts';
import { byName } from '../../src/report/words/call.ts';
import { en } from '../../src/report/words/en.ts';
import { zh } from '../../src/report/words/zh.ts';

test('a certificate that nobody vouches for sends nobody to the credentials', t => {
  for (const code of ['DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID']) {
    const { message } = describe(new Failure('refused', { code }), en(byName));
    t.regex(message, /certificate/);
    t.notRegex(message, /secret_id/);
  }
});

test('a refusal for legal reasons, or one that nobody knows, blames neither the key pair nor the object', t => {
  const said = (kind: 'refused' | 'thisFile', code: string) =>
    describe(new Failure(kind, { code }), en(byName)).message;
  for (const code of ['UnavailableForLegalReasons', 'HTTP451']) {
    t.regex(said('refused', code), /legal reasons/);
    t.notRegex(said('refused', code), /secret_|policy/);
  }
  t.regex(said('thisFile', 'SomethingNew'), /COS refuses this request, its code says why/);
});

test('a connection that stood still is said in the language of the rest', t => {
  const failure = new Failure('unreachable', { code: 'ETIMEDOUT', message: 'ETIMEDOUT' });
  t.regex(
    describe(failure, en(byName)).message,
    /^connection timeout: ETIMEDOUT: no progress, .* raise timeout$/,
  );
  t.regex(describe(failure, zh(byName)).message, /^connection timeout: ETIMEDOUT: 超时[^(]*$/);
});
