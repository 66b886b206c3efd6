import test from 'ava';
import { sandbox } from '../../support/sandbox.ts';

/** More than the scan hands out at a time, so that the first are planned while others are not yet seen. */
const FILES = 2_500;

test('the first run uploads while it scans, and brings all there is', async t => {
  const box = await sandbox(t);
  for (let index = 0; index < FILES; index++) box.write(`d${index % 50}/${index}.txt`, `${index}`);
  box.configure({ thread_num: 64 });
  const { code, json } = await box.runJson();
  t.is(code, 0);
  t.like(json, { upload_file_ok: FILES, create_folder_ok: 50, upload_file_fail: 0 });
  t.is((await box.keys()).length, FILES + 50);
  box.proxy.requests.length = 0;
  t.like((await box.runJson()).json, { upload_file_ok: 0, upload_file_skip: FILES });
  t.is(box.proxy.requests.length, 0);
});

test('a first run that is killed while it scans is gone on with, and its parts are not thrown away', async t => {
  const box = await sandbox(t);
  box.configure({ multipart_threshold: 1, part_size: 1, thread_num: 4 });
  box.write('a large one.bin', Buffer.alloc(6 * 1024 * 1024, 7));
  for (let index = 0; index < 1_500; index++) box.write(`d/${index}.txt`, `${index}`);
  let parts = 0;
  const run = box.start();
  // With four at a time the fifth is sent once one of the others was answered.
  box.proxy.fault = ({ query }) => {
    if (query.has('partNumber') && ++parts === 5) run.child.kill('SIGKILL');
    return undefined;
  };
  await run.ended;
  t.true(parts >= 5);
  box.proxy.fault = undefined;
  box.proxy.requests.length = 0;
  t.like((await box.runJson()).json, { op_status: 'ALL_OK' });
  const sent = box.proxy.requests.filter(({ query }) => query.has('partNumber')).length;
  t.true(sent < 6, `${sent} parts were sent again`);
  t.is((await box.keys()).length, 1_502);
});
