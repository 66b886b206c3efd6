import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Metafile } from 'esbuild';

interface BundledPackage {
  name: string;
  version: string;
  license: string;
  texts: string[];
}

const RULE = '='.repeat(100);
const LICENSE_FILE = /^(licen[cs]e|copying|notice)/i;
/** The licences of packages that come without their text, as their repositories have them. */
const MISSING = join(import.meta.dirname, '..', 'static', 'licenses');

/**
 * Returns the text of THIRD_PARTY_LICENSES: every npm package of which the bundle has a part, and Node itself.
 * Throws when a package has no licence text.
 */
export async function thirdPartyLicenses(
  root: string,
  metafile: Metafile,
  nodeFolder: string,
): Promise<string> {
  const folders = new Set(
    bundledFiles(metafile)
      .map(packageFolder)
      .filter(folder => folder !== undefined),
  );
  const packages = await Promise.all([...folders].map(folder => readPackage(join(root, folder))));
  // The same release may be there several times, in different folders.
  const byRelease = new Map(packages.map(one => [`${one.name} ${one.version}`, one]));
  const releases = [...byRelease].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  const node = { ...(await readPackage(nodeFolder)), name: 'Node.js' };
  const introduction = `cos_sync contains the following software, under the licences given with each.\n`;
  return [introduction, ...releases.map(section), section(node)].join('\n');
}

function bundledFiles(metafile: Metafile): string[] {
  const inputs = Object.values(metafile.outputs).flatMap(output => Object.entries(output.inputs));
  return inputs.filter(([, input]) => input.bytesInOutput > 0).map(([file]) => file);
}

function packageFolder(file: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

async function readPackage(folder: string): Promise<BundledPackage> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const files = (await readdir(folder)).filter(name => LICENSE_FILE.test(name)).sort();
  const texts = await Promise.all(files.map(name => readFile(join(folder, name), 'utf8')));
  if (texts.length === 0) texts.push(await licenseElsewhere(folder, manifest.name));
  return { name: manifest.name, version: manifest.version, license: licenseName(manifest), texts };
}

function licenseName(manifest: {
  license?: string | { type: string };
  licenses?: { type: string }[];
}): string {
  const { license, licenses } = manifest;
  if (typeof license === 'string') return license;
  return license?.type ?? licenses?.map(one => one.type).join(' or ') ?? 'see below';
}

/** Some authors put the licence at the end of the README, or in their repository alone. */
async function licenseElsewhere(folder: string, name: string): Promise<string> {
  const readme = (await readdir(folder)).find(file => /^readme/i.test(file));
  const text = readme === undefined ? '' : await readFile(join(folder, readme), 'utf8');
  const inReadme = /^#* *licen[cs]e\b[\s\S]*$/im.exec(text)?.[0];
  const part = inReadme ?? (await readFile(join(MISSING, name), 'utf8').catch(() => undefined));
  if (part === undefined) throw new Error(`${name} (${dirname(folder)}) has no licence text`);
  return part;
}

function section({ name, version, license, texts }: BundledPackage): string {
  const bodies = texts.map(text => text.replaceAll('\r\n', '\n').trim());
  return [RULE, `${name} ${version} (${license})`, RULE, '', bodies.join('\n\n'), ''].join('\n');
}
