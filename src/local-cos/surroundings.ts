import type { Storage } from './storage.ts';
import type { Traits } from './traits.ts';

/** What a request meets. */
export interface Surroundings {
  storage: Storage;
  /** Answers for hosts that name no bucket. */
  defaultBucket: string;
  region: string;
  traits: Traits;
}
