import { Failure } from '../../failure.ts';
import { createDenials } from './denials.ts';

/** This many deletions denied in a row, before anything succeeded, mean that all will be. */
const DENIED_LIMIT = 10;
/** This many operations given up in a row, with no answer in between, mean that the connection is gone. */
const UNREACHABLE_LIMIT = 10;

/** What makes an object in COS; a policy may allow one and not the other. */
type Creation = 'createFolder' | 'uploadFile';

/** Notices when no further operation can succeed, in a folder or at all. */
export interface Breaker {
  /** COS answered a request, whatever it said. */
  answered(): void;
  /** An operation succeeded; where it made an object, at its path. */
  succeeded(creation?: Creation, path?: string): void;
  failed(failure: Failure, creation?: Creation, path?: string): void;
  /** @throws Failure (denied) where enough was denied around a path to spare COS the request */
  allow(creation: Creation, path: string): void;
  /** To be called at the end: a run in which every operation was denied was refused as a whole. */
  finish(): void;
  /** Why the run was stopped, once it was. */
  readonly reason: Failure | undefined;
  /** Whether anything succeeded. */
  readonly anySuccess: boolean;
}

/** @param stop is called once, when no further operation can succeed */
export function createBreaker(threads: number, stop: () => void): Breaker {
  const denials = { createFolder: createDenials(), uploadFile: createDenials() };
  let anySuccess = false;
  let anyAnswer = false;
  let denied = 0;
  let unreachable = 0;
  let reason: Failure | undefined;
  let lastDenial: Failure | undefined;
  let otherFailures = 0;

  function isHopeless({ kind }: Failure, creation: Creation | undefined): boolean {
    if (kind === 'refused') return true;
    if (kind === 'denied') {
      if (anySuccess) return false;
      return creation ? denials.uploadFile.isHopelessAnywhere() : ++denied >= DENIED_LIMIT;
    }
    if (kind !== 'unreachable') return false;
    unreachable++;
    return !anyAnswer || unreachable >= Math.max(UNREACHABLE_LIMIT, threads);
  }

  return {
    answered() {
      anyAnswer = true;
      unreachable = 0;
    },
    succeeded(creation, path) {
      anySuccess = true;
      denied = 0;
      if (creation && path !== undefined) denials[creation].allowed(path);
    },
    failed(failure, creation, path) {
      if (failure.code === FOLDER_DENIED) return;
      if (failure.kind !== 'denied') otherFailures++;
      else {
        lastDenial = failure;
        if (creation && path !== undefined) denials[creation].denied(path);
      }
      if (reason || !isHopeless(failure, creation)) return;
      reason = failure;
      stop();
    },
    allow(creation, path) {
      if (!denials[creation].isHopeless(path)) return;
      throw new Failure('denied', { code: FOLDER_DENIED, cause: lastDenial });
    },
    finish() {
      if (!anySuccess && otherFailures === 0) reason ??= lastDenial;
    },
    get reason() {
      return reason;
    },
    get anySuccess() {
      return anySuccess;
    },
  };
}

const FOLDER_DENIED = 'FolderDenied';
