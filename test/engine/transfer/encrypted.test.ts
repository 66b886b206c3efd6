import { renameSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sandbox } from '../../support/sandbox.ts';

const MiB = 1024 * 1024;

test('with encryption by KMS, whose ETags are not MD5s, what moved is copied and not sent', async t => {
  const box = await sandbox(t);
  box.server.traits.encryption = 'cos/kms';
  box.configure({ multipart_threshold: 1, part_size: 1 });
  box.write('small.txt', 'small');
  box.write('large.bin', Buffer.alloc(2 * MiB, 'l'));
  t.is((await box.run()).code, 0);
  for (const name of ['small.txt', 'large.bin']) {
    renameSync(join(box.local, name), join(box.local, `moved-${name}`));
  }
  box.proxy.requests.length = 0;
  const { json } = await box.runJson();
  t.like(json, { upload_file_ok: 2, upload_bytes: 0, del_file_ok: 2, exit_code: 0 });
  t.true(box.proxy.requests.every(({ method, bytes }) => method === 'POST' || bytes === 0));
  t.like((await box.runJson('verify')).json, { same: 2, different: 0 });
});

test('with encryption by KMS the parts that are there are not sent again after an interruption', async t => {
  const box = await sandbox(t);
  box.server.traits.encryption = 'cos/kms';
  box.configure({ multipart_threshold: 1, part_size: 1, thread_num: 1, retry_num: 0 });
  box.write('large.bin', Buffer.alloc(4 * MiB, 'l'));
  box.proxy.fault = ({ query }) => (query.get('partNumber') === '3' ? { kind: 'reset' } : undefined);
  t.not((await box.run()).code, 0);
  box.proxy.fault = undefined;
  box.proxy.requests.length = 0;
  t.like((await box.runJson()).json, { upload_file_ok: 1, exit_code: 0 });
  const parts = box.proxy.requests.filter(({ method, query }) => method === 'PUT' && query.has('partNumber'));
  t.deepEqual(
    parts.map(({ query }) => query.get('partNumber')),
    ['3', '4'],
  );
});
