import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

function call(program: string, ...args: string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/** Whether file systems can be mounted here: that takes root, and a container may forbid it. */
export function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-mount-'));
  const isMounted = call('mount', '-t', 'tmpfs', 'x', folder) && call('umount', folder);
  rmSync(folder, { recursive: true, force: true });
  return isMounted;
}

/** Mounts something on a folder until it is unmounted, or the test is over. @throws Error */
export function mount(t: ExecutionContext, folder: string, ...args: string[]): void {
  mkdirSync(folder, { recursive: true });
  if (!call('mount', ...args, folder)) throw new Error(`mount ${args.join(' ')} ${folder}`);
  t.teardown(() => call('umount', '-l', folder));
}

/** @throws Error */
export function unmount(folder: string): void {
  if (!call('umount', folder)) throw new Error(`umount ${folder}`);
}

/**
 * A file that holds a file system of its own, for `mount -o loop`; undefined where none can be made or mounted.
 * @param options of mkfs.ext4
 */
export function makeImage(root: string, ...options: string[]): string | undefined {
  const [image, folder] = [join(root, 'image'), join(root, 'try')];
  mkdirSync(folder);
  const isUsable =
    call('truncate', '-s', '4M', image) &&
    call('mkfs.ext4', '-q', ...options, image) &&
    call('mount', '-o', 'loop', image, folder) &&
    call('umount', folder);
  return isUsable ? image : undefined;
}
