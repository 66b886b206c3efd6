import type { Confirmation } from '../../cos/store.ts';
import type { FileState } from '../local/read-file.ts';

/** What COS confirmed of a file. */
export interface Uploaded {
  confirmation: Confirmation;
  /** The file's, as it was read. */
  state: FileState;
  /** When its reading began, in ms since 1970. */
  readAt: number;
  hash: string;
  /** There is more of it by now. */
  hasGrown: boolean;
}

/** The code of a file that a thread did not send, or does not say whether it did: it is to be sent without it. */
export const SEND_OTHERWISE = 'SendOtherwise';
