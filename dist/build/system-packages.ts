/**
 * The .deb and the .rpm of the unpacked archive for x64. The home is /var/lib/cos_sync, whose conf/ is
 * /etc/cos_sync. The timer is installed and not enabled. Both are gzip, which every dpkg and rpm reads.
 */
import { createHash } from 'node:crypto';
import { chmod, copyFile, lutimes, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PICTURES } from './contents.ts';
import { packager } from './tools.ts';

const STATIC = join(import.meta.dirname, '..', 'static', 'system');
const DOCUMENTS = [
  'README.md',
  'README.zh-CN.md',
  'CHANGELOG.md',
  'LICENSE',
  'THIRD_PARTY_LICENSES',
  'sbom.cdx.json',
  ...PICTURES,
];
const UNITS = ['cos_sync.service', 'cos_sync.timer'];
const CONFIGURATION = '/etc/cos_sync/config.json';
const HOME = '/var/lib/cos_sync';

export interface Source {
  /** The folder of the unpacked archive. */
  unpacked: string;
  /** A folder for what is made on the way. */
  work: string;
  version: string;
  description: string;
  /** since 1970, of all that is inside */
  seconds: number;
}

/** Makes the .deb with dpkg-deb. Debian allows no underscore in a package's name: it is cos-sync. */
export async function makeDeb(output: string, source: Source): Promise<void> {
  const root = join(source.work, 'deb');
  await layOut(root, source);
  const files = await filesOf(root);
  const bytes = await Promise.all(files.map(file => readFile(join(root, file))));
  const size = bytes.reduce((sum, { length }) => sum + length, 0);
  const control = {
    control: `Package: cos-sync
Version: ${source.version}
Section: net
Priority: optional
Architecture: amd64
Maintainer: cos_sync
Installed-Size: ${Math.ceil(size / 1024)}
Depends: libc6 (>= 2.28), libstdc++6
Description: ${source.description}
`,
    conffiles: `${CONFIGURATION}\n`,
    md5sums: files.map((file, index) => `${md5(bytes[index]!)}  ${file}\n`).join(''),
  };
  await mkdir(join(root, 'DEBIAN'));
  for (const [name, text] of Object.entries(control)) await writeFile(join(root, 'DEBIAN', name), text);
  await setTimes(root, source.seconds);
  const options = ['--root-owner-group', '-Zgzip', '-z9', '--threads-max=1', '--build', root, output];
  await packager('dpkg-deb', options, source.seconds);
}

/** Makes the .rpm with rpmbuild, which is told all that it would take from the machine or do to the program. */
export async function makeRpm(output: string, source: Source): Promise<void> {
  const folder = join(source.work, 'rpm');
  const root = join(folder, 'files');
  await layOut(root, source);
  await setTimes(root, source.seconds);
  const macros = {
    _topdir: folder,
    _tmppath: join(folder, 'tmp'),
    _rpmdir: folder,
    _build_name_fmt: 'made.rpm',
    _buildhost: 'localhost',
    use_source_date_epoch_as_buildtime: '1',
    _binary_payload: 'w9.gzdio',
    _build_id_links: 'none',
    debug_package: '%{nil}',
    __spec_install_post: '%{nil}',
  };
  const spec = join(folder, 'cos_sync.spec');
  await mkdir(macros._tmppath);
  await writeFile(spec, specification(root, source));
  const defined = Object.entries(macros).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  await packager('rpmbuild', ['-bb', '--quiet', '--target=x86_64-linux', ...defined, spec], source.seconds);
  await copyFile(join(folder, 'made.rpm'), output);
}

/** https://rpm-software-management.github.io/rpm/manual/spec.html */
function specification(root: string, { version, description }: Source): string {
  return `Name: cos_sync
Version: ${version}
Release: 1
Summary: ${description}
License: MIT
Packager: cos_sync
AutoReqProv: no
Requires: glibc >= 2.28
Requires: libstdc++

%description
${description}

%install
cp --archive "${root}/." "%{buildroot}/"

%files
%defattr(-,root,root,-)
/usr/bin/cos_sync
/usr/lib/cos_sync
${UNITS.map(unit => `/usr/lib/systemd/system/${unit}`).join('\n')}
/usr/share/doc/cos_sync
%dir ${dirname(CONFIGURATION)}
%config(noreplace) ${CONFIGURATION}
${HOME}
`;
}

/** Fills the folder `root` as the package will fill a system's. */
async function layOut(root: string, { unpacked }: Source): Promise<void> {
  const files: [from: string, to: string, mode: number][] = [
    [join(unpacked, 'cos_sync'), '/usr/lib/cos_sync/cos_sync', 0o755],
    [join(STATIC, 'cos_sync.sh'), '/usr/bin/cos_sync', 0o755],
    [join(unpacked, 'conf', 'config.json'), CONFIGURATION, 0o600],
    ...UNITS.map((unit): [string, string, number] => [
      join(STATIC, unit),
      `/usr/lib/systemd/system/${unit}`,
      0o644,
    ]),
    ...DOCUMENTS.map((name): [string, string, number] => [
      join(unpacked, name),
      `/usr/share/doc/cos_sync/${name}`,
      0o644,
    ]),
  ];
  await rm(root, { recursive: true, force: true });
  for (const [from, to, mode] of files) {
    await mkdir(join(root, dirname(to)), { recursive: true });
    await copyFile(from, join(root, to));
    await chmod(join(root, to), mode);
  }
  await mkdir(join(root, HOME), { recursive: true });
  await chmod(join(root, HOME), 0o700);
  await symlink('../../../etc/cos_sync', join(root, HOME, 'conf'));
}

/** Returns the paths of the plain files, sorted. */
async function filesOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  return files.map(file => file.slice(root.length + 1)).sort();
}

async function setTimes(root: string, seconds: number): Promise<void> {
  const paths = await readdir(root, { recursive: true });
  for (const path of ['', ...paths]) await lutimes(join(root, path), seconds, seconds);
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}
