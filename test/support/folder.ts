import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Random } from './random.ts';
import type { Sandbox } from './sandbox.ts';

const MiB = 1024 * 1024;

/** What COS must hold for a folder: each key with the MD5 of its content; a folder object's is of nothing. */
export function expectedOf(local: string, prefix = 'backup/'): Map<string, string> {
  const expected = new Map<string, string>();
  for (const entry of readdirSync(local, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name);
    const key = prefix + relative(local, full).split(sep).join('/');
    if (entry.isDirectory()) expected.set(`${key}/`, md5(''));
    else expected.set(key, md5(readFileSync(full)));
  }
  return expected;
}

/** What COS holds: each key with the MD5 of its content. */
export async function heldBy(box: Sandbox): Promise<Map<string, string>> {
  const held = new Map<string, string>();
  for (const [key, content] of await box.objects()) held.set(key, md5(content));
  return held;
}

/** How two of them differ, a line each; empty where they are the same. */
export function differences(expected: ReadonlyMap<string, string>, held: ReadonlyMap<string, string>) {
  const lines: string[] = [];
  for (const [key, sum] of expected) {
    if (!held.has(key)) lines.push(`missing: ${key}`);
    else if (held.get(key) !== sum) lines.push(`different: ${key}`);
  }
  for (const key of held.keys()) if (!expected.has(key)) lines.push(`not in the folder: ${key}`);
  return lines;
}

export function md5(content: string | Uint8Array): string {
  return createHash('md5').update(content).digest('hex');
}

/** Fills the sandbox's folder with small files in folders, and a few that go up in parts of 1 MiB. */
export function populate(box: Sandbox, random: Random, small: number, large: number): void {
  for (let n = 0; n < small; n++) box.write(smallPath(n), random.bytes(1 + random.below(3_000)));
  for (let n = 0; n < large; n++) box.write(`large/${n}.bin`, random.bytes(3 * MiB + random.below(MiB)));
}

function smallPath(n: number): string {
  return `folder ${n % 37}/sub/${n}.txt`;
}

let changes = 0;

/** Edits, adds, removes and renames some files; every content is one that never was before. */
export function changeSome(box: Sandbox, random: Random, count: number): void {
  for (let n = 0; n < count; n++) {
    const files = [...expectedPaths(box.local)];
    const path = random.pick(files);
    const content = `${++changes} ${random.bytes(random.below(2_000)).toString('hex')}`;
    const what = random.below(30);
    if (what < 14 || path === undefined) box.write(`new ${changes}/${changes}.txt`, content);
    else if (what < 20) box.write(path, content);
    else if (what < 25) rmSync(join(box.local, path));
    else if (what < 29) renameSync(join(box.local, path), join(box.local, `moved ${changes}`));
    else rmSync(join(box.local, path, '..'), { recursive: true });
  }
}

function* expectedPaths(local: string): Generator<string> {
  for (const entry of readdirSync(local, { recursive: true, withFileTypes: true })) {
    const path = relative(local, join(entry.parentPath, entry.name));
    if (entry.isFile() && path.includes(sep)) yield path;
  }
}
