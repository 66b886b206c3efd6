/**
 * `make dist`: both executables, their zips and SHA256SUMS in dist/, from the project in the current folder.
 * Needs Linux and the npm registry (once). Two runs on one commit give the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { THREADS } from '../../src/start-thread.ts';
import { type ArchiveFile, writeZip } from './archive.ts';
import { bundleLoader, bundleProgram, bundleThread } from './bundle.ts';
import { writeCodeCache } from './code-cache.ts';
import { makeExecutable } from './executables.ts';
import { thirdPartyLicenses } from './licenses.ts';
import { linuxNodeFolder, nodeVersion, readLinuxNode, readWindowsNode } from './node-binaries.ts';
import { stripElf } from './strip-elf.ts';
import { brandExecutable, type ProgramFacts } from './windows-resources.ts';

process.env.TZ = 'UTC'; // a zip has local times
const root = process.cwd();
const dist = join(root, 'dist');
const build = join(root, '.build', 'dist');
const downloads = join(root, '.build');

const EXECUTABLE = 0o755;
/** It will hold a key pair. */
const SECRET = 0o600;

interface Platform {
  name: 'linux' | 'win';
  program: string;
  launcher: string;
}
const PLATFORMS: Platform[] = [
  { name: 'linux', program: 'cos_sync', launcher: 'start_cos_sync.sh' },
  { name: 'win', program: 'cos_sync.exe', launcher: 'start_cos_sync.bat' },
];

await rm(build, { recursive: true, force: true });
await mkdir(build, { recursive: true });
const facts: ProgramFacts = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const nodeInside = await nodeVersion(root);
const program = join(build, 'program.cjs');
const loader = join(build, 'loader.cjs');
const codeCache = join(build, 'code-cache');
const metafile = await bundleProgram(root, facts.version, program);
await bundleLoader(loader);
await writeCodeCache(program, codeCache);
const threads: Record<string, string> = {};
for (const [name, source] of Object.entries(THREADS)) {
  threads[name] = join(build, `${name}.cjs`);
  await bundleThread(root, join('src', source), threads[name]);
}
const licenses = Buffer.from(await thirdPartyLicenses(root, metafile, linuxNodeFolder(root)));
const sums: string[] = [];
for (const platform of PLATFORMS) sums.push(await makeZip(platform));
await writeFile(join(dist, 'SHA256SUMS'), sums.join(''));

async function makeZip({ name, program: programName, launcher }: Platform): Promise<string> {
  const executable = join(build, programName);
  await makeExecutable(
    {
      platform: name,
      nodeVersion: nodeInside,
      node: await (name === 'linux' ? strippedLinuxNode() : readWindowsNode(downloads)),
      loader,
      program,
      threads,
      ...(name === 'linux' && { codeCache }),
    },
    join(build, name),
    executable,
  );
  const files: ArchiveFile[] = [
    {
      path: programName,
      bytes: await (name === 'linux' ? readFile(executable) : branded(executable)),
      mode: EXECUTABLE,
    },
    { path: launcher, bytes: await readFile(join(dist, 'static', launcher)), mode: EXECUTABLE },
    { path: 'conf/config.json', bytes: await readFile(join(root, 'conf', 'config.json')), mode: SECRET },
    { path: 'THIRD_PARTY_LICENSES', bytes: licenses },
  ];
  for (const path of ['LICENSE', 'CHANGELOG.md']) {
    files.push({ path, bytes: await readFile(join(root, path)) });
  }
  for (const path of ['README.md', 'README.zh-CN.md']) {
    files.push({ path, bytes: Buffer.from(withoutPictures(await readFile(join(root, path), 'utf8'))) });
  }
  const inFolder = files.map(file => ({ ...file, path: `cos_sync/${file.path}` }));
  const zip = `cos_sync-${name}-x64.zip`;
  await writeZip(join(dist, zip), inFolder, ['cos_sync/conf', 'cos_sync/db', 'cos_sync/log'], commitTime());
  const sum = createHash('sha256')
    .update(await readFile(join(dist, zip)))
    .digest('hex');
  return `${sum}  ${zip}\n`;
}

/** The zip is for a text editor, and has no pictures. */
function withoutPictures(markdown: string): string {
  return markdown.replaceAll(/^!\[.*\]\(.*\)\n\n?/gm, '');
}

async function strippedLinuxNode(): Promise<Buffer> {
  return stripElf(await readLinuxNode(root));
}

async function branded(executable: string): Promise<Buffer> {
  const icon = await readFile(join(dist, 'static', 'icon.ico'));
  return brandExecutable(await readFile(executable), icon, facts);
}

/** The time of the commit, of which every checkout has the same; without git, the first that a zip can hold. */
function commitTime(): Date {
  const seconds = process.env.SOURCE_DATE_EPOCH ?? lastCommitSeconds() ?? '315532800';
  return new Date(Number(seconds) * 1000);
}

function lastCommitSeconds(): string | undefined {
  try {
    return execFileSync('git', ['log', '-1', '--format=%ct'], {
      cwd: root,
      stdio: 'pipe',
      encoding: 'utf8',
    }).trim();
  } catch {
    return undefined;
  }
}
