import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { ConfigError } from '../../src/config/faults.ts';
import { loadConfig } from '../../src/config/load.ts';
import { CONFIG_KEYS } from '../../src/config/schema.ts';
import { errorLines } from '../../src/report/errors.ts';
import { byName } from '../../src/report/words/call.ts';
import { en } from '../../src/report/words/en.ts';
import { zh } from '../../src/report/words/zh.ts';
import { differences, expectedOf, heldBy, populate } from '../support/folder.ts';
import type { Fault } from '../support/proxy.ts';
import { type Random, randomFrom, testSeed } from '../support/random.ts';
import { sandbox } from '../support/sandbox.ts';
import { scaled } from '../support/scale.ts';

const folder = mkdtempSync(join(tmpdir(), 'cos_sync-fuzz-'));
const file = join(folder, 'config.json');
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

/** Either a configuration that can be used, or an error that is one clean line a fault in both languages. */
function loadsOrExplains(bytes: string | Uint8Array): boolean {
  writeFileSync(file, bytes);
  try {
    const { config } = loadConfig(file, {}, {});
    return config.secretId !== '' && config.bucket !== '' && config.localPath !== '';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = [...errorLines(error, en(byName)), ...errorLines(error, zh(byName))];
    return (
      error.faults.length > 0 &&
      lines.length === 2 * error.faults.length &&
      lines.every(line => line.startsWith(file) && !/[\n\r]|undefined|\[object| at .*:\d+:\d+/.test(line))
    );
  }
}

test.serial('any bytes as a configuration are explained', t => {
  t.timeout(300_000);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), bytes => loadsOrExplains(bytes)),
    { numRuns: scaled(500, 20_000) },
  );
  t.pass();
});

test.serial('any JSON as a configuration is explained', t => {
  t.timeout(300_000);
  const value = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }), fc.double().map(String));
  const key = fc.oneof(fc.constantFrom<string>(...CONFIG_KEYS), fc.string());
  const config = fc.oneof(fc.jsonValue(), fc.dictionary(key, value));
  fc.assert(
    fc.property(config, any => loadsOrExplains(JSON.stringify(any) ?? '')),
    { numRuns: scaled(1_000, 30_000) },
  );
  t.pass();
});

test.serial('a good configuration with any one value changed is used or explained', t => {
  t.timeout(300_000);
  const good = {
    secret_id: 'AKIDexample',
    secret_key: 'example',
    bucket: 'backup-1250000000',
    region: 'ap-guangzhou',
    local_path: '/data',
  };
  fc.assert(
    fc.property(fc.constantFrom<string>(...CONFIG_KEYS), fc.jsonValue(), (key, value) =>
      loadsOrExplains(JSON.stringify({ ...good, [key]: value })),
    ),
    { numRuns: scaled(1_000, 30_000) },
  );
  t.pass();
});

const RUNS = scaled(6, 80);

test.serial(
  `answers of ${RUNS} runs that hold anything at all never crash it, and the next run mends all`,
  async t => {
    t.timeout(scaled(300_000, 1_800_000));
    const random = randomFrom(testSeed());
    t.log(`seed ${random.seed}`);
    const box = await sandbox(t);
    box.configure({ retry_num: 1, multipart_threshold: 1, part_size: 1, timeout: 2, max_delete: '100%' });
    populate(box, random, 30, 1);
    for (let run = 0; run < RUNS; run++) {
      box.write(`${run}.txt`, `${run}`);
      rmSync(join(box.local, `folder ${run % 30}`), { recursive: true, force: true });
      box.write('large/0.bin', random.bytes(2 * 1024 * 1024 + run));
      box.proxy.fault = ({ method }) => (random.below(2) === 0 ? anyAnswer(random, method) : undefined);
      const { code, stderr } = await box.run('--quiet');
      t.true(code === 0 || code === 1 || code === 5, `${code}: ${stderr}`);
      t.notRegex(stderr, /unexpected error|\n\s+at |TypeError/, stderr);
    }
    box.proxy.fault = undefined;
    const last = await box.run('--quiet');
    t.is(last.code, 0, last.stderr);
    t.deepEqual(differences(expectedOf(box.local), await heldBy(box)), []);
  },
);

const BODIES = [
  '',
  '<',
  '<?xml version="1.0"?>',
  '<Error/>',
  '<Error><Code/></Error>',
  '<Error><Code>constructor</Code><Message>__proto__</Message></Error>',
  '<InitiateMultipartUploadResult><UploadId></UploadId></InitiateMultipartUploadResult>',
  '<CompleteMultipartUploadResult/>',
  '<CopyObjectResult><ETag>"x"</ETag></CopyObjectResult>',
  '<ListPartsResult><IsTruncated>true</IsTruncated></ListPartsResult>',
  '<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>0</NextPartNumberMarker></ListPartsResult>',
  '<DeleteResult><Deleted/><Error><Key>no such key</Key></Error></DeleteResult>',
  '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;&b;</a>',
  '{"json": true}',
  '\u0000\uffff',
];

/**
 * Any status with any body, or a body in place of COS's own; but not that an object is not there, or
 * deleted: nobody could find out that this is not true.
 */
function anyAnswer(random: Random, method: string): Fault {
  const body =
    random.below(3) === 0 ? random.bytes(random.below(300)).toString('latin1') : random.pick(BODIES);
  if (random.below(2) === 0) return { kind: 'garbage', body, seemsCos: random.below(2) === 0 };
  const untrue = { HEAD: [404], DELETE: [200, 204, 206] }[method];
  const status = random.pick([200, 204, 206, 300, 400, 404, 409, 412, 418, 429, 500, 501, 503, 599]);
  return {
    kind: 'status',
    status: untrue?.includes(status) ? 500 : status,
    code: random.pick(['', 'NoSuchUpload', 'NoSuchKey', 'InternalError', '\u0001', 'x'.repeat(5_000)]),
  };
}
