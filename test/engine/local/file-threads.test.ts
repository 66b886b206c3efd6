import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openFile, readAtOnce } from '../../../src/engine/local/read-file.ts';

const onPosix = process.platform === 'win32' ? test.skip : test;

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'cos_sync-threads-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A file whose opening does not return until somebody writes to it. */
function blockingFile(t: ExecutionContext): { path: string; flags: number } {
  const path = join(folder(t), 'fifo');
  execFileSync('mkfifo', [path]);
  t.teardown(async () => {
    // Lets the thread go that waits for a writer, if any does.
    const writer = await open(path, constants.O_WRONLY | constants.O_NONBLOCK).catch(() => undefined);
    await writer?.close();
  });
  return { path, flags: constants.O_RDONLY };
}

test('files of every size are read whole, many at a time', async t => {
  const root = folder(t);
  const sizes = [0, 1, 4_095, 4_096, 300_000, 3_000_000];
  for (const size of sizes) writeFileSync(join(root, `${size}`), Buffer.alloc(size, size % 251));
  await Promise.all(
    Array.from({ length: 60 }, async (_, n) => {
      const size = sizes[n % sizes.length] ?? 0;
      const memory = n % 2 === 0 ? Buffer.alloc(size + 5) : Buffer.from(new SharedArrayBuffer(size + 5));
      const { bytes } = await readAtOnce(join(root, `${size}`), memory);
      t.true(bytes?.equals(Buffer.alloc(size, size % 251)));
      const { handle, state } = await openFile(join(root, `${size}`));
      t.is(await handle.read(memory.subarray(0, size), 0), state.size);
      await handle.close();
      if (size > 0) t.is((await readAtOnce(join(root, `${size}`), Buffer.alloc(size - 1))).bytes, undefined);
    }),
  );
});

test("a file that is missing fails with the system's own error", async t => {
  await t.throwsAsync(openFile(join(folder(t), 'none')), { code: 'ENOENT' });
});

/** Runs code in a process of its own: Node's account of descriptors differs within a thread of the tests. */
async function inProcess(t: ExecutionContext, code: string): Promise<number | null> {
  const moduleAt = (file: string) => JSON.stringify(new URL(`../../../src/${file}`, import.meta.url).href);
  const imports = `
    const { callInThread, setFilePatience } = await import(${moduleAt('engine/local/file-threads.ts')});
    const { openFile } = await import(${moduleAt('engine/local/read-file.ts')});
    const { endProcess } = await import(${moduleAt('end-process.ts')});`;
  const script = join(folder(t), 'script.mjs');
  writeFileSync(script, imports + code);
  const child = spawn(process.execPath, [script], { stdio: 'inherit' });
  t.teardown(() => child.kill('SIGKILL'));
  const [exitCode] = await once(child, 'exit');
  return exitCode;
}

onPosix('calls that do not come back fail in time, and hold up no other', async t => {
  const blocking = JSON.stringify([blockingFile(t), blockingFile(t), blockingFile(t)]);
  const fine = join(folder(t), 'fine');
  writeFileSync(fine, 'fine');
  const code = `
    setFilePatience(1);
    const blocked = ${blocking}.map(given => callInThread('open', given).catch(({ code }) => code));
    const others = Array.from({ length: 20 }, () => openFile(${JSON.stringify(fine)}));
    for (const { handle } of await Promise.all(others)) await handle.close();
    endProcess((await Promise.all(blocked)).every(code => code === 'ReadTimeout') ? 7 : 8);`;
  t.is(await inProcess(t, code), 7);
});

onPosix('a second signal ends a process in whose thread a call has not come back', async t => {
  const given = JSON.stringify(blockingFile(t));
  const code = `
    setTimeout(() => endProcess(7), 300);
    await callInThread('open', ${given});`;
  t.is(await inProcess(t, code), 7);
});
