import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sea, { type SeaConfig } from '@yao-pkg/pkg/lib-es5/sea.js';
import { CODE_CACHE_ASSET, PROGRAM_ASSET, SMALL_HEAP } from './names.ts';

export interface Ingredients {
  platform: 'linux' | 'win';
  arch: 'x64' | 'arm64';
  nodeVersion: string;
  node: Buffer;
  loader: string;
  program: string;
  codeCache?: string;
  /** Programs of threads, by name. */
  threads: Readonly<Record<string, string>>;
}

/** pkg's type lacks what Node's configuration takes since 24.11. */
type NodeSeaConfig = SeaConfig & {
  main: string;
  execArgv: string[];
  execArgvExtension: 'none';
  assets: Record<string, string>;
};

/** What nobody at a terminal can act on, be it about the libraries or about Node. */
const QUIET = ['--no-deprecation', '--disable-warning=ExperimentalWarning'];
/** SIGUSR1 would open Node's debugger, and with it all that is in memory. */
const CLOSED = ['--disable-sigusr1'];
/** OPENSSL_CONF would stop Node where its file is none, or change what TLS does; an empty one goes before it. */
const OWN_OPENSSL = { linux: '--openssl-config=/dev/null', win: '--openssl-config=NUL' } as const;

/**
 * Makes one executable with pkg's --sea: Node as its makers built it, the program injected.
 *
 * pkg's command line cannot pass Node's own options for this on, so its function is called. It takes Node
 * from its cache in the home folder, filled here; nothing is downloaded. The relative paths, seen from pkg's own
 * temporary folder beside the files, keep this machine's paths out of the executable.
 */
export async function makeExecutable(
  ingredients: Ingredients,
  workFolder: string,
  output: string,
): Promise<void> {
  const { platform, arch, nodeVersion, loader, program, codeCache, threads } = ingredients;
  await rm(workFolder, { recursive: true, force: true });
  process.env.HOME = join(workFolder, 'home');
  process.env.TMPDIR = join(workFolder, 'files');
  await fillCache(ingredients, join(workFolder, 'home', '.pkg-cache', 'sea'));
  await mkdir(join(workFolder, 'files'), { recursive: true });
  await copyFile(loader, join(workFolder, 'files', 'loader.cjs'));
  await copyFile(program, join(workFolder, 'files', 'program.cjs'));
  if (codeCache !== undefined) await copyFile(codeCache, join(workFolder, 'files', 'code-cache'));
  for (const [name, file] of Object.entries(threads)) await copyFile(file, join(workFolder, 'files', name));
  const seaConfig: NodeSeaConfig = {
    main: '../loader.cjs',
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: false,
    execArgv: [...QUIET, ...CLOSED, ...SMALL_HEAP, OWN_OPENSSL[platform]],
    // NODE_OPTIONS is for another Node than the one that is in here.
    execArgvExtension: 'none',
    assets: {
      [PROGRAM_ASSET]: '../program.cjs',
      ...(codeCache !== undefined && { [CODE_CACHE_ASSET]: '../code-cache' }),
      ...Object.fromEntries(Object.keys(threads).map(name => [name, `../${name}`])),
    },
  };
  const target = { nodeRange: `node${nodeVersion}`, platform, arch, output } as const;
  await sea.default(loader, { targets: [target], seaConfig });
}

/** Lays `node` where pkg looks for it; empty archives and `.ok` files say that it was downloaded and unpacked. */
async function fillCache({ platform, arch, nodeVersion, node }: Ingredients, cache: string): Promise<void> {
  const name = `node-v${nodeVersion}-${platform}-${arch}`;
  const binary = platform === 'win' ? `${name}.exe` : join(name, 'bin', 'node');
  const archive = platform === 'win' ? `${name}.zip` : `${name}.tar.gz`;
  await mkdir(join(cache, name, 'bin'), { recursive: true });
  await writeFile(join(cache, binary), node, { mode: 0o755 });
  for (const marker of [`${binary}.ok`, archive, `${archive}.ok`]) await writeFile(join(cache, marker), '');
}
