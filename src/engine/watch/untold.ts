import { isOnThisMachine } from '../local/local-types.ts';
import { folderOf } from '../local/part.ts';
import type { Ground } from './ground.ts';

/** Places on file systems that do not tell of all changes. All that is in one counts as such, too. */
export interface Untold {
  /** A scan of everything begins: what was found before may be gone. */
  begin(): void;
  /** Learns what was mounted since. */
  lookAround(): void;
  /** Whether a folder is known to be there; it is not looked at. */
  holds(path: string, absolute: string): boolean;
  /** Whether a folder is there, that has just answered, by the identity that tells its device. */
  isOn(identity: string, path: string, absolute: string): boolean;
  add(path: string, absolute: string): void;
  /** Absolute paths of those that were come across. */
  places(): string[];
}

export function createUntold(ground: Ground): Untold {
  const mounted = new Set<string>();
  const found = new Map<string, string>();
  const told = new Map<string, boolean>();

  function lookAround(): void {
    for (const place of ground.untold()) mounted.add(place);
  }

  return {
    begin() {
      for (const each of [mounted, found, told]) each.clear();
      lookAround();
    },
    lookAround,
    holds(path, absolute) {
      if (mounted.size === 0 && found.size === 0) return false;
      for (let inner = path; ; inner = folderOf(inner)) {
        if (found.has(inner)) return true;
        if (inner === '') break;
      }
      if (mounted.has(path)) found.set(path, absolute);
      return mounted.has(path);
    },
    isOn(identity, path, absolute) {
      const device = identity.slice(0, identity.indexOf(':'));
      const isTold = told.get(device) ?? isOnThisMachine(absolute);
      told.set(device, isTold);
      if (!isTold) found.set(path, absolute);
      return !isTold;
    },
    add: (path, absolute) => void found.set(path, absolute),
    places: () => [...found.values()],
  };
}
