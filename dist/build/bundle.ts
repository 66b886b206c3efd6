import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';

const COMMON = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  charset: 'ascii', // the loader reads it as Latin-1, which is a copy and no decoding
  minify: true,
  keepNames: true, // error names are shown and compared
  legalComments: 'none', // THIRD_PARTY_LICENSES has them
  logLevel: 'warning',
  tsconfigRaw: {}, // ours would put "use strict" over the packages too, some of which cannot do with it
} as const satisfies BuildOptions;

/** Bundles src/main.ts and all it imports into one function expression, as the loader calls it. */
export async function bundleProgram(root: string, version: string, outfile: string): Promise<Metafile> {
  const { metafile, warnings } = await build({
    ...COMMON,
    entryPoints: [join(root, 'src', 'main.ts')],
    absWorkingDir: root,
    outfile,
    metafile: true,
    supported: { 'dynamic-import': false }, // an embedded script has no module loader: they become require()
    define: {
      BUNDLED_VERSION: JSON.stringify(version),
      'import.meta.dirname': '__dirname',
      'import.meta.filename': '__filename',
      'import.meta.main': 'true',
    },
    banner: { js: '(function(exports,require,module,__filename,__dirname){' },
    footer: { js: '})' },
  });
  if (warnings.length > 0) throw new Error('the bundle has warnings');
  await keepToAscii(outfile);
  return metafile;
}

/** Bundles the program of a thread into one script, as start-thread.ts starts it in an executable. */
export async function bundleThread(root: string, file: string, outfile: string): Promise<void> {
  // What goes through a proxy, or in pieces, is not sent from a thread.
  const external = ['undici'];
  await build({ ...COMMON, entryPoints: [join(root, file)], absWorkingDir: root, outfile, external });
  await keepToAscii(outfile);
}

/** Bundles the loader, the executables' main script. */
export async function bundleLoader(outfile: string): Promise<void> {
  await build({ ...COMMON, entryPoints: [join(import.meta.dirname, 'loader.ts')], outfile });
}

/** esbuild leaves regular expressions as they are written; in them an escape means the same as what it stands for. */
async function keepToAscii(file: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  await writeFile(file, text.replace(/[^\0-\x7f]/g, escaped));
}
