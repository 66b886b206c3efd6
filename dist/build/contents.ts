import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveFile } from './archive.ts';

/** What an archive is for. */
export interface System {
  name: 'linux-x64' | 'linux-arm64' | 'win-x64';
  platform: 'linux' | 'win';
  arch: 'x64' | 'arm64';
  /** The program's file name. */
  program: string;
  launcher: string;
}

/** The same in each archive. */
export interface Shared {
  licenses: Buffer;
  billOfMaterials: Buffer;
}

const EXECUTABLE = 0o755;
/** It will hold a key pair. */
const SECRET = 0o600;

/** What the READMEs show. */
export const PICTURES = ['pictures/history.png', 'pictures/progress.png'];

/** Returns the files of the folder `cos_sync/` that each archive unpacks to. */
export async function contents(
  root: string,
  system: System,
  executable: Buffer,
  { licenses, billOfMaterials }: Shared,
): Promise<ArchiveFile[]> {
  const { program, launcher, platform } = system;
  const files: ArchiveFile[] = [
    { path: program, bytes: executable, mode: EXECUTABLE },
    { path: launcher, bytes: await readFile(join(root, 'dist', 'static', launcher)), mode: EXECUTABLE },
    { path: 'conf/config.json', bytes: await template(root, platform), mode: SECRET },
    { path: 'THIRD_PARTY_LICENSES', bytes: licenses },
    { path: 'sbom.cdx.json', bytes: billOfMaterials },
  ];
  for (const path of ['LICENSE', 'CHANGELOG.md']) {
    files.push({ path, bytes: await readFile(join(root, path)) });
  }
  for (const path of ['README.md', 'README.zh-CN.md']) {
    files.push({ path, bytes: Buffer.from(besidePictures(await readFile(join(root, path), 'utf8'))) });
  }
  for (const path of PICTURES) files.push({ path, bytes: await readFile(join(root, 'dist', path)) });
  return files;
}

/** For Windows with its line ends, as older editors show one line otherwise, and with a path as it has them. */
async function template(root: string, platform: System['platform']): Promise<Buffer> {
  const text = await readFile(join(root, 'conf', 'config.json'), 'utf8');
  if (platform === 'linux') return Buffer.from(text);
  const forWindows = text.replace('"/home/test/data"', String.raw`"C:\\Users\\test\\data"`);
  if (forWindows === text) throw new Error('conf/config.json has another local_path than is looked for here');
  return Buffer.from(forWindows.replaceAll('\n', '\r\n'));
}

/** The clone has the pictures in dist/, an archive beside its README. */
function besidePictures(markdown: string): string {
  return markdown.replaceAll('](dist/pictures/', '](pictures/');
}
