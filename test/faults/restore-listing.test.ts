import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { restoreHere, syncHere } from '../support/in-process.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { treeOf } from '../support/tree.ts';

async function boxOf(t: Parameters<typeof sandbox>[0], paths: readonly string[]): Promise<Sandbox> {
  const box = await sandbox(t);
  box.configure({ create_folders: 0, delete_sync: 0, thread_num: 4, retry_num: 10 });
  for (const path of paths) box.write(path, path);
  await syncHere(box);
  return box;
}

test('where COS denies the objects of one folder, those of the others come back', async t => {
  const paths = ['a', 'b', 'c'].flatMap(folder => Array.from({ length: 30 }, (_, n) => `${folder}/${n}`));
  const box = await boxOf(t, paths);
  box.proxy.fault = ({ path }) =>
    path.includes('/a/') ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined;
  const back = join(box.root, 'back');
  t.is((await restoreHere(box, { to: back })).code, 1);
  t.deepEqual(
    Object.keys(treeOf(back)).filter(path => path.startsWith('a/')),
    [],
  );
  for (const folder of ['b', 'c']) t.is(readdirSync(join(back, folder)).length, 30);
});

test('a listing that ends too soon ends the restore with exit code 1 where files came back, and none is said to be missing', async t => {
  const box = await boxOf(
    t,
    Array.from({ length: 2_100 }, (_, n) => `${n + 10_000}`),
  );
  const back = join(box.root, 'back');
  box.proxy.fault = ({ query }) => {
    if (!query.has('marker') || Number(query.get('marker')?.slice(-5)) < 11_500) return undefined;
    const isTooSoon = readdirSync(back).length < 100;
    return {
      kind: 'status',
      ...(isTooSoon ? { status: 500, code: 'InternalError' } : { status: 403, code: 'AccessDenied' }),
    };
  };
  const { code, err } = await restoreHere(box, { to: back });
  t.is(code, 1, err);
  t.regex(err, /cos_sync: COS did not list all of it: code: AccessDenied, .* restore again for the rest/);
  t.is(readdirSync(back).length, 2_000, 'all that was listed is back');
  box.proxy.fault = undefined;
  t.is((await restoreHere(box, { to: back })).code, 0);
  t.deepEqual(treeOf(back), treeOf(box.local));
});

for (const [where, isOfLedger] of [
  ['another folder', false],
  ['the folder of the ledger', true],
] as const) {
  test(`into ${where}, objects whose names COS orders otherwise than we do come back while the listing goes on`, async t => {
    const box = await boxOf(
      t,
      Array.from({ length: 2_100 }, (_, n) => `a/（${n + 10_000}）😀`).concat('\u{e000}', 'zzz'),
    );
    const back = isOfLedger ? box.local : join(box.root, 'back');
    const before = treeOf(box.local);
    rmSync(box.local, { recursive: true });
    let isTooSoon = false;
    box.proxy.fault = ({ query }) => {
      if (!/1199\d/.test(query.get('marker') ?? '')) return undefined;
      isTooSoon = !existsSync(join(back, 'a')) || readdirSync(join(back, 'a')).length < 100;
      return isTooSoon ? { kind: 'status', status: 500, code: 'InternalError' } : undefined;
    };
    const { code, err } = await restoreHere(box, { to: back });
    t.is(code, 0, err);
    t.false(isTooSoon);
    t.deepEqual(treeOf(back), before);
  });
}
