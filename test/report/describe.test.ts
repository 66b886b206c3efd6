import test from 'ava';
import { Failure } from '../../src/failure.ts';
import { describe } from '../../src/report/describe.ts';
import { en } from '../../src/report/words/en.ts';

test('a certificate that nobody vouches for sends nobody to the credentials', t => {
  for (const code of ['DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID']) {
    const { message } = describe(new Failure('refused', { code }), en);
    t.regex(message, /certificate/);
    t.notRegex(message, /secret_id/);
  }
});
