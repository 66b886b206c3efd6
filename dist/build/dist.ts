/**
 * `make dist`: the executables, their archives and packages, and SHA256SUMS in dist/, from the project in the
 * current folder. Needs Debian's tools (tools.ts) on x64, and the npm registry (once). Two runs on one commit give
 * the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { THREADS } from '../../src/start-thread.ts';
import { writeTarXz, writeZip } from './archive.ts';
import { bundleLoader, bundleProgram, bundleThread } from './bundle.ts';
import { writeCodeCache } from './code-cache.ts';
import { contents, type Shared, type System } from './contents.ts';
import { makeExecutable } from './executables.ts';
import { thirdPartyLicenses } from './licenses.ts';
import { linuxNodeFolder, nodeVersion, readForeignNode, readLinuxNode } from './node-binaries.ts';
import { billOfMaterials } from './sbom.ts';
import { stripElf } from './strip-elf.ts';
import { makeDeb, makeRpm } from './system-packages.ts';
import { missingTools } from './tools.ts';
import { brandExecutable, type ProgramFacts } from './windows-resources.ts';

process.env.TZ = 'UTC'; // a zip has local times
process.umask(0o022); // a .tar.xz has the permissions of the folders that it is made of
const root = process.cwd();
const dist = join(root, 'dist');
const build = join(root, '.build', 'dist');
const downloads = join(root, '.build');

const FOLDERS = ['conf', 'db', 'log'];
const SYSTEMS: System[] = [
  { name: 'linux-x64', platform: 'linux', arch: 'x64', program: 'cos_sync', launcher: 'start_cos_sync.sh' },
  {
    name: 'linux-arm64',
    platform: 'linux',
    arch: 'arm64',
    program: 'cos_sync',
    launcher: 'start_cos_sync.sh',
  },
  { name: 'win-x64', platform: 'win', arch: 'x64', program: 'cos_sync.exe', launcher: 'start_cos_sync.bat' },
];

const missing = missingTools();
if (missing !== undefined) {
  process.stderr.write(`${missing}\n`);
  process.exit(1);
}
await rm(build, { recursive: true, force: true });
await mkdir(build, { recursive: true });
const facts: ProgramFacts = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const nodeInside = await nodeVersion(root);
const seconds = commitSeconds();
const time = new Date(seconds * 1000);
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
const shared: Shared = {
  licenses: Buffer.from(await thirdPartyLicenses(root, metafile, linuxNodeFolder(root))),
  billOfMaterials: await billOfMaterials(root, nodeInside, time),
};
const made: string[] = [];
for (const system of SYSTEMS) made.push(...(await makeArtifacts(system)));
await writeFile(join(dist, 'SHA256SUMS'), (await Promise.all(made.map(sumLine))).join(''));

/** Returns the names of the files it wrote to dist/. */
async function makeArtifacts(system: System): Promise<string[]> {
  const files = await contents(root, system, await executableFor(system), shared);
  const inFolder = files.map(file => ({ ...file, path: `cos_sync/${file.path}` }));
  const folders = FOLDERS.map(folder => `cos_sync/${folder}`);
  const archive = `cos_sync-${system.name}`;
  await writeZip(join(dist, `${archive}.zip`), inFolder, folders, time);
  if (system.name !== 'linux-x64') return [`${archive}.zip`];
  const stage = join(build, 'stage');
  await writeTarXz(join(dist, `${archive}.tar.xz`), inFolder, folders, { stage, seconds });
  const source = { unpacked: join(stage, 'cos_sync'), work: join(build, 'packages'), seconds, ...facts };
  await makeDeb(join(dist, `${archive}.deb`), source);
  await makeRpm(join(dist, `${archive}.rpm`), source);
  return ['zip', 'tar.xz', 'deb', 'rpm'].map(format => `${archive}.${format}`);
}

async function executableFor({ name, platform, arch, program: programName }: System): Promise<Buffer> {
  const folder = join(build, name);
  const executable = join(build, `${name}-${programName}`);
  const ingredients = { platform, arch, nodeVersion: nodeInside, node: await nodeFor(name), loader, program };
  // V8 refuses a cache that another build of it has made.
  const cache = name === 'linux-x64' ? { codeCache } : {};
  await makeExecutable({ ...ingredients, threads, ...cache }, folder, executable);
  const bytes = await readFile(executable);
  if (platform === 'linux') return bytes;
  return brandExecutable(bytes, await readFile(join(dist, 'static', 'icon.ico')), facts);
}

async function nodeFor(name: System['name']): Promise<Buffer> {
  if (name === 'linux-x64') return stripElf(await readLinuxNode(root));
  const node = await readForeignNode(name, downloads);
  return name === 'linux-arm64' ? stripElf(node) : node;
}

async function sumLine(file: string): Promise<string> {
  const sum = createHash('sha256').update(await readFile(join(dist, file)));
  return `${sum.digest('hex')}  ${file}\n`;
}

/** The time of the commit, of which every checkout has the same; without git, the first that a zip can hold. */
function commitSeconds(): number {
  return Number(process.env.SOURCE_DATE_EPOCH ?? lastCommitSeconds() ?? '315532800');
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
