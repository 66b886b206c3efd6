import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Debian, debianFolder, runInDebian } from './debian-folder.ts';

const PREFIX = '/root/prefix';
const WINE_ENVIRONMENT = { WINEPREFIX: PREFIX, WINEDEBUG: '-all', XDG_RUNTIME_DIR: '/tmp' };

/** Debian 13's wine is the oldest packaged one that runs Node 24. */
const WINE: Debian = {
  name: 'wine',
  release: 'trixie',
  packages: ['wine', 'wine64'],
  // wineserver writes the registry when it ends: it has to be waited for.
  prepare: `export ${Object.entries(WINE_ENVIRONMENT)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')}
wineboot -i > /root/wineboot.log 2>&1 && wineserver -w`,
};

export interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Downloads wine when it is not there. */
export async function setUpWine(): Promise<string> {
  return debianFolder(WINE);
}

/**
 * Runs a shell script (`wine cos_sync.exe …`) on a Windows whose `C:\t` is `folder`, the current folder.
 * The output goes to files, where wine has Node write it; at a pipe it does not.
 */
export async function runInWine(folder: string, script: string): Promise<Ended> {
  const root = await setUpWine();
  const drive = `${PREFIX}/drive_c/t`;
  const logs = join(folder, '.output');
  await mkdir(logs, { recursive: true });
  const [stdout, stderr] = [join(logs, 'stdout'), join(logs, 'stderr')];
  const files = [openSync(stdout, 'w'), openSync(stderr, 'w')] as const;
  const exitCode = await runInDebian(root, `cd ${drive} || exit\n${script}`, {
    mounts: [[folder, drive]],
    environment: WINE_ENVIRONMENT,
    stdio: ['ignore', ...files],
  });
  for (const file of files) closeSync(file);
  const ended = { exitCode, stdout: await readFile(stdout, 'utf8'), stderr: await readFile(stderr, 'utf8') };
  await rm(logs, { recursive: true });
  return ended;
}
