import { realpathSync } from 'node:fs';
import { isTypeOnThisMachine } from '../local/local-types.ts';
import { readMounts } from '../local/mounts.ts';
import { identityOf } from './identity.ts';

/** What local_path stands on: the folder itself, and what is mounted in it. No event tells of another one. */
export interface Ground {
  /** Takes what there is now for known; local_path has just answered. */
  learn(): void;
  /** What is another than was known; it is known then. local_path must be on a disk of this machine. */
  lookAround(): 'rootReplaced' | 'mounted' | undefined;
  /** Where file systems are mounted in it that do not tell of all changes: by path, with `/` at the ends. */
  untold(): string[];
}

export function createGround(localPath: string): Ground {
  let real = '';
  let root: string | undefined;
  let known = '';

  /** The topmost file system's type, by path. */
  function mountsBelow(): Map<string, string> {
    const base = real.endsWith('/') ? real : `${real}/`;
    const below = readMounts().filter(({ place }) => place.startsWith(base));
    return new Map(below.map(({ place, type }) => [`${place.slice(base.length)}/`, type]));
  }

  const asText = (mounts: ReadonlyMap<string, string>) => JSON.stringify([...mounts]);

  return {
    learn() {
      real = realpathSync.native(localPath);
      root = identityOf(localPath);
      known = asText(mountsBelow());
    },
    lookAround() {
      const before = [root, known];
      [root, known] = [identityOf(localPath), asText(mountsBelow())];
      if (root !== before[0]) return 'rootReplaced';
      return known === before[1] ? undefined : 'mounted';
    },
    untold() {
      if (real === '') return [];
      const places = [...mountsBelow()].filter(([, type]) => !isTypeOnThisMachine(type));
      return places.map(([place]) => place);
    },
  };
}
