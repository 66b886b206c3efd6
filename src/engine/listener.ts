import type { Failure } from '../failure.ts';
import type { UnmatchedPatterns } from './local/filter.ts';

/** The names of operations are the original's. */
export type Operation = 'createFolder' | 'deleteFolder' | 'uploadFile' | 'deleteFile' | 'downloadFile';

/** Why deletions were held back. */
export type HeldReason =
  | 'emptied'
  | 'otherDisk'
  | 'maxDelete'
  | 'unreadable'
  | 'notAFile'
  | 'unknownPlace'
  | 'movedDuringScan'
  | 'otherShard'
  | 'uploadFailed'
  | 'stopped';

/** Why an operation is planned. A folder object is made because it is new, and deleted because it is gone. */
export type PlannedReason =
  | 'new'
  | 'unknownInCos'
  | 'otherSize'
  | 'otherContent'
  | 'moved'
  | 'gone'
  /** A restore's: it is not there, or is there and different. */
  | 'missing'
  | 'different';

/** Deletions that are held back until the user says that they are right. */
export const HELD_FOR_SAFETY: ReadonlySet<HeldReason> = new Set(['emptied', 'otherDisk', 'maxDelete']);

/** Deletions that are held back together. */
export interface Held {
  count: number;
  reason: HeldReason;
  /** What max_delete allows; 0 for other reasons. */
  limit: number;
  /** What is to blame, relative to local_path; empty for that itself. */
  place: string;
}

export interface Done {
  operation: Operation;
  /** Relative to local_path. */
  path: string;
  key: string;
  /** File bytes sent to COS. */
  bytes: number;
  /** The path that COS copied the content from. */
  movedFrom?: string;
  /** Why a dry run would do it. */
  reason?: PlannedReason;
  status?: number;
  requestId?: string;
}

export interface Failed {
  operation: Operation;
  path: string;
  key: string;
  failure: Failure;
}

/** What a run has to do. */
export interface Totals {
  /** Files to upload or to compare by content. */
  files: number;
  folders: number;
  deletions: number;
  /** Bytes of the files to upload. */
  bytes: number;
  /** What of the files is large. */
  large?: { files: number; bytes: number };
  /** The scan goes on, and may find more. */
  isPartial?: boolean;
}

export interface Started {
  operation: Operation;
  path: string;
  /** Bytes of a file to upload, else 0. */
  bytes: number;
}

/** What is there already of a file that goes up in parts. */
export interface Resumed {
  parts: number;
  /** Of how many. */
  allParts: number;
  bytes: number;
}

/** What happens in a run, told to whoever prints, logs or counts. */
export interface RunListener {
  /** Files and folders that the scan has come across so far. */
  scanned?(entries: number): void;
  /** Is told again when deletions were decided on; totals add up. */
  planned?(totals: Totals): void;
  started?(started: Started): void;
  /** Whatever became of it; a deletion of many has one beginning and one end. */
  ended?(operation: Operation, path: string): void;
  done?(done: Done): void;
  failed?(failed: Failed): void;
  /** Files found as recorded; no operation was needed. */
  unchanged?(files: number): void;
  /** Bytes on their way, for the display; repeated tries count again. */
  sent?(bytes: number, path: string): void;
  /** A transfer goes on where an earlier one stopped: so much of it is there already. */
  resumed?(path: string, resumed: Resumed): void;
  skipped?(path: string, failure: Failure): void;
  /** A file that kept growing: COS has what it had when it was opened, and the next run looks again. */
  grew?(path: string): void;
  retried?(failure: Failure, pauseMs: number): void;
  held?(held: Held): void;
  /** Told once, at the end of a run that was not stopped. */
  unmatched?(patterns: UnmatchedPatterns): void;
}

/** One listener that tells several. */
export function tellAll(listeners: readonly RunListener[]): Required<RunListener> {
  return {
    scanned: callAll(listeners.map(({ scanned }) => scanned)),
    planned: callAll(listeners.map(({ planned }) => planned)),
    started: callAll(listeners.map(({ started }) => started)),
    ended: callAll(listeners.map(({ ended }) => ended)),
    done: callAll(listeners.map(({ done }) => done)),
    failed: callAll(listeners.map(({ failed }) => failed)),
    unchanged: callAll(listeners.map(({ unchanged }) => unchanged)),
    sent: callAll(listeners.map(({ sent }) => sent)),
    resumed: callAll(listeners.map(({ resumed }) => resumed)),
    skipped: callAll(listeners.map(({ skipped }) => skipped)),
    grew: callAll(listeners.map(({ grew }) => grew)),
    retried: callAll(listeners.map(({ retried }) => retried)),
    held: callAll(listeners.map(({ held }) => held)),
    unmatched: callAll(listeners.map(({ unmatched }) => unmatched)),
  };
}

function callAll<Told extends unknown[]>(
  calls: readonly (((...told: Told) => void) | undefined)[],
): (...told: Told) => void {
  const wanted = calls.filter(call => call !== undefined);
  return (...told) => {
    for (const call of wanted) call(...told);
  };
}
