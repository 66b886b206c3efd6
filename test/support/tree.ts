import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { md5 } from './folder.ts';

/** Times are kept and set as floating-point numbers: they are equal to the millisecond. */
const GRAIN = 1;

/** All that is below a folder, by path: content and time of files, the kind of all else. */
export function treeOf(root: string): Record<string, string> {
  const tree: Record<string, string> = {};
  const walk = (path: string) => {
    for (const name of readdirSync(join(root, path)).sort()) {
      const inner = path === '' ? name : `${path}/${name}`;
      const full = join(root, inner);
      const stats = lstatSync(full);
      if (stats.isDirectory()) {
        tree[`${inner}/`] = 'folder';
        walk(inner);
      } else if (stats.isFile()) {
        const time = Math.round(stats.mtimeMs / GRAIN);
        tree[inner] = `${stats.size} bytes ${md5(readFileSync(full))} of ${time}`;
      } else tree[inner] = stats.isSymbolicLink() ? `link to ${readlinkSync(full)}` : 'other';
    }
  };
  walk('');
  return tree;
}
