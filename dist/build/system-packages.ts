import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PICTURES } from './contents.ts';
import { nfpm } from './tools.ts';

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
const DEPENDS = {
  deb: ['libc6 (>= 2.28)', 'libstdc++6'],
  rpm: ['glibc >= 2.28', 'libstdc++'],
} as const;

interface Source {
  /** The folder of the unpacked archive. */
  unpacked: string;
  version: string;
  description: string;
  /** since 1970, of all that is inside */
  seconds: number;
}

/**
 * Makes a .deb or .rpm of the unpacked archive for x64. The home is /var/lib/cos_sync, whose conf/ is
 * /etc/cos_sync. The timer is installed and not enabled.
 */
export async function makeSystemPackage(
  format: keyof typeof DEPENDS,
  output: string,
  source: Source,
): Promise<void> {
  const { unpacked, version, description, seconds } = source;
  const mtime = new Date(seconds * 1000).toISOString();
  const file = (src: string, dst: string, mode: number, type?: string) => ({
    src,
    dst,
    ...(type && { type }),
    file_info: { mode, mtime },
  });
  const folder = (dst: string, mode: number) => ({ dst, type: 'dir', file_info: { mode, mtime } });
  const configuration = {
    name: 'cos_sync',
    arch: 'amd64',
    version,
    maintainer: 'cos_sync',
    description,
    license: 'MIT',
    mtime,
    depends: DEPENDS[format],
    rpm: { buildhost: 'localhost' },
    contents: [
      file(join(unpacked, 'cos_sync'), '/usr/lib/cos_sync/cos_sync', 0o755),
      file(join(STATIC, 'cos_sync.sh'), '/usr/bin/cos_sync', 0o755),
      file(join(unpacked, 'conf', 'config.json'), '/etc/cos_sync/config.json', 0o600, 'config|noreplace'),
      ...['cos_sync.service', 'cos_sync.timer'].map(unit =>
        file(join(STATIC, unit), `/usr/lib/systemd/system/${unit}`, 0o644),
      ),
      ...DOCUMENTS.map(name => file(join(unpacked, name), `/usr/share/doc/cos_sync/${name}`, 0o644)),
      folder('/var/lib/cos_sync', 0o700),
      { src: '../../../etc/cos_sync', dst: '/var/lib/cos_sync/conf', type: 'symlink', file_info: { mtime } },
    ],
  };
  const work = join(unpacked, '..', '..');
  await mkdir(work, { recursive: true });
  const configurationFile = join(work, `nfpm-${format}.json`);
  await writeFile(configurationFile, JSON.stringify(configuration)); // JSON is YAML, which nFPM reads
  await nfpm(configurationFile, output, seconds);
}
